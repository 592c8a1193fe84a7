"""An earlier value of one column is put back: by the rules of undo (`Tracked`), as a change of its own."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.errors import Refusal, WrongState

from .changes import change_set

FOLLOWS = gettext_lazy("This follows from what is recorded elsewhere: it changes with that.")
DECIDED = gettext_lazy("This is decided together with other fields: undo that change as a whole, or decide anew.")


def held_up(row, column, *, by):
    """Why this person does not put an earlier value of the column back now, a sentence; "" if they may."""
    if row.is_derived or column.attname in row.follows:
        return str(FOLLOWS)
    try:
        held = row.held_from_undo([column.attname], by=by)
    except Refusal as refusal:
        held = str(refusal)
    return held or (str(DECIDED) if column.attname in row.decided else "")


def restore(row, column, value, *, by, reason):
    """Write the value as it was, with what follows from it; the row is the one that was looked at."""
    if held := held_up(row, column, by=by):
        raise WrongState(held)
    with change_set(by=by, reason=reason):
        setattr(row, column.attname, column.clean(value, row))
        row.clean()
        row.save()
        type(row).after_undo([row])


def reason_of(day, reason=""):
    """What stands in the history: from which day the value is, and the reason given."""
    words = _("Restored the value of %(day)s: %(reason)s") if reason else _("Restored the value of %(day)s")
    return words % {"day": day, "reason": reason}
