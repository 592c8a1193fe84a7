from io import StringIO

from django.core.management import CommandError, call_command
from django.test import TestCase

from tracker.demo.generator import parts_of
from tracker.history.checks import differences
from tracker.progress.models import Report
from tracker.progress.recount import recount
from tracker.roadmaps.models import Commitment, Milestone, Roadmap


class GenerateTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.said = StringIO()
        call_command("generate", milestones=120, stdout=cls.said)

    def test_it_makes_as_many_as_asked_in_roadmaps_of_unequal_size(self):
        self.assertEqual(Milestone.objects.count(), 120)
        sizes = [roadmap.milestones.count() for roadmap in Roadmap.objects.order_by("slug")]
        self.assertEqual((len(sizes), sizes[0]), (5, max(sizes)))
        self.assertIn("120 milestones", self.said.getvalue())

    def test_it_is_explained_by_its_reports_and_has_a_history(self):
        self.assertEqual(list(recount()), [])
        self.assertEqual(differences(), [])
        self.assertGreater(Report.objects.count(), 240)
        self.assertGreater(Commitment.history.model.objects.count(), 1.5 * Commitment.objects.count())

    def test_the_same_seed_is_refused_and_another_adds(self):
        with self.assertRaisesMessage(CommandError, "another --seed"):
            call_command("generate", milestones=5, stdout=StringIO())
        call_command("generate", milestones=5, seed=2, roadmaps=1, stdout=StringIO())
        self.assertEqual(Milestone.objects.count(), 125)

    def test_nothing_is_refused_in_words(self):
        with self.assertRaisesMessage(CommandError, "at least one"):
            call_command("generate", milestones=0, stdout=StringIO())

    def test_no_milestone_is_lost_between_the_roadmaps(self):
        for whole in (1, 7, 99, 12345):
            for count in (1, 3, 5, 8):
                self.assertEqual(sum(parts_of(whole, count)), whole)
