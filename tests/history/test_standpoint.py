"""Judged on a day, by what was known by a moment: what was accepted in January of what was done in December."""

from datetime import UTC, date, datetime

from tests import make
from tests.base import TrackerTestCase
from tracker.history.as_of import Frozen, current_as_of
from tracker.history.changes import change_set
from tracker.progress.status import Timeliness, counts, rule_for
from tracker.roadmaps.models import Commitment, Control, Execution, Item, Milestone, State

BEGINNING = datetime(2025, 10, 9, tzinfo=UTC)
ACCEPTED = datetime(2026, 1, 14, 12, tzinfo=UTC)
LATE_JANUARY = datetime(2026, 1, 20, 9, tzinfo=UTC)
YEAR_END = date(2025, 12, 31)


class StandpointTest(TrackerTestCase):
    """On 14 January two milestones are accepted as completed: one of 20 December, one of 10 January."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=BEGINNING):
            super().setUpTestData()
            cls.december = make.milestone(cls.item, number="1.1.2", term="31.12.2025")
            cls.january = make.milestone(cls.item, number="1.1.3", term="31.12.2025")
            cls.half = make.milestone(cls.item, number="1.1.4", term="31.12.2025")
            cls.dropped = make.milestone(cls.item, number="1.1.5", term="31.12.2025")
        with change_set(at=ACCEPTED, by=cls.administrator):
            cls.complete(cls.december, cls.kazakhstan, date(2025, 12, 20))
            cls.complete(cls.december, cls.russia, date(2025, 12, 15))
            cls.complete(cls.january, cls.kazakhstan, date(2025, 12, 20))
            cls.complete(cls.january, cls.russia, date(2026, 1, 10))
            cls.complete(cls.half, cls.russia, date(2026, 1, 10))
            cls.dropped.decide_control(
                Control.DROPPED, basis="Протокол", by=cls.administrator, on=date(2026, 1, 12), reason="cancelled"
            )

    @classmethod
    def complete(cls, milestone, party, day):
        part = milestone.commitments.get(party=party)
        part.execution, part.percent, part.done_on = Execution.COMPLETED, 100, day
        part.save()
        milestone.refresh_from_db()
        milestone.carry_down()

    def seen(self, milestone, standpoint):
        with standpoint.read():
            found = Milestone.objects.get(pk=milestone.pk)
            return found, rule_for(found, on=standpoint.day).timeliness

    def test_by_the_end_of_the_day_nothing_was_accepted(self):
        standpoint = self.roadmap.standpoint(YEAR_END)
        self.assertFalse(standpoint.knows_later)
        for milestone in (self.december, self.january):
            found, timeliness = self.seen(milestone, standpoint)
            self.assertEqual(found.execution, Execution.NOT_STARTED)
            self.assertEqual(timeliness, Timeliness.AT_RISK)

    def test_known_later_what_was_done_by_the_day_counts(self):
        found, timeliness = self.seen(self.december, self.roadmap.standpoint(YEAR_END, LATE_JANUARY))
        self.assertEqual((found.execution, found.done_on, found.percent), ("completed", date(2025, 12, 20), 100))
        self.assertEqual((found.completed, timeliness), (2, Timeliness.ON_TIME))

    def test_known_later_what_was_done_after_the_day_does_not(self):
        found, timeliness = self.seen(self.january, self.roadmap.standpoint(YEAR_END, LATE_JANUARY))
        self.assertEqual((found.execution, found.done_on, found.percent), ("partly", None, None))
        self.assertEqual((found.state, found.completed, timeliness), (State.OPEN, 1, Timeliness.DUE_SOON))

    def test_a_part_done_after_the_day_is_under_way(self):
        standpoint = self.roadmap.standpoint(YEAR_END, LATE_JANUARY)
        found, _timeliness = self.seen(self.half, standpoint)
        self.assertEqual((found.execution, found.completed), ("in_progress", 0))
        with standpoint.read():
            part = Commitment.objects.get(milestone=self.half, party=self.russia)
        self.assertEqual((part.execution, part.done_on, part.percent, part.state), ("in_progress", None, None, "open"))

    def test_a_decision_after_the_day_is_not_taken_yet(self):
        found, timeliness = self.seen(self.dropped, self.roadmap.standpoint(YEAR_END, LATE_JANUARY))
        self.assertEqual((found.control, found.control_on, found.drop_reason), ("on", None, ""))
        self.assertNotEqual(timeliness, Timeliness.DROPPED)
        self.assertEqual(self.seen(self.dropped, self.roadmap.standpoint(known=LATE_JANUARY))[1], Timeliness.DROPPED)

    def test_counts_differ_by_what_was_known(self):
        for known, completed in ((None, 0), (LATE_JANUARY, 1)):
            standpoint = self.roadmap.standpoint(YEAR_END, known)
            for _again in range(2):  # the second time it is remembered
                with standpoint.read():
                    tally = counts(Milestone.objects.filter(roadmap=self.roadmap), on=YEAR_END)
                self.assertEqual(tally[Timeliness.ON_TIME], completed)

    def test_items_and_joins_are_read_so_too(self):
        with self.roadmap.standpoint(YEAR_END, LATE_JANUARY).read():
            completed = Item.objects.filter(milestones__execution=Execution.COMPLETED)
            self.assertEqual(completed.count(), 1)
            self.assertEqual(Milestone.objects.filter(commitments__state=State.DONE_LATE).count(), 0)

    def test_today_is_read_as_it_stands(self):
        with self.roadmap.standpoint().read():
            self.assertIsNone(current_as_of())
        with self.roadmap.standpoint(known=datetime(2999, 1, 1, tzinfo=UTC)).read():
            self.assertIsNone(current_as_of())

    def test_writing_is_refused(self):
        with self.roadmap.standpoint(YEAR_END, LATE_JANUARY).read(), self.assertRaises(Frozen):
            Commitment.objects.filter(milestone=self.half).update(silent_rounds=1)
