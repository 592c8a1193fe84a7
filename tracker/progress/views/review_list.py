"""All that waits for a reviewer as a list: what is late, several accepted at once; and what waits for correction."""

from dataclasses import dataclass

from django import forms
from django.db.models import Q
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_filters import BooleanFilter, CharFilter

from tracker.lib.columns import Column, ListTable
from tracker.lib.errors import NotAllowed, Refusal
from tracker.lib.filters import SearchInput
from tracker.lib.listing import listing
from tracker.lib.texts import search_words
from tracker.progress.models import Report
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.access import Role
from tracker.roadmaps.filters import PlaceFilter

from .heading import with_seen_version

SHOWN = ("round", "commitment__party", "commitment__milestone__item__roadmap", "submitted_by", "decided_by")


class ReviewFilter(PlaceFilter):
    area_path, party_path = "commitment__area", "commitment__party"

    overdue = BooleanFilter(label=gettext_lazy("Past the review day"), method="past_day", widget=forms.CheckboxInput)
    q = CharFilter(label=gettext_lazy("Text"), method="with_text", widget=SearchInput)

    def past_day(self, reports, name, wanted):
        return reports.past_review() if wanted else reports

    def with_text(self, reports, name, text):
        for word in search_words(text):
            reports = reports.filter(
                Q(commitment__milestone__search__contains=word) | Q(commitment__milestone__item__search__contains=word)
            )
        return reports


class ReviewTable(ListTable):
    number = Column(verbose_name=gettext_lazy("No."), order_by=("commitment__milestone__number_key", "pk"))
    what = Column(verbose_name=gettext_lazy("Milestone"), orderable=False, empty_values=())
    party = Column(verbose_name=gettext_lazy("Party"), order_by=("commitment__party__position", "pk"), empty_values=())
    claimed = Column(verbose_name=gettext_lazy("Claimed"), order_by=("execution", "percent", "pk"), empty_values=())
    sent = Column(verbose_name=pgettext_lazy("a report", "Sent"), order_by=("submitted_at", "pk"), empty_values=())
    due = Column(verbose_name=gettext_lazy("Review due"), order_by=("round__review_due", "pk"), empty_values=())


@require_safe
def review_list(request):
    """What waits for review in the reader's scope; administrators see what reviewers leave lying."""
    require_overseer(request.user)
    user, now = request.user, timezone.now()
    waiting = overseen(user).in_review()
    found = listing(request, waiting.order_by("submitted_at", "pk"), ReviewFilter, ReviewTable)
    page = list(found["page"].object_list.select_related(*SHOWN))
    written = set(Report.objects.filter(pk__in=[r.pk for r in page], authors__user=user).values_list("pk", flat=True))
    rows = [
        {
            "report": report,
            "milestone": report.commitment.milestone,
            "age": (now - report.submitted_at).days,
            "overdue": days_past(report.round.review_due, report),
            "may_accept": report.pk not in written and access.may(user, "review", report),
        }
        for report in page
    ]
    correcting = overseen(user).filter(state=ReportState.RETURNED).select_related(*SHOWN).order_by("correct_by", "pk")
    context = {
        "rows": rows,
        "total": waiting.count(),
        "past": waiting.past_review().count(),
        "correcting": [(report, days_past(report.correct_by, report)) for report in correcting[:50]],
        "may_accept": any(row["may_accept"] for row in rows),
    }
    return render(request, "progress/review_list.html", found | context)


def days_past(day, report):
    """For how many days a day has been over where the report's roadmap is; 0 while it is not."""
    return max(0, (report.commitment.milestone.item.roadmap.today() - day).days)


@dataclass
class Outcome:
    """What became of one report among several."""

    report: Report
    refusal: str = ""


@require_POST
def accept_many(request):
    """Accept each of the chosen reports by the same verb; what was skipped is listed with the reason."""
    if not access.grants_of(request.user, Role.REVIEWER):
        raise NotAllowed(access.REFUSALS["review"], ask=access.whom_to_ask("plan"))
    outcomes = []
    seen = versions_in(request)
    chosen = Report.objects.visible_to(request.user).reviewed_by(request.user).filter(pk__in=seen)
    for report in chosen.select_related(*SHOWN).order_by("submitted_at", "pk"):
        try:
            with_seen_version(report, seen[report.pk]).accept(by=request.user)
        except Refusal as refusal:
            outcomes.append(Outcome(report, str(refusal)))
        else:
            outcomes.append(Outcome(report))
    context = {
        "accepted": [one for one in outcomes if not one.refusal],
        "skipped": [one for one in outcomes if one.refusal],
        "missing": len(seen) - len(outcomes),
    }
    return render(request, "progress/accepted_many.html", context)


def versions_in(request):
    """{report id: the version that was seen}, of the boxes "id:version" that were ticked."""
    found = {}
    for value in request.POST.getlist("report"):
        pk, _colon, version = value.partition(":")
        is_short = len(value) < 19  # no row has larger ids, and no database looks for them
        if pk.isascii() and pk.isdigit() and version.isascii() and version.isdigit() and is_short:
            found[int(pk)] = int(version)
    return found


def overseen(user):
    """The reports that this person reviews, or whose review they answer for."""
    return Report.objects.reviewed_by(user) | Report.objects.within("reopen", user)


def require_overseer(user):
    if not access.grants_of(user, Role.REVIEWER, Role.ADMINISTRATOR):
        raise NotAllowed(_("Only reviewers and administrators see the review."), ask=access.whom_to_ask("plan"))
