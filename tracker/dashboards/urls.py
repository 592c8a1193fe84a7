from django.urls import path

from .views import changes, days, histories, items, organisations, overview, search, since, start, status_table

urlpatterns = [
    path("", start.start, name="start"),
    path("changes/<int:pk>/", changes.change_set, name="change_set"),
    path("changes/<int:pk>/undo/", changes.change_set_undo, name="change_set_undo"),
    path("history/<slug:kind>/<int:pk>/", histories.history, name="history"),
    path("history/<slug:kind>/<int:pk>/<slug:field>/", histories.field_history, name="field_history"),
    path("history/<slug:kind>/<int:pk>/<slug:field>/<int:version>/", histories.field_restore, name="field_restore"),
    path("language/", start.set_language, name="set_language"),
    path("search/", search.search, name="search"),
    path("r/<slug:slug>/", overview.overview, name="overview"),
    path("r/<slug:slug>/milestones/", status_table.status_table, name="status_table"),
    path("r/<slug:slug>/milestones/selected/", status_table.selected_file, name="selected_file"),
    path("r/<slug:slug>/milestones/<int:pk>/why/", status_table.milestone_why, name="why"),
    path("r/<slug:slug>/organisations/", organisations.organisation_suggestions, name="organisation_suggestions"),
    path("r/<slug:slug>/changes/", since.changes, name="changes"),
    path("r/<slug:slug>/days/", days.days, name="days"),
    path("r/<slug:slug>/items/", items.items, name="items"),
    path("r/<slug:slug>/items/<int:pk>/", items.item, name="item"),
    path("r/<slug:slug>/items/<int:pk>/history/", items.item_history, name="item_history"),
]
