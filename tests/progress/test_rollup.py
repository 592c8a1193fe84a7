"""Roll-up of a milestone, and what a commitment takes from its reports (domain.md §3, §4)."""

from datetime import date
from types import SimpleNamespace

from django.test import SimpleTestCase

from tests import make
from tests.base import TrackerTestCase
from tracker.progress.rollup import from_reports
from tracker.progress.workflow import ReportState
from tracker.roadmaps.rollup import from_commitments


def part(execution="not_started", *, percent=0, role="co_executor", done_on=None, counting=True, **fields):
    defaults = {"forecast_on": None, "confidence": ""}
    if execution == "completed":
        percent, done_on = 100, done_on or date(2026, 3, 1)
    return SimpleNamespace(
        execution=execution, percent=percent, role=role, done_on=done_on, is_counting=counting, **defaults | fields
    )


class MilestoneRollUpTest(SimpleTestCase):
    def check(self, rule, parts, **expected):
        found = from_commitments(rule, parts)
        self.assertEqual({name: found[name] for name in expected}, expected)

    def test_all(self):
        done = [part("completed"), part("completed", done_on=date(2026, 4, 1))]
        self.check("all", done, execution="completed", done_on=date(2026, 4, 1), percent=100, completed=2)
        self.check("all", [*done, part()], execution="partly", done_on=None, percent=66, counting=3)

    def test_without_counting_parties_it_is_never_completed(self):
        self.check("all", [], execution="not_started", counting=0, done_on=None)
        self.check("any", [part("completed", counting=False)], execution="not_started", counting=0)

    def test_lead(self):
        parts = [part("completed", role="lead"), part()]
        self.check("lead", parts, execution="completed", percent=100)
        self.check("lead", [part(role="lead"), part("completed")], execution="partly", percent=0)

    def test_lead_without_a_lead_falls_to_all(self):
        self.check("lead", [part("completed"), part()], execution="partly")
        self.check("lead", [part("completed"), part("completed")], execution="completed")

    def test_any_takes_the_first_day(self):
        parts = [part("completed", done_on=date(2026, 5, 1)), part("completed", done_on=date(2026, 2, 1)), part()]
        self.check("any", parts, execution="completed", done_on=date(2026, 2, 1))

    def test_started_and_partly(self):
        self.check("all", [part(), part("in_progress", percent=40)], execution="in_progress", percent=20)
        self.check("all", [part("partly", percent=60), part()], execution="partly")

    def test_the_worst_forecast_and_confidence_of_those_who_have_not_finished(self):
        parts = [
            part("completed", forecast_on=date(2027, 1, 1), confidence="low"),
            part("in_progress", forecast_on=date(2026, 8, 1), confidence="medium"),
            part("in_progress", confidence="high"),
        ]
        self.check("all", parts, forecast_on=date(2026, 8, 1), confidence="medium")


class ReportsTest(TrackerTestCase):
    def setUp(self):
        self.first = make.round_(self.roadmap, starts_on=date(2025, 10, 1), state="closed")
        self.second = make.round_(self.roadmap, starts_on=date(2026, 1, 1), state="closed")
        self.third = make.round_(self.roadmap, starts_on=date(2026, 4, 1), state="open")

    def columns(self, *states, **fields):
        reports = []
        for round_, state in zip((self.first, self.second, self.third), states, strict=False):
            report = make.report(commitment_=self.kz_commitment, round__=round_, state=state, **fields)
            report.has_proof = False
            reports.append(report)
        found = from_reports(reports)
        for report in reports:
            report.delete()
        return found

    def test_the_latest_round_counts_not_the_latest_acceptance(self):
        late = make.report(
            commitment_=self.kz_commitment, round__=self.second, state="accepted", execution="in_progress", percent=60
        )
        early = make.report(
            commitment_=self.kz_commitment, round__=self.first, state="accepted", execution="not_started"
        )
        for report in (late, early):
            report.has_proof = False
        self.assertEqual(from_reports([early, late])["percent"], 60)

    def test_nothing_to_report_keeps_the_state(self):
        found = self.columns("accepted", "accepted", execution="in_progress", percent=30)
        self.assertEqual(found["percent"], 30)

    def test_silence_is_counted_over_closed_rounds_in_a_row(self):
        A, N, S = ReportState.ASKED, ReportState.DRAFT, ReportState.SUBMITTED
        self.assertEqual(self.columns(A, N, A)["silent_rounds"], 2)
        self.assertEqual(self.columns(S, A, A)["silent_rounds"], 1)
        self.assertEqual(self.columns(A, A, S)["silent_rounds"], 0)
        self.assertEqual(self.columns(A, S, A)["silent_rounds"], 0)

    def test_the_answer_is_that_of_the_latest_round(self):
        self.assertEqual(self.columns("accepted", "accepted", "returned")["answer"], "asked")
        self.assertEqual(self.columns("accepted", "accepted", "submitted")["answer"], "reported")
        self.assertEqual(self.columns("asked", "asked", "submitted", nothing_to_report=True)["answer"], "nothing")
