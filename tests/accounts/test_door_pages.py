"""Coming in, going out, and the reader's own account."""

from datetime import date

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences, typed
from tracker.accounts.models import User
from tracker.roadmaps.models import Role

LOGIN = "/account/login/"


class DoorTestCase(TrackerTestCase):
    def setUp(self):
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()

    def sign_in(self, email="analyst.kz@example.org", password=make.PASSWORD, **data):
        return self.client.post(LOGIN, {"login": email, "password": password, **data})


class SignInTest(DoorTestCase):
    def test_it_works(self):
        self.assertRedirects(self.sign_in(), "/", target_status_code=302)
        self.assertEqual(self.client.get("/account/").context["user"], self.kz_analyst)

    def test_the_case_of_the_address_does_not_matter(self):
        self.assertEqual(self.sign_in("Analyst.KZ@Example.org").status_code, 302)

    def test_it_goes_on_to_the_page_that_was_asked_for(self):
        response = self.sign_in(next="/account/email/")
        self.assertRedirects(response, "/account/email/")

    def test_it_never_goes_on_to_another_host(self):
        for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "https:///evil.example"):
            self.client.logout()
            self.assertEqual(self.sign_in(next=elsewhere).url, "/", elsewhere)

    def test_a_wrong_password_and_an_unknown_person_are_told_the_same(self):
        said = []
        for email in ("analyst.kz@example.org", "nobody@example.org"):
            response = self.sign_in(email, "неверный пароль 2026")
            self.assertEqual(response.status_code, 200)
            self.assertContains(response, "The e-mail or the password is wrong.")
            self.assertContains(response, 'role="alert"')
            said.append(response.context["form"].errors)
        self.assertEqual(*said)

    def test_the_password_is_never_sent_back(self):
        self.assertNotContains(self.sign_in(password="неверный пароль 2026"), "неверный пароль")

    def test_a_closed_account_is_refused_in_words(self):
        User.objects.filter(pk=self.kz_analyst.pk).update(is_active=False)
        response = self.client.post(LOGIN, {"login": self.kz_analyst.email, "password": make.PASSWORD}, follow=True)
        self.assertContains(response, "Your account is closed")
        self.assertFalse(response.context["user"].is_authenticated)

    def test_closing_an_account_ends_its_sessions(self):
        self.sign_in()
        User.objects.filter(pk=self.kz_analyst.pk).update(is_active=False)
        self.assertRedirects(self.client.get("/account/"), f"{LOGIN}?next=/account/")

    def test_the_fields_are_known_to_password_keepers(self):
        page = self.client.get(LOGIN)
        self.assertContains(page, 'autocomplete="username"')
        self.assertContains(page, 'autocomplete="current-password"')
        self.assertContains(page, "/account/password/reset/")

    def test_the_administration_has_no_door_of_its_own(self):
        for path in ("/admin/", "/admin/login/?next=/admin/"):
            response = self.client.get(path, follow=True)
            self.assertRedirects(response, f"{LOGIN}?next=/admin/")
            self.assertTemplateUsed(response, "account/login.html")
        self.administrator.set_password(make.PASSWORD)
        self.administrator.save()
        response = self.client.post("/admin/login/", {"username": self.administrator.email, "password": make.PASSWORD})
        self.assertNotIn("_auth_user_id", self.client.session)
        self.assertEqual(response.status_code, 302)


class SignOutTest(DoorTestCase):
    def test_it_asks_and_then_signs_out(self):
        self.client.force_login(self.kz_analyst)
        self.assertContains(self.client.get("/account/logout/"), "Do you want to sign out?")
        self.assertIn("_auth_user_id", self.client.session)
        response = self.client.post("/account/logout/", follow=True)
        self.assertRedirects(response, LOGIN)
        self.assertEqual(sentences(response), ["You are signed out."])


class SignUpTest(DoorTestCase):
    new = {"email": "new@example.org", "password1": make.PASSWORD, "password2": make.PASSWORD}

    def test_nobody_enters_themselves(self):
        self.assertNotContains(self.client.get(LOGIN), "/account/signup/")
        for response in (self.client.get("/account/signup/"), self.client.post("/account/signup/", self.new)):
            self.assertContains(response, "Accounts are opened by an administrator.")
        self.assertFalse(User.objects.filter(email="new@example.org").exists())

    @override_settings(OPEN_REGISTRATION=True)
    def test_where_registration_is_open_the_address_is_confirmed_first(self):
        self.assertContains(self.client.get(LOGIN), "/account/signup/")
        response = self.client.post("/account/signup/", self.new, follow=True)
        self.assertContains(response, "A message with a link has been sent to you.")
        self.assertFalse(response.context["user"].is_authenticated)
        self.assertEqual([message.to for message in mail.outbox], [["new@example.org"]])
        self.assertNotIn(make.PASSWORD, mail.outbox[0].body)

    @override_settings(OPEN_REGISTRATION=True)
    def test_an_address_that_is_known_is_not_betrayed(self):
        data = self.new | {"email": self.kz_analyst.email}
        response = self.client.post("/account/signup/", data, follow=True)
        self.assertContains(response, "A message with a link has been sent to you.")
        self.assertEqual(mail.outbox[0].to, [self.kz_analyst.email])
        self.assertIn("it has one", mail.outbox[0].body)

    @override_settings(OPEN_REGISTRATION=True)
    def test_who_entered_themselves_may_do_nothing(self):
        self.client.post("/account/signup/", self.new)
        person = User.objects.get(email="new@example.org")
        self.assertEqual(list(person.grants.all()), [])
        self.assertTrue(person.is_active)


class AccountTest(DoorTestCase):
    def setUp(self):
        super().setUp()
        self.client.force_login(self.kz_analyst)

    def test_it_needs_signing_in(self):
        self.client.logout()
        self.assertRedirects(self.client.get("/account/"), f"{LOGIN}?next=/account/")

    def test_it_says_who_one_is_and_what_one_may_do(self):
        make.grant(self.kz_analyst, Role.OBSERVER, until=date(2020, 1, 31))
        make.grant(self.kz_analyst, Role.COORDINATOR, party=self.kazakhstan, until=date(2099, 1, 31))
        page = self.client.get("/account/")
        self.assertContains(page, "Айгуль Сериккызы")
        self.assertContains(page, "analyst.kz@example.org")
        said = " ".join(page.content.decode().split())
        self.assertIn("Analyst</b>", said)
        self.assertIn(f"{self.roadmap} · {self.kazakhstan}", said)
        self.assertRegex(said, r"Coordinator</b> <span class=\"sub\">until <time datetime=\"2099-01-31\">31.01.2099")
        self.assertRegex(said, r"Observer</b> <span class=\"sub\">ended on <time datetime=\"2020-01-31\">31.01.2020")

    def test_who_has_no_grant_is_told_so(self):
        self.client.force_login(self.stranger)
        self.assertContains(self.client.get("/account/"), "an administrator has given you no grant")

    def test_it_leads_to_everything_of_ones_own(self):
        TOTP.activate(self.kz_analyst, generate_totp_secret())
        RecoveryCodes.activate(self.kz_analyst)
        page = self.client.get("/account/")
        for path in (
            "email",
            "password/change",
            "factors",
            "factors/webauthn/add",
            "factors/recovery-codes",
            "sessions",
        ):
            self.assertContains(page, f'href="/account/{path}/"')
        self.assertContains(page, "10 are left")
        self.assertNotContains(page, "Outside sign-in")

    def test_the_language_is_chosen_there(self):
        page = self.client.get("/account/")
        response = self.client.post("/language/", typed(page, language="ru", next="/account/"), follow=True)
        self.assertContains(response, '<html lang="ru">')
        self.kz_analyst.refresh_from_db()
        self.assertEqual(self.kz_analyst.language, "ru")

    def test_name_and_grants_cannot_be_sent_to_it(self):
        response = self.client.post("/account/", {"name": "Секретариат", "email": "x@example.org", "is_active": "1"})
        self.assertEqual(response.status_code, 405)

    def test_the_name_above_every_page_leads_to_it(self):
        page = self.client.get(self.item.get_absolute_url())
        self.assertContains(page, 'href="/account/"')

    def test_its_number_of_queries_does_not_grow_with_the_grants(self):
        numbers = []
        for area in ("energy", "transport"):
            with CaptureQueriesContext(connection) as queries:
                self.client.get("/account/")
            numbers.append(len(queries))
            make.grant(self.kz_analyst, Role.OBSERVER, roadmap=self.roadmap, area=make.area(area))
        self.assertEqual(*numbers)


class EveryPageTest(DoorTestCase):
    """Each page of the door opens, is ours, in both languages, and is kept nowhere."""

    own = (
        "", "logout/", "email/", "password/change/", "reauthenticate/", "factors/",
        "factors/totp/activate/", "factors/webauthn/", "factors/webauthn/add/", "sessions/", "elsewhere/",
    )  # fmt: skip
    outside = (
        "login/", "inactive/", "signup/", "confirm-email/", "confirm-email/no-such-key/", "password/reset/",
        "password/reset/done/", "password/reset/key/done/", "password/reset/key/1-no-such-key/",
        "elsewhere/login/cancelled/", "elsewhere/login/error/",
    )  # fmt: skip

    def look_at(self, path):
        for language in ("en", "ru"):
            response = self.client.get(f"/account/{path}", headers={"Accept-Language": language})
            self.assertIn(response.status_code, (200, 401), path)
            page = response.content.decode()
            self.assertIn(f'<html lang="{language}">', page, path)
            self.assertIn('<main id="main">', page, path)
            self.assertNotRegex(page, r"<script(?![^>]*(src=|application/json))|style=|onclick=")
            self.assertIn("no-store", response["Cache-Control"], path)

    def test_pages_of_who_is_signed_in(self):
        self.client.force_login(self.kz_analyst)
        session = self.client.session
        session["account_authentication_methods"] = [
            {"method": "password", "at": timezone.now().timestamp(), "reauthenticated": True}
        ]
        session["account_authentication_methods_user"] = str(self.kz_analyst.pk)
        session.save()
        TOTP.activate(self.kz_analyst, generate_totp_secret())
        RecoveryCodes.activate(self.kz_analyst)
        for path in ("reauthenticate", "totp/deactivate", "recovery-codes", "recovery-codes/generate"):
            self.look_at(f"factors/{path}/")
        Authenticator.objects.all().delete()
        for path in self.own:
            self.look_at(path)

    def test_pages_of_who_is_not(self):
        for path in self.outside:
            self.look_at(path)
