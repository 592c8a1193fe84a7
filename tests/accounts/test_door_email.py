"""Changing one's address: the new one is confirmed, the old one is told."""

import re

from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event

PAGE = "/account/email/"


class ChangeTest(TrackerTestCase):
    def setUp(self):
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()
        self.client.post("/account/login/", {"login": self.kz_analyst.email, "password": make.PASSWORD})
        self.client.post("/account/reauthenticate/", {"password": make.PASSWORD})

    def ask(self, email="New@Example.org"):
        return self.client.post(PAGE, {"email": email, "action_add": ""}, follow=True)

    def link(self):
        [message] = [message for message in mail.outbox if "confirm-email" in message.body]
        self.assertEqual(message.to, ["new@example.org"])
        return re.search(r"http://testserver(\S+)", message.body).group(1)

    def address(self):
        self.kz_analyst.refresh_from_db()
        return self.kz_analyst.email

    def test_nothing_changes_before_the_new_address_is_confirmed(self):
        page = self.ask()
        self.assertContains(page, "new@example.org")
        self.assertContains(page, "Waiting")
        self.assertEqual(self.address(), "analyst.kz@example.org")
        self.client.get(self.link())  # what a mail scanner does
        self.assertEqual(self.address(), "analyst.kz@example.org")
        for email, opens in (("new@example.org", False), ("analyst.kz@example.org", True)):
            client = Client()
            client.post("/account/login/", {"login": email, "password": make.PASSWORD})
            self.assertEqual("_auth_user_id" in client.session, opens, email)

    def test_confirming_changes_it_and_the_old_address_is_told(self):
        self.ask()
        link = self.link()
        self.assertContains(self.client.get(link), "new@example.org")
        self.client.post(link)
        self.assertEqual(self.address(), "new@example.org")
        [told] = [message for message in mail.outbox if message.to == ["analyst.kz@example.org"]]
        self.assertEqual(told.subject, "Tracker: your e-mail was changed")
        self.assertIn("new@example.org", told.body)
        self.assertEqual(
            list(EmailAddress.objects.filter(user=self.kz_analyst).values_list("email", "verified", "primary")),
            [("new@example.org", True, True)],
        )
        event = Event.objects.get(kind=Event.Kind.E_MAIL)
        self.assertEqual(event.detail, "analyst.kz@example.org → new@example.org")

    def test_the_link_works_once(self):
        self.ask()
        link = self.link()
        self.client.post(link)
        self.assertContains(self.client.get(link), "This link has been used")

    def test_a_change_can_be_called_off(self):
        self.ask()
        link = self.link()
        self.client.post(PAGE, {"email": "new@example.org", "action_remove": ""})
        self.assertContains(Client().get(link), "This link has been used")
        self.assertEqual(self.address(), "analyst.kz@example.org")

    def test_anothers_address_is_not_taken_and_not_betrayed(self):
        said = [
            self.ask(email).content.decode().count("Waiting") for email in ("analyst.ru@example.org", "new@example.org")
        ]
        self.assertEqual(said, [1, 1])
        link = re.search(r"http://testserver(\S+confirm-email\S+)", mail.outbox[0].body).group(1)
        self.assertEqual(mail.outbox[0].to, ["analyst.ru@example.org"])
        for client in (self.client, Client()):
            client.post(link)
            self.assertEqual(self.address(), "analyst.kz@example.org")
        self.ru_analyst.refresh_from_db()
        self.assertEqual(self.ru_analyst.email, "analyst.ru@example.org")

    def test_nonsense_is_refused_beside_the_field(self):
        page = self.ask("not an address")
        self.assertContains(page, 'aria-invalid="true"')

    def test_it_asks_who_one_is_first(self):
        client = Client()
        client.post("/account/login/", {"login": self.kz_analyst.email, "password": make.PASSWORD})
        response = client.post(PAGE, {"email": "new@example.org", "action_add": ""})
        self.assertRedirects(response, f"/account/reauthenticate/?next={PAGE}", fetch_redirect_response=False)
        client.post("/account/reauthenticate/", {"password": "неверный пароль 2026", "next": PAGE})
        self.assertFalse(EmailAddress.objects.filter(email="new@example.org").exists())
        client.post("/account/reauthenticate/", {"password": make.PASSWORD, "next": PAGE})
        self.assertTrue(EmailAddress.objects.filter(email="new@example.org", verified=False).exists())
