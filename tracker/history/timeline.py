"""What changed, in sentences, with the names of then."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from django.db import models
from django.utils.translation import gettext as _

from tracker.lib.dates import short
from tracker.lib.texts import Texts, TextsField

from .models import ChangeSet, Tracked

LABELS = ("number", "name", "title", "wording", "code", "text")
EMPTY = "—"


@dataclass
class Change:
    """One version seen against the one before it: `fields` are (label, old, new) in words."""

    change_set: ChangeSet
    kind: str  # + entered, ~ changed, - removed
    model: str
    what: str
    fields: list = field(default_factory=list)

    def sentences(self):
        if self.kind == "+":
            return [_("%(model)s entered: %(what)s") % {"model": self.model.capitalize(), "what": self.what}]
        if self.kind == "-":
            return [_("%(model)s removed: %(what)s") % {"model": self.model.capitalize(), "what": self.what}]
        return [
            _("%(what)s: %(field)s %(old)s → %(new)s") % {"what": self.what, "field": label, "old": old, "new": new}
            for label, old, new in self.fields
        ]


def timeline(*rows, limit=50):
    """The newest changes first, of rows given as (model, ids); a bounded number of queries.

    A version in which nothing that is told has changed is left out.
    """
    steps = []
    for model, ids in rows:
        steps += steps_of(model, ids)
    steps.sort(key=lambda step: (step[2].history_date, step[2].history_id), reverse=True)
    names, told = Names(), []
    names.learn((model, version) for model, before, version in steps for version in (before, version) if version)
    sets = ChangeSet.objects.select_related("person").in_bulk({version.change_set_id for _m, _b, version in steps})
    for model, before, version in steps:
        changed = changes(model, before, version, names) if version.history_type == "~" else []
        if changed or version.history_type != "~":
            what = names.label(model, version, version.history_date)
            told.append(
                Change(sets[version.change_set_id], version.history_type, str(model._meta.verbose_name), what, changed)
            )
        if len(told) == limit:
            break
    return told


def steps_of(model, ids):
    """(model, version before or None, version) of the rows; versions that were never visible are passed over."""
    versions = model.history.model.objects.filter(id__in=ids).order_by("id", "history_date", "history_id")
    seen = [version for version in versions if version.valid_to > version.history_date or version.history_type == "-"]
    pairs = pairwise([None, *seen])
    return [(model, before if before and before.id == version.id else None, version) for before, version in pairs]


def changes(model, before, version, names):
    """(label, old, new) of each told column that differs."""
    if before is None:
        return []
    found = []
    for column in told_columns(model):
        old, new = getattr(before, column.attname), getattr(version, column.attname)
        if old != new and (said := names.say(column, old, before)) != (saying := names.say(column, new, version)):
            found.append((str(column.verbose_name), said, saying))
    return found


def told_columns(model):
    return [
        column
        for column in model._meta.concrete_fields
        if not column.generated and not column.primary_key and column.name not in {"version", *model.history_skips}
    ]


class Names:
    """What things were called at a moment; each model's names are read once for all rows."""

    def __init__(self):
        self.versions = {}  # model → {id: [versions in order]}
        self.people = {}

    def learn(self, versions):
        """Read the names that these versions mention, and those that the names mention, level by level."""
        wanted = {}
        for model, version in versions:
            for column in [*told_columns(model), *label_columns(model)]:
                if column.is_relation and getattr(version, column.attname):
                    wanted.setdefault(column.related_model, set()).add(getattr(version, column.attname))
        level = []
        for model, ids in wanted.items():
            if not issubclass(model, Tracked):
                self.people |= {(model, row.pk): str(row) for row in model._base_manager.filter(pk__in=ids)}
                continue
            known = self.versions.setdefault(model, {})
            new = ids - known.keys()
            for version in model.history.model.objects.filter(id__in=new).order_by("history_date", "history_id"):
                known.setdefault(version.id, []).append(version)
                level.append((model, version))
        if level:
            self.learn(
                (model, version)
                for model, version in level
                if any(column.is_relation for column in label_columns(model))
            )

    def name(self, model, pk, at):
        if (model, pk) in self.people:
            return self.people[model, pk]
        versions = self.versions.get(model, {}).get(pk)
        if not versions:
            return f"{model._meta.verbose_name} {pk}"
        place = bisect_right([version.history_date for version in versions], at)
        return self.label(model, versions[max(0, place - 1)], at)

    def label(self, model, version, at):
        parts = []
        for column in label_columns(model):
            value = getattr(version, column.attname)
            if column.is_relation:
                parts.append(self.name(column.related_model, value, at) if value else "")
            else:
                parts.append(str(value))
        return " · ".join(part for part in parts if part) or f"{model._meta.verbose_name} {version.id}"

    def say(self, column, value, version):
        """A value in words."""
        if value is None or value == "" or value == {}:
            return EMPTY
        if column.is_relation:
            return self.name(column.related_model, value, version.history_date)
        if column.choices:
            return str(dict(column.flatchoices).get(value, value))
        if isinstance(column, TextsField):
            return f"“{Texts(value)}”"
        if isinstance(column, models.BooleanField):
            return _("yes") if value else _("no")
        if isinstance(value, datetime | date):
            return short(value)
        return str(value)


def label_columns(model):
    """The columns that name a row: the model's `history_label`, or the first usual one that it has."""
    names = [column.name for column in model._meta.concrete_fields]
    chosen = model.history_label or [name for name in LABELS if name in names][:1]
    return [model._meta.get_field(name) for name in chosen]
