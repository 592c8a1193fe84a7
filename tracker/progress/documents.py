"""What each document proves, as far as a person may read it."""

from dataclasses import dataclass, field

from django.db.models import Q

from tracker.history.as_of import current_as_of, present
from tracker.progress.models import Evidence, Proof, Report
from tracker.roadmaps.models import Commitment


@dataclass
class Row:
    """A document with the proofs that the reader may see: its own, and those of the same file under another record."""

    document: Evidence
    proofs: list = field(default_factory=list)
    same: list = field(default_factory=list)
    may_attach: bool = False

    @property
    def pk(self):
        return self.document.pk

    @property
    def milestones(self):
        """{milestone: its proofs}, in the order in which they were made."""
        found = {}
        for proof in self.proofs:
            found.setdefault(proof.commitment.milestone, []).append(proof)
        return found


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
