"""The reports behind the numbers of a round's board: how they are filtered and in what columns they stand."""

from django import forms
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import BooleanFilter, CharFilter, MultipleChoiceFilter

from tracker.lib.columns import Column, ListTable
from tracker.lib.filters import SearchInput
from tracker.lib.texts import search_words
from tracker.roadmaps.filters import PlaceFilter

from .board import ANSWERS, Ball, Kind


class BoardFilter(PlaceFilter):
    """By area, party, state, and with whom the report is; rows as board.placed() gives them."""

    area_path, party_path = "commitment__area", "commitment__party"

    state = MultipleChoiceFilter(
        label=_("State"), choices=Kind.choices, field_name="kind", widget=forms.CheckboxSelectMultiple, distinct=False
    )
    ball = MultipleChoiceFilter(
        label=_("With whom"), choices=Ball.choices, widget=forms.CheckboxSelectMultiple, distinct=False
    )
    answered = BooleanFilter(label=_("Answered"), method="that_came", widget=forms.CheckboxInput)
    late = BooleanFilter(label=_("Came late"), method="that_came_late", widget=forms.CheckboxInput)
    q = CharFilter(label=_("Text"), method="with_text", widget=SearchInput)

    def that_came(self, reports, name, wanted):
        return reports.filter(kind__in=ANSWERS) if wanted else reports

    def that_came_late(self, reports, name, wanted):
        return reports.filter(is_late=True) if wanted else reports

    def with_text(self, reports, name, text):
        for word in search_words(text):
            named = Q(commitment__milestone__search__contains=word) | Q(
                commitment__milestone__item__search__contains=word
            )
            reports = reports.filter(named)
        return reports


class BoardTable(ListTable):
    """The columns of the reports of a round."""

    number = Column(
        verbose_name=_("No."),
        order_by=(
            "commitment__milestone__area_position",
            "commitment__milestone__number_key",
            "commitment__party",
            "pk",
        ),
    )
    wording = Column(verbose_name=_("Milestone"), order_by=("commitment__milestone__search", "pk"))
    party = Column(verbose_name=_("Party"), order_by=("commitment__party__position", "pk"))
    state = Column(verbose_name=_("State"), order_by=("kind", "pk"))
    ball = Column(verbose_name=_("With whom"), order_by=("ball", "pk"))
    days = Column(verbose_name=pgettext_lazy("how long", "Days"))

    class Meta:
        sequence = ("number", "wording", "party", "state", "ball", "days")

    def order_days(self, reports, is_descending):
        """The longest first when descending; what nobody holds stands last both ways."""
        since = F("since")
        return reports.order_by(
            since.asc(nulls_last=True) if is_descending else since.desc(nulls_last=True), "pk"
        ), True
