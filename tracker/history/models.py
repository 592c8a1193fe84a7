"""Rows whose every version is kept: the base of what the product records."""

import secrets
from copy import copy, deepcopy
from functools import cache

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import Conflict
from tracker.lib.texts import Texts

from .chain import Anchor, Chain  # noqa: F401 (their idea has a module of its own)
from .changes import change_set, one_write
from .only_added import OnlyAdded
from .statements import update_rows
from .versions import TrackedHistory, Version, record

SLICE = 500  # rows in one statement


class ChangeSet(OnlyAdded):
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

    def get_absolute_url(self):
        return reverse("change_set", args=[self.pk])

    def lend(self, person, reason):
        """Give the person and the reason that came after the first write, in its transaction, where there were none."""
        self.person, self.reason = self.person or person, self.reason or reason
        models.QuerySet(ChangeSet).filter(pk=self.pk).update(person=self.person, reason=self.reason)


class DataState(models.Model):
    """The name of the state that the tracked rows are in, one row: every transaction that writes any gives a new one.

    What was counted under a name holds for it always, after a rollback and in a restored backup too (remembered.py).
    """

    name = models.CharField(max_length=32)

    def __str__(self):
        return self.name

    @classmethod
    def renew(cls):
        """Called last in the transaction: every other writer waits on this row (spikes.md, C)."""
        name = secrets.token_hex(16)
        if not cls.objects.filter(pk=1).update(name=name):
            cls.objects.create(pk=1, name=name)


class TrackedQuerySet(models.QuerySet):
    """Writes of many rows, each with its version; nothing goes past history."""

    def bulk_create(self, objs, batch_size=SLICE, **options):
        """Insert rows, settled, each with its first version."""
        if options:
            raise NotImplementedError("history needs to know which rows were written: no conflict options here")
        objs = list(objs)
        if not objs:
            return objs
        with change_set() as under_way:
            for obj in objs:
                under_way.remember(obj)
                obj.version = 1
                obj.settle()
            super().bulk_create(objs, batch_size=batch_size)
            record(self.model, [obj.pk for obj in objs], "+")
        return objs

    def bulk_update(self, objs, fields, batch_size=SLICE):
        """Write the named fields, and what settling changes, over the versions that were read; returns how many rows.

        Rows of which nothing has changed are passed over. Raises Conflict if someone else has saved one since.
        """
        objs = list(objs)
        if not objs:
            return 0
        with change_set() as under_way:
            named = {*fields, *self._settled(objs)}
            objs = [obj for obj in objs if obj._differs(named)]
            for start in range(0, len(objs), batch_size):
                part = objs[start : start + batch_size]
                rows = models.QuerySet(self.model).filter(pk__in=[obj.pk for obj in part]).order_by("pk")
                stored = dict(rows.select_for_update().values_list("pk", "version"))
                for obj in part:
                    if stored.get(obj.pk) != obj.version:
                        raise obj._conflict()
                    under_way.remember(obj)
                update_rows(self.model, part, named)
                record(self.model, [obj.pk for obj in part], "~")
                for obj in part:
                    obj.version += 1
                    obj._loaded = None
                    obj._forget_generated()
        return len(objs)

    bulk_update.alters_data = True

    def update(self, **values):
        """Write the same values to all rows; returns the number of rows.

        Without settling: who sets a column from which others follow sets those too, or saves the objects.
        """
        with change_set():
            ids = self._locked_ids()
            for start in range(0, len(ids), SLICE):
                part = ids[start : start + SLICE]
                models.QuerySet(self.model).filter(pk__in=part).update(version=models.F("version") + 1, **values)
                record(self.model, part, "~")
        return len(ids)

    update.alters_data = True

    def delete(self):
        """Delete the rows, closing their last versions."""
        with change_set():
            return super().delete()

    delete.alters_data = True
    delete.queryset_only = True

    def _raw_delete(self, using):
        raise NotImplementedError("this would go past history: use delete()")

    def only(self, *fields):
        """The version comes along: a save is guarded by the one that was read."""
        return super().only(*fields, "version")

    def _locked_ids(self):
        """The keys, in order; the rows are locked where the query allows it, so that no other change slips in."""
        query = self.query
        if query.is_sliced or query.distinct or query.combinator or query.group_by or self._fields is not None:
            return sorted(set(self.values_list("pk", flat=True)))
        rows = self.order_by("pk").select_related(None).select_for_update(of=("self",))
        return [row.pk for row in rows.only("pk")]

    def _settled(self, objs):
        """The names of the fields that settling changed on any of the rows."""
        changed = set()
        for obj in objs:
            changed |= obj.settled()
        return changed


class Tracked(models.Model):
    """A row that is saved only over the version it was read from, and whose every version is kept.

    `save()` raises Conflict when someone else has saved the row since, and writes nothing when nothing has changed
    since it was read. Class attributes: `history_label` names the columns that name a row in sentences,
    `history_skips` those that follow from others and are not told, `history_indexes` lists further indexes on the
    versions, `shadowed = False` keeps a model out of past days, and `on_the_day` says in SQL what columns were on
    `%(day)s` where later decisions are known (as_of.py). Of undo.py: `undo_refusal` says why such rows are
    changed back by their own verbs alone, `follows` names the columns that other rows decide, `decided` those that a
    verb sets together (undone together, never one alone), `is_derived` is a row that other rows decide wholly,
    `is_private` one whose texts not everybody may read.
    """

    history_label = ()
    history_skips = frozenset()
    history_indexes = ()
    shadowed = True
    on_the_day = {}
    undo_refusal = ""
    follows = frozenset()
    decided = frozenset()
    is_derived = False
    is_private = False

    _loaded = None  # {column: value} as read; None once written, when nothing can be compared any more

    version = models.PositiveIntegerField(default=1, editable=False)

    objects = TrackedQuerySet.as_manager()
    history = TrackedHistory(inherit=True, bases=[Version])

    class Meta:
        abstract = True

    def save(self, *, force_insert=False, update_fields=None, **options):
        adding = self._state.adding or self.pk is None
        with one_write() as under_way:
            under_way.remember(self)
            settled = self.settled()
            if adding:
                # Never over a row that is there already: that would go round its version.
                self.version, force_insert = 1, force_insert or update_fields is None
            else:
                if update_fields is not None:
                    update_fields = {*update_fields, *settled} if update_fields else ()
                if not self._differs(update_fields):
                    return
                self.version += 1
                update_fields = None if update_fields is None else {*update_fields, "version"}
            doomed = transaction.get_rollback()
            try:
                super().save(force_insert=force_insert, update_fields=update_fields, **options)
            except Conflict:  # nothing was written, so the transaction may go on
                transaction.set_rollback(doomed)
                raise
            self._loaded = None
            if not adding:
                self._forget_generated()

    @classmethod
    def from_db(cls, db, field_names, values):
        row = super().from_db(db, field_names, values)
        row._loaded = dict(zip(field_names, values, strict=True))
        for name in json_columns(cls):
            if name in row._loaded:
                row._loaded[name] = kept(row._loaded[name])
        return row

    def refresh_from_db(self, using=None, fields=None, from_queryset=None):
        # A plain one: a deferred column that is read later must not bring the version of later with it.
        rows = models.QuerySet(type(self)) if from_queryset is None else from_queryset
        super().refresh_from_db(using, fields, rows)
        if fields is None:
            self._loaded = {}
        if self._loaded is not None:
            names = {f.attname for f in self._meta.concrete_fields if fields is None or {f.name, f.attname} & {*fields}}
            self._loaded |= {name: kept(self.__dict__[name]) for name in names & self.__dict__.keys()}

    def delete(self, *args, **options):
        with change_set():
            return super().delete(*args, **options)

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

    def held_from_undo(self, names, *, by):
        """Why this person does not put these columns back (all of them, of a row that came or went); "" if they may."""
        if self.undo_refusal:
            return self.undo_refusal
        if not by.has_perm(f"{self._meta.app_label}.change_{self._meta.model_name}", self):
            return _("Only an administrator may change this back.")
        return ""

    def take_back(self, *, by):
        """Undo that the row was entered."""
        self.delete()

    @classmethod
    def after_undo(cls, rows):
        """Bring along what follows from these rows, which undo has put back or made anew."""

    def _do_update(self, base_qs, using, pk_val, values, update_fields, forced_update):
        over = base_qs.filter(version=self.version - 1)
        if not super()._do_update(over, using, pk_val, values, update_fields, forced_update):
            raise self._conflict()
        return True

    def _differs(self, names=None):
        """Whether one of the named columns (of all, if none are named) is not as it was read, or that is unknown."""
        if self._loaded is None:
            return True
        return any(
            self.__dict__[field.attname] != self._loaded.get(field.attname, self)
            or not getattr(self.__dict__[field.attname], "_committed", True)  # a new file under the old name
            for field in self._meta.concrete_fields
            if not field.generated
            and field.attname in self.__dict__
            and (names is None or field.name in names or field.attname in names)
        )

    def _forget_generated(self):
        """Generated columns are read anew when they are asked for."""
        for field in self._meta.concrete_fields:
            if field.generated:
                self.__dict__.pop(field.attname, None)

    def _conflict(self):
        return Conflict(
            _("“%(what)s” was saved by someone else after you opened it. Look at it again before you save.")
            % {"what": str(self)[:120]}
        )


@cache
def json_columns(model):
    """The columns whose values may be changed in place."""
    return [field.attname for field in model._meta.concrete_fields if isinstance(field, models.JSONField)]


def kept(value):
    """The value as it is now, for comparison later."""
    if type(value) is Texts:
        return dict(value)  # flat; a deep copy would double the time to read a row
    return deepcopy(value) if isinstance(value, dict | list) else value
