"""Fields changed in the status table by keys and by mouse, with and without JavaScript."""

from axe_playwright_python.sync_playwright import Axe

from tests import make
from tests.browser.base import BrowserTestCase
from tracker.roadmaps.models import Executor, Milestone

TABLE = "/r/plan/milestones/?column=number&column=wording&column=weight&column=current&column=percent&column=executors"


class InlineTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.ministry = make.organisation("Министерство энергетики Казахстана", party=self.kazakhstan)
        self.agency = make.organisation("Агентство по атомной энергии", party=self.kazakhstan)
        self.part = self.item.participations.get(party=self.kazakhstan)
        Executor.objects.create(participation=self.part, organisation=self.ministry, position=1)

    def hear(self, message):
        """A refused form is no complaint, whatever it was refused for."""
        if not any(f"status of {status}" in message.text for status in (401, 403, 409)):
            super().hear(message)

    def table(self, person=None, **options):
        page = self.open(person or self.administrator, **options)
        page.goto(self.live_server_url + TABLE)
        return page

    def link(self, field):
        row = f"#m{self.milestone.pk}"
        return f"{row} a.edit[href$='/edit/{field}/']"

    def edit(self, page, field):
        page.focus(self.link(field))
        page.keyboard.press("Enter")
        page.wait_for_selector("form.inline :focus")

    def focused(self, page, what="href"):
        return page.evaluate(f"document.activeElement.getAttribute('{what}')")

    def weight(self):
        return Milestone.objects.get(pk=self.milestone.pk).weight

    def test_a_weight_by_keys_alone(self):
        page = self.table()
        self.edit(page, "weight")
        self.assertEqual(self.focused(page, "name"), "weight")
        page.keyboard.press("Escape")
        self.assertEqual(page.locator("form.inline").count(), 0)
        self.assertTrue(self.focused(page).endswith("/edit/weight/"))
        self.edit(page, "weight")
        page.keyboard.type("3")
        page.keyboard.press("Enter")
        page.wait_for_selector("#said .notice")
        self.assertIn("Saved: the weight of 1.1.1 is now 3.", page.inner_text("#said"))
        page.wait_for_selector("a.edit:focus", state="attached")
        self.assertTrue(self.focused(page).endswith("/edit/weight/"))
        self.assertIn("3", page.inner_text(f"#m{self.milestone.pk} td:nth-child(3)"))
        self.assertTrue(page.url.endswith(TABLE), "the address stays the table's")
        self.assertEqual(self.weight(), 3)

    def test_what_is_refused_stays_in_the_cell(self):
        page = self.table()
        self.edit(page, "weight")
        page.fill("form.inline [name=weight]", "много")
        page.keyboard.press("Enter")
        page.wait_for_selector("form.inline .error:visible")
        self.assertEqual(page.input_value("form.inline [name=weight]"), "много")
        self.assertEqual(self.weight(), 1)
        page.fill("form.inline [name=weight]", "2")
        page.keyboard.press("Enter")
        page.wait_for_selector("#said .notice")
        self.assertEqual(self.weight(), 2)

    def test_a_stale_cell_shows_both_and_takes_either(self):
        for way in ("Save mine over it", "Take theirs"):
            page = self.table()
            self.edit(page, "weight")
            other = Milestone.objects.get(pk=self.milestone.pk)
            other.weight += 10
            other.save()
            page.fill("form.inline [name=weight]", "5")
            page.keyboard.press("Enter")
            page.wait_for_selector("form.inline .theirs")
            self.assertIn(str(other.weight), page.inner_text("form.inline .theirs"))
            self.assertEqual(page.input_value("form.inline [name=weight]"), "5")
            page.click(f"form.inline :text('{way}')")
            page.wait_for_selector("form.inline", state="detached")
            page.wait_for_selector("a.edit:focus", state="attached")
            self.assertEqual(self.weight(), 5 if way == "Save mine over it" else other.weight)

    def test_typed_text_is_not_lost_by_opening_another_cell(self):
        page = self.table()
        self.edit(page, "weight")
        page.fill("form.inline [name=weight]", "7")
        page.focus(self.link("term"))
        page.keyboard.press("Enter")
        page.wait_for_selector("[name=weight]:focus")
        self.assertEqual(page.locator("form.inline").count(), 1)
        self.assertEqual(page.input_value("form.inline [name=weight]"), "7")

    def test_after_the_session_has_ended_what_was_typed_is_kept_through_signing_in(self):
        page = self.table()
        self.edit(page, "weight")
        page.fill("form.inline [name=weight]", "9")
        page.fill("form.inline [name=change_reason]", "Протокол № 7")
        page.context.clear_cookies(name="sessionid")
        page.keyboard.press("Enter")
        page.fill("#id_login", self.administrator.email)
        page.fill("#id_password", make.PASSWORD)
        page.click("main button[type=submit], main .button--main")
        page.click("text=All that you typed")
        self.assertIn("Протокол № 7", page.inner_text("main"))
        self.assertEqual(self.weight(), 1)

    def test_executors_are_searched_and_changed(self):
        page = self.table()
        self.edit(page, "executors")
        page.keyboard.type("атомн")
        page.keyboard.press("Enter")
        page.click(f"form.inline [value=add-{self.part.pk}-{self.agency.pk}]")
        page.click("form.inline button:has-text('Make first')")
        page.wait_for_selector("form.inline li:first-child b:has-text('Агентство')")
        page.click("form.inline .button--main")
        page.wait_for_selector("#said .notice")
        self.assertEqual(
            [executor.organisation_id for executor in self.part.executors.all()], [self.agency.pk, self.ministry.pk]
        )
        self.assertIn("Агентство", page.inner_text(f"#m{self.milestone.pk}"))

    def test_without_javascript_it_is_a_page(self):
        page = self.table(java_script_enabled=False)
        page.click(self.link("weight"))
        page.fill("[name=weight]", "4")
        page.click("main form .button--main")
        self.assertIn("Saved: the weight of 1.1.1 is now 4.", page.inner_text("main"))
        self.assertTrue(page.url.endswith(f"{TABLE}#m{self.milestone.pk}"))
        self.assertEqual(self.weight(), 4)

    def test_it_fits_a_phone_and_is_accessible(self):
        for width, scheme in ((320, "light"), (900, "dark"), (1280, "light")):
            page = self.table(viewport={"width": width, "height": 800}, color_scheme=scheme)
            for field in ("weight", "term", "executors"):
                with self.subTest(field, width=width):
                    self.edit(page, field)
                    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    self.assertLessEqual(wider, 0)
                    found = Axe().run(page, "form.inline").response["violations"]
                    self.assertEqual([(one["id"], one["nodes"][0]["html"][:200]) for one in found], [])
                    page.keyboard.press("Escape")
