"""What would come of it: the first rows are done and taken back, all the others are weighed by the same rules."""

from dataclasses import dataclass, field

from tracker.history.rehearsal import rehearse

from .deed import Deed, Line, Tally, carry_out, weigh

PART = 500  # rows read at once


@dataclass
class Part:
    """What would come of one deed."""

    deed: Deed
    lines: list[Line]
    tally: Tally = field(default_factory=Tally)

    @property
    def more(self):
        return self.tally.all - len(self.lines)


def preview(deeds, milestones):
    """(a Part for each deed, the rows it was of: {key: version} for each)."""
    parts, seen = [], []
    for deed in deeds:
        rows = dict(deed.targets(milestones).values_list("pk", "version"))  # in the order of the table, or the model's
        keys = list(rows)
        part = Part(deed, rehearsed(deed, {key: rows[key] for key in keys[: deed.shown]}))
        part.tally.count(part.lines)
        for start in range(deed.shown, len(keys), PART):
            add(part.tally, weigh(deed, {key: rows[key] for key in keys[start : start + PART]}))
        parts.append(part)
        seen.append(rows)
    return parts, seen


def rehearsed(deed, seen):
    return rehearse(lambda: carry_out(deed, seen, in_words=True))[0] if seen else []


def add(tally, weighed):
    tally.changed += len(weighed.todo)
    tally.refused += len(weighed.refused)
    tally.same += len(weighed.rows) - len(weighed.todo) - len(weighed.refused)
