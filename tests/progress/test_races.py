"""Two people at one report at the same moment: exactly one wins, on SQLite and PostgreSQL alike.

Each pair starts behind a barrier, in threads with connections of their own. The control takes the guard away and shows
that the same race then has two winners.
"""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from datetime import date
from tempfile import TemporaryDirectory
from threading import Barrier
from unittest.mock import patch

from django.db import connection, connections
from django.db.models import Model
from django.test import TransactionTestCase

from tests import make
from tracker.accounts.models import User
from tracker.history.changes import change_set
from tracker.lib.errors import Conflict, WrongState
from tracker.progress.models import Report
from tracker.roadmaps.models import Commitment, Grant, Milestone, Role
from tracker.roadmaps.models.grant import administrators_kept

PAIRS = 8


@contextmanager
def database_in_a_file():
    """A copy of the test database in a file, for this thread and for new ones."""
    memory, name = connections["default"], connections["default"].settings_dict["NAME"]
    memory.ensure_connection()
    with TemporaryDirectory() as folder:
        path = f"{folder}/races.sqlite3"
        with closing(sqlite3.connect(path)) as copy:
            memory.connection.backup(copy)
        settings = connections.settings["default"]
        memory.settings_dict = settings.copy()
        settings["NAME"] = path
        del connections["default"]
        try:
            yield
        finally:
            connection.close()
            settings["NAME"] = name
            memory.settings_dict = settings
            connections["default"] = memory


class RaceTestCase(TransactionTestCase):
    """SQLite's test database lives in memory, where threads share one connection; here it is copied to a file first."""

    @classmethod
    def setUpClass(cls):
        if connection.vendor == "sqlite":
            cls.enterClassContext(database_in_a_file())
        super().setUpClass()

    def setUp(self):
        self.roadmap = make.roadmap(parties=("KZ", "RU"))
        self.round = make.round_(self.roadmap)
        self.people = {
            "analyst": self.person(Role.ANALYST, party=make.party("KZ")),
            "colleague": self.person(Role.ANALYST, party=make.party("KZ")),
            "reviewer": self.person(Role.REVIEWER),
            "second": self.person(Role.REVIEWER),
        }

    def person(self, role, **scope):
        user = make.user()
        make.grant(user, role, roadmap=self.roadmap, **scope)
        return user

    def report(self, state):
        commitment = make.milestone(make.item(self.roadmap)).commitments.get(party__code="KZ")
        report = make.report(
            commitment_=commitment, round__=self.round, state="draft", narrative="Сделано", execution="completed",
            percent=100, done_on=date(2026, 3, 20), without_document=True,
        )  # fmt: skip
        if state == "submitted":
            report.submit(by=self.people["analyst"])
        return report

    def race(self, report, *runners):
        """Run each (who, verb) at the same moment over its own reading; what each raised, or None for who won."""
        barrier = Barrier(len(runners))

        def run(who, verb):
            try:
                mine = Report.objects.get(pk=report.pk)
                user = User.objects.get(pk=self.people[who].pk)
                mine.commitment.roadmap  # noqa: B018 (read before the start)
                barrier.wait(10)
                verb(mine, user)
            except (WrongState, Conflict) as refusal:
                return refusal
            finally:
                connections.close_all()
            return None

        with ThreadPoolExecutor(len(runners)) as pool:
            return list(pool.map(lambda runner: run(*runner), runners))

    def assert_one_winner(self, state, *runners):
        for _pair in range(PAIRS):
            report = self.report(state)
            outcomes = self.race(report, *runners)
            self.assertEqual(outcomes.count(None), 1, outcomes)
            yield Report.objects.get(pk=report.pk), outcomes


def accept(report, user):
    report.accept(by=user)


def send_back(report, user):
    report.send_back(by=user, remarks=[("narrative", "Назовите орган.")])


def submit(report, user):
    report.submit(by=user)


def write(report, user):
    report.narrative = f"Написал {user}"
    report.write(by=user)


class OneWinnerTest(RaceTestCase):
    def test_accept_and_accept(self):
        for report, outcomes in self.assert_one_winner("submitted", ("reviewer", accept), ("second", accept)):
            winner = ("reviewer", "second")[outcomes.index(None)]
            self.assertEqual(report.decided_by, self.people[winner])
            versions = Report.history.model.objects.filter(id=report.pk, state="accepted")
            self.assertEqual(versions.count(), 1)

    def test_accept_and_return(self):
        for report, outcomes in self.assert_one_winner("submitted", ("reviewer", accept), ("second", send_back)):
            accepted = outcomes[0] is None
            self.assertEqual(report.state, "accepted" if accepted else "returned")
            self.assertEqual(report.remarks.count(), 0 if accepted else 1)
            execution = Commitment.objects.get(pk=report.commitment_id).execution
            self.assertEqual(execution, "completed" if accepted else "not_started")

    def test_submit_and_submit(self):
        for report, outcomes in self.assert_one_winner("draft", ("analyst", submit), ("colleague", submit)):
            winner = ("analyst", "colleague")[outcomes.index(None)]
            self.assertEqual(report.submitted_by, self.people[winner])

    def test_save_and_save(self):
        for report, outcomes in self.assert_one_winner("draft", ("analyst", write), ("colleague", write)):
            winner = ("analyst", "colleague")[outcomes.index(None)]
            self.assertEqual(report.narrative, f"Написал {self.people[winner]}")
            self.assertEqual([author.user for author in report.authors.all()], [self.people[winner]])

    def test_two_reports_of_one_milestone_both_count(self):
        """Not a contest: both win, and the milestone knows of both."""
        self.people["russian"] = self.person(Role.ANALYST, party=make.party("RU"))
        for _pair in range(PAIRS):
            mine = self.report("submitted")
            milestone = mine.commitment.milestone
            other = make.report(
                commitment_=milestone.commitments.get(party__code="RU"), round__=self.round, state="draft",
                narrative="Сделано", execution="completed", percent=100, done_on=date(2026, 3, 21),
                without_document=True,
            )  # fmt: skip
            other.submit(by=self.people["russian"])
            runners = [
                ("reviewer", accept),
                ("second", lambda _report, user, pk=other.pk: Report.objects.get(pk=pk).accept(by=user)),
            ]
            self.assertEqual(self.race(mine, *runners), [None, None])
            stored = Milestone.objects.get(pk=milestone.pk)
            self.assertEqual((stored.completed, stored.execution, stored.done_on), (2, "completed", date(2026, 3, 21)))


class ControlTest(RaceTestCase):
    """Without the guard of versions and states the same pairs have two winners: the race is real."""

    def test_without_the_guard_both_win(self):
        with (
            patch.object(Report, "_do_update", Model._do_update),
            patch.object(Report, "_require_state", lambda self, move: None),
        ):
            outcomes = [
                self.race(self.report("draft"), ("analyst", write), ("colleague", write)) for _pair in range(PAIRS)
            ]
        self.assertEqual(outcomes, [[None, None]] * PAIRS)

    def test_a_slower_save_over_the_same_reading_is_refused(self):
        """The same two saves, one after the other: the guard needs no luck in timing."""
        report = self.report("draft")
        first, second = Report.objects.get(pk=report.pk), Report.objects.get(pk=report.pk)
        with change_set(by=self.people["analyst"]):
            write(first, self.people["analyst"])
        with self.assertRaises(Conflict):
            write(second, self.people["colleague"])


class AdministratorsTest(RaceTestCase):
    """Two administrators who end each other's grant at the same moment: one of them stays."""

    def end_each_other(self):
        grants = [make.grant(make.user(), Role.ADMINISTRATOR) for _one in range(2)]
        barrier = Barrier(2)

        def end(grant):
            try:
                mine = Grant.objects.get(pk=grant.pk)
                barrier.wait(10)
                with change_set(), administrators_kept():
                    mine.delete()
            except WrongState as refusal:
                return refusal
            finally:
                connections.close_all()
            return None

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(end, grants))

    def test_one_stays(self):
        for _pair in range(PAIRS):
            Grant.objects.filter(role=Role.ADMINISTRATOR).delete()
            self.assertEqual(self.end_each_other().count(None), 1)
            self.assertEqual(Grant.objects.administering().count(), 1)

    def test_without_the_guard_nobody_is_left(self):
        Grant.objects.filter(role=Role.ADMINISTRATOR).delete()
        with patch(f"{__name__}.administrators_kept", nullcontext):
            self.assertEqual(self.end_each_other(), [None, None])
        self.assertFalse(Grant.objects.administering().exists())
