"""What stands above a report: the milestone, the party and its executors, the term with its slip, the timeliness."""

from zoneinfo import ZoneInfo

from django.shortcuts import get_object_or_404
from django.utils import timezone

from tracker.dashboards.status_rows import slip_in_words
from tracker.dashboards.strips import parties_strip
from tracker.history.as_of import as_of
from tracker.progress.models import Report
from tracker.progress.status import rule_for
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Executor

SHOWN = (
    "round",
    "commitment__party",
    "commitment__roadmap",
    "commitment__milestone__item__roadmap",
    "submitted_by",
    "endorsed_by",
    "decided_by",
)


def report_or_404(request, reports, pk):
    """The report of the page, among those this person may reach; its roadmap becomes the page's."""
    report = get_object_or_404(reports.select_related(*SHOWN), pk=pk)
    request.roadmap = report.commitment.roadmap
    return report


def with_seen_version(report, posted):
    """Let the verb act on the text that was seen: if it was saved since, the verb raises Conflict."""
    report.version = posted or 0
    return report


def heading_of(report):
    commitment, today = report.commitment, report.commitment.roadmap.today()
    milestone = commitment.milestone
    return {
        "report": report,
        "milestone": milestone,
        "party": commitment.party,
        "today": today,
        "executors": executors_of(report),
        "timeliness": rule_for(commitment, on=today).timeliness,
        "slip": slip_in_words(milestone),
    }


def executors_of(report):
    """Who carries out the part: of an accepted report as recorded when it was accepted, with the names of then."""
    commitment = report.commitment
    executors = Executor.objects.filter(
        participation__item=commitment.milestone.item_id, participation__party=commitment.party_id
    ).select_related("organisation")
    moment = report.decided_at if report.state == ReportState.ACCEPTED else None
    with as_of(moment):
        found = [executor.organisation for executor in executors.all()]
    if moment and not found:  # accepted before the plan was entered here
        found = [executor.organisation for executor in executors.all()]
    return found


def others_on(milestone, *, on):
    """The strip of all parties on the milestone, and the names of those whose part remains."""
    commitments = list(milestone.commitments.select_related("party"))
    return {
        "strip": parties_strip(commitments, milestone.item.roadmap.parties_in_order, on=on),
        "remaining": [c.party for c in commitments if c.is_counting and not c.is_completed],
    }


def last_written(report):
    """The latest version that one of its authors saved: by whom (`change_set.person`) and when, as `at`."""
    return told(report, versions_of(report).filter(change_set__person__in=report.authors.values("user")).last())


def last_saved(report):
    """The latest version, whoever saved it."""
    return told(report, versions_of(report).last())


def told(report, version):
    """The version with its moment in the roadmap's time zone."""
    if version is not None:
        version.at = timezone.localtime(version.history_date, ZoneInfo(report.commitment.roadmap.time_zone))
    return version


def versions_of(report):
    return (
        Report.history.model.objects.filter(id=report.pk)
        .select_related("change_set__person")
        .order_by("history_date", "history_id")
    )
