"""The same hostile text in a real browser: nothing runs, nothing asks to, and no policy is violated."""

from tests import make
from tests.browser.base import BrowserTestCase
from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.history.changes import change_set
from tracker.lib.texts import Texts

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)><svg onload=alert(1)>"""
RUNNING = "javascript:alert(1)"


class HostileTextTest(BrowserTestCase):
    def setUp(self):
        super().setUp()
        self.dialogs = []
        texts = Texts(ru=HOSTILE, en=HOSTILE)
        with change_set(by=self.administrator, reason=HOSTILE):
            make.round_(self.roadmap)
            self.report = make.report(
                commitment_=self.kz_commitment, state="draft", narrative=f"</textarea>{HOSTILE}", author=self.kz_analyst
            )
            self.submitted = make.report(
                commitment_=self.ru_commitment, state="submitted", narrative=HOSTILE, submitted_at="2026-04-01T00:00Z",
                execution="in_progress", percent=10, author=self.ru_analyst,
            )  # fmt: skip
            make.evidence(self.report, title=HOSTILE, issued_by=HOSTILE, address=RUNNING)
            make.evidence(self.submitted, title=HOSTILE, number=HOSTILE[:60])
            for row, names in (
                (self.roadmap, ("title", "short_title")),
                (self.item, ("wording", "note", "funding", "expected_result")),
                (self.milestone, ("wording", "proof")),
                (self.kazakhstan, ("name",)),
            ):
                row.refresh_from_db()
                for name in names:
                    setattr(row, name, texts)
                row.save()
        record(Event.Kind.FAILED, about=self.kz_analyst, detail=HOSTILE)

    def visit(self, person, *addresses):
        page = self.open(person)
        page.on("dialog", self.hear_dialog)
        page.wait_for_url(lambda url: "/account/login/" not in url)
        for where in addresses:
            page.goto(self.live_server_url + where)
            for link in page.locator("a[href]").all():
                self.assertNotIn("javascript:", (link.get_attribute("href") or "").lower(), where)
            self.assertIn("alert(1)", page.locator("body").inner_text(), where)  # it is there, and only text
        return page

    def hear_dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def tearDown(self):
        self.assertEqual(self.dialogs, [], "a script ran")
        super().tearDown()

    def test_nothing_runs(self):
        item, report = f"/r/plan/items/{self.item.pk}/", f"/reports/{self.report.pk}/"
        self.visit(
            self.kz_analyst, "/r/plan/milestones/", item, "/desk/", f"/r/plan/milestones/{self.milestone.pk}/why/"
        )
        page = self.visit(self.kz_analyst, "/r/plan/items/")
        page.goto(self.live_server_url + report)
        self.assertIn("alert(1)", page.input_value("#id_narrative"))
        page.goto(self.live_server_url + f"/r/plan/milestones/?q={HOSTILE}")
        page.goto(self.live_server_url + f"/account/login/?next={RUNNING}")
        self.visit(self.reviewer, f"/review/{self.submitted.pk}/")
        change = f"/admin/roadmaps/item/{self.item.pk}/"
        self.visit(self.administrator, "/security/", f"{change}history/", "/admin/roadmaps/item/")

    def test_an_inline_script_that_got_in_all_the_same_does_not_run(self):
        """The last line: what the policy does if all the others fail. The violation itself is the proof."""
        page = self.visit(self.observer, "/r/plan/milestones/")
        page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.ran = 1";
                document.body.append(script);
                const image = document.createElement("div");
                image.innerHTML = "<img src=/nothing.png onerror='window.ran = 1'>";
                document.body.append(image);
            }"""
        )
        page.wait_for_timeout(300)
        self.assertIsNone(page.evaluate("() => window.ran ?? null"))
        self.assertTrue(any("Content Security Policy" in said for said in self.complaints))
        self.complaints.clear()
