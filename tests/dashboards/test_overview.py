"""The overview: counts and the few rows beside them, remembered until something changes, and those of a past day."""

from datetime import UTC, date, datetime, timedelta

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.progress.status import SOON

PAGE = "/r/plan/"
QUERIES = 10
FEBRUARY = datetime(2026, 2, 1, 9, tzinfo=UTC)


class OverviewTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()

    def setUp(self):
        self.client.force_login(self.observer)

    def page(self, on=""):
        return self.client.get(PAGE, {"on": on} if on else {}).context

    def numbers(self, name, on=""):
        return [milestone.number for milestone, _slip in self.page(on)[name]]

    def due(self, number, day):
        return make.milestone(self.item, number=number, term=f"{day:%d.%m.%Y}")

    def test_the_query_count_does_not_grow_with_the_rows(self):
        make.report(commitment_=self.kz_commitment, state="accepted", decided_at=FEBRUARY)
        self.client.get(PAGE)
        with self.assertNumQueries(QUERIES):
            self.client.get(PAGE)
        for number in range(10):
            self.due(f"1.2.{number}", date(2026, 5, 1) + timedelta(days=number))
        self.client.get(PAGE)
        with self.assertNumQueries(QUERIES):
            self.client.get(PAGE)

    def test_the_oldest_of_what_is_overdue_and_what_falls_due_within_a_month(self):
        today = self.roadmap.today()
        a_day = timedelta(days=1)
        for number, day in enumerate((today - a_day, today, today + SOON, today + SOON + a_day), 2):
            self.due(f"1.1.{number}", day)
        self.assertEqual(self.numbers("overdue"), ["1.1.1", "1.1.2"])
        self.assertEqual(self.numbers("due"), ["1.1.3", "1.1.4"])

    def test_a_change_shows_at_once(self):
        self.assertEqual(self.numbers("overdue"), ["1.1.1"])
        with change_set(by=self.administrator):
            self.milestone.due_on = self.milestone.agreed_due = date(2099, 12, 31)
            self.milestone.save()
        self.assertEqual(self.numbers("overdue"), [])

    def test_lately_accepted_is_of_what_was_accepted_by_the_day(self):
        with change_set(at=FEBRUARY):
            make.report(commitment_=self.kz_commitment, state="accepted", decided_at=FEBRUARY, narrative="Принято")
        for on, parties in (("2026-01-31", []), ("2026-02-01", ["KZ"]), ("", ["KZ"])):
            with self.subTest(on):
                self.assertEqual([report.commitment.party.code for report in self.page(on)["accepted"]], parties)

    def test_names_are_those_of_the_day_though_the_counts_are_remembered(self):
        self.page("2026-02-01")
        with change_set(by=self.administrator):
            self.milestone.wording = {"ru": "Другая формулировка"}
            self.milestone.save()
        for on, wording in (("2026-07-01", "Data format agreed"), ("", "Другая формулировка")):
            [(milestone, _slip)] = self.page(on)["overdue"]
            self.assertEqual(str(milestone.wording), wording)
