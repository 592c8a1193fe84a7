"""What values one column of a row has had, from when to when, in words of then."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from tracker.lib.texts import Texts, TextsField

from .as_of import current_as_of
from .models import ChangeSet
from .timeline import EMPTY, Names, linked
from .versions import OPEN


@dataclass
class Value:
    """A value from its first version until another came, or the row went."""

    version: object
    until: datetime | None = None  # None: it stands
    is_gone: bool = False  # what stands is another
    change_set: ChangeSet | None = None
    said: list = ()  # (language or "", words): of a text, each language

    @property
    def since(self):
        return self.version.history_date


def values_of(model, pk, column):
    """The values in order, the newest first: a bounded number of queries. On a past day they end with that day."""
    found = distinct(versions_of(model, pk), column)
    names = Names()
    names.learn(link for value in found for link in linked(value.version, [column]))
    sets = ChangeSet.objects.select_related("person").in_bulk({value.version.change_set_id for value in found})
    for value in found:
        value.is_gone = getattr(value.version, column.attname) != getattr(found[-1].version, column.attname)
        value.change_set = sets[value.version.change_set_id]
        value.said = said(column, value.version, names)
    return found[::-1]


def versions_of(model, pk):
    """The versions of a row that were ever to be seen, in order, and those with which it went."""
    versions = model.history.model.objects.filter(Q(valid_to__gt=F("history_date")) | Q(history_type="-"), id=pk)
    if current_as_of():
        versions = versions.filter(history_date__lt=current_as_of())
    return versions.order_by("history_date", "history_id")


def distinct(versions, column):
    """Each value once for each time that it came."""
    found, last = [], None
    for version in versions:
        if version.history_type == "-":
            last = None
        elif last is not None and getattr(last.version, column.attname) == getattr(version, column.attname):
            last.until = ending(version)
        else:
            last = Value(version, ending(version))
            found.append(last)
    return found


def ending(version):
    """When the version ended; None if it had not by the moment that is read."""
    moment = current_as_of()
    return None if version.valid_to == OPEN or (moment and version.valid_to >= moment) else version.valid_to


def said(column, version, names):
    value = getattr(version, column.attname)
    if isinstance(column, TextsField):
        texts = Texts(value or {})
        codes = sorted(texts.languages(), key=lambda code: (code != "ru", code))  # as Texts.all()
        return [(code, texts[code]) for code in codes] or [("", EMPTY)]
    return [("", names.say(column, value, version.history_date))]
