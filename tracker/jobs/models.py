"""Long work that runs in the background: what it is, for whom, how far it is. The work itself lives in its app."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A person's jobs are their own."""
        return self.filter(person=user)

    def unfinished(self):
        return self.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])


class Job(models.Model):
    """A piece of long work, from the moment it is asked for. Not history: what it changes is recorded where it is."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    title = models.CharField(_("what"), max_length=300)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="jobs", verbose_name=_("for whom")
    )
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    total = models.PositiveIntegerField(_("rows"), null=True)
    done = models.PositiveIntegerField(_("rows done"), default=0)
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    cancel_asked = models.BooleanField(_("cancellation asked for"), default=False)
    back = models.CharField(_("address it was asked from"), max_length=2000, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)
    failure = models.TextField(_("why it failed"), blank=True)
    file = models.FileField(_("file"), upload_to="jobs", blank=True)
    file_name = models.CharField(_("name of the file"), max_length=200, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["person", "-asked_at"], name="job_of_person")]

    def __str__(self):
        return self.title
