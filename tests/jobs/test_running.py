"""The frame of a task: how a job is asked for, worked on, told of and ended."""

import os
from datetime import UTC, datetime, timedelta
from io import StringIO
from tempfile import TemporaryDirectory
from unittest import mock

from django.core.management import call_command
from django.test import TransactionTestCase, override_settings
from django.utils import timezone
from django.utils.translation import get_language, override
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from tests import make
from tests.base import TrackerTestCase
from tests.work import work_off
from tracker.history.as_of import as_of
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.jobs import running as frame
from tracker.jobs.models import SILENT, Job
from tracker.jobs.running import running
from tracker.lib.errors import WrongState
from tracker.roadmaps.models import Organisation

seen = {}  # what a task has left for its test


@task
def count(job_id):
    with running(job_id) as work:
        for row in work.steps(range(work.job.arguments["rows"])):
            seen["row"] = row
        work.result = {"words": get_language()}


@task
def refuse(job_id):
    with running(job_id):
        raise WrongState("Так нельзя.")


@task
def break_down(job_id):
    with running(job_id):
        raise ZeroDivisionError("внутренность")


@task
def cancel_itself(job_id):
    with running(job_id) as work:
        for row in work.steps(range(10)):
            seen["row"] = row
            if row == 3:
                work.job.cancel()


@task
def get_lost(job_id):
    with running(job_id) as work:
        for _row in work.steps(range(10)):
            Job.objects.filter(pk=job_id).update(state=Job.State.FAILED, failure="потеряна")


@task
def stop(job_id):
    with running(job_id):
        raise SystemExit


@task
def write(job_id):
    with running(job_id) as work:
        row = None
        for part in work.slices(["Первое", "Второе", "Третье"], size=2):
            with change_set(into=row, reason="Все сразу") as under_way:
                for name in part:
                    make.organisation(name)
            row = under_way.row


@task
def write_file(job_id):
    with running(job_id) as work:
        for _row in work.steps([1]):
            with open(seen["path"], "w") as file:  # noqa: PTH123
                file.write("содержание")
        work.keep(seen["path"], "Список.csv")


@task
def read_the_past(job_id):
    with running(job_id) as work, as_of(datetime(2020, 1, 1, tzinfo=UTC)):
        seen["rows"] = list(work.steps(Organisation.objects.all()))


class RunningTest(TrackerTestCase):
    def start(self, task, *, by=None, **arguments):
        return Job.objects.start(task, by=by or self.kz_analyst, title="Работа", arguments=arguments)

    def worked(self, task, **arguments):
        job = self.start(task, **arguments)
        work_off()
        job.refresh_from_db()
        return job

    def test_it_is_done(self):
        job = self.worked(count, rows=5)
        self.assertEqual((job.state, job.done, job.total, seen["row"]), (Job.State.DONE, 5, 5, 4))
        self.assertLessEqual(job.started_at, job.ended_at)

    def test_it_waits_until_a_worker_takes_it_up(self):
        job = self.start(count, rows=5)
        self.assertEqual((job.state, DBTaskResult.objects.ready().count()), (Job.State.WAITING, 1))

    def test_it_speaks_the_language_in_which_it_was_asked_for(self):
        with override("ru"):
            job = self.start(count, rows=1)
        work_off()
        job.refresh_from_db()
        self.assertEqual((job.language, job.result["words"]), ("ru", "ru"))

    def test_a_refusal_is_told_in_its_words(self):
        job = self.worked(refuse)
        self.assertEqual((job.state, job.failure), (Job.State.FAILED, "Так нельзя."))

    def test_a_fault_is_told_without_its_inside(self):
        with self.assertLogs("tracker.jobs", "ERROR") as logged:
            job = self.worked(break_down)
        self.assertEqual(job.state, Job.State.FAILED)
        self.assertNotIn("внутренность", job.failure)
        self.assertIn("ZeroDivisionError", logged.output[0])

    def test_it_is_left_off_at_its_next_step(self):
        with mock.patch.object(frame, "TOLD_EVERY", 0):
            job = self.worked(cancel_itself)
        self.assertEqual((job.state, job.done, seen["row"]), (Job.State.CANCELLED, 4, 3))

    def test_one_that_waits_is_cancelled_at_once_and_leaves_the_queue(self):
        job = self.start(count, rows=5)
        other = self.start(count, rows=3)
        job.cancel()
        work_off()
        for one in (job, other):
            one.refresh_from_db()
        self.assertEqual((job.state, job.started_at), (Job.State.CANCELLED, None))
        self.assertEqual((other.state, DBTaskResult.objects.count()), (Job.State.DONE, 1))

    def test_one_that_has_ended_cannot_be_cancelled(self):
        job = self.worked(count, rows=1)
        self.assertFalse(job.cancel())
        job.refresh_from_db()
        self.assertEqual(job.state, Job.State.DONE)

    def test_one_that_was_given_up_stops_and_stays_so(self):
        with mock.patch.object(frame, "TOLD_EVERY", 0):
            job = self.worked(get_lost)
        self.assertEqual((job.state, job.failure), (Job.State.FAILED, "потеряна"))

    def test_a_worker_that_is_stopped_says_so(self):
        job = self.start(stop)
        work_off()
        job.refresh_from_db()
        self.assertEqual(job.state, Job.State.FAILED)
        self.assertIn("was stopped", job.failure)

    def test_what_it_writes_is_its_persons_one_set_in_slices(self):
        before = ChangeSet.objects.count()
        job = self.worked(write)
        self.assertEqual((job.state, ChangeSet.objects.count()), (Job.State.DONE, before + 1))
        done = ChangeSet.objects.first()
        self.assertEqual((done.person, done.reason, done.source), (self.kz_analyst, "Все сразу", "page"))
        self.assertEqual(len(set(Organisation.history.filter(change_set=done).values_list("history_date"))), 2)

    def test_a_file_is_kept(self):
        with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            seen["path"] = os.path.join(folder, "made")  # noqa: PTH118
            job = self.worked(write_file)
            self.assertEqual((job.state, job.file_name), (Job.State.DONE, "Список.csv"))
            with job.file.open() as file:
                self.assertEqual(file.read().decode(), "содержание")

    def test_it_tells_of_itself_while_it_reads_the_past(self):
        make.organisation("Нынешнее")
        job = self.worked(read_the_past)
        self.assertEqual((job.state, seen["rows"]), (Job.State.DONE, []))

    def test_one_whose_worker_has_died_is_given_up(self):
        job, other = self.start(count, rows=5), self.start(count, rows=5)
        now = timezone.now()
        Job.objects.update(state=Job.State.RUNNING, seen_at=now - SILENT - timedelta(seconds=1))
        Job.objects.filter(pk=other.pk).update(seen_at=now)
        Job.objects.mark_lost()
        for one in (job, other):
            one.refresh_from_db()
        self.assertEqual((job.state, other.state), (Job.State.FAILED, Job.State.RUNNING))
        self.assertIn("was ended", job.failure)

    def test_a_second_worker_does_not_begin_it_again(self):
        job = self.worked(count, rows=5)
        count.enqueue(job_id=job.pk)
        seen.clear()
        work_off()
        self.assertEqual(seen, {})


class TidyTest(TrackerTestCase):
    def tidy(self):
        out = StringIO()
        call_command("tidy_jobs", stdout=out)
        return out.getvalue().strip()

    def test_what_ended_long_ago_goes_with_its_file_and_once(self):
        with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            seen["path"] = os.path.join(folder, "made")  # noqa: PTH118
            old, new = (
                Job.objects.start(write_file, by=self.kz_analyst, title="Работа", arguments={}) for _time in range(2)
            )
            work_off()
            long_ago = timezone.now() - timedelta(days=8)
            Job.objects.filter(pk=old.pk).update(ended_at=long_ago)
            DBTaskResult.objects.filter(args_kwargs__kwargs__job_id=old.pk).update(started_at=long_ago)
            self.assertEqual([self.tidy(), self.tidy()], ["Jobs deleted: 1.", "Jobs deleted: 0."])
            self.assertEqual([job.pk for job in Job.objects.all()], [new.pk])
            self.assertEqual(len(os.listdir(os.path.join(folder, "jobs"))), 1)  # noqa: PTH118 PTH208
            self.assertEqual(DBTaskResult.objects.count(), 1)

    def test_what_still_waits_stays(self):
        Job.objects.start(count, by=self.kz_analyst, title="Работа", arguments={"rows": 1})
        Job.objects.update(asked_at=timezone.now() - timedelta(days=30))
        self.tidy()
        self.assertEqual((Job.objects.count(), DBTaskResult.objects.count()), (1, 1))


class WorkerTest(TransactionTestCase):
    """The worker's own command, outside any transaction."""

    def test_it_takes_up_what_waits(self):
        person = make.user()
        job = Job.objects.start(count, by=person, title="Работа", arguments={"rows": 3})
        call_command("db_worker", batch=True, interval=0, startup_delay=False, reload=False, verbosity=0)
        job.refresh_from_db()
        self.assertEqual((job.state, job.done), (Job.State.DONE, 3))
        self.assertEqual(DBTaskResult.objects.get().status, "SUCCESSFUL")
