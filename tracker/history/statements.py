"""Many rows in one prepared statement. Django's own bulk methods build an expression for every cell of every row:
for 10 000 milestones and their versions that was a minute, this is seconds (quality.md, "Import").
"""

from functools import cache

from django.db import connection, connections, router


@cache
def version_model(model):
    """The model of a tracked model's versions; kept, for `model.history` builds a manager class at each use."""
    return model.history.model


def copy_rows(model, ids, **own):
    """INSERT … SELECT: a version of each row as it is stored, with the version's own columns."""
    if not ids:
        return
    history = version_model(model)
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    copied = [quote(field.column) for field in model._meta.concrete_fields if not field.generated]
    fields = [history._meta.get_field(name) for name in own]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(history._meta.db_table)}"
            f" ({', '.join([*copied, *(quote(field.column) for field in fields)])})"
            f" SELECT {', '.join([*copied, *('%s' for field in fields)])} FROM {quote(model._meta.db_table)}"
            f" WHERE {quote(model._meta.pk.column)} IN ({', '.join('%s' for pk in ids)})",
            [*(field.get_db_prep_save(own[field.name], connection) for field in fields), *ids],
        )


def update_rows(model, rows, names):
    """Write the named fields of rows of a tracked model, each row to its next version."""
    fields = [model._meta.get_field(name) for name in sorted(names)]
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    version = quote("version")
    changes = [f"{version} = {version} + 1", *(f"{quote(field.column)} = %s" for field in fields)]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(model._meta.db_table)} SET {', '.join(changes)} WHERE {quote(model._meta.pk.column)} = %s",
            [
                [*(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields), row.pk]
                for row in rows
            ],
        )


def as_stored(column):
    """The column in a SELECT whose value is wanted in the very spelling of the database."""
    return f'+"{column}"' if connection.vendor == "sqlite" else f'"{column}"'  # SQLite converts columns alone
