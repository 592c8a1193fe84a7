"""Everything that is stored and follows from something else, computed again: the proof that it could be.

Commitments from their reports, milestones from their commitments, and the copies that both carry.
"""

from collections import defaultdict

from tracker.history.changes import change_set
from tracker.progress.models import Report
from tracker.progress.rollup import from_reports, reports_with_proof
from tracker.roadmaps.models import Commitment, Milestone, Roadmap
from tracker.roadmaps.rollup import apply, from_commitments

SLICE = 100  # milestones at a time, with all their reports


def recount(commitments=None, *, fix=False):
    """(row, names of the columns that differ) of every row that is not what it should be; writes them if asked.

    Looks at the given commitments and their milestones, or at all.
    """
    roadmaps = Roadmap.objects.in_bulk()
    if commitments is None:
        wanted, ids = None, list(Milestone.objects.order_by("pk").values_list("pk", flat=True))
    else:
        wanted = dict(commitments.order_by().values_list("pk", "milestone"))
        ids = sorted(set(wanted.values()))
    for start in range(0, len(ids), SLICE):
        differing = _recount(ids[start : start + SLICE], roadmaps, wanted)
        if fix and differing:
            _write(differing)
        yield from differing


def _recount(ids, roadmaps, wanted):
    parts, reports, recounted = defaultdict(list), defaultdict(list), set()
    for commitment in Commitment.objects.filter(milestone__in=ids).order_by("pk").prefetch_related("party"):
        parts[commitment.milestone_id].append(commitment)
        if wanted is None or commitment.pk in wanted:
            recounted.add(commitment.pk)
    # Keys spelt out and no order: before its first ANALYZE, PostgreSQL takes minutes over a subquery with joins.
    for report in reports_with_proof(Report.objects.filter(commitment__in=recounted).order_by()):
        reports[report.commitment_id].append(report)
    differing = []
    for milestone in Milestone.objects.filter(pk__in=ids).prefetch_related("item").order_by("pk"):
        milestone.item.roadmap = roadmaps[milestone.item.roadmap_id]
        copies = milestone.settled()
        for commitment in parts[milestone.pk]:
            if commitment.pk not in recounted:
                continue
            commitment.milestone = milestone
            names = commitment.settled() | set(apply(commitment, from_reports(reports[commitment.pk])))
            if names:
                differing.append((commitment, sorted(names)))
        names = copies | set(apply(milestone, from_commitments(milestone.item.rule, parts[milestone.pk])))
        if names:
            differing.append((milestone, sorted(names)))
    return differing


def _write(differing):
    with change_set():
        for model in (Milestone, Commitment):
            pairs = [(row, names) for row, names in differing if isinstance(row, model)]
            model.objects.bulk_update([row for row, _names in pairs], {name for _row, names in pairs for name in names})
