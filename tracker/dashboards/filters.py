from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ModelChoiceFilter, MultipleChoiceFilter

from tracker.lib.filters import DayFilter, SearchInput
from tracker.lib.texts import search_words
from tracker.progress.status import Timeliness, is_judged
from tracker.roadmaps.filters import PlaceFilter
from tracker.roadmaps.models import (
    Commitment,
    Control,
    Execution,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
)


class RoadmapFilter(PlaceFilter):
    """What lists of a roadmap have in common."""

    organisation = ModelChoiceFilter(
        label=_("Organisation"), queryset=Organisation.objects.all(), method="of_organisation", empty_label=_("any")
    )

    def __init__(self, *args, roadmap, **kwargs):
        super().__init__(*args, roadmap=roadmap, **kwargs)
        executing = Executor.objects.filter(participation__item__roadmap=roadmap).values("organisation")
        self.filters["organisation"].queryset = Organisation.objects.filter(pk__in=executing)


class StatusFilter(RoadmapFilter):
    """The axes of the status table; `on` is the day that timeliness is judged on."""

    timeliness = MultipleChoiceFilter(
        label=_("Timeliness"), choices=Timeliness.choices, method="judged", widget=forms.CheckboxSelectMultiple
    )
    execution = MultipleChoiceFilter(
        label=_("Execution"), choices=Execution.choices, widget=forms.CheckboxSelectMultiple
    )
    control = MultipleChoiceFilter(label=_("Control"), choices=Control.choices, widget=forms.CheckboxSelectMultiple)
    drop_reason = MultipleChoiceFilter(
        label=_("Why dropped"), choices=Milestone.DropReason.choices, widget=forms.CheckboxSelectMultiple
    )
    confirmation = MultipleChoiceFilter(
        label=_("Confirmation"),
        choices=Commitment.Confirmation.choices,
        method="with_part_confirmed",
        widget=forms.CheckboxSelectMultiple,
    )
    due_from = DayFilter(label=_("Term from"), field_name="due_on", lookup_expr="gte")
    due_to = DayFilter(label=_("Term to"), field_name="due_on", lookup_expr="lte")
    q = CharFilter(label=_("Text"), method="with_text", widget=SearchInput)

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on

    def of_parties(self, rows, name, parties):
        if not parties:
            return rows
        counting = Commitment.objects.counting().filter(party__in=parties, milestone=OuterRef("pk"))
        return rows.filter(Exists(counting))

    def of_organisation(self, rows, name, organisation):
        return rows.filter(Exists(executed_by(organisation, OuterRef("item"))))

    def with_part_confirmed(self, rows, name, chosen):
        """A counting part of any party is so confirmed."""
        if not chosen:
            return rows
        parts = Commitment.objects.counting().filter(confirmation__in=chosen, milestone=OuterRef("pk"))
        return rows.filter(Exists(parts))

    def judged(self, rows, name, timeliness):
        return rows.filter(is_judged(*timeliness, on=self.on))

    def with_text(self, rows, name, text):
        """Every word in the number or wording, the item or an executor; in any language, blind to case and ё/е."""
        for word in search_words(text):
            items = Item.objects.filter(search__contains=word)
            rows = rows.filter(
                Q(search__contains=word) | Q(item__in=items.values("pk")) | Exists(named(word, OuterRef("item")))
            )
        return rows


class ItemFilter(RoadmapFilter):
    control = MultipleChoiceFilter(label=_("Control"), choices=Control.choices, widget=forms.CheckboxSelectMultiple)
    q = CharFilter(label=_("Text"), method="with_text", widget=SearchInput)

    def of_parties(self, rows, name, parties):
        if not parties:
            return rows
        return rows.filter(Exists(Participation.objects.counting().filter(party__in=parties, item=OuterRef("pk"))))

    def of_organisation(self, rows, name, organisation):
        return rows.filter(Exists(executed_by(organisation, OuterRef("pk"))))

    def with_text(self, rows, name, text):
        for word in search_words(text):
            rows = rows.filter(Q(search__contains=word) | Exists(named(word, OuterRef("pk"))))
        return rows


def executed_by(organisation, item):
    """Executors of an item within an organisation."""
    within = Organisation.objects.within([organisation.pk])
    return Executor.objects.filter(participation__item=item, organisation__in=within)


def named(word, item):
    """Executors of an item whose name holds the word."""
    return Executor.objects.filter(participation__item=item, organisation__search__contains=word)
