"""What changed, in sentences, with the names of then."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracker.lib.dates import short
from tracker.lib.texts import Texts, TextsField, quoted

from .as_of import current_as_of
from .models import ChangeSet, Tracked

LABELS = ("number", "name", "title", "wording", "code", "text")
EMPTY = "—"
SPARE = 5  # versions read for each change wanted: those in which nothing told has changed are left out


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
            return [_("%(model)s entered: %(what)s") % {"model": capfirst(self.model), "what": self.what}]
        if self.kind == "-":
            return [_("%(model)s removed: %(what)s") % {"model": capfirst(self.model), "what": self.what}]
        return [
            _("%(what)s: %(field)s %(old)s → %(new)s") % {"what": self.what, "field": label, "old": old, "new": new}
            for label, old, new in self.fields
        ]


def timeline(*rows, limit=50):
    """The newest changes first, of rows given as (model, ids); a bounded number of queries.

    A version in which nothing that is told has changed is left out. On a past day it ends with that day.
    """
    steps = told_steps(*rows, most=limit * SPARE)[:limit]
    names, told = Names(), []
    names.learn(mentioned(steps))
    sets = ChangeSet.objects.select_related("person").in_bulk({version.change_set_id for _m, _b, version in steps})
    for model, before, version in steps:
        kind = "+" if before is None else version.history_type
        what = names.label(model, version, version.history_date)
        changed = changes(model, before, version, names) if kind == "~" else []
        told.append(Change(sets[version.change_set_id], kind, str(model._meta.verbose_name), what, changed))
    return told


def told_steps(*rows, most=None):
    """(model, version before or None, version): newest first, without those in which nothing told has changed.

    `most` versions of each model are read, or all of them.
    """
    steps = [step for model, ids in rows for step in steps_of(model, ids, most)]
    steps.sort(key=lambda step: (step[2].history_date, step[2].history_id), reverse=True)
    return [step for step in steps if step[1] is None or step[2].history_type == "-" or differing(*step)]


def history_of(row, limit=50):
    """The newest changes of one row first."""
    return timeline((type(row), [row.pk]), limit=limit)


def steps_of(model, ids, limit):
    """(model, version before or None, version) of the newest versions of the rows, or of all without a limit.

    Versions that were never visible (saved over in the same set) are passed over, and so are rows that came and went
    within one set.
    """
    versions = model.history.model.objects.filter(id__in=ids)
    if current_as_of():
        versions = versions.filter(history_date__lt=current_as_of())
    visible = versions.filter(valid_to__gt=F("history_date"))
    newest = versions.filter(Q(valid_to__gt=F("history_date")) | Q(history_type="-"))
    newest = list(newest.order_by("-history_date", "-history_id")[:limit])
    known = {(version.id, version.valid_to): version for version in newest if version.history_type != "-"}
    missing = [v for v in newest if v.history_type != "+" and (v.id, v.history_date) not in known]
    if missing and limit:
        ended = {version.history_date for version in missing}
        for version in visible.filter(id__in={version.id for version in missing}, valid_to__in=ended):
            known[version.id, version.valid_to] = version
    steps = [(model, known.get((version.id, version.history_date)), version) for version in newest]
    return [step for step in steps if step[1] or step[2].history_type != "-"]


def differing(model, before, version):
    """The told columns that differ."""
    return [c for c in told_columns(model) if getattr(before, c.attname) != getattr(version, c.attname)]


def changes(model, before, version, names, columns=None):
    """(label, old, new) of each told column that differs (of the given ones); of a text, of each language that does."""
    found = []
    for column in differing(model, before, version) if columns is None else columns:
        old, new, label = getattr(before, column.attname), getattr(version, column.attname), str(column.verbose_name)
        if isinstance(column, TextsField):
            for code, *texts in reworded(old, new):
                found.append((label_in(label, code), *(quoted(text) if text else EMPTY for text in texts)))
        else:
            at = version.history_date
            found.append((label, names.say(column, old, at), names.say(column, new, at)))
    return found


def mentioned(steps):
    """(model, id) of what the sentences about these steps name: the rows' own labels, and links that changed."""
    for model, before, version in steps:
        yield from linked(version, label_columns(model))
        if before and version.history_type == "~":
            changed = differing(model, before, version)
            yield from linked(before, changed)
            yield from linked(version, changed)


def linked(version, columns):
    """(model, id) of the rows to which these columns of a version lead."""
    for column in columns:
        if column.is_relation and (pk := getattr(version, column.attname)):
            yield column.related_model, pk


def reworded(old, new):
    """(language, old, new) of each language in which the text differs, the reader's first."""
    old, new = Texts(old or {}), Texts(new or {})
    codes = dict.fromkeys([*old.languages(), *new.languages()])
    first = (get_language() or settings.LANGUAGE_CODE)[:2]
    differ = [(code, old.get(code, ""), new.get(code, "")) for code in codes if old.get(code, "") != new.get(code, "")]
    return sorted(differ, key=lambda found: found[0] != first)


def label_in(label, code):
    """The label of a text, with its language where that is not the reader's."""
    if code == (get_language() or settings.LANGUAGE_CODE)[:2]:
        return label
    return f"{label} ({dict(settings.LANGUAGES).get(code, code)})"


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

    def learn(self, links):
        """Read the names of (model, id), and those that the names mention, level by level: a query for each model."""
        wanted = {}
        for model, pk in links:
            wanted.setdefault(model, set()).add(pk)
        further = []
        for model, ids in wanted.items():
            if not issubclass(model, Tracked):
                self.people |= {(model, row.pk): str(row) for row in model._base_manager.filter(pk__in=ids)}
                continue
            known = self.versions.setdefault(model, {})
            named = model.history.model.objects.filter(id__in=ids - known.keys()).order_by("history_date", "history_id")
            for version in named:
                known.setdefault(version.id, []).append(version)
                further += linked(version, label_columns(model))
        if further:
            self.learn(further)

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
                parts.append("" if value in (None, "", {}) else self.say(column, value, at))
        return " · ".join(part for part in parts if part) or f"{model._meta.verbose_name} {version.id}"

    def say(self, column, value, at):
        """A value in words, a link by its name at the moment."""
        if value is None or value == "" or value == {}:
            return EMPTY
        if column.is_relation:
            return self.name(column.related_model, value, at)
        if column.choices:
            return str(dict(column.flatchoices).get(value, value))
        if isinstance(column, models.BooleanField):
            return _("yes") if value else _("no")
        if isinstance(value, datetime):
            return date_format(timezone.localtime(value), "d.m.Y H:i")
        if isinstance(value, date):
            return short(value)
        return str(value)


def label_columns(model):
    """The columns that name a row: the model's `history_label`, or the first usual one that it has."""
    names = [column.name for column in model._meta.concrete_fields]
    chosen = model.history_label or [name for name in LABELS if name in names][:1]
    return [model._meta.get_field(name) for name in chosen]
