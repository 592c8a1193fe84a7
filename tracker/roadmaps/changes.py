"""When the plan changes (domain.md §8): parties join and leave, organisations are handed over.

Each verb is one change set with its person and reason; none of them touches what was reported.
"""

from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.history.changes import change_set, moment
from tracker.lib.errors import WrongState

from . import access
from .models import (
    Commitment,
    Control,
    Execution,
    Executor,
    Grant,
    Item,
    Milestone,
    Organisation,
    Participation,
    Roadmap,
    RoadmapParty,
)

PART = 200  # items asked at a time: their commitments are held together


def ask(roadmap, items):
    """Commitments as the participations ask for; who joins during an open round is asked in it."""
    items = sorted(items, key=lambda item: item.pk)
    for start in range(0, len(items), PART):
        part = items[start : start + PART]
        for item in part:
            item.roadmap = roadmap
        Commitment.objects.ask_for(part)
        roadmap.rounds.ask_newcomers(Commitment.objects.filter(milestone__item__in=part))


def join(roadmap, party, roles, *, since, by, reason=""):
    """Let the party take part in items from a day on: `roles` is {item: role}. Who comes back takes up its parts again.

    The parts are asked for at once, or, where the day is still to come, when it has come (`keep_up`).
    """
    access.require(by, "plan", roadmap)
    require_going_on(roadmap)
    with change_set(by=by, reason=reason):
        place = roadmap.parties.filter(party=party).first()
        if place is None:
            last = roadmap.parties.aggregate(last=Max("position"))["last"] or 0
            RoadmapParty.objects.create(roadmap=roadmap, party=party, position=last + 1, since=since)
        elif place.until:
            place.since, place.until = since, None
            place.save()
        known = {part.item_id: part for part in Participation.objects.filter(item__in=list(roles), party=party)}
        made, changed = [], []
        for item, role in roles.items():
            part = known.get(item.pk)
            if part is None:
                made.append(Participation(item=item, party=party, role=role, since=since))
            elif takes_part(part):
                part.role = role
                changed.append(part)
            else:
                part.role, part.since, part.until = role, since, None
                changed.append(part)
        Participation.objects.bulk_create(made)
        Participation.objects.bulk_update(changed, ["role", "since", "until"])
        ask(roadmap, roles)


def leave(roadmap, party, items, *, until, by, reason="", for_good=True):
    """Let the party take part in the items until the end of a day; with `for_good` it leaves the roadmap with it.

    What is unfinished is released then: at once, or when that day is over (`keep_up`). Reports stay.
    """
    access.require(by, "plan", roadmap)
    require_going_on(roadmap)
    with change_set(by=by, reason=reason):
        parts = [part for part in Participation.objects.filter(item__in=items, party=party) if takes_part(part)]
        for part in parts:
            if part.since and part.since > until:
                raise WrongState(
                    _("%(party)s joins item %(number)s only on %(day)s.")
                    % {"party": party, "number": part.item.number, "day": f"{part.since:%d.%m.%Y}"}
                )
            part.until = until
        Participation.objects.bulk_update(parts, ["until"])
        if for_good:
            place = roadmap.parties.get(party=party)
            place.until = until
            place.save()
        ask(roadmap, items)


def takes_part(participation):
    """Whether the party takes part and is not known to have left: an end that is still to come may be moved."""
    is_over = participation.until is not None and participation.until < timezone.localdate(moment())
    return participation.role != Participation.Role.NONE and not is_over


def require_going_on(roadmap):
    if roadmap.state == Roadmap.State.CLOSED:
        raise WrongState(_("The roadmap is closed: its plan no longer changes."))


def keep_up():
    """Release and ask what participations that ended or began meanwhile require; returns how many parts changed.

    For every day: a second run finds nothing to do.
    """
    today, count = timezone.localdate(moment()), 0
    of_the_party = Commitment.objects.filter(party=OuterRef("party"))
    over = Q(until__lt=today) & Exists(of_the_party.unfinished().filter(milestone__item=OuterRef("item")))
    not_asked = Milestone.objects.filter(
        Q(party=None) | Q(party=OuterRef("party")), item=OuterRef("item"), control=Control.ON
    ).exclude(execution=Execution.COMPLETED)
    own = Commitment.objects.counting().filter(milestone=OuterRef("pk"), party=OuterRef(OuterRef("party")))
    begun = Q(since__lte=today, role__in=Participation.COUNTING) & (Q(until=None) | Q(until__gte=today))
    stale = Participation.objects.exclude(item__roadmap__state=Roadmap.State.CLOSED).filter(
        over | begun & Exists(not_asked.filter(~Exists(own)))
    )
    by_roadmap = {}
    for item in Item.objects.filter(pk__in=stale.values("item")).select_related("roadmap"):
        by_roadmap.setdefault(item.roadmap, []).append(item)
    for roadmap, items in by_roadmap.items():
        with change_set(reason=_("The day has come on which a party joins or leaves.")):
            counting = Commitment.objects.filter(milestone__item__in=items).counting()
            before = set(counting.values_list("pk", flat=True))
            ask(roadmap, items)
            count += len(before ^ set(counting.values_list("pk", flat=True)))
    return count


# Organisations


def executors_to_move(organisation):
    """Where the organisation still has work to do: executors of parts that are not finished."""
    of_the_part = Commitment.objects.filter(
        milestone__item=OuterRef("participation__item"), party=OuterRef("participation__party")
    )
    unfinished = Exists(of_the_part.unfinished())
    not_asked_yet = ~Exists(of_the_part) & Q(participation__item__control=Control.ON)
    return (
        Executor.objects.filter(unfinished | not_asked_yet, organisation=organisation)
        .exclude(participation__item__roadmap__state=Roadmap.State.CLOSED)
        .order_by("participation__item__roadmap", "participation__item__number_key", "pk")
    )


def hand_over(organisation, successor, *, on, by, reason="", grants=()):
    """The organisation ended on a day and the successor takes over: unfinished parts, what stands under it, grants.

    A successor that is among the executors already takes the better of both places. Finished parts keep the old one.
    """
    access.require_administrator(by)
    with change_set(by=by, reason=reason):
        organisation.ended_on, organisation.successor = on, successor
        organisation.full_clean()
        organisation.save()
        move_executors(organisation, successor)
        above = organisation.parent
        for below in organisation.children.all():
            below.parent = above if below.pk == successor.pk else successor
            below.save()
        for grant in grants:
            twin = {name: getattr(grant, name) for name in ("user", "role", "roadmap", "area", "party")}
            if Grant.objects.filter(organisation=successor, **twin).exists():
                grant.delete()
            else:
                grant.organisation = successor
                grant.save()


def move_executors(organisation, successor):
    """Put the successor in the organisation's place, once in each part."""
    moving = list(executors_to_move(organisation))
    there = {
        executor.participation_id: executor
        for executor in Executor.objects.filter(
            participation__in=[executor.participation_id for executor in moving], organisation=successor
        )
    }
    moved, advanced, gone = [], [], []
    for executor in moving:
        twin = there.get(executor.participation_id)
        if twin is None:
            executor.organisation = successor
            moved.append(executor)
        else:
            gone.append(executor.pk)
            twin.position = min(twin.position, executor.position)
            advanced.append(twin)
    Executor.objects.filter(pk__in=gone).delete()
    Executor.objects.bulk_update(moved, ["organisation"])
    Executor.objects.bulk_update(advanced, ["position"])


def people_scoped_to(organisation):
    """The grants in force of people who work for this organisation."""
    grants = Grant.objects.in_force(on=timezone.localdate(moment())).filter(organisation=organisation)
    return grants.select_related("user", "roadmap", "area", "party", "organisation").order_by("user__name", "pk")


def possible_successors(organisation):
    """Those of the same party, or of none, that are at work."""
    same = Q(party=None) | Q(party=organisation.party_id) if organisation.party_id else Q(party=None)
    return Organisation.objects.at_work().filter(same).exclude(pk=organisation.pk).order_by("search")
