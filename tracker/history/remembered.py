"""Counts kept until something changes: a table of 100 000 rows need not be counted for every reader of it."""

from datetime import timedelta
from hashlib import blake2s

from django.core.cache import caches
from django.core.exceptions import EmptyResultSet
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
    under_way, name = pending(), key_of(query)
    if name is None or (under_way and under_way.row):  # what is being written has no name yet
        return list(query.all())
    cache, found = caches["local"], caches["local"].get(name)
    if found is None:
        found = list(query.all())
        cache.set(name, found)
    return found


def key_of(query):
    """The name under which the answer is kept; None where it cannot be (an empty query, no state yet)."""
    try:
        statement = str(query.query.sql_with_params())
    except EmptyResultSet:
        return None
    reading = current_reading()
    state = str(reading or "")
    if reading is None or reading.moment >= timezone.now() - SETTLED:
        name = DataState.objects.values_list("name", flat=True).first()
        if name is None:
            return None
        state += name
    return blake2s(f"{state} {statement}".encode()).hexdigest()
