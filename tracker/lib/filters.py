"""What the filters of all lists have in common.

| in the address | what it says |
|---|---|
| `execution=completed&execution=partly` | one of these |
| `except=execution` | … turned round: all but these |
| `empty=due_on`, `filled=proof` | what must be empty, and what must hold something |
| `due_to=today+30`, `due=next-quarter` | days and periods seen from the day of the page (lib/periods.py) |
| `party=mine`, `party=none` | the reader's own; those that have none |
"""

import copy
from dataclasses import dataclass, field
from functools import cached_property

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from django_filters import DateFilter, Filter, FilterSet

from .periods import day_said, relative_in_words

EXCEPT = "except"
EMPTY, FILLED = "empty", "filled"  # each is what the other is not
MINE, NONE = "mine", "none"
MORE = "more"  # shows the "More" menu open
SOUGHT = "_q"  # behind the name of a choice: what its values are searched by


class SaidField(forms.CharField):
    """What is said in words; `read` says what they mean, or raises ValueError in words. NUL stays in to be refused."""

    read = None

    def __init__(self, *args, **options):
        super().__init__(*args, **{"strip": False, **options})
        self.validators = []

    def to_python(self, value):
        try:
            return self.read(value)
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(str(error)) from error

    def said(self, value, asked):
        """The value in words, for a chip."""
        return str(value)


class DayField(SaidField):
    """A day as people write it, 30.06.2026 or 2026-06-30, or relative to the page's: today+30."""

    widget = forms.TextInput(attrs={"placeholder": "30.06.2026", "list": "days"})

    def said(self, value, asked):
        relative = relative_in_words(asked)
        return f"{value:%d.%m.%Y} ({relative})" if relative else f"{value:%d.%m.%Y}"


class DayFilter(DateFilter):
    field_class, reader = DayField, "day"


class SaidFilter(Filter):
    """What `reader`, a method of the list's filter, reads; `offers` names the words offered, one as an `example`."""

    field_class = SaidField

    def __init__(self, *args, reader, offers, example, **options):
        widget = forms.TextInput(attrs={"list": offers, "placeholder": example})
        super().__init__(*args, widget=widget, **options)
        self.reader = reader


class ChoicesField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __deepcopy__(self, memo):
        return forms.Field.__deepcopy__(self, memo)  # the choices are read, never changed

    def to_python(self, values):
        return list(dict.fromkeys(super().to_python(values)))


class ChoicesFilter(Filter):
    """Several of a closed set of values, as boxes in a menu: any of them fits, or all but these.

    `condition` names the method that turns values into a condition on rows; without one, the row's column is one of
    them. `is_whole`: every row has exactly one of the values, so that all but these are the others, which an index
    finds. `choices` may name a method that gives them.
    """

    field_class = ChoicesField

    def __init__(self, *args, condition="", is_whole=False, **options):
        super().__init__(*args, **options)
        self.condition, self.is_whole = condition, is_whole

    def __deepcopy__(self, memo):
        own = copy.copy(self)  # the choices are read, never changed
        own.extra = dict(self.extra)
        return own

    @property
    def field(self):
        if isinstance(self.extra.get("choices"), str):
            self.extra["choices"] = getattr(self.parent, self.extra["choices"])
        return super().field

    @property
    def values(self):
        return [value for value, _label in self.field.choices]

    def filter(self, rows, values):
        return rows.filter(self.fits(values)) if values else rows

    def fits(self, values):
        """The condition that a row fits the values, as they are asked."""
        if self.name not in self.parent.excepted:
            return self.condition_of(values)
        if self.is_whole:
            return self.condition_of([value for value in self.values if value not in values])
        return ~self.condition_of(values)

    def condition_of(self, values):
        if self.condition:
            return getattr(self.parent, self.condition)(values)
        return Q(**{f"{self.field_name}__in": ["" if value == NONE else value for value in values]})


class SearchInput(forms.TextInput):
    input_type = "search"

    def __init__(self, attrs=None):
        super().__init__({"placeholder": _("Number, wording, organisation"), **(attrs or {})})


@dataclass
class Menu:
    """A choice as its menu shows it; `search` is there where the values are searched for, not all shown."""

    name: str
    label: str
    values: list  # (value, label, whether it is ticked)
    may_be_except: bool = False
    is_except: bool = False
    errors: list = field(default_factory=list)
    search: str | None = None
    address: str = ""  # of the values that a search finds
    is_vain: bool = False  # it found nothing

    @property
    def ticked(self):
        return sum(is_ticked for _value, _label, is_ticked in self.values)

    @property
    def is_open(self):
        """Whether it is shown open: to say what is wrong, or to let one choose of what was found."""
        return bool(self.errors) or bool(self.search and not self.ticked)

    @property
    def boxes(self):
        """The boxes as HTML, by one loop: there are a hundred of them on a page."""
        ticks = ((self.name, value, " checked" if ticked else "", label) for value, label, ticked in self.values)
        return format_html_join("\n", '<label><input type="checkbox" name="{}" value="{}"{}> {}</label>', ticks)


@dataclass
class Line:
    """A field that is no choice: typed into, or else drawn by its own `widget`."""

    name: str
    label: str
    value: str
    attrs: dict
    errors: list
    widget: object = None

    @classmethod
    def of(cls, bound):
        widget = bound.field.widget
        is_typed = type(widget) is forms.TextInput
        value = bound.value() or "" if is_typed else ""
        return cls(bound.name, bound.label, value, widget.attrs, bound.errors, None if is_typed else bound)


class ListFilter(FilterSet):
    """A bad value is a sentence at its field while the other filters hold.

    A subclass may name `BLANKS`: {name: (label, condition that it is empty, or the name of a method that gives it)};
    `in_more`: the choices that stand in the "More" menu; `never_excepted`: those that are not turned round. `on` is
    the day that relative days are seen from.
    """

    BLANKS = {}
    in_more = ()
    never_excepted = ()

    empty = ChoicesFilter(label=_("Empty"), choices="blanks", condition="are_empty")
    filled = ChoicesFilter(label=_("Filled in"), choices="blanks", condition="are_filled")

    def __init__(self, *args, on=None, without=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on or timezone.localdate()
        for name in without:  # a page that has no use for them
            del self.filters[name]
        blanks = [self.filters.pop(name) for name in (EMPTY, FILLED)]
        if self.BLANKS:  # they stand last
            self.filters |= zip((EMPTY, FILLED), blanks, strict=True)
        for name in self.choices:
            self.filters[name].name = name

    @cached_property
    def form(self):
        form = super().form
        for name, field_ in form.fields.items():
            if isinstance(field_, SaidField):
                field_.read = getattr(self, f"read_{self.filters[name].reader}")
        return form

    def read_day(self, text):
        return day_said(text, on=self.on)

    @cached_property
    def choices(self):
        """The names of the filters that are choices."""
        return [name for name, one in self.filters.items() if isinstance(one, ChoicesFilter)]

    @property
    def names(self):
        """All that an address may say to this filter."""
        return {*self.filters, EXCEPT, MORE, *(f"{name}{SOUGHT}" for name in self.choices)}

    @cached_property
    def excepted(self):
        """The names of the choices that are turned round."""
        asked = self.data.getlist(EXCEPT) if hasattr(self.data, "getlist") else ()
        return {name for name in asked if name in self.choices and self.may_be_except(name)}

    def may_be_except(self, name):
        return name not in (EMPTY, FILLED, *self.never_excepted)

    @cached_property
    def qs(self):
        self.form.is_valid()
        return self.narrow(self.queryset.all(), self.form.cleaned_data)

    def narrow(self, rows, asked):
        """The rows that fit what is asked: {name: value}."""
        for name, value in asked.items():
            rows = self.filters[name].filter(rows, value)
        return rows

    def blanks(self):
        return [(name, label) for name, (label, _condition) in self.BLANKS.items()]

    def is_empty(self, name):
        condition = self.BLANKS[name][1]
        return getattr(self, condition)() if isinstance(condition, str) else condition

    def are_empty(self, names):
        return Q(*(self.is_empty(name) for name in names))

    def are_filled(self, names):
        return Q(*(~self.is_empty(name) for name in names))

    # How it is shown

    @property
    def offers(self):
        """{name: (value, label) of the words that a field offers}."""
        days = ("today", "today+30", "today-30")
        return {"days": [(day, relative_in_words(day)) for day in days]}

    @property
    def lines(self):
        """The fields of the "More" menu that are no choices. Django's widgets are drawn by templates, which is slow."""
        return [Line.of(one) for one in self.more_fields]

    @cached_property
    def menus(self):
        return [self.menu(name) for name in self.choices if not self.is_in_more(name)]

    @cached_property
    def more_menus(self):
        return [self.menu(name) for name in self.choices if self.is_in_more(name)]

    def is_in_more(self, name):
        return name in (*self.in_more, EMPTY, FILLED) or (name not in self.choices and name != "q")

    @cached_property
    def more_fields(self):
        """The bound fields that are no choices: days, numbers, selects; the text stands in the toolbar itself."""
        return [self.form[name] for name in self.form.fields if name not in self.choices and self.is_in_more(name)]

    @cached_property
    def more_asked(self):
        """How many things are asked in the "More" menu."""
        names = [name for name in self.form.fields if self.is_in_more(name)]
        return sum(bool(value) for name in names for value in self.data.getlist(name))

    @property
    def is_more_open(self):
        """Whether the "More" menu is shown open: to say what is wrong, or as it was asked for."""
        return MORE in self.data or any(self.is_in_more(name) for name in self.form.errors)

    @property
    def is_more_drawn(self):
        """Whether the "More" menu comes with the page: a long one of which nothing is asked comes when it is opened."""
        return not self.in_more or bool(self.more_asked) or self.is_more_open

    @property
    def more_address(self):
        asked = self.data.copy()
        asked[MORE] = "on"
        return f"?{asked.urlencode()}"

    def offers_mine(self, name, own):
        """Whether "mine" stands among the values: for those who have something, and where it was asked for."""
        return bool(own) or MINE in self.data.getlist(name)

    def menu(self, name):
        field_, bound = self.form.fields[name], self.form[name]
        ticked = set(bound.data or ())
        return Menu(
            name,
            field_.label,
            [(value, label, str(value) in ticked) for value, label in field_.choices],
            may_be_except=self.may_be_except(name),
            is_except=name in self.excepted,
            errors=self.form.errors.get(name, []),
        )
