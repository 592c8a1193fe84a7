"""Nobody learns from an answer, its time or its messages whether somebody has an account here."""

from unittest.mock import patch

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase

from .base import plain, sign_in, signed_in

WRONG = "неверный пароль 2026"
HEADERS_THAT_DIFFER = {"Set-Cookie", "Expires", "Content-Length"}


def answer(response, *addresses):
    """Status, headers and text, without the address that was asked for."""
    text = plain(response)
    for address in addresses:
        text = text.replace(address, "…")
    headers = {k: v for k, v in response.headers.items() if k not in HEADERS_THAT_DIFFER}
    return response.status_code, headers, text, sorted(response.cookies)


class SignInTest(TrackerTestCase):
    KNOWN, UNUSABLE, CLOSED = "known@example.org", "unusable@example.org", "closed@example.org"
    UNKNOWN = "nobody@example.org"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        make.user(cls.KNOWN, password=make.PASSWORD)
        make.user(cls.UNUSABLE)
        make.user(cls.CLOSED, password=make.PASSWORD, is_active=False)

    def test_the_answers_are_alike(self):
        expected = answer(sign_in(Client(), self.UNKNOWN, WRONG), self.UNKNOWN)
        self.assertEqual(expected[0], 200)
        for email in (self.KNOWN, self.UNUSABLE, self.CLOSED, self.KNOWN.upper()):
            with self.subTest(email):
                self.assertEqual(answer(sign_in(Client(), email, WRONG), email), expected)

    def test_the_work_is_alike(self):
        """By the calls of the password hasher: what takes the time."""
        for email in (self.UNKNOWN, self.KNOWN, self.UNUSABLE, self.CLOSED):
            with self.subTest(email), patch.object(MD5PasswordHasher, "encode", autospec=True) as encode:
                encode.side_effect = lambda _self, password, salt, **_rest: f"md5${salt}$0"
                sign_in(Client(), email, WRONG)
                self.assertEqual(encode.call_count, 1)

    def test_the_limits_are_alike(self):
        found = []
        for number, email in enumerate((self.UNKNOWN, self.KNOWN, self.CLOSED)):
            client = Client(REMOTE_ADDR=f"198.51.100.{number}")
            found.append([answer(sign_in(client, email, WRONG), email) for _time in range(6)])
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

    def test_no_message_is_sent(self):
        for email in (self.UNKNOWN, self.KNOWN, self.UNUSABLE, self.CLOSED):
            sign_in(Client(), email, WRONG)
        self.assertEqual(mail.outbox, [])

    def test_without_a_password_too(self):
        expected = answer(sign_in(Client(), self.UNKNOWN, ""), self.UNKNOWN)
        self.assertEqual(answer(sign_in(Client(), self.KNOWN, ""), self.KNOWN), expected)


class ResetTest(TrackerTestCase):
    def ask(self, email, **options):
        return Client().post("/account/password/reset/", {"email": email}, **options)

    def test_the_answers_are_alike(self):
        make.user("closed@example.org", password=make.PASSWORD, is_active=False)
        for follow in (False, True):
            expected = answer(self.ask("nobody@example.org", follow=follow), "nobody@example.org")
            for email in (self.observer.email, "closed@example.org"):
                with self.subTest(email, follow=follow):
                    self.assertEqual(answer(self.ask(email, follow=follow), email), expected)

    def test_each_address_is_written_to_once(self):
        """Who asks sees one message go, or the same time pass, in every case."""
        counts = []
        for email in (self.observer.email, "nobody@example.org"):
            mail.outbox.clear()
            self.ask(email)
            counts.append(len(mail.outbox))
            self.assertEqual([to for message in mail.outbox for to in message.to], [email] * len(mail.outbox))
        self.assertEqual(counts[0], counts[1])

    def test_the_work_is_alike(self):
        for email in (self.observer.email, "nobody@example.org"):
            with self.subTest(email), patch.object(MD5PasswordHasher, "encode", autospec=True) as encode:
                self.ask(email)
                self.assertEqual(encode.call_count, 0)

    def test_a_link_tells_nothing_of_who_is_there(self):
        known, absent = self.observer.pk, 999_999
        pages = []
        for number in (known, absent):
            uid = base36(number)
            response = self.client.get(f"/account/password/reset/key/{uid}-c1a2b3-{'0' * 32}/")
            pages.append(answer(response, f"{uid}-c1a2b3"))
        self.assertEqual(pages[0], pages[1])


def base36(number):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else base36(number // 36) + digits[number % 36]


class SignUpTest(TrackerTestCase):
    FIELDS = {"password1": "несколько разных слов", "password2": "несколько разных слов"}

    def ask(self, email, **options):
        return Client().post("/account/signup/", {"email": email, **self.FIELDS}, **options)

    def test_closed_it_answers_everyone_alike(self):
        expected = answer(self.ask("nobody@example.org"), "nobody@example.org")
        self.assertEqual(answer(self.ask(self.observer.email), self.observer.email), expected)
        self.assertEqual(mail.outbox, [])

    @override_settings(OPEN_REGISTRATION=True)
    def test_open_it_answers_everyone_alike(self):
        for follow in (False, True):
            mail.outbox.clear()
            new, taken = f"new{follow:d}@example.org", (self.reviewer if follow else self.observer).email
            expected = answer(self.ask(new, follow=follow), new)
            self.assertEqual([message.to for message in mail.outbox], [[new]])
            self.assertEqual(answer(self.ask(taken, follow=follow), taken), expected)
            self.assertEqual([message.to for message in mail.outbox], [[new], [taken]])

    @override_settings(OPEN_REGISTRATION=True)
    def test_open_the_work_is_alike(self):
        for email in ("new@example.org", self.observer.email):
            with self.subTest(email), patch.object(MD5PasswordHasher, "encode", autospec=True) as encode:
                encode.side_effect = lambda _self, password, salt, **_rest: f"md5${salt}$0"
                self.ask(email)
                self.assertEqual(encode.call_count, 1)

    @override_settings(OPEN_REGISTRATION=True)
    def test_who_signs_up_has_no_rights(self):
        client = Client()
        client.post(
            "/account/signup/", {"email": "new@example.org", "is_active": "on", "role": "administrator", **self.FIELDS}
        )
        person = EmailAddress.objects.get(email="new@example.org").user
        self.assertFalse(person.grants.exists())
        self.assertFalse(EmailAddress.objects.get(email="new@example.org").verified)
        self.assertNotIn("_auth_user_id", client.session)  # not before the address is confirmed


class NewAddressTest(TrackerTestCase):
    def ask(self, email, **options):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        client = signed_in(self.observer)
        client.post("/account/reauthenticate/", {"password": make.PASSWORD})
        return client.post("/account/email/", {"email": email, "action_add": ""}, **options)

    def test_the_answers_are_alike(self):
        for follow in (False, True):
            free, taken = f"free{follow:d}@example.org", (self.second_reviewer if follow else self.reviewer).email
            expected = answer(self.ask(free, follow=follow), free)
            EmailAddress.objects.filter(user=self.observer, verified=False).delete()
            self.assertEqual(answer(self.ask(taken, follow=follow), taken), expected)
            EmailAddress.objects.filter(user=self.observer, verified=False).delete()

    def test_somebody_elses_address_is_never_taken_over(self):
        self.ask(self.reviewer.email)
        owner = EmailAddress.objects.get(email=self.reviewer.email, verified=True)
        self.assertEqual(owner.user, self.reviewer)
        self.observer.refresh_from_db()
        self.assertEqual(self.observer.email, "observer@example.org")
