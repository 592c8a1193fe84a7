"""The columns of a list, declared once: how they are ordered, drawn in a row, and given to a file."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial
from itertools import islice

import django_tables2
from django.db import models
from django.template import Context
from django.template.loader import get_template
from django.utils.html import conditional_escape, escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .addresses import looking
from .templatetags.tracker import day as drawn_day
from .templatetags.tracker import icon, said

PER_PAGE = 50
SLICE = 2000  # rows prepared at a time for a file
OPENING = re.compile(r"<t[dh][^>]*>(?:<div>)?")  # of a cell, up to where its content begins


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

    `template` draws what stands in the cell (its context: row, table, `name` of the column); without one, and without
    `render_<name>()` on the table, the value is shown as text. `kind` says what a file makes of the value and `width`
    how wide, in characters. One that is not `by_default` is there when it is chosen, one that is not `drawn` never on
    the screen; `in_files` puts it into files all the same. `by_day` names the column of a day by which it is ordered.
    `look` is a class of the cell: "no" a number, "what" the words that name the row; these need no label on a phone.
    """

    def __init__(
        self, *args, template="", kind=Kind.TEXT, width=16, by_default=True, drawn=True, in_files=False, by_day="",
        look="", **options,
    ):  # fmt: skip
        super().__init__(*args, **options)
        self.template, self.kind, self.width, self.look = template, kind, width, look
        self.by_default, self.drawn, self.in_files, self.by_day = by_default, drawn, in_files, by_day

    def order(self, rows, is_descending):
        return (by_day(rows, self.by_day, is_descending), True) if self.by_day else (rows, False)


def by_day(rows, column, is_descending):
    """In order of a day; rows without one stand last both ways, on every database."""
    day = models.F(column)
    return rows.order_by(day.desc(nulls_last=True) if is_descending else day.asc(nulls_last=True), "pk")


def day_of(value):
    """The day of a moment; a day as it is."""
    return localtime(value).date() if isinstance(value, datetime) else value


def with_mark(cell, mark):
    """The cell with a mark before its content; both HTML."""
    return OPENING.sub(lambda match: match[0] + mark, cell, count=1)


@dataclass
class Group:
    """Rows that stand together: `key` as the address names it, `figures` what the heading tells beside its name."""

    key: str
    label: str
    count: int
    figures: dict = field(default_factory=dict)


class Grouping:
    """A way to group a list. Made for one table: `table.matching` are the rows, before they are ordered.

    `named_by` is the table's column that says in which group a row is; where there is one, it stands first in a file.
    """

    label, named_by = "", ""

    def __init__(self, table):
        self.table = table

    def order(self, rows):
        """The rows with each group together, the groups in order; within a group they stay in the order they have."""
        raise NotImplementedError

    def groups(self):
        """All the groups of what matches, in the order of `order()`; their counts add up to its rows."""
        raise NotImplementedError

    def without(self, rows, keys):
        """The rows without those of the named groups, which are folded."""
        raise NotImplementedError


class ListTable(django_tables2.Table):
    """A list: its columns, and one loop that draws its rows.

    A subclass declares `Column`s and, where a cell needs more than a value, `render_<name>(row)` for the screen and
    `value_<name>(row)` for files. `prepare()` looks up what a page of rows needs, in a bounded number of queries.
    `groupings` names the ways to group; where `opens_grouped`, the first is taken when nothing is asked and nothing
    sorted.
    """

    groupings = {}
    opens_grouped = True
    kept_first = ()  # columns that always stand first: they name the row
    row_prefix = "r"  # before the key, in the id of a row
    related = ()  # what is read along with each record
    per_page = PER_PAGE

    @cached_property
    def shown(self):
        """The columns drawn, in order: those chosen, else those by default."""
        return self.choose(())

    @cached_property
    def usual(self):
        """The names of the columns that are shown where nobody chooses."""
        names = [column.name for column in self.columns if column.column.drawn and column.column.by_default]
        return [*self.kept_first, *(name for name in names if name not in self.kept_first)]

    def choose(self, names):
        """Take the named columns, those kept first before them; unknown names are passed over."""
        self.shown = [self.columns[name] for name in self.chosen(names)]
        return self.shown

    def chosen(self, names):
        """The names of the columns that these names choose."""
        drawn = {column.name for column in self.columns if column.column.drawn}
        names = [name for name in dict.fromkeys(names) if name in drawn] or self.usual
        return [*self.kept_first, *(name for name in names if name not in self.kept_first)]

    def prepare(self, records):
        """The rows of these records, with what their cells need."""
        return list(records)

    def fetch(self, rows):
        """The records of one page: of a slice of the ordered rows."""
        return list(self.with_related(rows))

    def at_hand(self, keys):
        """The rows with these keys, whether the filters ask for them or not, in no order; light ones."""
        return self.prepare(list(self.fetch(self.unfiltered.filter(pk__in=keys))))

    def stream(self, rows):
        """The records of all the rows, for a file."""
        return self.with_related(rows).iterator(chunk_size=SLICE)

    def with_related(self, rows):
        return rows.select_related(*self.related) if self.related else rows

    def count(self, rows):
        return rows.count()

    # On the screen

    @cached_property
    def on_query(self):
        """The part of an address that stays where the list is seen from; empty on live pages."""
        seen_from = looking(self.request.GET)
        return f"?{urlencode(seen_from)}" if seen_from else ""

    def group_line(self, group, *, is_folded):
        """The heading of a group as HTML."""
        return format_html(
            '<tr class="area" id="g-{key}" hx-boost="true"><th scope="rowgroup" colspan="{width}">'
            '<a class="fold" id="f-{key}" href="{fold}" aria-expanded="{open}" aria-label="{verb}">{icon}</a>'
            '<b>{name}</b><span class="counts">{counts}</span></th></tr>',
            key=group.key,
            width=len(self.shown),
            fold=self.listing.fold_address(group),
            open="false" if is_folded else "true",
            verb=(_("Unfold %(name)s") if is_folded else _("Fold %(name)s")) % {"name": group.label},
            icon=icon("down"),
            name=said(group.label) if isinstance(group.label, dict) else group.label,
            counts=self.subtotals(group),
        )

    def subtotals(self, group):
        """The counts beside the name of a group, each with the address of exactly its rows, as HTML."""
        address = self.listing.address(**self.listing.grouping.query(group))
        return format_html('<a href="{}">{}</a>', address, group.count)

    def group_lines(self, rows):
        """The rows of a group on this page as HTML."""
        return map(self.line, rows)

    def line(self, row):
        """A row as HTML; compared with an earlier day, with its marks."""
        cells = [self.cell(column, row) for column in self.shown]
        if marks := self.listing.marks:
            cells = [self.marked(column, row, cell) for column, cell in zip(self.shown, cells, strict=True)]
            look = f"ms{' came' * marks.is_new(row)}"
        else:
            look = "ms"
        return mark_safe(f'<tr class="{look}" id="{self.row_prefix}{row.pk}">{"".join(cells)}</tr>')

    def marked(self, column, row, cell):
        """The cell with what it held before, struck through; the first one says of a row that it is new here."""
        marks = self.listing.marks
        old = marks.old(column, row)
        mark = f"<del>{escape(old)}</del> " if old is not None else ""
        if marks.is_new(row) and column == self.shown[0]:
            mark += f'<ins class="sub">{escape(_("new here"))}</ins> '
        return with_mark(cell, mark) if mark else cell

    def heading_of_left(self, marks):
        """The heading above the rows that are no longer here, as HTML."""
        words = ngettext(
            "%(n)s row is no longer here since %(when)s", "%(n)s rows are no longer here since %(when)s", marks.left
        ) % {"n": marks.left, "when": marks.words}
        if marks.left > len(marks.rows_left):
            words += "; " + _("the first %(n)s:") % {"n": len(marks.rows_left)}
        return format_html(
            '<tr class="area"><th scope="rowgroup" colspan="{}"><b>{}</b></th></tr>', len(self.shown), words
        )

    def line_left(self, row):
        """A row that is no longer here, as it was."""
        return mark_safe(f'<tr class="ms gone">{"".join([self.cell(column, row) for column in self.shown])}</tr>')

    def cell(self, column, row):
        """The cell around its content, which is safe; on a phone it says which column it is."""
        look, content = column.column.look, self.content(column, row)
        if column.name in self.kept_first:
            return f'<th scope="row" class="{look}">{content}</th>'
        if look:
            return f'<td class="{look}">{content}</td>'
        return f'<td data-label="{self.labels[column.name]}"><div>{content}</div></td>'

    @cached_property
    def labels(self):
        """{column: its heading, escaped}, put into the reader's language once a page."""
        return {column.name: escape(column.header) for column in self.columns}

    def content(self, column, row):
        """What stands in the cell, as safe HTML."""
        if render := getattr(self, f"render_{column.name}", None):
            return conditional_escape(render(row))
        if column.column.template:
            return self.by_template(column, row)
        value = self.value(column, row)
        if column.column.kind == Kind.DAY:
            return drawn_day(value)
        return mark_safe('<span class="none">—</span>') if value in (None, "") else conditional_escape(value)

    def by_template(self, column, row):
        """The cell by its template. All share one context, without a request: a cell needs no frame of the page."""
        if column.name not in self.templates:
            self.templates[column.name] = get_template(column.column.template).template
        template = self.cell_context.template = self.templates[column.name]
        self.cell_context["row"], self.cell_context["name"] = row, column.name
        return template.render(self.cell_context)

    @cached_property
    def templates(self):
        return {}

    @cached_property
    def cell_context(self):
        return Context({"table": self})

    # In files

    def file_columns(self):
        """The columns of a file: what the rows are grouped by, those shown, in order, and those that every file has."""
        first = [c for c in self.columns if c.name == getattr(self.listing.grouping, "named_by", None)]
        also = [c for c in self.columns if c.column.in_files]
        return list({column.name: column for column in [*first, *self.shown, *also]}.values())

    def value(self, column, row):
        """The value of a cell for a file: text, number, day or None."""
        return self.value_of(column)(row)

    def words_of(self, column, row):
        """The value of a cell in words, where it stands beside another: by `words_<name>(row)`, or from the value."""
        if words := getattr(self, f"words_{column.name}", None):
            return words(row)
        value = self.value(column, row)
        if value in (None, ""):
            return "—"
        if isinstance(value, date):
            return f"{value:%d.%m.%Y}"
        return f"{value} %" if column.column.kind == Kind.PERCENT else str(value)

    def value_of(self, column):
        """The function that gives the values of a column."""
        if value := getattr(self, f"value_{column.name}", None):
            return value
        found = partial(column.accessor.resolve, quiet=True)
        return (lambda row: day_of(found(row))) if column.column.kind == Kind.DAY else found

    def file_rows(self, rows):
        """The values of each row, of any number of rows; reads in slices."""
        columns, marks = self.file_columns(), self.listing.marks
        if not marks:
            values = [self.value_of(column) for column in columns]
            for row in self.read(rows):
                yield [value(row) for value in values]
            return
        read = iter(self.read(rows))
        while part := list(islice(read, SLICE)):
            yield from marks.file_cells(columns, part)

    def file_rows_left(self):
        """The values of the rows that are no longer here."""
        return self.listing.marks.cells_left(self.file_columns()) if self.listing.marks else ()

    def read(self, rows):
        """All the rows, prepared slice by slice."""
        records = iter(self.stream(rows))
        while part := list(islice(records, SLICE)):
            yield from self.prepare(part)
