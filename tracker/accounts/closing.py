"""Closing an account and opening it again, and what is done when a phone is lost. Each is in the security log."""

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from tracker.history.changes import request_asking

from .models import Event
from .security import record

TOLD = {
    Authenticator.Type.TOTP: "mfa/email/totp_deactivated",
    Authenticator.Type.WEBAUTHN: "mfa/email/webauthn_removed",
}


def close(person, *, reason):
    """Nobody signs in as this person any more; who was in is out."""
    person.is_active = False
    person.save(update_fields=["is_active"])
    end_sessions(person)
    record(Event.Kind.CLOSED, about=person, detail=reason)


def reopen(person, *, reason):
    """The person may sign in again, with the grants they still have."""
    person.is_active = True
    person.save(update_fields=["is_active"])
    record(Event.Kind.OPENED, about=person, detail=reason)


def end_sessions(person):
    """End all of the person's sessions but the one in which this is asked: of a closed account that one is over too."""
    request = request_asking()
    here = request.session.session_key if request else None
    for session in UserSession.objects.filter(user=person).exclude(session_key=here):
        session.end()


def remove_factors(person, *, reason):
    """Take away every second factor, and end the sessions: whoever has the phone has nothing. Returns how many."""
    factors = list(Authenticator.objects.filter(user=person))
    if not factors:
        return 0
    Authenticator.objects.filter(user=person).delete()
    end_sessions(person)
    names = ", ".join(dict.fromkeys(str(factor.get_type_display()) for factor in factors))
    record(Event.Kind.FACTOR_REMOVED, about=person, detail=f"{names}: {reason}")
    for kind in {factor.type for factor in factors} & TOLD.keys():
        get_adapter().send_notification_mail(TOLD[kind], person)
    return len(factors)
