"""The columns of a list, declared once: how they are ordered, drawn in a row, and given to a file."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import django_tables2
from django.db import models
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from .templatetags.tracker import day as drawn_day

PER_PAGE = 50
SLICE = 2000  # rows prepared at a time for a file


class Kind(models.TextChoices):
    """What a value is, for files: numbers, percentages and days stay what they are."""

    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"  # 0 to 100
    DAY = "day"
    MOMENT = "moment"
    ADDRESS = "address"


class Column(django_tables2.Column):
    """A column of a list.

    `template` draws what stands in the cell (its context: row, table); without one, and without `render_<name>()` on
    the table, the value is shown as text. `kind` says what a file makes of the value and `width` how wide, in
    characters. One that is not `by_default` may be chosen; one `in_files` alone is never drawn.
    """

    def __init__(self, *args, template="", kind=Kind.TEXT, width=16, by_default=True, in_files=False, **options):
        super().__init__(*args, **options)
        self.template, self.kind, self.width = template, kind, width
        self.by_default, self.in_files = by_default, in_files


@dataclass
class Group:
    """Rows that stand together: `key` as the address names it, `figures` what the heading tells beside its name."""

    key: str
    label: str
    count: int
    figures: dict = field(default_factory=dict)


class Grouping:
    """A way to group a list. Made for one table; its rows and request are the table's."""

    label = ""

    def __init__(self, table):
        self.table = table

    def order(self, rows, by):
        """The rows with each group together, the groups in order; `by` is the order within (None: the plan's)."""
        raise NotImplementedError

    def groups(self, rows):
        """All the groups of the rows, in the order of `order()`; their counts add up to the rows."""
        raise NotImplementedError

    def key_of(self, row):
        """The key of the group to which a prepared row belongs."""
        raise NotImplementedError

    def without(self, rows, keys):
        """The rows without those of the named groups, which are folded."""
        raise NotImplementedError


class ListTable(django_tables2.Table):
    """A list: its columns, and one loop that draws its rows.

    A subclass declares `Column`s and, where a cell needs more than a value, `render_<name>(row)` for the screen and
    `value_<name>(row)` for files. `prepare()` looks up what a page of rows needs, in a bounded number of queries.
    `groupings` names the ways to group; the first is taken where nothing is asked and nothing sorted.
    """

    groupings = {}
    kept_first = ()  # columns that always stand first: they name the row
    per_page = PER_PAGE

    @cached_property
    def shown(self):
        """The columns drawn, in order: those chosen, else those by default."""
        return self.choose(())

    def choose(self, names):
        """Take the named columns, those kept first before them; unknown names are passed over."""
        drawn = {column.name: column for column in self.columns if not column.column.in_files}
        names = [name for name in dict.fromkeys(names) if name in drawn]
        if not names:
            names = [name for name, column in drawn.items() if column.column.by_default]
        names = [*self.kept_first, *(name for name in names if name not in self.kept_first)]
        self.shown = [drawn[name] for name in names]
        return self.shown

    def prepare(self, records):
        """The rows of these records, with what their cells need."""
        return list(records)

    def fetch(self, records):
        """The records of one page, from a slice of the ordered rows."""
        return records

    def count(self, rows):
        return rows.count()

    # On the screen

    def line(self, row):
        """A row as HTML."""
        return format_html("<tr>{}</tr>", mark_safe("".join(self.cell(column, row) for column in self.shown)))

    def cell(self, column, row):
        kept = column.name in self.kept_first
        return format_html(
            '<{tag} class="c-{name}"{label}>{content}</{end}>',
            tag=mark_safe('th scope="row"') if kept else "td",
            end="th" if kept else "td",
            name=column.name,
            label=format_html(' data-label="{}"', column.header) if not kept else "",
            content=self.content(column, row),
        )

    def content(self, column, row):
        """What stands in the cell, as safe HTML."""
        if render := getattr(self, f"render_{column.name}", None):
            return conditional_escape(render(row))
        if column.column.template:
            return mark_safe(render_to_string(column.column.template, {"row": row, "table": self}, self.request))
        value = self.value(column, row)
        if column.column.kind == Kind.DAY:
            return drawn_day(value)
        return format_html('<span class="none">—</span>') if value in (None, "") else conditional_escape(value)

    # In files

    def file_columns(self):
        """The columns of a file: those drawn, in the same order, then those only for files."""
        return [*self.shown, *(column for column in self.columns if column.column.in_files)]

    def value(self, column, row):
        """The value of a cell for a file: text, number, day or None."""
        if value := getattr(self, f"value_{column.name}", None):
            return value(row)
        return column.accessor.resolve(row, quiet=True)

    def file_rows(self, records):
        """The values of each row, of any number of records; reads in slices."""
        columns, records = self.file_columns(), iter(records)
        while part := list(islice(records, SLICE)):
            for row in self.prepare(part):
                yield [self.value(column, row) for column in columns]
