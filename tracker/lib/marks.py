"""What has changed in a list since it was seen from an earlier standpoint: cells, rows that came, rows that left."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _

LEFT_SHOWN = 200  # of the rows that are no longer there; their number is always told


class Changed(NamedTuple):
    """A cell of a file whose value changed, both in words; `new` is None in a row that left."""

    old: str
    new: str | None

    def __str__(self):
        return self.old if self.new is None else f"{self.old} → {self.new}"


@dataclass
class Marks:
    """The list `now` (a Listing) beside the same list as it was `then`, which is read inside `reading()`.

    `is_whole`: the filters ask nothing of the change itself, so that a row that fits no longer has left the list.
    """

    now: object
    then: object
    reading: AbstractContextManager
    words: str
    is_whole: bool = True

    @cached_property
    def keys_then(self):
        with self.reading():
            return {*self.then.rows.order_by().values_list("pk", flat=True)}

    @cached_property
    def keys_now(self):
        return {*self.now.rows.order_by().values_list("pk", flat=True)} if self.is_whole else self.keys_then

    @cached_property
    def came(self):
        """How many rows are here that were not."""
        return len(self.keys_now - self.keys_then)

    @cached_property
    def left(self):
        """How many rows were here that are not."""
        return len(self.keys_then - self.keys_now)

    @cached_property
    def before(self):
        """{key: the row as it was} of the rows of this page."""
        return self.rows_before([row.pk for row in self.now.page_rows])

    def rows_before(self, keys):
        """{key: the row as it was} of those that were there at all, in this list or not."""
        with self.reading():
            return {row.pk: row for row in self.then.table.at_hand(keys)}

    @cached_property
    def rows_left(self):
        """The first of the rows that left, in the order that they had, as they were."""
        gone = self.keys_then - self.keys_now
        if not gone:
            return []
        with self.reading():
            keys = [pk for pk in self.then.rows.values_list("pk", flat=True) if pk in gone][:LEFT_SHOWN]
            found = {row.pk: row for row in self.then.table.at_hand(keys)}
        return [found[pk] for pk in keys]

    def is_new(self, row):
        return row.pk not in self.keys_then

    def old(self, column, row):
        """What the cell held, in words, where that is not what it holds now; None where it is, or was not there."""
        before = self.before.get(row.pk)
        if before is None:
            return None
        return self.differing(column, before, row)

    def differing(self, column, before, row):
        was, now = self.then.table.value(column, before), self.now.table.value(column, row)
        return None if was == now else self.then.table.words_of(column, before)

    # In files

    def file_cells(self, columns, rows):
        """The values of rows now, changed ones as Changed, each row with what became of it since."""
        before = self.rows_before([row.pk for row in rows])
        for row in rows:
            earlier, cells = before.get(row.pk), []
            for column in columns:
                value = self.now.table.value(column, row)
                old = earlier and self.differing(column, earlier, row)
                cells.append(value if old is None else Changed(old, self.now.table.words_of(column, row)))
            is_changed = any(isinstance(cell, Changed) for cell in cells)
            yield [*cells, _("new here") if self.is_new(row) else _("changed") if is_changed else ""]

    def cells_left(self, columns):
        for row in self.rows_left:
            yield [*(Changed(self.then.table.words_of(column, row), None) for column in columns), _("no longer here")]
