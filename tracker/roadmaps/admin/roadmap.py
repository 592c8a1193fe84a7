"""Roadmaps, with their parties and areas."""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracker.history.admin import (
    TrackedAdmin,
    TrackedTable,
    texts_column,
)
from tracker.lib.errors import WrongState
from tracker.roadmaps.models import (
    Item,
    Milestone,
    Roadmap,
    RoadmapArea,
    RoadmapParty,
)

from .common import (
    is_open_to_deletion,
)


class RoadmapPartyTable(TrackedTable):
    model = RoadmapParty
    fields = ("party", "position", "since", "until")


class RoadmapAreaTable(TrackedTable):
    model = RoadmapArea
    fields = ("area", "position")


@admin.register(Roadmap)
class RoadmapAdmin(TrackedAdmin):
    list_display = (texts_column(Roadmap, "title"), "state", "starts_on", "ends_on", "adopted_on", "is_sample")
    list_filter = ("state", "is_sample")
    search_fields = ("title", "short_title", "slug")
    readonly_fields = ("state",)
    inlines = (RoadmapPartyTable, RoadmapAreaTable)
    actions = ("adopt",)
    fieldsets = (
        (None, {"fields": ("title", "short_title", "slug", "state", ("starts_on", "ends_on"))}),
        (gettext_lazy("Adoption"), {"fields": ("adopted_on", "adopted_by", "source", "authentic_language")}),
        (gettext_lazy("How it is reported on"), {"fields": ("frequency", "two_steps", "time_zone", "is_sample")}),
    )

    def is_deletable(self, roadmap):
        return is_open_to_deletion(roadmap)

    def save_formset(self, request, form, formset, change):
        if formset.model is RoadmapArea:
            for row in formset.deleted_forms:
                require_empty(row.instance)
        super().save_formset(request, form, formset, change)
        if formset.model is RoadmapArea:
            put_in_order(formset.instance)

    @admin.action(description=gettext_lazy("Adopt: from now on terms move only by an amendment"))
    def adopt(self, request, roadmaps):
        self.do(
            request,
            roadmaps,
            lambda roadmap: roadmap.adopt(by=request.user),
            lambda n: ngettext("%(n)s roadmap adopted.", "%(n)s roadmaps adopted.", n) % {"n": n},
        )


def require_empty(place):
    """An area leaves a roadmap only when no item is left in it."""
    if Item.objects.filter(roadmap=place.roadmap_id, area=place.area_id).exists():
        raise WrongState(_("“%(area)s” still has items: move them to another area first.") % {"area": place})


def put_in_order(roadmap):
    """Milestones carry the place of their area: give them the new one."""
    moved = []
    roadmap = Roadmap.objects.get(pk=roadmap.pk)  # its places are read once for each instance
    for area, position in roadmap.area_positions.items():
        moved += Milestone.objects.filter(roadmap=roadmap, area=area).exclude(area_position=position)
    items = Item.objects.in_bulk({milestone.item_id for milestone in moved})
    for milestone in moved:
        milestone.item = items[milestone.item_id]
        milestone.item.roadmap = roadmap
    Milestone.objects.bulk_update(moved, ["area_position"])
