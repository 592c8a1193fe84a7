"""How a round stands: its reports by area, party and state, who holds the ball and for how long.

What a reader may not see yet is counted as one number, so that everything adds up for everybody.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.lib.dates import end_of
from tracker.progress.models import Report, Round
from tracker.progress.models.report import PATHS, in_secretariat, shown_to
from tracker.progress.rollup import NOT_RECEIVED
from tracker.progress.workflow import IN_REVIEW, WITH_THE_PARTY, ReportState
from tracker.roadmaps import access


class Kind(models.TextChoices):
    """What has become of a report: its state; "nothing to report", "not received" and what is not shown stand apart."""

    ACCEPTED = "accepted", _("Accepted")
    NOTHING = "nothing", _("Nothing to report")
    SUBMITTED = "submitted", _("Submitted")
    ENDORSED = "endorsed", _("Endorsed")
    RETURNED = "returned", _("Returned")
    DRAFT = "draft", _("Draft")
    ASKED = "asked", _("Asked")
    NOT_RECEIVED = "not_received", _("Not received")
    HIDDEN = "hidden", _("Not shared with you yet")


class Ball(models.TextChoices):
    """Whose move it is."""

    PARTY = "party", pgettext_lazy("whose move it is", "Party")
    COORDINATOR = "coordinator", pgettext_lazy("whose move it is", "Coordinator")
    REVIEWER = "reviewer", pgettext_lazy("whose move it is", "Reviewer")


ANSWERS = (Kind.ACCEPTED, Kind.NOTHING, Kind.SUBMITTED, Kind.ENDORSED)
# Word, icon and colour of each, as components/mark.html draws them
MARKS = {
    Kind.ACCEPTED: ("", "tick"),
    Kind.NOTHING: ("", "quiet"),
    Kind.SUBMITTED: ("", "soon"),
    Kind.ENDORSED: ("", "soon"),
    Kind.RETURNED: ("risk", "say"),
    Kind.DRAFT: ("", "half"),
    Kind.ASKED: ("", "none"),
    Kind.NOT_RECEIVED: ("late", "late"),
    Kind.HIDDEN: ("", "lock"),
}


def placed(round_, user, *, on):
    """The reports of the round with `kind`, `ball`, `since` and `is_late`, as this reader may see them on that day.

    Who reviews or administers sees with whom each report is, and in the end what was not received: that of a closed
    round is the party's status, no text. The state of what is with another party stays hidden from them too.
    """
    shown, secretariat = shown_to(user), in_secretariat(user)
    lost = access.NOTHING
    if round_.state == Round.State.CLOSED:
        lost = Q(state__in=NOT_RECEIVED) & (Q(late_until=None) | Q(late_until__lt=on))
    with_coordinator = Q(state=ReportState.SUBMITTED) if round_.roadmap.two_steps else access.NOTHING
    asked = round_.opened_at or datetime.combine(round_.opens_on, time.min, ZoneInfo(round_.roadmap.time_zone))
    return Report.objects.filter(access.scope(user, "read", **PATHS), round=round_).annotate(
        kind=Case(
            When(lost & (shown | secretariat), then=Value(Kind.NOT_RECEIVED.value)),
            When(~shown, then=Value(Kind.HIDDEN.value)),
            When(state=ReportState.ACCEPTED, nothing_to_report=True, then=Value(Kind.NOTHING.value)),
            default=F("state"),
            output_field=models.CharField(),
        ),
        ball=Case(
            When(lost | ~(shown | secretariat), then=Value("")),
            When(state__in=WITH_THE_PARTY, then=Value(Ball.PARTY.value)),
            When(with_coordinator, then=Value(Ball.COORDINATOR.value)),
            When(state__in=IN_REVIEW, then=Value(Ball.REVIEWER.value)),
            default=Value(""),
            output_field=models.CharField(),
        ),
        since=Case(
            When(kind=Kind.RETURNED, then=F("decided_at")),
            When(kind=Kind.ENDORSED, then=F("endorsed_at")),
            When(kind=Kind.SUBMITTED, then=F("submitted_at")),
            When(ball=Ball.PARTY, then=Value(asked)),
            output_field=models.DateTimeField(),
        ),
        is_late=Case(
            When(shown & came_late(round_), then=Value(True)), default=Value(False), output_field=models.BooleanField()
        ),
    )


def came_late(round_):
    """The condition that a report was first sent after the day on which the round's reports were due.

    What came in time and was returned is not late because its correction came later.
    """
    end = end_of(round_.entry_due, round_.roadmap.time_zone)
    versions = Report.history.model.objects.filter(id=OuterRef("pk"), state=ReportState.RETURNED, submitted_at__lt=end)
    answered = Q(state__in=[*IN_REVIEW, ReportState.ACCEPTED], submitted_at__gte=end)
    return answered & ~Exists(versions)


@dataclass
class Tally:
    """Some reports counted: by kind, how many came late, and with whom they are since when at the longest."""

    kinds: Counter = field(default_factory=Counter)
    late: int = 0
    balls: Counter = field(default_factory=Counter)
    since: dict = field(default_factory=dict)

    @property
    def total(self):
        return self.kinds.total()

    @property
    def answered(self):
        """Those that have come, an explicit "nothing to report" among them."""
        return sum(self.kinds[kind] for kind in ANSWERS)

    def add(self, kind, ball, count, late, since):
        self.kinds[Kind(kind)] += count
        self.late += late
        if ball:
            self.balls[Ball(ball)] += count
            known = [moment for moment in (self.since.get(Ball(ball)), since) if moment]
            self.since[Ball(ball)] = min(known, default=None)

    def days(self, ball, *, now):
        """Whole days for which the oldest has been there, or None where nobody knows."""
        since = self.since.get(ball)
        return max(0, (now - since).days) if since else None


@dataclass
class Board:
    """The tallies of a round: of each (area id, party id), of each area, of each party, of all."""

    cells: dict
    areas: dict
    parties: dict
    all: Tally


def board_of(round_, user, *, on):
    """The board as this reader may see it on that day, in one query."""
    board = Board({}, {}, {}, Tally())
    counted = (
        placed(round_, user, on=on)
        .order_by()
        .values_list("commitment__area", "commitment__party", "kind", "ball")
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(is_late=True)), oldest=Min("since"))
    )
    for area, party, kind, ball, count, late, oldest in counted:
        for tally in (
            board.cells.setdefault((area, party), Tally()),
            board.areas.setdefault(area, Tally()),
            board.parties.setdefault(party, Tally()),
            board.all,
        ):
            tally.add(kind, ball, count, late, oldest)
    return board


def preview_of(round_, user):
    """What opening the round would ask now of what this reader reads, as {(area id, party id): how many reports}."""
    counted = round_.would_ask().visible_to(user).order_by().values_list("area", "party").annotate(count=Count("pk"))
    return Counter({(area, party): count for area, party, count in counted})


def moment_of(day, zone):
    """The moment from which the days on a page of that day are counted: now, or the end of a day gone by."""
    return min(timezone.now(), end_of(day, zone))
