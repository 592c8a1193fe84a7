from datetime import timedelta

from django import forms
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, MultipleChoiceFilter, NumberFilter

from tracker.lib.dates import end_of
from tracker.lib.filters import DayFilter, SearchInput
from tracker.lib.texts import fold, search_words
from tracker.roadmaps.filters import PlaceFilter
from tracker.roadmaps.models import Commitment

from .models import DeadlineChange, Evidence


class OfRoadmapFilter(PlaceFilter):
    """Areas and parties of one roadmap; `folded` names the columns that a search reads beside `searched`."""

    searched, folded = (), ()

    def __init__(self, *args, roadmap, **kwargs):
        super().__init__(*args, roadmap=roadmap, **kwargs)
        self.roadmap = roadmap

    def with_text(self, rows, name, text):
        """Every word somewhere in the row, blind to letter case and ё/е."""
        words = search_words(text)
        if not words:
            return rows
        columns = rows.order_by().values_list("pk", *self.searched, *self.folded)
        found = [pk for pk, *texts in columns if all(word in fold(*texts) for word in words)]
        return rows.filter(pk__in=found)


class DeadlineFilter(OfRoadmapFilter):
    """Of the register of moves; days are those of the last word on a move, in the roadmap's time zone."""

    area_path = "milestone__area"
    searched = ("milestone__search", "milestone__item__search")
    folded = (
        "text",
        "basis",
        "before_text",
        "after_text",
        "amendment__number",
        "proposed_by__name",
        "decided_by__name",
    )

    state = MultipleChoiceFilter(
        label=_("State"), choices=DeadlineChange.State.choices, widget=forms.CheckboxSelectMultiple
    )
    term = MultipleChoiceFilter(
        label=_("Which term"), choices=DeadlineChange.Term.choices, widget=forms.CheckboxSelectMultiple
    )
    reason = MultipleChoiceFilter(
        label=_("Reason"), choices=DeadlineChange.Reason.choices, widget=forms.CheckboxSelectMultiple
    )
    times = NumberFilter(
        label=_("Milestone moved so many times"), field_name="milestone__moves", min_value=0, max_value=999
    )
    since = DayFilter(label=pgettext_lazy("a day", "From"), method="from_day")
    until = DayFilter(label=pgettext_lazy("a day", "To"), method="to_day")
    q = CharFilter(
        label=_("Text"), method="with_text", widget=SearchInput({"placeholder": _("Milestone, explanation, basis")})
    )

    def from_day(self, rows, name, day):
        return rows.filter(at__gte=end_of(day - timedelta(days=1), self.roadmap.time_zone)) if day else rows

    def to_day(self, rows, name, day):
        return rows.filter(at__lt=end_of(day, self.roadmap.time_zone)) if day else rows


class DocumentFilter(OfRoadmapFilter):
    """Of the register of documents; `proofs` are those that the reader may see: areas and confirmation are theirs."""

    folded = ("title", "number", "issued_by", "file_name", "address")

    class Kept(models.TextChoices):
        FILE = "file", _("with a file")
        ADDRESS = "address", _("with an address")

    KEPT = {Kept.FILE: ~Q(file=""), Kept.ADDRESS: ~Q(address="")}

    kind = MultipleChoiceFilter(label=_("Kind"), choices=Evidence.Kind.choices, widget=forms.CheckboxSelectMultiple)
    confirmation = MultipleChoiceFilter(
        label=_("Confirmation"),
        choices=Commitment.Confirmation.choices,
        method="confirming",
        widget=forms.CheckboxSelectMultiple,
    )
    kept = MultipleChoiceFilter(
        label=_("File"), choices=Kept.choices, method="kept_as", widget=forms.CheckboxSelectMultiple
    )
    year = ChoiceFilter(label=_("Year of the document"), field_name="dated_on__year", empty_label=_("any"))
    q = CharFilter(
        label=_("Text"), method="with_text", widget=SearchInput({"placeholder": _("Title, number, issuer, file")})
    )

    def __init__(self, *args, proofs, **kwargs):
        super().__init__(*args, **kwargs)
        self.proofs = proofs
        years = self.queryset.order_by().filter(dated_on__isnull=False).values_list("dated_on__year", flat=True)
        self.filters["year"].extra["choices"] = [(year, str(year)) for year in sorted(set(years.distinct()))[::-1]]

    def of_areas(self, rows, name, areas):
        return self.proving(rows, commitment__area__in=areas) if areas else rows

    def confirming(self, rows, name, chosen):
        return self.proving(rows, commitment__confirmation__in=chosen) if chosen else rows

    def proving(self, rows, **condition):
        return rows.filter(Exists(self.proofs.filter(evidence=OuterRef("pk"), **condition)))

    def kept_as(self, rows, name, chosen):
        return rows.filter(Q(*(self.KEPT[one] for one in chosen), _connector=Q.OR)) if chosen else rows
