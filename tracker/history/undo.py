"""Undo: what a change set did is put back, row by row, as a change set of its own, which can be undone in turn.

A row that another set has written since is left as it is, and so is what only verbs may change back; both are listed
with the reason. What is to be put back, and what follows from it, is said on the models (`Tracked`).
"""

from dataclasses import dataclass, field
from functools import cache

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.errors import Conflict, Refusal

from .changes import change_set
from .models import ChangeSet, Tracked
from .timeline import Change, Names, changes, label_columns, linked, told_columns
from .versions import OPEN

AT_ONCE = 200  # rows put back in one transaction; more are a job's
PART = 500  # ids in one statement
REFUSALS = (Refusal, ValidationError, ProtectedError, IntegrityError)  # what a row may answer; why() says it
TAKEN = gettext_lazy("Something else stands in its place by now, or still needs it.")


@dataclass
class Step:
    """What a change set did to one row: + entered, ~ changed, - removed."""

    model: type
    kind: str
    before: object  # the version before the set; None of a row that it entered
    last: object  # the last version that the set wrote
    names: list  # of the columns that it changed
    since: ChangeSet | None  # the latest set that wrote the row after it

    @property
    def is_own(self):
        """Whether the set itself decided it: columns that follow from other rows come back with these."""
        return bool(self.told or self.kind != "~")

    @property
    def told(self):
        """The changed columns that a person set: no copies, no texts folded for the search."""
        return [column for column in told_columns(self.model) if column.attname in self.names]

    @property
    def held(self):
        """What stands in the way as far as it is known without the row, a sentence; "" if nothing."""
        if self.since is None:
            return str(self.model.undo_refusal)
        return _("%(person)s changed it on %(at)s.") % {
            "person": self.since.person or self.since.get_source_display(),
            "at": date_format(timezone.localtime(self.since.at), "d.m.Y H:i"),
        }


@dataclass
class Undone:
    """How many rows came back, in sentences, and what did not: (what, why)."""

    rows: int = 0
    restored: list = field(default_factory=list)
    refused: list = field(default_factory=list)
    change_set: ChangeSet | None = None


def undo(done, *, by, slices=None):
    """Put back what a change set did. `slices` cuts the steps into transactions of one set (`Work.slices`)."""
    undone, groups = Undone(), in_order(done)
    steps = (step for step in steps_of(done, groups) if step.is_own)
    parts = slices(steps, total=size_of(groups)) if slices else [list(steps)]
    for part in parts:
        with change_set(by=by, reason=reason_of(done), into=undone.change_set) as under_way:
            put_back(part, by, undone)
        undone.change_set = under_way.row
    return undone


def reason_of(done):
    words = {"at": date_format(timezone.localtime(done.at), "d.m.Y H:i"), "reason": done.reason}
    return _("Undo of %(at)s: %(reason)s") % words if done.reason else _("Undo of %(at)s") % words


def touched(done):
    """(model, {id: kind}) of what a set wrote, models before those that lead to them; the kinds are those of a Step."""
    for model in models_in_order():
        kinds = {}
        versions = model.history.model.objects.filter(change_set=done).order_by("history_id")
        for pk, kind in versions.values_list("id", "history_type"):
            if pk not in kinds:
                kinds[pk] = kind
            elif kind == "-":
                kinds[pk] = "-" if kinds[pk] == "~" else None  # None: it came and went
            elif kind == "+":
                kinds[pk] = "~"  # deleted and written anew
        if kinds := {pk: kind for pk, kind in kinds.items() if kind}:
            yield model, kinds


def in_order(done):
    """(model, kind, ids) in the order in which they are put back; derived rows come back with what decides them.

    What was entered goes first, the rows that lead to others before these; then the rest the other way round.
    """
    own = [(model, kinds) for model, kinds in touched(done) if not model.is_derived]

    def of(kind, models):
        found = ((model, kind, sorted(pk for pk, one in kinds.items() if one == kind)) for model, kinds in models)
        return [group for group in found if group[2]]

    entered = [(model, kind, ids[::-1]) for model, kind, ids in of("+", own[::-1])]
    return [*entered, *of("-", own), *of("~", own)]


def size_of(groups):
    return sum(len(ids) for _model, _kind, ids in groups)


@cache
def models_in_order():
    return sorted((model for model in apps.get_models() if issubclass(model, Tracked)), key=depth)


def depth(model):
    """How many links lead down from a model at most."""
    links = [f.related_model for f in model._meta.concrete_fields if f.is_relation and f.related_model is not model]
    return max((1 + depth(other) for other in links if issubclass(other, Tracked)), default=0)


def steps_of(done, groups):
    """The steps of a set on the rows of these (model, kind, ids), read part by part."""
    for model, kind, ids in groups:
        for start in range(0, len(ids), PART):
            yield from steps_on(model, kind, ids[start : start + PART], done)


def steps_on(model, kind, ids, done):
    """What the set did to these rows of a model, as seen from now: three queries."""
    versions = model.history.model.objects.filter(id__in=ids)
    first, last, since = {}, {}, {}
    for version in versions.filter(change_set=done).order_by("history_id"):
        first.setdefault(version.id, version)
        last[version.id] = version
    before = versions_before(versions, first) if kind != "+" else {}
    later = versions.filter(history_id__gt=min(version.history_id for version in first.values()))
    later = later.exclude(change_set=done).select_related("change_set__person").order_by("history_id")
    for version in later.only("id", "history_id", "change_set"):
        if version.history_id > first[version.id].history_id:
            since[version.id] = version.change_set
    for pk in ids:
        names = changed(model, before[pk], last[pk]) if kind == "~" else []
        yield Step(model, kind, before.get(pk), last[pk], names, since.get(pk))


def versions_before(versions, first):
    """{id: the version that ended when the first one of the set began}."""
    found = {}
    for version in versions.filter(valid_to__in={v.history_date for v in first.values()}).order_by("history_id"):
        began = first[version.id]
        is_visible = version.history_type != "-" and began.history_type != "+"
        if is_visible and version.valid_to == began.history_date and version.history_id < began.history_id:
            found[version.id] = version
    return found


def changed(model, before, last):
    """The names of the columns in which two versions differ, as far as the row itself decides them."""
    return [
        column.attname
        for column in model._meta.concrete_fields
        if not (column.generated or column.primary_key or column.name in {"version", *model.follows})
        and getattr(before, column.attname) != getattr(last, column.attname)
    ]


def put_back(steps, by, undone):
    """Do what the steps say, each alone: one that is refused leaves the others as they are."""
    words, rows = Words(steps, is_undone=True), {}
    for step in steps:
        try:
            with change_set() as under_way:
                row = put_back_row(step, by, {step.last.change_set_id, under_way.row and under_way.row.pk})
        except (*REFUSALS, step.model.DoesNotExist) as refusal:
            undone.refused.append((words.what(step), why(refusal)))
            continue
        undone.rows += 1
        undone.restored += words.sentences(step)
        rows.setdefault(step.model, []).append(row)
    for model in models_in_order():
        if model in rows:
            model.after_undo(rows[model])


def put_back_row(step, by, ours):
    """`ours` are the sets that may have written the row: the one that is undone, and the undo itself (after_undo)."""
    if step.since and step.since.pk not in ours:
        raise Conflict(step.held)
    if step.kind == "-":
        row, names = step.model(), [c.attname for c in step.model._meta.concrete_fields if not c.generated]
    else:
        row, names = step.model.objects.select_for_update().get(pk=step.last.id), step.names
        if row.version != step.last.version and row.history.get(valid_to=OPEN).change_set_id not in ours:
            raise row._conflict()
    for name in names:
        setattr(row, name, getattr(step.before, name))
    if held := row.held_from_undo(step.names, by=by):
        raise Conflict(held)
    if step.kind == "+":
        row.take_back(by=by)
    else:
        row.clean()
        row.save()
    return row


def why(refusal):
    """The sentence of what was raised."""
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    if isinstance(refusal, Refusal):
        return str(refusal)
    return str(TAKEN)


class Words:
    """What to call the rows of some steps, and what to say of them; names are read once for all."""

    def __init__(self, steps, is_undone=False):
        self.names, self.is_undone = Names(), is_undone
        self.names.learn(link for step in steps for link in self.mentioned(step))

    def mentioned(self, step):
        yield from linked(step.last, label_columns(step.model))
        columns = [c for c in step.model._meta.concrete_fields if c.attname in step.names]
        for version in (step.before, step.last) if step.kind == "~" else ():
            yield from linked(version, columns)

    def what(self, step):
        if step.model.is_private:
            return str(step.model._meta.verbose_name)
        return self.names.label(step.model, step.last, step.last.history_date)

    def sentences(self, step):
        """What the set did; with `is_undone`, what undo did to that."""
        kind, versions, columns = step.kind, (step.before, step.last), None
        if self.is_undone:
            kind, versions, columns = {"+": "-", "-": "+"}.get(kind, kind), versions[::-1], step.told
        told = changes(step.model, *versions, self.names, columns) if kind == "~" and not step.model.is_private else []
        change = Change(None, kind, str(step.model._meta.verbose_name), self.what(step), told)
        return change.sentences() or [self.what(step)]
