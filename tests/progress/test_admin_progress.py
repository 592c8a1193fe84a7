"""Rounds, reports and their documents in the administration: the same verbs, the same rights."""

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences, typed
from tracker.history.models import ChangeSet
from tracker.progress.models import Round
from tracker.roadmaps.models import Role


class ProgressAdminTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)

    def act(self, path, action, *rows, **more):
        data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
        return self.client.post(path, data, follow=True)


class RoundTest(ProgressAdminTestCase):
    path = "/admin/progress/round/"

    def test_opening_asks_the_parties(self):
        round_ = make.round_(self.roadmap, state="planned")
        response = self.act(self.path, "open", round_, index="0", change_reason="Поручение")
        self.assertIn("1 round opened.", sentences(response))
        self.assertEqual(round_.reports.count(), 2)
        told = ChangeSet.objects.latest("pk")
        self.assertEqual((told.person, told.source, told.reason), (self.administrator, "admin", "Поручение"))

    def test_closing(self):
        round_ = make.round_(self.roadmap)
        self.act(self.path, "close", round_, index="0")
        round_.refresh_from_db()
        self.assertEqual(round_.state, Round.State.CLOSED)

    def test_each_refusal_is_said_and_the_others_go_on(self):
        closed = make.round_(self.roadmap, state="closed")
        planned = make.round_(make.roadmap("other"), state="planned")
        said = sentences(self.act(self.path, "open", closed, planned, index="0"))
        self.assertIn("1 round opened.", said)
        self.assertTrue(any("The round is closed." in sentence for sentence in said))

    def test_the_state_is_not_typed(self):
        round_ = make.round_(self.roadmap, state="planned")
        page = f"{self.path}{round_.pk}/change/"
        self.client.post(page, typed(self.client.get(page), state="open", **{"name:ru": "Иначе"}))
        round_.refresh_from_db()
        self.assertEqual((round_.state, round_.name["ru"]), ("planned", "Иначе"))

    def test_missing_and_overlapping_days_are_said(self):
        make.round_(self.roadmap)
        page = self.client.get(f"{self.path}add/")
        named = {"roadmap": self.roadmap.pk, "name:ru": "I квартал"}
        self.assertIn("This field is required.", sentences(self.client.post(f"{self.path}add/", typed(page, **named))))
        days = {"starts_on": "2026-03-01", "ends_on": "2026-04-01", "opens_on": "2026-04-01",
                "entry_due": "2026-04-10", "review_due": "2026-04-20"}  # fmt: skip
        response = self.client.post(f"{self.path}add/", typed(page, **named, **days))
        self.assertIn("Another round already covers part of this period.", sentences(response))


class ReportTest(ProgressAdminTestCase):
    path = "/admin/progress/report/"

    def test_drafts_stay_with_the_party(self):
        draft = make.report(commitment_=self.kz_commitment, state="draft", narrative="Черновик")
        sent = make.report(commitment_=self.ru_commitment, state="submitted", narrative="Отправлено")
        self.assertEqual(list(self.client.get(self.path).context["cl"].result_list), [sent])
        self.assertEqual(self.client.get(f"{self.path}{draft.pk}/change/").status_code, 302)

    def test_a_text_for_the_own_party_is_hidden(self):
        report = make.report(commitment_=self.kz_commitment, state="accepted", narrative="Секретно", audience="own")
        page = self.client.get(f"{self.path}{report.pk}/change/")
        self.assertNotContains(page, "Секретно")
        self.assertContains(page, "For the own party and the reviewers only.")

    def test_history_tells_the_moves_not_the_drafts(self):
        report = make.report(commitment_=self.kz_commitment, state="asked")
        report.narrative, report.execution = "Первый набросок", "in_progress"
        report.write(by=self.kz_analyst)
        report.narrative = "Готовый текст"
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        page = self.client.get(f"{self.path}{report.pk}/history/")
        self.assertNotContains(page, "Первый набросок")
        self.assertContains(page, "Submitted")
        self.assertContains(page, "Айгуль Сериккызы")

    def test_only_a_reviewer_accepts(self):
        report = make.report(commitment_=self.kz_commitment, state="submitted", narrative="Готово")
        said = sentences(self.act(self.path, "accept", report, index="0"))
        self.assertTrue(any("Only a reviewer of this roadmap and area may do this." in sentence for sentence in said))
        report.refresh_from_db()
        self.assertEqual(report.state, "submitted")
        make.grant(self.administrator, Role.REVIEWER, roadmap=self.roadmap)
        self.assertIn("1 report accepted.", sentences(self.act(self.path, "accept", report, index="0")))
        report.refresh_from_db()
        self.assertEqual((report.state, report.decided_by), ("accepted", self.administrator))

    def test_reopening_asks_for_the_reason(self):
        report = make.report(commitment_=self.kz_commitment, state="accepted", narrative="Готово")
        asked = self.act(self.path, "reopen", report, index="0")
        self.assertContains(asked, "Each goes back to its party for correction")
        without = self.act(self.path, "reopen", report, confirmed="yes", change_reason=" ")
        self.assertContains(without, "Give the reason: the party reads it, and history keeps it.")
        report.refresh_from_db()
        self.assertEqual(report.state, "accepted")
        given = self.act(self.path, "reopen", report, confirmed="yes", change_reason="Ошибка в дате")
        self.assertIn("1 report reopened.", sentences(given))
        report.refresh_from_db()
        self.assertEqual((report.state, report.remarks.get().text), ("returned", "Ошибка в дате"))
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "Ошибка в дате")

    def test_only_what_was_accepted_is_reopened(self):
        report = make.report(commitment_=self.kz_commitment, state="submitted", narrative="Готово")
        said = sentences(self.act(self.path, "reopen", report, confirmed="yes", change_reason="Ошибка"))
        self.assertTrue(any("Only an accepted report can be reopened" in sentence for sentence in said))

    def test_remarks_and_documents_follow_the_reports(self):
        report = make.report(commitment_=self.kz_commitment, state="returned", narrative="Готово")
        report.remarks.create(text="Уточните", made_by=self.reviewer, made_at="2026-05-01T00:00:00Z")
        document = make.evidence(report)
        for path in ("/admin/progress/remark/", "/admin/progress/evidence/"):
            self.assertEqual(list(self.client.get(path).context["cl"].result_list), [], path)
        type(report).objects.filter(pk=report.pk).update(state="accepted")
        self.assertEqual(list(self.client.get("/admin/progress/evidence/").context["cl"].result_list), [document])
