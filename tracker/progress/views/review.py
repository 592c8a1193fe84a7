from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Subquery
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from tracker.lib.errors import Conflict, NotAllowed, WrongState
from tracker.progress.diff import marked
from tracker.progress.forms import DecisionForm, RemarkForm
from tracker.progress.models import Remark, Report
from tracker.progress.models.report import CORRECTION_DAYS
from tracker.progress.proofs import proofs_of
from tracker.progress.workflow import IN_REVIEW, ReportState
from tracker.roadmaps import access
from tracker.roadmaps.access import Role
from tracker.roadmaps.models import Roadmap

from .effect import effect_of
from .heading import heading_of, report_or_404, with_seen_version
from .report import refused

SHOWN_IN_QUEUE = 25
REMARKS = 3  # at once
DECIDED = (ReportState.ACCEPTED, ReportState.RETURNED)


@require_safe
def review(request):
    """The queue opens with its oldest report; without one it says what would be here."""
    if not access.grants_of(request.user, Role.REVIEWER):
        raise NotAllowed(access.REFUSALS["review"], ask=access.whom_to_ask("plan"))
    queue = Queue(request)
    first = first_of(queue.reports)
    if first is None:
        return render(request, "progress/review_empty.html", {"queue": queue})
    return page(request, find(request, first.pk), queue)


@require_safe
def review_report(request, pk):
    found, queue = find(request, pk), Queue(request)
    if not queue.holds(found):
        who = f", {found.decided_by}" if found.decided_by and found.state in DECIDED else ""
        sentence = _("%(number)s, %(party)s is not in review any more: %(state)s%(who)s.")
        messages.info(request, sentence % (named(found) | {"state": found.get_state_display().lower(), "who": who}))
        return redirect(queue.address)
    return page(request, found, queue)


@require_POST
def accept(request, pk):
    found, queue = find(request, pk), Queue(request)
    decision, remarks = forms_of(found, request.POST)
    decision.is_valid()  # the day of correction does not matter here
    if any(remark.typed for remark in remarks):
        remarks[0].add_error("text", _("You wrote a remark. Return the report with it, or clear it to accept."))
        return again(request, found, queue, decision, remarks)
    following = queue.after(found)
    try:
        with_seen_version(found, decision.cleaned_data.get("version"))
        found.accept(by=request.user, document_checked=decision.cleaned_data.get("document_checked", False))
    except Conflict as conflict:
        return again(request, found, queue, decision, remarks, conflict)
    except WrongState:
        if is_own_decision(request, found, ReportState.ACCEPTED):
            return redirect(queue.address_of(following))
        raise
    messages.success(request, _("%(number)s, %(party)s: accepted.") % named(found))
    return redirect(queue.address_of(following))


@require_POST
def send_back(request, pk):
    found, queue = find(request, pk), Queue(request)
    decision, remarks = forms_of(found, request.POST)
    if not all([decision.is_valid(), *[remark.is_valid() for remark in remarks]]):
        return again(request, found, queue, decision, remarks)
    following = queue.after(found)
    written = [(remark.cleaned_data["field"], remark.cleaned_data["text"]) for remark in remarks]
    try:
        with_seen_version(found, decision.cleaned_data["version"])
        found.send_back(by=request.user, remarks=written, correct_by=decision.cleaned_data["correct_by"])
    except ValidationError as missing:
        remarks[0].add_error("text", missing.message_dict["text"])
        return again(request, found, queue, decision, remarks)
    except (Conflict, WrongState) as refusal:
        if isinstance(refusal, WrongState) and is_own_decision(request, found, ReportState.RETURNED):
            return redirect(queue.address_of(following))
        return again(request, found, queue, decision, remarks, refusal)
    messages.success(request, _("%(number)s, %(party)s: returned for correction.") % named(found))
    return redirect(queue.address_of(following))


def find(request, pk):
    """A report in this reviewer's scope: whatever its state, the verb answers in words."""
    user = request.user
    found = report_or_404(request, Report.objects.visible_to(user) | Report.objects.reviewed_by(user), pk)
    access.require(user, "review", found)
    return found


def is_own_decision(request, report, state):
    """Whether this person has just decided so by the same button: pressed twice, it has one effect."""
    stored = Report.objects.get(pk=report.pk)
    pressed = request.POST.get("version") == str(stored.version - 1)
    return pressed and stored.state == state and stored.decided_by_id == request.user.pk


def named(report):
    return {"number": report.commitment.milestone.number, "party": report.commitment.party}


def first_of(reports):
    """The first of a queue, or None: of the first of each state, for of one state the index has them in order."""
    firsts = [Subquery(reports.filter(state=state).values("pk")[:1]) for state in IN_REVIEW]
    return Report.objects.filter(pk__in=firsts).order_by("submitted_at", "pk").first()


class Queue:
    """What waits for this reviewer, oldest first; of one roadmap, if the address says so."""

    def __init__(self, request):
        self.everything = Report.objects.reviewed_by(request.user).in_review()
        asked = request.POST.get("roadmap") or request.GET.get("roadmap", "")
        self.roadmap = Roadmap.objects.visible_to(request.user).filter(slug=asked).first() if asked else None
        self.reports = self.everything.order_by("submitted_at", "pk")
        if self.roadmap:
            self.reports = self.reports.filter(commitment__roadmap=self.roadmap)

    @property
    def query(self):
        """The part of an address that keeps the roadmap."""
        return f"?{urlencode({'roadmap': self.roadmap.slug})}" if self.roadmap else ""

    @property
    def address(self):
        return reverse("review") + self.query

    def address_of(self, report):
        return reverse("review_report", args=[report.pk]) + self.query if report else self.address

    def holds(self, report):
        return self.everything.filter(pk=report.pk).exists()

    def before(self, report):
        return self.reports.filter(
            Q(submitted_at__lt=report.submitted_at) | Q(submitted_at=report.submitted_at, pk__lt=report.pk)
        )

    def after(self, report):
        """The report that comes next; after the last, the first."""
        others = self.reports.exclude(pk=report.pk)
        if report.submitted_at is None:
            return first_of(others)
        at = report.submitted_at  # a range first, which the index finds
        later = Q(submitted_at__gte=at) & (Q(submitted_at__gt=at) | Q(pk__gt=report.pk))
        return first_of(others.filter(later)) or first_of(others)

    @cached_property
    def roadmaps(self):
        """(roadmap, how many wait) where several have some."""
        counted = dict(self.everything.order_by().values_list("commitment__roadmap").annotate(Count("pk")))
        found = Roadmap.objects.filter(pk__in=counted) if len(counted) > 1 or self.roadmap else ()
        return [(roadmap, counted[roadmap.pk]) for roadmap in found]

    def around(self, report):
        """The rows beside the page: the one before, this one and those that follow, each with its age in days."""
        start = max(0, self.before(report).count() - 1)
        shown = self.reports.select_related("commitment__milestone", "commitment__party")[
            start : start + SHOWN_IN_QUEUE
        ]
        now = timezone.now()
        return start, [(one, (now - one.submitted_at).days) for one in shown]

    @cached_property
    def past_review(self):
        """How many lie past the day on which their review was due."""
        return self.reports.past_review().count()


def page(request, report, queue, decision=None, remarks=None, status=200):
    heading, user = heading_of(report), request.user
    accepted = accepted_before(report)
    proofs = proofs_of([r for r in (report, accepted) if r], user)
    start, around = queue.around(report)
    following = queue.after(report)
    place = next((i for i, (one, _age) in enumerate(around) if one.pk == report.pk), 0)
    if decision is None:
        decision, remarks = forms_of(report)
    elif decision.is_bound:
        decision.data = decision.data.copy()
        decision.data["version"] = report.version  # this is the text that is shown now
    context = {
        **heading,
        "queue": queue,
        "around": around,
        "earlier": start,
        "place": start + place + 1,
        "total": queue.reports.count(),
        "next": following,
        "next_address": queue.address_of(following),
        "accepted": accepted,
        "with_marks": request.GET.get("marks") != "0",
        "difference": marked(accepted.narrative if accepted else "", report.narrative) if accepted else "",
        "percent_change": report.percent - accepted.percent if accepted else None,
        "against_term": against_term(report),
        "proofs": proofs[report.pk],
        "accepted_proofs": proofs[accepted.pk] if accepted else [],
        "remarks": remarks_before(report),
        "effect": effect_of(report, on=heading["today"]),
        "decision": decision,
        "new_remarks": remarks,
        "more_open": any(remark.errors or remark.typed for remark in remarks[1:]),
        "obstacle": access.why_not(user, "review", report),
    }
    return render(request, "progress/review.html", context, status=status)


def again(request, report, queue, decision, remarks, refusal=None):
    """The page once more with what was typed; where the report has left the review, the reason and what was typed."""
    stored = find(request, report.pk)
    if queue.holds(stored) and not isinstance(refusal, WrongState):
        if refusal:
            messages.error(request, str(refusal))
        return page(request, stored, queue, decision, remarks, status=refusal.status if refusal else 400)
    refusal = refusal or WrongState(
        _("The report is already %(state)s.") % {"state": stored.get_state_display().lower()}
    )
    return refused(request, refusal, "\n\n".join(remark.typed for remark in remarks if remark.typed))


def forms_of(report, data=None):
    today = report.commitment.roadmap.today()
    initial = {"version": report.version, "correct_by": today + timedelta(days=CORRECTION_DAYS)}
    decision = DecisionForm(data, today=today, initial=initial)
    return decision, [RemarkForm(data, prefix=f"remark{i}") for i in range(REMARKS)]


def accepted_before(report):
    """The accepted report that the party's part shows now."""
    return (
        Report.objects.filter(commitment=report.commitment_id, nothing_to_report=False)
        .accepted()
        .exclude(pk=report.pk)
        .select_related("round")
        .latest_first()
        .first()
    )


def remarks_before(report):
    """Every remark on this part, of this and earlier rounds, the latest last."""
    return Remark.objects.filter(report__commitment=report.commitment_id).select_related("made_by", "report__round")


def against_term(report):
    """How the day of completion lies to the current term; None where either has no day."""
    due_on = report.commitment.due_on
    if not (report.done_on and due_on):
        return None
    days = (report.done_on - due_on).days
    if days == 0:
        words = _("on the last day of the current term")
    elif days < 0:
        words = ngettext("%(n)d day before the current term", "%(n)d days before the current term", -days) % {
            "n": -days
        }
    else:
        words = ngettext("%(n)d day after the current term", "%(n)d days after the current term", days) % {"n": days}
    return {"words": words, "late": days > 0}
