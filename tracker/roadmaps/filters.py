from functools import cached_property

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.lib.filters import MINE, ChoicesFilter, ListFilter
from tracker.roadmaps.access import grants_of

from .models import Party, PriorityArea


class PlaceFilter(ListFilter):
    """By area and party: those of one roadmap, or all. `area_path` and `party_path` lead to them from a row.

    A subclass that finds them otherwise overrides `in_areas` or `of_these_parties`, which take ids.
    """

    area_path, party_path = "area", "party"

    area = ChoicesFilter(label=_("Area"), choices="area_choices", condition="of_areas")
    party = ChoicesFilter(label=_("Party"), choices="party_choices", condition="of_parties")

    def __init__(self, *args, roadmap=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.roadmap = roadmap

    @cached_property
    def areas(self):
        return list(self.roadmap.areas_in_order if self.roadmap else PriorityArea.objects.all())

    @cached_property
    def parties(self):
        return list(self.roadmap.parties_in_order if self.roadmap else Party.objects.all())

    def area_choices(self):
        return [(area.code, str(area)) for area in self.areas]

    def party_choices(self):
        own = [(MINE, _("my party"))] if self.offers_mine("party", self.own_parties) else []
        return own + [(party.code, str(party)) for party in self.parties]

    @cached_property
    def own_grants(self):
        """The grants of the reader that hold here: `mine` is theirs, whoever copied the address."""
        grants = grants_of(self.request.user) if self.request else []
        return [grant for grant in grants if self.roadmap is None or grant.roadmap_id in (None, self.roadmap.pk)]

    @property
    def own_parties(self):
        """The ids of the parties for which the reader speaks."""
        return {grant.party_id for grant in self.own_grants if grant.party_id}

    def of_areas(self, codes):
        return self.in_areas([area.pk for area in self.areas if area.code in codes])

    def of_parties(self, codes):
        return self.of_these_parties(self.ids_of(codes))

    def ids_of(self, codes):
        """The ids of parties by their codes."""
        found = {party.pk for party in self.parties if party.code in codes}
        return found | (self.own_parties if MINE in codes else set())

    def in_areas(self, areas):
        return Q(**{f"{self.area_path}__in": areas})

    def of_these_parties(self, parties):
        return Q(**{f"{self.party_path}__in": parties})
