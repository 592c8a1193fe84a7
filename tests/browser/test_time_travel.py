"""A day chosen, changes marked, an edition sealed and checked: as people do it."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

from tests.browser.base import BrowserTestCase
from tracker.history.changes import change_set
from tracker.lib.texts import Texts

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TimeTravelTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        with change_set(at=MARCH, by=self.administrator):
            self.milestone.wording = Texts(ru="Формат согласован", en="Format settled")
            self.milestone.save()

    def table(self, person, **options):
        page = self.open(person, **options)
        page.goto(f"{self.live_server_url}/r/plan/milestones/?area=energy")
        return page

    def test_a_day_is_chosen_and_changes_are_marked(self):
        page = self.table(self.observer)
        page.click("#menu-day summary")
        page.fill("#day-since", "01.02.2026")
        self.assertEqual(Axe().run(page).response["violations"], [])
        page.click(".days button")
        page.wait_for_selector(".status del")
        self.assertIn("since=01.02.2026", page.url)
        self.assertIn("area=energy", page.url)
        self.assertEqual(page.inner_text(".status td.what del"), "Data format agreed")
        self.assertEqual(Axe().run(page).response["violations"], [])
        page.click("text=Back to the plan as it stands")
        page.wait_for_url("**/milestones/?area=energy")
        self.assertEqual(page.locator("del").count(), 0)

    def test_a_day_is_chosen_without_javascript(self):
        page = self.table(self.observer, java_script_enabled=False)
        page.click("#menu-day summary")
        page.click("text=Choose another day")
        page.fill("#day-on", "01.02.2026")
        page.click(".days button")
        self.assertIn("As of 01.02.2026", page.inner_text(".notice"))
        self.assertIn("Data format agreed", page.inner_text(".status"))

    def test_an_edition_is_sealed_and_its_file_checked_by_a_stranger(self):
        page = self.open(self.reviewer)
        page.goto(f"{self.live_server_url}/r/plan/editions/")
        page.click("text=Seal an edition")
        page.click("main button.button--main")
        page.wait_for_selector("text=What would be sealed")
        page.locator("main button.button--main").last.click()
        page.wait_for_url("**/editions/1/")
        self.assertEqual(Axe().run(page).response["violations"], [])
        with page.expect_download() as download:
            page.click("text=Data, JSON")
        digest = sha256(Path(download.value.path()).read_bytes()).hexdigest()
        stranger = self.open()
        stranger.goto(f"{self.live_server_url}/editions/{digest}/")
        self.assertIn("An edition with this checksum exists", stranger.inner_text("h1"))
        self.assertEqual(Axe().run(stranger).response["violations"], [])
