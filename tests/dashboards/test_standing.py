"""How an item stands: rolled up from its milestones, never open with all of them done (domain.md §7, 3)."""

from datetime import date

from tests import make
from tests.base import TrackerTestCase
from tracker.dashboards.standing import standings
from tracker.lib.terms import parse
from tracker.progress.status import Timeliness
from tracker.roadmaps.models import Control, Milestone

DAY = date(2026, 7, 18)


class StandingTest(TrackerTestCase):
    def finish(self, *milestones, on=date(2026, 6, 1)):
        for milestone in milestones:
            Milestone.objects.filter(pk=milestone.pk).update(execution="completed", percent=100, done_on=on)

    def standing(self):
        return standings([self.item.pk], on=DAY)[self.item.pk]

    def test_an_item_is_completed_with_its_milestones(self):
        self.finish(self.milestone)
        found = self.standing()
        self.assertEqual((found.execution, found.percent, found.worst), ("completed", 100, Timeliness.ON_TIME))

    def test_progress_is_by_weight_and_leaves_out_what_is_dropped(self):
        heavy = make.milestone(self.item, weight=3)
        dropped = make.milestone(self.item, weight=6)
        dropped.decide_control(Control.DROPPED, basis="Протокол", by=self.administrator, on=DAY, reason="cancelled")
        self.finish(heavy)
        found = self.standing()
        self.assertEqual((found.completed, found.total, found.percent, found.execution), (1, 2, 75, "partly"))

    def test_the_worst_milestone_is_what_is_seen(self):
        make.milestone(self.item, term="31.12.2027")
        self.assertEqual((self.standing().worst, self.standing().worst_count), (Timeliness.OVERDUE, 1))

    def test_an_item_given_without_milestones_gets_its_own_and_can_be_late(self):
        item = make.item(self.roadmap, number="3.3", parties={"KZ": "lead"})
        milestone = item.add_milestone_of_its_own(parse("30.06.2026"))
        item.ask_parties()
        self.assertEqual((milestone.number, milestone.wording), (item.number, item.wording))
        self.assertEqual(standings([item.pk], on=DAY)[item.pk].worst, Timeliness.OVERDUE)

    def test_a_returned_report_does_not_take_its_milestone_off_the_overdue_list(self):
        report = make.report(commitment_=self.kz_commitment, state="draft", narrative="Почти", author=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        report.send_back(by=self.reviewer, remarks=[("", "Уточните")])
        self.client.force_login(self.observer)
        rows = self.client.get("/r/plan/milestones/?timeliness=overdue").context["page"]
        self.assertIn(self.milestone, list(rows.object_list))
