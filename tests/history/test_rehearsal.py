"""A rehearsal does the deed and takes it back."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.base import TrackerTestCase
from tracker.history.changes import moment
from tracker.history.models import ChangeSet
from tracker.history.rehearsal import rehearse
from tracker.lib.errors import WrongState
from tracker.roadmaps.models import Milestone


class RehearsalTest(TrackerTestCase):
    def weigh(self, weight):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        milestone.weight = weight
        milestone.save()
        return Milestone.objects.get(pk=self.milestone.pk).weight

    def test_it_sees_what_would_be_and_leaves_nothing(self):
        sets = ChangeSet.objects.count()
        self.assertEqual(rehearse(lambda: self.weigh(7)), (7, True))
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).weight, 1)
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_it_says_when_nothing_would_be_written(self):
        self.assertEqual(rehearse(lambda: self.weigh(1)), (1, False))

    def test_it_may_look_at_a_day_to_come(self):
        day = datetime(2031, 5, 1, tzinfo=ZoneInfo("UTC"))
        self.assertEqual(rehearse(moment, at=day), (day, False))

    def test_a_refusal_passes_through(self):
        def refuse():
            self.weigh(7)
            raise WrongState("нельзя")

        with self.assertRaisesMessage(WrongState, "нельзя"):
            rehearse(refuse)
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).weight, 1)
