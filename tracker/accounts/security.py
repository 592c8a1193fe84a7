"""The security log: who came in, who tried to, who changed whose rights, who took data out."""

import logging
import unicodedata

from django.utils import timezone

from tracker.accounts.models import Event
from tracker.history.as_of import present
from tracker.history.changes import person_asking, request_asking

log = logging.getLogger("tracker.security")


def record(kind, *, person=None, about=None, detail="", request=None):
    """Write one event. Person and request are those at work, unless given."""
    request = request or request_asking()
    person = person or person_asking()
    event = Event(
        at=timezone.now(),
        kind=kind,
        person=person,
        about=about,
        ip=address_of(request),
        browser=plain(request.headers.get("User-Agent", ""))[:200] if request else "",
        detail=plain(detail)[:500],
    )
    with present():  # a file of a past day is taken out today
        event.save()
    log.info("%s person=%s about=%s ip=%s %s", kind, person and person.pk, about and about.pk, event.ip, event.detail)
    return event


def previous_visit(user):
    """The moment of the person's sign-in before the present one; None if there was none."""
    signed_in = Event.objects.filter(kind=Event.Kind.SIGNED_IN, person=user).order_by("-at")
    return next(iter(signed_in.values_list("at", flat=True)[1:2]), None)


def address_of(request):
    """The network address that a request came from, as far as the proxies in front are trusted."""
    from allauth.account.adapter import get_adapter

    return get_adapter().get_client_ip(request) if request else None


def plain(text):
    """Text on one line: what could break a log line or turn the direction of text is left out."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(text)).strip()
