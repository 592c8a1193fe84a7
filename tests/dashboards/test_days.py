"""From where a page is seen: `on`, `known`, `since`, and the way to another day."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences
from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.history.changes import change_set
from tracker.lib.texts import Texts
from tracker.progress.models import Round
from tracker.roadmaps.models import Execution, Role

TABLE, DAYS = "/r/plan/milestones/", "/r/plan/days/"
BEGINNING = datetime(2025, 10, 9, tzinfo=UTC)
PAGES = ("", "milestones/", "items/", "rounds/", "deadlines/", "documents/", "parties/")


class DaysTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=BEGINNING):
            super().setUpTestData()

    def setUp(self):
        self.client.force_login(self.observer)


class SeenFromTest(DaysTestCase):
    def test_today_is_live_and_says_nothing(self):
        response = self.client.get(TABLE)
        self.assertTrue(response.wsgi_request.is_live)
        self.assertNotContains(response, "Nothing can be changed here.")

    def test_every_page_that_shows_status_says_its_day_and_leads_to_another(self):
        for page in PAGES:
            for query, words in (
                ("?on=2026-03-01", "As of 01.03.2026: everything is shown as it was recorded by the end of that day."),
                (
                    "?on=2025-12-31&known=2026-01-20T14:00",
                    "Judged on 31.12.2025 by what was recorded by 20.01.2026 14:00.",
                ),
                ("?since=2026-03-01", "Changes since 01.03.2026 are marked"),
            ):
                with self.subTest(page=page, query=query):
                    response = self.client.get(f"/r/plan/{page}{query}")
                    self.assertContains(response, words)
                    self.assertContains(response, "Nothing can be changed here.")
                    self.assertContains(response, 'id="menu-day"')
                    self.assertFalse(response.wsgi_request.is_live)

    def test_links_stay_on_the_day(self):
        query = "?on=2025-12-31&known=2026-01-20T14%3A00&since=2025-11-01"
        response = self.client.get(TABLE + query)
        escaped = query.replace("&", "&amp;")
        for address in ("/r/plan/items/", "/r/plan/"):
            self.assertContains(response, f'href="{address}{escaped}"')
        self.assertContains(response, '<input type="hidden" name="known" value="2026-01-20T14:00">')
        self.assertContains(response, f'<a href="{TABLE}">Back to the plan as it stands</a>')

    def test_the_way_back_keeps_the_filters(self):
        response = self.client.get(TABLE + "?on=2026-03-01&area=energy")
        self.assertContains(response, f'<a href="{TABLE}?area=energy">Back to the plan as it stands</a>')

    def test_what_cannot_be_read_is_answered_in_words(self):
        for query, words in (
            ("on=31.02.2026", "“31.02.2026” is not a day."),
            ("on=2026-03-01&known=вчера", "“вчера” is not a day."),
            ("known=2026-03-01T25:00", "is no hour of a day"),
            ("since=завтра", "“завтра” is not a day."),
            ("since=visit", "This is your first visit"),
            ("since=2199-01-01", "must lie before the day of the page"),
            ("on=2026-01-01&since=2026-02-01", "must lie before the day of the page"),
        ):
            with self.subTest(query):
                response = self.client.get(f"{TABLE}?{query}")
                self.assertEqual(response.status_code, 200)
                self.assertIn(words, " ".join(sentences(response)))

    def test_a_known_moment_to_come_is_now(self):
        self.assertTrue(self.client.get(TABLE + "?known=2999-01-01").wsgi_request.is_live)

    def test_since_ones_last_visit(self):
        for days in (9, 1):
            with change_set(at=datetime.now(UTC) - timedelta(days=days)):
                record(Event.Kind.SIGNED_IN, person=self.observer)
        response = self.client.get(TABLE + "?since=visit")
        self.assertContains(response, "Changes since your last visit are marked")

    def test_nothing_is_changed_on_a_day_that_is_not_today(self):
        self.client.force_login(self.administrator)
        self.assertContains(self.client.get(TABLE), 'class="edit"')
        for query in ("?on=2026-03-01", "?since=2026-03-01"):
            self.assertNotContains(self.client.get(TABLE + query), 'class="edit"')


class SearchOnADayTest(DaysTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        with change_set(at=datetime(2026, 3, 1, 12, tzinfo=UTC)):
            cls.item.wording = Texts(ru="Обеспечить ёмкость хранилищ")
            cls.item.save()
            cls.milestone.carry_down()

    def found(self, text, query=""):
        response = self.client.get(f"/search/?q={quote(text)}{query}")
        return [(section.name, section.total) for section in response.context["search"].found]

    def test_it_finds_the_wording_of_then(self):
        self.assertEqual(self.found("хранилищ"), [("items", 1), ("milestones", 1)])
        self.assertEqual(self.found("хранилищ", "&on=2026-02-01"), [])
        self.assertEqual(self.found("сведениями", "&on=2026-02-01")[0], ("items", 1))

    def test_hits_lead_to_pages_of_the_day(self):
        response = self.client.get("/search/?q=1.1&on=2026-02-01")
        self.assertContains(response, f'href="/r/plan/items/{self.item.pk}/?on=2026-02-01"')
        self.assertContains(response, "As of 01.02.2026")

    def test_a_report_that_may_not_be_read_today_is_not_found_on_a_past_day(self):
        with change_set(at=datetime(2026, 2, 1, tzinfo=UTC)):
            report = make.report(commitment_=self.kz_commitment, state="accepted", narrative="Ёлочный путепровод сдан")
        self.assertEqual(self.found("путепровод", "&on=2026-02-15"), [("reports", 1)])
        with change_set(at=datetime(2026, 2, 20, tzinfo=UTC)):
            report.audience = "own"
            report.save()
        self.assertEqual(self.found("путепровод", "&on=2026-02-15"), [])


class ChooseADayTest(DaysTestCase):
    def test_it_offers_ends_of_rounds_and_days_ago(self):
        round_ = make.round_(self.roadmap, starts_on=date(2026, 1, 1), state=Round.State.CLOSED)
        response = self.client.get(f"{DAYS}?at={quote(TABLE + '?area=energy&page=2')}")
        self.assertContains(response, f"End of {round_.name}, 31.03.2026")
        self.assertContains(response, f'href="{TABLE}?area=energy&amp;on=2026-03-31"')
        self.assertContains(response, f'href="{TABLE}?area=energy&amp;since=2026-03-31"')
        self.assertContains(response, "7 days ago")
        self.assertContains(response, f'<form class="days" method="get" action="{TABLE}"')
        self.assertContains(response, '<input type="hidden" name="area" value="energy">')

    def test_the_menu_is_the_same_without_the_page(self):
        response = self.client.get(f"{DAYS}?at={quote(TABLE)}", headers={"HX-Request": "true"})
        self.assertContains(response, 'class="presets"')
        self.assertNotContains(response, "<html")

    def test_it_leads_nowhere_else(self):
        for at in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""):
            with self.subTest(at):
                response = self.client.get(f"{DAYS}?at={quote(at)}")
                choice = response.content.decode().partition('<form class="days"')[2]
                self.assertIn('action="/r/plan/"', choice)
                self.assertNotIn("evil", choice)

    def test_it_is_of_ones_own_roadmap(self):
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(DAYS).status_code, 404)
        self.client.force_login(self.observer)
        self.assertEqual(self.client.post(DAYS).status_code, 405)


class CompletedLaterTest(DaysTestCase):
    """The page of 31 December, as it was known on 20 January, counts what was accepted in between."""

    def test_it_shows_what_was_accepted_by_then(self):
        with change_set(at=datetime(2026, 1, 14, tzinfo=UTC)):
            for part in (self.kz_commitment, self.ru_commitment):
                part.execution, part.percent, part.done_on = Execution.COMPLETED, 100, date(2025, 12, 20)
                part.save()
            self.milestone.carry_down()
        for query, completed in (("?on=2025-12-31", 0), ("?on=2025-12-31&known=2026-01-20", 1)):
            response = self.client.get(TABLE + query)
            self.assertEqual(response.context["figures"]["completed"], completed)

    def test_an_area_scoped_reader_sees_no_more_of_the_past(self):
        make.grant(self.stranger, Role.OBSERVER, roadmap=self.roadmap, area=make.area("transport"))
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(TABLE + "?on=2026-03-01&since=2026-01-01").context["list"].total, 0)


class EditionTest(DaysTestCase):
    """The edition of the year's end, sealed on 20 January, is a day to look back to."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.edition = make.edition(
            cls.roadmap, by=cls.reviewer, judged_on=date(2025, 12, 31), known_by=datetime(2026, 1, 20, 11, tzinfo=UTC)
        )

    def test_changes_are_marked_since_it(self):
        response = self.client.get(TABLE + "?since=edition-1")
        self.assertContains(response, "Changes since Edition No. 1 are marked")
        standpoint = response.wsgi_request.since.standpoint
        self.assertEqual((standpoint.day, standpoint.known), (self.edition.judged_on, self.edition.known_by))
        self.assertTrue(standpoint.knows_later)

    def test_it_is_offered(self):
        response = self.client.get(f"{DAYS}?at={quote(TABLE)}")
        self.assertContains(response, f'href="{TABLE}?since=edition-1"')
        self.assertContains(response, f'href="{TABLE}?on=2025-12-31&amp;known=2026-01-20T14%3A00%3A00"')

    def test_one_that_does_not_exist_is_answered_in_words(self):
        response = self.client.get(TABLE + "?since=edition-7")
        self.assertIn("There is no edition No. 7.", sentences(response))
