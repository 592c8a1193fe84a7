"""The administration as a whole: who comes in, and what holds on each of its pages."""

from django.contrib import admin
from django.urls import reverse

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.admin import TrackedAdmin
from tracker.history.models import ChangeSet
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Amendment, Roadmap


def pages():
    return [(model, page) for model, page in admin.site._registry.items() if model._meta.app_label != "admin"]


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


class DoorTest(TrackerTestCase):
    def test_the_anonymous_sign_in_at_the_products_door(self):
        response = self.client.get("/admin/roadmaps/item/")
        self.assertRedirects(response, "/account/login/?next=/admin/roadmaps/item/")

    def test_the_old_door_leads_to_the_products(self):
        self.assertRedirects(self.client.get("/admin/login/?next=/admin/"), "/account/login/?next=/admin/")

    def test_everyone_else_is_refused_in_words(self):
        for person in (self.kz_analyst, self.reviewer, self.coordinator, self.observer, self.stranger):
            self.client.force_login(person)
            for path in ("/admin/", "/admin/roadmaps/item/", "/admin/roadmaps/item/add/"):
                response = self.client.get(path)
                self.assertContains(response, "Only an administrator may work here.", status_code=403)

    def test_an_ended_grant_opens_nothing(self):
        self.administrator.grants.update(until="2020-01-01")
        self.client.force_login(self.administrator)
        self.assertEqual(self.client.get("/admin/").status_code, 403)

    def test_an_administrator_comes_in_and_finds_the_way_back(self):
        self.client.force_login(self.administrator)
        self.assertContains(self.client.get("/admin/"), '<a href="/">View site</a>')

    def test_signing_out_is_the_products(self):
        self.client.force_login(self.administrator)
        self.assertRedirects(self.client.get("/admin/logout/"), "/account/logout/")


class EveryPageTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        round_ = make.round_(cls.roadmap)
        report = make.report(
            commitment_=cls.kz_commitment, round__=round_, state="submitted", author=cls.kz_analyst, narrative="Готово"
        )
        make.report(commitment_=cls.ru_commitment, round__=round_)
        make.evidence(report)
        report.send_back(by=cls.reviewer, remarks=[("narrative", "Уточните")])
        report.refresh_from_db()
        report.narrative = "Уточнено"
        report.write(by=cls.kz_analyst)
        report.submit(by=cls.kz_analyst)
        report.accept(by=cls.reviewer)
        DeadlineChange.propose(cls.milestone, "31.12.2026", by=cls.kz_analyst, party=cls.kazakhstan)
        Amendment.objects.create(roadmap=cls.roadmap, number="1", signed_on=make.DAY)
        make.organisation("Министерство юстиции", party=cls.russia)

    def setUp(self):
        self.client.force_login(self.administrator)

    def test_each_is_one_of_ours(self):
        self.assertGreater(len(pages()), 12)
        for model, page in pages():
            with self.subTest(model.__name__):
                self.assertIsInstance(page, TrackedAdmin)
                self.assertEqual(page.list_editable, ())

    def test_each_list_opens_and_deletes_nothing_at_once(self):
        for model, _page in pages():
            with self.subTest(model.__name__):
                response = self.client.get(address(model, "changelist"))
                self.assertEqual(response.status_code, 200)
                self.assertNotContains(response, "delete_selected")
                self.assertNotContains(response, "{&quot;")  # a text in several languages shown as JSON

    def test_each_row_opens_with_its_history(self):
        for model, page in pages():
            with self.subTest(model.__name__):
                row = page.get_queryset(self.client.get("/admin/").wsgi_request).first()
                self.assertIsNotNone(row)
                self.assertEqual(self.client.get(address(model, "change", row.pk)).status_code, 200)
                self.assertEqual(self.client.get(address(model, "history", row.pk)).status_code, 200)

    def test_each_search_answers(self):
        for model, page in pages():
            with self.subTest(model.__name__):
                self.assertTrue(page.search_fields)
                self.assertEqual(
                    self.client.get(address(model, "changelist"), {"q": "министерство Ё"}).status_code, 200
                )

    def test_delete_selected_does_nothing_when_it_is_sent(self):
        data = {"action": "delete_selected", "_selected_action": [self.roadmap.pk], "index": "0"}
        self.client.post("/admin/roadmaps/roadmap/", data)
        self.assertTrue(Roadmap.objects.filter(pk=self.roadmap.pk).exists())

    def test_a_page_that_is_only_looked_at_takes_nothing(self):
        for model in ("roadmaps/commitment", "progress/report", "progress/deadlinechange", "progress/evidence"):
            with self.subTest(model):
                self.assertEqual(self.client.post(f"/admin/{model}/add/", {}).status_code, 403)

    def test_saving_without_a_change_writes_nothing(self):
        for path in (
            f"/admin/roadmaps/item/{self.item.pk}/change/",
            f"/admin/roadmaps/milestone/{self.milestone.pk}/change/",
            f"/admin/roadmaps/roadmap/{self.roadmap.pk}/change/",
            f"/admin/accounts/user/{self.kz_analyst.pk}/change/",
        ):
            with self.subTest(path):
                before = ChangeSet.objects.count()
                response = self.client.post(path, typed(self.client.get(path)))
                self.assertEqual(response.status_code, 302)
                self.assertEqual(ChangeSet.objects.count(), before)
