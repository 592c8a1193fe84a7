"""Versions: each carries when it began (`history_date`) and when it ended (`valid_to`), a half-open interval.

django-simple-history makes the tables; the interval, the change set and the indexes are ours (spikes.md, A).
"""

from datetime import UTC, datetime, timedelta

from django.db import models, transaction
from simple_history.models import HistoricalRecords

from .as_of import current_as_of
from .changes import one_write, pending
from .only_added import OnlyAdded
from .statements import copy_rows, version_model

OPEN = datetime(9999, 1, 1, tzinfo=UTC)  # a sentinel, not NULL: NULL with OR doubled the time of a count
SLICE = 500
INSTANT = timedelta(microseconds=1)


class Version(OnlyAdded):
    """What every version knows beside the columns of its row."""

    valid_to = models.DateTimeField(default=OPEN)
    change_set = models.ForeignKey("history.ChangeSet", models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class TrackedHistory(HistoricalRecords):
    """simple-history's records without person and reason (the change set has them), with intervals and indexes."""

    def add_extra_methods(self, cls):
        """No way to save without a version."""

    def finalize(self, sender, **kwargs):
        super().finalize(sender, **kwargs)
        if issubclass(sender, self.cls):
            # What Django writes by itself (a related manager's add(), a deletion's SET_NULL) is recorded too.
            sender._meta.base_manager_name = "objects"

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
        with one_write():
            record(type(instance), [instance.pk], history_type)

    def pre_delete(self, instance, **kwargs):
        """The last version is copied while the row is still there; a cascade comes here too."""
        self.create_historical_record(instance, "-")

    def post_delete(self, instance, using=None, **kwargs):
        """Recorded before."""


def record(model, ids, kind):
    """Write a version of each row, + new, ~ changed or - about to be deleted, and close the versions before.

    The database copies the row as it is stored, so that no version can differ from it.
    """
    ids, history, under_way = list(ids), version_model(model), pending()

    def write(part, begins):
        ends = begins if kind == "-" else OPEN
        own = {"history_date": begins, "history_type": kind, "valid_to": ends, "change_set": under_way.stored().pk}
        copy_rows(model, part, **own)

    with transaction.mark_for_rollback_on_error():
        for start in range(0, len(ids), SLICE):
            part = ids[start : start + SLICE]
            later = {} if kind == "+" else close(history, part, under_way.moment())
            write([pk for pk in part if pk not in later], under_way.moment())
            for pk, begins in later.items():
                write([pk], begins)


def close(history, ids, at):
    """End the open versions of these rows at the moment the new ones begin.

    A version that began later than this moment (a slower writer took its time before the lock) is never inverted: the
    new one begins an instant after it instead. Returns {id: that instant}.
    """
    versions = models.QuerySet(history)  # the one thing about a version that is ever written again
    still_open = versions.filter(id__in=ids, valid_to=OPEN)
    if still_open.filter(history_date__lte=at).update(valid_to=at) == len(ids):
        return {}
    later = {}
    for version in still_open.filter(history_date__gt=at).only("id", "history_date"):
        later[version.id] = begins = version.history_date + INSTANT
        versions.filter(pk=version.pk).update(valid_to=begins)
    return later


def versions_now(model):
    """The versions of a tracked model that are valid now, or at the moment being read: one of each row there is."""
    versions = version_model(model).objects.order_by()
    if (moment := current_as_of()) is None:
        return versions.filter(valid_to=OPEN)
    return versions.filter(history_date__lt=moment, valid_to__gte=moment)
