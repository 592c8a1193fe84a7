"""The rows of the status table: light ones, read by columns, with what their cells need; a bounded number of queries.

A page of model objects would cost more to make than to draw (quality.md, "What the measurements taught").
"""

from types import SimpleNamespace

from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.lib.dates import short
from tracker.progress.status import Timeliness, rule_for
from tracker.roadmaps.models import Commitment, Executor, Participation
from tracker.roadmaps.models.judged import Outcome
from tracker.roadmaps.models.milestone import Terms

from .strips import parties_strip

COMPLETED = (Timeliness.ON_TIME, Timeliness.LATE)

# What every row reads; a column may read more (dashboards/tables.py)
READ = (
    "pk", "item_id", "area_id", "number", "wording", "agreed_text", "agreed_due", "agreed_kind", "agreed_from",
    "term_text", "term_kind", "starts_on", "due_on", "first_due", "moves", "percent", "execution", "control",
    "control_on", "drop_reason", "done_on", "forecast_on", "state", "item__number", "item__wording",
)  # fmt: skip
READ_OF_PARTS = (
    "milestone_id", "party_id", "state", "due_on", "execution", "control", "control_on", "done_on", "released_on",
    "claimed_at",
)  # fmt: skip


class MilestoneRow(Terms, Outcome, SimpleNamespace):
    """A milestone as a list reads it: the columns asked for; `parts`, `timeliness` and `strip` once prepared."""


class PartRow(Outcome, SimpleNamespace):
    """A party's part of a milestone as a list reads it."""

    is_counting = Commitment.is_counting


def prepared(records, *, on, parties):
    """Rows of records (dicts of the columns read), each with its parts, judged on the day."""
    rows = [MilestoneRow(**record) for record in records]
    parts = parts_of([row.pk for row in rows])
    for row in rows:
        row.parts = parts.get(row.pk, ())
        row.timeliness = rule_for(row, on=on).timeliness
        row.strip = parties_strip(row.parts, parties, on=on)
    return rows


def parts_of(milestones):
    """{milestone id: its parts}, in one query."""
    found = {}
    for part in Commitment.objects.filter(milestone__in=milestones).values(*READ_OF_PARTS):
        found.setdefault(part["milestone_id"], []).append(PartRow(**part))
    return found


def milestone_facts(milestone, commitments, *, on, parties):
    """What the item page shows of a milestone; `commitments` are {milestone id: its own}."""
    own = commitments.get(milestone.pk, [])
    timeliness = rule_for(milestone, on=on).timeliness
    return {
        "strip": parties_strip(own, parties, on=on),
        "timeliness": timeliness,
        "note": timeliness_note(milestone, own, timeliness, on=on),
        "slip": slip_in_words(milestone),
    }


class ExecutorRow(SimpleNamespace):
    """An executor as lists show it: `code` and `party` of its party, `organisation` as a text in its languages."""


def executors_of(items):
    """{item id: [ExecutorRow]}: the lead's responsible executor first, then the others'."""
    order = {role: place for place, role in enumerate(Participation.Role.values)}
    read = Executor.objects.filter(participation__item__in=items, participation__until=None).values_list(
        "participation__item", "participation__role", "participation__party__position", "position", "pk",
        "participation__party__code", "participation__party__name", "organisation__name",
    )  # fmt: skip
    found = {}
    for item, _role, _place, _position, _pk, code, party, organisation in sorted(
        read, key=lambda row: (order[row[1]], *row[2:5])
    ):
        found.setdefault(item, []).append(ExecutorRow(code=code, party=party, organisation=organisation))
    return found


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
