from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, NumberFilter

from tracker.accounts.models import User
from tracker.lib.dates import end_of
from tracker.lib.filters import ChoicesFilter, DayFilter, SearchInput
from tracker.lib.texts import fold, search_words
from tracker.roadmaps.filters import PlaceFilter
from tracker.roadmaps.models import Commitment

from .models import DeadlineChange, Evidence


class OfRoadmapFilter(PlaceFilter):
    """Areas and parties of one roadmap; `searched` are the folded columns that a search reads."""

    searched = ("search",)

    def with_text(self, rows, name, text):
        """Every word somewhere in the row, blind to letter case and ё/е."""
        for word in search_words(text):
            held = Q(*((f"{column}__contains", word) for column in self.searched), _connector=Q.OR)
            rows = rows.filter(held | self.named(word))
        return rows

    def named(self, word):
        """The condition that something which the row names holds the word."""
        return Q(pk__in=[])


class DeadlineFilter(OfRoadmapFilter):
    """Of the register of moves; days are those of the last word on a move, in the roadmap's time zone."""

    area_path = "milestone__area"
    searched = ("search", "milestone__search")

    state = ChoicesFilter(label=_("State"), choices=DeadlineChange.State.choices)
    term = ChoicesFilter(label=_("Which term"), choices=DeadlineChange.Term.choices)
    reason = ChoicesFilter(label=_("Reason"), choices=DeadlineChange.Reason.choices)
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

    def named(self, word):
        """An amendment by its number, or who proposed or decided: both few, and compared as they are called now."""
        numbers = self.roadmap.amendments.values_list("pk", "number")
        people = User.objects.values_list("pk", "name")
        amendments, people = ([pk for pk, name in named if word in fold(name)] for named in (numbers, people))
        return Q(amendment__in=amendments) | Q(proposed_by__in=people) | Q(decided_by__in=people)


class DocumentFilter(OfRoadmapFilter):
    """Of the register of documents; `proofs` are those that the reader may see: areas and confirmation are theirs."""

    class Kept(models.TextChoices):
        FILE = "file", _("with a file")
        ADDRESS = "address", _("with an address")

    KEPT = {Kept.FILE: ~Q(file=""), Kept.ADDRESS: ~Q(address="")}

    kind = ChoicesFilter(label=_("Kind"), choices=Evidence.Kind.choices)
    confirmation = ChoicesFilter(
        label=_("Confirmation"), choices=Commitment.Confirmation.choices, condition="confirming"
    )
    kept = ChoicesFilter(label=_("File"), choices=Kept.choices, condition="kept_as")
    year = ChoiceFilter(label=_("Year of the document"), field_name="dated_on__year", empty_label=_("any"))
    q = CharFilter(
        label=_("Text"), method="with_text", widget=SearchInput({"placeholder": _("Title, number, issuer, file")})
    )

    def __init__(self, *args, proofs, **kwargs):
        super().__init__(*args, **kwargs)
        self.proofs = proofs
        years = self.queryset.order_by().filter(dated_on__isnull=False).values_list("dated_on__year", flat=True)
        self.filters["year"].extra["choices"] = [(year, str(year)) for year in sorted(set(years.distinct()))[::-1]]

    def in_areas(self, areas):
        return self.proving(commitment__area__in=areas)

    def confirming(self, chosen):
        return self.proving(commitment__confirmation__in=chosen)

    def proving(self, **condition):
        return Q(Exists(self.proofs.filter(evidence=OuterRef("pk"), **condition)))

    def kept_as(self, chosen):
        return Q(*(self.KEPT[one] for one in chosen), _connector=Q.OR)
