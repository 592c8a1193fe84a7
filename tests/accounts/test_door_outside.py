"""Signing in through an outside provider: a small real one runs beside the tests."""

from urllib.parse import urlsplit

import requests
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client, override_settings
from oidc_provider_mock import User as Outsider
from oidc_provider_mock import run_server_in_thread

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences
from tracker.accounts.models import Event, User

START = "/account/elsewhere/oidc/oidc/login/"


def providers(issuer):
    """The setting that OIDC_ISSUER makes (tracker/settings.py), for a provider of the tests."""
    app = {"provider_id": "oidc", "name": "Единый вход", "client_id": "tracker", "secret": "secret",
           "settings": {"server_url": issuer}}  # fmt: skip
    return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def outsider(sub, email, *, is_verified=True):
    return Outsider(sub=sub, claims={"email": email, "email_verified": is_verified})


class OutsideTest(TrackerTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        people = [
            outsider("known", "Analyst.KZ@example.org"),
            outsider("unknown", "nobody@example.org"),
            outsider("unverified", "analyst.kz@example.org", is_verified=False),
            outsider("reviewer", "reviewer@example.org"),
        ]
        server = cls.enterClassContext(run_server_in_thread(user_claims=people))
        cls.issuer = f"http://localhost:{server.server_port}"
        cls.enterClassContext(override_settings(SOCIALACCOUNT_PROVIDERS=providers(cls.issuer)))

    def come_as(self, sub, client=None, **data):
        """Go there, say who one is, and come back."""
        client = client or self.client
        there = client.post(START, data)
        self.assertEqual(there.status_code, 302)
        back = requests.post(there.url, data={"sub": sub}, allow_redirects=False, timeout=10).headers["Location"]
        parts = urlsplit(back)
        return client.get(f"{parts.path}?{parts.query}")

    def is_in(self, client=None):
        return (client or self.client).get("/account/").status_code == 200

    def test_a_known_person_comes_in_by_a_verified_address(self):
        response = self.come_as("known", next="/account/sessions/")
        self.assertRedirects(response, "/account/sessions/")
        self.assertEqual(self.client.get("/account/").context["user"], self.kz_analyst)
        self.assertEqual(SocialAccount.objects.get().user, self.kz_analyst)
        self.assertEqual(Event.objects.filter(kind=Event.Kind.SIGNED_IN).get().person, self.kz_analyst)
        self.assertContains(self.client.get("/account/"), "Outside sign-in")

    def test_the_connection_is_told_to_the_person(self):
        self.come_as("known")
        self.assertEqual([m.subject for m in mail.outbox], ["Tracker: outside sign-in connected"])
        self.assertEqual(mail.outbox[0].to, [self.kz_analyst.email])

    def test_it_goes_nowhere_else_afterwards(self):
        self.assertRedirects(self.come_as("known", next="https://evil.example/"), "/", target_status_code=302)

    def test_an_unknown_person_is_refused_in_words(self):
        response = self.come_as("unknown")
        self.assertContains(response, "Accounts are opened by an administrator.")
        self.assertFalse(User.objects.filter(email="nobody@example.org").exists())
        self.assertFalse(self.is_in())

    def test_an_unverified_address_of_a_known_person_opens_nothing(self):
        response = self.come_as("unverified")
        self.assertContains(response, "Your provider must have confirmed this address.")
        self.assertFalse(self.is_in())
        self.assertFalse(SocialAccount.objects.exists())

    def test_a_closed_account_stays_closed(self):
        User.objects.filter(pk=self.kz_analyst.pk).update(is_active=False)
        self.assertRedirects(self.come_as("known"), "/account/inactive/")
        self.assertFalse(self.is_in())

    def test_the_second_factor_is_asked_for(self):
        TOTP.activate(self.kz_analyst, generate_totp_secret())
        self.assertRedirects(self.come_as("known"), "/account/factors/authenticate/")
        self.assertFalse(self.is_in())

    @override_settings(REQUIRE_MFA=True)
    def test_a_reviewer_without_one_is_led_to_it(self):
        self.come_as("reviewer")
        self.assertRedirects(self.client.get("/review/"), "/account/factors/")
        self.assertContains(self.client.get("/account/"), "Your role asks for a second factor")

    def test_breaking_off_there_is_said_in_words(self):
        there = self.client.post(START)
        state = dict(part.split("=") for part in urlsplit(there.url).query.split("&"))["state"]
        response = self.client.get(f"{START}callback/?error=access_denied&state={state}", follow=True)
        self.assertContains(response, "You broke off at the outside provider.")

    def test_an_answer_that_nobody_asked_for_opens_nothing(self):
        there = self.client.post(START)
        back = requests.post(there.url, data={"sub": "known"}, allow_redirects=False, timeout=10).headers["Location"]
        parts = urlsplit(back)
        victim = Client()
        response = victim.get(f"{parts.path}?{parts.query}")
        self.assertContains(response, "did not confirm who you are", status_code=401)
        self.assertFalse(self.is_in(victim))

    def test_a_provider_that_does_not_answer_breaks_nothing(self):
        nowhere = override_settings(SOCIALACCOUNT_PROVIDERS=providers("http://localhost:9"))
        with nowhere, self.assertLogs("tracker.accounts.views.door", "ERROR"):
            response = self.client.post(START)
        self.assertContains(response, "The outside provider does not answer", status_code=502)

    def test_going_there_is_a_form_and_no_link(self):
        response = self.client.get(START)
        self.assertContains(response, "You go on to Единый вход")
        self.assertContains(self.client.get("/account/login/"), f'<form method="post" action="{START}')

    def test_there_is_no_button_where_none_is_configured(self):
        with override_settings(SOCIALACCOUNT_PROVIDERS={}):
            self.assertNotContains(self.client.get("/account/login/"), "elsewhere")
            self.assertEqual(self.client.post(START).status_code, 404)

    def test_one_is_connected_and_disconnected(self):
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()
        self.client.force_login(self.kz_analyst)
        self.client.post("/account/reauthenticate/", {"password": make.PASSWORD})
        self.come_as("unverified", process="connect")
        account = SocialAccount.objects.get()
        self.assertEqual(account.user, self.kz_analyst)
        self.assertContains(self.client.get("/account/elsewhere/"), "Единый вход")
        response = self.client.post("/account/elsewhere/", {"account": account.pk}, follow=True)
        self.assertEqual(sentences(response), ["The outside account is disconnected."])
        self.assertFalse(SocialAccount.objects.exists())

    def test_anothers_connection_cannot_be_cut(self):
        self.come_as("known")
        account = SocialAccount.objects.get()
        other = Client()
        other.force_login(self.ru_analyst)
        other.post("/account/elsewhere/", {"account": account.pk})
        self.assertTrue(SocialAccount.objects.filter(pk=account.pk).exists())

    def test_the_only_way_in_is_not_cut(self):
        self.come_as("known")
        account = SocialAccount.objects.get()
        self.assertFalse(self.kz_analyst.has_usable_password())
        self.client.post("/account/elsewhere/", {"account": account.pk})
        self.assertTrue(SocialAccount.objects.filter(pk=account.pk).exists())
