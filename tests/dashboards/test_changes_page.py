"""Since last time: figures that lead to exactly their rows, that add up, and are the reader's own."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

from django.core.cache import caches
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.progress.models import DeadlineChange, Report
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Control, Execution, Milestone, Role

from .test_since import complete, move

CHANGES = "/r/plan/changes/"
BEGINNING, BETWEEN = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 4, 1, 9, tzinfo=UTC)
QUERY = "?since=2026-03-01&on=2026-05-01"
QUERIES = 25
FIGURE = re.compile(r'<a href="([^"]+)">(\d+)(?: [^<]+)?</a>')


class ChangesTestCase(TrackerTestCase):
    """Between 1 March and 1 May 2026 something of each kind happens, in two areas."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=BEGINNING):
            super().setUpTestData()
            transport = cls.roadmap.areas.get(area__code="transport").area
            cls.road = make.item(
                cls.roadmap, number="2.1", area_=transport, parties={"RU": "lead", "TJ": "co_executor"}
            )
            plan = {
                "done": "31.12.2027", "overdue": "15.04.2026", "moved": "31.12.2027", "relieved": "15.02.2026",
                "worse": "31.12.2027", "dropped": "31.12.2027", "gone": "31.12.2027", "quiet": "31.12.2027",
            }  # fmt: skip
            for number, (name, term) in enumerate(plan.items(), 2):
                item = cls.road if number % 2 else cls.item
                setattr(
                    cls, name, make.milestone(item, number=f"{item.number}.{number}", term=term, wording={"ru": name})
                )
            complete(cls.worse, cls.kazakhstan, execution=Execution.IN_PROGRESS, percent=60)
            complete(cls.worse, cls.russia, execution=Execution.IN_PROGRESS, percent=60)
            cls.propose(cls.moved, "10.01.2028")
        with change_set(at=BETWEEN, by=cls.administrator):
            for part in cls.done.commitments.all():
                complete(cls.done, part.party)
            DeadlineChange.objects.get(milestone=cls.moved).approve(by=cls.second_reviewer)
            move(cls.relieved, "31.12.2027")
            complete(cls.worse, cls.kazakhstan, execution=Execution.IN_PROGRESS, percent=20)
            complete(cls.worse, cls.russia, execution=Execution.IN_PROGRESS, percent=20)
            Milestone.objects.get(pk=cls.dropped.pk).decide_control(
                Control.DROPPED, basis="Протокол № 4", by=cls.administrator, on=date(2026, 3, 30), reason="cancelled"
            )
            cls.gone.commitments.all().delete()
            Milestone.objects.get(pk=cls.gone.pk).delete()
            cls.added = make.milestone(cls.road, number="2.1.20", term="31.12.2027", wording={"ru": "Новая"})
            silent = cls.quiet.commitments.get(party=cls.russia)
            silent.silent_rounds = 1
            silent.save()
        with change_set(at=BETWEEN + timedelta(days=1)):
            Milestone.objects.filter(pk=cls.done.pk).update(wording={"ru": "Ёлочный мост сдан"})

    @classmethod
    def propose(cls, milestone, term):
        DeadlineChange.propose(milestone, term, by=cls.reviewer, reason="funding", basis="Письмо Минфина")

    def setUp(self):
        caches["local"].clear()  # the past is remembered, and each test class has its own
        self.client.force_login(self.observer)

    def page(self, query=QUERY):
        response = self.client.get(CHANGES + query)
        self.assertEqual(response.status_code, 200)
        return response

    def html(self, query=QUERY):
        return self.page(query).content.decode()

    def sections(self, query=QUERY):
        """{kind: [(number, words)]} of the rows that are listed."""
        return {
            section.figure.of.value: [(line.number, line.words) for _area, lines in section.areas for line in lines]
            for section in self.page(query).context["sections"]
        }

    def follow(self, query):
        """Follow every figure to the status table; returns how many there are."""
        figures = [found for found in FIGURE.findall(self.html(query)) if found[0].startswith("/r/plan/milestones/")]
        for href, count in figures:
            with self.subTest(href):
                self.assertEqual(self.client.get(unescape(href)).context["list"].total, int(count))
        return len(figures)

    def assert_it_adds_up(self, query):
        balance = self.page(query).context["balance"]
        self.assertTrue(balance)
        for was, came, left, are in balance:
            self.assertEqual(was.count + came - left, are.count, (query, was.of))


class ChangesTest(ChangesTestCase):
    def test_the_headline_says_what_has_changed(self):
        html = self.html()
        self.assertIn('Between <a href="/r/plan/?on=2026-03-01">01.03.2026</a> and 01.05.2026:', html)
        for phrase in (
            "1 newly completed", "1 newly overdue", "2 with a moved term", "1 no longer overdue, though not completed",
            "1 worsened", "1 added", "1 dropped", "1 removed",
        ):  # fmt: skip
            self.assertIn(f">{phrase}</a>", html)

    def test_each_row_says_what_is_new_about_it(self):
        sections = self.sections()
        self.assertEqual(sections["completed"], [("1.1.2", "done on 20.03.2026")])
        self.assertEqual(sections["overdue"], [("2.1.3", "due 15.04.2026: by 16 d")])
        self.assertEqual(
            sections["moved"],
            [
                ("1.1.4", "31.12.2027 → 10.01.2028, +10 d; funding: Письмо Минфина"),
                ("2.1.5", "15.02.2026 → 31.12.2027, +684 d"),
            ],
        )
        self.assertEqual(
            sections["relieved"],
            [("2.1.5", "only because the term was moved: 15.02.2026 → 31.12.2027, +684 d")],
        )
        self.assertEqual(sections["worsened"], [("1.1.6", "60 % → 20 %")])
        self.assertEqual(sections["dropped"], [("2.1.7", "30.03.2026; cancelled; Протокол № 4")])
        self.assertEqual(sections["added"], [("2.1.20", "31.12.2027")])
        self.assertEqual(sections["removed"], [("1.1.8", "31.12.2027")])
        self.assertContains(self.page(), "median +347 d, together +694 d")

    def test_what_was_removed_is_told_by_its_last_name_without_a_link(self):
        self.assertRegex(self.html(), r"<b>1.1.8</b><span><span [^>]+>gone</span></span>")

    def test_names_are_those_of_the_day(self):
        self.assertContains(self.page(), "Ёлочный мост сдан")
        self.assertNotContains(self.page("?since=2026-03-01&on=2026-04-01"), "Ёлочный мост сдан")

    def test_every_figure_leads_to_exactly_its_rows(self):
        self.assertGreater(self.follow(QUERY), 30)
        self.assertContains(self.page(), '<a href="#removed">1</a>')

    def test_it_adds_up(self):
        for query in (QUERY, "?since=2026-03-01", "?since=2026-03-01&on=2026-04-01"):
            self.assert_it_adds_up(query)

    def test_totals_are_those_of_the_areas(self):
        context = self.page().context
        columns = zip(*(figures for _area, figures in context["areas"]), strict=True)
        self.assertEqual([sum(f.count for f in column) for column in columns], [f.count for f in context["total"]])

    def test_parties_in_protocol_order(self):
        self.assertEqual([party.code for party, _figures in self.page().context["by_party"]], ["KZ", "RU", "TJ"])
        russia = dict(zip(self.page().context["part_kinds"], self.page().context["by_party"][1][1], strict=True))
        counted = {kind.value: figure.count for kind, figure in russia.items()}
        self.assertEqual(
            counted,
            {"completed": 1, "overdue": 1, "at_risk": 0, "worsened": 1, "silent": 1, "accepted": 0, "returned": 0},
        )

    def test_nothing_has_changed(self):
        response = self.page("?since=2026-02-20&on=2026-03-01")
        self.assertContains(response, "nothing has changed for any milestone")
        self.assertEqual(response.context["sections"], [])

    def test_long_lists_lead_on(self):
        with change_set(at=BETWEEN, by=self.administrator):
            for number in range(20):
                make.milestone(self.item, number=f"1.1.{30 + number}", term="31.12.2027")
        caches["local"].clear()
        self.assertEqual(len(self.sections()["added"]), 15)
        self.assertContains(self.page(), "change=added&amp;area=energy")
        self.assertRegex(self.html(), r'<a href="[^"]*change=added">All 21</a>')


class ReportsTest(ChangesTestCase):
    """Reports accepted and returned in between."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        with change_set(at=BETWEEN + timedelta(days=2)):
            for number, (state, milestone) in enumerate(
                (
                    (ReportState.ACCEPTED, cls.done),
                    (ReportState.RETURNED, cls.moved),
                    (ReportState.SUBMITTED, cls.worse),
                )
            ):
                make.report(
                    commitment_=milestone.commitments.get(party=cls.kazakhstan),
                    state=state,
                    decided_at=BETWEEN + timedelta(days=number) if number < 2 else None,
                )

    def decided(self):
        """(accepted, returned) of Kazakhstan."""
        return [figure.count for figure in self.page().context["by_party"][0][1][-2:]]

    def test_accepted_ones_are_everyones_returned_ones_the_own_partys(self):
        self.assertEqual(self.decided(), [1, 0])
        self.client.force_login(self.kz_analyst)
        self.assertEqual(self.decided(), [1, 1])
        returned = Report.objects.get(state=ReportState.RETURNED)
        self.assertContains(self.page(), f'<a href="/reports/{returned.pk}/">')
        self.assertContains(self.page(), '<a href="#returned">1</a>')

    def test_those_of_later_are_not_counted(self):
        for _party, figures in self.page("?since=2026-03-01&on=2026-03-31").context["by_party"]:
            self.assertEqual([figure.count for figure in figures[-2:]], [0, 0])


class WhoTest(ChangesTestCase):
    def test_a_reader_of_one_area_sees_its_figures_only(self):
        reader = make.user("transport@example.org")
        make.grant(reader, Role.OBSERVER, roadmap=self.roadmap, area=self.road.area)
        self.client.force_login(reader)
        self.assertEqual([area.code for area, _figures in self.page().context["areas"]], ["transport"])
        self.assertEqual({n[:3] for rows in self.sections().values() for n, _words in rows}, {"2.1"})
        self.assertNotContains(self.page(), "Ёлочный мост сдан")
        self.assertEqual([party.code for party, _f in self.page().context["by_party"]], ["RU", "TJ"])
        self.assert_it_adds_up(QUERY)
        self.assertGreater(self.follow(QUERY), 10)

    def test_another_roadmap_is_not_there(self):
        make.roadmap("other")
        self.assertEqual(self.client.get("/r/other/changes/").status_code, 404)
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(CHANGES + QUERY).status_code, 404)

    def test_it_is_only_read(self):
        self.assertEqual(self.client.post(CHANGES + QUERY).status_code, 405)

    def test_the_number_of_queries_does_not_grow(self):
        with self.assertNumQueries(QUERIES):
            self.page()
        with change_set(at=BETWEEN, by=self.administrator):
            for number in range(9):
                milestone = make.milestone(self.item, number=f"1.1.{30 + number}", term="15.04.2026")
                move(milestone, "16.04.2026")
        caches["local"].clear()
        with self.assertNumQueries(QUERIES):
            self.page()


class LastTimeTest(ChangesTestCase):
    """Without a day: since the end of the last round, else since a month ago; the address says it."""

    def led_to(self, query=""):
        response = self.client.get(CHANGES + query)
        self.assertEqual(response.status_code, 302)
        return response.url

    def test_a_month_ago(self):
        day = timezone.localdate() - timedelta(days=30)
        self.assertEqual(self.led_to(), f"{CHANGES}?since={day:%Y-%m-%d}")
        self.assertEqual(self.led_to("?on=2026-05-01"), f"{CHANGES}?on=2026-05-01&since=2026-04-01")

    def test_the_end_of_the_last_round(self):
        with change_set(at=BEGINNING):
            make.round_(self.roadmap, starts_on=date(2025, 10, 1))
            make.round_(self.roadmap, starts_on=date(2026, 1, 1), state="planned")
        self.assertEqual(self.led_to("?on=2026-05-01"), f"{CHANGES}?on=2026-05-01&since=2025-12-29")
        self.assertEqual(self.led_to("?on=2026-04-01"), f"{CHANGES}?on=2026-04-01&since=2025-12-29")

    def test_the_last_edition(self):
        for day in (25, 27, 30):
            known = datetime(2026, 4, day, tzinfo=UTC)
            make.edition(self.roadmap, judged_on=date(2026, 3, day), known_by=known)
        self.assertEqual(self.led_to(), f"{CHANGES}?since=edition-3")
        self.assertEqual(self.led_to("?on=2026-04-28"), f"{CHANGES}?on=2026-04-28&since=edition-2")
        self.assertEqual(self.led_to("?on=2026-03-28"), f"{CHANGES}?on=2026-03-28&since=2026-02-26")
        query = "?on=2026-05-01&since=edition-3"
        self.assert_it_adds_up(query)
        self.assertGreater(self.follow(query), 10)

    def test_a_day_that_cannot_be_read_is_told_in_words(self):
        for query, words in (
            ("?since=завтра", "“завтра” is not a day."),
            ("?since=2100-01-01", "must lie before the day of the page"),
            ("?since=1899-12-31", "is not a day."),
        ):
            response = self.client.get(CHANGES + query)
            self.assertContains(response, words)
            self.assertContains(response, "Choose the day since which you want to see what has changed.")
