"""The register of documents: what each proves, and under which other report it may be put."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.lib.errors import NotAllowed
from tracker.lib.listing import listing
from tracker.lib.texts import search_words
from tracker.progress.deadline_forms import AttachForm
from tracker.progress.desk import to_write
from tracker.progress.documents import visible_on_the_day
from tracker.progress.filters import DocumentFilter
from tracker.progress.models import Evidence, Proof, Report
from tracker.progress.tables import DocumentTable
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment

OFFERED = 200  # reports to choose from


@require_safe
@on_a_day
@opens_with_views
def documents(request, roadmap):
    visible = visible_on_the_day(Evidence, request.user, roadmap=roadmap)
    proofs = Proof.objects.filter(report__in=Report.objects.visible_to(request.user))
    found = listing(request, visible.order_by("-pk"), DocumentFilter, DocumentTable, roadmap=roadmap, proofs=proofs)
    if file := file_asked(request, found, title=_("Documents")):
        return file
    all_ = visible.count() if found["chips"] else found["list"].total
    return render(request, "progress/documents.html", found | {"all": all_})


@require_http_methods(["GET", "HEAD", "POST"])
def document_attach(request, pk):
    """Put a document of the plan under another report of its party that is being written."""
    user = request.user
    document = get_object_or_404(Evidence.objects.visible_to(user).select_related("roadmap", "party"), pk=pk)
    request.roadmap = document.roadmap
    own = Commitment.objects.written_by(user).filter(roadmap=document.roadmap_id, party=document.party_id)
    if not own.exists():
        ask = access.whom_to_ask("write", document.roadmap, apart_from=user)
        raise NotAllowed(access.REFUSALS["write"], ask=ask)
    form = AttachForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return attach_page(request, document, form)
    reports = Report.objects.written_by(user).select_related("round", "commitment__milestone__item__roadmap")
    report = get_object_or_404(reports, pk=form.cleaned_data["report"])
    number = report.commitment.milestone.number
    if not report.proofs.filter(evidence=document).exists():  # pressed twice, it is there already
        document.attach(report, by=user)
    messages.success(request, _("%(number)s: the document is attached to your report.") % {"number": number})
    return redirect(report.get_absolute_url() + "#documents")


def attach_page(request, document, form):
    reports = to_write(request.user).filter(
        commitment__roadmap=document.roadmap_id, commitment__party=document.party_id
    )
    reports = reports.exclude(proofs__evidence=document).select_related("round", "commitment__milestone")
    text = request.GET.get("q", "")
    for word in search_words(text):
        reports = reports.filter(commitment__milestone__search__contains=word)
    found = list(reports[: OFFERED + 1])
    context = {
        "document": document,
        "form": form,
        "reports": found[:OFFERED],
        "there_are_more": len(found) > OFFERED,
        "text": text,
    }
    return render(request, "progress/document_attach.html", context, status=400 if form.errors else 200)
