from django.urls import path

from .views import items, overview, start, status_table

urlpatterns = [
    path("", start.start, name="start"),
    path("language/", start.set_language, name="set_language"),
    path("r/<slug:slug>/", overview.overview, name="overview"),
    path("r/<slug:slug>/milestones/", status_table.status_table, name="status_table"),
    path("r/<slug:slug>/milestones/<int:pk>/why/", status_table.milestone_why, name="why"),
    path("r/<slug:slug>/items/", items.items, name="items"),
    path("r/<slug:slug>/items/<int:pk>/", items.item, name="item"),
]
