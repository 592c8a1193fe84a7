from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.lib.texts import fold


class EventQuerySet(models.QuerySet):
    def update(self, **values):
        raise NotImplementedError("the security log is only added to")

    def delete(self):
        raise NotImplementedError("the security log is only added to")


class Event(models.Model):
    """A line of the security log: what concerned somebody's access. Written by `record()` (accounts/security.py)."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("signed in")
        FAILED = "failed", _("sign-in failed")
        LOCKED = "locked", _("too many attempts")
        SECOND_FACTOR_FAILED = "mfa_failed", _("second factor failed")
        SIGNED_OUT = "signed_out", _("signed out")
        SESSION_ENDED = "session_ended", _("session ended")
        PASSWORD = "password", _("password set or changed")
        E_MAIL = "e_mail", _("e-mail changed")
        FACTOR_ADDED = "mfa_added", _("second factor added")
        FACTOR_REMOVED = "mfa_removed", _("second factor removed")
        ENTERED = "entered", _("person entered")
        INVITED = "invited", _("invitation sent")
        OPENED = "opened", _("account opened")
        CLOSED = "closed", _("account closed")
        RIGHTS = "rights", _("rights changed")
        EXPORTED = "exported", _("exported")
        DOWNLOADED = "downloaded", _("document downloaded")
        MAIL_FAILED = "mail_failed", _("message not sent")

    at = models.DateTimeField(_("at"), db_index=True)
    kind = models.CharField(pgettext_lazy("of an event", "what"), max_length=16, choices=Kind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name=_("by whom")
    )
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name=_("concerning")
    )
    # Address and browser as the request gave them; both empty for a command
    ip = models.GenericIPAddressField(_("network address"), null=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    folded = models.CharField(max_length=500, blank=True, editable=False)  # the detail as search compares it

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security log")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["kind", "-at"], name="event_by_kind")]

    def __str__(self):
        return f"{self.at:%d.%m.%Y %H:%M} {self.get_kind_display()}"

    def save(self, *args, **options):
        if not self._state.adding:
            raise NotImplementedError("the security log is only added to")
        self.folded = fold(self.detail)[:500]
        super().save(*args, **options)

    def delete(self, *args, **options):
        raise NotImplementedError("the security log is only added to")
