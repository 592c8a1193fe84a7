"""What follows from the reports: a commitment's accepted state, and through it the milestone's (domain.md §3, §4).

One rule for every verb and for `manage.py recount`. `from_reports` only computes; `recompute` writes what changed,
within the verb's transaction.
"""

from tracker.history.changes import change_set
from tracker.progress.workflow import IN_REVIEW, ReportState
from tracker.roadmaps.models import Commitment, Execution
from tracker.roadmaps.rollup import apply, roll_up

NOT_RECEIVED = (ReportState.ASKED, ReportState.DRAFT)
READ = (  # what from_reports reads: not the long texts
    "commitment", "state", "nothing_to_report", "execution", "percent", "done_on", "forecast_on", "confidence",
    "is_confirmed", "submitted_at", "round__starts_on", "round__state",
)  # fmt: skip


def from_reports(reports):
    """The columns of a commitment, from its reports (any order; each with its round, and `has_proof`).

    It shows the accepted report of its latest round, not the latest acceptance.
    """
    reports = sorted(reports, key=lambda report: report.round.starts_on, reverse=True)
    accepted = next((r for r in reports if r.state == ReportState.ACCEPTED and not r.nothing_to_report), None)
    claim = next((r for r in reports if r.state in IN_REVIEW and r.execution == Execution.COMPLETED), None)
    return {
        "execution": accepted.execution if accepted else Execution.NOT_STARTED,
        "percent": accepted.percent if accepted else 0,
        "done_on": accepted.done_on if accepted else None,
        "forecast_on": accepted.forecast_on if accepted else None,
        "confidence": accepted.confidence if accepted else "",
        "confirmation": confirmation_of(accepted),
        "answer": answer_of(reports[0]) if reports else "",
        "silent_rounds": silent_rounds(reports),
        "claimed_at": claim.submitted_at if claim else None,
        "claimed_done_on": claim.done_on if claim else None,
    }


def confirmation_of(report):
    if report is None or report.execution != Execution.COMPLETED:
        return ""
    if report.is_confirmed:
        return Commitment.Confirmation.CONFIRMED
    return Commitment.Confirmation.DOCUMENTED if report.has_proof else Commitment.Confirmation.DECLARED


def answer_of(report):
    if report.state in (*NOT_RECEIVED, ReportState.RETURNED):
        return Commitment.Answer.ASKED
    return Commitment.Answer.NOTHING if report.nothing_to_report else Commitment.Answer.REPORTED


def silent_rounds(reports):
    """Closed rounds in a row, up to the latest, in which nothing was received; the open one does not count yet."""
    count = 0
    for report in reports:  # latest round first
        if report.state not in NOT_RECEIVED:
            break
        if report.round.state == report.round.State.CLOSED:
            count += 1
    return count


def recompute(commitment):
    """Bring a commitment, then its milestone, to what the reports say."""
    with change_set():
        if apply(commitment, from_reports(reports_with_proof(commitment.reports.all()))):
            commitment.save()
            roll_up(commitment.milestone)


def reports_with_proof(reports):
    """The reports as far as `from_reports` reads them, each knowing whether a document is attached."""
    from tracker.progress.models import Proof

    reports = list(reports.select_related("round").only(*READ))
    proved = set(Proof.objects.filter(report__in=reports).values_list("report", flat=True))
    for report in reports:
        report.has_proof = report.pk in proved
    return reports
