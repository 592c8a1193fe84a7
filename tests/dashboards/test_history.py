"""The history of an object and of what belongs to it."""

from datetime import UTC, datetime

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Executor, Item, Milestone, Organisation, Participation, Role

JANUARY, FEBRUARY, MARCH, APRIL = (datetime(2026, month, 10, 9, tzinfo=UTC) for month in (1, 2, 3, 4))
QUERIES = 21  # one for each model, and what the page itself needs


class HistoryCase(TrackerTestCase):
    """An executor is entered and renamed, the milestone weighed anew, the item's note written twice."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=JANUARY):
            super().setUpTestData()
            cls.ministry = make.organisation("Министерство торговли", party=cls.kazakhstan)
        cls.part = Participation.objects.get(item=cls.item, party=cls.kazakhstan)
        with change_set(by=cls.administrator, at=FEBRUARY, reason="Назначение"):
            cls.executor = Executor.objects.create(participation=cls.part, organisation=cls.ministry)
            cls.write(Milestone, cls.milestone, weight=3)
        with change_set(by=cls.administrator, at=MARCH, reason="Указ № 7"):
            cls.write(Organisation, cls.ministry, name=Texts(ru="Министерство интеграции"))
        with change_set(by=cls.reviewer, at=APRIL):
            cls.write(Item, cls.item, note=Texts(ru="Первая запись", en="First note"))
        cls.write(Item, cls.item, note=Texts(ru="Вторая запись"))
        cls.address = f"/history/item/{cls.item.pk}/"

    @staticmethod
    def write(model, row, **values):
        row = model.objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()

    def setUp(self):
        self.client.force_login(self.observer)


class PageTest(HistoryCase):
    def test_it_tells_of_what_belongs_to_the_object_with_the_names_of_then(self):
        response = self.client.get(self.address)
        self.assertContains(response, "Executor entered: 1.1 · Kazakhstan · Министерство торговли")
        for words in ("weight</a> 1 → 3", "Назначение", "Администратор"):
            self.assertContains(response, words)
        self.assertNotContains(response, "Министерство интеграции")

    def test_each_change_leads_to_all_of_it_and_each_field_to_its_values(self):
        response = self.client.get(self.address)
        self.assertContains(response, ChangeSet.objects.get(reason="Назначение").get_absolute_url())
        self.assertContains(response, f"/history/milestone/{self.milestone.pk}/weight/")

    def test_what_was_removed_is_told_still(self):
        Executor.objects.get(pk=self.executor.pk).delete()
        response = self.client.get(self.address)
        self.assertContains(response, "Executor removed: 1.1 · Kazakhstan · Министерство интеграции")

    def test_a_milestone_has_its_moves_and_the_parts_of_the_parties(self):
        make.deadline_change(self.milestone, "30.09.2026", by=self.reviewer)
        response = self.client.get(f"/history/milestone/{self.milestone.pk}/")
        self.assertContains(response, "Deadline change entered: 1.1.1")
        self.assertContains(response, "Party&#x27;s part entered: 1.1.1")
        self.assertNotContains(response, "note</a>")

    def test_reports_are_not_told(self):
        make.report(commitment_=self.kz_commitment, state="draft", narrative="Тайное")
        self.assertNotContains(self.client.get(self.address), "Тайное")
        self.assertNotContains(self.client.get(self.address), "Report entered")

    def test_on_a_past_day_it_ends_with_that_day(self):
        response = self.client.get(self.address, {"on": "28.02.2026"})
        self.assertContains(response, "weight</a> 1 → 3")
        self.assertNotContains(response, "Первая запись")
        self.assertContains(response, f"/history/milestone/{self.milestone.pk}/weight/?on=")

    def test_it_is_paged_by_a_bounded_number_of_queries(self):
        last = {"page": 99}  # where executors, parties and milestones are named
        self.client.get(self.address, last)
        with self.assertNumQueries(QUERIES):
            self.client.get(self.address, last)
        for number in range(30):
            self.write(Item, self.item, note=Texts(ru=f"Запись {number}"))
            make.milestone(self.item)
        with self.assertNumQueries(QUERIES):
            response = self.client.get(self.address, last)
        self.assertContains(response, "weight</a> 1 → 3")
        self.assertNotContains(response, "Запись 29")
        self.assertContains(self.client.get(self.address), "Запись 29")


class FilterTest(HistoryCase):
    def test_by_kind(self):
        response = self.client.get(self.address, {"kind": "milestone"})
        self.assertContains(response, "weight</a> 1 → 3")
        self.assertNotContains(response, "Executor entered")
        self.assertNotContains(response, "Вторая запись")
        self.assertContains(response, "Remove this filter")

    def test_by_field(self):
        response = self.client.get(self.address, {"field": "note"})
        self.assertEqual(response.context["page"].paginator.count, 2)
        self.assertNotContains(response, "weight</a>")

    def test_by_person(self):
        response = self.client.get(self.address, {"person": self.reviewer.pk})
        self.assertEqual(response.context["page"].paginator.count, 1)
        self.assertContains(response, "“First note”")

    def test_by_nobody(self):
        response = self.client.get(self.address, {"person": "none"})
        self.assertContains(response, "“Вторая запись”")
        self.assertNotContains(response, "weight</a>")

    def test_by_days(self):
        response = self.client.get(self.address, {"at_from": "10.02.2026", "at_to": "10.02.2026"})
        self.assertEqual(response.context["page"].paginator.count, 1)
        self.assertContains(response, "weight</a> 1 → 3")

    def test_what_is_no_day_is_said(self):
        response = self.client.get(self.address, {"at_from": "позавчера"})
        self.assertContains(response, "позавчера")
        self.assertContains(response, "weight</a> 1 → 3")

    def test_nothing_found_is_said(self):
        response = self.client.get(self.address, {"at_from": "01.01.2100"})
        self.assertContains(response, "Nothing matches these filters.")


class RightsTest(HistoryCase):
    def test_who_may_not_see_the_object_does_not_see_its_history(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        for person in (self.stranger, elsewhere):
            self.client.force_login(person)
            for kind, row in (("item", self.item), ("milestone", self.milestone), ("participation", self.part)):
                for below in ("", "number/"):
                    self.assertEqual(self.client.get(f"/history/{kind}/{row.pk}/{below}").status_code, 404)

    def test_what_has_no_history_page_is_not_there(self):
        report = make.report(commitment_=self.kz_commitment, state="draft")
        self.client.force_login(self.administrator)
        for address in (f"/history/report/{report.pk}/", f"/history/{'тайна'}/1/", "/history/item/999999/"):
            self.assertEqual(self.client.get(address).status_code, 404)

    def test_an_organisation_is_known_to_who_reads_what_it_carries_out(self):
        other = make.organisation("Чужое ведомство")
        self.assertContains(self.client.get(f"/history/organisation/{self.ministry.pk}/"), "Министерство торговли")
        self.assertEqual(self.client.get(f"/history/organisation/{other.pk}/").status_code, 404)
        self.client.force_login(self.administrator)
        self.assertContains(self.client.get(f"/history/organisation/{other.pk}/"), "Чужое ведомство")

    def test_every_kind_opens(self):
        self.client.force_login(self.administrator)
        for kind, row in (
            ("roadmap", self.roadmap),
            ("roadmap-party", self.roadmap.parties.first()),
            ("roadmap-area", self.roadmap.areas.first()),
            ("part", self.kz_commitment),
            ("executor", self.executor),
            ("party", self.kazakhstan),
            ("area", self.item.area),
            ("round", make.round_(self.roadmap)),
            ("deadline", make.deadline_change(self.milestone, "30.09.2026", by=self.reviewer)),
        ):
            with self.subTest(kind):
                self.assertContains(self.client.get(f"/history/{kind}/{row.pk}/"), "entered")

    def test_it_is_only_read(self):
        self.assertEqual(self.client.post(self.address).status_code, 405)
        self.assertEqual(self.client.post(f"{self.address}note/").status_code, 405)


class WaysTest(HistoryCase):
    def test_pages_lead_to_histories(self):
        item, milestone = f"/history/item/{self.item.pk}/", f"/history/milestone/{self.milestone.pk}/"
        change = make.deadline_change(self.milestone, "30.09.2026", by=self.reviewer)
        round_ = make.round_(self.roadmap)
        for page, ways in (
            (self.item.get_absolute_url(), [item, milestone]),
            (change.get_absolute_url(), [milestone]),
            (round_.get_absolute_url(), [f"/history/round/{round_.pk}/"]),
        ):
            response = self.client.get(page)
            for way in ways:
                self.assertContains(response, f'href="{way}"')

    def test_so_does_the_administration(self):
        self.client.force_login(self.administrator)
        response = self.client.get(f"/admin/roadmaps/organisation/{self.ministry.pk}/history/")
        self.assertContains(response, f'href="/history/organisation/{self.ministry.pk}/"')
        self.assertContains(response, ChangeSet.objects.get(reason="Указ № 7").get_absolute_url())
