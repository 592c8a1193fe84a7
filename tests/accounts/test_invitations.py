"""Invitations: a link with which a person sets their password, and is in."""

import re
from smtplib import SMTPException
from unittest.mock import patch

from django.core import mail
from django.test import override_settings

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@override_settings(EMAIL_HOST="mail.example.org", EMAIL_BACKEND=LOCMEM)
class InvitationTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.invited = make.user("new@example.org", name="Новая", language="ru")
        cls.path = f"/people/{cls.invited.pk}/invite/"

    def setUp(self):
        self.client.force_login(self.administrator)

    def invite(self):
        return self.client.post(self.path, follow=True)

    def link(self, number=-1):
        return re.search(r"http://testserver(/\S+)", mail.outbox[number].body).group(1)

    def use(self, link, password=make.PASSWORD):
        """Follow the link in a browser of one's own and type the password twice; returns the browser."""
        browser = self.client_class()
        page = browser.get(link, follow=True)
        browser.post(page.request["PATH_INFO"], {"password1": password, "password2": password})
        return browser

    def signs_in(self, password=make.PASSWORD):
        browser = self.client_class()
        browser.post("/account/login/", {"login": "new@example.org", "password": password})
        return "_auth_user_id" in browser.session

    def test_the_link_sets_a_password_and_opens_the_door(self):
        response = self.invite()
        self.assertContains(response, "The invitation was sent to new@example.org.")
        self.assertNotContains(response, "/account/password/reset/key/")
        self.assertEqual(mail.outbox[0].to, ["new@example.org"])
        self.assertFalse(self.signs_in())
        self.use(self.link())
        self.assertTrue(self.signs_in())

    def test_it_works_once(self):
        self.invite()
        self.use(self.link(0))
        self.use(self.link(0), "совсем другой пароль 2027")
        self.assertFalse(self.signs_in("совсем другой пароль 2027"))
        self.assertTrue(self.signs_in())

    def test_the_link_of_before_stops_working(self):
        self.invite()
        self.invite()
        self.use(self.link(0))
        self.assertFalse(self.signs_in())
        self.use(self.link(1))
        self.assertTrue(self.signs_in())

    def test_it_ends_with_its_time(self):
        self.invite()
        with override_settings(PASSWORD_RESET_TIMEOUT=-1):
            self.use(self.link())
        self.assertFalse(self.signs_in())

    def test_it_is_recorded(self):
        self.invite()
        event = Event.objects.get(kind="invited")
        self.assertEqual((event.person, event.about), (self.administrator, self.invited))
        self.assertNotIn("/key/", event.detail)

    def test_who_has_a_password_or_a_closed_account_is_not_invited(self):
        self.invited.set_password(make.PASSWORD)
        self.invited.save()
        self.assertEqual(self.invite().status_code, 409)
        self.invited.set_unusable_password()
        self.invited.is_active = False
        self.invited.save()
        self.assertEqual(self.invite().status_code, 409)
        self.assertEqual(mail.outbox, [])

    def test_a_server_that_does_not_answer_leaves_the_link(self):
        for error in (SMTPException("no"), ConnectionRefusedError()):
            with patch("django.core.mail.EmailMessage.send", side_effect=error):
                response = self.invite()
            self.assertContains(response, "No mail was sent")
            self.assertTrue(Event.objects.filter(kind="mail_failed", about=self.invited).exists())
        self.use(re.search(r'value="http://testserver(/account/password/[^"]+)"', response.content.decode()).group(1))
        self.assertTrue(self.signs_in())

    @override_settings(EMAIL_HOST="")
    def test_without_a_mail_server_the_link_is_shown_once(self):
        response = self.invite()
        self.assertEqual(mail.outbox, [])
        self.assertContains(response, 'value="http://testserver/account/password/reset/key/')
        self.assertNotContains(self.client.get(f"/people/{self.invited.pk}/"), "/reset/key/")

    @override_settings(EMAIL_HOST="")
    def test_the_link_is_shown_on_its_own_person_only(self):
        self.client.post(self.path)
        self.assertNotContains(self.client.get(f"/people/{self.stranger.pk}/"), "/reset/key/")
        self.assertContains(self.client.get(f"/people/{self.invited.pk}/"), "/reset/key/")

    def test_an_inviters_name_does_not_break_the_message(self):
        self.administrator.name = "А\r\nBcc: evil@example.org <b>"
        self.administrator.save()
        self.invite()
        self.assertEqual(mail.outbox[0].recipients(), ["new@example.org"])
        self.assertNotIn("&lt;", mail.outbox[0].body)
