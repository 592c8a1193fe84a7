"""Rows whose every version is kept: the base of what the product records."""

from copy import copy

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import Conflict

from .changes import change_set
from .versions import TrackedHistory, Version, record

SLICE = 500  # rows in one statement


class ChangeSet(models.Model):
    """What one request, import or command did: when, who, why."""

    class Source(models.TextChoices):
        PAGE = "page", _("page")
        ADMIN = "admin", _("administration")
        IMPORT = "import", _("import")
        COMMAND = "command", _("command")
        API = "api", _("API")

    at = models.DateTimeField(_("at"), db_index=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name=_("person")
    )
    reason = models.TextField(_("reason"), blank=True)
    source = models.CharField(_("source"), max_length=7, choices=Source.choices, default=Source.COMMAND)

    class Meta:
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.at:%d.%m.%Y %H:%M} {self.person or self.get_source_display()}"


class TrackedQuerySet(models.QuerySet):
    """Writes of many rows, each with its version; nothing goes past history."""

    def bulk_create(self, objs, batch_size=SLICE, **options):
        """Insert rows, settled, each with its first version."""
        objs = list(objs)
        if options:
            raise NotImplementedError("history needs to know which rows were written: no conflict options here")
        with change_set():
            for obj in objs:
                obj.settle()
            super().bulk_create(objs, batch_size=batch_size)
            record(self.model, objs, "+")
        return objs

    def bulk_update(self, objs, fields, batch_size=SLICE):
        """Write the named fields, and what settling changes; returns the number of rows. The last writer wins."""
        objs = list(objs)
        with change_set():
            named = {*fields, *self._settled(objs)}
            for start in range(0, len(objs), batch_size):
                part = objs[start : start + batch_size]
                versions = [obj.version for obj in part]
                for obj in part:
                    obj.version = models.F("version") + 1
                self.model._base_manager.bulk_update(part, [*named, "version"])
                for obj, version in zip(part, versions, strict=True):
                    obj.version = version + 1
                record(self.model, self.model._base_manager.filter(pk__in=[obj.pk for obj in part]), "~")
        return len(objs)

    bulk_update.alters_data = True

    def update(self, **values):
        """Write the same values to all rows, without settling; returns the number of rows."""
        with change_set():
            ids = list(self.values_list("pk", flat=True))
            for start in range(0, len(ids), SLICE):
                part = self.model._base_manager.filter(pk__in=ids[start : start + SLICE])
                part.update(version=models.F("version") + 1, **values)
                record(self.model, part, "~")
        return len(ids)

    update.alters_data = True

    def delete(self):
        """Delete the rows, closing their last versions."""
        with change_set():
            return super().delete()

    delete.alters_data = True
    delete.queryset_only = True

    def _settled(self, objs):
        """The names of the fields that settling changed on any of the rows."""
        changed = set()
        for obj in objs:
            changed |= obj.settled()
        return changed


class Tracked(models.Model):
    """A row that is saved only over the version it was read from, and whose every version is kept.

    `save()` raises Conflict when someone else has saved the row since. Class attributes: `history_label` names the
    columns that name a row in sentences, `history_skips` those that follow from others and are not told, `history_indexes` lists further indexes on the versions, and
    `shadowed = False` keeps a model out of past days.
    """

    history_label = ()
    history_skips = frozenset()
    history_indexes = ()
    shadowed = True

    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TrackedQuerySet.as_manager()
    history = TrackedHistory(inherit=True, bases=[Version])

    class Meta:
        abstract = True

    def settle(self):
        """Fill the columns that follow from others: folded text, order keys, copies. Called before each write."""

    def settled(self):
        """Settle; returns the names of the fields that changed."""
        fields = [field for field in self._meta.concrete_fields if not field.generated]
        before = {field: copy(self.__dict__.get(field.attname)) for field in fields}
        self.settle()
        return {field.name for field in fields if self.__dict__.get(field.attname) != before[field]}

    def follow(self):
        """Save only if what follows from others has changed."""
        if self.settled():
            self.save()

    def save(self, *args, update_fields=None, **options):
        before = self.version
        with change_set():
            self.settle()
            if not self._state.adding:
                self.version += 1
                if update_fields is not None:
                    update_fields = {*update_fields, "version"}
            try:
                super().save(*args, update_fields=update_fields, **options)
            except BaseException:
                self.version = before
                raise
        for field in self._meta.concrete_fields:
            if field.generated and not self._state.adding:
                self.__dict__.pop(field.attname, None)  # read anew when asked for

    def _do_update(self, base_qs, using, pk_val, values, update_fields, forced_update):
        if self._state.adding:
            return super()._do_update(base_qs, using, pk_val, values, update_fields, forced_update)
        over = base_qs.filter(version=self.version - 1)
        if not super()._do_update(over, using, pk_val, values, update_fields, forced_update):
            raise Conflict(
                _("“%(what)s” was saved by someone else after you opened it. Look at it again before you save.")
                % {"what": str(self)[:120]}
            )
        return True

    def delete(self, *args, **options):
        with change_set():
            return super().delete(*args, **options)
