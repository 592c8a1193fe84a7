"""The tables of the dashboards: which columns, how they are ordered, what stands in them."""

from dataclasses import dataclass
from functools import cached_property, partial
from html import escape
from itertools import groupby
from operator import attrgetter

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracker.lib.columns import Column, Kind, ListTable, with_mark
from tracker.lib.templatetags.tracker import said
from tracker.progress.status import TIMELINESS_MARKS, Timeliness, counts, with_status
from tracker.progress.templatetags.status import mark
from tracker.roadmaps.grouping import ByArea as AreaGrouping
from tracker.roadmaps.models import Control, Execution, Item

from . import cells
from .grouping import GROUPINGS, ByArea, quarter_in_words, quarter_key
from .standing import Standing, standings
from .status_file import rows_for_file
from .status_rows import COMPLETED, READ, executors_of, prepared


class StatusColumn(Column):
    """A column of the status table; `reads` are the columns of the milestone that it needs beside the usual ones."""

    def __init__(self, label, *, reads=(), **options):
        super().__init__(verbose_name=label, **options)
        self.reads = reads


def optional(label, **options):
    """A column that is there when it is chosen."""
    return StatusColumn(label, by_default=False, **options)


class StatusTable(ListTable):
    """Milestones, each with where it stands; grouped by area, under their items.

    Before it is drawn, `may_select` is set (whether the reader may do something to rows) and `editable` (what the
    reader may change in them).
    """

    groupings = GROUPINGS
    kept_first, row_prefix = ("number",), "m"
    may_select, editable = False, None

    number = StatusColumn(gettext_lazy("No."), order_by=("area_position", "number_key", "pk"), width=10)
    wording = StatusColumn(gettext_lazy("Item / milestone"), order_by=("search", "pk"), width=60)
    parties = StatusColumn(gettext_lazy("Executors · state by party"), orderable=False, width=40)
    agreed = StatusColumn(gettext_lazy("Agreed term"), by_day="agreed_due", width=18)
    current = StatusColumn(gettext_lazy("Current term"), by_day="due_on", width=18)
    percent = StatusColumn(gettext_lazy("Progress"), order_by=("percent", "pk"), kind=Kind.PERCENT, width=10)
    execution = StatusColumn(gettext_lazy("Execution"), order_by=("percent", "execution", "pk"), width=18)
    timeliness = StatusColumn(gettext_lazy("Timeliness"), order_by=("timeliness",), width=20)

    area = optional(gettext_lazy("Area"), in_files=True, orderable=False, width=30)
    item_number = optional(gettext_lazy("Item No."), in_files=True, orderable=False, width=10)
    item = optional(gettext_lazy("Item"), in_files=True, orderable=False, width=60)
    executors = optional(gettext_lazy("Executors"), orderable=False, width=60)
    first = optional(
        gettext_lazy("First agreed term"),
        by_day="first_due",
        reads=("first_text", "first_kind", "first_from", "first_due"),
        width=18,
    )
    agreed_due = optional(gettext_lazy("Agreed due day"), by_day="agreed_due", in_files=True, kind=Kind.DAY, width=12)
    due = optional(gettext_lazy("Due day"), by_day="due_on", in_files=True, accessor="due_on", kind=Kind.DAY, width=12)
    quarter = optional(gettext_lazy("Quarter of the term"), orderable=False, width=16)
    slip = optional(gettext_lazy("Slip, days"), in_files=True, orderable=False, kind=Kind.NUMBER, width=10)
    moves = optional(
        gettext_lazy("Times moved"), reads=("moves",), order_by=("moves", "pk"), kind=Kind.NUMBER, width=10
    )
    done = optional(
        gettext_lazy("Done on"), by_day="done_on", in_files=True, accessor="finished_on", kind=Kind.DAY, width=12
    )
    forecast = optional(
        gettext_lazy("Forecast"), reads=("forecast_on",), by_day="forecast_on", accessor="forecast_on", kind=Kind.DAY,
        width=12,
    )  # fmt: skip
    weight = optional(gettext_lazy("Weight"), reads=("weight",), order_by=("weight", "pk"), kind=Kind.NUMBER, width=8)
    counted = optional(
        gettext_lazy("Parts completed"), reads=("counting", "completed"), order_by=("completed", "pk"), width=12
    )
    control = optional(gettext_lazy("Control"), reads=("control", "drop_reason"), order_by=("control", "pk"), width=24)
    proof = optional(gettext_lazy("What counts as proof"), reads=("proof",), orderable=False, width=50)
    expected = optional(gettext_lazy("Expected result"), reads=("item__expected_result",), orderable=False, width=50)
    note = optional(gettext_lazy("Note"), reads=("item__note",), orderable=False, width=50)
    address = StatusColumn(gettext_lazy("Address"), drawn=False, in_files=True, kind=Kind.ADDRESS, width=40)

    # Reading

    @cached_property
    def day(self):
        return self.request.day

    @cached_property
    def areas(self):
        """{id: area} of the roadmap."""
        return {area.pk: area for area in self.request.roadmap.areas_in_order}

    @cached_property
    def tally(self):
        """{Timeliness: n} of all that matches."""
        grouping = self.listing.grouping
        return grouping.tally if grouping else counts(self.matching, on=self.day)

    @property
    def has_items(self):
        """Whether each item has a heading above its milestones: where they stand together, in the plan's order."""
        return not self.order_by and isinstance(self.listing.grouping, ByArea)

    def count(self, rows):
        return sum(self.tally.values())

    def reads(self, columns):
        return dict.fromkeys((*READ, *(name for column in columns for name in column.column.reads)))

    def fetch(self, rows):
        """The keys of the page come from an index that covers the order, however deep the page; then its rows."""
        return self.listing.rows.filter(pk__in=rows.values("pk")).values(*self.reads(self.shown))

    def at_hand(self, keys):
        return self.prepare(self.unfiltered.filter(pk__in=keys).values(*self.reads(self.file_columns())))

    def read(self, rows):
        """The rows for a file: lighter still, as there may be very many."""
        columns = self.file_columns()
        names = [name for column in columns for name in column.column.reads]
        if self.listing.marks:  # where terms are told in words
            names += [name for name in READ if name not in names]
        with_executors = "executors" in self.names
        parties = self.request.roadmap.parties_in_order
        return rows_for_file(rows, names, parties, on=self.day, with_executors=with_executors)

    def value_of(self, column):
        return getattr(self, f"value_{column.name}", None) or attrgetter(str(column.accessor))

    def prepare(self, records):
        rows = prepared(records, on=self.day, parties=self.request.roadmap.parties_in_order)
        if "executors" in self.names:
            found = executors_of({row.item_id for row in rows})
            for row in rows:
                row.executors = found.get(row.item_id, [])
        return rows

    @cached_property
    def names(self):
        return {column.name for column in self.shown}

    # Order

    def order_timeliness(self, rows, is_descending):
        sign = "-" if is_descending else ""
        return with_status(rows, on=self.day).order_by(f"{sign}severity", f"{sign}due_on", "pk"), True

    # On the screen: a heading for each group and, in the plan's order, for each item

    def subtotals(self, group):
        return format_html_join(" ", "{}", ((count,) for count in self.subtotal_links(group)))

    def subtotal_links(self, group):
        """The counts that add up to the group, each with the address of exactly its rows."""
        query, figures = self.listing.grouping.query(group), group.figures
        total = figures["total"]
        yield self.count_link(ngettext("%(n)s milestone", "%(n)s milestones", total) % {"n": total}, "", query)
        if figures.get("completed"):
            done = {"timeliness": [one.value for one in COMPLETED]}
            yield self.count_link(_("%(n)s completed") % {"n": figures["completed"]}, "", query | done)
        for timeliness, count in figures.get("named", ()):
            words = f"{count} {timeliness.label.lower()}"
            yield self.count_link(words, TIMELINESS_MARKS[timeliness][0], query | {"timeliness": timeliness.value})
        if figures.get("dropped"):
            dropped = {"timeliness": Timeliness.DROPPED.value}
            yield self.count_link(_("%(n)s dropped") % {"n": figures["dropped"]}, "none", query | dropped)
        if figures.get("other"):
            yield format_html("<span>{}</span>", _("%(n)s other") % {"n": figures["other"]})

    def count_link(self, words, look, query):
        look = format_html(' class="{}"', look) if look else ""
        return format_html('<a{} href="{}">{}</a>', look, self.listing.address(**query), words)

    def group_lines(self, rows):
        before = None
        for row in rows:
            if self.has_items and row.item_id != before:
                before = row.item_id
                yield self.item_line(row)
            yield self.line(row)

    @cached_property
    def headings(self):
        """({item id: Standing}, {item id: executors}) of the items on the page."""
        items = list(dict.fromkeys(row.item_id for row in self.listing.page_rows))
        return standings(items, on=self.day), executors_of(items)

    def item_line(self, row):
        """The heading of an item: its executors stand in the columns that say nothing of an item."""
        standing, executors = (found.get(row.item_id) for found in self.headings)
        written = {
            "number": f'<th scope="row" class="no">{escape(row.item__number)}</th>',
            "wording": f'<td class="wording">{cells.item_link(row, self)}</td>',
            "percent": f"<td>{cells.progress(standing.percent)}{cells.sub(dropped_in_words(standing))}</td>",
            "execution": f"<td>{mark('execution', standing.execution)}</td>",
            "timeliness": f"<td>{mark('timeliness', standing.worst)}</td>",
        }
        for name, words in self.old_heading(row, standing).items():
            written[name] = with_mark(written[name], f"<del>{escape(words)}</del> ")
        told = ""
        if "executors" not in self.names:
            told = cells.executors(executors) + cells.edit(row, "executors", self)
        drawn = []
        for is_written, columns in groupby(self.shown, key=lambda column: column.name in written):
            if is_written:
                drawn += [written[column.name] for column in columns]
            else:
                drawn.append(f'<td class="orgs" colspan="{len(list(columns))}">{told}</td>')
                told = ""
        return mark_safe(f'<tr class="item" id="i{row.item_id}">{"".join(drawn)}</tr>')

    def old_heading(self, row, standing):
        """{column: what it said of the row's item, in words} where that is not what it says now."""
        marks = self.listing.marks
        before = marks and marks.before.get(row.pk)
        if not before:
            return {}
        then = self.heading_in_words(before, self.standings_before[row.item_id])
        now = self.heading_in_words(row, standing)
        return {name: words for name, words in then.items() if words != now[name]}

    def heading_in_words(self, row, standing):
        return {
            "wording": str(row.item__wording),
            "percent": "—" if standing.percent is None else f"{standing.percent} %",
            "execution": self.words[standing.execution],
            "timeliness": self.words[standing.worst],
        }

    @cached_property
    def standings_before(self):
        """{item id: Standing} of the items on the page, on the day it is compared with."""
        marks = self.listing.marks
        with marks.reading():
            return standings(list(self.headings[0]), on=marks.then.table.day)

    def cell(self, column, row):
        return self.drawers[column.name](row, self)

    @cached_property
    def drawers(self):
        """{column shown: what draws its cell}."""
        return {
            column.name: getattr(cells, f"{column.name}_cell", None) or partial(cells.value_cell, column)
            for column in self.shown
        }

    def item_fields(self, row):
        """The fields of the row's item that the reader may change."""
        return self.editable.item_fields(row.area_id) if self.editable else ()

    def milestone_fields(self, row):
        """The fields of the row that the reader may change."""
        if not self.editable:
            return ()
        return self.editable.milestone_fields(row.area_id, {part.party_id for part in row.parts if part.is_counting})

    # In files

    def value_wording(self, row):
        return str(row.wording)

    def value_parties(self, row):
        return str(row.strip)

    def value_agreed(self, row):
        return row.agreed_text

    def value_current(self, row):
        return row.term_text

    def value_execution(self, row):
        return self.words[row.execution]

    def value_timeliness(self, row):
        return self.words[row.timeliness]

    def value_area(self, row):
        return self.words[row.area_id]

    def value_quarter(self, row):
        return quarter_in_words(quarter_key(row.due_on))

    @cached_property
    def words(self):
        """{execution, timeliness, area id: its name}, put into the reader's language once a file."""
        choices = {one.value: str(one.label) for one in [*Execution, *Timeliness]}
        return choices | {area: str(name) for area, name in self.areas.items()}

    def words_agreed(self, row):
        return row.agreed.in_words()

    def words_current(self, row):
        return row.current.in_words()

    def value_item_number(self, row):
        return row.item__number

    def value_item(self, row):
        return str(row.item__wording)

    def value_executors(self, row):
        return "; ".join(f"{one.code}: {one.organisation}" for one in row.executors)

    def value_first(self, row):
        return row.first.in_words()

    def value_counted(self, row):
        return f"{row.completed} / {row.counting}"

    def value_control(self, row):
        return cells.control_in_words(row) or str(Control.ON.label)

    def value_proof(self, row):
        return str(row.proof)

    def value_expected(self, row):
        return str(row.item__expected_result)

    def value_note(self, row):
        return str(row.item__note)

    def value_address(self, row):
        return f"{self.items_address}{row.item_id}/#m{row.pk}"

    @cached_property
    def items_address(self):
        return self.request.build_absolute_uri(reverse("items", args=[self.request.roadmap.slug]))


def dropped_in_words(standing):
    return _("%(n)s dropped") % {"n": standing.dropped} if standing.dropped else ""


@dataclass
class ItemRow:
    item: Item
    standing: Standing
    executors: list

    @property
    def pk(self):
        return self.item.pk


class ItemsByArea(AreaGrouping):
    column = "area"


class ItemTable(ListTable):
    """Items of a roadmap, each with how it stands."""

    kept_first = ("number",)
    row_prefix = "i"
    related = ("area",)
    groupings, opens_grouped = {"area": ItemsByArea}, False

    number = Column(
        verbose_name=gettext_lazy("No."), accessor="item__number", order_by=("number_key", "pk"), look="no", width=10
    )
    wording = Column(verbose_name=gettext_lazy("Item"), order_by=("search", "pk"), look="what", width=60)
    area = Column(verbose_name=gettext_lazy("Area"), order_by=("area__position", "number_key", "pk"), width=30)
    executors = Column(verbose_name=gettext_lazy("Executors"), orderable=False, look="orgs", width=60)
    standing = Column(
        verbose_name=gettext_lazy("Milestones completed"), accessor="standing__completed", orderable=False,
        template="dashboards/_item_standing.html", kind=Kind.NUMBER, width=12,
    )  # fmt: skip
    timeliness = Column(verbose_name=gettext_lazy("Timeliness"), orderable=False, width=20)

    total = Column(
        verbose_name=gettext_lazy("Milestones"), accessor="standing__total", orderable=False, by_default=False,
        in_files=True, kind=Kind.NUMBER, width=12,
    )  # fmt: skip
    percent = Column(
        verbose_name=gettext_lazy("Progress"), accessor="standing__percent", orderable=False, by_default=False,
        in_files=True, kind=Kind.PERCENT, width=10,
    )  # fmt: skip
    execution = Column(verbose_name=gettext_lazy("Execution"), orderable=False, by_default=False, width=18)
    control = Column(
        verbose_name=gettext_lazy("Control"), accessor="item__get_control_display", order_by=("control", "pk"),
        by_default=False, width=16,
    )  # fmt: skip
    rule = Column(
        verbose_name=gettext_lazy("Completed when completed by"), accessor="item__get_rule_display", orderable=False,
        by_default=False, width=20,
    )  # fmt: skip
    expected = Column(
        verbose_name=gettext_lazy("Expected result"), accessor="item__expected_result", orderable=False,
        by_default=False, width=50,
    )  # fmt: skip

    def prepare(self, items):
        ids = [item.pk for item in items]
        standing, executors = standings(ids, on=self.request.day), executors_of(ids)
        return [ItemRow(item, standing[item.pk], executors.get(item.pk, [])) for item in items]

    def render_wording(self, row):
        address = reverse("item", args=[self.request.roadmap.slug, row.pk]) + self.on_query
        return format_html('<a href="{}">{}</a>', address, said(row.item.wording))

    def render_area(self, row):
        return said(row.item.area.name)

    def render_executors(self, row):
        return mark_safe(cells.executors(row.executors))

    def render_timeliness(self, row):
        return mark("timeliness", row.standing.worst)

    def render_execution(self, row):
        return mark("execution", row.standing.execution)

    def render_expected(self, row):
        return said(row.item.expected_result)

    def value_wording(self, row):
        return str(row.item.wording)

    def value_area(self, row):
        return str(row.item.area)

    def value_executors(self, row):
        return "; ".join(f"{one.code}: {one.organisation}" for one in row.executors)

    def value_timeliness(self, row):
        return Timeliness(row.standing.worst).label

    def value_execution(self, row):
        return Execution(row.standing.execution).label
