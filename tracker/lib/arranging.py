"""The controls above a list: which columns in which order, how close the rows, what stands together; all real links."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext_lazy as _

DENSITIES = {"comfortable": _("Comfortable"), "compact": _("Compact")}
PLACE = ("column", "density")  # what a person may have remembered for a list
OPEN = "arrange"  # shows the menu of the columns, which comes when it is opened


@dataclass
class Choice:
    label: str
    url: str
    is_current: bool


@dataclass
class ColumnChoice:
    """A column in the menu; `earlier` and `later` are the addresses with it moved by one place, where it can move."""

    name: str
    label: str
    is_shown: bool
    is_kept: bool = False
    earlier: str = ""
    later: str = ""


class Arrangement:
    """What the reader may change in a list (lib/listing.py), each with the address where it is so."""

    def __init__(self, arranged):
        self.list, self.table, self.asked = arranged, arranged.table, arranged.request.GET

    @cached_property
    def columns(self):
        """Those shown, in order, then those that may be added."""
        shown = [column.name for column in self.table.shown]
        left_out = [c for c in self.table.columns if c.column.drawn and c.name not in shown]
        return [
            *(self.shown_choice(column, shown) for column in self.table.shown),
            *(ColumnChoice(column.name, column.header, is_shown=False) for column in left_out),
        ]

    def shown_choice(self, column, shown):
        choice = ColumnChoice(column.name, column.header, is_shown=True, is_kept=column.name in self.table.kept_first)
        place, first = shown.index(column.name), len(self.table.kept_first)
        if place > first:
            choice.earlier = self.list.address(column=swapped(shown, place - 1))
        if first <= place < len(shown) - 1:
            choice.later = self.list.address(column=swapped(shown, place))
        return choice

    @cached_property
    def fields(self):
        """(name, value) of what an address says beside the columns, for the form that chooses them."""
        left_out = ("column", "page", OPEN)
        return [(name, value) for name, values in self.asked.lists() if name not in left_out for value in values]

    @property
    def is_open(self):
        return OPEN in self.asked

    @property
    def open_address(self):
        return self.list.address(**{OPEN: "on"})

    @property
    def reset(self):
        """The address with the columns that the list has by itself, whatever the person has remembered."""
        return self.list.address(column=self.table.usual if self.list.liking.get("columns") else [])

    @property
    def is_remembered(self):
        return bool(self.list.liking)

    @property
    def is_to_remember(self):
        """Whether the address says something of columns or density that is not remembered yet."""
        liking = self.list.liking
        now = ([column.name for column in self.table.shown], self.list.density)
        known = (self.table.chosen(liking.get("columns", ())), liking.get("density", ""))
        return any(name in self.asked for name in PLACE) and now != known

    @property
    def densities(self):
        now = self.list.density if self.list.density in DENSITIES else "comfortable"
        return [Choice(label, self.list.address(density=name), name == now) for name, label in DENSITIES.items()]

    @property
    def groupings(self):
        """The ways to group, and none; empty where the list knows no groups."""
        if not self.table.groupings:
            return []
        named = {name: grouping.label for name, grouping in self.table.groupings.items()} | {"none": _("No groups")}
        return [
            Choice(label, self.list.address(group=name, fold=[]), name == self.list.group_name)
            for name, label in named.items()
        ]

    @property
    def fold_all(self):
        return self.list.address(fold="*")

    @property
    def unfold_all(self):
        return self.list.address(fold=[])


def swapped(names, place):
    """The names with the one at this place and the next exchanged."""
    return [*names[:place], names[place + 1], names[place], *names[place + 2 :]]
