"""Words in folded `search` columns (lib/texts.fold): an index of three-letter pieces, and scanning where it has no say.

PostgreSQL keeps the index in the table and takes it by itself. SQLite keeps it beside the table, in an FTS5 table of
keys that triggers hold; `holds()` asks there. What it is worth stands in README, Decisions. Both are made after each
migration, for a table that is rebuilt loses its triggers.
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models, transaction
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In
from django.db.utils import DatabaseError

PIECE = 3  # letters; a shorter word is found by scanning

_scan = ContextVar("search without the index", default=False)


@contextmanager
def scanning(is_wanted=True):
    """Within it, words are found without the index: on past days, where the table is another, or if so many hits are
    expected that the first are found soonest by going through the rows in their order."""
    token = _scan.set(_scan.get() or is_wanted)
    try:
        yield
    finally:
        _scan.reset(token)


class Found(models.Expression):
    """A condition in two ways of saying, by the index or by scanning, chosen when the statement is made.

    Of a model whose index is beside its table only where there is one.
    """

    conditional = True

    def __init__(self, indexed, scanned, *, beside=None):
        super().__init__(output_field=models.BooleanField())
        self.ways, self.beside = [indexed, scanned], beside

    def get_source_expressions(self):
        return self.ways

    def set_source_expressions(self, ways):
        self.ways = ways

    def as_sql(self, compiler, connection):
        indexed, scanned = self.ways
        is_scanned = _scan.get() or (self.beside and not has_words(connection, self.beside))
        return compiler.compile(scanned if is_scanned else indexed)


class Among(In):
    """`IN` as a last question: SQLite goes through the rows by an index and asks the set, rather than fetch each."""

    def as_sqlite(self, compiler, connection):
        sql, params = super().as_sql(compiler, connection)
        return f"+{sql}", params


def holds(model, word):
    """The condition that the row's `search` holds the word, folded as it is."""
    scanned = Q(search__contains=word)
    if len(word) < PIECE:
        return scanned
    table = words_of(model)
    phrase = '"{}"'.format(word.replace('"', '""'))
    keys = RawSQL(f'SELECT "rowid" FROM "{table}" WHERE "{table}" MATCH %s', [phrase])
    return Q(Found(Q(pk__in=keys), scanned, beside=model))


def words_of(model):
    return f"{model._meta.db_table}_words"


def has_words(connection, model):
    """Whether the index beside the table is there; asked of SQLite once for each connection."""
    if connection.vendor != "sqlite":
        return False
    known = connection.__dict__.setdefault("_tables_of_words", set())
    name = words_of(model)
    if name not in known:
        connection.ensure_connection()
        found = connection.connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [f"{name}_update"])
        if found.fetchone() is None:
            return False
        known.add(name)
    return True


def keep_words(model, connection):
    """Make the index of a model's `search` column, where it is missing and the database can."""
    with connection.cursor() as cursor:
        if model._meta.db_table not in connection.introspection.table_names(cursor):
            return
        described = connection.introspection.get_table_description(cursor, model._meta.db_table)
    if "search" not in {column.name for column in described}:  # the tables of an earlier migration
        return
    if connection.vendor == "sqlite":
        _keep_beside(model, connection)
    elif connection.vendor == "postgresql":
        _keep_within(model, connection)


def _keep_beside(model, connection):
    table, words, key = model._meta.db_table, words_of(model), model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')")
        if not cursor.fetchone()[0] or connection.Database.sqlite_version_info < (3, 34):
            return
        triggers = [f"{words}_{moment}" for moment in ("insert", "delete", "update")]
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name IN (%s, %s, %s)", triggers)
        if cursor.fetchone()[0] == len(triggers):
            return
        cursor.execute(f'DROP TABLE IF EXISTS "{words}"')
        cursor.execute(
            f'CREATE VIRTUAL TABLE "{words}" USING fts5 (search, content="{table}", content_rowid="{key}",'
            " tokenize='trigram', columnsize=0)"
        )
        take = f'INSERT INTO "{words}" ("{words}", rowid, search) VALUES (\'delete\', old."{key}", old.search);'
        give = f'INSERT INTO "{words}" (rowid, search) VALUES (new."{key}", new.search);'
        for name, moment, work in zip(
            triggers,
            (f'INSERT ON "{table}"', f'DELETE ON "{table}"', f'UPDATE ON "{table}" WHEN old.search IS NOT new.search'),
            (give, take, take + give),
            strict=True,
        ):
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            cursor.execute(f'CREATE TRIGGER "{name}" AFTER {moment} BEGIN {work} END')
        cursor.execute(f'INSERT INTO "{words}" ("{words}") VALUES (\'rebuild\')')


def _keep_within(model, connection):
    table, words = model._meta.db_table, words_of(model)
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(f'CREATE INDEX IF NOT EXISTS "{words}" ON "{table}" USING gin (search gin_trgm_ops)')
    except DatabaseError as error:  # who may not create the extension searches by scanning
        logging.getLogger(__name__).warning("No index for the search in %s: %s", table, error)
