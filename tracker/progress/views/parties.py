"""The parties to a roadmap: who takes part since when, joining and leaving (domain.md §8)."""

from django.contrib import messages
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.days import on_a_day
from tracker.lib.dates import short
from tracker.progress.plan_forms import JoinForm, LeaveForm
from tracker.roadmaps import access, changes
from tracker.roadmaps.models import Commitment, Control, Execution, Grant, Participation

from .plan_changes import READ_AND_SEND, roadmap_or_404, status_of, versions, weighed
from .plan_effects import effect_on_party, first_moment_after, reports_left


@require_safe
@on_a_day
def roadmap_parties(request, roadmap):
    """The parties to the roadmap: since when, until when, in how many items, with how many parts."""
    taking_part = Participation.objects.within_their_days(on=request.day).filter(item__roadmap=roadmap)
    taking_part = taking_part.exclude(role=Participation.Role.NONE).order_by()
    items = dict(taking_part.values_list("party").annotate(Count("pk")))
    unfinished = Q(released_on=None, control=Control.ON) & ~Q(execution=Execution.COMPLETED)
    parts = {
        party: numbers
        for party, *numbers in Commitment.objects.filter(roadmap=roadmap)
        .exclude(control=Control.DROPPED)
        .order_by()
        .values_list("party")
        .annotate(
            counting=Count("pk", filter=Q(released_on=None)),
            unfinished=Count("pk", filter=unfinished),
            released=Count("pk", filter=Q(released_on__isnull=False)),
        )
    }
    places = roadmap.parties.select_related("party").order_by("position", "party__code")
    context = {
        "rows": [(place, items.get(place.party_id, 0), *parts.get(place.party_id, (0, 0, 0))) for place in places],
        "obstacle": access.why_not(request.user, "plan", roadmap),
    }
    return render(request, "progress/parties.html", context)


@require_http_methods(READ_AND_SEND)
def party_join(request, slug):
    """A party joins the roadmap or takes part in further items."""
    roadmap = roadmap_or_404(request, slug)
    access.require(request.user, "plan", roadmap)
    today = roadmap.today()
    initial = {"party": request.GET.get("party")}
    form = JoinForm(request.POST or None, stamp=standing(roadmap), roadmap=roadmap, today=today, initial=initial)

    def deed():
        said = form.cleaned_data
        changes.join(
            roadmap, said["party"], form.chosen_roles, since=said["since"], by=request.user, reason=said["basis"]
        )

    def effect_of():
        since = form.cleaned_data["since"]
        moment = first_moment_after(since, roadmap) if since > today else None
        effect = effect_on_party(roadmap, form.cleaned_data["party"], form.items, deed, moment=moment)
        if moment:
            effect.warnings.append(
                _("The parts are asked for when the day has come, on %(day)s.") % {"day": short(since)}
            )
        return effect

    effect, is_done = weighed(request, form, effect_of, deed)
    if is_done:
        messages.success(
            request,
            ngettext(
                "%(party)s takes part in %(n)d item.",
                "%(party)s takes part in %(n)d items.",
                taking_part_in(roadmap, form.cleaned_data["party"]),
            )
            % {"party": form.cleaned_data["party"], "n": taking_part_in(roadmap, form.cleaned_data["party"])},
        )
        return redirect("roadmap_parties", roadmap.slug)
    rows = effect.shown if effect else ()
    context = {
        "form": form,
        "effect": effect,
        "roles": Participation.Role.choices,
        "rows": [(item, before, after, form.role_in(item)) for item, before, after in rows],
    }
    return render(request, "progress/parties_join.html", context, status=status_of(form))


def taking_part_in(roadmap, party):
    parts = Participation.objects.filter(item__roadmap=roadmap, party=party).exclude(role=Participation.Role.NONE)
    return len([part for part in parts if changes.takes_part(part)])


def standing(roadmap):
    """How participations of the roadmap stand."""
    participations = Participation.objects.filter(item__roadmap=roadmap)
    return f"{versions(participations)} {versions(roadmap.parties.all())} {versions(roadmap.items.all())}"


@require_http_methods(READ_AND_SEND)
def party_leave(request, slug, pk):
    """A party leaves the roadmap, or some areas of it."""
    roadmap = roadmap_or_404(request, slug)
    access.require(request.user, "plan", roadmap)
    place = get_object_or_404(roadmap.parties.select_related("party"), party__pk=pk)
    party, today = place.party, roadmap.today()
    form = LeaveForm(request.POST or None, stamp=standing(roadmap), roadmap=roadmap, party=party)

    def deed():
        said = form.cleaned_data
        changes.leave(
            roadmap,
            party,
            form.items,
            until=said["until"],
            by=request.user,
            reason=said["basis"],
            for_good=form.is_for_good,
        )

    def effect_of():
        until = form.cleaned_data["until"]
        moment = first_moment_after(until, roadmap) if until >= today else None
        effect = effect_on_party(roadmap, party, form.items, deed, moment=moment)
        if moment:
            effect.warnings.append(
                _("The parts are released overnight, when %(day)s is over; until then they count.")
                % {"day": short(until)}
            )
        effect.warnings += reports_left(roadmap, party, form.items)
        if people := people_of(roadmap, party):
            effect.warnings.append(
                ngettext(
                    "%(n)d person keeps a grant for this party: end it under People if it is no longer needed.",
                    "%(n)d people keep grants for this party: end them under People if they are no longer needed.",
                    people,
                )
                % {"n": people}
            )
        return effect

    effect, is_done = weighed(request, form, effect_of, deed)
    if is_done:
        messages.success(
            request,
            _("%(party)s takes part until %(day)s.") % {"party": party, "day": short(form.cleaned_data["until"])},
        )
        return redirect("roadmap_parties", roadmap.slug)
    context = {"form": form, "party": party, "place": place, "effect": effect}
    return render(request, "progress/parties_leave.html", context, status=status_of(form))


def people_of(roadmap, party):
    """How many people may act for the party in the roadmap today."""
    grants = Grant.objects.in_force(on=roadmap.today()).filter(Q(roadmap=roadmap) | Q(roadmap=None), party=party)
    return grants.filter(user__is_active=True).aggregate(n=Count("user", distinct=True))["n"]
