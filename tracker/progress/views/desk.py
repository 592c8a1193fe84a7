from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker.dashboards.status_rows import slip_in_words
from tracker.lib.columns import PER_PAGE
from tracker.progress.desk import Section, counts, sent, to_endorse, to_write
from tracker.progress.models import Remark
from tracker.progress.status import days_in_words, rule_for
from tracker.progress.workflow import ReportState
from tracker.roadmaps.access import Role, grants_of

SHOWN = ("round", "commitment__party", "commitment__milestone__item__roadmap", "submitted_by", "decided_by")


@require_safe
def desk(request):
    """What is asked of this person: to write first, then what waits for an endorsement, then what was sent."""
    user, show = request.user, request.GET.get("show", "")
    counted = counts(user)
    if show == "sent":
        page = page_of(request, sent(user))
        folded = []
    else:
        page = page_of(request, to_write(user, section=show if show in Section.values else None))
        folded = rows_of(sent(user).select_related(*SHOWN)[:PER_PAGE]) if page.number == 1 else []
    context = {
        "show": show if show in [*Section.values, "sent"] else "",
        "figures": [(section, section.label, counted[section]) for section in Section]
        + [("sent", _("Sent in this round"), counted["sent"])],
        "total": sum(counted[section] for section in Section),
        "sent_count": counted["sent"],
        "page": page,
        "rows": rows_of(page.object_list),
        "sent": folded,
        "endorse": rows_of(to_endorse(user).select_related(*SHOWN)[:PER_PAGE])
        if grants_of(user, Role.COORDINATOR)
        else [],
        "writes": bool(grants_of(user, Role.ANALYST, Role.COORDINATOR)),
    }
    return render(request, "progress/desk.html", context)


def page_of(request, reports):
    return Paginator(reports.select_related(*SHOWN), PER_PAGE).get_page(request.GET.get("page"))


def rows_of(reports):
    """Each report with what its row shows; the remarks of all come in one query."""
    reports = list(reports)
    remarks = first_remarks([report for report in reports if report.state == ReportState.RETURNED])
    several = len({report.commitment.party_id for report in reports}) > 1
    roadmaps = {report.commitment.milestone.item.roadmap for report in reports}
    days = {roadmap.pk: roadmap.today() for roadmap in roadmaps}
    return [
        {
            "report": report,
            "section": Section(report.section).label if hasattr(report, "section") else "",
            "milestone": report.commitment.milestone,
            "party": report.commitment.party if several else None,
            "roadmap": report.commitment.milestone.item.roadmap if len(roadmaps) > 1 else None,
            "timeliness": rule_for(report.commitment, on=days[report.commitment.roadmap_id]).timeliness,
            "slip": slip_in_words(report.commitment.milestone),
            "since": since(report),
            "due_in": due_in_words(report, on=days[report.commitment.roadmap_id]),
            "is_late": report.wanted_by < days[report.commitment.roadmap_id],
            "remark": remarks.get(report.pk),
        }
        for report in reports
    ]


def first_remarks(reports):
    """{report id: the first remark of its last return}."""
    returned = {report.pk: report.decided_at for report in reports}
    found = {}
    for remark in Remark.objects.filter(report__in=returned) if returned else ():
        if remark.report_id not in found or found[remark.report_id].made_at < returned[remark.report_id]:
            found[remark.report_id] = remark
    return found


def since(report):
    """Since when the report is in its state."""
    if report.state in (ReportState.RETURNED, ReportState.ACCEPTED):
        return report.decided_at
    return report.endorsed_at or report.submitted_at or report.round.opened_at


def due_in_words(report, *, on):
    return days_in_words(report.wanted_by, on=on)
