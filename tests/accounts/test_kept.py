"""What was typed when the session had ended stands in its form again after signing in (domain.md §7, 14)."""

from datetime import timedelta
from time import time

from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tests import make
from tests.base import TrackerTestCase
from tests.pages import Fields, typed
from tracker.accounts import kept
from tracker.accounts.models import Event
from tracker.accounts.sessions import BEGAN, SEEN
from tracker.progress.models import Report

TEXT = "Протокол подписан. Ёмкость сети — 5 ГВт < 7 ГВт & «запас»"
LOGIN = "/account/login/"


def fields_of(response):
    fields = Fields()
    fields.feed(response.content.decode())
    return fields.found


class KeptFormTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.report = make.report(commitment_=cls.kz_commitment, state="draft", author=cls.kz_analyst)
        for person in (cls.kz_analyst, cls.ru_analyst):
            person.set_password(make.PASSWORD)
            person.save()

    def setUp(self):
        self.client.force_login(self.kz_analyst)
        self.address = self.report.get_absolute_url()
        self.data = typed(self.client.get(self.address), narrative=TEXT, execution="partly", percent="60")

    def send(self, **options):
        headers = {"referer": f"http://testserver{self.address}", "origin": "http://testserver"}
        return self.client.post(self.address, self.data | {"verb": "save"}, headers=headers, **options)

    def sign_in(self, page, person=None, password=make.PASSWORD):
        data = fields_of(page) | {"login": (person or self.kz_analyst).email, "password": password}
        return self.client.post(LOGIN, {name: data[name] for name in ("login", "password", "next", "kept")})

    def narrative(self):
        return Report.objects.get(pk=self.report.pk).narrative

    def test_the_text_stands_in_the_form_again_and_is_then_saved(self):
        Session.objects.all().delete()
        page = self.send()
        self.assertContains(page, "What you typed is not lost", status_code=403)
        self.assertRedirects(self.sign_in(page), self.address, fetch_redirect_response=False)
        for _reload in range(2):
            form = self.client.get(self.address)
            self.assertContains(form, "nothing of it is saved yet")
            found = fields_of(form)
            self.assertEqual((found["narrative"].lstrip("\n"), found["percent"]), (TEXT, "60"))
            self.assertEqual(found["execution"], "partly")
        self.assertEqual(self.narrative(), "")
        self.data = typed(form)
        self.assertEqual(self.send().status_code, 302)
        self.assertEqual(self.narrative(), TEXT)
        self.assertNotContains(self.client.get(self.address), "nothing of it is saved yet")

    def test_a_wrong_password_loses_nothing(self):
        Session.objects.all().delete()
        again = self.sign_in(self.send(), password="не тот пароль 2026")
        self.assertEqual(again.status_code, 200)
        self.sign_in(again)
        self.assertContains(self.client.get(self.address), "Ёмкость сети")

    def test_someone_else_at_the_same_computer_does_not_see_it(self):
        session = self.client.session
        session[SEEN] = int(time() - settings.SESSION_IDLE.total_seconds() - 1)
        session.save()
        page = self.send()
        self.assertEqual(page.status_code, 403)
        self.sign_in(page, self.ru_analyst)
        self.assertEqual(self.client.get(self.address).status_code, 404)
        self.client.logout()
        make.grant(self.ru_analyst, "analyst", roadmap=self.roadmap, party=self.kazakhstan)
        self.sign_in(page, self.ru_analyst)
        self.assertNotContains(self.client.get(self.address), "Ёмкость сети")

    def test_it_goes_nowhere_but_to_its_page(self):
        Session.objects.all().delete()
        self.sign_in(self.send())
        self.assertNotContains(self.client.get("/desk/"), "Ёмкость сети")

    def test_a_forged_or_old_text_is_dropped(self):
        Session.objects.all().delete()
        page = self.send()
        blob = fields_of(page)["kept"]
        self.client.post(LOGIN, {"login": self.kz_analyst.email, "password": make.PASSWORD, "kept": blob[:-4] + "AAAA"})
        self.assertNotContains(self.client.get(self.address), "Ёмкость сети")
        self.assertIsNone(kept.opened(blob + "x"))

    def test_passwords_are_never_kept(self):
        self.client.logout()
        for address in ("/account/password/change/", "/desk/"):
            page = self.client.post(address, {"oldpassword": "тайна", "password1": "тайна"})
            self.assertEqual(page.status_code, 302)

    def test_without_anything_typed_it_is_a_plain_way_to_sign_in(self):
        self.client.logout()
        response = self.client.post(f"/reports/{self.report.pk}/withdraw/", {"version": 1})
        self.assertRedirects(response, f"{LOGIN}?next=/reports/{self.report.pk}/withdraw/")

    def test_a_piece_of_a_page_sends_the_whole_page_to_sign_in(self):
        self.client.logout()
        response = self.client.get("/r/plan/milestones/?area=energy", headers={"HX-Request": "true"})
        self.assertEqual(response.status_code, 204)
        self.assertEqual(response["HX-Redirect"], "/account/login/?next=%2Fr%2Fplan%2Fmilestones%2F%3Farea%3Denergy")


class OldTokenTest(TrackerTestCase):
    """Signed in anew in another tab: the token of this tab's form is out of date."""

    def setUp(self):
        self.report = make.report(commitment_=self.kz_commitment, state="draft", author=self.kz_analyst)
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(self.kz_analyst)
        self.address = self.report.get_absolute_url()
        self.data = typed(self.client.get(self.address), narrative=TEXT) | {"verb": "save"}
        self.data["csrfmiddlewaretoken"] = "a" * 64

    def test_ours_comes_back_filled(self):
        headers = {"origin": "http://testserver", "referer": f"http://testserver{self.address}"}
        response = self.client.post(self.address, self.data, headers=headers)
        self.assertRedirects(response, self.address, fetch_redirect_response=False)
        self.assertContains(self.client.get(self.address), "Ёмкость сети")
        self.assertEqual(Report.objects.get(pk=self.report.pk).narrative, "")

    def test_a_foreign_page_puts_nothing_into_our_form(self):
        for headers in (
            {"origin": "https://evil.example"},
            {"referer": "https://evil.example/x"},
            {"origin": "null"},
            {},
        ):
            response = self.client.post(self.address, self.data, headers=headers)
            self.assertEqual(response.status_code, 403)
            self.assertNotContains(self.client.get(self.address), "Ёмкость сети")


class LimitsTest(TrackerTestCase):
    """Sessions end when they are left alone, and after their whole time."""

    def setUp(self):
        self.client.force_login(self.observer)

    def mark(self, **marks):
        session = self.client.session
        session.update(marks)
        session.save()

    def ago(self, span):
        return int((time() - span.total_seconds()) // 1)

    def test_left_alone(self):
        self.mark(**{SEEN: self.ago(settings.SESSION_IDLE - timedelta(minutes=1))})
        self.assertEqual(self.client.get("/r/plan/").status_code, 200)
        self.mark(**{SEEN: self.ago(settings.SESSION_IDLE + timedelta(minutes=1))})
        self.assertRedirects(self.client.get("/r/plan/"), "/account/login/?next=/r/plan/")
        self.assertEqual(Event.objects.filter(kind=Event.Kind.SESSION_ENDED, person=self.observer).count(), 1)
        self.assertFalse(Event.objects.filter(kind=Event.Kind.SIGNED_OUT).exists())

    def test_its_whole_time(self):
        now = int(time())
        self.mark(**{SEEN: now, BEGAN: self.ago(settings.SESSION_LIFE + timedelta(minutes=1))})
        self.assertEqual(self.client.get("/r/plan/").status_code, 302)

    def test_use_is_noted_now_and_then(self):
        self.mark(**{SEEN: self.ago(timedelta(minutes=6))})
        self.client.get("/r/plan/")
        self.assertGreater(self.client.session[SEEN], self.ago(timedelta(minutes=1)))

    def test_an_older_session_without_marks_goes_on(self):
        session = self.client.session
        del session[SEEN], session[BEGAN]
        session.save()
        self.assertEqual(self.client.get("/r/plan/").status_code, 200)
        self.assertIn(SEEN, self.client.session)
