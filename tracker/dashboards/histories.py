"""What has a history page: by which word in the address, who reads it, and what belongs to it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from tracker.progress.models import DeadlineChange, Round, RoundScope
from tracker.roadmaps import access
from tracker.roadmaps.models import (
    Amendment,
    Commitment,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
    Party,
    PriorityArea,
    Replacement,
    Roadmap,
    RoadmapArea,
    RoadmapParty,
)

ITSELF = "pk"


@dataclass(frozen=True)
class Kind:
    """`roadmap` and `area` are the ways from a row to where it lies; what lies in no roadmap is every reader's.

    `page` is the way to the row on whose page it stands.
    """

    model: type
    roadmap: str | None = None
    area: str | None = None
    page: str = ""
    belongings: Callable = lambda ids: []

    def visible_to(self, user):
        """The rows that the person may read, whatever the day looked at: rights are today's."""
        rows = self.model.objects.filter(access.scope(user, "read", roadmap=self.roadmap, area=self.area))
        return rows.filter(executes_for(user)) if self.model is Organisation else rows

    def roadmap_of(self, row):
        return row if self.roadmap == ITSELF else along(row, self.roadmap) if self.roadmap else None

    def page_of(self, row):
        """The row on whose page it stands."""
        return along(row, self.page) if self.page else row

    def rows(self, pk):
        """The row and what belongs to it, what is gone by now included: (model, ids)."""
        return [(self.model, [pk]), *self.belongings([pk])]


def along(row, way):
    for name in way.split("__"):
        row = getattr(row, name)
    return row


def executes_for(user):
    """Organisations at work in something that the person reads, as in the search; an administrator reads all."""
    parts = Executor.objects.filter(
        access.scope(user, "read", roadmap="participation__item__roadmap", area="participation__item__area")
    )
    at_work = Exists(parts.filter(organisation=OuterRef("pk")))
    return at_work | access.scope(user, "plan", roadmap=None)


def ever(model, **links):
    """The ids of all rows that have ever led there."""
    return model.history.model.objects.filter(**links).order_by().values("id")


def of_an_item(ids):
    milestones, parts = ever(Milestone, item__in=ids), ever(Participation, item__in=ids)
    return [
        (Milestone, milestones),
        (Participation, parts),
        (Executor, ever(Executor, participation__in=parts)),
        *of_a_milestone(milestones),
    ]


def of_a_milestone(ids):
    return [
        (Commitment, ever(Commitment, milestone__in=ids)),
        (DeadlineChange, DeadlineChange.objects.filter(milestone__in=ids).order_by().values("id")),
        (Replacement, ever(Replacement, old__in=ids)),
    ]


def of_a_participation(ids):
    return [(Executor, ever(Executor, participation__in=ids))]


def of_a_roadmap(ids):
    return [(RoadmapParty, ever(RoadmapParty, roadmap__in=ids)), (RoadmapArea, ever(RoadmapArea, roadmap__in=ids))]


def of_a_round(ids):
    return [(RoundScope, ever(RoundScope, round__in=ids))]


KINDS = {
    "roadmap": Kind(Roadmap, ITSELF, belongings=of_a_roadmap),
    "item": Kind(Item, "roadmap", "area", belongings=of_an_item),
    "milestone": Kind(Milestone, "roadmap", "area", belongings=of_a_milestone),
    "part": Kind(Commitment, "roadmap", "area"),
    "participation": Kind(Participation, "item__roadmap", "item__area", "item", belongings=of_a_participation),
    "executor": Kind(Executor, "participation__item__roadmap", "participation__item__area", "participation__item"),
    "replacement": Kind(Replacement, "old__roadmap", "old__area", "old"),
    "deadline": Kind(DeadlineChange, "milestone__roadmap", "milestone__area"),
    "amendment": Kind(Amendment, "roadmap"),
    "round": Kind(Round, "roadmap", belongings=of_a_round),
    "round-part": Kind(RoundScope, "round__roadmap", page="round"),
    "roadmap-party": Kind(RoadmapParty, "roadmap", page="roadmap"),
    "roadmap-area": Kind(RoadmapArea, "roadmap", page="roadmap"),
    "organisation": Kind(Organisation),
    "party": Kind(Party),
    "area": Kind(PriorityArea),
}
WORDS = {kind.model: word for word, kind in KINDS.items()}
