"""How one signs in, in a real browser: passkeys, codes, an outside provider."""

import time
from contextlib import contextmanager
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from oidc_provider_mock import User as Outsider
from oidc_provider_mock import run_server_in_thread

from tests import make
from tests.accounts.test_door_outside import providers
from tests.browser.base import BrowserTestCase


def code(secret):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


class DoorTest(BrowserTestCase):
    host = "localhost"  # a passkey belongs to a name, never to a number

    def setUp(self):
        cache.clear()
        super().setUp()

    def virtual_authenticator(self, page):
        """A key as a telephone or a computer has one; returns how to take it away from the browser."""
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
        return lambda: devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})

    def go(self, page, path):
        page.goto(f"{self.live_server_url}{path}")

    def confirm(self, page):
        page.fill("#id_password", make.PASSWORD)
        page.click("main .button--main")

    def sign_out(self, page):
        page.click("text=Sign out")
        page.wait_for_url("**/account/login/")

    def add_passkey(self, page, *, is_alone=True):
        self.go(page, "/account/factors/webauthn/add/")
        self.confirm(page)
        page.set_checked("[name=passwordless]", is_alone)
        page.click("main .button--main")
        page.wait_for_url("**/recovery-codes/")

    def test_a_passkey_opens_the_door_alone(self):
        page = self.open(self.kz_analyst, locale="en")
        self.virtual_authenticator(page)
        self.add_passkey(page)
        self.sign_out(page)
        self.go(page, "/account/login/?next=/account/sessions/")
        page.click("text=Sign in with a passkey")
        page.wait_for_selector("text=Where I am signed in")
        self.assertIn("Chrome, Linux", page.inner_text("main"))

    def test_a_passkey_stands_beside_the_password(self):
        page = self.open(self.kz_analyst, locale="en")
        self.virtual_authenticator(page)
        self.add_passkey(page, is_alone=False)
        self.sign_out(page)
        page.fill("#id_login", self.kz_analyst.email)
        page.fill("#id_password", make.PASSWORD)
        page.click("main .button--main")
        page.wait_for_url("**/authenticate/")
        page.click("text=Use a passkey")
        page.wait_for_url("**/desk/")

    def test_without_the_key_the_page_says_so_and_offers_the_other_ways(self):
        page = self.open(self.kz_analyst, locale="en")
        take_away = self.virtual_authenticator(page)
        self.add_passkey(page)
        take_away()
        self.virtual_authenticator(page)  # another one, which knows nothing
        self.sign_out(page)
        page.click("text=Sign in with a passkey")
        page.wait_for_selector("text=The browser gave no passkey.")
        self.assertTrue(page.is_visible("#id_password"))

    def test_without_javascript_the_page_says_so(self):
        page = self.open(locale="en", java_script_enabled=False)
        self.go(page, "/account/login/")
        self.assertTrue(page.is_visible("text=A passkey needs JavaScript"))
        self.assertFalse(page.is_visible("text=Sign in with a passkey"))

    def test_a_passkey_confirms_who_one_is(self):
        page = self.open(self.kz_analyst, locale="en")
        self.virtual_authenticator(page)
        self.add_passkey(page)
        self.sign_out(page)
        page.click("text=Sign in with a passkey")
        page.wait_for_url("**/desk/")
        self.go(page, "/account/factors/totp/activate/")
        page.click("text=With a passkey")
        page.click("text=Use a passkey")
        page.wait_for_url("**/totp/activate/")

    def test_an_app_and_a_recovery_code(self):
        page = self.open(self.kz_analyst, locale="en")
        self.go(page, "/account/factors/totp/activate/")
        self.confirm(page)
        picture = page.locator("img.qr")
        self.assertGreater(picture.evaluate("image => image.naturalWidth"), 0)
        secret = page.inner_text("code.secret")
        page.fill("#id_code", code(secret))
        page.click("main .button--main")
        page.wait_for_url("**/recovery-codes/")
        spare = page.locator("code.secret").first.inner_text()
        Authenticator.objects.filter(type="totp").get()
        cache.clear()  # the code of the set-up counts as used; the next one is half a minute away
        for typed in (code(secret), spare):
            self.sign_out(page)
            page.fill("#id_login", self.kz_analyst.email)
            page.fill("#id_password", make.PASSWORD)
            page.click("main .button--main")
            page.fill("#id_code", typed)
            page.click("main .button--main")
            page.wait_for_url("**/desk/")
        self.go(page, "/account/")
        self.assertIn("9 are left", page.inner_text("main"))

    def test_what_was_typed_survives_a_sign_in_by_passkey(self):
        report = make.report(commitment_=self.kz_commitment, state="draft", author=self.kz_analyst)
        page = self.open(self.kz_analyst, locale="en")
        self.virtual_authenticator(page)
        self.add_passkey(page)
        self.go(page, report.get_absolute_url())
        page.fill("[name=narrative]", "Протокол подписан.")
        page.context.clear_cookies()
        page.locator("[name=verb][value=save]").last.click()
        page.wait_for_selector("text=What you typed is not lost")
        self.complaints = [said for said in self.complaints if "403" not in said]
        page.click("text=Sign in with a passkey")
        page.wait_for_selector("text=nothing of it is saved yet")
        self.assertEqual(page.input_value("[name=narrative]"), "Протокол подписан.")

    @contextmanager
    def provider(self):
        known = Outsider(sub="known", claims={"email": self.kz_analyst.email, "email_verified": True})
        with run_server_in_thread(user_claims=[known]) as server:
            issuer = f"http://localhost:{server.server_port}"
            policy = settings.CONTENT_SECURITY_POLICY
            allowed = {"form-action": [*policy["DIRECTIVES"]["form-action"], issuer]}
            with override_settings(
                SOCIALACCOUNT_PROVIDERS=providers(issuer),
                CONTENT_SECURITY_POLICY=policy | {"DIRECTIVES": policy["DIRECTIVES"] | allowed},
            ):
                yield issuer

    def test_an_outside_provider_leads_there_and_back(self):
        with self.provider() as issuer:
            page = self.open(locale="en")
            self.go(page, "/account/login/?next=/account/")
            page.click("text=Sign in with Единый вход")
            page.wait_for_url(f"{issuer}/**")
            page.fill("[name=sub]", "known")
            page.click("button")
            page.wait_for_url(f"{self.live_server_url}/account/")
            self.assertEqual(urlsplit(page.url).path, "/account/")
            self.assertIn(self.kz_analyst.email, page.inner_text("main"))
        # What its own page lacks is the provider's affair; what our policy forbids is ours
        self.complaints = [said for said in self.complaints if "Failed to load resource" not in said]
