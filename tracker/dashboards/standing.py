"""How an item stands: the roll-up of its milestones for a heading row (domain.md §3, "Roll-up")."""

from dataclasses import dataclass

from tracker.progress.status import Control, Execution, Timeliness, rule_for
from tracker.roadmaps.models import Milestone


@dataclass(frozen=True)
class Standing:
    """`percent` is Σ weight of completed ÷ Σ weight of not dropped; `worst` the timeliness that needs a look first.

    What was dropped stands apart: `dropped`, of them `replaced` by other milestones.
    """

    total: int
    completed: int
    percent: int | None
    execution: str
    worst: str
    worst_count: int
    dropped: int = 0
    replaced: int = 0


def standing_of(milestones, *, on):
    """The standing of one item, from its milestones."""
    live = [m for m in milestones if m.control != Control.DROPPED]
    done = [m for m in live if m.is_completed]
    weight = sum(m.weight for m in live)
    executions = {m.execution for m in live}
    if live and len(done) == len(live):
        execution = Execution.COMPLETED
    elif done or Execution.PARTLY in executions:
        execution = Execution.PARTLY
    else:
        execution = Execution.IN_PROGRESS if Execution.IN_PROGRESS in executions else Execution.NOT_STARTED
    judged = [rule_for(m, on=on).timeliness for m in milestones]
    worst = min(judged, key=list(Timeliness).index, default=Timeliness.NO_DATE)
    return Standing(
        total=len(live),
        completed=len(done),
        percent=100 * sum(m.weight for m in done) // weight if weight else None,
        execution=execution,
        worst=worst,
        worst_count=judged.count(worst),
        dropped=len(milestones) - len(live),
        replaced=sum(m.drop_reason == Milestone.DropReason.REPLACED for m in milestones),
    )


def standings(items, *, on):
    """{item id: Standing} of the given items, in one query."""
    milestones = {}
    columns = ("item", "weight", "control", "control_on", "execution", "done_on", "due_on", "state", "drop_reason")
    for milestone in Milestone.objects.filter(item__in=items).only(*columns):
        milestones.setdefault(milestone.item_id, []).append(milestone)
    return {item: standing_of(milestones.get(item, []), on=on) for item in items}
