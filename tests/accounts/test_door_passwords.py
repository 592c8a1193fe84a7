"""Passwords: the rules, changing one, setting one anew by a link."""

import re
from datetime import datetime, timedelta
from unittest.mock import patch

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences
from tracker.accounts.models import Event, User

NEW = "совсем другой пароль"
RESET = "/account/password/reset/"
TWELVE = "ёж уплыл в 5"


class RulesTest(TrackerTestCase):
    def said(self, password, user=None):
        try:
            validate_password(password, user)
        except ValidationError as error:
            return [problem.code for problem in error.error_list]
        return []

    def test_fifteen_characters_alone(self):
        self.assertEqual(self.said("ёж уплыл в 5 ча"), [])
        self.assertEqual(self.said("ёж уплыл в 5 ч"), ["password_too_short"])

    def test_twelve_beside_a_second_factor(self):
        self.assertEqual(len(TWELVE), 12)
        self.assertEqual(self.said(TWELVE, self.kz_analyst), ["password_too_short"])
        TOTP.activate(self.kz_analyst, generate_totp_secret())
        self.assertEqual(self.said(TWELVE, self.kz_analyst), [])
        self.assertEqual(self.said(TWELVE[:-1], self.kz_analyst), ["password_too_short"])

    def test_no_composition_is_asked_for(self):
        self.assertEqual(self.said("просто четыре длинных слова"), [])

    def test_common_passwords_in_any_dress(self):
        for password in ("qwertyqwertyqwerty", "Password12345678!!!!", "!!!iloveyou!!!!!!!!", "aaaaaaaaaaaaaaaa",
                         "1212121212121212", "123456789012345678", "trustno1trustno1"):  # fmt: skip
            self.assertEqual(self.said(password), ["password_too_common"], password)

    def test_not_ones_own_name_or_address(self):
        self.assertEqual(self.said("analyst.kz@example.org", self.kz_analyst), ["password_too_similar"])
        self.assertEqual(self.said("Айгуль Сериккызы", self.kz_analyst), ["password_too_similar"])

    def test_the_page_says_the_rule_and_what_is_wrong(self):
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()
        self.client.force_login(self.kz_analyst)
        path = "/account/password/change/"
        self.assertContains(self.client.get(path), "At least 15 characters, or 12")
        response = self.client.post(
            path, {"oldpassword": make.PASSWORD, "password1": "коротко", "password2": "коротко"}
        )
        self.assertContains(response, "The password has 7 characters; it needs at least 15.")
        self.assertContains(response, 'aria-invalid="true"')


class ChangeTest(TrackerTestCase):
    path = "/account/password/change/"
    data = {"oldpassword": make.PASSWORD, "password1": NEW, "password2": NEW}

    def setUp(self):
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()
        self.elsewhere = self.signed_in(Client())
        self.signed_in(self.client)

    def signed_in(self, client, password=make.PASSWORD):
        client.post("/account/login/", {"login": self.kz_analyst.email, "password": password})
        return client

    def test_it_ends_the_other_sessions_and_keeps_this_one(self):
        self.assertEqual(self.elsewhere.get("/account/").status_code, 200)
        before = self.client.session.session_key
        self.client.post(self.path, self.data)
        self.assertEqual(self.client.get("/account/").status_code, 200)
        self.assertNotEqual(self.client.session.session_key, before)
        self.assertEqual(self.elsewhere.get("/account/").status_code, 302)
        self.assertEqual(len(UserSession.objects.purge_and_list(self.kz_analyst)), 1)

    def test_the_new_password_opens_and_the_old_one_does_not(self):
        self.client.post(self.path, self.data)
        self.assertNotIn("_auth_user_id", self.signed_in(Client()).session)
        self.assertIn("_auth_user_id", self.signed_in(Client(), NEW).session)

    def test_it_needs_the_present_password(self):
        response = self.client.post(self.path, self.data | {"oldpassword": "неверный пароль 2026"})
        self.assertContains(response, "This is not your current password.")
        self.kz_analyst.refresh_from_db()
        self.assertTrue(self.kz_analyst.check_password(make.PASSWORD))

    def test_it_is_told_and_recorded_and_the_message_holds_no_secret(self):
        self.client.post(self.path, self.data)
        [message] = mail.outbox
        self.assertEqual((message.to, message.subject), ([self.kz_analyst.email], "Tracker: your password was changed"))
        self.assertIn("127.0.0.1", message.body)
        self.assertNotIn(NEW, message.body)
        self.assertEqual(Event.objects.filter(kind=Event.Kind.PASSWORD).get().about, self.kz_analyst)


class ResetTest(TrackerTestCase):
    def ask(self, email="analyst.kz@example.org"):
        return self.client.post(RESET, {"email": email}, follow=True)

    def link(self):
        self.ask()
        return re.search(r"http://testserver(\S+)", mail.outbox[-1].body).group(1)

    def open(self, link, client=None):
        client = client or self.client
        response = client.get(link, follow=True)
        return response, response.request["PATH_INFO"]

    def test_a_link_sets_the_password_once(self):
        link = self.link()
        page, address = self.open(link)
        self.assertNotIn(link, (address, page.content.decode()))
        response = self.client.post(address, {"password1": NEW, "password2": NEW}, follow=True)
        self.assertContains(response, "The password is set")
        self.kz_analyst.refresh_from_db()
        self.assertTrue(self.kz_analyst.check_password(NEW))
        self.assertFalse(response.context["user"].is_authenticated)
        for client in (self.client, Client()):
            page, address = self.open(link, client)
            self.assertContains(page, "This link has been used, or its time has passed.")
        client.post(address, {"password1": "третий пароль и ещё", "password2": "третий пароль и ещё"})
        self.kz_analyst.refresh_from_db()
        self.assertTrue(self.kz_analyst.check_password(NEW))

    def test_the_link_expires_after_three_days(self):
        for days, says in ((2.9, "The same again"), (3.1, "its time has passed")):
            later = datetime.now() + timedelta(days=days)  # noqa: DTZ005  Django's generator counts so
            link = self.link()
            with patch.object(PasswordResetTokenGenerator, "_now", return_value=later):
                self.assertContains(self.open(link, Client())[0], says)

    def test_a_newer_password_or_address_makes_the_link_void(self):
        link = self.link()
        self.kz_analyst.refresh_from_db()
        self.kz_analyst.set_password(NEW)
        self.kz_analyst.save()
        self.assertContains(self.open(link)[0], "This link has been used")
        link = self.link()
        User.objects.filter(pk=self.kz_analyst.pk).update(email="other@example.org")
        self.assertContains(self.open(link)[0], "This link has been used")

    def test_it_sets_a_first_password_too(self):
        self.assertFalse(self.kz_analyst.has_usable_password())
        _page, address = self.open(self.link())
        self.client.post(address, {"password1": NEW, "password2": NEW})
        response = self.client.post("/account/login/", {"login": self.kz_analyst.email, "password": NEW})
        self.assertEqual(response.status_code, 302)

    def test_it_ends_the_sessions_of_before(self):
        self.client.force_login(self.kz_analyst)
        other = Client()
        _page, address = self.open(self.link(), other)
        other.post(address, {"password1": NEW, "password2": NEW})
        self.assertEqual(self.client.get("/account/").status_code, 302)

    def test_the_rules_hold_there(self):
        _page, address = self.open(self.link())
        response = self.client.post(address, {"password1": "qwertyqwertyqwerty", "password2": "qwertyqwertyqwerty"})
        self.assertContains(response, "one of those that are tried first")
        response = self.client.post(address, {"password1": NEW, "password2": NEW + "!"})
        self.assertEqual(response.status_code, 200)
        self.kz_analyst.refresh_from_db()
        self.assertFalse(self.kz_analyst.has_usable_password())

    def test_known_unknown_and_closed_are_answered_alike(self):
        User.objects.filter(pk=self.stranger.pk).update(is_active=False)
        pages = [self.ask(email) for email in ("analyst.kz@example.org", "nobody@example.org", self.stranger.email)]
        for page in pages:
            self.assertContains(page, "If the address is known here")
            self.assertEqual(sentences(page), sentences(pages[0]))
        links = [message.to[0] for message in mail.outbox if "/reset/key/" in message.body]
        self.assertEqual(links, ["analyst.kz@example.org"])

    def test_the_message_is_ours_in_both_languages(self):
        self.ask()
        self.assertEqual(mail.outbox[0].subject, "Tracker: set a new password")
        self.assertTrue(mail.outbox[0].body.endswith("Tracker\nhttp://testserver/"), mail.outbox[0].body)
        self.client.post(RESET, {"email": "analyst.kz@example.org"}, headers={"Accept-Language": "ru"})
        self.assertIn("Трекер", mail.outbox[1].subject)

    @override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
    )
    def test_a_mail_server_that_is_down_does_not_break_the_page(self):
        said = []
        for email in ("analyst.kz@example.org", "nobody@example.org"):
            with self.assertLogs("tracker.accounts.adapter", "ERROR"):
                said.append(sentences(self.ask(email)))
        self.assertEqual(said, [["The message could not be sent now. Try again later."]] * 2)
        self.assertEqual(Event.objects.filter(kind=Event.Kind.MAIL_FAILED).count(), 2)
