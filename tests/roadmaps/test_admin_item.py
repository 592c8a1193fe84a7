"""An administrator enters, corrects and removes items of the plan."""

from unittest import mock

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences, typed
from tracker.history.models import ChangeSet
from tracker.lib.errors import WrongState
from tracker.roadmaps.models import Commitment, Item, Milestone, Participation

ADD = "/admin/roadmaps/item/add/"


class ItemAdminTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.energy = make.organisation("Министерство энергетики", party=cls.kazakhstan)
        cls.power = make.organisation("Российская сетевая компания", party=cls.russia)
        cls.water = make.organisation("Щёлковский институт воды", party=cls.russia)
        cls.draft = make.roadmap("draft", state="draft")

    def setUp(self):
        self.client.force_login(self.administrator)

    def page(self, item):
        return f"/admin/roadmaps/item/{item.pk}/change/"

    def add(self, **changes):
        """Send the form of a new item of the plan, with what is given typed into it."""
        data = typed(
            self.client.get(ADD),
            roadmap=self.roadmap.pk,
            area=make.area("energy").pk,
            number="7.1",
            **{"wording:ru": "Создать реестр"},
        )
        return self.client.post(ADD, data | {name.replace("__", "-"): value for name, value in changes.items()})

    def change(self, item, **changes):
        return self.client.post(self.page(item), typed(self.client.get(self.page(item)), **changes))


class EnterTest(ItemAdminTestCase):
    def enter(self):
        return self.add(
            **{
                "participations__TOTAL_FORMS": 2,
                "participations__0__party": self.kazakhstan.pk,
                "participations__0__role": "lead",
                "participations__0__responsible": self.energy.pk,
                "participations__1__party": self.russia.pk,
                "participations__1__role": "co_executor",
                "participations__1__responsible": self.water.pk,
                "participations__1__others": [self.power.pk],
                "milestones__TOTAL_FORMS": 2,
                "milestones__0__number": "7.1.1",
                "milestones__0__wording:ru": "Формат согласован",
                "milestones__0__weight": 1,
                "milestones__0__term": "II квартал 2026 г.",
                "milestones__1__number": "7.1.2",
                "milestones__1__wording:ru": "Реестр открыт",
                "milestones__1__weight": 3,
                "milestones__1__term": "31.12.2026",
                "change_reason": "Решение встречи в Душанбе",
            }
        )

    def test_an_item_with_parties_executors_and_milestones(self):
        self.assertRedirects(self.enter(), "/admin/roadmaps/item/")
        item = Item.objects.get(number="7.1")
        russia = item.participations.get(party=self.russia)
        self.assertEqual([e.organisation for e in russia.executors.all()], [self.water, self.power])
        terms = [(m.number, m.agreed.text, str(m.due_on)) for m in item.milestones.in_plan_order()]
        self.assertEqual(terms, [("7.1.1", "II квартал 2026 г.", "2026-06-30"), ("7.1.2", "31.12.2026", "2026-12-31")])

    def test_the_parties_parts_appear(self):
        self.enter()
        parts = Commitment.objects.filter(milestone__item__number="7.1")
        self.assertEqual(
            sorted(parts.values_list("milestone__number", "party__code", "role")),
            [("7.1.1", "KZ", "lead"), ("7.1.1", "RU", "co_executor"),
             ("7.1.2", "KZ", "lead"), ("7.1.2", "RU", "co_executor")],
        )  # fmt: skip
        self.assertEqual(list(Milestone.objects.filter(item__number="7.1").values_list("counting", flat=True)), [2, 2])

    def test_it_is_one_line_of_history(self):
        before = ChangeSet.objects.count()
        self.enter()
        self.assertEqual(ChangeSet.objects.count(), before + 1)
        told = ChangeSet.objects.latest("pk")
        self.assertEqual(
            (told.person, told.source, told.reason), (self.administrator, "admin", "Решение встречи в Душанбе")
        )

    def test_without_milestones_it_gets_its_own(self):
        self.add(term="IV квартал 2026 г.")
        own = Milestone.objects.get(item__number="7.1")
        self.assertEqual((own.number, own.wording["ru"], str(own.due_on)), ("7.1", "Создать реестр", "2026-12-31"))

    def test_without_milestones_and_term_it_is_not_entered(self):
        response = self.add()
        self.assertIn("Enter at least one milestone here", " ".join(sentences(response)))
        self.assertContains(response, "Создать реестр")
        self.assertFalse(Item.objects.filter(number="7.1").exists())

    def test_a_milestone_needs_its_term(self):
        response = self.add(
            milestones__TOTAL_FORMS=1, milestones__0__number="7.1.1", milestones__0__weight=1,
            **{"milestones__0__wording:ru": "Формат согласован"},
        )  # fmt: skip
        self.assertIn("Write the term as it stands in the document.", sentences(response))

    def test_a_term_that_cannot_be_read_is_kept_and_said(self):
        self.add(term="как договоримся")
        said = sentences(self.client.get("/admin/roadmaps/item/"))
        self.assertIn("no date could be read from the term “как договоримся”", said[0])
        own = Milestone.objects.get(item__number="7.1")
        self.assertEqual((own.agreed.text, own.due_on), ("как договоримся", None))

    def test_an_area_of_another_roadmap_is_refused(self):
        response = self.add(term="2026", area=make.area("migration").pk)
        self.assertIn("This area is not one of the roadmap's.", sentences(response))

    def test_an_organisation_of_another_party_is_refused(self):
        response = self.add(
            term="2026", participations__TOTAL_FORMS=1, participations__0__party=self.kazakhstan.pk,
            participations__0__role="lead", participations__0__responsible=self.power.pk,
        )  # fmt: skip
        self.assertIn("“Российская сетевая компания” belongs to Russia, not to Kazakhstan.", sentences(response))

    def test_further_executors_need_a_responsible_one(self):
        response = self.add(
            term="2026", participations__TOTAL_FORMS=1, participations__0__party=self.russia.pk,
            participations__0__role="lead", participations__0__others=[self.power.pk],
        )  # fmt: skip
        self.assertIn("Say which of the organisations is the responsible one.", sentences(response))

    def test_what_a_verb_refuses_is_said_at_the_form(self):
        with mock.patch.object(Item, "ask_parties", side_effect=WrongState("Так нельзя")):
            response = self.add(term="2026", change_reason="проба")
        self.assertContains(response, "Так нельзя")
        self.assertContains(response, "Создать реестр")
        self.assertFalse(Item.objects.filter(number="7.1").exists())


class CorrectTest(ItemAdminTestCase):
    def test_a_wording_with_its_reason(self):
        self.change(self.item, **{"wording:ru": "Обеспечить обмен данными", "change_reason": "Опечатка"})
        self.item.refresh_from_db()
        self.assertEqual(self.item.wording["ru"], "Обеспечить обмен данными")
        history = self.client.get(f"/admin/roadmaps/item/{self.item.pk}/history/")
        for said in (
            "Обеспечить обмен сведениями",
            "Обеспечить обмен данными",
            "Администратор",
            "Опечатка",
        ):
            self.assertContains(history, said)

    def test_a_number_that_is_taken(self):
        make.item(self.roadmap, number="1.2")
        response = self.change(self.item, number="1.2")
        self.assertIn("Item with this Roadmap and Number already exists.", sentences(response))

    def test_a_roadmap_is_chosen_once(self):
        self.change(self.item, roadmap=self.draft.pk, number="1.9")
        self.item.refresh_from_db()
        self.assertEqual((self.item.roadmap, self.item.number), (self.roadmap, "1.9"))

    def test_another_area_is_carried_down(self):
        self.change(self.item, area=make.area("transport").pk)
        self.milestone.refresh_from_db()
        self.kz_commitment.refresh_from_db()
        self.assertEqual({self.milestone.area.code, self.kz_commitment.area.code}, {"transport"})
        self.assertEqual(self.milestone.area_position, 2)

    def test_its_control_is_decided_by_the_verb(self):
        data = {"control": "dropped", "control_on": "2026-05-01", "control_basis": "Протокол № 3"}
        self.assertIn("Say why it is dropped, and only then.", sentences(self.change(self.item, **data)))
        self.change(self.item, **data, drop_reason="irrelevant")
        for row in (self.item, self.milestone, self.kz_commitment):
            row.refresh_from_db()
            self.assertEqual(row.control, "dropped")
        self.assertEqual(self.milestone.drop_reason, "irrelevant")
        self.assertEqual(typed(self.client.get(self.page(self.item)))["drop_reason"], ["irrelevant"])
        self.change(self.item, number="1.7")
        self.item.refresh_from_db()
        self.assertEqual((self.item.number, self.item.control), ("1.7", "dropped"))

    def test_who_joins_is_asked_in_the_open_round(self):
        round_ = make.round_(self.roadmap)
        self.change(
            self.item, participations__TOTAL_FORMS=3, participations__2__party=self.tajikistan.pk,
            participations__2__role="participant",
        )  # fmt: skip
        joined = self.milestone.commitments.get(party=self.tajikistan)
        self.assertEqual(joined.reports.get().round, round_)

    def test_who_leaves_is_released(self):
        rows = list(self.item.participations.all())
        place = [row.party for row in rows].index(self.russia)
        self.change(self.item, **{f"participations__{place}__role": "none"})
        self.ru_commitment.refresh_from_db()
        self.milestone.refresh_from_db()
        self.assertIsNotNone(self.ru_commitment.released_on)
        self.assertEqual(self.milestone.counting, 1)

    def test_executors_in_another_order(self):
        russia = self.item.participations.get(party=self.russia)
        place = list(self.item.participations.values_list("party", flat=True)).index(self.russia.pk)
        own = f"participations__{place}__"
        third = make.organisation("Третья организация", party=self.russia)
        self.change(self.item, **{own + "responsible": self.power.pk, own + "others": [third.pk, self.water.pk]})
        self.assertEqual([e.organisation for e in russia.executors.all()], [self.power, third, self.water])
        page = self.client.get(self.page(self.item)).content.decode()
        self.assertLess(page.index("Третья организация"), page.index("Щёлковский институт воды"))
        self.change(self.item, **{own + "responsible": self.water.pk, own + "others": [self.power.pk]})
        self.assertEqual([e.organisation for e in russia.executors.all()], [self.water, self.power])

    def test_the_list_is_read_in_a_few_queries(self):
        for number in range(20):
            make.item(self.roadmap, number=f"3.{number}", parties={})
        self.client.get("/admin/roadmaps/item/")
        with self.assertNumQueries(7):
            self.client.get("/admin/roadmaps/item/")


class TermsTest(ItemAdminTestCase):
    def test_an_adopted_plans_terms_are_only_read(self):
        page = self.client.get(self.page(self.item))
        self.assertContains(page, "The plan is adopted: an amendment or a deadline change moves it.")
        self.assertNotIn("milestones-0-term", typed(page))
        self.change(self.item, milestones__0__term="31.12.2027")
        self.client.post(
            f"/admin/roadmaps/milestone/{self.milestone.pk}/change/",
            typed(self.client.get(f"/admin/roadmaps/milestone/{self.milestone.pk}/change/"), term="31.12.2027"),
        )
        self.milestone.refresh_from_db()
        self.assertEqual((self.milestone.agreed.text, self.milestone.current.text), ("30.06.2026", "30.06.2026"))

    def test_accepted_columns_are_not_in_the_form(self):
        page = self.client.get(f"/admin/roadmaps/milestone/{self.milestone.pk}/change/")
        found = typed(page, execution="completed", percent="100", due_on="2030-01-01")
        self.client.post(f"/admin/roadmaps/milestone/{self.milestone.pk}/change/", found)
        self.milestone.refresh_from_db()
        self.assertEqual((self.milestone.execution, self.milestone.percent), ("not_started", 0))
        self.assertEqual(str(self.milestone.due_on), "2026-06-30")

    def test_a_draft_plans_terms_are_written(self):
        item = make.item(self.draft)
        milestone = make.milestone(item, term="30.06.2026")
        self.change(item, milestones__0__term="III квартал 2026 г.")
        milestone.refresh_from_db()
        terms = {milestone.first.text, milestone.agreed.text, milestone.current.text}
        self.assertEqual(terms, {"III квартал 2026 г."})
        self.assertEqual(str(milestone.commitments.first().due_on), "2026-09-30")

    def test_a_new_milestone_of_an_adopted_plan_has_the_typed_term(self):
        self.change(
            self.item, milestones__TOTAL_FORMS=2, milestones__1__number="1.1.2", milestones__1__weight=1,
            milestones__1__term="2027 год", **{"milestones__1__wording:ru": "Отчёт издан"},
        )  # fmt: skip
        made = self.item.milestones.get(number="1.1.2")
        self.assertEqual(
            (made.agreed.text, made.current.text, str(made.due_on)), ("2027 год", "2027 год", "2027-12-31")
        )
        self.assertEqual(made.commitments.count(), 2)


class StaleTest(ItemAdminTestCase):
    """Two administrators at one item."""

    def setUp(self):
        super().setUp()
        self.seen = self.client.get(self.page(self.item))

    def test_it_is_said_what_was_saved_meanwhile(self):
        self.change(self.item, **{"wording:ru": "Чужая формулировка"})
        response = self.client.post(self.page(self.item), typed(self.seen, **{"wording:ru": "Своя формулировка"}))
        said = " ".join(sentences(response))
        self.assertIn("This was saved after you opened it.", said)
        self.assertIn("“Чужая формулировка”", said)
        self.assertIn("Администратор", said)

    def test_what_was_typed_is_kept_and_nothing_written(self):
        self.change(self.item, **{"wording:ru": "Чужая формулировка"})
        before = ChangeSet.objects.count()
        response = self.client.post(
            self.page(self.item),
            typed(self.seen, change_reason="своя причина", **{
                "wording:ru": "Своя формулировка", "milestones-0-wording:ru": "Своя точка"}),
        )  # fmt: skip
        for kept in ("Своя формулировка", "Своя точка", "своя причина"):
            self.assertContains(response, kept)
        self.item.refresh_from_db()
        self.milestone.refresh_from_db()
        self.assertEqual(self.item.wording["ru"], "Чужая формулировка")
        self.assertEqual(self.milestone.wording["ru"], "Формат данных согласован")
        self.assertEqual(ChangeSet.objects.count(), before)

    def test_saving_again_is_deliberate(self):
        self.change(self.item, **{"wording:ru": "Чужая формулировка"})
        answer = self.client.post(self.page(self.item), typed(self.seen, **{"wording:ru": "Своя формулировка"}))
        self.client.post(self.page(self.item), typed(answer))
        self.item.refresh_from_db()
        self.assertEqual(self.item.wording["ru"], "Своя формулировка")

    def test_a_row_of_the_form_has_its_own_version(self):
        self.change(self.item, **{"milestones-0-wording:ru": "Чужая точка"})
        response = self.client.post(self.page(self.item), typed(self.seen, **{"milestones-0-wording:ru": "Своя точка"}))
        self.assertIn("This was saved after you opened it.", " ".join(sentences(response)))
        self.milestone.refresh_from_db()
        self.assertEqual(self.milestone.wording["ru"], "Чужая точка")

    def test_a_report_accepted_meanwhile_is_no_conflict(self):
        self.milestone.refresh_from_db()
        self.milestone.percent = 10
        self.milestone.save()
        response = self.client.post(self.page(self.item), typed(self.seen, **{"wording:ru": "Своя формулировка"}))
        self.assertRedirects(response, "/admin/roadmaps/item/")
        self.milestone.refresh_from_db()
        self.assertEqual(self.milestone.percent, 10)

    def test_without_a_version_nothing_is_saved(self):
        data = typed(self.seen, **{"wording:ru": "Без версии"})
        del data["read_version"]
        response = self.client.post(self.page(self.item), data)
        self.assertIn("This was saved after you opened it.", " ".join(sentences(response)))


class DeleteTest(ItemAdminTestCase):
    def delete(self, item):
        return self.client.post(f"/admin/roadmaps/item/{item.pk}/delete/", {"post": "yes", "change_reason": "Лишнее"})

    def test_a_draft_item_goes_with_its_milestones_and_parts(self):
        item = make.item(self.draft)
        make.milestone(item)
        self.assertContains(self.client.get(self.page(item)), "deletelink")
        self.assertRedirects(self.delete(item), "/admin/roadmaps/item/")
        self.assertFalse(Item.objects.filter(pk=item.pk).exists())
        self.assertFalse(Milestone.objects.filter(item=item.pk).exists())
        told = ChangeSet.objects.latest("pk")
        self.assertEqual((told.person, told.reason), (self.administrator, "Лишнее"))

    def test_an_adopted_plans_item_stays(self):
        self.assertNotContains(self.client.get(self.page(self.item)), "deletelink")
        self.assertEqual(self.delete(self.item).status_code, 403)
        self.assertTrue(Item.objects.filter(pk=self.item.pk).exists())

    def test_what_was_reported_on_stays(self):
        item = make.item(self.draft)
        make.report(commitment_=make.commitment(milestone_=make.milestone(item)))
        self.assertEqual(self.delete(item).status_code, 403)

    def test_parties_go_only_from_a_draft(self):
        draft = make.item(self.draft)
        make.milestone(draft)
        self.change(draft, **{"participations-0-DELETE": "on"})
        self.assertEqual(draft.participations.count(), 1)
        self.change(self.item, **{"participations-0-DELETE": "on"})
        self.assertEqual(self.item.participations.count(), 2)
        self.assertEqual(Participation.objects.filter(item=draft).count(), 1)


class SearchTest(ItemAdminTestCase):
    def found(self, words):
        return [
            item.number for item in self.client.get("/admin/roadmaps/item/", {"q": words}).context["cl"].result_list
        ]

    def test_letter_case_and_yo_do_not_matter(self):
        make.item(self.roadmap, number="8.1", wording={"ru": "Учёт ЁМКОСТЕЙ воды", "en": "Water storage"})
        for words in ("учет ёмкостей", "УЧЁТ емкостей", "ёмкост воды", "Water STORAGE", "8.1"):
            with self.subTest(words):
                self.assertEqual(self.found(words), ["8.1"])
        self.assertEqual(self.found("учёт земли"), [])

    def test_where_there_is_no_folded_column_too(self):
        for path, words, count in (
            ("/admin/roadmaps/roadmap/", "ДОРОЖНАЯ карта", 2),
            ("/admin/roadmaps/party/", "кЫРгызская", 1),
            ("/admin/accounts/user/", "семен щеголев", 1),
        ):
            with self.subTest(path):
                self.assertEqual(len(self.client.get(path, {"q": words}).context["cl"].result_list), count)

    def test_choosing_an_organisation_is_as_blind(self):
        answer = self.client.get(
            "/admin/autocomplete/",
            {"app_label": "roadmaps", "model_name": "executor", "field_name": "organisation", "term": "ЩЕЛКОВСКИЙ"},
        )
        self.assertEqual([found["text"] for found in answer.json()["results"]], ["Щёлковский институт воды"])
