from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import ModelMultipleChoiceFilter

from tracker.lib.filters import ListFilter

from .models import Party, PriorityArea


class PlaceFilter(ListFilter):
    """By area and party: those of one roadmap, or all. `area_path` and `party_path` lead to them from a row."""

    area_path, party_path = "area", "party"

    area = ModelMultipleChoiceFilter(
        label=_("Area"),
        queryset=PriorityArea.objects.all(),
        to_field_name="code",
        method="of_areas",
        widget=forms.CheckboxSelectMultiple,
    )
    party = ModelMultipleChoiceFilter(
        label=_("Party"),
        queryset=Party.objects.all(),
        to_field_name="code",
        method="of_parties",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, roadmap=None, **kwargs):
        super().__init__(*args, **kwargs)
        if roadmap is not None:
            areas, parties = roadmap.areas.values("area"), roadmap.parties.values("party")
            self.filters["area"].queryset = PriorityArea.objects.filter(pk__in=areas).order_by("position")
            self.filters["party"].queryset = Party.objects.filter(pk__in=parties).order_by("position")

    def of_areas(self, rows, name, areas):
        return rows.filter(**{f"{self.area_path}__in": areas}) if areas else rows

    def of_parties(self, rows, name, parties):
        return rows.filter(**{f"{self.party_path}__in": parties}) if parties else rows
