"""Second factors: setting up, signing in with one, and keeping one where the role asks for it."""

import time
from unittest.mock import patch
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.core.cache import cache
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences
from tracker.accounts.adapter import SecondFactor
from tracker.accounts.models import Event

FACTORS = "/account/factors/"


def code(secret, *, periods_ago=0):
    """What the app shows now, or showed some half-minutes ago."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 - periods_ago))


def passkey(user, name="Телефон"):
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": name, "credential": {}})


class FactorsTestCase(TrackerTestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)
        for person in (self.kz_analyst, self.reviewer, self.administrator, self.observer):
            person.set_password(make.PASSWORD)
            person.save()

    def sign_in(self, person, client=None):
        data = {"login": person.email, "password": make.PASSWORD}
        return (client or self.client).post("/account/login/", data)

    def signed_in(self, person):
        """Signed in, and the password confirmed once more."""
        self.client.force_login(person)
        self.client.post("/account/reauthenticate/", {"password": make.PASSWORD})

    def is_in(self, client=None):
        return (client or self.client).get("/account/").status_code == 200


class SetUpTest(FactorsTestCase):
    def test_an_app_is_set_up_with_the_code_it_shows(self):
        self.signed_in(self.kz_analyst)
        page = self.client.get(f"{FACTORS}totp/activate/")
        secret = page.context["form"].secret
        self.assertContains(page, f'<code class="secret">{secret}</code>')
        self.assertContains(page, 'src="data:image/svg+xml;base64,')
        self.assertContains(page, 'autocomplete="one-time-code" inputmode="numeric"')
        with patch("django.db.transaction.on_commit", lambda act: act()):  # a test's transaction never ends
            response = self.client.post(f"{FACTORS}totp/activate/", {"code": code(secret)})
        self.assertRedirects(response, f"{FACTORS}recovery-codes/", fetch_redirect_response=False)
        response = self.client.get(response.url)
        self.assertEqual(len(response.context["unused_codes"]), 10)
        [message] = mail.outbox
        self.assertEqual(message.subject, "Tracker: authenticator app set up")
        for hidden in (secret, *response.context["unused_codes"]):
            self.assertNotIn(hidden, message.body)
        kinds = Event.objects.filter(kind=Event.Kind.FACTOR_ADDED, about=self.kz_analyst)
        self.assertEqual(kinds.count(), 2)

    def test_a_wrong_code_sets_up_nothing(self):
        self.signed_in(self.kz_analyst)
        self.client.get(f"{FACTORS}totp/activate/")
        response = self.client.post(f"{FACTORS}totp/activate/", {"code": "000000"})
        self.assertContains(response, "This code is wrong, or its time has passed.")
        self.assertFalse(Authenticator.objects.exists())

    def test_it_asks_who_one_is_first(self):
        self.client.force_login(self.kz_analyst)
        for path in ("totp/activate", "webauthn/add"):
            response = self.client.get(f"{FACTORS}{path}/")
            self.assertEqual(urlsplit(response.url).path, "/account/reauthenticate/", path)
        TOTP.activate(self.kz_analyst, generate_totp_secret())
        RecoveryCodes.activate(self.kz_analyst)
        for path in ("totp/deactivate", "recovery-codes", "recovery-codes/download", "recovery-codes/generate"):
            response = self.client.get(f"{FACTORS}{path}/")
            self.assertEqual(urlsplit(response.url).path, "/account/reauthenticate/", path)

    def test_secrets_are_sealed_in_the_database(self):
        secret = generate_totp_secret()
        TOTP.activate(self.kz_analyst, secret)
        RecoveryCodes.activate(self.kz_analyst)
        for factor in Authenticator.objects.all():
            self.assertNotIn(secret, str(factor.data))
        self.assertNotEqual(Authenticator.objects.get(type="totp").data["secret"], secret)
        self.assertEqual(SecondFactor().decrypt(Authenticator.objects.get(type="totp").data["secret"]), secret)

    def test_they_open_after_the_secret_key_was_changed_if_the_former_is_named(self):
        sealed = SecondFactor().encrypt("секрет")
        from django.conf import settings

        with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
            self.assertEqual(SecondFactor().decrypt(sealed), "секрет")


class SignInTest(FactorsTestCase):
    def setUp(self):
        super().setUp()
        self.secret = generate_totp_secret()
        TOTP.activate(self.kz_analyst, self.secret)
        self.codes = RecoveryCodes.activate(self.kz_analyst).get_unused_codes()

    def second_step(self, typed, client=None):
        return (client or self.client).post(f"{FACTORS}authenticate/", {"code": typed})

    def test_the_password_alone_does_not_open(self):
        self.assertRedirects(self.sign_in(self.kz_analyst), f"{FACTORS}authenticate/")
        self.assertFalse(self.is_in())

    def test_password_and_code_do(self):
        self.sign_in(self.kz_analyst)
        self.assertEqual(self.second_step(code(self.secret)).status_code, 302)
        self.assertTrue(self.is_in())

    def test_a_code_works_once(self):
        shown = code(self.secret)
        self.sign_in(self.kz_analyst)
        self.second_step(shown)
        thief = Client()
        self.sign_in(self.kz_analyst, thief)
        self.second_step(shown, thief)
        self.assertFalse(self.is_in(thief))

    def test_an_old_code_does_not_open(self):
        self.sign_in(self.kz_analyst)
        self.assertContains(self.second_step(code(self.secret, periods_ago=5)), "This code is wrong")
        self.assertFalse(self.is_in())
        self.assertEqual(Event.objects.filter(kind=Event.Kind.SECOND_FACTOR_FAILED).get().about, self.kz_analyst)

    def test_a_recovery_code_opens_once(self):
        self.sign_in(self.kz_analyst)
        self.second_step(self.codes[0])
        self.assertTrue(self.is_in())
        other = Client()
        self.sign_in(self.kz_analyst, other)
        self.second_step(self.codes[0], other)
        self.assertFalse(self.is_in(other))
        self.second_step(self.codes[1], other)
        self.assertTrue(self.is_in(other))
        self.assertContains(other.get("/account/"), "8 are left")

    def test_trying_codes_is_limited(self):
        self.sign_in(self.kz_analyst)
        for _time in range(5):
            self.second_step("000000")
        self.assertContains(self.second_step(code(self.secret)), "There were too many attempts.")
        self.assertFalse(self.is_in())

    def test_the_second_step_alone_leads_to_the_first(self):
        self.assertRedirects(self.client.get(f"{FACTORS}authenticate/"), "/account/login/")
        self.assertRedirects(self.second_step(code(self.secret)), "/account/login/")

    def test_new_recovery_codes_void_the_former(self):
        self.signed_in(self.kz_analyst)
        self.client.post(f"{FACTORS}recovery-codes/generate/")
        other = Client()
        self.sign_in(self.kz_analyst, other)
        self.second_step(self.codes[0], other)
        self.assertFalse(self.is_in(other))


@override_settings(REQUIRE_MFA=True)
class RequiredTest(FactorsTestCase):
    def test_reviewers_and_administrators_set_one_up_first(self):
        for person in (self.reviewer, self.administrator):
            client = Client()
            self.sign_in(person, client)
            for path in ("/", self.item.get_absolute_url(), "/review/", "/admin/", "/admin/accounts/user/", "/desk/"):
                response = client.get(path)
                self.assertRedirects(response, FACTORS, msg_prefix=f"{person} {path}")
            said = sentences(client.get("/admin/", follow=True))
            self.assertEqual(said, ["Your role asks for a second factor. Set one up, and then go on."])

    def test_they_can_do_nothing_by_sending_either(self):
        client = Client()
        self.sign_in(self.administrator, client)
        response = client.post("/admin/accounts/user/add/", {"email": "x@example.org"})
        self.assertRedirects(response, FACTORS)

    def test_they_can_set_one_up_change_language_and_sign_out(self):
        self.signed_in(self.administrator)
        page = self.client.get(f"{FACTORS}totp/activate/")
        self.client.post("/language/", {"language": "ru", "next": "/account/"})
        self.client.post(f"{FACTORS}totp/activate/", {"code": code(page.context["form"].secret)})
        self.assertEqual(self.client.get("/admin/").status_code, 200)
        self.assertEqual(self.client.post("/account/logout/").status_code, 302)

    def test_observers_and_analysts_are_only_offered_one(self):
        for person in (self.observer, self.kz_analyst):
            client = Client()
            self.sign_in(person, client)
            self.assertEqual(client.get(self.item.get_absolute_url()).status_code, 200)
            self.assertNotContains(client.get("/account/"), "Your role asks for")
            self.assertContains(client.get("/account/"), FACTORS)

    @override_settings(REQUIRE_MFA=False)
    def test_where_it_is_not_required_nobody_is_held_up(self):
        self.sign_in(self.administrator)
        self.assertEqual(self.client.get("/admin/").status_code, 200)

    def test_the_last_one_stays(self):
        TOTP.activate(self.administrator, generate_totp_secret())
        RecoveryCodes.activate(self.administrator)
        self.signed_in(self.administrator)
        for response in (self.client.get(f"{FACTORS}totp/deactivate/"), self.client.post(f"{FACTORS}totp/deactivate/")):
            self.assertContains(response, "set up another one before you remove this one")
        self.assertTrue(Authenticator.objects.filter(type="totp").exists())

    def test_the_last_passkey_stays_too(self):
        key = passkey(self.administrator)
        RecoveryCodes.activate(self.administrator)
        self.signed_in(self.administrator)
        path = f"{FACTORS}webauthn/keys/{key.pk}/remove/"
        for response in (self.client.get(path), self.client.post(path)):
            self.assertContains(response, "set up another one before you remove this one", status_code=403)
        self.assertTrue(Authenticator.objects.filter(pk=key.pk).exists())

    def test_one_of_two_may_go(self):
        first, second = passkey(self.administrator), passkey(self.administrator, "Токен")
        self.signed_in(self.administrator)
        self.client.post(f"{FACTORS}webauthn/keys/{first.pk}/remove/")
        self.assertEqual(list(Authenticator.objects.all()), [second])

    def test_who_need_not_have_one_may_remove_the_last(self):
        key = passkey(self.kz_analyst)
        RecoveryCodes.activate(self.kz_analyst)
        self.signed_in(self.kz_analyst)
        path = f"{FACTORS}webauthn/keys/{key.pk}/remove/"
        self.assertContains(self.client.get(path), "will open nothing here any more")
        self.client.post(path)
        self.assertFalse(Authenticator.objects.exists())
        self.assertEqual(mail.outbox[-1].subject, "Tracker: passkey removed")

    def test_anothers_passkey_does_not_exist(self):
        key = passkey(self.reviewer)
        self.signed_in(self.kz_analyst)
        for verb in ("remove", "edit"):
            for pk in (key.pk, 10**6):
                response = self.client.post(f"{FACTORS}webauthn/keys/{pk}/{verb}/", {"name": "моё"})
                self.assertEqual(response.status_code, 404)
        self.assertEqual(Authenticator.objects.get().wrap().name, "Телефон")

    def test_a_passkey_is_renamed(self):
        key = passkey(self.kz_analyst)
        self.signed_in(self.kz_analyst)
        self.client.post(f"{FACTORS}webauthn/keys/{key.pk}/edit/", {"name": "Ключ на работе"})
        self.assertContains(self.client.get(f"{FACTORS}webauthn/"), "Ключ на работе")
