"""Guessing is slow everywhere: passwords, second factors, reset links; for all processes and networks together."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from unittest.mock import patch

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client, TestCase, override_settings

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event

from .base import sign_in, signed_in

WRONG = "неверный пароль 2026"
REFUSED = "There were too many attempts"


def from_network(address, **options):
    return Client(REMOTE_ADDR=address, **options)


class PasswordTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.kz_analyst.set_password(make.PASSWORD)
        cls.kz_analyst.save()

    def guess(self, times, *, client=None, email="analyst.kz@example.org", **options):
        """The last of so many answers."""
        for _time in range(times):
            response = sign_in(client or self.client, email, WRONG, **options)
        return response

    def test_the_sixth_guess_at_one_person_is_not_looked_at(self):
        self.assertNotContains(self.guess(5), REFUSED)
        response = sign_in(self.client, "analyst.kz@example.org")  # the right one now, and too late
        self.assertContains(response, REFUSED)
        self.assertNotIn("_auth_user_id", self.client.session)
        self.assertEqual(Event.objects.filter(kind=Event.Kind.LOCKED, detail="analyst.kz@example.org").count(), 1)

    def test_another_network_does_not_begin_anew(self):
        self.guess(5)
        self.assertContains(sign_in(from_network("198.51.100.7"), "analyst.kz@example.org"), REFUSED)

    def test_other_spellings_do_not_begin_anew(self):
        self.guess(5)
        for spelling in ("ANALYST.KZ@example.org", "Analyst.kz@EXAMPLE.ORG", "  analyst.kz@example.org "):
            self.assertContains(sign_in(from_network("198.51.100.7"), spelling), REFUSED)

    def test_another_port_or_name_of_the_host_does_not_begin_anew(self):
        """allauth counts by host and address, and `Host` may carry any port."""
        self.guess(5)
        for number, host in enumerate(("localhost:8001", "localhost:65535", "127.0.0.1", "[::1]:7")):
            client = from_network(f"198.51.100.{number}", HTTP_HOST=host)
            self.assertContains(sign_in(client, "analyst.kz@example.org"), REFUSED)

    def test_somebody_elses_limit_is_not_mine(self):
        self.guess(5, client=from_network("198.51.100.7"))
        self.ru_analyst.set_password(make.PASSWORD)
        self.ru_analyst.save()
        self.assertEqual(sign_in(self.client, "analyst.ru@example.org").status_code, 302)

    def test_one_network_may_not_try_many_people(self):
        for number in range(10):
            self.assertNotContains(self.guess(1, email=f"person{number}@example.org"), REFUSED)
        self.assertContains(self.guess(1, email="person10@example.org"), REFUSED)

    def test_a_right_password_in_between_does_not_start_the_count_anew(self):
        own = make.user("attacker@example.org", password=make.PASSWORD)
        for number in range(10):
            self.assertNotContains(self.guess(1, email=f"person{number}@example.org"), REFUSED)
            if number == 5:
                client = from_network("127.0.0.1")
                self.assertEqual(sign_in(client, own.email).status_code, 302)
        self.assertContains(self.guess(1, email="person10@example.org"), REFUSED)

    def test_a_forged_forwarding_header_is_no_other_network(self):
        self.assertEqual(settings.ALLAUTH_TRUSTED_PROXY_COUNT, 0)
        for number in range(11):
            headers = {
                "HTTP_X_FORWARDED_FOR": f"203.0.113.{number}",
                "HTTP_X_REAL_IP": f"203.0.113.{number}",
                "HTTP_FORWARDED": f"for=203.0.113.{number}",
            }
            response = self.guess(1, email=f"person{number}@example.org", **headers)
        self.assertContains(response, REFUSED)
        self.assertEqual(set(Event.objects.exclude(kind=Event.Kind.RIGHTS).values_list("ip", flat=True)), {"127.0.0.1"})

    @override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
    def test_behind_our_proxy_only_what_the_proxy_says_counts(self):
        for number in range(11):
            forged = f"203.0.113.{number}, 192.0.2.50"  # the last is what our proxy has added
            response = self.guess(1, email=f"person{number}@example.org", HTTP_X_FORWARDED_FOR=forged)
        self.assertContains(response, REFUSED)
        self.assertEqual(
            set(Event.objects.exclude(kind=Event.Kind.RIGHTS).values_list("ip", flat=True)), {"192.0.2.50"}
        )
        response = self.guess(1, email="person.x@example.org", HTTP_X_FORWARDED_FOR="192.0.2.51")
        self.assertNotContains(response, REFUSED)

    def test_addresses_of_one_ipv6_network_are_one(self):
        """A house has 2⁶⁴ addresses of its own."""
        for number in range(11):
            client = from_network(f"2001:db8:1:2::{number:x}")
            response = self.guess(1, client=client, email=f"person{number}@example.org")
        self.assertContains(response, REFUSED)

    def test_thirty_answers_a_minute_then_429_in_words(self):
        for number in range(30):
            self.client.post("/account/login/", {"login": f"x{number}"})  # refused by the form, counted all the same
        response = self.client.post("/account/login/", {"login": "x"})
        self.assertEqual(response.status_code, 429)
        self.assertContains(response, "There were too many attempts from your network", status_code=429)
        self.assertContains(response, "<h1>", status_code=429)
        self.assertEqual(response["X-Frame-Options"], "DENY")
        self.assertTrue(Event.objects.filter(kind=Event.Kind.LOCKED, detail="/account/login/").exists())

    def test_nothing_of_the_password_is_written_down(self):
        with self.assertLogs("tracker.security") as logs:
            self.guess(6)
        self.assertNotIn(WRONG, "".join(logs.output))
        self.assertNotIn(WRONG, "".join(Event.objects.values_list("detail", flat=True)))


class SecondFactorTest(TrackerTestCase):
    def setUp(self):
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()
        self.secret = generate_totp_secret()
        TOTP.activate(self.kz_analyst, self.secret)
        RecoveryCodes.activate(self.kz_analyst)

    def code(self):
        return format_hotp_value(hotp_value(self.secret, int(time()) // 30))

    def half_way(self):
        """A client that has given the password."""
        client = Client()
        self.assertRedirects(
            sign_in(client, "analyst.kz@example.org"), "/account/factors/authenticate/", fetch_redirect_response=False
        )
        return client

    def test_the_sixth_code_is_not_looked_at(self):
        client = self.half_way()
        for code in ("000000", "000001", "00000002", "12345678", "000004"):  # of either kind
            self.assertNotContains(client.post("/account/factors/authenticate/", {"code": code}), REFUSED)
        response = client.post("/account/factors/authenticate/", {"code": self.code()})
        self.assertContains(response, REFUSED)
        self.assertNotIn("_auth_user_id", client.session)

    def test_giving_the_password_again_does_not_begin_anew(self):
        for code in ("000000", "000001", "000002", "000003", "000004"):
            self.half_way().post("/account/factors/authenticate/", {"code": code})
        recovery = Authenticator.objects.get(user=self.kz_analyst, type="recovery_codes").wrap().get_unused_codes()[0]
        response = self.half_way().post("/account/factors/authenticate/", {"code": recovery})
        self.assertContains(response, REFUSED)

    def test_a_code_signs_in_once(self):
        code = self.code()
        self.assertEqual(self.half_way().post("/account/factors/authenticate/", {"code": code}).status_code, 302)
        response = self.half_way().post("/account/factors/authenticate/", {"code": code})
        self.assertEqual(response.status_code, 200)

    def test_a_code_is_used_up_for_as_long_as_it_would_be_taken(self):
        """allauth forgets it after half a minute, and takes it for half a minute more."""
        code = self.code()
        self.assertEqual(self.half_way().post("/account/factors/authenticate/", {"code": code}).status_code, 302)
        with patch.object(TOTP, "_mark_code_used", return_value=True):
            for spelling in (code, f"{code[:3]} {code[3:]}"):
                response = self.half_way().post("/account/factors/authenticate/", {"code": spelling})
                self.assertEqual(response.status_code, 200)
            here = signed_in(self.kz_analyst)
            self.assertEqual(here.post("/account/factors/reauthenticate/", {"code": code}).status_code, 200)

    def test_a_recovery_code_signs_in_once(self):
        code = Authenticator.objects.get(user=self.kz_analyst, type="recovery_codes").wrap().get_unused_codes()[0]
        self.assertEqual(self.half_way().post("/account/factors/authenticate/", {"code": code}).status_code, 302)
        self.assertEqual(self.half_way().post("/account/factors/authenticate/", {"code": code}).status_code, 200)

    def test_half_way_in_is_not_in(self):
        client = self.half_way()
        for address in ("/desk/", "/r/plan/", "/account/", "/account/factors/", "/account/password/change/", "/admin/"):
            response = client.get(address)
            self.assertEqual(response.status_code, 302, address)
            self.assertIn("/login/", response["Location"])


class OtherDoorsTest(TrackerTestCase):
    def test_resets_for_one_address(self):
        mail.outbox.clear()
        for number in range(5):
            client = from_network(f"198.51.100.{number}")
            self.assertEqual(client.post("/account/password/reset/", {"email": self.observer.email}).status_code, 302)
        response = from_network("198.51.100.9").post("/account/password/reset/", {"email": self.observer.email.upper()})
        self.assertEqual(response.status_code, 429)
        self.assertEqual(len(mail.outbox), 5)

    def test_resets_from_one_network(self):
        for number in range(20):
            self.client.post("/account/password/reset/", {"email": f"x{number}@example.org"})
        response = self.client.post("/account/password/reset/", {"email": "x20@example.org"})
        self.assertContains(response, "There were too many attempts", status_code=429)

    def test_reauthentication(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        client = signed_in(self.observer)
        answers = [client.post("/account/reauthenticate/", {"password": WRONG}) for _time in range(10)]
        self.assertTrue(all(answer.status_code == 200 for answer in answers))
        response = client.post("/account/reauthenticate/", {"password": make.PASSWORD})
        self.assertTrue(response.status_code == 429 or REFUSED in response.content.decode())

    def test_changing_the_password_guesses_at_the_old_one(self):
        client = signed_in(self.observer)
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        client.force_login(self.observer)
        fields = {"oldpassword": WRONG, "password1": "новый длинный пароль 9", "password2": "новый длинный пароль 9"}
        for _time in range(5):
            self.assertEqual(client.post("/account/password/change/", fields).status_code, 200)
        response = client.post("/account/password/change/", fields | {"oldpassword": make.PASSWORD})
        self.assertContains(response, "There were too many attempts", status_code=429)

    def test_passkeys(self):
        for _time in range(10):
            self.client.post("/account/factors/webauthn/login/", {"credential": "{}"})
        response = self.client.post("/account/factors/webauthn/login/", {"credential": "{}"})
        self.assertContains(response, "There were too many attempts", status_code=429)


GUESSES = """
import django; django.setup()
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.core.context import request_context
from django.core.exceptions import ValidationError
from django.test import RequestFactory
request = RequestFactory().post("/account/login/")
with request_context(request):
    for number in range({times}):
        try:
            DefaultAccountAdapter.pre_authenticate(get_adapter(), request, email="nobody@example.org")
        except ValidationError:
            print("refused")
"""


class ProcessesTest(TestCase):
    def test_the_count_is_in_the_database(self):
        """In no process's memory: the row is there, and without it the count begins anew."""
        self.assertIn("Redis" if settings.REDIS_URL else "DatabaseCache", settings.CACHES["default"]["BACKEND"])
        for _time in range(6):
            response = sign_in(self.client, "nobody@example.org")
        self.assertContains(response, REFUSED)
        cache.clear()
        self.assertNotContains(sign_in(self.client, "nobody@example.org"), REFUSED)

    def test_two_processes_count_together(self):
        with TemporaryDirectory() as folder:
            environment = os.environ | {
                "DATA_DIR": folder,
                "DATABASE_URL": "",
                "HTTPS": "0",
                "DJANGO_SETTINGS_MODULE": "tracker.settings",
                "LOG_LEVEL": "ERROR",
                "REDIS_URL": "",
            }

            def run(*arguments):
                found = subprocess.run(
                    [sys.executable, *arguments],
                    env=environment,
                    cwd=Path(settings.BASE_DIR),
                    capture_output=True,
                    text=True,
                    check=True,
                )
                return found.stdout.strip()

            run("-m", "django", "createcachetable", "--verbosity", "0")  # the counts are there, and nowhere else
            self.assertEqual(run("-c", GUESSES.format(times=3)), "")
            self.assertEqual(run("-c", GUESSES.format(times=3)), "refused")
