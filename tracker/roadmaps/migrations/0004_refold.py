"""Fold the words of items and milestones anew: wording first, and in a milestone's its item's words too.

All wordings, organisations' names too, stand in an order of languages that does not depend on the database. Rows and
their versions are folded: what follows from a row makes no new version. A version of a milestone gets the words that
its item had when it ended.
"""

from bisect import bisect_left

from django.db import migrations

from tracker.lib.texts import fold

SLICE = 5000


def refold(apps, schema_editor):
    refold_all(apps, schema_editor, lambda number, wording: [*wording.all(), number], lambda own, item: [*own, *item])


def refold_back(apps, schema_editor):
    refold_all(apps, schema_editor, lambda number, wording: [number, *wording.all()], lambda own, item: own)


def refold_all(apps, schema_editor, own_parts, with_item):
    get, connection = (lambda name: apps.get_model("roadmaps", name)), schema_editor.connection
    for model in (get("Organisation"), get("HistoricalOrganisation")):
        write(connection, model, ["name", "abbreviation"], lambda name, short: [*name.all(), *short.all()])
    for model in (get("Item"), get("HistoricalItem")):
        write(connection, model, ["number", "wording"], own_parts)
    ends, parts = item_words(get("HistoricalItem"))

    def parts_of(number, wording, item, end=None):
        place = bisect_left(ends[item], end) if end else len(ends[item]) - 1
        return with_item(own_parts(number, wording), parts[item][min(place, len(ends[item]) - 1)])

    write(connection, get("Milestone"), ["number", "wording", "item"], parts_of)
    write(connection, get("HistoricalMilestone"), ["number", "wording", "item", "valid_to"], parts_of)


def item_words(versions):
    """Of each item {id: when its versions ended} and {id: the words of these}."""
    ends, parts = {}, {}
    rows = versions.objects.order_by("valid_to").values_list("id", "valid_to", "number", "wording")
    for pk, end, number, wording in rows.iterator(chunk_size=SLICE):
        ends.setdefault(pk, []).append(end)
        parts.setdefault(pk, []).append([number, *wording.all()])
    return ends, parts


def write(connection, model, columns, parts_of):
    quote, key = connection.ops.quote_name, model._meta.pk
    update = f"UPDATE {quote(model._meta.db_table)} SET search = %s WHERE {quote(key.column)} = %s"
    last = 0
    while rows := list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", *columns)[:SLICE]):
        last = rows[-1][0]
        with connection.cursor() as cursor:
            cursor.executemany(update, [(fold(*parts_of(*values)), pk) for pk, *values in rows])


class Migration(migrations.Migration):
    dependencies = [("roadmaps", "0003_replacements")]
    operations = [migrations.RunPython(refold, refold_back)]
