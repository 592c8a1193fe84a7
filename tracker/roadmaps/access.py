"""Who may do what, where: the one table of rights and the two questions asked of it.

A role is given by a grant, within its scope. `scope()` turns a person's grants into a condition on rows, `may()`
answers for one object. Both read the same table, so that pages, bulk actions, files and exports cannot differ.
Who sees which report is on its QuerySet (progress/models), in these same words.
"""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import NotAllowed


class Role(models.TextChoices):
    OBSERVER = "observer", _("observer")
    ANALYST = "analyst", _("analyst")
    COORDINATOR = "coordinator", _("coordinator")
    REVIEWER = "reviewer", _("reviewer")
    ADMINISTRATOR = "administrator", _("administrator")


RIGHTS = {
    "read": set(Role),
    "write": {Role.ANALYST},
    "endorse": {Role.COORDINATOR},
    "review": {Role.REVIEWER},
    "plan": {Role.ADMINISTRATOR},
    "reopen": {Role.ADMINISTRATOR},
}

NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING  # not an empty Q(): that would vanish beside an "or"

REFUSALS = {
    "write": _("Only an analyst of this party, within their areas and organisation, may write this report."),
    "endorse": _("Only a coordinator of this party may endorse its reports."),
    "review": _("Only a reviewer of this roadmap and area may do this."),
    "plan": _("Only an administrator may change the plan."),
    "reopen": _("Only an administrator may reopen an accepted report."),
}


def grants_of(user, *roles):
    """The grants in force today, read once for each request's user; of the given roles, if any are named."""
    if not user.is_authenticated or not user.is_active:
        return []
    if not hasattr(user, "_grants"):
        user._grants = list(user.grants.in_force(on=timezone.now().date()))
    return [grant for grant in user._grants if not roles or grant.role in roles]


def is_administrator(user):
    return bool(grants_of(user, Role.ADMINISTRATOR))


def needs_second_factor(user):
    """Whether this person's role asks for one, where the installation requires it: who reviews or administers."""
    return bool(grants_of(user, Role.REVIEWER, Role.ADMINISTRATOR))


def organisations_of(user, grant):
    """The ids of the grant's organisation and its sub-organisations."""
    from .models import Organisation

    known = user.__dict__.setdefault("_organisations", {})
    if grant.organisation_id not in known:
        known[grant.organisation_id] = Organisation.objects.within([grant.organisation_id])
    return known[grant.organisation_id]


def scope(user, verb, *, roadmap, area=None, party=None, organisations=None):
    """The condition on rows within which this person may do the verb.

    `roadmap`, `area` and `party` are paths from the row; `organisations` turns a set of ids into a condition.
    Without `party` the row is open to every party: reading is bounded by roadmap and area alone.
    """
    return _any_of(
        _within(user, grant, roadmap=roadmap, area=area, party=party, organisations=organisations)
        for grant in grants_of(user, *RIGHTS[verb])
    )


def own_party(user, *, roadmap, party, area=None):
    """The condition on rows of the parties that this person's grants speak for, whatever the role."""
    return _any_of(
        _within(user, grant, roadmap=roadmap, area=area, party=party) for grant in grants_of(user) if grant.party_id
    )


def _within(user, grant, *, roadmap, area=None, party=None, organisations=None):
    condition = Q()
    for path, value in ((roadmap, grant.roadmap_id), (area, grant.area_id), (party, grant.party_id)):
        if path and value:
            condition &= Q(**{path: value})
    if organisations and grant.organisation_id:
        condition &= Q(organisations(organisations_of(user, grant)))
    return condition


def _any_of(conditions):
    allowed = NOTHING
    for condition in conditions:
        if not condition:
            return EVERYTHING  # a grant without bounds
        allowed |= condition
    return allowed


def may(user, verb, target):
    """Whether this person may do the verb to a roadmap, item, milestone, commitment, report or round."""
    place = place_of(target)
    return any(_covers(user, grant, place, target) for grant in grants_of(user, *RIGHTS[verb]))


def _covers(user, grant, place, target):
    for part, value in place.items():
        if getattr(grant, f"{part}_id") not in (None, value):
            return False
    return not (grant.organisation_id and "party" in place) or executes(target, organisations_of(user, grant))


def require(user, verb, target):
    """Raise NotAllowed, with the rule in words, unless this person may."""
    if not may(user, verb, target):
        raise NotAllowed(REFUSALS[verb])


def place_of(target):
    """Where the object lies: its roadmap, area and party ids, as far as it is bounded by them."""
    commitment = getattr(target, "commitment", target)
    if hasattr(commitment, "milestone_id"):  # a party's part, or a report on one
        return {"roadmap": commitment.roadmap_id, "area": commitment.area_id, "party": commitment.party_id}
    if hasattr(target, "area_id"):  # an item or a milestone
        return {"roadmap": target.roadmap_id, "area": target.area_id}
    return {"roadmap": getattr(target, "roadmap_id", target.pk)}  # a round or an amendment; a roadmap itself


def executes(target, organisations):
    """Whether one of the organisations carries out the party's part in the target's commitment."""
    from .models import Commitment
    from .models.commitment import executed_by

    commitment = getattr(target, "commitment", target)
    return Commitment.objects.filter(executed_by(organisations), pk=commitment.pk).exists()
