"""A session is its owner's alone, begins anew at every door, and is over when it is over."""

from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase

from .base import sign_in, signed_in

COOKIE = settings.SESSION_COOKIE_NAME


class FixationTest(TrackerTestCase):
    def setUp(self):
        for person in (self.kz_analyst, self.observer):
            person.set_password(make.PASSWORD)
            person.save()

    def test_signing_in_begins_a_new_session(self):
        client = Client()
        client.get("/account/login/")
        planted = client.session  # an anonymous one that exists, as an attacker's would
        planted["mark"] = "attacker"
        planted.save()
        client.cookies[COOKIE] = planted.session_key
        sign_in(client, self.kz_analyst.email)
        self.assertNotEqual(client.cookies[COOKIE].value, planted.session_key)
        self.assertFalse(Session.objects.filter(session_key=planted.session_key).exists())
        attacker = Client()
        attacker.cookies[COOKIE] = planted.session_key
        self.assertIn("/account/login/", attacker.get("/desk/")["Location"])

    def test_a_made_up_key_is_never_taken_over(self):
        client = Client()
        client.cookies[COOKIE] = "a" * 32
        sign_in(client, self.kz_analyst.email)
        self.assertNotEqual(client.cookies[COOKIE].value, "a" * 32)
        self.assertFalse(Session.objects.filter(session_key="a" * 32).exists())

    def test_signing_in_over_somebody_elses_session_leaves_nothing_of_it(self):
        client = signed_in(self.observer)
        session = client.session
        session["kept"] = "theirs"
        session.save()
        client.post("/account/logout/")
        sign_in(client, self.kz_analyst.email)
        self.assertNotIn("kept", client.session)

    def test_a_new_password_begins_a_new_session_and_ends_the_others(self):
        here, there = Client(), Client()
        sign_in(here, self.kz_analyst.email)
        sign_in(there, self.kz_analyst.email)
        before, token = here.cookies[COOKIE].value, here.get("/account/").cookies
        new = "другой длинный пароль 7"
        response = here.post(
            "/account/password/change/", {"oldpassword": make.PASSWORD, "password1": new, "password2": new}
        )
        self.assertEqual(response.status_code, 302, token)
        self.assertNotEqual(here.cookies[COOKIE].value, before)
        self.assertEqual(here.get("/desk/").status_code, 200)
        self.assertIn("/account/login/", there.get("/desk/")["Location"])
        thief = Client()
        thief.cookies[COOKIE] = before
        self.assertIn("/account/login/", thief.get("/desk/")["Location"])

    def test_the_token_of_forms_changes_at_sign_in(self):
        client = Client()
        client.get("/account/login/")
        before = client.cookies["csrftoken"].value
        sign_in(client, self.kz_analyst.email)
        self.assertNotEqual(client.cookies["csrftoken"].value, before)


class EndTest(TrackerTestCase):
    def test_signing_out_ends_it_on_the_server(self):
        client = signed_in(self.observer)
        key = client.session.session_key
        client.post("/account/logout/")
        self.assertFalse(Session.objects.filter(session_key=key).exists())
        thief = Client()
        thief.cookies[COOKIE] = key
        self.assertEqual(thief.get("/r/plan/").status_code, 302)

    def test_a_link_or_an_image_signs_nobody_out(self):
        client = signed_in(self.observer)
        client.get("/account/logout/")
        self.assertEqual(client.get("/r/plan/").status_code, 200)

    def test_a_closed_account_ends_its_sessions(self):
        client = signed_in(self.observer)
        self.observer.is_active = False
        self.observer.save()
        self.assertIn("/account/login/", client.get("/r/plan/")["Location"])

    def test_rights_that_are_taken_are_gone_with_the_next_request(self):
        client = signed_in(self.observer)
        self.assertEqual(client.get("/r/plan/").status_code, 200)
        self.observer.grants.all().delete()
        self.assertEqual(client.get("/r/plan/").status_code, 404)

    def test_back_after_signing_out_shows_nothing(self):
        """Private pages are asked for anew each time; the most private are kept nowhere."""
        client = signed_in(self.administrator)
        for address in ("/r/plan/", "/r/plan/milestones/", "/r/plan/milestones/?export=csv", "/desk/"):
            control = client.get(address)["Cache-Control"]
            self.assertRegex(control, "private, no-(cache|store)", address)
        for address in ("/account/", "/account/sessions/", "/admin/", "/admin/roadmaps/item/", "/admin/nothing/"):
            self.assertIn("no-store", client.get(address)["Cache-Control"], address)
        self.assertIn("no-store", Client().get("/account/login/")["Cache-Control"])

    def test_what_is_kept_is_one_readers(self):
        vary = signed_in(self.observer).get("/r/plan/")["Vary"]
        self.assertTrue({"Cookie", "Accept-Language", "HX-Request"} <= {part.strip() for part in vary.split(",")})


class CookieTest(TrackerTestCase):
    @override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True, HTTPS=True)
    def test_its_flags(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        client = Client()
        client.get("/account/login/", secure=True)
        response = sign_in(client, self.observer.email, secure=True)
        session, token = response.cookies[COOKIE], response.cookies["csrftoken"]
        self.assertTrue(session["secure"] and token["secure"])
        self.assertTrue(session["httponly"])
        self.assertEqual((session["samesite"], token["samesite"]), ("Lax", "Lax"))
        self.assertEqual((session["domain"], token["domain"]), ("", ""))
        language = client.post("/language/", {"language": "ru"}, secure=True).cookies["django_language"]
        self.assertTrue(language["secure"])

    def test_a_damaged_or_foreign_key_is_nobody(self):
        key = signed_in(self.observer).session.session_key
        for value in (
            key[:-1],
            key.upper(),
            key + "0",
            f"{key}; admin=1",
            "",
            "../" + key,
            "é" * 32,
            "'" * 32,
            "0" * 5000,
        ):
            client = Client()
            client.cookies[COOKIE] = value
            response = client.get("/r/plan/")
            self.assertEqual(response.status_code, 302, value)

    def test_the_session_holds_no_secret_a_reader_of_it_could_use(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        client = Client()
        sign_in(client, self.observer.email)
        self.assertNotIn(make.PASSWORD, str(dict(client.session)))
        self.assertNotIn(self.observer.password, str(dict(client.session)))
