from datetime import date
from io import StringIO

from django.core.management import CommandError, call_command
from django.test import TestCase

from tracker.accounts.models import User
from tracker.demo.generator import parts_of
from tracker.history.checks import differences
from tracker.history.models import ChangeSet
from tracker.lib.terms import Kind
from tracker.progress.models import Report
from tracker.progress.recount import recount
from tracker.progress.status import Timeliness, counts
from tracker.roadmaps.models import Commitment, Milestone, Roadmap

TODAY = date(2026, 11, 24)


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

    def test_it_is_as_various_as_a_programme(self):
        tally = counts(Milestone.objects.all(), on=TODAY)
        self.assertLessEqual({t for t in Timeliness if not tally[t]}, {Timeliness.DUE_SOON})
        self.assertGreaterEqual(len(set(Milestone.objects.values_list("agreed_kind", flat=True))), len(Kind) - 2)
        self.assertGreaterEqual(
            set(Report.objects.values_list("state", flat=True)), {"asked", "draft", "submitted", "accepted"}
        )
        self.assertTrue(Milestone.objects.filter(moves=1).exists())

    def test_its_history_is_spread_over_the_period_in_few_change_sets(self):
        for model in (Commitment, Milestone):
            versions = model.history.model.objects.count() / model.objects.count()
            self.assertTrue(2 <= versions <= 5, versions)
        moments = list(ChangeSet.objects.exclude(person=None).order_by("at").values_list("at", flat=True))
        self.assertEqual((moments[0].date(), moments[-1].date() < TODAY), (date(2025, 1, 15), True))
        self.assertLessEqual(len(moments), 9 * 5)

    def test_nobody_can_sign_in_as_its_people(self):
        self.assertFalse([user for user in User.objects.all() if user.has_usable_password()])
        self.assertFalse(User.objects.exclude(email__startswith="generated.").exists())

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
