from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter

from tracker.lib.dates import end_of
from tracker.lib.filters import ChoicesFilter, DayFilter, ListFilter, SearchInput
from tracker.lib.texts import fold, search_words
from tracker.roadmaps.models import Grant, Party, Roadmap, Role

from .models import Event, User


class EventFilter(ListFilter):
    """Of the security log: what, from where, when, and any text; days are those of the installation's time zone."""

    kind = ChoicesFilter(label=_("What happened"), choices=Event.Kind.choices)
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


class PeopleFilter(ListFilter):
    """Of people: by what they may do in one and the same grant, how far they have come in, and any text."""

    class State(models.TextChoices):
        IN = "in", _("has signed in")
        AWAITED = "awaited", _("not yet in")
        CLOSED = "closed", _("account closed")

    CONDITIONS = {
        State.IN: Q(is_active=True, last_login__isnull=False),
        State.AWAITED: Q(is_active=True, last_login=None),
        State.CLOSED: Q(is_active=False),
    }

    never_excepted = ("role", "party", "roadmap")  # of one and the same grant

    role = ChoicesFilter(label=_("Role"), choices=Role.choices)
    party = ChoicesFilter(label=_("Party"), choices=lambda: named(Party))
    roadmap = ChoicesFilter(label=_("Roadmap"), choices=lambda: named(Roadmap))
    state = ChoicesFilter(label=_("Account"), choices=State.choices, condition="in_state")
    q = CharFilter(
        label=_("Text"), method="with_text", widget=SearchInput({"placeholder": _("Name, e-mail, position")})
    )

    def in_state(self, states):
        return Q(*(self.CONDITIONS[state] for state in states), _connector=Q.OR)

    def with_text(self, people, name, text):
        words = search_words(text)
        if not words:
            return people
        rows = [(pk, fold(*texts)) for pk, *texts in people.values_list("pk", "name", "email", "position")]
        return people.filter(pk__in=[pk for pk, folded in rows if all(word in folded for word in words)])

    def narrow(self, people, asked):
        """Role, party and roadmap are those of one grant in force; a grant without a roadmap holds in all."""
        of_grants = ("role", "party", "roadmap")
        people = super().narrow(people, {name: value for name, value in asked.items() if name not in of_grants})
        grants = Grant.objects.in_force(on=timezone.now().date())
        chosen = {name: asked[name] for name in of_grants if asked.get(name)}
        for name, values in chosen.items():
            fits = Q(**{f"{name}__in": values})
            grants = grants.filter(fits | Q(roadmap=None) if name == "roadmap" else fits)
        return people.filter(pk__in=grants.values("user")) if chosen else people


def named(model):
    """(key, name) of each row."""
    return [(row.pk, str(row)) for row in model.objects.all()]
