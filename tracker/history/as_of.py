"""Past days through unchanged queries: inside `as_of` the versions of that moment stand in for the tables.

Every SELECT that names a tracked table is prefixed by a common table expression of the same name, which shadows it
with the versions valid then; so filters, joins, counts and labels are those of that moment. Writing raises Frozen.
Users, sessions and grants are never shadowed: rights are today's.
"""

import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import Refusal

_moment = ContextVar("as of", default=None)
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Frozen(Refusal):
    """Something was to be written while the past was being read."""


@contextmanager
def as_of(moment):
    """Read what was recorded by the moment (exclusive of later changes); None reads the present."""
    if moment is None:
        yield
        return
    token, installed = _moment.set(moment), shadow in connection.execute_wrappers
    try:
        if installed:
            yield
        else:
            with connection.execute_wrapper(shadow), grouping_in_full():
                yield
    finally:
        _moment.reset(token)


@contextmanager
def grouping_in_full():
    """GROUP BY every column: PostgreSQL infers the others from a primary key only of a real table."""
    features = connection.features
    before = features.allows_group_by_selected_pks
    features.allows_group_by_selected_pks = False
    try:
        yield
    finally:
        features.allows_group_by_selected_pks = before


def current_as_of():
    """The moment being read, or None in the present; a stream takes it along to enter it again."""
    return _moment.get()


def shadow(execute, sql, params, many, context):
    """The database wrapper: shadows the tracked tables that a SELECT names, refuses every write."""
    statement = sql.lstrip("( \n")
    if statement[:7].upper().startswith(WRITES):
        raise Frozen(_("A past day can only be read."))
    tables = dict.fromkeys(shadowed().findall(sql)) if statement[:6].upper() in ("SELECT", "WITH R", "WITH \"") else {}
    if not tables:
        return execute(sql, params, many, context)
    at = connection.ops.adapt_datetimefield_value(_moment.get())
    if params is None:
        sql, params = sql.replace("%", "%%"), ()
    views = ", ".join(view_of(table, connection.vendor) for table in tables)
    if sql.upper().startswith("WITH RECURSIVE"):
        sql = f"WITH RECURSIVE {views}, {sql[14:]}"
    elif sql.upper().startswith("WITH"):
        sql = f"WITH {views}, {sql[4:]}"
    else:
        sql = f"WITH {views} {sql}"
    return execute(sql, (*[at, at] * len(tables), *params), many, context)


@cache
def shadowed():
    """A pattern that finds the names of shadowed tables, each as a whole."""
    return re.compile('"(%s)"' % "|".join(models_by_table()))


@cache
def models_by_table():
    from .models import Tracked

    return {m._meta.db_table: m for m in apps.get_models() if issubclass(m, Tracked) and m.shadowed}


@cache
def view_of(table, vendor):
    """The common table expression that stands in for a table: the versions valid at a moment (given twice)."""
    model = models_by_table()[table]
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    history = model.history.model._meta.db_table
    inlined = " NOT MATERIALIZED" if vendor == "postgresql" else ""  # so that conditions reach its indexes
    return (
        f'"{table}" AS{inlined} (SELECT {columns} FROM "{history}" WHERE "history_date" < %s AND "valid_to" >= %s)'
    )
