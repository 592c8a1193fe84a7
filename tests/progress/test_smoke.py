from datetime import date
from tests import make
from tests.base import TrackerTestCase


class SmokeTest(TrackerTestCase):
    def test_the_whole_way(self):
        round_ = make.round_(self.roadmap, state="planned")
        self.assertEqual(round_.open(by=self.administrator), 2)
        report = self.kz_commitment.reports.get()
        report.execution, report.narrative, report.done_on, report.without_document = "completed", "Сделано", date(2026, 3, 20), True
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        report.accept(by=self.reviewer)
        self.kz_commitment.refresh_from_db()
        self.assertEqual(self.kz_commitment.execution, "completed")
        self.milestone.refresh_from_db()
        self.assertEqual((self.milestone.execution, self.milestone.percent, self.milestone.completed), ("partly", 50, 1))
        for who in (self.kz_analyst, self.reviewer, self.administrator, self.observer):
            self.client.force_login(who)
            for url in (f"/r/plan/", "/r/plan/milestones/", "/r/plan/items/", f"/r/plan/items/{self.item.pk}/", "/r/plan/rounds/", f"/r/plan/milestones/{self.milestone.pk}/why/", "/r/plan/milestones/?on=2026-01-01", "/r/plan/milestones/?q=формат&timeliness=overdue&party=KZ&sort=-due_on", "/r/plan/milestones/?export=csv"):
                r = self.client.get(url)
                self.assertEqual(r.status_code, 200, url)
                if "export" in url:
                    print(b"".join(r.streaming_content).decode())
