"""Parties and priority areas."""

from django.contrib import admin

from tracker.history.admin import (
    TrackedAdmin,
    texts_column,
)
from tracker.roadmaps.models import (
    Party,
    PriorityArea,
)


@admin.register(Party)
class PartyAdmin(TrackedAdmin):
    list_display = ("code", texts_column(Party, "name"), texts_column(Party, "official_name"), "is_partner", "position")
    list_filter = ("is_partner",)
    search_fields = ("code", "name", "official_name")
    fields = ("code", "name", "official_name", "is_partner", "position")


@admin.register(PriorityArea)
class PriorityAreaAdmin(TrackedAdmin):
    list_display = (texts_column(PriorityArea, "name"), "code", "position")
    search_fields = ("code", "name")
    fields = ("code", "name", "position")
    fixed = ("code",)
