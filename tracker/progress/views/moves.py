"""What a move of a term would change, by the rules of the move on copies; nothing is written."""

from copy import copy
from dataclasses import dataclass

from tracker.dashboards.standing import standing_of
from tracker.dashboards.status_rows import slip_in_words
from tracker.progress.models import DeadlineChange
from tracker.progress.status import rule_for
from tracker.roadmaps.models import Milestone

from .effect import COLUMNS, state_of


@dataclass
class MoveEffect:
    """A milestone and its item as they are and as they would be."""

    before: Milestone
    after: Milestone
    slips: tuple  # in words
    timeliness: tuple
    items: tuple

    @property
    def loses_its_day(self):
        """Whether nothing could make the milestone overdue any more."""
        return self.before.due_on is not None and self.after.due_on is None


def if_approved(milestone, term, *, on):
    """The effect of another current term."""
    after = copy(milestone)
    after.current, after.moves = term, milestone.moves + 1
    return effect_of(milestone, after, on=on)


def if_amended(milestone, term, *, on):
    """The effect of another agreed term; the current one follows by the rule of the amendment."""
    after = copy(milestone)
    DeadlineChange.amending(after, term, amendment=None, by=None)
    return effect_of(milestone, after, on=on)


def effect_of(before, after, *, on):
    after.state = state_of(after)
    milestones = list(Milestone.objects.filter(item=before.item_id).only(*COLUMNS))
    return MoveEffect(
        before,
        after,
        slips=(slip_in_words(before), slip_in_words(after)),
        timeliness=tuple(rule_for(row, on=on).timeliness for row in (before, after)),
        items=(
            standing_of(milestones, on=on),
            standing_of([after if one.pk == after.pk else one for one in milestones], on=on),
        ),
    )
