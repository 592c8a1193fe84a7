"""Fold the texts that are searched, in rows and in their versions: what follows from a row makes no new version."""

from django.db import migrations

from tracker.lib.texts import fold

TEXTS = {
    "report": ["narrative"],
    "evidence": ["title", "number", "issued_by", "file_name", "address"],
    "deadlinechange": ["text", "basis", "before_text", "after_text"],
}
SLICE = 5000


def fold_texts(apps, schema_editor):
    for name, texts in TEXTS.items():
        for model in (apps.get_model("progress", name), apps.get_model("progress", f"historical{name}")):
            fold_rows(model, texts, schema_editor.connection)


def fold_rows(model, texts, connection):
    quote, key = connection.ops.quote_name, model._meta.pk
    update = f"UPDATE {quote(model._meta.db_table)} SET search = %s WHERE {quote(key.column)} = %s"
    last = 0
    while rows := list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", *texts)[:SLICE]):
        last = rows[-1][0]
        folded = ((fold(*found), pk) for pk, *found in rows)
        with connection.cursor() as cursor:
            cursor.executemany(update, [(text, pk) for text, pk in folded if text])


class Migration(migrations.Migration):

    dependencies = [("progress", "0004_searched_texts")]

    operations = [migrations.RunPython(fold_texts, migrations.RunPython.noop)]
