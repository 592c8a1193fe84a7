"""Versions: each carries when it began (`history_date`) and when it ended (`valid_to`), a half-open interval.

django-simple-history makes the tables; the interval, the change set and the indexes are ours (spikes.md, A).
"""

from datetime import UTC, datetime, timedelta

from django.db import models
from simple_history.models import HistoricalRecords

from .changes import pending

OPEN = datetime(9999, 1, 1, tzinfo=UTC)  # a sentinel, not NULL: NULL with OR doubled the time of a count
SLICE = 500
INSTANT = timedelta(microseconds=1)


class Version(models.Model):
    """What every version knows beside the columns of its row."""

    valid_to = models.DateTimeField(default=OPEN)
    change_set = models.ForeignKey("history.ChangeSet", models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class TrackedHistory(HistoricalRecords):
    """simple-history's records without person and reason (they are the change set's), with our intervals and indexes."""

    def add_extra_methods(self, cls):
        """No way to save without a version."""

    def get_extra_fields(self, model, fields):
        extra = super().get_extra_fields(model, fields)
        for name in ("history_user", "history_change_reason"):
            del extra[name]
        return extra

    def copy_fields(self, model):
        fields = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False
        return fields

    def get_meta_options(self, model):
        options = super().get_meta_options(model)
        interval = ["valid_to", "history_date"]
        options["indexes"] = [
            models.Index(fields=["id", "history_date"]),
            models.Index(fields=interval),
            *(models.Index(fields=[*columns, *interval]) for columns in model.history_indexes),
        ]
        options["constraints"] = [
            models.UniqueConstraint(
                fields=["id"], condition=models.Q(valid_to=OPEN), name=f"{model._meta.model_name[:17]}_open_version"
            )
        ]
        return options

    def create_historical_record(self, instance, history_type, using=None):
        record(type(instance), [instance], history_type)


def record(model, rows, kind):
    """Write a version of each row, + new, ~ changed or - deleted, and close the versions before."""
    history = model.history.model
    columns = [field.attname for field in model._meta.concrete_fields if not field.generated]
    pending_set = pending()
    at, change_set = pending_set.moment(), pending_set.stored()
    versions = [
        history(
            history_date=at,
            history_type=kind,
            valid_to=at if kind == "-" else OPEN,
            change_set=change_set,
            **{column: getattr(row, column) for column in columns},
        )
        for row in rows
    ]
    for start in range(0, len(versions), SLICE):
        part = versions[start : start + SLICE]
        if kind != "+":
            close(history, part, at)
        history.objects.bulk_create(part)


def close(history, versions, at):
    """End the open versions of the same rows at the moment the new ones begin.

    A version that began later than this moment (a slower writer took its time before the lock) is never inverted: the
    new version begins an instant after it instead.
    """
    by_id = {version.id: version for version in versions}
    still_open = history.objects.filter(id__in=list(by_id), valid_to=OPEN)
    if still_open.filter(history_date__lte=at).update(valid_to=at) == len(by_id):
        return
    for later in still_open.filter(history_date__gt=at):
        version = by_id[later.id]
        version.history_date = later.history_date + INSTANT
        if version.valid_to != OPEN:
            version.valid_to = version.history_date
        later.valid_to = version.history_date
        later.save(update_fields=["valid_to"])
