"""Rows of the status table selected by mouse and keys, and what is done to them, with and without JavaScript."""

from axe_playwright_python.sync_playwright import Axe

from tests import make
from tests.browser.base import BrowserTestCase
from tracker.roadmaps.models import Milestone


class BulkTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.rows = [self.milestone, *(make.milestone(self.item, number=f"1.1.{n}") for n in range(2, 6))]

    def table(self, **options):
        page = self.open(self.administrator, **options)
        page.goto(f"{self.live_server_url}/r/plan/milestones/")
        return page

    def said(self, page):
        return page.inner_text("[data-selection] output")

    def weights(self):
        return [Milestone.objects.get(pk=row.pk).weight for row in self.rows]

    def edit_weight(self, page):
        page.click("button[value=edit]")
        page.check("input[value=weight]")
        page.fill("[name=weight]", "7")
        page.fill("[name=change_reason]", "Протокол № 7")
        page.click("button[value=preview]")
        page.wait_for_selector("table.bulk")

    def test_a_range_a_page_and_all_that_match(self):
        page = self.table()
        boxes = page.locator("input[name=row]")
        self.assertTrue(page.is_disabled("button[value=edit]"))
        boxes.nth(1).click()
        boxes.nth(3).click(modifiers=["Shift"])
        self.assertEqual(self.said(page), "Selected: 3")
        page.check("[data-page] input")
        self.assertEqual(self.said(page), "Selected: 5")
        page.uncheck("[data-page] input")
        self.assertTrue(page.is_disabled("button[value=edit]"))
        page.check("[name=all]")
        self.assertTrue(boxes.nth(0).is_disabled())
        self.assertEqual(self.said(page), "Selected: 5")

    def test_selected_by_keys_previewed_and_done(self):
        page = self.table()
        for key in "jjxjx":
            page.keyboard.press(key)
        self.assertEqual(self.said(page), "Selected: 2")
        self.edit_weight(page)
        self.assertEqual(page.locator("table.bulk tbody tr").count(), 2)
        self.assertEqual(Axe().run(page).response["violations"], [])
        page.click("button[value=apply]")
        page.wait_for_selector("text=Done: 2 rows")
        self.assertEqual(sorted(self.weights()), [1, 1, 1, 7, 7])
        page.go_back()
        page.click("button[value=apply]")
        page.wait_for_selector("text=Done: 2 rows")

    def test_without_javascript(self):
        page = self.table(java_script_enabled=False)
        page.check(f"input[name=row][value='{self.rows[1].pk}']")
        self.edit_weight(page)
        page.click("button[value=apply]")
        page.wait_for_selector("text=Done: 1 row")
        self.assertEqual(self.weights(), [1, 7, 1, 1, 1])

    def test_nothing_scrolls_sideways_on_a_phone(self):
        page = self.table(viewport={"width": 390, "height": 844})
        page.check(f"input[name=row][value='{self.milestone.pk}']")
        for step in ("table", "form", "preview"):
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            self.assertLessEqual(wide, 0, step)
            if step == "table":
                page.click("button[value=control]")
                self.assertEqual(Axe().run(page).response["violations"], [])
            elif step == "form":
                page.check("[value=dropped]")
                page.select_option("[name=drop_reason]", "cancelled")
                page.fill("[name=basis]", "Решение Совета № 3")
                page.click("button[value=preview]")
                page.wait_for_selector("table.bulk")
