"""The administration in a real browser, under the strict Content-Security-Policy: no complaint in the console."""

from tests import make
from tracker.roadmaps.models import Item

from .base import BrowserTestCase


class AdminInTheBrowserTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        make.organisation("Министерство энергетики", party=self.kazakhstan)
        make.organisation("Щёлковский институт воды", party=self.kazakhstan)

    def choose(self, page, control, words, wanted):
        """Pick an organisation from those that the typed words find."""
        page.click(f"{control} .select2-selection")
        page.keyboard.type(words)
        page.click(f".select2-results__option:has-text('{wanted}')")

    def test_an_item_is_entered(self):
        page = self.open(self.administrator)
        page.wait_for_url("**/r/plan/")
        page.goto(f"{self.live_server_url}/admin/roadmaps/item/add/")
        page.select_option("[name=roadmap]", str(self.roadmap.pk))
        page.select_option("[name=area]", str(make.area("energy").pk))
        page.fill("[name=number]", "5.1")
        page.fill("[name='wording:ru']", "Создать реестр водохранилищ")
        page.click("#participations-group .add-row a")
        page.select_option("[name=participations-0-party]", str(self.kazakhstan.pk))
        page.select_option("[name=participations-0-role]", "lead")
        self.choose(page, "#participations-0 .field-responsible", "ЩЕЛКОВСКИЙ", "Щёлковский институт воды")
        self.choose(page, "#participations-0 .field-others", "энергетики", "Министерство энергетики")
        page.click("#participations-0 .field-since .date-icon")
        page.click(".calendarbox:visible td a:text-is('15')")
        page.click("#milestones-group .add-row a")
        page.fill("[name=milestones-0-number]", "5.1.1")
        page.fill("[name='milestones-0-wording:ru']", "Реестр открыт")
        page.fill("[name=milestones-0-term]", "II квартал 2026 г.")
        page.fill("[name=change_reason]", "Решение встречи")
        page.click("[name=_save]")
        page.wait_for_selector(".messagelist .success")
        part = Item.objects.get(number="5.1").participations.get()
        self.assertEqual(part.since.day, 15)
        self.assertEqual(
            [str(executor) for executor in part.executors.all()],
            ["Щёлковский институт воды", "Министерство энергетики"],
        )

    def test_lists_and_forms_open_without_complaint(self):
        page = self.open(self.administrator)
        page.wait_for_url("**/r/plan/")
        for path in (
            "",
            "roadmaps/milestone/",
            f"roadmaps/milestone/{self.milestone.pk}/change/",
            "roadmaps/amendment/add/",
            f"roadmaps/roadmap/{self.roadmap.pk}/change/",
            f"accounts/user/{self.observer.pk}/change/",
            f"accounts/user/{self.observer.pk}/password/",
            "progress/round/",
            "password_change/",
        ):
            with self.subTest(path):
                page.goto(f"{self.live_server_url}/admin/{path}")
                page.wait_for_load_state("networkidle")
                self.assertEqual(page.evaluate("document.documentElement.scrollWidth > innerWidth"), False)
