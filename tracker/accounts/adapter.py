"""What django-allauth asks of us."""

import logging
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal.httpkit import clean_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from tracker.roadmaps.access import needs_second_factor

from .models import Event
from .security import record

log = logging.getLogger(__name__)

HERE = "127.0.0.1"


class Door(DefaultAccountAdapter):
    """Sign-in by e-mail, for people whom an administrator has invited."""

    def is_open_for_signup(self, request):
        return settings.OPEN_REGISTRATION

    def get_client_ip(self, request):
        """The caller's address; behind proxies that do not say it, the nearest one's."""
        try:
            return super().get_client_ip(request)
        except ImproperlyConfigured:
            log.warning("X-Forwarded-For is shorter than TRUSTED_PROXIES says: the nearest proxy's address is used")
            return clean_client_ip(request.META.get("REMOTE_ADDR", "")) or HERE
        except PermissionDenied:  # no address at all: a socket of this machine
            return HERE

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            record(Event.Kind.LOCKED, request=request, detail=credentials.get("email", ""))
            raise

    def authentication_failed(self, request, **credentials):
        record(Event.Kind.FAILED, request=request, detail=credentials.get("email", ""))

    def send_mail(self, template_prefix, email, context):
        """Send; where the mail server does not answer, say so and go on."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            log.error("message %s was not sent: %s", template_prefix, error)
            record(Event.Kind.MAIL_FAILED, request=self.request, detail=template_prefix.rsplit("/", 1)[-1])
            messages.error(self.request, _("The message could not be sent now. Try again later."))


class SecondFactor(DefaultMFAAdapter):
    def can_delete_authenticator(self, authenticator):
        """Who must have a second factor keeps the last one."""
        if not (settings.REQUIRE_MFA and needs_second_factor(authenticator.user)):
            return True
        factors = authenticator.user.authenticator_set.exclude(type="recovery_codes").exclude(pk=authenticator.pk)
        return authenticator.type == "recovery_codes" or factors.exists()


class OutsideDoor(DefaultSocialAccountAdapter):
    """Signing in through an outside provider, for people who are entered here already."""

    def is_open_for_signup(self, request, sociallogin):
        return settings.OPEN_REGISTRATION
