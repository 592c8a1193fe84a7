"""All that waits for a reviewer as a list: what is late, several accepted at once; and what waits for correction."""

from dataclasses import dataclass

from django import forms
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_filters import BooleanFilter, CharFilter

from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.lib.columns import Column, Kind, ListTable
from tracker.lib.errors import NotAllowed
from tracker.lib.filters import SearchInput
from tracker.lib.listing import listing
from tracker.lib.texts import search_words
from tracker.progress.bulk.deed import one_by_one
from tracker.progress.models import Report
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.access import Role
from tracker.roadmaps.filters import PlaceFilter

from .heading import with_seen_version

SHOWN = ("round", "commitment__party", "commitment__milestone__item__roadmap", "submitted_by", "decided_by")
CELLS = "progress/_review_cells.html"


class ReviewFilter(PlaceFilter):
    area_path, party_path = "commitment__area", "commitment__party"

    overdue = BooleanFilter(label=gettext_lazy("Past the review day"), method="past_day", widget=forms.CheckboxInput)
    q = CharFilter(label=gettext_lazy("Text"), method="with_text", widget=SearchInput)

    def past_day(self, reports, name, wanted):
        return reports.past_review() if wanted else reports

    def with_text(self, reports, name, text):
        for word in search_words(text):
            reports = reports.filter(commitment__milestone__search__contains=word)
        return reports


@dataclass
class Waiting:
    """A report that waits for review, with what is said beside it."""

    report: Report
    age: int  # days since it was sent
    overdue: int  # days since its review day
    may_accept: bool

    @property
    def pk(self):
        return self.report.pk

    @property
    def milestone(self):
        return self.report.commitment.milestone

    @property
    def party(self):
        return self.report.commitment.party


class ReviewTable(ListTable):
    kept_first = ("number",)
    row_prefix = "p"
    related = SHOWN

    number = Column(
        verbose_name=gettext_lazy("No."), accessor="milestone__number",
        order_by=("commitment__milestone__number_key", "pk"), template=CELLS, look="no", width=10,
    )  # fmt: skip
    what = Column(verbose_name=gettext_lazy("Milestone"), orderable=False, template=CELLS, look="what", width=60)
    party = Column(verbose_name=gettext_lazy("Party"), order_by=("commitment__party__position", "pk"), width=20)
    claimed = Column(
        verbose_name=gettext_lazy("Claimed"), order_by=("execution", "percent", "pk"), template=CELLS, width=20
    )
    sent = Column(
        verbose_name=pgettext_lazy("a report", "Sent"), accessor="report__submitted_at",
        order_by=("submitted_at", "pk"), template=CELLS, kind=Kind.DAY, width=12,
    )  # fmt: skip
    due = Column(
        verbose_name=gettext_lazy("Review due"), accessor="report__round__review_due",
        order_by=("round__review_due", "pk"), template=CELLS, kind=Kind.DAY, width=12,
    )  # fmt: skip
    submitted_by = Column(
        verbose_name=gettext_lazy("Submitted by"), accessor="report__submitted_by", orderable=False, by_default=False,
        width=30,
    )  # fmt: skip
    round = Column(
        verbose_name=gettext_lazy("Round"), accessor="report__round__name", orderable=False, by_default=False, width=20
    )

    def prepare(self, reports):
        user, now = self.request.user, timezone.now()
        ids = [report.pk for report in reports]
        written = set(Report.objects.filter(pk__in=ids, authors__user=user).values_list("pk", flat=True))
        return [
            Waiting(
                report,
                age=(now - report.submitted_at).days,
                overdue=days_past(report.round.review_due, report),
                may_accept=report.pk not in written and access.may(user, "review", report),
            )
            for report in reports
        ]

    def value_what(self, row):
        return str(row.milestone.wording)

    def value_claimed(self, row):
        if row.report.nothing_to_report:
            return _("Nothing to report")
        return f"{row.report.get_execution_display()}, {row.report.percent} %"


@require_safe
@opens_with_views(read_by=(Role.REVIEWER, Role.ADMINISTRATOR))
def review_list(request):
    """What waits for review in the reader's scope; administrators see what reviewers leave lying."""
    require_overseer(request.user)
    user = request.user
    waiting = overseen(user).in_review()
    found = listing(request, waiting.order_by("submitted_at", "pk"), ReviewFilter, ReviewTable)
    if file := file_asked(request, found, title=_("Review")):
        return file
    correcting = overseen(user).filter(state=ReportState.RETURNED).select_related(*SHOWN).order_by("correct_by", "pk")
    context = {
        "total": waiting.count(),
        "past": waiting.past_review().count(),
        "correcting": [(report, days_past(report.correct_by, report)) for report in correcting[:50]],
        "may_accept": any(row.may_accept for row in found["list"].page_rows),
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
    seen = versions_in(request)
    found = Report.objects.visible_to(request.user).reviewed_by(request.user).filter(pk__in=seen)
    chosen = list(found.select_related(*SHOWN).order_by("submitted_at", "pk"))
    refused = one_by_one(chosen, lambda report: with_seen_version(report, seen[report.pk]).accept(by=request.user))
    outcomes = [Outcome(report, refused.get(report.pk, "")) for report in chosen]
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
