"""The frame of a task: its job is begun, told of and ended here, so that a task is only its work.

@task
def export(job_id):
    with running(job_id) as work:
        for row in work.steps(rows):
            ...
        work.keep(path, "milestones.xlsx")
"""

import logging
import secrets
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import monotonic

from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tracker.history.as_of import present
from tracker.history.changes import working_for
from tracker.lib.errors import Refusal

from .models import Job

log = logging.getLogger(__name__)

TOLD_EVERY = 0.5  # seconds between two notes of how far it is
SLICE = 200  # rows written in one transaction (spikes.md, C)


class Cancelled(Exception):
    """The work is to be left off: its person asked for that, or it was given up for lost."""


class Work:
    """A job at work. Its page shows `result`: {"url", "words", "refused": [{"what", "why"}]}, each if there is any."""

    def __init__(self, job):
        self.job, self.result = job, {}
        self.told_at = 0.0

    def steps(self, rows, total=None):
        """The rows one by one, with a note of how far it is; raises Cancelled once that was asked for.

        Not inside a transaction: nobody would see the note before its end.
        """
        self.begin(rows, total)
        for row in rows:
            yield row
            self.count(1)
        self.tell()

    def slices(self, rows, total=None, size=SLICE):
        """The same in lists, a transaction each: nobody else waits longer than for one of them."""
        self.begin(rows, total)
        rest = iter(rows)
        while part := list(islice(rest, size)):
            yield part
            self.count(len(part))
        self.tell()

    def keep(self, file, name):
        """Keep a file, open or by its path, as the result; its reader gets it under this name."""
        if isinstance(file, str | Path):
            with open(file, "rb") as opened:  # noqa: PTH123 (/proc/self/fd/3 is a name, too)
                return self.keep(opened, name)
        with present():
            self.job.file.save(f"{secrets.token_hex(16)}{Path(name).suffix}", File(file), save=False)
            self.job.file_name = name[:200]
            self.job.save(update_fields=["file", "file_name"])

    def begin(self, rows, total):
        if total is None and hasattr(rows, "__len__"):
            total = len(rows)
        self.job.total, self.job.done = total, 0
        self.tell()

    def count(self, rows):
        self.job.done += rows
        if monotonic() - self.told_at >= TOLD_EVERY:
            self.tell()

    def tell(self):
        self.told_at = monotonic()
        going_on = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, cancel_asked=False)
        with present():  # the rows may be those of a past day
            if not going_on.update(done=self.job.done, total=self.job.total, seen_at=timezone.now()):
                raise Cancelled

    def end(self, state, failure=""):
        """Only a running job ends: one that was given up for lost stays so."""
        running = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING)
        running.update(state=state, failure=failure, result=self.result, done=self.job.done, ended_at=timezone.now())


@contextmanager
def running(job_id):
    """Do a job's work in its person's name and language; how it ended is written on the job, in words for them."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job_id, state=Job.State.WAITING)
    if not waiting.update(state=Job.State.RUNNING, started_at=now, seen_at=now):
        raise Cancelled  # in the moment before
    work = Work(Job.objects.select_related("person").get(pk=job_id))
    with translation.override(work.job.language), working_for(work.job.person):
        try:
            yield work
        except Cancelled:
            work.end(Job.State.CANCELLED)
        except Exception as error:
            log.exception("job %s failed", job_id)
            work.end(Job.State.FAILED, in_words(error))
        except BaseException:  # the worker is told to stop at once
            work.end(Job.State.FAILED, _("The process that worked on it was stopped. Ask for it anew."))
            raise
        else:
            work.end(Job.State.DONE)


def in_words(error):
    """What the person reads of a failure: the sentence of a refusal, never the inside of the program."""
    if isinstance(error, Refusal):
        return str(error)
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    return _("It stopped by a fault of the program. An administrator finds the reason in the log.")
