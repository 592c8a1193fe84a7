"""The roadmap at a glance: each axis counted, each count with the address of exactly its rows."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from tracker.history.remembered import all_remembered
from tracker.progress.models import Report
from tracker.progress.status import SOON, Timeliness, is_judged
from tracker.roadmaps.models import Commitment, Control, Execution, Milestone

from .grouping import counts_by_area, total_of
from .status_rows import slip_in_words

LATEST = 8
TALLIED = ("execution", "control", "drop_reason")
LIVE = [Control.ON.value, Control.CLOSED.value]  # what is dropped stands apart


@dataclass
class Figure:
    """One count: its value on its axis, and the address of its rows; what it was, where that differed.

    `asked` is what the address asks of the table, whatever the day: the same figure of another day has the same.
    """

    value: str
    count: int
    url: str
    asked: str
    was: int | None = None

    @property
    def marked(self):
        return self.count if self.was is None else format_html("<del>{}</del> {}", self.was, self.count)


def overview_of(user, roadmap, milestones, *, on, seen_from):
    """The context of the overview of the milestones that the reader may see, judged on the day.

    `seen_from` is what addresses say that lead on to pages seen from the same day.
    """
    by_area = counts_by_area(milestones, on=on)
    judged = total_of(by_area.values())
    total = sum(judged.values())
    reports = Report.objects.visible_to(user).accepted()
    is_due = is_judged(Timeliness.DUE_SOON, Timeliness.AT_RISK, on=on) & Q(due_on__range=(on, on + SOON))
    tallied, confirmation, freshness, overdue, due, accepted = all_remembered(
        milestones.order_by().values_list(*TALLIED).annotate(Count("pk")),
        confirmed(user, roadmap),
        fresh(user, roadmap),
        keys_of_first(milestones.filter(is_judged(Timeliness.OVERDUE, on=on)).order_by("due_on", "pk")),
        keys_of_first(milestones.filter(is_due).order_by("due_on", "pk")),
        keys_of_first(reports.filter(commitment__roadmap=roadmap).order_by("-decided_at", "pk")),
    )
    execution, control, reasons = tallies_of(tallied)
    confirmation = dict(confirmation)
    shown = Milestone.objects.select_related("item__roadmap").in_bulk([*overdue, *due])

    table = reverse("status_table", args=[roadmap.slug])

    def rows(**filters):
        query = urlencode(filters | seen_from, doseq=True)
        return table + (f"?{query}" if query else "")

    def figure(value, count, **filters):
        return Figure(value, count, rows(**filters), urlencode(filters, doseq=True))

    def axis(name, choices, tally, **filters):
        return [figure(value, tally.get(value, 0), **{name: value.value}, **filters) for value in choices]

    done = [Timeliness.ON_TIME, Timeliness.LATE]
    return {
        "total": total,
        "headline": [
            (figure(Timeliness.OVERDUE, judged[Timeliness.OVERDUE], timeliness="overdue"), "late", _("overdue")),
            (figure(Timeliness.AT_RISK, judged[Timeliness.AT_RISK], timeliness="at_risk"), "risk", _("at risk")),
            (figure(Timeliness.DUE_SOON, judged[Timeliness.DUE_SOON], timeliness="due_soon"), "", _("due soon")),
            (
                figure(Timeliness.ON_TIME, sum(judged[d] for d in done), timeliness=[d.value for d in done]),
                "done",
                _("of %(total)d milestones completed") % {"total": total - judged[Timeliness.DROPPED]},
            ),
        ],
        "axes": [
            ("timeliness", _("Timeliness"), total, axis("timeliness", Timeliness, judged)),
            (
                "execution",
                _("Execution"),
                total - control[Control.DROPPED],
                axis("execution", Execution, execution, control=LIVE),
            ),
            ("control", _("Control"), total, axis("control", Control, control)),
        ],
        "confirmation": [
            figure(value, confirmation.get(value, 0), confirmation=value.value, control=LIVE)
            for value in Commitment.Confirmation
        ],
        "dropped": [
            figure(reason, reasons[reason], drop_reason=reason.value)
            for reason in Milestone.DropReason
            if reasons[reason]
        ],
        "areas": area_rows(roadmap, by_area, figure),
        "freshness": freshness_of(roadmap, freshness, figure),
        "overdue": [(shown[key], slip_in_words(shown[key])) for key in overdue],
        "due": [(shown[key], slip_in_words(shown[key])) for key in due],
        "accepted": Report.objects.filter(pk__in=accepted)
        .select_related("commitment__milestone__item__roadmap", "commitment__party")
        .order_by("-decided_at", "pk"),
        "rows": rows(),
    }


def compare(now, then):
    """Give each figure of an overview what it was in another, where that differs."""
    before = {figure.asked: figure.count for figure in figures_of(then)}
    for figure in figures_of(now):
        was = before.get(figure.asked, 0)
        figure.was = None if was == figure.count else was


def figures_of(overview):
    yield from (figure for figure, _look, _word in overview["headline"])
    for _name, _title, _total, figures in overview["axes"]:
        yield from figures
    yield from (*overview["confirmation"], *overview["dropped"])
    for _of, one, figures in overview["areas"]:
        yield from (one, *figures)
    for _party, figures, one in overview["freshness"]["rows"]:
        yield from (one, *figures)


def keys_of_first(rows):
    return rows.values_list("pk", flat=True)[:LATEST]


def tallies_of(tallied):
    """{value: count} of each of the columns TALLIED; of execution, only of what is not dropped."""
    tallies = {column: Counter() for column in TALLIED}
    for *values, count in tallied:
        found = dict(zip(TALLIED, values, strict=True))
        for column, value in found.items():
            if column != "execution" or found["control"] != Control.DROPPED:
                tallies[column][value] += count
    return tallies.values()


def confirmed(user, roadmap):
    """(confirmation, how many milestones on control or closed have a part that is so); one may stand in several."""
    parts = Commitment.objects.visible_to(user).filter(roadmap=roadmap, control__in=LIVE).counting()
    parts = parts.exclude(confirmation="").order_by()
    return parts.values_list("confirmation").annotate(Count("milestone", distinct=True))


def fresh(user, roadmap):
    """(party, freshness, how many parts of it are so)."""
    parts = Commitment.objects.visible_to(user).filter(roadmap=roadmap).counting().order_by()
    return parts.values_list("party", "freshness").annotate(Count("pk"))


def area_rows(roadmap, by_area, figure):
    """Area by area: the counts, linked; they add up to the axis."""
    return [
        (
            place.area,
            figure("", sum(tally.values()), area=place.area.code),
            [figure(t, tally[t], area=place.area.code, timeliness=t.value) for t in Timeliness],
        )
        for place in roadmap.areas.select_related("area").order_by("position")
        if (tally := by_area.get(place.area_id))
    ]


def freshness_of(roadmap, counted, figure):
    """By party: what has come and what is missing in the latest round, and how long a silence has lasted."""
    found = {}
    for party, freshness, count in counted:
        found.setdefault(party, {})[freshness] = count
    table = [
        (
            party,
            [figure(f, found[party.pk].get(f, 0), party=party.code, freshness=f.value) for f in Commitment.Freshness],
            figure("", sum(found[party.pk].values()), party=party.code),
        )
        for party in roadmap.parties_in_order
        if party.pk in found
    ]
    return {"heads": Commitment.Freshness, "rows": table}
