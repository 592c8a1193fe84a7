"""A milestone split into several, or several merged: the old ones are dropped as replaced, with links to the new."""

from django.utils.translation import gettext as _

from tracker.history.changes import change_set
from tracker.lib.errors import WrongState
from tracker.progress.models import DeadlineChange
from tracker.roadmaps import access, changes
from tracker.roadmaps.models import Control, Milestone, Replacement


def replace(olds, *, new=(), existing=(), basis, by, on=None, amendment=None):
    """Put new milestones, and existing ones, in the place of the old; accepted reports stay with the old.

    `new` is (milestone not saved, term) pairs, all of one item. In an adopted plan a new milestone starts from the
    agreed term of those it replaces (the latest of them), and the amendment moves it from there: so the register and
    the slip show what a split would otherwise hide. Returns the milestones that now stand in their place.
    """
    item = olds[0].item
    access.require(by, "plan", item)
    changes.require_going_on(item.roadmap)
    gone = [old for old in olds if old.control == Control.DROPPED]
    if gone:
        raise WrongState(_("%(number)s is dropped already.") % {"number": ", ".join(old.number for old in gone)})
    if new and item.roadmap.is_locked and amendment is None:
        raise WrongState(_("The plan is adopted: a new milestone enters it only under an amendment."))
    with change_set(by=by, reason=basis):
        for milestone, term in new:
            enter(milestone, term, after=olds, amendment=amendment, by=by)
        standing = [*(milestone for milestone, _term in new), *existing]
        for old in olds:
            old.decide_control(Control.DROPPED, basis=basis, by=by, on=on, reason=Milestone.DropReason.REPLACED)
        Replacement.objects.bulk_create(Replacement(old=old, new=one) for old in olds for one in standing)
        changes.ask(item.roadmap, list({milestone.item for milestone in standing}))
    return standing


def enter(milestone, term, *, after, amendment, by):
    """Write a new milestone with its term."""
    if amendment is None:
        milestone.agreed = term
        milestone.save()
        return
    start = latest_term(after)
    is_moved = (start.kind, start.starts_on, start.due_on) != (term.kind, term.starts_on, term.due_on)
    milestone.agreed = start if is_moved else term
    milestone.save()
    if is_moved:
        DeadlineChange.amending(milestone, term, amendment=amendment, by=by).save()
        milestone.save()


def latest_term(milestones):
    """The agreed term that ends last; one without a day only where none has a day."""
    dated = [milestone for milestone in milestones if milestone.agreed_due]
    return max(dated, key=lambda milestone: milestone.agreed_due).agreed if dated else milestones[0].agreed


def shares(weight, count):
    """The weight split into so many whole parts, as even as may be; each at least 1."""
    whole, rest = divmod(max(weight, count), count)
    return [whole + (place < rest) for place in range(count)]
