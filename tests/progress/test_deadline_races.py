"""Two people at one term at the same moment: exactly one decides, exactly one proposes."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from tests import make
from tests.progress.test_races import PAIRS, RaceTestCase
from tracker.accounts.models import User
from tracker.lib.errors import Conflict, WrongState
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Milestone


class TermRaceTest(RaceTestCase):
    def at_once(self, *runners):
        """Run each (who, deed) at the same moment; what each raised, or None for who won."""
        barrier = Barrier(len(runners))

        def run(who, deed):
            try:
                user = User.objects.get(pk=self.people[who].pk)
                act = deed(user)  # reads
                barrier.wait(10)
                act()
            except (WrongState, Conflict) as refusal:
                return refusal
            finally:
                connections.close_all()
            return None

        with ThreadPoolExecutor(len(runners)) as pool:
            return list(pool.map(lambda runner: run(*runner), runners))

    def milestone(self):
        return Milestone.objects.select_related("item__roadmap").get(pk=make.milestone(make.item(self.roadmap)).pk)

    def test_approve_and_approve_and_approve_and_reject(self):
        def deciding(change, verb):
            def deed(user):
                mine = DeadlineChange.objects.select_related("milestone__item__roadmap").get(pk=change.pk)
                return lambda: getattr(mine, verb)(by=user)

            return deed

        for verb in ("approve", "reject"):
            for _pair in range(PAIRS):
                milestone = self.milestone()
                change = DeadlineChange.propose(milestone, "31.10.2026", by=self.people["analyst"])
                outcomes = self.at_once(("reviewer", deciding(change, "approve")), ("second", deciding(change, verb)))
                self.assertEqual(outcomes.count(None), 1, outcomes)
                stored = DeadlineChange.objects.get(pk=change.pk)
                winner = ("reviewer", "second")[outcomes.index(None)]
                self.assertEqual(stored.decided_by, self.people[winner])
                moves = Milestone.objects.get(pk=milestone.pk).moves
                self.assertEqual(moves, 1 if stored.state == "approved" else 0)

    def test_propose_and_propose(self):
        for _pair in range(PAIRS):
            milestone = self.milestone()

            def proposing(to, milestone=milestone):
                return lambda user: lambda: DeadlineChange.propose(milestone, to, by=user)

            outcomes = self.at_once(("analyst", proposing("31.10.2026")), ("colleague", proposing("30.11.2026")))
            self.assertEqual(outcomes.count(None), 1, outcomes)
            winner = ("analyst", "colleague")[outcomes.index(None)]
            self.assertEqual(milestone.deadline_changes.get().proposed_by, self.people[winner])
