"""What concerned somebody's access, as administrators find it."""

from datetime import date

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.history.changes import change_set
from tracker.roadmaps.models import Grant, Role

Kind = Event.Kind


class WrittenTest(TrackerTestCase):
    def last(self, kind):
        return Event.objects.filter(kind=kind).latest("pk")

    def test_signing_in_failing_and_out(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        self.client.post(
            "/account/login/", {"login": "observer@example.org", "password": "не тот"}, HTTP_USER_AGENT="Бр\nаузер"
        )
        failed = self.last(Kind.FAILED)
        self.assertEqual((failed.detail, failed.person, failed.ip), ("observer@example.org", None, "127.0.0.1"))
        self.assertNotIn("\n", failed.browser)
        self.client.post("/account/login/", {"login": "observer@example.org", "password": make.PASSWORD})
        self.assertEqual(self.last(Kind.SIGNED_IN).person, self.observer)
        self.client.post("/account/logout/")
        self.assertEqual(self.last(Kind.SIGNED_OUT).person, self.observer)

    def test_rights_by_every_path(self):
        body = make.organisation("Временный орган")
        with change_set(by=self.administrator):
            grant = make.grant(self.stranger, Role.OBSERVER, roadmap=self.roadmap)
        self.assertEqual(self.last(Kind.RIGHTS).about, self.stranger)
        self.assertTrue(self.last(Kind.RIGHTS).detail.startswith("+ observer"))
        grant.until = date(2030, 1, 1)
        grant.save()
        self.assertTrue(self.last(Kind.RIGHTS).detail.startswith("~ observer"))
        grant.delete()
        self.assertTrue(self.last(Kind.RIGHTS).detail.startswith("− observer"))
        make.grant(self.stranger, Role.OBSERVER, organisation=body)
        body.delete()
        self.assertTrue(self.last(Kind.RIGHTS).detail.startswith("− observer (Временный орган)"))
        self.assertFalse(Grant.objects.filter(user=self.stranger).exists())

    def test_files_taken_out_on_past_days_too(self):
        self.client.force_login(self.observer)
        for address in ("/r/plan/milestones/?export=csv", "/r/plan/milestones/?export=csv&on=01.01.2026"):
            self.assertEqual(self.client.get(address).status_code, 200)
            event = self.last(Kind.EXPORTED)
            self.assertEqual((event.person, event.detail), (self.observer, address))

    def test_a_change_that_fails_leaves_no_line(self):
        before = Event.objects.count()
        with self.assertRaises(ZeroDivisionError), change_set(by=self.administrator):
            make.grant(self.stranger, Role.OBSERVER)
            _nothing = 1 / 0
        self.assertEqual(Event.objects.count(), before)

    def test_nobody_changes_a_line(self):
        event = record(Kind.SIGNED_IN, person=self.observer)
        for change in (event.save, event.delete, Event.objects.all().delete, lambda: Event.objects.update(detail="")):
            with self.assertRaises(NotImplementedError):
                change()


class PageTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        for number in range(60):
            record(Kind.FAILED, detail=f"Чужой{number}@example.org")
        record(Kind.SIGNED_IN, person=cls.kz_analyst)

    def setUp(self):
        self.client.force_login(self.administrator)

    def rows(self, query):
        return list(self.client.get(f"/security/?{query}").context["page"])

    def test_it_filters_by_what_who_and_when(self):
        self.assertEqual(len(self.rows("kind=failed")), 50)
        self.assertEqual(len(self.rows("kind=failed&page=2")), 10)
        self.assertEqual([e.person for e in self.rows("q=айгуль&kind=signed_in")], [self.kz_analyst])
        self.assertEqual([e.detail for e in self.rows("q=ЧУЖОЙ7@")], ["Чужой7@example.org"])
        self.assertEqual(self.rows("until=01.01.2020"), [])
        self.assertTrue(self.rows("since=01.01.2020"))
        self.assertContains(self.client.get("/security/?since=never"), "is not a day")

    def test_it_goes_out_as_a_file_and_says_so(self):
        file = b"".join(self.client.get("/security/?export=csv&kind=failed").streaming_content).decode()
        self.assertEqual(file.count("Чужой"), 60)
        self.assertEqual(Event.objects.latest("pk").kind, Kind.EXPORTED)

    def test_only_administrators(self):
        for person in (self.reviewer, self.kz_analyst, self.observer, self.stranger):
            self.client.force_login(person)
            self.assertEqual(self.client.get("/security/").status_code, 403)
        self.assertEqual(self.client.post("/security/").status_code, 405)

    def test_query_count(self):
        with self.assertNumQueries(9):
            self.client.get("/security/")
