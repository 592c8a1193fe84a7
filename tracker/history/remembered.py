"""Counts kept until something changes: a table of 100 000 rows need not be counted for every reader of it."""

from datetime import timedelta
from hashlib import blake2s

from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Value
from django.utils import timezone

from .as_of import current_reading
from .changes import pending
from .models import DataState

SETTLED = timedelta(hours=1)  # a moment this long ago has no slow writer left


def remembered(query):
    """The rows of a `values()` or `values_list()` query of tracked models, read once for each state of the data.

    The key is the statement itself, with the day and the rights that are in it, and the moment it is read as of. What
    was recorded by a moment that is over never changes, and is kept under the moment alone.
    """
    return all_remembered(query)[0]


def all_remembered(*queries):
    """The rows of each of several queries, of one state of the data."""
    state = state_of_data()
    return [rows_of(query, state) for query in queries]


def how_many(rows):
    """The number of the rows of a queryset, counted once for each state of the data."""
    return sum(row["n"] for row in remembered(rows.order_by().values(together=Value(1)).annotate(n=Count("pk"))))


def state_of_data():
    """The name of what is read; None where it has none: before the first change, and while something is written."""
    under_way, reading = pending(), current_reading()
    if under_way and under_way.row:
        return None
    if reading is not None and reading.moment < timezone.now() - SETTLED:
        return str(reading)
    name = DataState.objects.values_list("name", flat=True).first()
    return name and f"{reading or ''}{name}"


def rows_of(query, state):
    try:
        statement = str(query.query.sql_with_params())
    except EmptyResultSet:
        return []
    name = blake2s(f"{state} {statement}".encode()).hexdigest()
    found = caches["local"].get(name) if state else None
    if found is None:
        found = list(query.all())
        if state:
            caches["local"].set(name, found)
    return found
