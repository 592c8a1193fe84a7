"""The roadmap at a glance: each axis counted, each count with the address of exactly its rows."""

from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from tracker.progress.models import Report
from tracker.progress.status import SOON, Timeliness, is_judged
from tracker.roadmaps.models import Commitment, Control, Execution, Milestone

from .grouping import counts_by_area, total_of
from .status_rows import slip_in_words

LATEST = 8
LIVE = [Control.ON.value, Control.CLOSED.value]  # what is dropped stands apart


@dataclass
class Figure:
    """One count: its value on its axis, and the address of its rows."""

    value: str
    count: int
    url: str


def overview_of(user, roadmap, milestones, *, on):
    """The context of the overview of the milestones that the reader may see, judged on the day."""
    by_area = counts_by_area(milestones, on=on)
    judged = total_of(by_area.values())
    total = sum(judged.values())
    execution, control, reasons = tallies_of(milestones, "execution", "control", "drop_reason")

    confirmation = confirmed(user, roadmap)

    def rows(**filters):
        asked = {"on": f"{on:%Y-%m-%d}"} if on != roadmap.today() else {}
        query = urlencode(filters | asked, doseq=True)
        return reverse("status_table", args=[roadmap.slug]) + (f"?{query}" if query else "")

    def axis(name, choices, tally, **filters):
        return [Figure(value, tally.get(value, 0), rows(**{name: value.value}, **filters)) for value in choices]

    done = [Timeliness.ON_TIME, Timeliness.LATE]
    return {
        "total": total,
        "headline": [
            (Figure(Timeliness.OVERDUE, judged[Timeliness.OVERDUE], rows(timeliness="overdue")), "late", _("overdue")),
            (Figure(Timeliness.AT_RISK, judged[Timeliness.AT_RISK], rows(timeliness="at_risk")), "risk", _("at risk")),
            (Figure(Timeliness.DUE_SOON, judged[Timeliness.DUE_SOON], rows(timeliness="due_soon")), "", _("due soon")),
            (
                Figure(Timeliness.ON_TIME, sum(judged[d] for d in done), rows(timeliness=[d.value for d in done])),
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
            Figure(value, confirmation.get(value, 0), rows(confirmation=value.value, control=LIVE))
            for value in Commitment.Confirmation
        ],
        "dropped": [
            Figure(reason, reasons[reason], rows(drop_reason=reason.value))
            for reason in Milestone.DropReason
            if reasons[reason]
        ],
        "areas": area_rows(roadmap, by_area, rows),
        "freshness": freshness_of(user, roadmap),
        "overdue": in_order(milestones.filter(is_judged(Timeliness.OVERDUE, on=on)).order_by("due_on", "pk")),
        "due": in_order(
            milestones.filter(
                is_judged(Timeliness.DUE_SOON, Timeliness.AT_RISK, on=on), due_on__lte=on + SOON
            ).order_by("due_on", "pk")
        ),
        "accepted": Report.objects.visible_to(user)
        .accepted()
        .filter(commitment__roadmap=roadmap)
        .select_related("commitment__milestone__item__roadmap", "commitment__party")
        .order_by("-decided_at")[:LATEST],
        "rows": rows(),
    }


def tallies_of(milestones, *columns):
    """{value: count} of each of the columns, in one query; of execution, only of what is not dropped."""
    tallies = {column: Counter() for column in columns}
    for *values, count in milestones.order_by().values_list(*columns).annotate(Count("pk")):
        found = dict(zip(columns, values, strict=True))
        for column, value in found.items():
            if column != "execution" or found["control"] != Control.DROPPED:
                tallies[column][value] += count
    return tallies.values()


def confirmed(user, roadmap):
    """{confirmation: how many milestones on control or closed have a part that is so}; one may stand in several."""
    parts = Commitment.objects.visible_to(user).filter(roadmap=roadmap, control__in=LIVE).counting()
    parts = parts.exclude(confirmation="").order_by()
    return dict(parts.values_list("confirmation").annotate(Count("milestone", distinct=True)))


def in_order(milestones):
    """The first few, each with its slip in words."""
    return [(m, slip_in_words(m)) for m in milestones.select_related("item__roadmap")[:LATEST]]


def area_rows(roadmap, by_area, rows):
    """Area by area: the counts, linked; they add up to the axis."""
    return [
        (
            place.area,
            Figure("", sum(tally.values()), rows(area=place.area.code)),
            [Figure(t, tally[t], rows(area=place.area.code, timeliness=t.value)) for t in Timeliness],
        )
        for place in roadmap.areas.select_related("area").order_by("position")
        if (tally := by_area.get(place.area_id))
    ]


def freshness_of(user, roadmap):
    """By party: what has come and what is missing in the latest round, and how long a silence has lasted."""
    commitments = Commitment.objects.visible_to(user).filter(roadmap=roadmap).counting()
    found = {}
    for party, freshness, count in commitments.order_by().values_list("party", "freshness").annotate(Count("pk")):
        found.setdefault(party, {})[freshness] = count
    table = [
        (party, [found[party.pk].get(f, 0) for f in Commitment.Freshness], sum(found[party.pk].values()))
        for party in roadmap.parties_in_order
        if party.pk in found
    ]
    return {"heads": Commitment.Freshness, "rows": table}
