"""Groups of a list by one column of its rows, counted by the database."""

from functools import cached_property

from django.db.models import Case, Count, Value, When
from django.utils.text import capfirst

from .columns import Group, Grouping


class ByColumn(Grouping):
    """A subclass names the column (a path from the row), the filter of a group's rows, what puts groups in order."""

    column, parameter, in_order = "", "", ()

    def values(self):
        """(value, key, label) of every group there may be, in order."""
        raise NotImplementedError

    def order(self, rows):
        return rows.order_by(*self.in_order, *rows.query.order_by)

    @cached_property
    def counts(self):
        """{value: how many rows} of all that matches."""
        return dict(self.table.matching.order_by().values_list(self.column).annotate(Count("pk", distinct=True)))

    def groups(self):
        return [Group(key, label, self.counts[value]) for value, key, label in self.values() if value in self.counts]

    def without(self, rows, keys):
        folded = [value for value, key, _label in self.values() if key in keys]
        return rows.exclude(**{f"{self.column}__in": folded})

    def query(self, group):
        return {self.parameter: group.key}


class ByChoice(ByColumn):
    """By a column with a closed set of values, in the order of the set."""

    choices = None

    @property
    def in_order(self):
        return (Case(*(When(**{self.column: one}, then=Value(place)) for place, one in enumerate(self.choices))),)

    def values(self):
        return [(one.value, one.value, capfirst(one.label)) for one in self.choices]
