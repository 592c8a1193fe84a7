"""One way to list rows: filter, sort, group, fold, page, choose columns, export; every state is in the address.

| in the address | what it says |
|---|---|
| the names of the filter | what is wanted (lib/filters.py) |
| `sort=-due` | in which order |
| `group=area`, `group=none` | what stands together; without it the table's first grouping, unless sorted |
| `fold=energy`, `fold=*` | groups of which only the heading shows |
| `column=number&column=wording` | which columns, in this order |
| `arrange=on` | the menu of the columns, open |
| `density=compact` | closer rows |
| `page=3` | |
| `export=csv`, `export=xlsx` | the same rows as a file: all pages |
"""

from copy import copy
from functools import cached_property
from itertools import islice

from django.core.paginator import Paginator

from .addresses import LOOKING, address_of, as_live
from .arranging import OPEN, Arrangement
from .chips import chips
from .marks import Marks
from .searching import scanning

NO_GROUPS, ALL_GROUPS = "none", "*"
OF_CHANGES = ("change", "part_change")  # filters that ask what has changed, not what is so
# What an address says beside the filters
STATE = ("sort", "group", "fold", "column", "density", "page", "view", *LOOKING)


class Listing:
    """A table arranged as the address asks: what is drawn, on which page."""

    def __init__(self, request, table):
        self.request, self.table, asked = request, table, request.GET
        table.listing = self
        name = request.resolver_match.url_name
        self.liking = request.user.list_preference(name) if request.user.is_authenticated else {}
        table.choose(asked.getlist("column") or self.liking.get("columns", ()))
        self.density = asked.get("density") or self.liking.get("density", "")
        self.is_sorted = bool(table.order_by)
        self.grouping = self.chosen_grouping(asked.get("group", ""))
        self.rows = table.data.data  # all that match, in order
        if self.grouping:
            self.rows = self.grouping.order(self.rows)
        self.folded = set(asked.getlist("fold")) if self.grouping else set()

    def chosen_grouping(self, name):
        groupings = self.table.groupings
        if not groupings or name == NO_GROUPS:
            return None
        if name not in groupings:
            if self.is_sorted or not self.table.opens_grouped:
                return None
            name = next(iter(groupings))
        self.group_name = name
        return groupings[name](self.table)

    group_name = NO_GROUPS
    marks = None  # what has changed since an earlier standpoint (marks.py)

    def address(self, **changes):
        """The address of the same list with these values in place of those it has, from its first page."""
        asked = self.request.GET.copy()
        for passing in ("page", OPEN):
            asked.pop(passing, None)
        for name, value in changes.items():
            asked.setlist(name, value if isinstance(value, list) else [value])
        return address_of(asked)

    @property
    def fields(self):
        """(name, value) of what the address says beside the filters, for their form."""
        asked = self.request.GET
        return [(name, value) for name in STATE if name != "page" for value in asked.getlist(name)]

    @property
    def cleared(self):
        """The address without the filters; what is beside them stays."""
        asked = self.request.GET.copy()
        for name in self.table.filter_names | {"page"}:
            asked.pop(name, None)
        return address_of(asked)

    @cached_property
    def arrangement(self):
        return Arrangement(self)

    def fold_address(self, group):
        """The address with this group folded, or unfolded."""
        folded = {one.key for one in self.groups if self.is_folded(one)} ^ {group.key}
        return self.address(fold=sorted(folded))

    @cached_property
    def groups(self):
        """The groups of all that matches, each with whether it is folded."""
        return self.grouping.groups() if self.grouping else []

    def is_folded(self, group):
        return ALL_GROUPS in self.folded or group.key in self.folded

    @cached_property
    def page(self):
        rows = self.rows
        if folded := [group.key for group in self.groups if self.is_folded(group)]:
            rows = self.grouping.without(rows, folded)
        paginator = Paginator(rows, self.table.per_page)
        if self.grouping:
            paginator.count = sum(group.count for group in self.groups if not self.is_folded(group))
        else:
            paginator.count = self.total
        return paginator.get_page(self.request.GET.get("page"))

    @cached_property
    def total(self):
        """How many rows match, folded or not."""
        return sum(group.count for group in self.groups) if self.grouping else self.table.count(self.rows)

    @cached_property
    def page_rows(self):
        with scanning(not self.is_sorted and self.page.end_index() * 10 <= self.total):
            return self.table.prepare(list(self.table.fetch(self.page.object_list)))

    def lines(self):
        """The page as HTML, row by row, each group under its heading; a folded group's heading stands in its place."""
        yield from self.lines_here()
        if self.marks and self.marks.left and not self.page.has_next():
            yield self.table.heading_of_left(self.marks)
            with self.marks.reading():
                yield from [self.marks.then.table.line_left(row) for row in self.marks.rows_left]

    def lines_here(self):
        if not self.grouping:
            yield from (self.table.line(row) for row in self.page_rows)
            return
        rows, place = iter(self.page_rows), 0
        begin = (self.page.number - 1) * self.table.per_page
        end = begin + len(self.page_rows)
        is_last = not self.page.has_next()
        for group in self.groups:
            if self.is_folded(group):
                if begin <= place < end or (place == end and is_last):
                    yield self.table.group_line(group, is_folded=True)
                continue
            here = min(end, place + group.count) - max(begin, place)
            place += group.count
            if here > 0:
                yield self.table.group_line(group, is_folded=False)
                yield from self.table.group_lines(islice(rows, here))


def wants_fragment(request):
    """Whether only the list is asked for, to take the place of the one on the page (htmx)."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def listing(request, rows, filterset_class, table_class, **filter_options):
    """The context of a list page: `filter`, `chips`, `table`, `list` (a Listing), `page`, `rows` (all that match).

    An unknown sort, group or column is ignored, an impossible page is the nearest one, and a bad filter value is a
    sentence at its field while the other filters hold. `request.user` may answer `list_preference(name)`: the columns
    and the density that the person has chosen for the list of this URL name. `request.since`, if there is one, says
    what the list is compared with: its `standpoint`, the `words` for it, and the `query` of a page seen from there.
    """
    arranged, filterset = arrange(request, rows, filterset_class, table_class, filter_options)
    if since := getattr(request, "since", None):
        earlier = seen_from(request, since)
        options = filter_options | ({"on": earlier.day} if "on" in filter_options else {})
        then, _filterset = arrange(earlier, rows, filterset_class, table_class, options)
        is_whole = not any(request.GET.getlist(name) for name in OF_CHANGES)
        arranged.marks = Marks(arranged, then, since.standpoint.read, since.words, is_whole)
    return {
        "filter": filterset,
        "chips": list(chips(request, filterset)),
        "table": arranged.table,
        "list": arranged,
        "rows": arranged.rows,
        "page": arranged.page,
        "is_sorted": arranged.is_sorted,
    }


def arrange(request, rows, filterset_class, table_class, options):
    """(the Listing of what the request asks of these rows, its filter)."""
    filterset = filterset_class(request.GET, queryset=rows, request=request, **options)
    table = table_class(filterset.qs)
    table.filter_names = filterset.names
    table.request, table.matching = request, filterset.qs  # set, not given: with a request it would page by itself
    table.unfiltered = rows
    table.order_by = request.GET.get("sort", ())
    return Listing(request, table), filterset


def seen_from(request, since):
    """The same request for the list as it was seen then, which knows nothing of later changes."""
    earlier = copy(request)
    earlier.GET = as_live(request.GET)
    for name in OF_CHANGES:
        earlier.GET.pop(name, None)
    earlier.GET.update(since.query)
    earlier.standpoint, earlier.day = since.standpoint, since.standpoint.day
    earlier.since, earlier.is_live = None, False
    return earlier
