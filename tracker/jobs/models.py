"""Long work that runs in the background: what it is, for whom, how far it is. The work itself lives in its app."""

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

UNCLAIMED = timedelta(seconds=30)  # waiting longer, it has no worker
SILENT = timedelta(minutes=2)  # running without a sign for so long, its worker has died
KEPT = timedelta(days=7)
UNDER_WAY = "jobs_under_way"  # in the session of who has looked at one: the masthead then leads to them


class JobQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A person's jobs are their own."""
        return self.filter(person=user)

    def unfinished(self):
        return self.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])

    def lost(self):
        """Those whose worker was ended in the middle: nothing has been heard of them."""
        return self.filter(state=Job.State.RUNNING, seen_at__lt=timezone.now() - SILENT)

    def start(self, task, *, by, title, arguments, total=None, back=""):
        """Have the task done in the background for this person; it is called with `job_id`.

        The row and its place in the queue are written in one transaction: a worker sees both, or neither.
        """
        with transaction.atomic():
            job = self.create(
                person=by,
                title=title[:300],
                arguments=arguments,
                total=total,
                back=back[:2000],
                language=get_language() or settings.LANGUAGE_CODE,
            )
            task.enqueue(job_id=job.pk)
        return job

    def mark_lost(self):
        """Say so of the jobs whose worker has died; called by whoever looks."""
        if self.lost().exists():  # who looks need not wait for who writes
            words = _("The process that worked on it was ended. What was done until then stands; ask for it anew.")
            self.lost().update(state=Job.State.FAILED, failure=str(words), ended_at=F("seen_at"))

    def tidy(self):
        """Delete what ended long ago, with its file; returns how many jobs."""
        self.mark_lost()
        long_ago = timezone.now() - KEPT
        old = list(self.filter(ended_at__lt=long_ago).only("file"))
        self.filter(pk__in=[job.pk for job in old]).delete()
        for job in old:
            if job.file:
                job.file.delete(save=False)
        DBTaskResult.objects.filter(started_at__lt=long_ago).delete()
        return len(old)


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
    seen_at = models.DateTimeField(_("last heard of at"), null=True)
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

    def get_absolute_url(self):
        return reverse("job", args=[self.pk])

    @property
    def is_finished(self):
        return self.state not in {self.State.WAITING, self.State.RUNNING}

    @property
    def is_unclaimed(self):
        """Whether it has waited so long that there seems to be no worker."""
        return self.state == self.State.WAITING and timezone.now() - self.asked_at > UNCLAIMED

    @property
    def percent(self):
        return min(100, 100 * self.done // self.total) if self.total else 0

    @property
    def per_second(self):
        """Rows done in a second, on average; None before there is anything to tell."""
        until = self.ended_at or self.seen_at
        if not (self.started_at and until and self.done and until > self.started_at):
            return None
        return self.done / (until - self.started_at).total_seconds()

    def cancel(self):
        """Have it left off: at once if it waits, else at its next step. Returns whether it had not ended before."""
        own = Job.objects.filter(pk=self.pk)
        ended = {"state": self.State.CANCELLED, "cancel_asked": True, "ended_at": timezone.now()}
        if own.filter(state=self.State.WAITING).update(**ended):
            DBTaskResult.objects.ready().filter(args_kwargs__kwargs__job_id=self.pk).delete()
            return True
        asked = own.filter(state__in=[self.State.RUNNING, self.State.CANCELLED]).update(cancel_asked=True)
        return bool(asked)
