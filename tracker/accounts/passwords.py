"""The rules of passwords: long, not common, of any composition (quality.md, "Security")."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

ALONE, WITH_SECOND_FACTOR = 15, 12


class LongEnough:
    """At least 15 characters, or 12 where a second factor stands beside the password."""

    def validate(self, password, user=None):
        least = self.least(user)
        if len(password) < least:
            raise ValidationError(
                _("The password has %(given)s characters; it needs at least %(least)s.")
                % {"given": len(password), "least": least},
                code="password_too_short",
            )

    def get_help_text(self):
        return _(
            "At least %(alone)s characters, or %(with)s if you sign in with a second factor. Several words are easy to "
            "remember and hard to guess."
        ) % {"alone": ALONE, "with": WITH_SECOND_FACTOR}

    def least(self, user):
        return WITH_SECOND_FACTOR if user is not None and user.pk and is_mfa_enabled(user) else ALONE


class NotCommon(CommonPasswordValidator):
    """Neither a common password, nor one repeated, nor one with figures and marks put at its ends."""

    def validate(self, password, user=None):
        lowered = password.lower().strip()
        for tried in {lowered, unit(lowered), unit(lowered.strip("0123456789!?.,-_*#@$ "))}:
            if tried in self.passwords or len(set(tried)) < 4:
                raise ValidationError(
                    _("This password is one of those that are tried first. Take several unrelated words."),
                    code="password_too_common",
                )


def unit(text):
    """The shortest piece that makes the text by repetition: "abcabc" → "abc"."""
    for size in range(1, len(text) // 2 + 1):
        if len(text) % size == 0 and text[:size] * (len(text) // size) == text:
            return text[:size]
    return text
