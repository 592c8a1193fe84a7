"""Anchors: digests of the history so far, each over the rows that came since the one before it.

A row of history never changes once its transaction has ended, but for the moment at which a version ends: that one is
left out here and follows from the next version (checks.py). Rows are told apart by their ids, and on PostgreSQL an id
may be seen before a smaller one, of a slower writer. So an anchor first waits, table by table, until nobody is writing
there: no id up to the last one it then finds can appear any more. What was written after that is the next anchor's.
"""

import json
from datetime import UTC, date, datetime
from functools import cache

from django.db import OperationalError, connection, models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.lib.canonical import canonical, digest
from tracker.lib.errors import WrongState

from .chain import Anchor
from .checks import tracked_models
from .models import ChangeSet
from .statements import as_stored, version_model

SEGMENT = 5_000  # rows under one digest: as near as `verify` can tell where something was changed
PATIENCE = "30s"  # for writers to end, before an anchor is given up


def anchor():
    """Add an anchor over what has been recorded since the last one; returns the last anchor there is, or None."""
    before, covers = covered(), {}
    for model in kept_models():
        table, last = model._meta.db_table, settled_id(model)
        if last > before.get(table, 0):
            segments = segments_of(model, before.get(table, 0), last)
            covers[table] = {"columns": columns_of(model), "segments": list(segments)}
    if covers:
        Anchor(at=timezone.now(), covers=canonical(covers)).add()
    return Anchor.objects.last_added()


def not_anchored():
    """About how many rows the next anchor would cover."""
    before = covered()
    return sum(last_id(model) - before.get(model._meta.db_table, 0) for model in kept_models())


def broken_history():
    """Sentences about rows of history that are not as they were when they were anchored."""
    yield from Anchor.broken()
    known = {model._meta.db_table: model for model in kept_models()}
    for link in Anchor.objects.order_by("place").iterator():
        try:
            for table, cover in json.loads(link.covers).items():
                model, columns = known[table], cover["columns"]
                if not {*columns} <= {*columns_of(model)}:
                    yield f"{table}: columns that anchor {link.place} covers are no longer there"
                    continue
                for after, last, *kept in cover["segments"]:
                    if kept != summary(model, columns, rows_between(model, columns, after, last)):
                        yield f"{table}: rows {after + 1} to {last} differ from anchor {link.place}"
        except (ValueError, TypeError, KeyError, AttributeError):
            yield f"anchor {link.place}: what it covers cannot be read"
    if count := without_versions().count():
        yield f"{count} change sets changed nothing"


def without_versions():
    """Change sets that no version points to: the row of a set is written with the first one (changes.py)."""
    own = (version_model(model).objects.filter(change_set=OuterRef("pk")) for model in tracked_models())
    return ChangeSet.objects.filter(*(~Exists(versions) for versions in own))


def kept_models():
    """The models whose rows are only added: change sets, and the versions of all tracked models."""
    return [ChangeSet, *(version_model(model) for model in tracked_models())]


@cache
def columns_of(model):
    """What is digested of a row, the key first: not what the database computes, nor when a version ended."""
    others = [f.column for f in model._meta.concrete_fields if not (f.primary_key or f.generated)]
    return [model._meta.pk.column, *sorted(column for column in others if column != "valid_to")]


def last_id(model):
    return model.objects.aggregate(last=models.Max(model._meta.pk.name))["last"] or 0


def settled_id(model):
    """The last id, once all who are writing to the table have ended: none up to it can appear any more."""
    if connection.vendor != "postgresql":
        return last_id(model)  # SQLite has one writer at a time
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        try:
            cursor.execute(f'LOCK TABLE "{model._meta.db_table}" IN SHARE MODE')
        except OperationalError as error:
            raise WrongState(_("Something long is being recorded just now. Try again in a while.")) from error
        return last_id(model)


def covered():
    """{table: the last id under any anchor}."""
    found = {}
    for covers in Anchor.objects.order_by("place").values_list("covers", flat=True).iterator():
        for table, cover in json.loads(covers).items():
            found[table] = max(found.get(table, 0), cover["segments"][-1][1])
    return found


def segments_of(model, after, last):
    """[id that it begins after, last id, number of rows, digest] of each stretch of the rows."""
    columns = columns_of(model)
    while after < last:
        rows = rows_between(model, columns, after, last)
        end = rows[SEGMENT - 1][0] if len(rows) > SEGMENT else last
        yield [after, end, *summary(model, columns, rows[:SEGMENT])]
        after = end


def rows_between(model, columns, after, last):
    """The rows after one id and up to another as they are stored; one more than a segment has, if there are more."""
    names = ", ".join(as_stored(column) for column in columns)
    table, key = model._meta.db_table, columns[0]
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT {names} FROM "{table}" WHERE "{key}" > %s AND "{key}" <= %s ORDER BY "{key}" LIMIT {SEGMENT + 1}',
            [after, last],
        )
        return cursor.fetchall()


def summary(model, columns, rows):
    """[the number of the rows, their digest], the same on every database."""
    texts = {f.column for f in model._meta.concrete_fields if isinstance(f, models.JSONField)}
    are_json = [column in texts for column in columns]
    lines = (canonical([plain(*value) for value in zip(row, are_json, strict=True)]) for row in rows)
    return [len(rows), digest("\n".join(lines))]


def plain(value, is_json):
    """A stored value in the spelling of SQLite, so that history keeps its anchors on another database."""
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, date):
        return str(value)
    if isinstance(value, bool):
        return int(value)
    if is_json and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
