"""The site map: read this first."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("tracker.dashboards.urls")),
    path("", include("tracker.editions.urls")),
    path("", include("tracker.progress.urls")),
    path("", include("tracker.accounts.urls")),
    path("", include("tracker.jobs.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "tracker.lib.errors.bad_request"
handler429 = "tracker.accounts.views.door.too_many"
