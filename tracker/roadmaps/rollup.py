"""A milestone's roll-up from its commitments (domain.md §3): computed here, written by the verbs that change them."""

from tracker.roadmaps.models.item import Item, Participation
from tracker.roadmaps.models.judged import Confidence, Execution

CONFIDENCE_ORDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)


def from_commitments(rule, commitments):
    """The columns of a milestone, from its commitments and its item's completion rule; the first that fits."""
    counting = [c for c in commitments if c.is_counting]
    deciding = counting
    if rule == Item.Rule.LEAD:  # without a lead the rule falls to "all"
        deciding = [c for c in counting if c.role == Participation.Role.LEAD] or counting
    done = [c for c in deciding if c.execution == Execution.COMPLETED]
    met = bool(done) if rule == Item.Rule.ANY else bool(deciding) and len(done) == len(deciding)
    executions = {c.execution for c in counting}

    if met:
        execution, percent = Execution.COMPLETED, 100
    else:
        execution = (
            Execution.PARTLY
            if executions & {Execution.COMPLETED, Execution.PARTLY}
            else Execution.IN_PROGRESS
            if Execution.IN_PROGRESS in executions
            else Execution.NOT_STARTED
        )
        percent = min(99, sum(c.percent for c in deciding) // len(deciding)) if deciding else 0
    days = [c.done_on for c in done]
    unfinished = [c for c in deciding if c.execution != Execution.COMPLETED] if not met else []
    return {
        "execution": execution,
        "percent": percent,
        "done_on": (min(days) if rule == Item.Rule.ANY else max(days)) if met else None,
        "forecast_on": max((c.forecast_on for c in unfinished if c.forecast_on), default=None),
        "confidence": next((level for level in CONFIDENCE_ORDER if level in {c.confidence for c in unfinished}), ""),
        "counting": len(counting),
        "completed": sum(c.execution == Execution.COMPLETED for c in counting),
    }


def roll_up(milestone):
    """Bring a milestone to what its commitments say."""
    if apply(milestone, from_commitments(milestone.item.rule, list(milestone.commitments.all()))):
        milestone.save()


def apply(row, columns):
    """Set the columns; returns the names of those that changed."""
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    return changed
