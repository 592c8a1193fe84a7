"""No page of another site acts in somebody's name, nor puts words into their forms."""

from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.accounts.kept import FIELD
from tracker.history.models import ChangeSet
from tracker.progress.models import Report

from .base import EVIL, address, routes, signed_in

REFERERS = (
    {},
    {"HTTP_ORIGIN": EVIL},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_ORIGIN": "http://["},
    {"HTTP_REFERER": "http://[/"},
    {"HTTP_REFERER": "http://testserver@evil.example/"},
    {"HTTP_REFERER": f"{EVIL}/form"},
    {"HTTP_ORIGIN": EVIL, "HTTP_REFERER": "http://testserver/reports/1/"},
    {"HTTP_ORIGIN": "http://testserver.evil.example"},
    {"HTTP_ORIGIN": "http://testserver:8080"},
)


class EveryAddressTest(TrackerTestCase):
    def test_a_post_without_a_token_does_nothing(self):
        """Whoever is signed in: 403 or the method refused; sign-out and the languages too."""
        before = ChangeSet.objects.count()
        for person in (self.administrator, self.kz_analyst):
            client = signed_in(person, enforce_csrf_checks=True)
            for route, name in routes():
                where = address(route, slug="plan", pk=self.item.pk)
                with self.subTest(where, name=name):
                    response = client.post(where, {"_save": "1", "action": "adopt"})
                    self.assertEqual(response.status_code, 403)
            self.assertEqual(client.get("/r/plan/").status_code, 200)  # still signed in, in the language of before
        self.assertEqual(ChangeSet.objects.count(), before)

    def test_other_methods_need_it_too(self):
        client = signed_in(self.administrator, enforce_csrf_checks=True)
        for method in ("put", "patch", "delete"):
            for where in ("/", "/r/plan/", f"/admin/roadmaps/item/{self.item.pk}/change/", "/account/"):
                self.assertEqual(getattr(client, method)(where).status_code, 403, (method, where))

    def test_a_token_of_somebody_else_is_none(self):
        theirs = Client(enforce_csrf_checks=True)
        theirs.get("/account/login/")
        client = signed_in(self.observer, enforce_csrf_checks=True)
        client.get("/r/plan/")
        for token in (theirs.cookies["csrftoken"].value, "a" * 64, "a" * 32, "й" * 64, "\0", ""):
            response = client.post("/account/logout/", {"csrfmiddlewaretoken": token}, HTTP_ORIGIN="http://testserver")
            self.assertEqual(response.status_code, 403, token)
        self.assertEqual(client.get("/r/plan/").status_code, 200)

    def test_anonymous_forms_are_guarded_too(self):
        """Signing somebody in as the attacker is an attack as well."""
        for where in ("/account/login/", "/account/password/reset/", "/account/signup/", "/language/"):
            for headers in REFERERS:
                response = Client(enforce_csrf_checks=True).post(where, {"email": "x@example.org"}, **headers)
                self.assertEqual(response.status_code, 403, (where, headers))


class OthersFormTest(TrackerTestCase):
    """A form on a foreign page, sent by the browser of who is signed in here, or was."""

    TEXT = "Подброшенный чужой страницей текст"

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        make.round_(cls.roadmap)
        cls.report = make.report(commitment_=cls.kz_commitment)

    def send(self, client, **headers):
        fields = {"narrative": self.TEXT, "execution": "in_progress", "percent": "10", "version": self.report.version}
        return client.post(f"/reports/{self.report.pk}/", fields, **headers)

    def assert_nothing_came_of_it(self, client, response):
        self.assertEqual(response.status_code, 403)
        self.assertNotContains(response, self.TEXT, status_code=403)
        self.assertNotContains(response, 'name="kept"', status_code=403)
        self.assertFalse(Report.objects.exclude(narrative="").exists())
        if "sessionid" in client.cookies:
            self.assertNotIn(FIELD, client.session)

    def test_it_never_acts_nor_stays(self):
        for headers in REFERERS:
            with self.subTest(headers):
                client = signed_in(self.kz_analyst, enforce_csrf_checks=True)
                self.assert_nothing_came_of_it(client, self.send(client, **headers))
                self.assertNotContains(client.get(f"/reports/{self.report.pk}/"), self.TEXT)

    def test_nor_is_it_kept_for_who_signs_in_again(self):
        sessions = Session.objects.count()
        for headers in REFERERS:
            with self.subTest(headers):
                client = Client(enforce_csrf_checks=True)
                self.assert_nothing_came_of_it(client, self.send(client, **headers))
        self.assertEqual(Session.objects.count(), sessions)

    def test_our_own_form_with_an_old_token_is_kept(self):
        """The opposite, so that the tests above can fail."""
        client = Client(enforce_csrf_checks=True)
        response = self.send(
            client, HTTP_ORIGIN="http://testserver", HTTP_REFERER=f"http://testserver/reports/{self.report.pk}/"
        )
        self.assertContains(response, 'name="kept"', status_code=403)
        client = signed_in(self.kz_analyst, enforce_csrf_checks=True)
        response = self.send(
            client, HTTP_ORIGIN="http://testserver", HTTP_REFERER=f"http://testserver/reports/{self.report.pk}/"
        )
        self.assertContains(client.get(response["Location"]), self.TEXT)
        self.assertFalse(Report.objects.exclude(narrative="").exists())

    def test_a_text_sealed_elsewhere_is_not_opened(self):
        """The field of the sign-in page is the browser's: only what we sealed is put anywhere."""
        person = self.kz_analyst
        person.set_password(make.PASSWORD)
        person.save()
        for forged in ("x", "e30:1abc:zzz", self.TEXT, "a" * 600_000, "\0"):
            client = Client()
            client.post("/account/login/", {"login": person.email, "password": make.PASSWORD, "kept": forged})
            self.assertIn("_auth_user_id", client.session)
            self.assertNotIn(FIELD, client.session)

    def test_what_one_person_typed_is_never_shown_to_another(self):
        """Kazakhstan's analyst loses the session; at the same machine Russia's signs in."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.kz_analyst)
        session = client.session
        session["seen"] = session["began"] = 0
        session.save()
        where = f"/reports/{self.report.pk}/"
        response = self.send(client, HTTP_ORIGIN="http://testserver", HTTP_REFERER=f"http://testserver{where}")
        self.assertEqual(response.status_code, 403)
        sealed = typed(response)["kept"]
        self.ru_analyst.set_password(make.PASSWORD)
        self.ru_analyst.save()
        other = Client()
        other.post(
            "/account/login/",
            {"login": self.ru_analyst.email, "password": make.PASSWORD, "kept": sealed, "next": "/desk/"},
        )
        for page in ("/desk/", where, "/r/plan/"):
            self.assertNotIn(self.TEXT, other.get(page).content.decode())

    @override_settings(CSRF_TRUSTED_ORIGINS=["https://tracker.example.org"])
    def test_https_asks_for_a_referer(self):
        client = signed_in(self.observer, enforce_csrf_checks=True)
        client.get("/r/plan/", secure=True)
        token = client.cookies["csrftoken"].value
        sent = {"csrfmiddlewaretoken": token, "language": "ru"}
        self.assertEqual(client.post("/language/", sent, secure=True).status_code, 403)
        self.assertEqual(
            client.post("/language/", sent, secure=True, HTTP_REFERER="http://testserver/").status_code, 403
        )
        self.assertEqual(
            client.post("/language/", sent, secure=True, HTTP_REFERER="https://testserver/").status_code, 302
        )
