from datetime import timedelta

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, MultipleChoiceFilter

from tracker.lib.dates import end_of
from tracker.lib.filters import DayFilter, ListFilter, SearchInput
from tracker.lib.texts import search_words

from .models import Event, User


class EventFilter(ListFilter):
    """Of the security log: what, from where, when, and any text; days are those of the installation's time zone."""

    kind = MultipleChoiceFilter(
        label=_("What happened"), choices=Event.Kind.choices, widget=forms.CheckboxSelectMultiple
    )
    ip = CharFilter(label=_("Network address"), lookup_expr="startswith")
    since = DayFilter(label=pgettext_lazy("a day", "From"), method="from_day")
    until = DayFilter(label=pgettext_lazy("a day", "To"), method="to_day")
    q = CharFilter(
        label=_("Text"), method="with_text", widget=SearchInput({"placeholder": _("Person, e-mail, detail")})
    )

    def from_day(self, events, name, day):
        return events.filter(at__gte=end_of(day - timedelta(days=1), settings.TIME_ZONE)) if day else events

    def to_day(self, events, name, day):
        return events.filter(at__lt=end_of(day, settings.TIME_ZONE)) if day else events

    def with_text(self, events, name, text):
        """Every word in a person's name or e-mail, or in the detail, blind to letter case."""
        for word in search_words(text):
            people = User.objects.naming(word)
            events = events.filter(Q(person__in=people) | Q(about__in=people) | Q(folded__contains=word))
        return events
