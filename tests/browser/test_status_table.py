"""Work in the status table with the keyboard alone: it is drawn anew in place, and the focus stays where it was."""

from playwright.sync_api import expect

from tests import make
from tests.browser.base import BrowserTestCase


class StatusTableTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        for number in range(2, 60):
            make.milestone(self.item, number=f"1.1.{number}", term=f"{number % 28 + 1:02}.09.2027")
        self.page = self.open(self.observer)
        self.page.goto(f"{self.live_server_url}/r/plan/milestones/")

    def focused(self, what="id"):
        return self.page.evaluate(f"document.activeElement.{what}")

    def drawn_anew(self, act):
        """Do it and wait until the table has been drawn anew, without another page being loaded."""
        self.page.evaluate("window.isSamePage = true")
        with self.page.expect_response(lambda response: "/milestones/" in response.url):
            act()
        expect(self.page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        self.assertTrue(self.page.evaluate("window.isSamePage"))

    def test_sort_page_and_fold_keep_address_and_focus(self):
        self.page.focus("#s-current")
        self.drawn_anew(lambda: self.page.keyboard.press("Enter"))
        self.assertIn("sort=current", self.page.url)
        self.assertEqual(self.focused(), "s-current")
        self.assertEqual(self.page.get_attribute("th.c-current", "aria-sort"), "ascending")
        self.page.focus("#next")
        self.drawn_anew(lambda: self.page.keyboard.press("Enter"))
        self.assertIn("page=2", self.page.url)
        self.page.go_back()
        expect(self.page.locator("tr.ms")).to_have_count(50)
        self.assertNotIn("page=2", self.page.url)
        self.page.goto(f"{self.live_server_url}/r/plan/milestones/")
        self.page.focus("#f-energy")
        self.drawn_anew(lambda: self.page.keyboard.press("Enter"))
        self.assertEqual(self.page.locator("tr.ms").count(), 0)
        self.assertEqual(self.focused(), "f-energy")

    def test_the_menu_of_the_columns_comes_when_it_is_opened_and_stays(self):
        self.page.click("#columns > summary")
        self.page.focus("#l-agreed")
        self.drawn_anew(lambda: self.page.keyboard.press("Enter"))
        expect(self.page.locator("#l-agreed")).to_be_focused()
        heads = self.page.locator("thead th").all_inner_texts()
        self.assertLess(heads.index("Current term"), heads.index("Agreed term"))
        self.assertNotIn("arrange", self.page.url)

    def test_keys_go_through_the_rows(self):
        self.page.keyboard.press("j")
        self.page.keyboard.press("j")
        self.assertEqual(self.focused(), f"m{self.milestone.pk}")
        self.page.keyboard.press("k")
        self.assertEqual(self.focused(), f"i{self.item.pk}")
        self.page.keyboard.press("/")
        self.assertEqual(self.focused("type"), "search")
        self.page.keyboard.type("jk")
        self.assertEqual(self.focused("value"), "jk")

    def test_why_opens_in_place_and_goes_again(self):
        why = self.page.locator(f"#m{self.milestone.pk} a.why")
        why.click()
        self.page.wait_for_selector(f"#m{self.milestone.pk} [role=note]")
        why.click()
        self.assertEqual(self.page.locator(f"#m{self.milestone.pk} [role=note]").count(), 0)

    def test_without_scripts_the_links_are_pages(self):
        page = self.open(self.observer, java_script_enabled=False)
        page.goto(f"{self.live_server_url}/r/plan/milestones/")
        page.click("#s-current")
        self.assertIn("sort=current", page.url)
        self.assertEqual(page.locator("th[aria-sort]").count(), 1)
        page.locator("a.why").first.click()
        self.assertIn("/why/", page.url)
