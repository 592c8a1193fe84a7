"""What is told to the security log, wherever it happens."""

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save, pre_delete
from django.dispatch import receiver

from .models import Event
from .security import record
from .sessions import begin

Kind = Event.Kind


@receiver(user_logged_in)
def signed_in(request, user, **_rest):
    begin(request.session)
    record(Kind.SIGNED_IN, person=user, request=request)


@receiver(user_logged_out)
def signed_out(request, user, **_rest):
    if user is not None:
        kind = Kind.SESSION_ENDED if getattr(request, "ended_for", None) else Kind.SIGNED_OUT
        record(kind, person=user, request=request)


@receiver([account.password_set, account.password_changed, account.password_reset])
def password_given(request, user, **_rest):
    record(Kind.PASSWORD, person=user, about=user, request=request)


@receiver(account.email_changed)
def address_changed(request, user, from_email_address, to_email_address, **_rest):
    before = from_email_address.email if from_email_address else "—"
    record(Kind.E_MAIL, person=user, about=user, request=request, detail=f"{before} → {to_email_address.email}")


@receiver([mfa.authenticator_added, mfa.authenticator_reset])
def factor_added(request, user, authenticator, **_rest):
    record(Kind.FACTOR_ADDED, person=user, about=user, request=request, detail=authenticator.get_type_display())


@receiver(mfa.authenticator_removed)
def factor_removed(request, user, authenticator, **_rest):
    record(Kind.FACTOR_REMOVED, about=user, request=request, detail=authenticator.get_type_display())


@receiver(mfa.authentication_failed)
def factor_failed(request, user, **_rest):
    record(Kind.SECOND_FACTOR_FAILED, about=user, request=request)


@receiver(post_save, sender="roadmaps.Grant")
def rights_given(instance, created, **_rest):
    record(Kind.RIGHTS, about=instance.user, detail=f"{'+' if created else '~'} {instance.in_words()}")


@receiver(pre_delete, sender="roadmaps.Grant")  # before: what it names may go with it
def rights_taken(instance, **_rest):
    record(Kind.RIGHTS, about=instance.user, detail=f"− {instance.in_words()}")
