"""What changed on one object and on what belongs to it: narrowed as the address asks, page by page, set by set."""

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tracker.history.models import ChangeSet
from tracker.history.timeline import Change, Names, changes, differing, mentioned, told_columns, told_steps
from tracker.lib.addresses import looking
from tracker.lib.chips import chips
from tracker.lib.dates import end_of, start_of
from tracker.lib.filters import NONE, ChoicesFilter, DayFilter, ListFilter

from .context import on_query
from .histories import KINDS, WORDS

PER_PAGE = 30
AT_ONCE = 12  # rows of one set; the others are folded


class HistoryFilter(ListFilter):
    """Of the change sets that wrote one of the rows; `steps` are what they did to them (history/timeline.py)."""

    never_excepted = ("kind", "field")

    kind = ChoicesFilter(label=gettext_lazy("Kind"), choices="kinds", condition="of_kinds")
    field = ChoicesFilter(label=gettext_lazy("Field"), choices="columns", condition="of_columns")
    person = ChoicesFilter(label=gettext_lazy("Person"), choices="people", condition="by_people")
    at_from = DayFilter(label=pgettext_lazy("a day", "From"), method="from_day")
    at_to = DayFilter(label=pgettext_lazy("a day", "To"), method="to_day")

    def __init__(self, *args, steps, time_zone, **options):
        super().__init__(*args, **options)
        self.steps, self.time_zone = steps, time_zone

    @cached_property
    def wanted(self):
        """The steps that are told of: of the kinds and with the fields that are asked for."""
        asked = self.form.cleaned_data
        kinds, fields = asked.get("kind"), asked.get("field")
        steps = [step for step in self.steps if not kinds or WORDS[step[0]] in kinds]
        return [step for step in steps if told_of(step, fields)] if fields else steps

    def kinds(self):
        there = {model for model, _before, _version in self.steps}
        return [(word, capfirst(kind.model._meta.verbose_name)) for word, kind in KINDS.items() if kind.model in there]

    def columns(self):
        """The fields that have changed; one name in two models is one choice."""
        labels = {}
        for step in self.steps:
            for column in told_of(step):
                labels.setdefault(column.name, {})[str(column.verbose_name)] = True
        return sorted(((name, ", ".join(found)) for name, found in labels.items()), key=lambda choice: choice[1])

    def people(self):
        people = {done.person_id: done.person for done in self.queryset}
        named = sorted(((str(pk), str(person)) for pk, person in people.items() if pk), key=lambda choice: choice[1])
        return named + ([(NONE, _("a command"))] if None in people else [])

    def of_kinds(self, kinds):
        return self.with_steps

    def of_columns(self, names):
        return self.with_steps

    @property
    def with_steps(self):
        return Q(pk__in={version.change_set_id for _model, _before, version in self.wanted})

    def by_people(self, chosen):
        people = Q(person__in=[one for one in chosen if one != NONE])
        return people | Q(person=None) if NONE in chosen else people

    def from_day(self, sets, name, day):
        return sets.filter(at__gte=start_of(day, self.time_zone)) if day else sets

    def to_day(self, sets, name, day):
        return sets.filter(at__lt=end_of(day, self.time_zone)) if day else sets


def told_of(step, fields=None):
    """The columns that a step changed, of those asked for; none where the row came or went."""
    _model, before, version = step
    if before is None or version.history_type == "-":
        return []
    return [column for column in differing(*step) if not fields or column.name in fields]


@dataclass
class Line:
    """What became of one row: a sentence, or what it is called and how its fields changed."""

    what: str
    fields: list = ()  # (label, old, new, the address of all values that the field has had)


def history_page(request, kind, row, roadmap):
    """The context of the page: the filter, its chips, and the sets of the page, each with its lines."""
    steps = told_steps(*kind.rows(row.pk))
    found = HistoryFilter(
        request.GET,
        queryset=ChangeSet.objects.filter(pk__in={step[2].change_set_id for step in steps}).select_related("person"),
        request=request,
        steps=steps,
        time_zone=roadmap.time_zone if roadmap else settings.TIME_ZONE,
        on=request.day,
    )
    page = Paginator(found.qs, PER_PAGE).get_page(request.GET.get("page"))
    page.told = told(page.object_list, found.wanted, found.form.cleaned_data.get("field"))
    return {
        "filter": found,
        "chips": list(chips(request, found)),
        "list": {"fields": list(looking(request.GET).items()), "cleared": on_query(request)},
        "page": page,
        "fields": [(capfirst(c.verbose_name), field_address(kind.model, row.pk, c)) for c in told_columns(kind.model)],
        "total": len({step[2].change_set_id for step in steps}),
    }


def told(sets, steps, fields):
    """(change set, its first lines, the others) of each set."""
    by_set = {done.pk: [] for done in sets}
    for step in steps:
        if step[2].change_set_id in by_set:
            by_set[step[2].change_set_id].append(step)
    names = Names()
    names.learn(mentioned([step for own in by_set.values() for step in own]))
    for done in sets:
        lines = [line_of(step, names, fields) for step in by_set[done.pk]]
        yield done, lines[:AT_ONCE], lines[AT_ONCE:]


def line_of(step, names, fields):
    model, before, version = step
    what = names.label(model, version, version.history_date)
    if before is None or version.history_type == "-":
        kind = "-" if before else "+"
        return Line(*Change(None, kind, str(model._meta.verbose_name), what).sentences())
    return Line(
        what,
        [
            (label, old, new, field_address(model, version.id, column))
            for column in told_of(step, fields)
            for label, old, new in changes(model, before, version, names, [column])
        ],
    )


def field_address(model, pk, column):
    return reverse("field_history", args=[WORDS[model], pk, column.name])
