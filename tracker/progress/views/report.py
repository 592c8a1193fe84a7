from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tracker.history.changes import change_set
from tracker.lib.dates import short
from tracker.lib.errors import Conflict, Refusal, WrongState
from tracker.progress.audience import readers_of
from tracker.progress.desk import place_of
from tracker.progress.forms import EvidenceForm, ReopenForm, ReportForm
from tracker.progress.models import Evidence, Report
from tracker.progress.models.report import PATHS
from tracker.progress.proofs import proofs_of
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.models import Execution

from .heading import heading_of, last_saved, last_written, others_on, report_or_404, versions_of, with_seen_version

KNOWN = 200  # documents offered for choice
# What follows from the state of execution, whatever was typed (Report.write)
SETTLED = {
    Execution.COMPLETED: ("percent", "forecast_on"),
    Execution.NOT_STARTED: ("percent", "done_on", "without_document"),
    Execution.IN_PROGRESS: ("done_on", "without_document"),
    Execution.PARTLY: ("done_on", "without_document"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def report(request, pk):
    """One report: the form for who may write it now, the text for everyone else who may read it."""
    found = find(request, pk)
    if request.method == "POST":
        return keep(request, found)
    if may_write(request.user, found):
        return written(request, found, form_of(found), documents_form(request.user, found))
    return read(request, found)


def find(request, pk):
    reports = Report.objects.visible_to(request.user).with_open_text(request.user)
    return report_or_404(request, reports, pk)


def may_write(user, report):
    return report.is_with_the_party and not report.is_lost and access.may(user, "write", report)


# Writing: every button first keeps what was typed, then does its own thing.


def keep(request, report, *, version=None):
    """Save what was typed as a draft; then attach, remove, carry over or submit, as the button says.

    Whatever is valid is saved even where something else is not. What cannot be saved at all (the report was sent or
    saved by someone else meanwhile) is shown again, beside what they saved; a document is attached in any case.
    """
    verb = request.POST.get("verb")
    form = form_of(report, request.POST)
    form.is_valid()
    seen = version or continued(request, form.cleaned_data.get("version"))
    if verb == "autosave":
        return autosaved(request, report, form, seen)
    document = documents_form(request.user, report, request.POST, request.FILES)
    attaching = verb == "attach" or document.is_filled
    attached = attaching and document.is_valid()
    if verb == "carry" and not form.data.get("narrative", "").strip():
        report.narrative = last_text(report, request.user)
    with_seen_version(report, seen)
    try:
        with change_set(by=request.user):
            report.write(by=request.user)
            if attached:
                attach(report, document, by=request.user)
            report.proofs.filter(pk__in=removed(request)).delete()
    except Conflict:
        stored = find(request, report.pk)
        if attached and may_write(request.user, stored):
            with change_set(by=request.user):
                stored.write(by=request.user)
                attach(stored, document, by=request.user)
            messages.success(request, _("The document is attached."))
        return both(request, stored, form)
    except WrongState as refusal:
        stored = find(request, report.pk)
        if verb == "submit" and stored.submitted_by == request.user and not differing(form, stored):
            return redirect("desk")  # the button was pressed twice
        return refused(request, refusal, form.data.get("narrative", ""), stored)
    if form.errors or (attaching and not attached):
        messages.warning(request, _("Saved as a draft, except what is marked below."))
        shown = document if attaching else documents_form(request.user, report)
        return written(request, find(request, report.pk), form, shown, status=400)
    if verb == "submit":
        return submitted(request, report, form)
    messages.success(
        request, _("The document is attached and the draft saved.") if attached else _("Saved as a draft.")
    )
    return redirect(report.get_absolute_url() + ("#documents" if attached or removed(request) else ""))


# Saving by itself, while someone is typing (htmx); the buttons do the same without JavaScript.

AUTOSAVED = "autosaved"  # in the session: the page that last saved itself, from which version to which


def autosaved(request, report, form, seen):
    """Keep what is valid so far; the answer brings the page its new version, or says why nothing is saved."""
    try:
        with_seen_version(report, seen).write(by=request.user)
    except Conflict:
        person = last_saved(find(request, report.pk)).change_set.person
        refusal = _("%(person)s has saved this report meanwhile. Press “Save draft” to see both versions.")
        return render(request, "progress/_autosaved.html", {"refusal": refusal % {"person": person}})
    except Refusal as refusal:
        return render(request, "progress/_autosaved.html", {"refusal": refusal})
    request.session[AUTOSAVED] = [request.POST.get("page", ""), seen, report.version]
    stored = find(request, report.pk)
    saved = last_written(stored)
    context = {
        "report": stored,
        "saved": saved,
        "checklist": checklist(stored, saved, on=stored.commitment.roadmap.today()),
        "left": [form.fields[name].label for name in form.errors if name in form.fields],
    }
    return render(request, "progress/_autosaved.html", context)


def continued(request, seen):
    """The version that was seen; if the page has just saved itself over that one and does not know yet, the new one."""
    page, before, after = request.session.get(AUTOSAVED, ("", 0, 0))
    return after if page and page == request.POST.get("page") and seen == before else seen


def submitted(request, report, form):
    try:
        report.submit(by=request.user)
    except ValidationError as missing:
        for field, sentences in missing.message_dict.items():
            form.add_error(field, sentences)
        messages.warning(request, _("Saved as a draft, not sent yet: see what is marked below."))
        return written(request, find(request, report.pk), form, documents_form(request.user, report), status=400)
    messages.success(
        request, _("%(number)s: your report has been sent for review.") % {"number": report.commitment.milestone.number}
    )
    return redirect("desk")


def attach(report, document, *, by):
    """Put the document under the report; the same file or address twice stays one."""
    known, form = document.cleaned_data.get("known"), document.cleaned_data
    if known is None:
        new = document.new_document(by)
        same = Q(evidence__checksum=new.checksum) if form.get("file") else Q(evidence__address=new.address)
        if report.proofs.filter(same).exists():
            return
        try:
            new.save()
        except BaseException:
            new.file.delete(save=False)  # a file without its record would never be found again
            raise
        known = new
    known.prove(report)


def removed(request):
    """The id of the proof whose "Remove" was pressed, as a list; nonsense is nothing."""
    value = request.POST.get("remove", "")
    return [int(value)] if value.isascii() and value.isdigit() and len(value) < 19 else []


def last_text(report, user):
    earlier = earlier_report(report, user)
    return earlier.narrative if earlier else ""


# When someone else was quicker


@dataclass
class Theirs:
    """What someone else saved in a field while this person was typing."""

    value: str
    taken: bool  # over into the form, because this person had not touched the field


def both(request, stored, form):
    """Someone saved the report meanwhile: show both, so that saving again merges; nothing is lost.

    Where only they changed a field, theirs is taken over; where both did, what was typed here stays in the field.
    """
    if not may_write(request.user, stored):
        refusal = WrongState(_("The report is already %(state)s.") % {"state": stored.get_state_display().lower()})
        return refused(request, refusal, form.data.get("narrative", ""), stored)
    if not differing(form, stored):
        return keep(request, stored, version=stored.version)  # the same text twice: a retry
    base = versions_of(stored).filter(version=form.cleaned_data.get("version") or 0).last()
    data = form.data.copy()
    merged = form_of(stored, data)
    merged.saved_by = last_saved(stored)
    for name in differing(form, stored):
        bound, theirs = merged[name], getattr(stored, name)
        if base is not None and theirs == getattr(base, name):
            continue  # only this person has changed it
        untouched = base is not None and name in form.cleaned_data and form.cleaned_data[name] == getattr(base, name)
        merged.theirs[name] = Theirs(in_words(stored, name), untouched)
        if untouched and isinstance(theirs, bool):
            data.pop(bound.html_name, None)
            data.update({bound.html_name: "on"} if theirs else {})
        elif untouched:
            data[bound.html_name] = bound.field.prepare_value(theirs) or ""
    merged.is_valid()
    stored = find(request, stored.pk)  # the form has put what was typed on the other one
    return written(request, stored, merged, documents_form(request.user, stored), status=409)


def differing(form, stored):
    """The names of the fields in which what was typed differs from what is stored."""
    settled = SETTLED.get(form.cleaned_data.get("execution"), ())
    sent = [name for name in Report.TYPED if name not in settled and (name in form.errors or name in form.cleaned_data)]
    return [name for name in sent if name in form.errors or form.cleaned_data[name] != getattr(stored, name)]


def in_words(report, name):
    """A stored value as a reader would say it."""
    value = getattr(report, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if hasattr(value, "year"):
        return short(value)
    return str(getattr(report, f"get_{name}_display", lambda: value)() or "—")


def refused(request, refusal, typed, report=None):
    """The sentence of a refusal, with what was typed and could not be saved."""
    same = report is not None and typed.replace("\r\n", "\n").strip() == report.narrative.strip()
    context = {"refusal": refusal, "typed": "" if same else typed, "report": report}
    return render(request, "progress/refused.html", context, status=refusal.status)


# The pages


def form_of(report, data=None):
    return ReportForm(data, report=report, today=report.commitment.roadmap.today(), remarks=remarks_by_field(report))


def documents_form(user, report, *data):
    return EvidenceForm(*data, report=report, known=known_documents(user, report))


def known_documents(user, report):
    """The party's own documents in this plan that are not under this report yet."""
    commitment = report.commitment
    own = Evidence.objects.visible_to(user).filter(roadmap=commitment.roadmap_id, party=commitment.party_id)
    return own.exclude(proofs__report=report).order_by("-pk")


def remarks_by_field(report):
    """{field or "": its remarks}, all there ever were."""
    found = {}
    for remark in report.remarks.select_related("made_by"):
        found.setdefault(remark.field, []).append(remark)
    return found


def written(request, report, form, document, status=200):
    """The form with everything beside it."""
    if form.is_bound:
        form.data = form.data.copy()
        form.data["version"] = report.version  # the text was saved, or stands beside theirs: this is what was seen
    heading = heading_of(report)
    documents = proofs_of([report], request.user)[report.pk]
    saved = last_written(report)
    earlier = earlier_report(report, request.user)
    document.fields["known"].choices = [
        ("", "—"),
        *((d.pk, document.fields["known"].label_from_instance(d)) for d in document.fields["known"].queryset[:KNOWN]),
    ]
    context = {
        **heading,
        **others_on(report.commitment.milestone, on=heading["today"]),
        "form": form,
        "document": document,
        "proofs": documents,
        "remarks": form.remarks,
        "remarks_count": sum(len(remarks) for remarks in form.remarks.values()),
        "earlier": earlier,
        "readers": readers_of(report),
        "checklist": checklist(report, saved, on=heading["today"]),
        "saved": saved,
        "place": place_of(report, request.user),
        "page": get_random_string(12),
    }
    return render(request, "progress/report.html", context, status=status)


def earlier_report(report, user):
    """The last accepted report of an earlier round, or else the last that says anything."""
    reports = list(
        Report.objects.visible_to(user)
        .with_open_text(user)
        .filter(commitment=report.commitment_id, round__starts_on__lt=report.round.starts_on, text_is_open=True)
        .select_related("round")
        .latest_first()[:12]
    )
    accepted = [r for r in reports if r.state == ReportState.ACCEPTED]
    said = [r for r in reports if r.narrative.strip()]
    return next(iter(accepted or said), None)


def checklist(report, saved, *, on):
    """(done, sentence, where) of what a report needs before it is sent."""
    missing = report.missing(on=on)
    checks = [
        ("", _("State chosen"), "id_execution_0", report.state != ReportState.ASKED, _("Choose the state and save."))
    ]
    if not report.nothing_to_report:
        checks.append(("narrative", _("Text written"), "id_narrative", True, ""))
        if report.execution == Execution.COMPLETED:
            checks.append(("done_on", _("Day given"), "id_done_on", True, ""))
            checks.append(("without_document", _("Document attached, or declared without one"), "documents", True, ""))
    if report.state == ReportState.RETURNED:
        is_changed = saved is not None and saved.history_date > report.decided_at
        checks.append(
            ("", _("Changed since it was returned"), "main", is_changed, _("Change what the remarks ask for."))
        )
    return [
        (done and field not in missing, words if done and field not in missing else missing.get(field, undone), where)
        for field, words, where, done, undone in checks
    ]


def read(request, report, *, reopening=None, status=200):
    """The report as text, with what may be done to it now and why it cannot be edited."""
    user = request.user
    is_insider = access.may(user, "review", report) or is_own(user, report)
    remarks = [r for own in remarks_by_field(report).values() for r in own] if is_insider else []
    may_reopen = report.state == ReportState.ACCEPTED and access.may(user, "reopen", report)
    controls = locked(user, report)
    context = {
        **heading_of(report),
        "proofs": proofs_of([report], user)[report.pk] if report.text_is_open else [],
        "remarks": sorted(remarks, key=lambda remark: (remark.made_at, remark.pk)),
        "reason": controls[0][1].rule if controls and is_own(user, report) else "",
        "locked": controls,
        "may_withdraw": report.state == ReportState.SUBMITTED
        and report.is_still_taken
        and access.may(user, "write", report),
        "may_endorse": may_endorse(user, report),
        "may_review": report.is_in_review and access.may(user, "review", report),
        "reopening": (reopening or ReopenForm(initial={"version": report.version})) if may_reopen else None,
    }
    return render(request, "progress/report_read.html", context, status=status)


def is_own(user, report):
    """Whether the report is of the party that this person speaks for."""
    own = access.own_party(user, **PATHS, party="commitment__party")
    return Report.objects.filter(own, pk=report.pk).exists()


def may_endorse(user, report):
    is_waiting = report.state == ReportState.SUBMITTED and report.commitment.roadmap.two_steps
    return is_waiting and access.may(user, "endorse", report)


def locked(user, report):
    """(label, obstacle) of what this person cannot do to the report now, as far as its state asks anyone for it."""
    asked = [("write", _("Write"))]
    if report.state == ReportState.SUBMITTED and report.commitment.roadmap.two_steps:
        asked.append(("endorse", _("Endorse")))
    elif report.is_in_review:
        asked.append(("review", _("Accept or return")))
    found = [(label, access.why_not(user, verb, report)) for verb, label in asked]
    return [(label, obstacle) for label, obstacle in found if obstacle]


# The other verbs


@require_POST
def withdraw(request, pk):
    found = find(request, pk)
    found.withdraw(by=request.user)
    messages.success(request, _("Taken back: the report is a draft again."))
    return redirect(found)


@require_POST
def endorse(request, pk):
    found = with_seen_version(find(request, pk), version_in(request))
    found.endorse(by=request.user)
    messages.success(
        request,
        _("%(number)s: endorsed, and on its way to the reviewer.") % {"number": found.commitment.milestone.number},
    )
    return redirect("desk")


@require_POST
def reopen(request, pk):
    found = find(request, pk)
    form = ReopenForm(request.POST)
    if not form.is_valid():
        access.require(request.user, "reopen", found)
        return read(request, found, reopening=form, status=400)
    with_seen_version(found, form.cleaned_data["version"]).reopen(by=request.user, reason=form.cleaned_data["reason"])
    messages.success(request, _("Reopened: the report is back with the party."))
    return redirect(reverse("item", args=[found.commitment.roadmap.slug, found.commitment.milestone.item_id]))


def version_in(request):
    value = request.POST.get("version", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0
