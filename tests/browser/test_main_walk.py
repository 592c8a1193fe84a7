"""The main job as people do it: report, review, see the table change; with and without JavaScript, wide and narrow."""

from datetime import date

from axe_playwright_python.sync_playwright import Axe

from tests import make
from tests.browser.base import BrowserTestCase
from tracker.roadmaps.models import Commitment


class MainWalkTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.round = make.round_(self.roadmap, starts_on=date(2026, 4, 1), state="planned")
        self.round.open(by=self.administrator)
        self.report = self.kz_commitment.reports.get()

    def walk(self, **options):
        """An analyst reports completion, a reviewer accepts it, and the status table shows it."""
        analyst = self.open(self.kz_analyst, **options)
        self.assertTrue(analyst.url.endswith("/desk/"), analyst.url)
        analyst.click(f"a[href^='/reports/{self.report.pk}/']")
        analyst.check("[name=execution][value=completed]")
        analyst.fill("[name=narrative]", "Формат согласован, протокол подписан 20 марта.")
        analyst.click("[name=verb][value=submit]")
        self.assertIn("Give the day on which it was done.", analyst.inner_text("main"))
        self.assertEqual(analyst.input_value("[name=narrative]"), "Формат согласован, протокол подписан 20 марта.")
        analyst.fill("[name=done_on]", "20.03.2026")
        analyst.check("[name=without_document]")
        analyst.click("[name=verb][value=submit]")

        reviewer = self.open(self.reviewer, **options)
        self.assertIn("Review", reviewer.inner_text("header"))
        reviewer.goto(f"{self.live_server_url}/review/{self.report.pk}/")
        self.assertIn("протокол подписан 20 марта", reviewer.inner_text("main"))
        reviewer.click("button:has-text('Accept')")
        reviewer.goto(f"{self.live_server_url}/r/plan/milestones/")
        self.assertIn("completed: KZ", reviewer.get_attribute(".parties", "title"))
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).execution, "completed")

    def test_with_javascript(self):
        self.walk()

    def test_without_javascript(self):
        self.walk(java_script_enabled=False)

    def test_why_is_answered_in_place(self):
        page = self.open(self.observer)
        page.goto(f"{self.live_server_url}/r/plan/milestones/?on=2026-07-18")
        page.click("a.why")
        page.wait_for_selector("div.why")
        self.assertIn("has passed, 18 days ago", page.inner_text("div.why"))
        self.assertTrue(page.url.endswith("?on=2026-07-18"))

    def test_what_is_typed_and_not_sent_is_asked_about(self):
        page = self.open(self.kz_analyst)
        page.goto(f"{self.live_server_url}/reports/{self.report.pk}/")
        page.fill("[name=narrative]", "Не отправлено")
        asked = []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
        page.goto(f"{self.live_server_url}/desk/")
        self.assertEqual(asked, ["beforeunload"])

    def test_no_page_is_wider_than_a_phone_and_each_is_accessible(self):
        pages = {
            self.observer: [
                "/r/plan/",
                "/r/plan/milestones/",
                "/r/plan/items/",
                f"/r/plan/items/{self.item.pk}/",
                "/r/plan/rounds/",
            ],
            self.kz_analyst: ["/desk/", f"/reports/{self.report.pk}/"],
            self.reviewer: ["/review/"],
        }
        for person, addresses in pages.items():
            for width, scheme in ((320, "light"), (1280, "dark")):
                page = self.open(person, viewport={"width": width, "height": 700}, color_scheme=scheme)
                for address in addresses:
                    with self.subTest(address, width=width, scheme=scheme):
                        page.goto(self.live_server_url + address)
                        wider = page.evaluate(
                            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                        )
                        self.assertLessEqual(wider, 0)
                        found = Axe().run(page).response["violations"]
                        self.assertEqual([(one["id"], one["nodes"][0]["html"][:200]) for one in found], [])

    def test_the_administration_works_under_the_policy(self):
        page = self.open(self.administrator)
        page.goto(f"{self.live_server_url}/admin/roadmaps/item/{self.item.pk}/change/")
        self.assertIn(self.item.number, page.input_value("[name=number]"))
