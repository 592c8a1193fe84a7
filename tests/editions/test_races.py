"""Two people who seal at the same moment get two numbers, one after the other, on SQLite and PostgreSQL alike."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections
from django.utils import timezone

from tests import make
from tests.progress.test_races import PAIRS, RaceTestCase
from tracker.accounts.models import User
from tracker.editions.models import Edition
from tracker.editions.verify import broken_editions
from tracker.lib.errors import WrongState


class SealRaceTest(RaceTestCase):
    def seal_at_once(self, people, **order):
        barrier = Barrier(len(people))

        def run(name):
            try:
                user = User.objects.get(pk=self.people[name].pk)
                barrier.wait(10)
                return make.edition(self.roadmap, by=user, **order)
            except WrongState as refusal:
                return refusal
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(people)) as pool:
            return list(pool.map(run, people))

    def setUp(self):
        super().setUp()
        make.milestone(make.item(self.roadmap))

    def test_numbers_follow_each_other(self):
        for _pair in range(PAIRS):
            self.seal_at_once(["reviewer", "second"])
        numbers = sorted(Edition.objects.values_list("number", flat=True))
        self.assertEqual(numbers, list(range(1, 2 * PAIRS + 1)))
        self.assertEqual(list(broken_editions()), [])

    def test_a_double_click_is_one(self):
        for _pair in range(PAIRS):
            same = self.seal_at_once(["reviewer", "reviewer"], known_by=timezone.now())
            self.assertEqual(same[0].place, same[1].place)
        self.assertEqual(Edition.objects.count(), PAIRS)

    def test_one_correction(self):
        for _pair in range(PAIRS):
            old = make.edition(self.roadmap, by=self.people["reviewer"])
            outcomes = self.seal_at_once(["reviewer", "second"], corrects=old, reason="Опечатка")
            self.assertEqual(sum(isinstance(outcome, WrongState) for outcome in outcomes), 1, outcomes)
