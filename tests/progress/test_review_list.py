"""The review as a list: what is late, several accepted at once."""

from datetime import date, timedelta

from tests import make
from tests.base import TrackerTestCase
from tracker.progress.models import Report, ReportAuthor
from tracker.roadmaps.models import Role


class ReviewListTest(TrackerTestCase):
    def setUp(self):
        self.round = make.round_(self.roadmap)
        self.reports = [self.submitted(self.kz_commitment)]
        for number in ("1.1.2", "1.1.3"):
            self.reports.append(
                self.submitted(make.milestone(self.item, number=number).commitments.get(party=self.kazakhstan))
            )
        self.client.force_login(self.reviewer)

    def submitted(self, commitment):
        report = make.report(
            commitment_=commitment, round__=self.round, state="draft", author=self.kz_analyst, narrative="Сделано",
            execution="completed", percent=100, done_on=date(2026, 3, 20), without_document=True,
        )  # fmt: skip
        report.submit(by=self.kz_analyst)
        return report

    def accept(self, *reports, **versions):
        boxes = [f"{report.pk}:{versions.get(str(report.pk), report.version)}" for report in reports]
        return self.client.post("/review/accept/", {"report": boxes})

    def states(self):
        return [Report.objects.get(pk=report.pk).state for report in self.reports]

    def test_several_are_accepted_by_the_same_verb(self):
        response = self.accept(*self.reports[:2])
        self.assertContains(response, "2 reports accepted")
        self.assertEqual(self.states(), ["accepted", "accepted", "submitted"])
        self.milestone.refresh_from_db()
        self.kz_commitment.refresh_from_db()
        self.assertEqual(self.kz_commitment.execution, "completed")

    def test_what_cannot_be_accepted_is_skipped_with_its_reason(self):
        written, stale, decided = self.reports
        ReportAuthor.objects.create(report=written, user=self.reviewer)
        stale_version = stale.version
        stale.withdraw(by=self.kz_analyst)
        stale.submit(by=self.kz_analyst)
        decided_version = decided.version
        Report.objects.get(pk=decided.pk).accept(by=self.second_reviewer)
        response = self.accept(
            written, stale, decided, **{str(stale.pk): stale_version, str(decided.pk): decided_version}
        )
        self.assertContains(response, "0 reports accepted")
        self.assertContains(response, "You wrote part of this report")
        self.assertContains(response, "was saved by someone else")
        self.assertContains(response, "already accepted by Второй проверяющий")
        self.assertEqual(self.states(), ["submitted", "submitted", "accepted"])

    def test_two_steps_hold_here_too(self):
        self.roadmap.two_steps = True
        self.roadmap.save()
        self.assertContains(self.accept(self.reports[0]), "has not endorsed")

    def test_others_scope_and_nonsense_do_nothing(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        self.client.force_login(elsewhere)
        self.assertContains(self.accept(*self.reports), "3 chosen reports are not in your scope")
        for boxes in (["x"], ["1:"], ["9" * 40 + ":1"], ["9" * 25 + ":1"], [], ["999999:1"]):
            self.assertEqual(self.client.post("/review/accept/", {"report": boxes}).status_code, 200)
        self.assertEqual(self.states(), ["submitted"] * 3)
        for person in (self.kz_analyst, self.observer, self.administrator):
            self.client.force_login(person)
            self.accept(*self.reports)
        self.assertEqual(self.states(), ["submitted"] * 3)

    def test_twice_is_once(self):
        self.accept(*self.reports)
        self.assertContains(self.accept(*self.reports), "Skipped")
        self.assertEqual(Report.history.model.objects.filter(id=self.reports[0].pk, state="accepted").count(), 1)

    def test_the_list_says_what_is_late_and_finds_by_text(self):
        page = self.client.get("/review/all/")
        overdue = (self.roadmap.today() - self.round.review_due).days
        self.assertContains(page, f"overdue by {overdue} days")
        self.assertContains(page, "3 past their review day")
        self.assertEqual(len(self.client.get("/review/all/?overdue=on").context["list"].page_rows), 3)
        self.round.review_due = self.roadmap.today() + timedelta(days=3)
        self.round.save()
        self.assertEqual(len(self.client.get("/review/all/?overdue=on").context["list"].page_rows), 0)
        self.assertEqual(len(self.client.get("/review/all/?q=1.1.2").context["list"].page_rows), 1)
        self.assertEqual(len(self.client.get("/review/all/?party=RU").context["list"].page_rows), 0)

    def test_due_today_is_not_late_where_the_roadmap_is(self):
        """East of the installation the day ends earlier, west of it later: the roadmap's own clock counts."""
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):  # never the same day
            self.roadmap.time_zone = zone
            self.roadmap.save()
            for due, late in ((0, 0), (-1, 3)):
                self.round.review_due = self.roadmap.today() + timedelta(days=due)
                self.round.save()
                page = self.client.get("/review/all/?overdue=on")
                self.assertEqual([row.overdue for row in page.context["list"].page_rows], [1] * late, (zone, due))

    def test_a_correction_can_become_overdue(self):
        report = self.reports[0]
        report.send_back(
            by=self.reviewer, remarks=[("", "Исправьте")], correct_by=self.roadmap.today() - timedelta(days=5)
        )
        ((found, overdue),) = self.client.get("/review/all/").context["correcting"]
        self.assertEqual((found, overdue), (report, 5))

    def test_a_silent_reviewer_is_an_administrators_business(self):
        self.client.force_login(self.administrator)
        self.assertContains(self.client.get("/r/plan/"), "Review overdue")
        page = self.client.get("/review/all/")
        self.assertEqual((len(page.context["list"].page_rows), page.context["may_accept"]), (3, False))
        for person, status in ((self.kz_analyst, 403), (self.observer, 403), (self.stranger, 403)):
            self.client.force_login(person)
            self.assertEqual(self.client.get("/review/all/").status_code, status)

    def test_query_count_does_not_grow(self):
        with self.assertNumQueries(15):
            self.client.get("/review/all/")
