"""An organisation ends: its successor takes over what is unfinished; the rest, and old reports, keep the old one."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Executor, Organisation, Participation, Role

BASIS = "Указ № 71 о преобразовании министерств"


class HandOverTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.old = make.organisation("Министерство энергетики", party=cls.kazakhstan)
        cls.new = make.organisation("Министерство энергетики и водных ресурсов", party=cls.kazakhstan)
        cls.third = make.organisation("Сетевая компания", party=cls.kazakhstan)
        cls.part = Participation.objects.get(item=cls.item, party=cls.kazakhstan)
        for position, organisation in enumerate((cls.old, cls.third), 1):
            Executor.objects.create(participation=cls.part, organisation=organisation, position=position)

    def setUp(self):
        self.client.force_login(self.administrator)
        self.address = f"/organisations/{self.old.pk}/hand-over/"

    def look(self, **data):
        data = {"successor": self.new.pk, "ended_on": "18.05.2026", "basis": BASIS, **data}
        return self.client.post(self.address, data | {"verb": "preview"})

    def hand_over(self, **data):
        looked = self.look(**data)
        return self.client.post(self.address, typed(looked, verb="do", **{"successor": self.new.pk, **data}))

    def executors(self, part=None):
        rows = (part or self.part).executors.order_by("position")
        return [(executor.organisation, executor.position) for executor in rows]


class VerbTest(HandOverTestCase):
    def test_the_successor_takes_its_place(self):
        self.assertRedirects(self.hand_over(), self.address)
        self.assertEqual(self.executors(), [(self.new, 1), (self.third, 2)])
        self.old.refresh_from_db()
        self.assertEqual((self.old.ended_on, self.old.successor), (date(2026, 5, 18), self.new))

    def test_a_successor_that_is_there_already_is_named_once(self):
        self.hand_over(successor=self.third.pk)
        self.assertEqual(self.executors(), [(self.third, 1)])

    def test_finished_parts_keep_the_old_one(self):
        item = make.item(self.roadmap, parties={"KZ": "lead"})
        make.milestone(item).decide_control("closed", basis="Протокол", by=self.administrator, on=make.DAY)
        part = item.participations.get()
        Executor.objects.create(participation=part, organisation=self.old, position=1)
        effect = self.look().context["effect"]
        self.assertEqual((len(effect.moving), effect.staying), (1, 1))
        self.hand_over()
        self.assertEqual(self.executors(part), [(self.old, 1)])

    def test_an_item_without_milestones_moves_too(self):
        item = make.item(self.roadmap, parties={"KZ": "lead"})
        Executor.objects.create(participation=item.participations.get(), organisation=self.old, position=1)
        self.hand_over()
        self.assertEqual(self.executors(item.participations.get()), [(self.new, 1)])

    def test_an_old_report_keeps_the_executors_of_its_time(self):
        report = make.report(commitment_=self.kz_commitment, state="accepted", decided_at=timezone.now())
        self.hand_over()
        page = self.client.get(f"/reports/{report.pk}/")
        self.assertEqual([str(o) for o in page.context["executors"]], ["Министерство энергетики", "Сетевая компания"])

    def test_a_report_in_work_shows_the_successor(self):
        report = make.report(commitment_=self.kz_commitment, state="draft")
        self.hand_over()
        self.client.force_login(self.kz_analyst)
        page = self.client.get(f"/reports/{report.pk}/")
        self.assertEqual(page.context["executors"][0], self.new)

    def test_grants_move_with_the_organisation_where_they_are_chosen(self):
        moved = make.grant(self.kz_analyst, Role.ANALYST, party=self.kazakhstan, organisation=self.old)
        kept = make.grant(self.coordinator, Role.ANALYST, party=self.kazakhstan, organisation=self.old)
        self.hand_over(grants=[moved.pk])
        moved.refresh_from_db()
        kept.refresh_from_db()
        self.assertEqual((moved.organisation, kept.organisation), (self.new, self.old))

    def test_a_grant_that_the_person_has_already_is_not_doubled(self):
        for organisation in (self.old, self.new):
            make.grant(self.kz_analyst, Role.ANALYST, party=self.kazakhstan, organisation=organisation)
        self.hand_over(grants=[self.kz_analyst.grants.get(organisation=self.old).pk])
        self.assertEqual(self.kz_analyst.grants.filter(organisation__isnull=False).count(), 1)

    def test_what_stood_under_it_stands_under_the_successor(self):
        institute = make.organisation("Институт", party=self.kazakhstan, parent=self.old)
        Organisation.objects.filter(pk=self.new.pk).update(parent=self.old)
        self.hand_over()
        institute.refresh_from_db()
        self.new.refresh_from_db()
        self.assertEqual((institute.parent, self.new.parent), (self.new, None))

    def test_it_is_one_change_with_person_and_reason(self):
        before = ChangeSet.objects.count()
        self.hand_over()
        self.assertEqual(ChangeSet.objects.count(), before + 1)
        last = ChangeSet.objects.first()
        self.assertEqual((last.person, last.reason), (self.administrator, BASIS))

    def test_looking_saves_nothing(self):
        self.assertContains(self.look(), "Nothing is saved yet.")
        self.old.refresh_from_db()
        self.assertIsNone(self.old.ended_on)

    def test_sent_twice_has_one_effect(self):
        sent = typed(self.look(), verb="do", successor=self.new.pk)
        self.client.post(self.address, sent)
        sets = ChangeSet.objects.count()
        self.assertRedirects(self.client.post(self.address, sent), self.address)
        self.assertEqual(ChangeSet.objects.count(), sets)


class RefusedTest(HandOverTestCase):
    def test_only_an_administrator(self):
        for user in (self.observer, self.kz_analyst, self.reviewer, self.stranger):
            self.client.force_login(user)
            self.assertEqual(self.client.get(self.address).status_code, 403)
            self.assertEqual(self.client.post(self.address).status_code, 403)

    def test_itself_an_ended_one_and_another_party_are_not_offered(self):
        foreign = make.organisation("Россети", party=self.russia)
        Organisation.objects.filter(pk=self.third.pk).update(ended_on=make.DAY)
        offered = set(self.client.get(self.address).context["form"].fields["successor"].queryset)
        self.assertEqual(offered, {self.new})
        self.assertNotIn(foreign, offered)

    def test_a_day_to_come(self):
        day = timezone.localdate() + timedelta(days=1)
        self.assertContains(self.look(ended_on=f"{day:%d.%m.%Y}"), "not in the future", status_code=400)


class OrganisationTest(HandOverTestCase):
    def refused(self, organisation, sentence):
        with self.assertRaises(ValidationError) as raised:
            organisation.full_clean()
        self.assertIn(sentence, " ".join(raised.exception.messages))

    def test_it_does_not_succeed_itself(self):
        self.old.ended_on, self.old.successor = make.DAY, self.old
        self.refused(self.old, "lead back to this organisation")

    def test_successors_do_not_run_in_a_circle(self):
        self.new.ended_on, self.new.successor = make.DAY, self.old
        self.new.save()
        self.old.ended_on, self.old.successor = make.DAY, self.new
        self.refused(self.old, "lead back to this organisation")

    def test_a_successor_is_of_the_same_party(self):
        self.old.ended_on, self.old.successor = make.DAY, make.organisation("Россети", party=self.russia)
        self.refused(self.old, "another party's cannot take over")

    def test_a_successor_needs_the_day(self):
        self.old.successor = self.new
        self.refused(self.old, "the day on which it ended")


class AdministrationTest(HandOverTestCase):
    """What the forms of the plan refuse."""

    def change(self, **typed_in):
        address = f"/admin/roadmaps/item/{self.item.pk}/change/"
        return self.client.post(address, typed(self.client.get(address), **typed_in))

    def test_one_that_has_ended_is_not_chosen_anew(self):
        Organisation.objects.filter(pk=self.new.pk).update(ended_on=make.DAY)
        response = self.change(participations__0__responsible=self.new.pk)
        self.assertContains(response, "ended on 18.05.2026: choose its successor")
        self.assertEqual(self.executors()[0][0], self.old)

    def test_one_that_has_ended_may_stay(self):
        Organisation.objects.filter(pk=self.old.pk).update(ended_on=make.DAY)
        self.assertEqual(self.change(participations__0__contact="Отдел").status_code, 302)

    def test_it_is_not_offered_to_who_searches(self):
        Organisation.objects.filter(pk=self.new.pk).update(ended_on=make.DAY)
        query = {"app_label": "roadmaps", "model_name": "executor", "field_name": "organisation", "term": "водных"}
        self.assertEqual(self.client.get("/admin/autocomplete/", query).json()["results"], [])

    def test_a_participating_party_is_one_of_the_roadmaps(self):
        kyrgyzstan = make.party("KG")
        response = self.change(
            participations__TOTAL_FORMS=3, participations__2__party=kyrgyzstan.pk, participations__2__role="lead"
        )
        self.assertContains(response, "is not a party to this roadmap")
        self.assertFalse(Participation.objects.filter(party=kyrgyzstan).exists())

    def test_two_milestones_of_an_item_do_not_share_a_number(self):
        make.milestone(self.item, number="1.1.2")
        response = self.change(milestones__1__number="1.1.1")
        self.assertContains(response, "Another milestone of this item has this number.")

    def test_nor_on_the_page_of_one(self):
        second = make.milestone(self.item, number="1.1.2")
        address = f"/admin/roadmaps/milestone/{second.pk}/change/"
        response = self.client.post(address, typed(self.client.get(address), number="1.1.1"))
        self.assertContains(response, "Another milestone of this item has this number.")

    def test_the_page_of_an_organisation_leads_to_the_hand_over(self):
        page = self.client.get(f"/admin/roadmaps/organisation/{self.old.pk}/change/")
        self.assertContains(page, self.address)
