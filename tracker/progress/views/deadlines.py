"""The register of moves, a proposal of another term, its decision, and the amendments of the plan."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.dashboards.status_rows import slip_in_words
from tracker.lib.errors import NotAllowed, WrongState
from tracker.lib.listing import listing
from tracker.lib.terms import Kind
from tracker.progress.deadline_forms import AmendmentForm, MovesForm, NoteForm, ProposalForm
from tracker.progress.filters import DeadlineFilter
from tracker.progress.models import DeadlineChange, Evidence
from tracker.progress.models.deadline import OWN_PROPOSAL, WHO_PROPOSES, not_adopted, still
from tracker.progress.register import days_in_words, notes_on, totals_of
from tracker.progress.status import rule_for
from tracker.progress.tables import DeadlineTable, moves_of
from tracker.roadmaps import access
from tracker.roadmaps.access import Obstacle, why_not
from tracker.roadmaps.models import Amendment, Milestone, Roadmap

from .heading import with_seen_version
from .moves import if_amended, if_approved
from .report import version_in

State, Term = DeadlineChange.State, DeadlineChange.Term
SHOWN = DeadlineTable.related
DOCUMENTS = 200  # offered for choice
NUMBERS = 500  # of milestones offered while one is typed
AMENDMENTS = 50
DECIDED = {
    Term.CURRENT: gettext_lazy("Current terms, by decision"),
    Term.AGREED: gettext_lazy("Agreed terms, by amendment"),
}


# The register


@require_safe
@on_a_day
@opens_with_views
def deadlines(request, roadmap):
    changes = DeadlineChange.objects.visible_to(request.user).filter(milestone__roadmap=roadmap).as_moves()
    found = listing(request, changes.order_by("-at", "-pk"), DeadlineFilter, DeadlineTable, roadmap=roadmap)
    if file := file_asked(request, found, title=_("Deadlines")):
        return file
    waiting = DeadlineChange.objects.decided_by(request.user).filter(milestone__roadmap=roadmap)
    to_decide = set(waiting.values_list("pk", flat=True)) if request.is_live else set()
    found["table"].to_decide = to_decide
    totals = totals_of(found["filter"].qs)
    context = {
        "totals": totals,
        "moved": [(term, words, totals.moved[term]) for term, words in DECIDED.items()],
        "all": changes.count() if found["chips"] else found["list"].total,
        "to_decide": len(to_decide),
        "may_amend": request.is_live and access.may(request.user, "plan", roadmap),
    }
    return render(request, "progress/deadlines.html", found | context)


# Proposing


@require_http_methods(["GET", "HEAD", "POST"])
def deadline_propose(request, pk):
    """Another current term for a milestone: shown as it is understood, with its effect, then proposed."""
    user = request.user
    visible = Milestone.objects.visible_to(user).select_related("item__roadmap", "area")
    milestone = get_object_or_404(visible, pk=pk)
    roadmap = request.roadmap = milestone.item.roadmap
    speakers = DeadlineChange.speakers(milestone, user)
    if not any(speakers):
        raise NotAllowed(WHO_PROPOSES, ask=access.whom_to_ask("write", milestone, apart_from=user))
    today = roadmap.today()
    own = Evidence.objects.visible_to(user).filter(roadmap=roadmap, party__in=speakers[0]).order_by("-pk")
    build = partial(ProposalForm, milestone=milestone, today=today, speakers=speakers, documents=own)
    if request.method != "POST":
        return proposal_page(request, milestone, build())
    form = build(request.POST)
    if not form.is_valid():
        return proposal_page(request, milestone, form, status=400)
    if request.POST.get("verb") != "propose":
        return proposal_page(request, milestone, form)
    try:
        change = DeadlineChange.propose(milestone, by=user, **form.proposal)
    except WrongState as refusal:
        waiting = milestone.deadline_changes.filter(state=State.PROPOSED, proposed_by=user).first()
        if waiting and waiting.after == form.cleaned_data["to"]:
            return redirect(waiting)  # the button was pressed twice
        return proposal_page(request, milestone, form, refusal=refusal, status=409)
    except ValidationError as unfit:  # the current term has moved meanwhile
        form.add_error("to", unfit.message_dict["to"])
        return proposal_page(request, milestone, form, status=409)
    messages.success(request, _("Proposed. A reviewer decides; until then the current term stands."))
    return redirect(change)


def proposal_page(request, milestone, form, *, refusal=None, status=200):
    today = milestone.item.roadmap.today()
    waiting = milestone.deadline_changes.filter(state=State.PROPOSED).select_related("proposed_by").first()
    is_understood = form.is_bound and form.is_valid()
    documents = form.fields["document"]
    documents.choices = [
        ("", "—"),
        *((d.pk, documents.label_from_instance(d)) for d in documents.queryset[:DOCUMENTS]),
    ]
    context = {
        **standing_of_term(milestone, on=today),
        "form": form,
        "waiting": waiting,
        "held": refusal or DeadlineChange.held_up(milestone, waiting=waiting or False),
        "effect": if_approved(milestone, form.cleaned_data["to"], on=today) if is_understood else None,
        "understood": form.cleaned_data["to"] if is_understood else None,
        "kind": Kind(form.cleaned_data["to"].kind).label if is_understood else "",
    }
    return render(request, "progress/deadline_propose.html", context, status=status)


def standing_of_term(milestone, *, on):
    """The milestone with its three terms and how it stands, and every move of it, the latest first."""
    changes = list(milestone.deadline_changes.as_moves().select_related(*SHOWN).order_by("-at", "-pk"))
    for change in changes:
        change.milestone.item = milestone.item
    return {
        "milestone": milestone,
        "timeliness": rule_for(milestone, on=on).timeliness,
        "slip": slip_in_words(milestone),
        "moves": moves_of(changes, milestone.item.roadmap),
        "today": on,
    }


# Deciding


@require_safe
def deadline(request, pk):
    """One move: what is asked and why, what it would change, and the decision."""
    return decision_page(request, find(request, pk))


def find(request, pk):
    visible = DeadlineChange.objects.visible_to(request.user).select_related(*SHOWN, "milestone__item__roadmap")
    change = get_object_or_404(visible, pk=pk)
    request.roadmap = change.milestone.item.roadmap
    return change


def decision_page(request, change, form=None, *, status=200):
    user, milestone = request.user, change.milestone
    today = milestone.item.roadmap.today()
    effect = None
    if change.is_open:
        effect = if_approved(milestone, change.after, on=today)
    following = DeadlineChange.objects.decided_by(user).exclude(pk=change.pk).order_by("proposed_at", "pk")
    context = {
        **standing_of_term(milestone, on=today),
        "change": change,
        "days": days_in_words(change),
        "note": notes_on([change]).get(change.pk, ""),
        "effect": effect,
        "stands": change.is_open and (still(milestone) or DeadlineChange.unfit(change.after, milestone.current)),
        "form": form or NoteForm(initial={"version": change.version}),
        "is_own": change.is_open and change.proposed_by_id == user.pk,
        "obstacle": obstacle_to_decide(user, change) if change.is_open else None,
        "following": following.first(),
    }
    return render(request, "progress/deadline.html", context, status=status)


def obstacle_to_decide(user, change):
    """What keeps this person from deciding; None if nothing does."""
    if change.proposed_by_id == user.pk:
        return Obstacle(OWN_PROPOSAL, access.whom_to_ask("review", change.milestone, apart_from=user))
    return why_not(user, "review", change.milestone)


VERBS = {"approve": State.APPROVED, "reject": State.REJECTED, "withdraw": State.WITHDRAWN}
DONE = {
    "approve": gettext_lazy("%(number)s: approved. The current term is %(term)s now."),
    "reject": gettext_lazy("%(number)s: rejected. The current term stands."),
    "withdraw": gettext_lazy("%(number)s: taken back. The current term stands."),
}


@require_POST
def decide(request, pk, verb):
    """Approve, reject or take back a proposal: once, whoever presses first; the same person twice is one."""
    change = find(request, pk)
    form = NoteForm(request.POST, needs_note=verb == "reject")
    if not form.is_valid() and change.is_open:
        if verb != "withdraw":
            access.require(request.user, "review", change.milestone)
        return decision_page(request, change, form, status=400)
    with_seen_version(change, version_in(request))
    try:
        getattr(change, verb)(by=request.user, note=form.cleaned_data.get("note", ""))
    except WrongState:
        stored = find(request, pk)
        who = stored.proposed_by if verb == "withdraw" else stored.decided_by
        if stored.state == VERBS[verb] and who == request.user:
            return redirect(stored)  # the button was pressed twice
        raise
    term = change.after.in_words()
    messages.success(request, DONE[verb] % {"number": change.milestone.number, "term": term})
    return redirect(change)


# Amendments


@require_http_methods(["GET", "HEAD", "POST"])
@on_a_day
def amendments(request, roadmap):
    """The signed amendments with what each moved; an administrator enters one, with a look at its effect first."""
    if request.method != "POST":
        return amendments_page(request, roadmap, AmendmentForm(instance=Amendment(roadmap=roadmap)))
    access.require(request.user, "plan", roadmap)
    verb = request.POST.get("verb")
    moves = MovesForm(roadmap, request.POST, more=verb == "more")
    amendment = Amendment(roadmap=roadmap)
    form = AmendmentForm(request.POST, instance=amendment)
    if verb == "more":
        return amendments_page(request, roadmap, form, moves, is_checked=False)
    is_valid = all([moves.is_valid(), form.is_valid()])
    if verb == "apply" and (entered := entered_by(request.user, roadmap, form, moves)):
        return redirect(address_of(entered))  # the button was pressed twice
    if not is_valid:
        return amendments_page(request, roadmap, form, moves, status=400)
    if verb != "apply":
        return amendments_page(request, roadmap, form, moves)
    if form.cleaned_data["seen"] != moves.token:
        messages.warning(request, _("Something has changed since you looked. Look at the effect again."))
        return amendments_page(request, roadmap, form, moves, status=409)
    terms = [(milestone, term.text) for milestone, term in moves.moves]
    DeadlineChange.amend_by(amendment, terms, by=request.user)
    messages.success(request, _("%(amendment)s is entered with all its moves.") % {"amendment": amendment})
    return redirect(address_of(amendment))


def address_of(amendment):
    return reverse("amendments", args=[amendment.roadmap.slug]) + f"#a{amendment.pk}"


def entered_by(user, roadmap, form, moves):
    """The amendment that this person has just entered with the same number and moves, or None."""
    found = roadmap.amendments.filter(number=form.data.get("number", "").strip()).first()
    if found is None:
        return None
    entered = {(m.milestone_id, m.after_text, m.decided_by_id) for m in found.moves.all()}
    typed = {
        (one.cleaned_data["milestone"].pk, (one["to"].data or "").strip(), user.pk)
        for one in moves.forms
        if one.is_filled and "milestone" in one.cleaned_data
    }
    return found if entered and entered == typed else None


def amendments_page(request, roadmap, form, moves=None, *, is_checked=True, status=200):
    obstacle = why_not(request.user, "plan", roadmap)
    if not obstacle and roadmap.state != Roadmap.State.ADOPTED:
        obstacle = Obstacle(not_adopted(roadmap))
    effects = []
    if moves and is_checked and not form.errors and all(not one.errors for one in moves.forms) and not moves.error:
        effects = [if_amended(milestone, term, on=request.day) for milestone, term in moves.moves]
        form.data = form.data.copy()
        form.data["seen"] = moves.token
    elif not is_checked:
        form = AmendmentForm(initial=form.data.dict(), instance=Amendment(roadmap=roadmap))
        form.initial["meeting"] = form.fields["meeting"].widget.value_from_datadict(request.POST, {}, "meeting")
        for one in moves.forms:
            one.is_bound, one.initial = False, {name: one[name].data for name in one.fields}
    entered = list(roadmap.amendments.order_by("-signed_on", "-pk")[:AMENDMENTS])
    moved = {}
    changes = DeadlineChange.objects.visible_to(request.user).filter(amendment__in=entered).select_related(*SHOWN)
    for move in moves_of(list(changes.order_by("milestone__number_key", "pk")), roadmap):
        moved.setdefault(move.change.amendment_id, []).append(move)
    context = {
        "amendments": [(one, moved.get(one.pk, [])) for one in entered],
        "obstacle": obstacle,
        "form": form,
        "moves": moves or MovesForm(roadmap, first=request.GET.get("milestone", "")[:60]),
        "effects": effects,
        "milestones": [] if obstacle else roadmap.milestones.in_plan_order()[:NUMBERS],
    }
    return render(request, "progress/amendments.html", context, status=status)
