"""The active filters in words, each with the address that drops it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from .addresses import address_of
from .filters import EXCEPT, SOUGHT


@dataclass
class Chip:
    """An active filter: what it says, and the address without it."""

    label: str
    value: str
    url: str


def chips(request, filterset):
    """The active filters, each with the address that drops it and starts from the first page again."""
    form = filterset.form
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if name not in request.GET or value in (None, "", False) or (hasattr(value, "__len__") and not len(value)):
            continue
        words = in_words(field, value, request.GET[name])
        if name in filterset.excepted:
            words = _("all except: %(values)s") % {"values": words}
        yield Chip(str(field.label or name), words, address_without(request.GET, name))


def address_without(asked, name):
    """The address of the same list without one of its filters, from its first page."""
    left = asked.copy()
    for gone in (name, f"{name}{SOUGHT}", "page"):
        left.pop(gone, None)
    if EXCEPT in left:
        left.setlist(EXCEPT, [one for one in left.getlist(EXCEPT) if one != name])
    return address_of(left)


def in_words(field, value, asked):
    """What was chosen, as the field words it."""
    if value is True:
        return _("yes")
    if hasattr(field, "choices"):
        labels = {str(key): str(label) for key, label in field.choices}
        return ", ".join(labels.get(str(one), str(one)) for one in (value if isinstance(value, list) else [value]))
    return field.said(value, asked) if hasattr(field, "said") else str(value)
