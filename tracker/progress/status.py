"""Status on a day: one list of rules for display, filters, sorting, counts, exports and the answer to "why?".

A rule pairs day-free states (roadmaps/models/judged.py) with a span of the day: due before it, within 30 days, later
(domain.md §3; architecture.md, decision 5). Milestones and commitments, current and past rows, are judged alike.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.db.models import Case, Count, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override

from tracker.history.remembered import remembered
from tracker.lib.canonical import canonical, digest
from tracker.lib.dates import short
from tracker.roadmaps.models import Confidence, Control, Execution, State
from tracker.roadmaps.models.judged import STATES

SOON = timedelta(days=30)


class Timeliness(models.TextChoices):
    OVERDUE = "overdue", _("Overdue")
    AT_RISK = "at_risk", _("At risk")
    DUE_SOON = "due_soon", _("Due soon")
    ON_TRACK = "on_track", _("On track")
    CONTINUOUS = "continuous", _("Continuous")
    NO_DATE = "no_date", _("No date")
    ON_TIME = "on_time", _("Completed on time")
    LATE = "late", _("Completed late")
    DROPPED = "dropped", _("Dropped")


class Span(models.TextChoices):
    """Where the due day lies, seen from the day. The due day itself is not late."""

    BEFORE = "before"
    WITHIN = "within"
    LATER = "later"


@dataclass(frozen=True)
class Rule:
    """`sentence` says why, `remedy` what would change it; both may name the facts of `facts_of`."""

    timeliness: Timeliness
    states: tuple
    spans: tuple | None  # None: whatever the day
    sentence: str
    remedy: str = ""

    def condition(self, *, on):
        """The rule as a condition on rows with `state` and `due_on`."""
        within = {
            Span.BEFORE: Q(due_on__lt=on),
            Span.WITHIN: Q(due_on__gte=on, due_on__lte=on + SOON),
            Span.LATER: Q(due_on__gt=on + SOON),
        }
        condition = Q(state__in=self.states)
        if self.spans == (Span.WITHIN, Span.LATER):
            condition &= Q(due_on__gte=on)
        elif self.spans:
            condition &= within[self.spans[0]]
        return condition


NOT_BEFORE = (Span.WITHIN, Span.LATER)
REPORT_IT = _("An accepted report of completion, or an approved deadline change, would change it.")

RULES = [
    Rule(Timeliness.DROPPED, (State.DROPPED,), None, _("Dropped from the plan on %(control_on)s. %(basis)s")),
    Rule(Timeliness.DROPPED, (State.RELEASED,), None, _("The party no longer takes part.")),
    Rule(Timeliness.ON_TIME, (State.DONE_ON_TIME,), None, _("Completed on %(finished_on)s; due %(due)s.")),
    Rule(Timeliness.LATE, (State.DONE_LATE,), None, _("Completed on %(finished_on)s, after the due day %(due)s.")),
    Rule(
        Timeliness.CONTINUOUS,
        (State.CONTINUOUS,),
        None,
        _("The term “%(term)s” runs all the time: it is judged by how fresh its reports are, and is never overdue."),
    ),
    Rule(
        Timeliness.NO_DATE,
        (State.NO_DATE,),
        None,
        _("The term “%(term)s” gives no day to judge by."),
        _("A day set by an amendment or a deadline change would change it."),
    ),
    Rule(
        Timeliness.OVERDUE,
        (State.FORECAST_LATE, State.LOW_CONFIDENCE, State.NOT_STARTED, State.OPEN),
        (Span.BEFORE,),
        _("The current term %(due)s has passed, %(days)s."),
        REPORT_IT,
    ),
    Rule(
        Timeliness.AT_RISK,
        (State.FORECAST_LATE,),
        NOT_BEFORE,
        _("The forecast %(forecast)s lies after the current term %(due)s."),
        _("An accepted forecast within the term, completion, or an approved deadline change would change it."),
    ),
    Rule(
        Timeliness.AT_RISK,
        (State.LOW_CONFIDENCE,),
        NOT_BEFORE,
        _("The accepted report speaks of low confidence in the term %(due)s."),
        _("An accepted report with better confidence, or completion, would change it."),
    ),
    Rule(
        Timeliness.AT_RISK,
        (State.NOT_STARTED,),
        (Span.WITHIN,),
        _("Due %(due)s, %(days)s, and still not started."),
        _("An accepted report that work has started would change it."),
    ),
    Rule(Timeliness.DUE_SOON, (State.OPEN,), (Span.WITHIN,), _("Due %(due)s, %(days)s.")),
    Rule(Timeliness.ON_TRACK, (State.NOT_STARTED, State.OPEN), (Span.LATER,), _("Due %(due)s, %(days)s.")),
]

# Word, icon and colour go together: (class in components.css, shape in static/img/icons.svg)
TIMELINESS_MARKS = {
    Timeliness.OVERDUE: ("late", "late"),
    Timeliness.AT_RISK: ("risk", "risk"),
    Timeliness.DUE_SOON: ("soon", "soon"),
    Timeliness.ON_TRACK: ("", "track"),
    Timeliness.CONTINUOUS: ("", "cont"),
    Timeliness.NO_DATE: ("", "nodate"),
    Timeliness.ON_TIME: ("done", "done"),
    Timeliness.LATE: ("done", "tick"),
    Timeliness.DROPPED: ("off", "off"),
}
EXECUTION_MARKS = {
    Execution.NOT_STARTED: ("", "none"),
    Execution.IN_PROGRESS: ("", "half"),
    Execution.PARTLY: ("", "part"),
    Execution.COMPLETED: ("done", "done"),
}
CONTROL_MARKS = {Control.ON: ("", "half"), Control.CLOSED: ("done", "tick"), Control.DROPPED: ("off", "off")}


def span_of(due_on, *, on):
    if due_on is None:
        return None
    if due_on < on:
        return Span.BEFORE
    return Span.WITHIN if due_on <= on + SOON else Span.LATER


def with_status(rows, *, on):
    """Annotate milestones or commitments with `timeliness` and `severity` (0 is the worst) on the day."""
    cases = {rule: rule.condition(on=on) for rule in RULES}
    severity = list(Timeliness)
    return rows.annotate(
        timeliness=Case(
            *(When(condition, then=Value(rule.timeliness.value)) for rule, condition in cases.items()),
            output_field=models.CharField(),
        ),
        severity=Case(
            *(When(condition, then=Value(severity.index(rule.timeliness))) for rule, condition in cases.items()),
            output_field=models.SmallIntegerField(),
        ),
    )


def is_judged(*timeliness, on):
    """The condition that a row is judged as one of these on the day."""
    condition = Q(pk__in=[])
    for rule in RULES:
        if rule.timeliness in timeliness:
            condition |= rule.condition(on=on)
    return condition


# (state, span) → the rule that fires; every pair that can be has one
RULE_OF = {
    (state, span): rule
    for rule in RULES
    for state in rule.states
    for span in (rule.spans or (Span.BEFORE, Span.WITHIN, Span.LATER, None))
}


def rule_for(row, *, on):
    """The rule that fires for one milestone or commitment, a model's row or a light one, on the day."""
    return RULE_OF[row.state, span_of(row.due_on, on=on)]


def rules_version():
    """A digest of all that decides a status: an edition names the rules that it was judged by."""
    with override("en"):  # the sentences as they are written in the list
        rules = [(r.timeliness, r.states, r.spans, str(r.sentence), str(r.remedy)) for r in RULES]
    states = [(state, str(condition)) for state, condition in STATES]
    return digest(canonical([SOON.days, states, rules]))


def counts(rows, *, on, by=()):
    """How many rows are judged how on the day: {Timeliness: n}, or {(values of `by`…): {Timeliness: n}}.

    One GROUP BY over state with two conditional counts; the spans are folded here. Counted once for each state of the
    data, so that the next reader of the same rows waits for nothing.
    """
    groups = {}
    query = (
        rows.order_by()
        .values("state", *by)
        .annotate(
            total=Count("pk"),
            before=Count("pk", filter=Q(due_on__lt=on)),
            until_soon=Count("pk", filter=Q(due_on__lte=on + SOON)),
        )
    )
    for row in remembered(query):
        spans = {
            Span.BEFORE: row["before"],
            Span.WITHIN: row["until_soon"] - row["before"],
            Span.LATER: row["total"] - row["until_soon"],
        }
        tally = groups.setdefault(tuple(row[name] for name in by), dict.fromkeys(Timeliness, 0))
        for rule in RULES:
            if row["state"] in rule.states:
                tally[rule.timeliness] += sum(spans[s] for s in rule.spans) if rule.spans else row["total"]
    if by:
        return groups
    return groups.get((), dict.fromkeys(Timeliness, 0))


def days_in_words(due_on, *, on):
    """ "in 12 days", "today", "18 days ago"."""
    days = (due_on - on).days
    if days == 0:
        return _("today")
    if days > 0:
        return ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}
    return ngettext("%(count)d day ago", "%(count)d days ago", -days) % {"count": -days}


def facts_of(row, *, on):
    """What the sentences may name."""
    due_on = row.due_on
    return {
        "due": short(due_on) if due_on else _("no day"),
        "days": days_in_words(due_on, on=on) if due_on else "",
        "finished_on": short(row.finished_on) if row.finished_on else "",
        "control_on": short(row.control_on) if row.control_on else "",
        "basis": getattr(row, "control_basis", ""),
        "forecast": short(row.forecast_on) if row.forecast_on else "",
        "term": getattr(row, "term_text", "") or (row.milestone.term_text if hasattr(row, "milestone") else ""),
    }


def says_so(commitment, milestone):
    """Whether this party's accepted report is what puts the milestone at risk."""
    if milestone.state == State.FORECAST_LATE:
        return commitment.forecast_on is not None and commitment.forecast_on > milestone.due_on
    return milestone.state == State.LOW_CONFIDENCE and commitment.confidence == Confidence.LOW


def why(milestone, commitments, *, on):
    """Why a milestone is judged so on the day: the rule, what caused it, what would change it; sentences in order.

    `commitments` are the milestone's, with their parties.
    """
    rule = rule_for(milestone, on=on)
    sentences = [rule.sentence % facts_of(milestone, on=on)]
    counting = [c for c in commitments if c.is_counting]
    if not counting:
        sentences.append(_("No executor: no party reports on it, so it cannot become completed."))
    waiting = [c for c in counting if c.execution != Execution.COMPLETED]
    if rule.timeliness in (Timeliness.OVERDUE, Timeliness.AT_RISK, Timeliness.DUE_SOON) and waiting:
        sentences.append(
            ngettext(
                "%(count)d of %(all)d parties has not completed its part: %(names)s.",
                "%(count)d of %(all)d parties have not completed their parts: %(names)s.",
                len(waiting),
            )
            % {"count": len(waiting), "all": len(counting), "names": ", ".join(str(c.party) for c in waiting)}
        )
    if rule.timeliness == Timeliness.AT_RISK and (causes := [c for c in waiting if says_so(c, milestone)]):
        sentences.append(_("Said by: %(names)s.") % {"names": ", ".join(str(c.party) for c in causes)})
    for commitment in waiting:
        if commitment.claimed_at:
            sentences.append(
                _("%(party)s: completion of %(day)s awaits review, %(days)s.")
                % {
                    "party": commitment.party,
                    "day": short(commitment.claimed_done_on),
                    "days": days_in_words(timezone.localdate(commitment.claimed_at), on=on),
                }
            )
    if rule.remedy:
        sentences.append(rule.remedy)
    return [str(sentence).strip() for sentence in sentences]
