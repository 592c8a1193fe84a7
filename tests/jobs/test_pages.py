"""A person's pages of their own jobs."""

import os
from datetime import timedelta
from tempfile import TemporaryDirectory

from django.core.files.base import ContentFile
from django.test import override_settings
from django.utils import timezone
from django_tasks import task

from tests.base import TrackerTestCase
from tracker.accounts.models import Event
from tracker.jobs.models import SILENT, Job


@task
def nothing(job_id):
    """Never taken up in these tests."""


class JobPagesCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.kz_analyst)

    def job(self, **fields):
        job = Job.objects.start(nothing, by=self.kz_analyst, title="Таблица состояния", arguments={})
        for name, value in fields.items():
            setattr(job, name, value)
        job.save()
        return job

    def running(self, **fields):
        now = timezone.now()
        defaults = {"state": Job.State.RUNNING, "started_at": now - timedelta(seconds=10), "seen_at": now}
        return self.job(**defaults | fields)

    def ended(self, state=Job.State.DONE, **fields):
        return self.running(state=state, ended_at=timezone.now(), **fields)

    def page(self, job, **options):
        return self.client.get(f"/jobs/{job.pk}/", **options)


class JobTest(JobPagesCase):
    def test_it_says_how_far_it_is(self):
        response = self.page(self.running(done=300, total=1200))
        self.assertContains(response, "300 of 1200 rows")
        self.assertContains(response, "30 rows in a second")
        self.assertContains(response, 'max="100" value="25"')
        self.assertContains(response, "Refresh")

    def test_it_asks_again_every_second_while_it_goes_on(self):
        job = self.running(done=1, total=2)
        self.assertContains(self.page(job), 'hx-trigger="every 1s"')
        response = self.page(job, headers={"HX-Request": "true"})
        self.assertContains(response, "1 of 2 rows")
        self.assertNotContains(response, "<html")

    def test_and_then_no_more(self):
        job = self.ended(done=2, total=2)
        self.assertEqual(self.page(job, headers={"HX-Request": "true"})["HX-Refresh"], "true")
        self.assertNotContains(self.page(job), "hx-trigger")

    def test_it_asks_by_few_queries(self):
        job = self.running(done=1, total=2)
        self.page(job)
        with self.assertNumQueries(4):
            self.page(job, headers={"HX-Request": "true"})

    def test_one_that_nobody_takes_up_says_so(self):
        job = self.job()
        self.assertNotContains(self.page(job), "No worker")
        Job.objects.update(asked_at=timezone.now() - timedelta(seconds=31))
        self.assertContains(self.page(job), "No worker has taken it up yet.")

    def test_one_whose_worker_has_died_says_so(self):
        job = self.running(seen_at=timezone.now() - SILENT - timedelta(seconds=1))
        self.assertContains(self.page(job), "The process that worked on it was ended.")

    def test_it_shows_what_came_of_it(self):
        refused = [{"what": "1.1.1", "why": "Снято с контроля."}]
        job = self.ended(result={"url": "/r/plan/", "words": "Сделано: 7.", "refused": refused}, back="/r/plan/items/")
        response = self.page(job)
        for text in ("Сделано: 7.", 'href="/r/plan/"', "Снято с контроля.", 'href="/r/plan/items/"'):
            self.assertContains(response, text)

    def test_it_shows_why_it_failed(self):
        self.assertContains(self.page(self.ended(Job.State.FAILED, failure="Так нельзя.")), "Так нельзя.")

    def test_it_is_nobody_elses(self):
        with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            job = self.ended(file_name="a.csv")
            job.file.save("x.csv", ContentFile("a"))
            for person in (self.administrator, self.ru_analyst):
                self.client.force_login(person)
                self.assertEqual(self.page(job).status_code, 404)
                self.assertEqual(self.client.get(f"/jobs/{job.pk}/file/").status_code, 404)
                self.assertEqual(self.client.post(f"/jobs/{job.pk}/cancel/").status_code, 404)
                self.assertNotContains(self.client.get("/jobs/"), "Таблица состояния")


class CancelTest(JobPagesCase):
    def cancel(self, job):
        return self.client.post(f"/jobs/{job.pk}/cancel/", follow=True)

    def test_it_is_asked_for(self):
        job = self.running(done=1)
        self.assertContains(self.cancel(job), "It is being left off.")
        job.refresh_from_db()
        self.assertTrue(job.cancel_asked)

    def test_what_waits_is_cancelled(self):
        job = self.job()
        self.assertContains(self.cancel(job), "It was left off before anything was done.")
        self.assertContains(self.cancel(job), "It will be left off.")

    def test_what_has_ended_is_not(self):
        job = self.ended()
        self.assertContains(self.cancel(job), "It had ended before.")
        job.refresh_from_db()
        self.assertEqual(job.state, Job.State.DONE)

    def test_it_is_sent(self):
        self.assertEqual(self.client.get(f"/jobs/{self.job().pk}/cancel/").status_code, 405)


class FileTest(JobPagesCase):
    def setUp(self):
        super().setUp()
        folder = self.enterContext(TemporaryDirectory())
        self.enterContext(override_settings(MEDIA_ROOT=folder))
        self.kept = self.ended(file_name="Состояние.xlsx")
        self.kept.file.save("x.xlsx", ContentFile(b"PK"))

    def test_it_is_downloaded_and_put_down(self):
        response = self.client.get(f"/jobs/{self.kept.pk}/file/")
        self.assertEqual(b"".join(response.streaming_content), b"PK")
        self.assertTrue(response["Content-Disposition"].startswith("attachment"))
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertIn("no-store", response["Cache-Control"])
        self.assertEqual(response["Content-Type"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        event = Event.objects.latest("pk")
        self.assertEqual((event.kind, event.person), (Event.Kind.DOWNLOADED, self.kz_analyst))

    def test_one_that_is_gone_says_so(self):
        os.remove(self.kept.file.path)  # noqa: PTH107
        response = self.client.get(f"/jobs/{self.kept.pk}/file/")
        self.assertContains(response, "Have it made anew.", status_code=404)

    def test_a_job_without_one_has_none(self):
        self.assertEqual(self.client.get(f"/jobs/{self.ended().pk}/file/").status_code, 404)


class ListTest(JobPagesCase):
    def test_it_lists_ones_own(self):
        self.running(done=3, total=12)
        response = self.client.get("/jobs/")
        self.assertContains(response, "Таблица состояния")
        self.assertContains(response, "3 of 12")

    def test_it_says_what_would_be_here(self):
        self.assertContains(self.client.get("/jobs/"), "Nothing yet.")

    def test_the_masthead_leads_to_what_goes_on(self):
        job = self.running()
        self.assertNotContains(self.client.get("/account/"), 'href="/jobs/">My jobs&nbsp;1')
        self.page(job)
        self.assertContains(self.client.get("/account/"), 'href="/jobs/">My jobs&nbsp;1')
        Job.objects.update(state=Job.State.DONE)
        self.client.get("/jobs/")
        self.assertNotContains(self.client.get("/account/"), "My jobs&nbsp;")
