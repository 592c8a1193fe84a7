"""Organisations."""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from tracker.history.admin import (
    TrackedAdmin,
    texts_column,
)
from tracker.roadmaps.models import (
    Organisation,
)


@admin.register(Organisation)
class OrganisationAdmin(TrackedAdmin):
    list_display = (texts_column(Organisation, "name"), texts_column(Organisation, "abbreviation"), "party", "parent",
                    "ended_on")  # fmt: skip
    list_filter = ("party", ("ended_on", admin.EmptyFieldListFilter))
    list_select_related = ("party", "parent")
    search_fields = ("search",)
    search_help_text = gettext_lazy("Name or abbreviation, in any language")
    autocomplete_fields = ("parent", "successor")
    fieldsets = (
        (None, {"fields": ("party", "name", "abbreviation", "parent")}),
        (gettext_lazy("When it ends"), {"fields": ("ended_on", "successor")}),
    )

    def get_search_results(self, request, queryset, search_term):
        """One that has ended is not offered as an executor."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if request.GET.get("model_name") == "executor":
            found = found.filter(ended_on=None)
        return found, may_repeat
