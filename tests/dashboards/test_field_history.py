"""The values that a field has had, and an earlier one put back."""

from tests import make
from tests.base import TrackerTestCase
from tests.dashboards.test_history import APRIL, FEBRUARY, JANUARY, MARCH
from tracker.history.as_of import as_of
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.history.values import values_of
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Commitment, Control, Executor, Item, Milestone, Organisation, Participation, Roadmap

NOTES = (
    (JANUARY, {"ru": "Сведения ежеквартально", "en": "Data each quarter"}),
    (FEBRUARY, {"ru": "Сведения ежемесячно"}),
    (MARCH, {}),
    (APRIL, {"ru": "Сведения ежемесячно"}),
)
QUERIES = 9


class FieldCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=JANUARY):
            super().setUpTestData()
        for at, note in NOTES:
            with change_set(by=cls.administrator, at=at, reason=f"Записка {at:%d.%m}"):
                cls.write(Item, cls.item.pk, note=Texts(note))
        cls.address = f"/history/item/{cls.item.pk}/note/"

    @staticmethod
    def write(model, pk, **values):
        row = model.objects.get(pk=pk)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()

    @classmethod
    def note(cls):
        return Item.objects.get(pk=cls.item.pk).note

    @classmethod
    def restore_of(cls, model, pk, field, nth):
        """The address at which the nth value of the field, from the first, is put back."""
        value = values_of(model, pk, model._meta.get_field(field))[-1 - nth]
        word = {Item: "item", Milestone: "milestone", Participation: "participation", Organisation: "organisation"}
        return f"/history/{word.get(model, 'part')}/{pk}/{field}/{value.version.pk}/"

    def setUp(self):
        self.client.force_login(self.administrator)
        self.restore = self.restore_of(Item, self.item.pk, "note", 1)

    def form(self, **typed):
        return {"read_version": Item.objects.get(pk=self.item.pk).version} | typed


class ValuesTest(FieldCase):
    def values(self, row, field):
        return values_of(type(row), row.pk, row._meta.get_field(field))

    def test_each_value_has_its_days_and_its_words_in_every_language(self):
        values = self.values(self.item, "note")
        self.assertEqual([value.since for value in values], [APRIL, MARCH, FEBRUARY, JANUARY])
        self.assertEqual([value.until for value in values], [None, APRIL, MARCH, FEBRUARY])
        self.assertEqual(values[3].said, [("ru", "Сведения ежеквартально"), ("en", "Data each quarter")])
        self.assertEqual(values[1].said, [("", "—")])
        self.assertEqual([value.is_gone for value in values], [False, True, False, True])

    def test_a_value_lasts_through_other_changes(self):
        self.write(Item, self.item.pk, number="4.4")
        self.assertEqual(len(self.values(self.item, "note")), 4)

    def test_on_a_past_day_they_end_with_that_day(self):
        with as_of(MARCH):
            values = self.values(self.item, "note")
        self.assertEqual([(value.since, value.until) for value in values], [(FEBRUARY, None), (JANUARY, FEBRUARY)])

    def test_a_link_is_named_as_then(self):
        with change_set(at=FEBRUARY):
            ministry, other = make.organisation("Старое имя"), make.organisation("Другое")
            part = Participation.objects.filter(item=self.item).first()
            executor = Executor.objects.create(participation=part, organisation=ministry)
        with change_set(at=MARCH):
            self.write(Organisation, ministry.pk, name=Texts(ru="Новое имя"))
        self.write(Executor, executor.pk, organisation=other)
        self.assertEqual(
            [value.said for value in self.values(executor, "organisation")], [[("", "Другое")], [("", "Старое имя")]]
        )


class PageTest(FieldCase):
    def test_it_shows_the_values_and_who_wrote_them_why(self):
        response = self.client.get(self.address)
        for words in ("Data each quarter", "Администратор", "Записка 10.02", "10.03.2026"):
            self.assertContains(response, words)
        self.assertContains(response, "Restore this value", 2)

    def test_it_takes_a_bounded_number_of_queries(self):
        self.client.get(self.address)
        with self.assertNumQueries(QUERIES):
            self.client.get(self.address)
        for number in range(20):
            self.write(Item, self.item.pk, note=Texts(ru=f"Запись {number}"))
        with self.assertNumQueries(QUERIES):
            self.client.get(self.address)

    def test_who_may_not_restore_is_offered_nothing(self):
        for person in (self.observer, self.kz_analyst, self.reviewer):
            self.client.force_login(person)
            response = self.client.get(self.address)
            self.assertContains(response, "Data each quarter")
            self.assertNotContains(response, "Restore this value")

    def test_nothing_is_offered_on_a_past_day(self):
        response = self.client.get(self.address, {"on": "12.03.2026"})
        self.assertNotContains(response, "Restore this value")
        self.assertNotContains(response, "Записка 10.04")

    def test_what_only_verbs_change_says_so(self):
        for row, field, words in (
            ("milestone", "due_on", "In an adopted plan terms move by an amendment"),
            ("milestone", "control", "undo that change as a whole"),
            ("milestone", "execution", "This follows from what is recorded elsewhere"),
            ("part", "answer", "This follows from what is recorded elsewhere"),
        ):
            pk = self.milestone.pk if row == "milestone" else self.kz_commitment.pk
            with self.subTest(field):
                self.assertContains(self.client.get(f"/history/{row}/{pk}/{field}/"), words)

    def test_a_column_that_is_not_told_is_not_there(self):
        for field in ("search", "number_key", "version", "milestones", "pk", "чужое"):
            self.assertEqual(self.client.get(f"/history/item/{self.item.pk}/{field}/").status_code, 404)


class RestoreTest(FieldCase):
    def test_it_is_looked_at_first(self):
        response = self.client.get(self.restore_of(Item, self.item.pk, "note", 0))
        self.assertContains(response, "note — → “Data each quarter”")
        self.assertContains(response, "“Сведения ежемесячно” → “Сведения ежеквартально”")
        self.assertEqual(self.note()["ru"], "Сведения ежемесячно")

    def test_it_puts_back_every_language_and_is_recorded(self):
        address = self.restore_of(Item, self.item.pk, "note", 0)
        response = self.client.post(address, self.form(change_reason="Письмо № 5"), follow=True)
        self.assertRedirects(response, self.address)
        self.assertCountEqual(self.note().languages(), ["ru", "en"])
        last = ChangeSet.objects.first()
        self.assertEqual(last.person, self.administrator)
        self.assertEqual(last.reason, "Restored the value of 10.01.2026: Письмо № 5")
        self.assertContains(response, last.reason)

    def test_it_can_be_undone(self):
        self.client.post(self.restore_of(Item, self.item.pk, "note", 0), self.form())
        self.client.post(f"{ChangeSet.objects.first().get_absolute_url()}undo/")
        self.assertEqual(self.note().languages(), ["ru"])

    def test_what_follows_comes_along(self):
        part = Participation.objects.get(item=self.item, party=self.kazakhstan)
        self.write(Participation, part.pk, role=Participation.Role.OBSERVER)
        self.item.ask_parties()
        address = self.restore_of(Participation, part.pk, "role", 0)
        self.assertContains(self.client.get(address), "released on")
        self.client.post(address, {"read_version": Participation.objects.get(pk=part.pk).version})
        self.assertTrue(Commitment.objects.get(pk=self.kz_commitment.pk).is_counting)

    def test_what_stands_already_is_done(self):
        sets = ChangeSet.objects.count()
        response = self.client.post(self.restore, self.form(), follow=True)
        self.assertRedirects(response, self.address)
        self.assertContains(response, "This value stands.")
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_it_is_refused_over_what_another_has_saved_since_the_preview(self):
        address, seen = self.restore_of(Item, self.item.pk, "note", 2), self.form(change_reason="Письмо № 6")
        with change_set(by=self.reviewer):
            self.write(Item, self.item.pk, number="4.4")
        response = self.client.post(address, seen)
        self.assertContains(response, "Секретариат", status_code=409)
        self.assertContains(response, "Письмо № 6", status_code=409)
        self.assertTrue(self.note())
        again = {"read_version": response.context["form"]["read_version"].value()}
        self.assertEqual(self.client.post(address, again).status_code, 302)
        self.assertFalse(self.note())

    def test_it_needs_the_version_that_was_seen(self):
        response = self.client.post(self.restore_of(Item, self.item.pk, "note", 2), {})
        self.assertEqual(response.status_code, 400)
        self.assertTrue(self.note())

    def test_the_rules_of_the_row_hold(self):
        other = make.organisation("Преемник")
        ministry = make.organisation("Ведомство")
        self.write(Organisation, ministry.pk, ended_on=JANUARY.date(), successor=other)
        self.write(Organisation, ministry.pk, ended_on=None, successor=None)
        address = self.restore_of(Organisation, ministry.pk, "successor", 1)
        for ask in (self.client.get, self.client.post):
            response = ask(address, {"read_version": 3})
            self.assertContains(response, "Give the day on which it ended.", status_code=409)
        self.assertIsNone(Organisation.objects.get(pk=ministry.pk).successor)

    def test_what_is_unique_is_not_written_twice(self):
        number = self.item.number
        self.write(Item, self.item.pk, number="4.4")
        make.item(self.roadmap, number=number)
        response = self.client.post(self.restore_of(Item, self.item.pk, "number", 0), self.form())
        self.assertContains(response, "Something else stands in its place", status_code=409)
        self.assertEqual(Item.objects.get(pk=self.item.pk).number, "4.4")

    def test_terms_of_an_adopted_plan_are_not_touched(self):
        make.deadline_change(self.milestone, "30.09.2026", by=self.reviewer, decided_by=self.second_reviewer)
        address = self.restore_of(Milestone, self.milestone.pk, "due_on", 0)
        for ask in (self.client.get, self.client.post):
            self.assertContains(ask(address), "In an adopted plan terms move", status_code=409)

    def test_a_decision_is_not_taken_back_by_halves(self):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        milestone.decide_control(Control.CLOSED, basis="Решение № 3", by=self.administrator)
        address = self.restore_of(Milestone, self.milestone.pk, "control", 0)
        self.assertContains(self.client.post(address), "undo that change as a whole", status_code=409)

    def test_a_closed_roadmap_stays_as_it_is(self):
        self.write(Roadmap, self.roadmap.pk, state=Roadmap.State.CLOSED)
        response = self.client.post(self.restore_of(Item, self.item.pk, "note", 0), self.form())
        self.assertContains(response, "The roadmap is closed", status_code=409)

    def test_who_may_not(self):
        address = self.restore_of(Item, self.item.pk, "note", 0)
        answers = {self.observer: 403, self.kz_analyst: 403, self.reviewer: 403, self.stranger: 404}
        for person, status in answers.items():
            self.client.force_login(person)
            self.assertEqual(self.client.get(address).status_code, status)
            self.assertEqual(self.client.post(address, self.form()).status_code, status)
        self.assertEqual(self.note().languages(), ["ru"])

    def test_a_version_of_another_row_is_not_there(self):
        other = make.item(self.roadmap, number="8.8")
        version = other.history.get().pk
        self.assertEqual(self.client.get(f"{self.address}{version}/").status_code, 404)

    def test_a_past_day_is_only_read(self):
        address = self.restore_of(Item, self.item.pk, "note", 0)
        self.assertEqual(self.client.post(f"{address}?on=12.03.2026", self.form()).status_code, 409)
        self.assertEqual(self.note().languages(), ["ru"])
