"""Does history hold? The questions that tests ask after every test and `manage.py recount` asks of real data."""

from django.apps import apps
from django.db import connection
from django.db.models import Case, F, Q, Value, When, Window
from django.db.models.functions import Coalesce, Lag, Lead

from .models import Tracked
from .versions import OPEN


def tracked_models():
    return [model for model in apps.get_models() if issubclass(model, Tracked)]


def differences():
    """Sentences about rows that differ from their open version, and about versions that overlap or leave a gap."""
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
    if count := out_of_line(history).count():
        yield f"{model.__name__}: {count} versions do not end where the next one of their row begins"


def out_of_line(history):
    """The versions that do not follow from their neighbours: one is entered first, or after a removal; each ends where
    the next one begins, the last one is open, and a removal takes no time."""
    in_order = {"partition_by": "id", "order_by": ["history_id"]}
    versions = history.objects.order_by().annotate(
        kind_before=Window(Lag("history_type"), **in_order),
        ends=Case(
            When(history_type="-", then=F("history_date")),
            default=Coalesce(Window(Lead("history_date"), **in_order), Value(OPEN)),
        ),
    )
    is_first = Q(kind_before=None) | Q(kind_before="-")
    return versions.exclude((is_first & Q(history_type="+")) | (~is_first & ~Q(history_type="+")), valid_to=F("ends"))
