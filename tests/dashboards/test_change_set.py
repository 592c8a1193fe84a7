"""The page of one change set, and undoing it there."""

from datetime import date
from unittest import mock

from tests import make
from tests.base import TrackerTestCase
from tests.work import work_off
from tracker.dashboards import change_set as pages
from tracker.dashboards.views import changes as views
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.jobs.models import Job
from tracker.lib.texts import Texts
from tracker.progress.models import Report
from tracker.roadmaps.models import Commitment, Item, Milestone, Role

QUERIES = 33  # one for each tracked model, and what the page itself needs


class ChangeSetCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.others = [make.milestone(cls.item, number=f"1.1.{n}", term="30.06.2026") for n in (2, 3)]
        with change_set(by=cls.administrator, reason="По итогам встречи"):
            for milestone in Milestone.objects.filter(item=cls.item):
                milestone.weight = 5
                milestone.save()
        cls.done = ChangeSet.objects.first()
        cls.address = f"/changes/{cls.done.pk}/"
        cls.round = make.round_(cls.roadmap)

    def setUp(self):
        self.client.force_login(self.administrator)

    def weights(self):
        return sorted(Milestone.objects.filter(item=self.item).values_list("weight", flat=True))

    def change_since(self, milestone, by=None):
        with change_set(by=by or self.reviewer):
            row = Milestone.objects.get(pk=milestone.pk)
            row.weight = 9
            row.save()


class PageTest(ChangeSetCase):
    def test_it_says_what_who_and_why(self):
        response = self.client.get(self.address)
        self.assertContains(response, "weight 1 → 5", 3)
        self.assertContains(response, "По итогам встречи")
        self.assertContains(response, "Администратор")

    def test_it_is_paged_by_a_bounded_number_of_queries(self):
        self.client.get(self.address)
        with mock.patch.object(pages, "PER_PAGE", 1), self.assertNumQueries(QUERIES):
            response = self.client.get(self.address)
        self.assertContains(response, "weight 1 → 5", 1)
        with self.assertNumQueries(QUERIES):
            self.client.get(self.address)

    def test_it_says_what_was_changed_since(self):
        self.change_since(self.milestone)
        self.assertContains(self.client.get(self.address), "Секретариат changed it on", 1)

    def test_it_stands_in_the_roadmap_of_what_was_changed(self):
        make.roadmap("later", starts_on=date(2026, 1, 1))
        self.assertContains(self.client.get(self.address), "/r/plan/items/")

    def test_reports_are_counted_and_not_told(self):
        with change_set(by=self.administrator):
            report = make.report(commitment_=self.kz_commitment, state="draft", narrative="Тайное")
        done = ChangeSet.objects.first()
        response = self.client.get(f"/changes/{done.pk}/")
        self.assertNotContains(response, "Тайное")
        self.assertContains(response, Report._meta.verbose_name_plural.capitalize())
        self.assertEqual(report.narrative, "Тайное")

    def test_its_author_sees_it(self):
        with change_set(by=self.kz_analyst):
            make.organisation("Отдел")
        self.client.force_login(self.kz_analyst)
        self.assertContains(self.client.get(f"/changes/{ChangeSet.objects.first().pk}/"), "Отдел")

    def test_others_read_it_and_do_not_undo_it(self):
        for person in (self.reviewer, self.kz_analyst, self.observer):
            self.client.force_login(person)
            response = self.client.get(self.address)
            self.assertContains(response, "weight 1 → 5", 3)
            self.assertNotContains(response, "undo/")
            for ask in (self.client.get, self.client.post):
                response = ask(f"{self.address}undo/")
                self.assertContains(response, "Only who made the change, or an administrator", status_code=403)
        self.assertEqual(self.weights(), [5, 5, 5])

    def test_others_are_told_only_of_what_they_may_read(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        with change_set(by=self.administrator) as under_way:
            item = make.item(self.roadmap, area_=make.area("transport"), number="7.7")
            secret = make.item(make.roadmap("other"), number="9.9")
            self.change_since(self.milestone)
            make.report(commitment_=self.kz_commitment, state="draft")
            make.organisation("Чужое ведомство")
        self.client.force_login(elsewhere)
        response = self.client.get(f"/changes/{under_way.row.pk}/")
        self.assertContains(response, f"Item entered: {item.number}")
        for words in (secret.number, "weight", "Чужое", Report._meta.verbose_name_plural.capitalize()):
            self.assertNotContains(response, words)

    def test_where_there_is_nothing_to_tell_it_is_not_there(self):
        with change_set(by=self.administrator) as under_way:
            make.report(commitment_=self.kz_commitment, round__=self.round, state="draft")
        hidden = f"/changes/{under_way.row.pk}/"
        for person, addresses in ((self.observer, [hidden]), (self.stranger, [hidden, self.address])):
            self.client.force_login(person)
            for address in addresses:
                self.assertEqual(self.client.get(address).status_code, 404)
                self.assertEqual(self.client.post(f"{address}undo/").status_code, 404)

    def test_the_parts_of_the_parties_are_told_and_no_undo_is_offered_for_them_alone(self):
        with change_set(by=self.administrator) as under_way:
            part = Commitment.objects.get(pk=self.kz_commitment.pk)
            part.answer = Commitment.Answer.ASKED
            part.save()
        response = self.client.get(f"/changes/{under_way.row.pk}/")
        self.assertContains(response, "answer — → asked")
        self.assertNotContains(response, "undo/")


class UndoTest(ChangeSetCase):
    def test_it_is_looked_at_first(self):
        self.change_since(self.milestone)
        response = self.client.get(f"{self.address}undo/")
        self.assertContains(response, "weight 5 → 1", 2)
        self.assertContains(response, "Секретариат changed it on", 1)
        self.assertEqual(self.weights(), [5, 5, 9])

    def test_it_is_done_and_leads_to_its_own_page(self):
        self.change_since(self.milestone)
        response = self.client.post(f"{self.address}undo/", follow=True)
        own = ChangeSet.objects.first()
        self.assertRedirects(response, f"/changes/{own.pk}/")
        self.assertEqual((self.weights(), own.person), ([1, 1, 9], self.administrator))
        self.assertContains(response, "Put back: 2. Left as it is: 1.")
        self.assertContains(response, "Секретариат changed it on")

    def test_rows_are_counted_however_much_is_said_of_each(self):
        with change_set(by=self.administrator) as under_way:
            item = Item.objects.get(pk=self.item.pk)
            item.note = Texts(ru="Запись", en="Note")
            item.save()
        response = self.client.post(f"/changes/{under_way.row.pk}/undo/", follow=True)
        self.assertContains(response, "Put back: 1. Left as it is: 0.")

    def test_a_second_click_does_nothing_more(self):
        self.client.post(f"{self.address}undo/")
        sets = ChangeSet.objects.count()
        response = self.client.post(f"{self.address}undo/", follow=True)
        self.assertRedirects(response, self.address)
        self.assertContains(response, "Nothing was put back.")
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_where_nothing_could_come_back_there_is_no_button(self):
        self.client.post(f"{self.address}undo/")
        response = self.client.get(f"{self.address}undo/")
        self.assertContains(response, "There is nothing that could be put back.")
        self.assertNotContains(response, '<button class="button--main">')

    def test_an_author_without_the_right_puts_nothing_back(self):
        with change_set(by=self.kz_analyst):
            row = make.organisation("Отдел")
        done = ChangeSet.objects.first()
        self.client.force_login(self.kz_analyst)
        response = self.client.post(f"/changes/{done.pk}/undo/", follow=True)
        self.assertContains(response, "Only an administrator may change this back.")
        row.refresh_from_db()

    def test_much_is_undone_in_the_background_slice_by_slice(self):
        self.change_since(self.milestone)
        with mock.patch.object(views, "AT_ONCE", 2), mock.patch.object(pages, "AT_ONCE", 2):
            self.assertContains(self.client.get(f"{self.address}undo/"), "The first of 3 rows")
            response = self.client.post(f"{self.address}undo/")
            self.client.post(f"{self.address}undo/")
        job = Job.objects.get()
        self.assertRedirects(response, f"/jobs/{job.pk}/")
        self.assertEqual((job.title, job.person), ("Undo: По итогам встречи", self.administrator))
        work_off()
        job.refresh_from_db()
        self.assertEqual((self.weights(), job.state), ([1, 1, 9], Job.State.DONE))
        self.assertEqual(job.result["url"], ChangeSet.objects.first().get_absolute_url())
        self.assertContains(self.client.get(f"/jobs/{job.pk}/"), "Секретариат changed it on")
