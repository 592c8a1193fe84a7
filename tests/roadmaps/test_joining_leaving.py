"""Parties join and leave: what is unfinished is asked or released from the day, what was reported stays."""

from datetime import timedelta
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.db import IntegrityError

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.models import ChangeSet
from tracker.roadmaps.changes import join, keep_up, leave
from tracker.roadmaps.models import Commitment, Participation, Roadmap

JOIN = "/r/plan/parties/join/"
BASIS = "Нота от 12.05.2026"


class PartiesTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)
        self.today = self.roadmap.today()

    def send(self, address, *, verb="do", **data):
        """Look at the effect, and do it."""
        data = {"basis": BASIS, **data}
        looked = self.client.post(address, data | {"verb": "preview"})
        if verb == "preview":
            return looked
        return self.client.post(address, typed(looked, **data, verb="do"))

    def join(self, party, **data):
        data = {"party": party.pk, "since": f"{self.today:%d.%m.%Y}", "role": "participant", **data}
        return self.send(JOIN, **data)

    def leave(self, party, until, **data):
        return self.send(f"/r/plan/parties/{party.pk}/leave/", until=f"{until:%d.%m.%Y}", **data)

    @property
    def yesterday(self):
        return self.today - timedelta(days=1)

    @property
    def tomorrow(self):
        return self.today + timedelta(days=1)


class JoinTest(PartiesTestCase):
    def test_it_is_asked_about_what_is_unfinished(self):
        finished = make.milestone(self.item)
        finished.decide_control("closed", basis="Протокол", by=self.administrator, on=make.DAY)
        round_ = make.round_(self.roadmap)
        self.assertRedirects(self.join(self.tajikistan), "/r/plan/parties/")
        parts = Commitment.objects.filter(party=self.tajikistan)
        self.assertEqual([part.milestone for part in parts], [self.milestone])
        self.assertEqual(round_.reports.filter(commitment__party=self.tajikistan).count(), 1)

    def test_a_new_party_becomes_one_of_the_roadmap(self):
        kyrgyzstan = make.party("KG")
        self.join(kyrgyzstan)
        place = self.roadmap.parties.get(party=kyrgyzstan)
        self.assertEqual((place.since, place.until, place.position), (self.today, None, 4))

    def test_areas_bound_the_items(self):
        other = make.item(self.roadmap, area_=make.area("transport"), parties={"KZ": "lead"})
        make.milestone(other)
        self.join(self.tajikistan, areas=[make.area("transport").pk])
        self.assertEqual([p.item for p in Participation.objects.filter(party=self.tajikistan)], [other])

    def test_each_item_may_have_its_role(self):
        second = make.item(self.roadmap, parties={"KZ": "lead"})
        third = make.item(self.roadmap, parties={"KZ": "lead"})
        roles = {f"role-{second.pk}": "observer", f"role-{third.pk}": "none"}
        self.join(self.tajikistan, **roles)
        found = dict(Participation.objects.filter(party=self.tajikistan).values_list("item", "role"))
        self.assertEqual(found, {self.item.pk: "participant", second.pk: "observer"})

    def test_the_preview_says_how_many_parts_and_saves_nothing(self):
        response = self.join(self.tajikistan, verb="preview")
        lines = {str(line.label): (line.before, line.after) for line in response.context["effect"].lines}
        self.assertEqual(lines["Parts that count"], (0, 1))
        self.assertFalse(Participation.objects.filter(party=self.tajikistan).exists())

    def test_it_is_one_change_with_person_and_reason(self):
        before = ChangeSet.objects.count()
        self.join(self.tajikistan)
        self.assertEqual(ChangeSet.objects.count(), before + 1)
        last = ChangeSet.objects.first()
        self.assertEqual((last.person, last.reason), (self.administrator, BASIS))

    def test_sent_twice_has_one_effect(self):
        data = {"party": self.tajikistan.pk, "since": f"{self.today:%d.%m.%Y}", "role": "participant", "basis": BASIS}
        sent = typed(self.client.post(JOIN, data | {"verb": "preview"}), **data, verb="do")
        self.client.post(JOIN, sent)
        sets = ChangeSet.objects.count()
        self.assertRedirects(self.client.post(JOIN, sent), "/r/plan/parties/")
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_a_day_to_come_waits_for_its_day(self):
        self.join(self.tajikistan, since=f"{self.tomorrow:%d.%m.%Y}")
        self.assertFalse(Commitment.objects.filter(party=self.tajikistan).exists())
        Participation.objects.filter(party=self.tajikistan).update(since=self.today)  # the day has come
        self.assertEqual(keep_up(), 1)
        self.assertTrue(Commitment.objects.filter(party=self.tajikistan).counting().exists())

    def test_another_who_wrote_the_same_at_this_moment(self):
        with mock.patch("tracker.roadmaps.changes.join", side_effect=[None, IntegrityError]):
            response = self.join(self.tajikistan)
        self.assertContains(response, "Something has changed since the preview", status_code=409)

    def test_it_needs_a_reason_and_a_day(self):
        self.assertContains(self.join(self.tajikistan, verb="preview", basis=""), "Give the basis", status_code=400)
        self.assertContains(self.join(self.tajikistan, verb="preview", since=""), "Give the day", status_code=400)

    def test_a_closed_roadmap_takes_no_one(self):
        Roadmap.objects.filter(pk=self.roadmap.pk).update(state="closed")
        response = self.join(self.tajikistan, verb="preview")
        self.assertContains(response, "its plan no longer changes", status_code=409)


class LeaveTest(PartiesTestCase):
    def test_unfinished_parts_are_released_and_reports_stay(self):
        report = make.report(commitment_=self.ru_commitment, state="accepted")
        self.assertRedirects(self.leave(self.russia, self.yesterday), "/r/plan/parties/")
        self.ru_commitment.refresh_from_db()
        self.milestone.refresh_from_db()
        self.assertEqual(self.ru_commitment.released_on, self.today)
        self.assertEqual(self.milestone.counting, 1)
        report.refresh_from_db()
        self.assertEqual(report.state, "accepted")
        self.assertEqual(self.roadmap.parties.get(party=self.russia).until, self.yesterday)

    def test_a_day_to_come_releases_when_it_is_over(self):
        response = self.leave(self.russia, self.tomorrow, verb="preview")
        self.assertContains(response, "released overnight")
        lines = {str(line.label): (line.before, line.after) for line in response.context["effect"].lines}
        self.assertEqual(lines["Released parts"], (0, 1))  # as it will be
        self.leave(self.russia, self.tomorrow)
        self.ru_commitment.refresh_from_db()
        self.assertIsNone(self.ru_commitment.released_on)
        self.assertEqual(keep_up(), 0)
        Participation.objects.filter(party=self.russia).update(until=self.yesterday)  # the day is over
        self.assertEqual(keep_up(), 1)
        self.ru_commitment.refresh_from_db()
        self.assertEqual(self.ru_commitment.released_on, self.today)

    def test_the_command_may_be_run_twice(self):
        Participation.objects.filter(party=self.russia).update(until=self.yesterday)
        told = StringIO()
        call_command("keep_up", stdout=told)
        sets = ChangeSet.objects.count()
        call_command("keep_up", stdout=told)
        self.assertEqual([line[-2:] for line in told.getvalue().split("\n")[:2]], ["1.", "0."])
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_who_comes_back_takes_up_its_parts_again(self):
        self.leave(self.russia, self.yesterday)
        self.join(self.russia, role="co_executor")
        self.ru_commitment.refresh_from_db()
        self.assertIsNone(self.ru_commitment.released_on)
        self.assertIsNone(self.roadmap.parties.get(party=self.russia).until)

    def test_sent_twice_has_one_effect(self):
        address, data = (
            f"/r/plan/parties/{self.russia.pk}/leave/",
            {"until": f"{self.yesterday:%d.%m.%Y}", "basis": BASIS},
        )
        sent = typed(self.client.post(address, data | {"verb": "preview"}), **data, verb="do")
        self.client.post(address, sent)
        sets = ChangeSet.objects.count()
        self.assertRedirects(self.client.post(address, sent), "/r/plan/parties/")
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_an_area_alone_leaves_the_party_in_the_roadmap(self):
        self.leave(self.russia, self.yesterday, areas=[make.area("energy").pk])
        self.assertIsNone(self.roadmap.parties.get(party=self.russia).until)
        self.assertEqual(Participation.objects.get(item=self.item, party=self.russia).until, self.yesterday)

    def test_the_preview_says_what_remains_without_an_executor(self):
        own = make.milestone(self.item, party=self.russia)
        effect = self.leave(self.russia, self.yesterday, verb="preview").context["effect"]
        lines = {str(line.label): (line.before, line.after) for line in effect.lines}
        self.assertEqual(lines["Milestones of the roadmap without an executor"], (0, 1))
        self.assertTrue(own.commitments.counting().exists())

    def test_the_preview_names_reports_and_grants_that_stay(self):
        make.report(commitment_=self.ru_commitment, state="accepted")
        response = self.leave(self.russia, self.yesterday, verb="preview")
        self.assertContains(response, "1 accepted report stays.")
        self.assertContains(response, "1 person keeps a grant for this party")

    def test_who_joins_later_cannot_leave_before(self):
        join(self.roadmap, self.tajikistan, {self.item: "participant"}, since=self.tomorrow, by=self.administrator)
        with self.assertRaisesMessage(Exception, "joins item 1.1 only on"):
            leave(self.roadmap, self.tajikistan, [self.item], until=self.yesterday, by=self.administrator)

    def test_a_party_that_is_not_of_the_roadmap_is_not_found(self):
        self.assertEqual(self.client.get(f"/r/plan/parties/{make.party('KG').pk}/leave/").status_code, 404)


class PageTest(PartiesTestCase):
    def test_everyone_with_a_grant_reads_the_parties(self):
        for user in (self.observer, self.kz_analyst, self.reviewer):
            self.client.force_login(user)
            rows = self.client.get("/r/plan/parties/").context["rows"]
            self.assertEqual(next((place.party.code, *numbers) for place, *numbers in rows), ("KZ", 1, 1, 1, 0))

    def test_only_an_administrator_changes_them(self):
        leave_ = f"/r/plan/parties/{self.russia.pk}/leave/"
        for user, status in ((self.reviewer, 403), (self.kz_analyst, 403), (self.stranger, 404)):
            self.client.force_login(user)
            for address in (JOIN, leave_):
                self.assertEqual(self.client.get(address).status_code, status)
                self.assertEqual(self.client.post(address).status_code, status)

    def test_who_may_not_is_told_why(self):
        self.client.force_login(self.observer)
        self.assertContains(self.client.get("/r/plan/parties/"), "Only an administrator may change the plan.")

    def test_the_number_of_queries_does_not_grow(self):
        self.client.get("/r/plan/parties/")
        with self.assertNumQueries(8):
            self.client.get("/r/plan/parties/")
        for code in ("KG", "UZ", "TM"):
            join(self.roadmap, make.party(code), {self.item: "participant"}, since=self.today, by=self.administrator)
        with self.assertNumQueries(8):
            self.client.get("/r/plan/parties/")

    def test_it_rejects_other_methods(self):
        self.assertEqual(self.client.post("/r/plan/parties/").status_code, 405)
