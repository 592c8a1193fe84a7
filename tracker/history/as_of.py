"""Past days through unchanged queries: inside `as_of` the versions of that moment stand in for the tables.

Every SELECT that names a tracked table is prefixed by a common table expression of the same name, which shadows it
with the versions valid then; so filters, joins, counts and labels are those of that moment. Writing raises Frozen.
Users, sessions and grants are never shadowed: rights are today's. A moment belongs to the thread that entered it.

Where more is known than the day that is judged could know (domain.md §5: a report on 31 December is compiled from what
was accepted in January), `day` is given too: then `Tracked.on_the_day` says what a row was on that day.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import Refusal
from tracker.lib.searching import scanning

_reading = ContextVar("as of", default=None)
# What a statement does, after an opening comment or bracket: reads, frames a transaction, or else writes.
KIND = re.compile(r"(?:\s|\(|/\*.*?\*/|--[^\n]*\n)*(?P<word>\w*)", re.DOTALL)
READS = {"SELECT", "WITH", "EXPLAIN", "VALUES"}
FRAMES = {"BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "SHOW", "PRAGMA"}
# Where the expressions go: after EXPLAIN and its options, and into a WITH that is there already.
OPENING = re.compile(
    r"(?P<before>\s*(?:EXPLAIN(?:\s+QUERY\s+PLAN|\s*\([^)]*\)|\s+(?:ANALYZE|VERBOSE))*\s+)?)"
    r"(?P<with>WITH(?:\s+RECURSIVE)?\b)?",
    re.IGNORECASE,
)
WRITE_WITHIN = re.compile(r"\b(INSERT\s+INTO|DELETE\s+FROM|UPDATE\s+\S+\s+SET|MERGE\s+INTO)\b", re.IGNORECASE)
LOCK = re.compile(r"\bFOR\s+(NO\s+KEY\s+)?UPDATE\b")  # whoever locks is about to write


@dataclass(frozen=True)
class Reading:
    """What is read: what was recorded before the moment; with a day, as far as it was so on that day."""

    moment: datetime
    day: date | None = None


class Frozen(Refusal):
    """Something was to be written while the past was being read."""


@contextmanager
def as_of(moment, day=None):
    """Read what was recorded before the moment; None reads on as before. `day` as above."""
    with entering(moment and Reading(moment, day)):
        yield


@contextmanager
def entering(reading):
    """Read as this reading says; None reads on as before."""
    if reading is None:
        yield
        return
    before = _reading.get()
    _reading.set(reading)
    try:
        with shadowing(), scanning():
            yield
    finally:
        _reading.set(before)


@contextmanager
def shadowing():
    """The wrapper on this connection, once however deep; queries name each column they group by.

    PostgreSQL takes a primary key for the whole row, but only of a table: an expression has no keys.
    """
    wrappers, features = connection.execute_wrappers, connection.features
    if shadow in wrappers:
        yield
        return
    by_key = features.allows_group_by_selected_pks
    wrappers.insert(0, shadow)  # first, for Django takes the last one off when another wrapper's block is left
    features.allows_group_by_selected_pks = False
    try:
        yield
    finally:
        wrappers.remove(shadow)
        features.allows_group_by_selected_pks = by_key


@contextmanager
def present():
    """Within a past day, read what is there now: what a person may read is today's question."""
    token = _reading.set(None)
    try:
        yield
    finally:
        _reading.reset(token)


def current_reading():
    """What is being read, or None in the present; a stream takes it along to enter it again."""
    return _reading.get()


def current_as_of():
    """The moment being read, or None in the present."""
    reading = _reading.get()
    return reading and reading.moment


def carried(rows):
    """The rows of a stream, each fetched as of the moment being read now: it is sent after its view has ended."""
    return _carried(iter(rows), current_reading())


def _carried(rows, reading):
    nothing = object()
    while True:
        with entering(reading):
            row = next(rows, nothing)
        if row is nothing:
            return
        yield row


def shadow(execute, sql, params, many, context):
    """The database wrapper: shadows the tracked tables that a SELECT names, refuses every write."""
    reading = _reading.get()
    kind = KIND.match(sql)["word"].upper()
    if reading is None or kind in FRAMES:
        return execute(sql, params, many, context)
    if kind not in READS or LOCK.search(sql) or (kind != "SELECT" and WRITE_WITHIN.search(sql)):
        raise Frozen(_("A past day can only be read."))
    # A name that only qualifies a column adds an expression that is never evaluated.
    tables = dict.fromkeys(word for word in re.findall(r"\w+", sql) if word in models_by_table())
    if tables:
        known = {"at": literal(reading.moment), "day": f"'{reading.day}'"}
        views = ", ".join(view_of(table, can_inline(), reading.day is not None) for table in tables) % known
        if params is not None:
            views = views.replace("%", "%%")
        opening = OPENING.match(sql)
        rest, own = sql[opening.end() :], opening["with"]
        sql = f"{opening['before']}{own or 'WITH'} {views}{',' if own else ''} {rest}"
    return execute(sql, params, many, context)


def literal(moment):
    """The moment in the SQL text, spelled as the database stores it, so that the parameters stay as they are."""
    stored = connection.ops.adapt_datetimefield_value(moment)
    return f"'{stored}'" if connection.vendor == "sqlite" else f"'{stored.isoformat()}'::timestamptz"


@cache
def models_by_table():
    from .models import Tracked

    return {m._meta.db_table: m for m in apps.get_models() if issubclass(m, Tracked) and m.shadowed}


def can_inline():
    """Whether the database knows NOT MATERIALIZED: conditions then reach the indexes behind the expression."""
    return connection.vendor == "postgresql" or connection.Database.sqlite_version_info >= (3, 35)


@cache
def view_of(table, inline, is_on_a_day):
    """The common table expression that stands in for a table: the versions valid at `%(at)s`, as on `%(day)s`."""
    model = models_by_table()[table]
    history = model.history.model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    versions = f'SELECT {columns} FROM "{history}" WHERE "history_date" < %(at)s AND "valid_to" >= %(at)s'
    if is_on_a_day and model.on_the_day:
        versions = on_the_day(model, versions)
    return f'"{table}" AS{" NOT MATERIALIZED" if inline else ""} ({versions})'


def on_the_day(model, versions):
    """The versions with the columns that were otherwise on the day, and those generated from them."""
    said, fields = model.on_the_day, model._meta.concrete_fields
    stored = [f for f in fields if not f.generated]
    seen = ", ".join(f'{said[f.name]} AS "{f.column}"' if f.name in said else f'"{f.column}"' for f in stored)
    generated = "".join(f', {expression_of(f)} AS "{f.column}"' for f in fields if f.generated)
    return f"SELECT *{generated} FROM (SELECT {seen} FROM ({versions}) AS version) AS seen"


def expression_of(field):
    """The expression of a generated column as SQL without parameters."""
    sql, params = field.generated_sql(connection)
    quote = connection.schema_editor().quote_value
    return sql.replace("%%", "%") % tuple(quote(value) for value in params) if params else sql
