"""The register of documents: what each proves, and under which other report it may be put."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.days import on_a_day
from tracker.history.as_of import current_as_of, present
from tracker.lib.errors import NotAllowed
from tracker.lib.listing import listing
from tracker.lib.texts import search_words
from tracker.progress.deadline_forms import AttachForm
from tracker.progress.desk import to_write
from tracker.progress.filters import DocumentFilter
from tracker.progress.models import Evidence, Proof, Report
from tracker.progress.tables import DocumentTable
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment

OFFERED = 200  # reports to choose from


@dataclass
class Row:
    """A document with the proofs that the reader may see: its own, and those of the same file under another record."""

    document: Evidence
    proofs: list = field(default_factory=list)
    same: list = field(default_factory=list)
    may_attach: bool = False

    @property
    def milestones(self):
        """{milestone: its proofs}, in the order in which they were made."""
        found = {}
        for proof in self.proofs:
            found.setdefault(proof.commitment.milestone, []).append(proof)
        return found


@require_safe
@on_a_day
def documents(request, roadmap):
    visible = visible_on_the_day(Evidence, request.user, roadmap=roadmap)
    proofs = Proof.objects.filter(report__in=Report.objects.visible_to(request.user))
    found = listing(request, visible.order_by("-pk"), DocumentFilter, DocumentTable, roadmap=roadmap, proofs=proofs)
    page = list(found["page"].object_list.select_related("party"))
    context = {
        "rows": rows_of(page, request.user, roadmap, is_live=request.is_live),
        "all": visible.count() if found["chips"] else found["page"].paginator.count,
    }
    return render(request, "progress/documents.html", found | context)


def visible_on_the_day(model, user, *conditions, **equal):
    """What the person may see now, and on a past day could have seen then."""
    rows = model.objects.visible_to(user).filter(*conditions, **equal)
    if current_as_of() is None:
        return rows
    with present():
        now = list(model.objects.visible_to(user).filter(*conditions, **equal).values_list("pk", flat=True))
    return rows.filter(pk__in=now)


def rows_of(documents, user, roadmap, *, is_live):
    rows = {document.pk: Row(document) for document in documents}
    by_file = {}
    for document in documents:
        if document.checksum:
            by_file.setdefault(document.checksum, []).append(document.pk)
    for proof in proofs_of(rows, by_file, user):
        proof.commitment.milestone.item.roadmap = proof.commitment.roadmap
        if proof.evidence_id in rows:
            rows[proof.evidence_id].proofs.append(proof)
        for pk in by_file.get(proof.evidence.checksum, ()):
            if pk != proof.evidence_id:
                rows[pk].same.append(proof)
    parts = Commitment.objects.written_by(user).filter(roadmap=roadmap).order_by()
    writes_for = set(parts.values_list("party", flat=True).distinct()) if is_live else ()
    for row in rows.values():
        row.may_attach = row.document.party_id in writes_for
    return list(rows.values())


def proofs_of(documents, checksums, user):
    """The proofs, by these documents or by the same files, that this person may see; in one query."""
    ids, files = [*documents], [*checksums]
    reports = visible_on_the_day(
        Report, user, Q(proofs__evidence__in=ids) | Q(proofs__evidence__checksum__in=files)
    ).values("pk")
    same = visible_on_the_day(Evidence, user, checksum__in=files).values("pk")
    return (
        Proof.objects.filter(Q(evidence__in=ids) | Q(evidence__in=same), report__in=reports)
        .select_related(
            "evidence", "report__round", "commitment__milestone__item", "commitment__party", "commitment__roadmap"
        )
        .order_by("pk")
    )


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
