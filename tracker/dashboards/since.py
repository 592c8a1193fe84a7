"""What has changed between two standpoints: each milestone, and each party's part, seen from both.

What counts as news is defined once, in NEWS; the page of changes counts it, the status table filters by it (`change=`,
`part_change=`), so that each figure leads to exactly its rows.
"""

from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.standpoint import Standpoint
from tracker.progress.status import RULE_OF, Timeliness
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Milestone, PriorityArea, State

from .seen_twice import seen_twice
from .status_rows import COMPLETED


class News(models.TextChoices):
    COMPLETED = "completed", _("Newly completed")
    OVERDUE = "overdue", _("Newly overdue")
    AT_RISK = "at_risk", _("Newly at risk")
    MOVED = "moved", _("Term moved")
    RELIEVED = "relieved", _("No longer overdue, not completed")
    WORSENED = "worsened", _("Worsened: less is accepted than before")
    SILENT = "silent", _("Newly silent")
    ADDED = "added", _("Added")
    DROPPED = "dropped", _("Dropped")
    REMOVED = "removed", _("Removed")


class Turn(NamedTuple):
    """What of a row seen from both standpoints decides its news; a timeliness is None where the row was not there."""

    before: Timeliness | None
    after: Timeliness | None
    is_moved: bool = False
    is_less: bool = False
    fell_silent: bool = False

    @property
    def was_completed(self):
        return self.before in COMPLETED

    @property
    def is_completed(self):
        return self.after in COMPLETED


# The one list of what is news, and when
NEWS: dict[News, Callable[[Turn], bool]] = {
    News.COMPLETED: lambda turn: turn.is_completed and not turn.was_completed,
    News.OVERDUE: lambda turn: turn.after == Timeliness.OVERDUE != turn.before,
    News.AT_RISK: lambda turn: turn.after == Timeliness.AT_RISK != turn.before,
    News.MOVED: lambda turn: turn.is_moved,
    News.RELIEVED: lambda turn: (
        turn.before == Timeliness.OVERDUE
        and turn.after not in (None, *COMPLETED, Timeliness.OVERDUE, Timeliness.DROPPED)
    ),
    News.WORSENED: lambda turn: (
        turn.is_less or (turn.was_completed and turn.after is not None and not turn.is_completed)
    ),
    News.SILENT: lambda turn: turn.fell_silent,
    News.ADDED: lambda turn: turn.before is None,
    News.DROPPED: lambda turn: turn.after == Timeliness.DROPPED != turn.before,
    News.REMOVED: lambda turn: turn.after is None,
}


@lru_cache(5000)
def news_of(turn):
    return frozenset(kind for kind, is_so in NEWS.items() if is_so(turn))


class Shift(NamedTuple):
    """A milestone or a party's part seen from both standpoints, or so many of them that changed alike."""

    turn: Turn
    area: int
    party: int | None = None
    milestone: int | None = None
    count: int = 1

    @property
    def news(self):
        """The kinds of news that it is."""
        return news_of(self.turn)


class Since:
    """What has changed of a roadmap, as far as the reader may see it, from an earlier standpoint to the page's own."""

    def __init__(self, user, roadmap, earlier: Standpoint, now: Standpoint):
        self.user, self.roadmap, self.earlier, self.now = user, roadmap, earlier, now

    @cached_property
    def milestones(self):
        """The shifts of milestones, one by one: of all that can have changed."""
        return self.shifts(Milestone)

    @cached_property
    def parts(self):
        """The shifts of the parties' parts that count, one by one."""
        return self.shifts(Commitment)

    @cached_property
    def parts_together(self):
        """The same, with those that changed alike as one."""
        return self.shifts(Commitment, together=True)

    def ids_of(self, kinds, *, of_parties=None):
        """The keys of the milestones that are news of these kinds; with parties, those of which a part of theirs is."""
        shifts = self.milestones if of_parties is None else [s for s in self.parts if s.party in of_parties]
        kinds = {*kinds}
        return {shift.milestone for shift in shifts if kinds & shift.news}

    def flows(self):
        """{timeliness: (how many came to it, how many left it)} of the milestones: what was + came - left = what is."""
        came, left = Counter(), Counter()
        for shift in self.milestones:
            before, after = shift.turn[:2]
            if before != after:
                came[after] += 1
                left[before] += 1
        return {timeliness: (came[timeliness], left[timeliness]) for timeliness in Timeliness}

    def shifts(self, model, *, together=False):
        """The rows that are seen otherwise from one standpoint than from the other."""
        found, turns = [], {}
        for row in seen_twice(model, self.roadmap, self.earlier, self.now, together=together):
            seen, (milestone, party, *count) = row[:9], row[9:]
            if seen not in turns:  # there are few different ones, however many rows
                turns[seen] = self.turn(*seen)
            turn = turns[seen]
            if turn.before != turn.after or (turn.after is not None and news_of(turn)):
                found.append(Shift(turn, seen[0] if turn.after is None else seen[3], party, milestone, *count))
        return found

    def turn(self, *seen):
        before, after = self.judged(*seen[:3]), self.judged(*seen[3:6])
        if None in (before, after):  # it was not there, or is not, and so has neither moved nor worsened
            return Turn(before, after)
        return Turn(before, after, *map(bool, seen[6:]))

    def judged(self, area, state, span):
        """The timeliness; None of what was not there, is not the reader's to see, or does not count."""
        if state is None or state == State.RELEASED or area not in self.areas:
            return None
        return RULE_OF[state, span].timeliness

    @cached_property
    def areas(self):
        """{key: area} of the areas that the reader may see."""
        places = {area: access.Part(self.roadmap.pk, area.pk) for area in PriorityArea.objects.all()}
        return {area.pk: area for area, place in places.items() if access.may(self.user, "read", place)}
