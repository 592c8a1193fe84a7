from datetime import date, timedelta

from tests import make
from tests.base import TrackerTestCase
from tracker.progress.desk import to_write
from tracker.progress.models import Report, Round
from tracker.roadmaps.models import Commitment, Role


class DeskTest(TrackerTestCase):
    def setUp(self):
        self.round = make.round_(self.roadmap)
        self.client.force_login(self.kz_analyst)

    def report(self, number, state="asked", **fields):
        milestone = make.milestone(self.item, number=number, wording={"ru": f"Веха {number}"})
        commitment = milestone.commitments.get(party=self.kazakhstan)
        return make.report(commitment_=commitment, round__=self.round, state=state, **fields)

    def desk(self, query=""):
        return self.client.get(f"/desk/{query}")

    def numbers(self, query=""):
        return [row["milestone"].number for row in self.desk(query).context["rows"]]

    def test_returned_come_first_then_due_then_silent(self):
        silent, due, returned = self.report("9.1"), self.report("9.2", "draft"), self.report("9.3", "draft")
        Commitment.objects.filter(pk=silent.commitment_id).update(silent_rounds=2)
        returned.narrative = "Сделано"
        returned.submit(by=self.kz_analyst)
        returned.send_back(by=self.reviewer, remarks=[("narrative", "Назовите орган, который подписал.")])
        self.report("9.4", "submitted")
        self.assertEqual(self.numbers(), ["9.3", "9.2", "9.1"])
        page = self.desk()
        self.assertContains(page, "Назовите орган, который подписал.")
        self.assertContains(page, "silent for 2 rounds")
        self.assertContains(page, f"/reports/{due.pk}/")
        self.assertEqual([row["milestone"].number for row in page.context["sent"]], ["9.4"])

    def test_each_figure_leads_to_exactly_its_rows(self):
        self.report("9.1")
        self.report("9.2", "draft")
        self.report("9.3", "returned", correct_by=date(2026, 5, 20))
        self.report("9.4", "accepted")
        figures = self.desk().context["figures"]
        self.assertEqual([count for *_rest, count in figures], [1, 2, 0, 1])
        for section, _label, count in figures:
            self.assertEqual(len(self.numbers(f"?show={section}")), count, section)
        self.assertEqual(len(self.numbers("?show=нет")), 3)

    def test_a_returned_report_stays_after_its_round_has_closed(self):
        self.report("9.1", "returned")
        self.report("9.2")
        Round.objects.update(state=Round.State.CLOSED)
        self.assertEqual(self.numbers(), ["9.1"])

    def test_only_the_own_party_and_area_stand_there(self):
        self.report("9.1")
        make.report(commitment_=self.ru_commitment, round__=self.round)
        narrow = make.user()
        make.grant(narrow, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan, area=make.area("transport"))
        self.assertEqual(self.numbers(), ["9.1"])
        self.client.force_login(narrow)
        self.assertEqual(self.numbers(), [])
        self.assertContains(self.desk(), "Nothing is asked of you now")

    def test_who_writes_for_no_party_is_told_so(self):
        self.client.force_login(self.observer)
        self.assertContains(self.desk(), "You write for no party")

    def test_it_rejects_post(self):
        self.assertEqual(self.client.post("/desk/").status_code, 405)

    def test_it_pages_and_keeps_its_query_count(self):
        for number in range(3):
            self.report(f"9.{number}", "returned")
        with self.assertNumQueries(11):
            self.desk()
        rows = [self.report(f"8.{number}") for number in range(60)]
        Report.objects.filter(pk__in=[row.pk for row in rows[:20]]).update(state="returned")
        self.kz_analyst.__dict__.pop("_grants", None)
        with self.assertNumQueries(11):
            page = self.desk()
        self.assertEqual(len(page.context["rows"]), 50)
        self.assertEqual(len(self.numbers("?page=2")), 13)
        self.assertEqual(len(self.numbers("?page=чепуха")), 50)


class EndorseTest(TrackerTestCase):
    def setUp(self):
        self.roadmap.two_steps = True
        self.roadmap.save()
        self.report = make.report(commitment_=self.kz_commitment, state="draft", narrative="Согласовано")
        self.report.submit(by=self.kz_analyst)
        self.client.force_login(self.coordinator)

    def endorse(self, version=None):
        version = self.report.version if version is None else version
        return self.client.post(f"/reports/{self.report.pk}/endorse/", {"version": version})

    def test_the_coordinator_finds_it_at_the_desk_and_endorses(self):
        self.assertContains(self.client.get("/desk/"), f"/reports/{self.report.pk}/endorse/")
        self.assertRedirects(self.endorse(), "/desk/")
        self.report.refresh_from_db()
        self.assertEqual((self.report.state, self.report.endorsed_by), ("endorsed", self.coordinator))
        self.assertNotContains(self.client.get("/desk/"), "Waits for your endorsement")

    def test_others_may_not(self):
        for user, status in (
            (self.kz_analyst, 403),
            (self.reviewer, 403),
            (self.ru_analyst, 404),
            (self.stranger, 404),
        ):
            self.client.force_login(user)
            self.assertEqual(self.endorse().status_code, status, user)

    def test_a_text_that_changed_since_conflicts(self):
        self.assertEqual(self.endorse(self.report.version - 1).status_code, 409)
        self.assertEqual(self.endorse("чепуха").status_code, 409)

    def test_twice_is_once(self):
        self.endorse()
        self.assertContains(self.endorse(), "Only a submitted report can be endorsed", status_code=409)

    def test_it_rejects_get(self):
        self.assertEqual(self.client.get(f"/reports/{self.report.pk}/endorse/").status_code, 405)


class WithdrawTest(TrackerTestCase):
    def setUp(self):
        self.report = make.report(commitment_=self.kz_commitment, state="draft", narrative="Согласовано")
        self.report.submit(by=self.kz_analyst)
        self.client.force_login(self.kz_analyst)

    def test_it_becomes_a_draft_again(self):
        response = self.client.post(f"/reports/{self.report.pk}/withdraw/")
        self.assertRedirects(response, f"/reports/{self.report.pk}/")
        self.report.refresh_from_db()
        self.assertEqual((self.report.state, self.report.submitted_at), ("draft", None))

    def test_accepted_is_not_taken_back(self):
        self.report.accept(by=self.reviewer)
        response = self.client.post(f"/reports/{self.report.pk}/withdraw/")
        self.assertContains(response, "this one is accepted by Секретариат", status_code=409)

    def test_others_may_not(self):
        for user, status in ((self.coordinator, 403), (self.reviewer, 403), (self.observer, 404)):
            self.client.force_login(user)
            self.assertEqual(self.client.post(f"/reports/{self.report.pk}/withdraw/").status_code, status, user)
        self.assertEqual(Report.objects.get().state, "submitted")

    def test_the_day_of_the_desk_is_the_roadmaps(self):
        self.report.withdraw(by=self.kz_analyst)
        self.assertTrue(self.client.get("/desk/").context["rows"][0]["is_late"])
        today = self.roadmap.today()
        Round.objects.update(entry_due=today, review_due=today + timedelta(days=9))
        row = self.client.get("/desk/").context["rows"][0]
        self.assertEqual((row["is_late"], row["due_in"]), (False, "today"))


class DroppedTest(TrackerTestCase):
    def test_nothing_is_wanted_of_what_was_dropped_or_released(self):
        round_ = make.round_(self.roadmap)
        make.report(commitment_=self.kz_commitment, round__=round_)
        make.report(commitment_=self.ru_commitment, round__=round_, state="returned", correct_by=round_.ends_on)
        self.assertEqual([to_write(user).count() for user in (self.kz_analyst, self.ru_analyst)], [1, 1])
        self.milestone.decide_control("dropped", basis="Письмо", by=self.administrator, reason="cancelled")
        self.assertEqual([to_write(user).count() for user in (self.kz_analyst, self.ru_analyst)], [0, 0])
