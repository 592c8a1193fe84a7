"""A person's round: what is to be written, in the order of urgency; what is sent; what waits for an endorsement."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from tracker.progress.models import Report, Round
from tracker.progress.models.report import PATHS, executed_by_reporter, taken_late
from tracker.progress.rollup import NOT_RECEIVED
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.models import Control

LONGEST = 500  # rows of a desk among which a place is looked for


class Section(models.TextChoices):
    """Where a report stands on the desk; the order is that of the desk."""

    RETURNED = "returned", _("Returned for correction")
    DUE = "due", _("To write")
    SILENT = "silent", _("Silent in the rounds before")


# Of what was dropped, closed or released nothing is wanted any more, though it had been asked for
WANTED = Q(commitment__control=Control.ON, commitment__released_on=None)


def conditions():
    """What lies in which section; what is taken late, of a closed round, stands with the silent."""
    asked = WANTED & (Q(state__in=NOT_RECEIVED, round__state=Round.State.OPEN) | taken_late())
    return {
        Section.RETURNED: WANTED & Q(state=ReportState.RETURNED),
        Section.DUE: asked & Q(commitment__silent_rounds=0),
        Section.SILENT: asked & Q(commitment__silent_rounds__gt=0),
    }


SENT = Q(state__in=[ReportState.SUBMITTED, ReportState.ENDORSED, ReportState.ACCEPTED], round__state=Round.State.OPEN)


def to_write(user, *, section=None):
    """What this person is to write: returned first (of any round), then due, then silent."""
    found = conditions()
    wanted = found[section] if section else Q(*found.values(), _connector=Q.OR)
    return (
        Report.objects.written_by(user)
        .filter(wanted)
        .annotate(
            section=Case(*(When(condition, then=Value(name.value)) for name, condition in found.items())),
            urgency=Case(*(When(condition, then=Value(i)) for i, condition in enumerate(found.values()))),
        )
        .order_by(
            "urgency",
            F("correct_by").asc(nulls_last=True),
            Coalesce("late_until", "round__entry_due"),
            F("commitment__due_on").asc(nulls_last=True),
            "commitment__milestone__number_key",
            "pk",
        )
    )


def sent(user):
    """What was sent, or accepted, in the open rounds; the latest first."""
    return Report.objects.written_by(user).filter(SENT).order_by("-submitted_at", "-pk")


def to_endorse(user):
    """What waits for this coordinator."""
    return (
        Report.objects.filter(
            access.scope(user, "endorse", **PATHS, party="commitment__party", organisations=executed_by_reporter),
            state=ReportState.SUBMITTED,
            commitment__roadmap__two_steps=True,
        )
    ).order_by("submitted_at", "pk")


def counts(user):
    """How many are in which section, and how many are sent: {section or "sent": n}."""
    return Report.objects.written_by(user).aggregate(
        **{name.value: Count("pk", filter=condition) for name, condition in conditions().items()},
        sent=Count("pk", filter=SENT),
    )


@dataclass
class Place:
    """Where a report stands among those to write: the n-th of so many, between two others (id, number) or None."""

    n: int
    total: int
    before: tuple | None
    after: tuple | None


def place_of(report, user):
    """The report's place on the desk; after the last comes the first. `n` is 0 where it is not to be written."""
    rows = list(to_write(user).values_list("pk", "commitment__milestone__number")[:LONGEST])
    at = next((i for i, (pk, _number) in enumerate(rows) if pk == report.pk), None)
    if at is None:
        return Place(0, len(rows), None, rows[0] if rows else None)
    others = len(rows) > 1
    return Place(at + 1, len(rows), rows[at - 1] if others else None, rows[(at + 1) % len(rows)] if others else None)
