"""What django-allauth asks of us."""

import base64
import logging
from hashlib import sha256
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import clean_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.browsers import named
from tracker.roadmaps.access import needs_second_factor

from .models import Event
from .security import record

log = logging.getLogger(__name__)

HERE = "127.0.0.1"


class Door(DefaultAccountAdapter):
    """Sign-in by e-mail, for people whom an administrator has invited."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": gettext_lazy("This account is closed."),
        "duplicate_email": gettext_lazy("This is your address already."),
        "email_password_mismatch": gettext_lazy("The e-mail or the password is wrong."),
        "email_taken": gettext_lazy("Another person has this address."),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "incorrect_code": gettext_lazy("This code is wrong, or its time has passed."),
        "incorrect_password": gettext_lazy("The password is wrong."),
        "invalid_password_reset": gettext_lazy("This link has been used, or its time has passed."),
        "too_many_login_attempts": gettext_lazy("There were too many attempts. Wait a few minutes and try again."),
        "rate_limited": gettext_lazy("There were too many attempts. Wait a few minutes and try again."),
    }

    def is_open_for_signup(self, request):
        return settings.OPEN_REGISTRATION

    def is_safe_url(self, url):
        try:
            return super().is_safe_url(url)
        except ValueError:  # "http://[": no address at all
            return False

    def get_client_ip(self, request):
        """The caller's address; behind proxies that do not say it, the nearest one's."""
        try:
            return super().get_client_ip(request)
        except ImproperlyConfigured:
            log.warning("X-Forwarded-For is shorter than TRUSTED_PROXIES says: the nearest proxy's address is used")
            return clean_client_ip(request.META.get("REMOTE_ADDR", "")) or HERE
        except PermissionDenied:  # no address at all: a socket of this machine
            return HERE

    def _get_login_attempts_cache_key(self, request, **credentials):
        """One count for each address, by whatever name of this host it was asked: `Host` may carry any port."""
        return credentials.get("email", "").casefold()

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            record(Event.Kind.LOCKED, request=request, detail=credentials.get("email", ""))
            raise

    def authentication_failed(self, request, **credentials):
        record(Event.Kind.FAILED, request=request, detail=credentials.get("email", ""))

    def send_account_already_exists_mail(self, email):
        """Takes as long as entering a new person does, whose password is hashed: time must not tell them apart."""
        make_password("")
        super().send_account_already_exists_mail(email)

    def send_mail(self, template_prefix, email, context):
        """Send; where the mail server does not answer, say so and go on."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            log.error("message %s was not sent: %s", template_prefix, error)
            record(Event.Kind.MAIL_FAILED, request=self.request, detail=template_prefix.rsplit("/", 1)[-1])
            messages.error(self.request, _("The message could not be sent now. Try again later."))


class SecondFactor(DefaultMFAAdapter):
    """Second factors: their secrets sealed in the database, the last one kept by who must have one."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy(
            "Your role asks for a second factor: set up another one before you remove this one."
        ),
        "cannot_generate_recovery_codes": gettext_lazy("Set up a second factor first."),
        "incorrect_code": Door.error_messages["incorrect_code"],
    }

    def can_delete_authenticator(self, authenticator):
        """Who must have a second factor keeps the last one."""
        if not (settings.REQUIRE_MFA and needs_second_factor(authenticator.user)):
            return True
        factors = authenticator.user.authenticator_set.exclude(type="recovery_codes").exclude(pk=authenticator.pk)
        return authenticator.type == "recovery_codes" or factors.exists()

    def generate_authenticator_name(self, user, type):
        number = user.authenticator_set.filter(type=type).count() + 1
        return _("Passkey %(number)s") % {"number": number}

    def encrypt(self, text):
        return sealer().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        return sealer().decrypt(encrypted_text.encode()).decode()

    def _get_site_name(self):
        return _("Tracker")


def sealer():
    """Seals by the secret key; opens what an earlier key of SECRET_KEY_FALLBACKS has sealed, too."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(sha256(f"tracker.mfa:{key}".encode()).digest())) for key in keys]
    )


class Sessions(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions):
        super().end_sessions(sessions)
        for session in sessions:
            record(Event.Kind.SESSION_ENDED, about=session.user, detail=f"{session.ip}, {named(session.user_agent)}")


class OutsideDoor(DefaultSocialAccountAdapter):
    """Signing in through an outside provider, for people who are entered here already."""

    def is_open_for_signup(self, request, sociallogin):
        return settings.OPEN_REGISTRATION
