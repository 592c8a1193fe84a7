"""What a change would do, found by doing it and taking it back: a preview by the rules of the deed itself."""

from .changes import change_set


class _TakenBack(Exception):
    """Ends a rehearsal; the transaction goes with it."""


def rehearse(deed, *, at=None):
    """(what `deed()` returns after doing its work, whether it wrote anything); of the work nothing remains.

    `at` dates it, to see a day to come. Rows fetched inside show what would be stored.
    """
    found = []
    try:
        with change_set(at=at) as under_way:
            found += [deed(), under_way.row is not None]
            raise _TakenBack
    except _TakenBack:
        return tuple(found)
