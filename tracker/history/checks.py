"""Does history hold? The questions that tests ask after every test and `manage.py recount` asks of real data."""

from django.apps import apps
from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import Lead

from .models import Tracked
from .versions import OPEN


def tracked_models():
    return [model for model in apps.get_models() if issubclass(model, Tracked)]


def differences():
    """Sentences about rows that differ from their open version, and about overlapping or inverted intervals."""
    return [sentence for model in tracked_models() for sentence in differences_of(model)]


def differences_of(model):
    history = model.history.model
    names = ", ".join(connection.ops.quote_name(field.column) for field in model._meta.concrete_fields)
    open_ = connection.ops.adapt_datetimefield_value(OPEN)
    current = f'SELECT {names} FROM "{model._meta.db_table}"'
    versions = f'SELECT {names} FROM "{history._meta.db_table}" WHERE "valid_to" = %s'
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({current} EXCEPT {versions}) AS differing", [open_])
        if count := cursor.fetchone()[0]:
            yield f"{model.__name__}: {count} rows differ from their open version or have none"
        cursor.execute(f"SELECT count(*) FROM ({versions} EXCEPT {current}) AS differing", [open_])
        if count := cursor.fetchone()[0]:
            yield f"{model.__name__}: {count} open versions differ from their row or have none"
    if count := history.objects.filter(valid_to__lt=F("history_date")).count():
        yield f"{model.__name__}: {count} versions end before they begin"
    following = Window(Lead("history_date"), partition_by="id", order_by=["history_date", "history_id"])
    visible = history.objects.filter(valid_to__gt=F("history_date")).order_by()
    if count := visible.annotate(following=following).filter(valid_to__gt=F("following")).count():
        yield f"{model.__name__}: {count} versions overlap the next one of their row"
