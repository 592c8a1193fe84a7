"""A code from an app is good once (RFC 6238, 5.2): for as long as any clock that we allow for would take it."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache

PERIOD = 30  # seconds; allauth remembers a code for one of them, and takes it for as many more as MFA_TOTP_TOLERANCE
GOOD_FOR = PERIOD * (2 * settings.MFA_TOTP_TOLERANCE + 1)


class Once:
    def clean_code(self):
        code = super().clean_code()
        digits = "".join(filter(str.isdigit, code))
        used = f"tracker.totp:{self.authenticator.pk}:{digits}"
        if self.authenticator.type == Authenticator.Type.TOTP and not cache.add(used, True, GOOD_FOR):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(Once, forms.AuthenticateForm):
    pass


class ReauthenticateForm(Once, forms.ReauthenticateForm):
    pass
