"""The board of a round: what each reader sees of it, who holds the ball, and the rows behind every number."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.lib.dates import end_of
from tracker.progress.board import Ball, Kind, board_of, placed
from tracker.progress.models import Report
from tracker.roadmaps.models import Roadmap

STATES = ("asked", "draft", "submitted", "endorsed", "returned", "accepted")


class Board(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.transport = make.area("transport")
        cls.road = make.item(cls.roadmap, area_=cls.transport, number="2.1", parties={"RU": "lead"})
        cls.round = make.round_(cls.roadmap, starts_on=date(2025, 1, 1), opened_at=datetime(2025, 4, 1, tzinfo=UTC))
        cls.reports = {"RU": make.report(commitment_=cls.ru_commitment, round__=cls.round)}
        cls.reports |= {state: cls.kz_report(state) for state in STATES}
        cls.reports["nothing"] = cls.kz_report("accepted", nothing_to_report=True)
        cls.reports["road"] = make.report(
            commitment_=make.milestone(cls.road).commitments.get(), round__=cls.round, state="submitted",
            submitted_at=cls.in_time(),
        )  # fmt: skip

    @classmethod
    def in_time(cls):
        return end_of(cls.round.entry_due, cls.roadmap.time_zone) - timedelta(seconds=1)

    @classmethod
    def kz_report(cls, state, **fields):
        milestone = make.milestone(make.item(cls.roadmap, parties={"KZ": "lead"}))
        if state in ("submitted", "endorsed", "returned", "accepted"):
            fields = {"submitted_at": cls.in_time()} | fields
        return make.report(commitment_=milestone.commitments.get(), round__=cls.round, state=state, **fields)

    def board(self, user, **options):
        return board_of(self.round, user, on=self.roadmap.today(), **options)

    def kinds(self, user, party=None):
        board = self.board(user)
        tally = board.parties[party.pk] if party else board.all
        return {kind.value: count for kind, count in tally.kinds.items() if count}


class NumbersTest(Board):
    def test_the_own_party_sees_each_state(self):
        self.assertEqual(self.kinds(self.kz_analyst, self.kazakhstan), dict.fromkeys([*STATES, "nothing"], 1))

    def test_the_others_are_counted_as_not_shared(self):
        self.assertEqual(self.kinds(self.ru_analyst, self.kazakhstan), {"accepted": 1, "nothing": 1, "hidden": 5})
        self.assertEqual(self.kinds(self.observer), {"accepted": 1, "nothing": 1, "hidden": 7})

    def test_reviewers_and_administrators_see_what_was_sent(self):
        for person in (self.reviewer, self.administrator):
            expected = {"submitted": 1, "endorsed": 1, "accepted": 1, "nothing": 1, "hidden": 3}
            self.assertEqual(self.kinds(person, self.kazakhstan), expected)

    def test_everything_adds_up_for_everybody(self):
        for person in (self.kz_analyst, self.ru_analyst, self.observer, self.reviewer, self.administrator):
            board = self.board(person)
            for tallies in (board.cells, board.areas, board.parties):
                self.assertEqual(sum(tally.total for tally in tallies.values()), 9)
            self.assertEqual(board.all.total, 9)

    def test_one_area_is_counted_for_who_reads_one_area(self):
        reader = make.user()
        make.grant(reader, "observer", roadmap=self.roadmap, area=self.transport)
        self.assertEqual(self.kinds(reader), {"hidden": 1})

    def test_nothing_to_report_is_an_answer(self):
        self.assertEqual(self.board(self.kz_analyst).parties[self.kazakhstan.pk].answered, 4)
        self.assertEqual(self.kinds(self.kz_analyst)["nothing"], 1)

    def test_it_is_one_query(self):
        self.board(self.reviewer)  # the grants are read
        with self.assertNumQueries(1):
            self.board(self.reviewer)


class BallTest(Board):
    def balls(self, user):
        tally = self.board(user).parties[self.kazakhstan.pk]
        return {ball.value: count for ball, count in tally.balls.items()}

    def test_with_the_party_or_the_reviewer(self):
        self.assertEqual(self.balls(self.kz_analyst), {"party": 3, "reviewer": 2})

    def test_with_the_coordinator_where_there_are_two_steps(self):
        Roadmap.objects.filter(pk=self.roadmap.pk).update(two_steps=True)
        self.round.roadmap.refresh_from_db()
        self.assertEqual(self.balls(self.kz_analyst), {"party": 3, "coordinator": 1, "reviewer": 1})

    def test_the_secretariat_knows_with_whom_though_not_in_what_state(self):
        self.assertEqual(self.balls(self.reviewer), {"party": 3, "reviewer": 2})

    def test_another_party_is_not_told(self):
        self.assertEqual(self.balls(self.ru_analyst), {})

    def test_the_oldest_counts_in_days(self):
        now = datetime(2025, 5, 1, 12, tzinfo=UTC)
        Report.objects.filter(pk=self.reports["submitted"].pk).update(submitted_at=datetime(2025, 4, 11, tzinfo=UTC))
        Report.objects.filter(pk=self.reports["endorsed"].pk).update(endorsed_at=datetime(2025, 4, 21, tzinfo=UTC))
        tally = self.board(self.kz_analyst).parties[self.kazakhstan.pk]
        self.assertEqual(tally.days(Ball.REVIEWER, now=now), 20)
        self.assertEqual(tally.days(Ball.PARTY, now=now), 30)  # since the round opened
        self.assertIsNone(tally.days(Ball.COORDINATOR, now=now))


class ClosedTest(Board):
    def setUp(self):
        super().setUp()
        self.round.close(by=self.administrator)

    def test_what_was_not_sent_was_not_received(self):
        found = self.kinds(self.kz_analyst, self.kazakhstan)
        self.assertEqual((found["not_received"], found.get("asked"), found.get("draft")), (2, None, None))

    def test_the_secretariat_sees_that_too_and_other_parties_do_not(self):
        self.assertEqual(self.kinds(self.administrator, self.kazakhstan)["not_received"], 2)
        self.assertEqual(self.kinds(self.ru_analyst, self.kazakhstan), {"accepted": 1, "nothing": 1, "hidden": 5})

    def test_nobody_holds_it_any_more(self):
        tally = self.board(self.administrator).parties[self.kazakhstan.pk]
        self.assertEqual((tally.balls[Ball.PARTY], tally.balls[Ball.REVIEWER]), (1, 2))  # the returned one

    def test_a_reopened_party_is_asked_again_till_the_day_ends(self):
        today = self.roadmap.today()
        self.round.allow_late(self.kazakhstan, until=today, reason="Письмо", by=self.administrator)
        found = self.kinds(self.kz_analyst, self.kazakhstan)
        self.assertEqual((found["asked"], found["draft"], found.get("not_received")), (1, 1, None))
        self.assertEqual(self.board(self.administrator).parties[self.kazakhstan.pk].balls[Ball.PARTY], 3)
        tomorrow = board_of(self.round, self.kz_analyst, on=today + timedelta(days=1))
        self.assertEqual(tomorrow.parties[self.kazakhstan.pk].kinds[Kind.NOT_RECEIVED], 2)


class CameLateTest(Board):
    def late(self):
        return placed(self.round, self.reviewer, on=self.roadmap.today()).filter(is_late=True)

    def test_the_due_day_lasts_to_its_end_where_the_roadmap_runs(self):
        report = self.reports["submitted"]
        self.assertQuerySetEqual(self.late(), [])
        Report.objects.filter(pk=report.pk).update(submitted_at=self.in_time() + timedelta(seconds=1))
        self.assertEqual(list(self.late()), [report])

    def test_it_stays_late_when_accepted(self):
        report = self.reports["accepted"]
        Report.objects.filter(pk=report.pk).update(submitted_at=self.in_time() + timedelta(days=3))
        self.assertEqual(list(self.late()), [report])

    def test_what_came_in_time_is_not_late_by_its_correction(self):
        report = Report.objects.get(pk=self.reports["submitted"].pk)
        report.send_back(by=self.reviewer, remarks=[("", "Уточните.")])
        report.narrative = "Уточнено"
        report.submit(by=self.kz_analyst)
        self.assertEqual(report.submitted_at > self.in_time(), True)
        self.assertQuerySetEqual(self.late(), [])

    def test_what_was_late_at_first_stays_late_when_corrected(self):
        report = Report.objects.get(pk=self.reports["submitted"].pk)
        Report.objects.filter(pk=report.pk).update(submitted_at=self.in_time() + timedelta(days=1))
        report = Report.objects.get(pk=report.pk)
        report.send_back(by=self.reviewer, remarks=[("", "Уточните.")])
        report.narrative = "Уточнено"
        report.submit(by=self.kz_analyst)
        self.assertEqual(list(self.late()), [report])

    def test_another_party_is_not_told_while_it_is_not_shared(self):
        Report.objects.filter(pk=self.reports["submitted"].pk).update(submitted_at=timezone.now())
        self.assertEqual(self.board(self.ru_analyst).all.late, 0)
        self.assertEqual(self.board(self.reviewer).all.late, 1)


class PageTest(Board):
    def page(self, person, query=""):
        self.client.force_login(person)
        return self.client.get(f"/r/plan/rounds/{self.round.pk}/{query}")

    def rows(self, url):
        """The reports behind a number of the board."""
        return [row.pk for row in self.client.get(url).context["list"].page_rows]

    def test_every_number_leads_to_exactly_its_rows(self):
        for person in (self.kz_analyst, self.reviewer, self.observer):
            page = self.page(person)
            cells = [cell for _area, row, total in page.context["rows"] for cell in (*row, total)]
            checked = 0
            for cell in [*cells, *page.context["by_party"], page.context["all"]]:
                for line in [cell["total"], *cell["kinds"], *cell["balls"], *[cell["late"]][: cell["late"].count]]:
                    if cell["total"].count:
                        self.assertEqual(len(self.rows(line.url)), line.count, line.url)
                        checked += 1
            self.assertGreater(checked, 10)
            answered = page.context["answered"]
            self.assertEqual(len(self.rows(answered.url)), answered.count)

    def test_the_columns_are_the_parties_in_protocol_order(self):
        page = self.page(self.observer)
        self.assertEqual(page.context["parties"], self.roadmap.parties_in_order)

    def test_the_rows_say_state_ball_days_and_lead_on(self):
        Report.objects.filter(pk=self.reports["submitted"].pk).update(
            submitted_at=timezone.now() - timedelta(days=12, hours=1)
        )
        self.client.force_login(self.reviewer)
        page = self.client.get(f"/r/plan/rounds/{self.round.pk}/reports/?party=KZ&state=submitted")
        row = page.context["list"].page_rows[0]
        self.assertEqual((row.days, page.context["table"].value_ball(row)), (12, "Reviewer"))
        self.assertContains(page, f'href="/reports/{row.pk}/"')
        self.assertContains(page, "came late")

    def test_a_hidden_row_leads_to_the_milestone_and_says_no_more(self):
        self.client.force_login(self.ru_analyst)
        page = self.client.get(f"/r/plan/rounds/{self.round.pk}/reports/?party=KZ&state=hidden")
        self.assertEqual(page.context["list"].total, 5)
        for report in (self.reports[state] for state in ("draft", "returned", "submitted")):
            self.assertNotContains(page, f"/reports/{report.pk}/")
        self.assertNotContains(page, "Draft</span>")
        by_state = self.client.get(f"/r/plan/rounds/{self.round.pk}/reports/?party=KZ&state=returned")
        self.assertEqual(by_state.context["list"].total, 0)

    def test_a_stranger_and_another_roadmap_find_nothing(self):
        self.assertEqual(self.page(self.stranger).status_code, 404)
        make.roadmap("other")
        self.client.force_login(self.administrator)
        for page in ("", "reports/", "edit/"):
            self.assertEqual(self.client.get(f"/r/other/rounds/{self.round.pk}/{page}").status_code, 404)

    def test_they_are_only_read(self):
        self.client.force_login(self.administrator)
        for page in ("", "reports/"):
            self.assertEqual(self.client.post(f"/r/plan/rounds/{self.round.pk}/{page}").status_code, 405)

    def test_a_past_day_shows_the_round_as_it_was(self):
        yesterday = self.roadmap.today() - timedelta(days=1)
        page = self.page(self.administrator, f"?on={yesterday}")
        self.assertEqual(page.status_code, 404)  # it was not there yet
        tomorrow = self.roadmap.today() + timedelta(days=1)
        page = self.page(self.administrator, f"?on={tomorrow}")
        self.assertNotContains(page, f"/rounds/{self.round.pk}/remind/")
        self.assertEqual(parse_qs(urlsplit(page.context["answered"].url).query)["on"], [str(tomorrow)])

    def test_the_list_sorts_by_days_with_what_nobody_holds_last(self):
        Report.objects.filter(pk=self.reports["submitted"].pk).update(submitted_at=datetime(2025, 4, 2, tzinfo=UTC))
        self.client.force_login(self.kz_analyst)
        for sort in ("days", "-days"):
            page = self.client.get(f"/r/plan/rounds/{self.round.pk}/reports/?party=KZ&sort={sort}")
            days = [row.days for row in page.context["list"].page_rows]
            known = [day for day in days if day is not None]
            self.assertEqual(known, sorted(known, reverse=sort == "-days"))
            self.assertEqual(days[len(known) :], [None] * (len(days) - len(known)))

    def test_the_number_of_queries_does_not_grow(self):
        self.client.force_login(self.administrator)
        board = f"/r/plan/rounds/{self.round.pk}/"
        for _more in range(2):
            for page, queries in ((board, 15), (f"{board}reports/", 13)):
                with self.assertNumQueries(queries):
                    self.client.get(page)
            self.kz_report("asked")


class EmptyTest(TrackerTestCase):
    def test_a_round_that_asked_nothing_says_so(self):
        round_ = make.round_(self.roadmap)
        self.client.force_login(self.observer)
        self.assertContains(self.client.get(f"/r/plan/rounds/{round_.pk}/"), "asked for nothing that you may read")

    def test_no_round_says_what_to_do(self):
        for person, words in (
            (self.observer, "An administrator plans the first one"),
            (self.administrator, "Plan the first one"),
        ):
            self.client.force_login(person)
            self.assertContains(self.client.get("/r/plan/rounds/"), words)
