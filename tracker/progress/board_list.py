"""The reports behind the numbers of a round's board: how they are filtered and in what columns they stand."""

from dataclasses import dataclass
from functools import cached_property

from django import forms
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import BooleanFilter, CharFilter

from tracker.lib.columns import Column, ListTable
from tracker.lib.columns import Kind as Type
from tracker.lib.filters import ChoicesFilter, SearchInput
from tracker.lib.texts import search_words
from tracker.roadmaps.filters import PlaceFilter

from .board import ANSWERS, MARKS, Ball, Kind, moment_of
from .models import Report

CELLS = "progress/_board_cells.html"


class BoardFilter(PlaceFilter):
    """By area, party, state, and with whom the report is; rows as board.placed() gives them."""

    area_path, party_path = "commitment__area", "commitment__party"

    state = ChoicesFilter(label=_("State"), choices=Kind.choices, field_name="kind")
    ball = ChoicesFilter(label=_("With whom"), choices=Ball.choices)
    answered = BooleanFilter(label=_("Answered"), method="that_came", widget=forms.CheckboxInput)
    late = BooleanFilter(label=_("Came late"), method="that_came_late", widget=forms.CheckboxInput)
    q = CharFilter(label=_("Text"), method="with_text", widget=SearchInput)

    def that_came(self, reports, name, wanted):
        return reports.filter(kind__in=ANSWERS) if wanted else reports

    def that_came_late(self, reports, name, wanted):
        return reports.filter(is_late=True) if wanted else reports

    def with_text(self, reports, name, text):
        for word in search_words(text):
            reports = reports.filter(commitment__milestone__search__contains=word)
        return reports


@dataclass
class BoardRow:
    """A report of a round with what is said beside it."""

    report: Report
    is_shown: bool  # whether this reader may open its page
    days: int | None  # with whom it is, for so long

    @property
    def pk(self):
        return self.report.pk

    @property
    def milestone(self):
        return self.report.commitment.milestone

    @property
    def kind(self):
        return Kind(self.report.kind)

    @property
    def mark(self):
        return MARKS[self.kind]


class BoardTable(ListTable):
    """The reports of a round."""

    kept_first = ("number",)
    row_prefix = "p"
    related = ("commitment__milestone", "commitment__party")

    number = Column(
        verbose_name=_("No."),
        accessor="milestone__number",
        order_by=(
            "commitment__milestone__area_position",
            "commitment__milestone__number_key",
            "commitment__party",
            "pk",
        ),
        look="no",
        width=10,
    )
    wording = Column(
        verbose_name=_("Milestone"), order_by=("commitment__milestone__search", "pk"), template=CELLS, look="what",
        width=60,
    )  # fmt: skip
    party = Column(
        verbose_name=_("Party"), accessor="report__commitment__party", order_by=("commitment__party__position", "pk"),
        width=20,
    )  # fmt: skip
    state = Column(verbose_name=_("State"), order_by=("kind", "pk"), template=CELLS, width=20)
    ball = Column(verbose_name=_("With whom"), order_by=("ball", "pk"), width=16)
    days = Column(verbose_name=pgettext_lazy("how long", "Days"), kind=Type.NUMBER, width=8)
    submitted = Column(
        verbose_name=pgettext_lazy("a report", "Sent"), orderable=False, by_default=False, kind=Type.DAY, width=12
    )

    class Meta:
        sequence = ("number", "wording", "party", "state", "ball", "days")

    def prepare(self, reports):
        """ "Not received" is a status that all may see; the draft behind it is not."""
        ids = [report.pk for report in reports]
        shown = set(Report.objects.visible_to(self.request.user).filter(pk__in=ids).values_list("pk", flat=True))
        return [BoardRow(report, report.pk in shown, self.days_since(report.since)) for report in reports]

    @cached_property
    def now(self):
        """The moment by which days are counted."""
        return moment_of(self.request.day, self.request.roadmap.time_zone)

    def days_since(self, moment):
        return max(0, (self.now - moment).days) if moment else None

    def value_wording(self, row):
        return str(row.milestone.wording)

    def value_state(self, row):
        return row.kind.label

    def value_ball(self, row):
        return Ball(row.report.ball).label if row.report.ball else ""

    def value_submitted(self, row):
        return row.report.submitted_at if row.is_shown else None

    def order_days(self, reports, is_descending):
        """The longest first when descending; what nobody holds stands last both ways."""
        since = F("since")
        return reports.order_by(
            since.asc(nulls_last=True) if is_descending else since.desc(nulls_last=True), "pk"
        ), True
