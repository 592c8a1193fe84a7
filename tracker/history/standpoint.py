"""From where a plan is seen: judged on a day, by what was known by a moment (domain.md §5)."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from .as_of import as_of


@dataclass(frozen=True)
class Standpoint:
    """`known` is the first moment not known any more; None: all that is recorded now.

    Where `knows_later`, what was known then goes beyond the day that is judged, and what happened after the day counts
    as not having happened yet. `Roadmap.standpoint()` makes one.
    """

    day: date
    known: datetime | None = None
    knows_later: bool = False

    @contextmanager
    def read(self):
        """Read the tracked rows as they were seen from here; writing raises Frozen."""
        with as_of(self.known, self.day if self.knows_later else None):
            yield self
