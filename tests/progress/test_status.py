"""One list of rules: the database and Python judge every row alike, and as domain.md §3 says."""

from datetime import date, timedelta

from tests import make
from tests.base import TrackerTestCase
from tracker.lib.terms import Kind
from tracker.progress.status import RULES, Timeliness, counts, facts_of, is_judged, rule_for, span_of, why, with_status
from tracker.roadmaps.models import Commitment, Control, Execution, Milestone

DUE = date(2026, 6, 30)
DAY = timedelta(days=1)


class StatusTest(TrackerTestCase):
    def judged(self, milestone, *, on):
        """The timeliness, by the database, by Python and by the counts alike."""
        rows = Milestone.objects.filter(pk=milestone.pk)
        by_database = with_status(rows, on=on).get().timeliness
        self.assertEqual(rule_for(rows.get(), on=on).timeliness, by_database)
        tally = counts(rows, on=on)
        self.assertEqual({timeliness: count for timeliness, count in tally.items() if count}, {by_database: 1})
        self.assertTrue(rows.filter(is_judged(by_database, on=on)).exists())
        return by_database

    def with_columns(self, **columns):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        for name, value in columns.items():
            setattr(milestone, name, value)
        milestone.save()
        return milestone

    def test_due_today_is_not_late(self):
        milestone = self.with_columns(execution=Execution.IN_PROGRESS)
        self.assertEqual(self.judged(milestone, on=DUE), Timeliness.DUE_SOON)
        self.assertEqual(self.judged(milestone, on=DUE + DAY), Timeliness.OVERDUE)

    def test_due_soon_is_thirty_days(self):
        milestone = self.with_columns(execution=Execution.IN_PROGRESS)
        self.assertEqual(self.judged(milestone, on=DUE - 30 * DAY), Timeliness.DUE_SOON)
        self.assertEqual(self.judged(milestone, on=DUE - 31 * DAY), Timeliness.ON_TRACK)

    def test_not_started_within_thirty_days_is_at_risk(self):
        self.assertEqual(self.judged(self.milestone, on=DUE - 30 * DAY), Timeliness.AT_RISK)
        self.assertEqual(self.judged(self.milestone, on=DUE - 31 * DAY), Timeliness.ON_TRACK)

    def test_a_forecast_after_the_term_is_at_risk_until_it_is_overdue(self):
        milestone = self.with_columns(execution=Execution.IN_PROGRESS, forecast_on=DUE + DAY)
        self.assertEqual(self.judged(milestone, on=DUE - 200 * DAY), Timeliness.AT_RISK)
        self.assertEqual(self.judged(milestone, on=DUE + DAY), Timeliness.OVERDUE)
        milestone = self.with_columns(forecast_on=DUE)
        self.assertEqual(self.judged(milestone, on=DUE - 200 * DAY), Timeliness.ON_TRACK)

    def test_low_confidence_is_at_risk(self):
        milestone = self.with_columns(execution=Execution.IN_PROGRESS, confidence="low")
        self.assertEqual(self.judged(milestone, on=DUE - 200 * DAY), Timeliness.AT_RISK)

    def test_completed_is_judged_by_the_day_it_was_done_whenever_it_is_looked_at(self):
        milestone = self.with_columns(execution=Execution.COMPLETED, percent=100, done_on=DUE)
        self.assertEqual(self.judged(milestone, on=DUE + 300 * DAY), Timeliness.ON_TIME)
        milestone = self.with_columns(done_on=DUE + DAY)
        self.assertEqual(self.judged(milestone, on=DUE - DAY), Timeliness.LATE)

    def test_closed_as_completed_counts_as_completed(self):
        milestone = self.with_columns(control=Control.CLOSED, control_on=DUE)
        self.assertEqual(self.judged(milestone, on=DUE + DAY), Timeliness.ON_TIME)

    def test_dropped_comes_before_everything(self):
        milestone = self.with_columns(
            execution=Execution.COMPLETED, percent=100, done_on=DUE, control="dropped", control_on=DUE
        )
        self.assertEqual(self.judged(milestone, on=DUE + DAY), Timeliness.DROPPED)

    def test_continuous_recurring_and_conditional_are_never_overdue(self):
        for kind, timeliness in (
            (Kind.CONTINUOUS, Timeliness.CONTINUOUS),
            (Kind.RECURRING, Timeliness.CONTINUOUS),
            (Kind.CONDITIONAL, Timeliness.NO_DATE),
            (Kind.UNKNOWN, Timeliness.NO_DATE),
        ):
            milestone = self.with_columns(term_kind=kind, due_on=None)
            self.assertEqual(self.judged(milestone, on=date(2099, 1, 1)), timeliness)

    def test_each_row_has_exactly_one_timeliness_on_any_day(self):
        dates = [None, DUE - 40 * DAY, DUE - 30 * DAY, DUE, DUE + DAY]
        made = []
        for due in dates:
            for execution in Execution:
                for forecast in (None, DUE + 2 * DAY):
                    done = DUE if execution == Execution.COMPLETED else None
                    row = Milestone(
                        item=self.item, number=f"9.{len(made)}", due_on=due, execution=execution, forecast_on=forecast,
                        done_on=done, percent=100 if done else 0, term_kind=Kind.DAY if due else Kind.CONDITIONAL,
                        term_text="x",
                    )  # fmt: skip
                    made.append(row)
        Milestone.objects.bulk_create(made)
        rows = Milestone.objects.filter(number__startswith="9.")
        for on in (DUE - 31 * DAY, DUE - DAY, DUE, DUE + DAY):
            tally = counts(rows, on=on)
            self.assertEqual(sum(tally.values()), len(made))
            for row in with_status(rows, on=on):
                span = span_of(row.due_on, on=on)
                fitting = [r for r in RULES if row.state in r.states and (r.spans is None or span in r.spans)]
                self.assertEqual(len({rule.timeliness for rule in fitting}), 1, row.state)
                self.assertEqual(row.timeliness, fitting[0].timeliness)
                self.assertTrue(fitting[0].sentence % facts_of(row, on=on))
            self.assertEqual({t: rows.filter(is_judged(t, on=on)).count() for t in Timeliness}, tally)

    def test_a_commitment_is_judged_by_the_same_rules(self):
        tally = counts(Commitment.objects.filter(milestone=self.milestone), on=DUE + DAY)
        self.assertEqual(tally[Timeliness.OVERDUE], 2)
        grouped = counts(Commitment.objects.all(), on=DUE + DAY, by=("area_id", "party_id"))
        self.assertEqual(grouped[self.item.area_id, self.kazakhstan.pk][Timeliness.OVERDUE], 1)

    def test_why_names_the_rule_the_cause_and_the_remedy(self):
        said = why(self.milestone, self.milestone.commitments.select_related("party"), on=DUE + 18 * DAY)
        self.assertEqual(
            said,
            [
                "The current term 30.06.2026 has passed, 18 days ago.",
                "2 of 2 parties have not completed their parts: Kazakhstan, Russia.",
                "An accepted report of completion, or an approved deadline change, would change it.",
            ],
        )

    def test_why_names_who_speaks_of_a_later_day(self):
        Commitment.objects.filter(pk=self.ru_commitment.pk).update(execution="in_progress", forecast_on=DUE + DAY)
        milestone = self.with_columns(execution=Execution.IN_PROGRESS, forecast_on=DUE + DAY)
        said = why(milestone, self.milestone.commitments.select_related("party"), on=DUE - 200 * DAY)
        self.assertIn("The forecast 01.07.2026 lies after the current term 30.06.2026.", said)
        self.assertIn("Said by: Russia.", said)

    def test_why_says_that_completion_awaits_review(self):
        round_ = make.round_(self.roadmap)
        report = make.report(
            commitment_=self.kz_commitment, round__=round_, state="draft", execution="completed", narrative="Готово",
            done_on=date(2026, 6, 28), percent=100, without_document=True,
        )  # fmt: skip
        report.submit(by=self.kz_analyst)
        said = " ".join(
            why(self.milestone, self.milestone.commitments.select_related("party"), on=self.roadmap.today())
        )
        self.assertIn("Kazakhstan: completion of 28.06.2026 awaits review, today.", said)

    def test_a_milestone_without_executors_says_so(self):
        item = make.item(self.roadmap, parties={})
        milestone = make.milestone(item)
        self.assertIn("No executor", " ".join(why(milestone, [], on=DUE)))
