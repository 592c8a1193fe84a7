"""Who may do what, where: the one table of rights and the three questions asked of it.

A role is given by a grant, within its scope. `scope()` turns a person's grants into a condition on rows, `may()`
answers for one object, `why_not()` says what stands in the way and whom to ask. All read the same table, so that pages,
bulk actions, files and exports cannot differ. Who sees which report is on its QuerySet (progress/models), in these
same words.
"""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
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
    "seal": {Role.REVIEWER, Role.ADMINISTRATOR},
    "share": {Role.REVIEWER, Role.ADMINISTRATOR},
}

# Each right in words, said of a person
WORDS = {
    "read": _("reads the plan and what is accepted"),
    "write": _("writes the party's reports"),
    "endorse": _("endorses the party's reports"),
    "review": _("reviews: accepts and returns reports"),
    "plan": _("administers the plan, rounds and people"),
    "reopen": _("reopens accepted reports"),
    "seal": _("seals editions"),
    "share": _("saves views of lists for others"),
}

ASKED = 3  # so many people are named as those to ask

NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING  # not an empty Q(): that would vanish beside an "or"

REFUSALS = {
    "read": _("Only who has a grant on this roadmap and area may read this."),
    "write": _("Only an analyst of this party, within their areas and organisation, may write this report."),
    "endorse": _("Only a coordinator of this party may endorse its reports."),
    "review": _("Only a reviewer of this roadmap and area may do this."),
    "plan": _("Only an administrator may change the plan."),
    "reopen": _("Only an administrator may reopen an accepted report."),
    "seal": _("Only a reviewer of this roadmap and area, or an administrator, may seal an edition of it."),
    "share": _("Only a reviewer or an administrator saves views for others."),
}


@dataclass(frozen=True)
class Part:
    """A part of a roadmap as a target of a verb: one area of it, or, with None, all that it has."""

    roadmap_id: int
    area_id: int | None = None


def grants_of(user, *roles):
    """The grants in force today, read once for each request's user; of the given roles, if any are named."""
    if not user.is_authenticated or not user.is_active:
        return []
    if not hasattr(user, "_grants"):
        user._grants = list(user.grants.in_force(on=timezone.now().date()))
    return [grant for grant in user._grants if not roles or grant.role in roles]


def is_administrator(user):
    return bool(grants_of(user, Role.ADMINISTRATOR))


def require_administrator(user):
    """Raise NotAllowed unless this person administers."""
    if not is_administrator(user):
        raise NotAllowed(_("Only an administrator may work here."), ask=whom_to_ask("plan"))


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
    if not reaches(grant, place):
        return False
    return not (grant.organisation_id and "party" in place) or executes(target, organisations_of(user, grant))


def reaches(grant, place):
    """Whether roadmap, area and party of a grant leave this place inside; its organisation is a matter of each part."""
    return all(getattr(grant, f"{part}_id") in (None, value) for part, value in place.items())


def require(user, verb, target):
    """Raise NotAllowed, with the rule in words and whom to ask, unless this person may."""
    if not may(user, verb, target):
        raise NotAllowed(REFUSALS[verb], ask=whom_to_ask(verb, target, apart_from=user))


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a verb: the rule, or the state of things, and whom to ask, each a sentence."""

    rule: str
    ask: str = ""


def why_not(user, verb, target):
    """What keeps this person from doing the verb to the target now; None if nothing does.

    The state of things comes before the right: who has the right is no help where nobody may. A target that has states
    answers `held_up(verb, by=user)`: None, or its sentence and the verb of who else leads on (None where nobody does).
    """
    held = target.held_up(verb, by=user) if hasattr(target, "held_up") else None
    if held:
        sentence, way_on = held
        return Obstacle(sentence, whom_to_ask(way_on, target, apart_from=user) if way_on else "")
    if may(user, verb, target):
        return None
    return Obstacle(REFUSALS[verb], whom_to_ask(verb, target, apart_from=user))


def whom_to_ask(verb, target=None, *, apart_from=None):
    """The sentence that names who may do the verb to the target, and who could give the right."""
    people = who_may(verb, target)
    if apart_from is not None:
        people = people.exclude(pk=apart_from.pk)
    names = "; ".join(str(person) for person in people[:ASKED])
    if RIGHTS[verb] == {Role.ADMINISTRATOR}:
        words = gettext("Ask an administrator: %(names)s.") if names else gettext("Ask an administrator.")
    else:
        words = gettext("Ask %(names)s or an administrator.") if names else gettext("Ask an administrator.")
    return words % {"names": names}


def who_may(verb, target=None):
    """The people who may do the verb to the target; without one, those who may do it anywhere."""
    from django.contrib.auth import get_user_model

    from .models import Grant

    grants = Grant.objects.in_force(on=timezone.now().date()).filter(role__in=RIGHTS[verb])
    place = place_of(target) if target is not None else {}
    for part, value in place.items():
        grants = grants.filter(Q(**{part: None}) | Q(**{part: value}))
    if "party" in place:
        grants = grants.filter(Q(organisation=None) | Q(organisation__in=answerable_for(target)))
    return get_user_model().objects.filter(is_active=True, grants__in=grants).distinct()


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


def answerable_for(target):
    """The ids of the organisations that carry out the party's part in the target, and of all that stand above them."""
    from .models import Executor, Organisation

    commitment = getattr(target, "commitment", target)
    executors = Executor.objects.filter(
        participation__item__milestones=commitment.milestone_id, participation__party=commitment.party_id
    )
    found, level = set(), set(executors.values_list("organisation", flat=True))
    while level:
        found |= level
        above = Organisation.objects.filter(pk__in=level, parent__isnull=False)
        level = set(above.values_list("parent", flat=True)) - found
    return found
