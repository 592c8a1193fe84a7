"""No address of ours sends a reader to another site."""

from urllib.parse import urlsplit

from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed

from .base import signed_in

ELSEWHERE = (
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "https:evil.example",
    "https:///evil.example",
    "https://evil.example/r/plan/",
    "http:\\\\evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt://testserver/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//testserver@evil.example/",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "//testserver\\.evil.example/",
    "http://[::1",
    "ftp://testserver/",
    "/r/plan/\r\nX-Injected: yes",
    "//ев.пример/",
)
OWN = ("/r/plan/", "/r/plan/milestones/?q=%D1%91&page=2", "/desk/#documents", "/r/plan/?on=2026-01-01")


def leaves_us(address):
    """Whether a browser that follows the address from a page of ours comes to another host."""
    address = "".join(c for c in address if c not in "\t\r\n").strip().replace("\\", "/")
    found = urlsplit(address)
    return bool(found.scheme and found.scheme not in ("http", "https")) or (
        (address.startswith("//") or bool(found.scheme)) and found.hostname != "testserver"
    )


class RedirectTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.observer.set_password(make.PASSWORD)
        cls.observer.save()

    def assert_stays(self, response, sent):
        self.assertIn(response.status_code, (200, 301, 302, 303, 400, 403, 405), sent)
        self.assertNotIn("X-Injected", response)
        for name in ("Location", "HX-Redirect", "HX-Location", "Refresh"):
            self.assertFalse(leaves_us(response.get(name, "")), (sent, response.get(name)))
        self.assertNotIn("evil.example", response.get("Location", "").split("?")[0])

    def assert_everywhere(self, ask):
        for sent in ELSEWHERE:
            with self.subTest(sent):
                self.assert_stays(ask(sent), sent)
        for sent in OWN:
            with self.subTest(sent):
                self.assertEqual(ask(sent)["Location"], sent)

    def test_signing_in(self):
        def ask(after):
            return Client().post(
                "/account/login/", {"login": self.observer.email, "password": make.PASSWORD, "next": after}
            )

        self.assert_everywhere(ask)

    def test_signing_in_by_the_address_and_the_form(self):
        """The page itself repeats `next` in a field and in its links: nothing of it may lead away or run."""
        for sent in ELSEWHERE:
            with self.subTest(sent):
                client = Client()
                page = client.get("/account/login/", {"next": sent})
                fields = typed(page) | {"login": self.observer.email, "password": make.PASSWORD}
                self.assert_stays(client.post("/account/login/", fields), sent)

    def test_who_is_signed_in_already(self):
        for sent in ELSEWHERE:
            with self.subTest(sent):
                self.assert_stays(signed_in(self.observer).get("/account/login/", {"next": sent}), sent)
                self.assert_stays(signed_in(self.observer).get("/account/signup/", {"next": sent}), sent)

    def test_signing_out(self):
        for sent in (*ELSEWHERE, *OWN):
            with self.subTest(sent):
                self.assert_stays(signed_in(self.observer).post("/account/logout/", {"next": sent}), sent)

    def test_the_language(self):
        self.assert_everywhere(lambda after: Client().post("/language/", {"language": "ru", "next": after}))

    def test_reauthentication(self):
        def ask(after):
            client = signed_in(self.observer)
            return client.post("/account/reauthenticate/", {"password": make.PASSWORD, "next": after})

        # Each of its attempts counts; this is about where the right one leads
        with override_settings(ACCOUNT_RATE_LIMITS=False):
            self.assert_everywhere(ask)

    def test_administration(self):
        for sent in ELSEWHERE:
            with self.subTest(sent):
                client = Client()
                first = client.get("/admin/login/", {"next": sent})
                self.assertTrue(first["Location"].startswith("/account/login/?next="))
                fields = {"login": self.observer.email, "password": make.PASSWORD}
                self.assert_stays(client.post(first["Location"], fields), sent)
        response = Client().get("/admin/login/", {"next": "/admin/roadmaps/"})
        self.assertEqual(response["Location"], "/account/login/?next=/admin/roadmaps/")

    def test_the_page_of_a_form_that_is_kept(self):
        """It comes from the Referer, which a foreign page cannot fake, but a path of ours can look like a host."""
        make.round_(self.roadmap)
        report = make.report(commitment_=self.kz_commitment)
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()
        for page in ("//evil.example/", "/\\evil.example/", "/\t/evil.example/", "///evil.example"):
            for who in (None, self.kz_analyst):
                with self.subTest(page, who=who):
                    client = Client(enforce_csrf_checks=True)
                    if who:
                        client.force_login(who)
                    response = client.post(
                        f"/reports/{report.pk}/",
                        {"narrative": "текст"},
                        HTTP_ORIGIN="http://testserver",
                        HTTP_REFERER=f"http://testserver{page}",
                    )
                    self.assert_stays(response, page)
                    if not who:
                        fields = typed(response) | {"login": self.kz_analyst.email, "password": make.PASSWORD}
                        client.handler.enforce_csrf_checks = False
                        self.assert_stays(client.post("/account/login/", fields), page)

    def test_a_page_that_asks_to_sign_in_comes_back_to_us(self):
        for path in ("//evil.example/", "/%2Fevil.example/", "/r/plan/?next=//evil.example/", "/\\evil.example/"):
            client = Client()
            response = client.get(path, follow=False)
            if response.status_code in (301, 302):
                self.assert_stays(response, path)
                fields = {"login": self.observer.email, "password": make.PASSWORD}
                if response["Location"].startswith("/account/login/"):
                    self.assert_stays(client.post(response["Location"], fields), path)

    def test_a_missing_slash_is_added_on_this_host(self):
        for path in ("//evil.example/r/plan", "/r/plan", "//evil.example"):
            response = signed_in(self.observer).get(path)
            if response.status_code in (301, 302):
                self.assert_stays(response, path)

    def test_password_reset_and_second_factors_pass_next_on(self):
        for sent in ELSEWHERE:
            with self.subTest(sent), override_settings(ACCOUNT_RATE_LIMITS=False, MFA_RATE_LIMITS=False):
                client = Client()
                self.assert_stays(
                    client.post("/account/password/reset/", {"email": "x@example.org", "next": sent}), sent
                )
                self.assert_stays(client.get("/account/factors/webauthn/login/", {"next": sent}), sent)
                self.assert_stays(client.get("/account/elsewhere/", {"next": sent}), sent)
