"""What a change of rights would open or close to a person, by the very conditions that the pages ask; nothing is
written."""

from copy import copy
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tracker.progress.desk import to_endorse, to_write
from tracker.progress.models import Evidence, Report
from tracker.roadmaps.access import is_administrator
from tracker.roadmaps.models import Commitment, Item, Milestone

NAMED = 5

KINDS = [
    (_("Items to read"), lambda user: Item.objects.visible_to(user)),
    (_("Milestones to read"), lambda user: Milestone.objects.visible_to(user)),
    (_("Parties' parts to report on"), lambda user: Commitment.objects.written_by(user)),
    (_("Reports to read"), lambda user: Report.objects.visible_to(user)),
    (
        _("Reports to read with their text"),
        lambda user: Report.objects.visible_to(user).with_open_text(user).filter(text_is_open=True),
    ),
    (_("Reports to write now"), to_write),
    (_("Reports to endorse now"), to_endorse),
    (_("Reports to review now"), lambda user: Report.objects.reviewed_by(user).in_review()),
    (_("Documents to open"), lambda user: Evidence.objects.visible_to(user)),
]
SHOWN = {
    Item: ("roadmap",),
    Milestone: ("item__roadmap",),
    Commitment: ("milestone__item__roadmap", "party"),
    Report: ("commitment__milestone__item__roadmap", "commitment__party", "round"),
    Evidence: (),
}


@dataclass
class Line:
    """One kind of thing: how many there are for the person before and after, and what comes or goes."""

    label: str
    before: int
    after: int
    gained: int
    lost: int
    gained_names: list  # (name, address or "")
    lost_names: list

    @property
    def is_changed(self):
        return bool(self.gained or self.lost)


@dataclass
class Effect:
    lines: list
    administers: tuple  # before, after

    @property
    def changes_nothing(self):
        return self.administers[0] == self.administers[1] and not any(line.is_changed for line in self.lines)


def effect_of(person, before, after):
    """The difference that the grants `after` make against the grants `before`, line by line."""
    now, then = standing_in(person, before), standing_in(person, after)
    return Effect(
        [line(label, rows, now, then) for label, rows in KINDS], (is_administrator(now), is_administrator(then))
    )


def standing_in(person, grants):
    """The person with these grants, to ask the QuerySets about; a closed account is asked about as if it were open."""
    user = copy(person)
    user.__dict__.pop("_organisations", None)
    user.is_active, user._grants = True, list(grants)
    return user


def line(label, rows, now, then):
    old, new = rows(now), rows(then)
    gained = new.exclude(pk__in=old.order_by().values("pk"))
    lost = old.exclude(pk__in=new.order_by().values("pk"))
    counts = gained.count(), lost.count()
    return Line(
        label, old.count(), new.count(), *counts, named(gained) if counts[0] else [], named(lost) if counts[1] else []
    )


def named(rows):
    """The first few by name, with the address of what an administrator may open."""
    found = rows.select_related(*SHOWN[rows.model])[:NAMED]
    return [(str(row), row.get_absolute_url() if rows.model in (Item, Milestone, Commitment) else "") for row in found]
