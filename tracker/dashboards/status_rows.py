"""The rows of the status table: areas with subtotals, items, milestones; a bounded number of queries."""

from dataclasses import dataclass, field
from itertools import islice

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.lib.dates import short
from tracker.progress.status import Timeliness, counts, rule_for
from tracker.roadmaps.models import Commitment, Executor, Participation

from .standing import standings
from .strips import parties_strip

SUBTOTALS = (Timeliness.OVERDUE, Timeliness.AT_RISK, Timeliness.DUE_SOON)
COMPLETED = (Timeliness.ON_TIME, Timeliness.LATE)


@dataclass
class Row:
    """One line of the table: `kind` is area, item or milestone; the rest is what that kind shows."""

    kind: str
    about: object
    facts: dict = field(default_factory=dict)


def roadmap_parties(roadmap):
    """The parties of the roadmap in protocol order."""
    return [place.party for place in roadmap.parties.select_related("party").order_by("position")]


def rows_of(milestones, *, on, parties, areas=None):
    """The rows of a page of milestones (with item and area loaded). With `areas`, grouped under area and item.

    `areas` is {area id: {Timeliness: n}}, the subtotals of all that matches the filters.
    """
    commitments = commitments_of(milestones)
    items = list(dict.fromkeys(m.item_id for m in milestones)) if areas is not None else []
    standing, executors = standings(items, on=on), executors_of(items)
    rows, area, item = [], None, None
    for milestone in milestones:
        if areas is not None and milestone.area_id != area:
            area = milestone.area_id
            rows.append(Row("area", milestone.area, {"counts": subtotals(areas[area])}))
        if areas is not None and milestone.item_id != item:
            item = milestone.item_id
            rows.append(Row("item", milestone.item, {"standing": standing[item], "executors": executors.get(item, [])}))
        rows.append(Row("milestone", milestone, milestone_facts(milestone, commitments, on=on, parties=parties)))
    return rows


def milestone_facts(milestone, commitments, *, on, parties):
    own = commitments.get(milestone.pk, [])
    timeliness = rule_for(milestone, on=on).timeliness
    return {
        "strip": parties_strip(own, parties, on=on),
        "timeliness": timeliness,
        "note": timeliness_note(milestone, own, timeliness, on=on),
        "slip": slip_in_words(milestone),
    }


def commitments_of(milestones):
    """{milestone id: its commitments}, in one query."""
    found = {}
    for commitment in Commitment.objects.filter(milestone__in=[m.pk for m in milestones]):
        found.setdefault(commitment.milestone_id, []).append(commitment)
    return found


def executors_of(items):
    """{item id: [(party, organisation)]}: the lead's responsible executor first, then the others'."""
    order = {role: place for place, role in enumerate(Participation.Role.values)}
    found = {}
    executors = Executor.objects.filter(participation__item__in=items, participation__until=None).select_related(
        "participation__party", "organisation"
    )
    for executor in sorted(
        executors,
        key=lambda e: (order[e.participation.role], e.participation.party.position, e.position, e.pk),
    ):
        found.setdefault(executor.participation.item_id, []).append(executor)
    return found


def subtotals(tally):
    """The counts beside an area's name, which add up: completed, those to look at, dropped, the rest."""
    completed = sum(tally[timeliness] for timeliness in COMPLETED)
    named = [(timeliness, tally[timeliness]) for timeliness in SUBTOTALS if tally[timeliness]]
    total = sum(tally.values())
    return {
        "total": total,
        "completed": completed,
        "completed_codes": [timeliness.value for timeliness in COMPLETED],
        "named": named,
        "dropped": tally[Timeliness.DROPPED],
        "other": total - completed - sum(count for timeliness, count in named) - tally[Timeliness.DROPPED],
    }


def counts_by_area(milestones, *, on):
    """{area id: {Timeliness: n}} of all the milestones."""
    return {area: tally for (area,), tally in counts(milestones, on=on, by=("area_id",)).items()}


def total_of(areas):
    """Tallies of several areas added up."""
    return {timeliness: sum(tally[timeliness] for tally in areas.values()) for timeliness in Timeliness}


def slip_in_words(milestone):
    """ "+ 123 d, moved twice; originally 31.03.2026"; empty where the term stands as agreed."""
    parts = []
    if milestone.slip:
        parts.append(_("%(days)+d d") % {"days": milestone.slip})
    if milestone.moves:
        parts.append(times_moved(milestone.moves))
    if milestone.first_due and milestone.first_due != milestone.agreed_due:
        parts.append(_("originally %(day)s") % {"day": short(milestone.first_due)})
    return ", ".join(parts)


def times_moved(times):
    if times == 1:
        return _("moved once")
    return _("moved twice") if times == 2 else _("moved %(times)d times") % {"times": times}


def timeliness_note(milestone, commitments, timeliness, *, on):
    """The few words under a timeliness mark: by how much, or what is expected."""
    if timeliness == Timeliness.OVERDUE:
        waiting = [c.claimed_at for c in commitments if c.is_counting and c.claimed_at]
        words = _("by %(days)d d") % {"days": (on - milestone.due_on).days}
        if waiting:
            words += " · " + _("completion awaits review, %(days)d d") % {
                "days": max(0, (on - timezone.localdate(min(waiting))).days)
            }
        return words
    if timeliness == Timeliness.AT_RISK and milestone.forecast_on and milestone.forecast_on > milestone.due_on:
        return _("forecast %(day)s") % {"day": short(milestone.forecast_on)}
    if timeliness in (Timeliness.DUE_SOON, Timeliness.AT_RISK):
        days = (milestone.due_on - on).days
        return _("in %(days)d d") % {"days": days} if days else _("due today")
    if timeliness in COMPLETED:
        return short(milestone.finished_on)
    return ""


def csv_rows(milestones, *, on, parties):
    """The table as cells, heading first, for a file of any length; reads in slices."""
    yield [
        _("Area"), _("Item No."), _("Item"), _("No."), _("Milestone"), _("State by party"), _("Agreed term"),
        _("Agreed due day"), _("Current term"), _("Due day"), _("Slip, days"), _("Progress, %"), _("Execution"),
        _("Timeliness"), _("Done on"), _("Address"),
    ]  # fmt: skip
    rows = milestones.select_related("item__roadmap", "area").iterator(chunk_size=2000)
    while page := list(islice(rows, 2000)):
        commitments = commitments_of(page)
        for m in page:
            facts = milestone_facts(m, commitments, on=on, parties=parties)
            yield [
                m.area, m.item.number, m.item.wording, m.number, m.wording, facts["strip"], m.agreed_text, m.agreed_due,
                m.term_text, m.due_on, m.slip, m.percent, m.get_execution_display(), facts["timeliness"].label,
                m.finished_on, reverse("item", args=[m.item.roadmap.slug, m.item_id]),
            ]  # fmt: skip
