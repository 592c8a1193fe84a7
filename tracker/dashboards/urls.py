from django.urls import path

from .views import changes, items, organisations, overview, search, start, status_table

urlpatterns = [
    path("", start.start, name="start"),
    path("changes/<int:pk>/", changes.change_set, name="change_set"),
    path("changes/<int:pk>/undo/", changes.change_set_undo, name="change_set_undo"),
    path("language/", start.set_language, name="set_language"),
    path("search/", search.search, name="search"),
    path("r/<slug:slug>/", overview.overview, name="overview"),
    path("r/<slug:slug>/milestones/", status_table.status_table, name="status_table"),
    path("r/<slug:slug>/milestones/selected/", status_table.selected_file, name="selected_file"),
    path("r/<slug:slug>/milestones/<int:pk>/why/", status_table.milestone_why, name="why"),
    path("r/<slug:slug>/organisations/", organisations.organisation_suggestions, name="organisation_suggestions"),
    path("r/<slug:slug>/items/", items.items, name="items"),
    path("r/<slug:slug>/items/<int:pk>/", items.item, name="item"),
]
