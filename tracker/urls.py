"""The site map: read this first."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("tracker.dashboards.urls")),
    path("", include("tracker.progress.urls")),
    path("accounts/", include("tracker.accounts.urls")),
    path("admin/", admin.site.urls),
]
