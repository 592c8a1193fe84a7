"""The documents under reports, and where else each of them stands."""

from django.db.models import Q

from tracker.progress.models import Evidence, Proof, Report


def proofs_of(reports, user):
    """{report id: its proofs that this person may see}, each with `elsewhere`: other reports with the same document.

    The same document is the same record, or a file with the same checksum.
    """
    proofs = list(
        Proof.objects.filter(report__in=reports, evidence__in=Evidence.objects.visible_to(user))
        .select_related("evidence")
        .order_by("pk")
    )
    found = {report.pk: [] for report in reports}
    others = elsewhere(proofs, user) if proofs else []
    for proof in proofs:
        proof.elsewhere = [
            o.report for o in others if o.report_id != proof.report_id and is_same(o.evidence, proof.evidence)
        ]
        found[proof.report_id].append(proof)
    return found


def elsewhere(proofs, user):
    documents = {proof.evidence for proof in proofs}
    checksums = {document.checksum for document in documents if document.checksum}
    return list(
        Proof.objects.filter(
            Q(evidence__in=documents) | Q(evidence__checksum__in=checksums),
            report__in=Report.objects.visible_to(user),
        ).select_related("evidence", "report__round", "report__commitment__milestone", "report__commitment__party")
    )


def is_same(one, other):
    return one.pk == other.pk or bool(one.checksum and one.checksum == other.checksum)
