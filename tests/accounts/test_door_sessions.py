"""Sessions: how long they last, where one is signed in, ending them."""

from datetime import timedelta
from time import time

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences
from tracker.accounts.models import Event
from tracker.accounts.sessions import BEGAN, SEEN, SEEN_EVERY
from tracker.lib.browsers import named

PAGE = "/account/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"


class SessionsTestCase(TrackerTestCase):
    def setUp(self):
        for person in (self.kz_analyst, self.ru_analyst):
            person.set_password(make.PASSWORD)
            person.save()
        self.sign_in(self.client)

    def sign_in(self, client, person=None, browser=FIREFOX):
        data = {"login": (person or self.kz_analyst).email, "password": make.PASSWORD}
        client.post("/account/login/", data, headers={"User-Agent": browser})
        return client

    def is_in(self, client):
        return client.get("/account/").status_code == 200

    def set_back(self, **marks):
        session = self.client.session
        for name, seconds in marks.items():
            session[name] = int(time() - seconds)
        session.save()


class ListTest(SessionsTestCase):
    def setUp(self):
        super().setUp()
        self.phone = self.sign_in(Client(), browser=PHONE)

    def session_of(self, client):
        return UserSession.objects.get(session_key=client.session.session_key)

    def test_it_names_each_browser_and_this_one(self):
        page = self.client.get(PAGE)
        self.assertContains(page, "Firefox, Windows")
        self.assertContains(page, "Safari, iOS")
        self.assertContains(page, "this one", count=1)
        self.assertContains(page, f"{PAGE}{self.session_of(self.phone).pk}/end/")
        self.assertNotContains(page, f"{PAGE}{self.session_of(self.client).pk}/end/")

    def test_it_shows_only_ones_own(self):
        self.sign_in(Client(), self.ru_analyst, EDGE)
        self.assertNotContains(self.client.get(PAGE), "Edge")

    def test_one_is_ended(self):
        response = self.client.post(f"{PAGE}{self.session_of(self.phone).pk}/end/", follow=True)
        self.assertRedirects(response, PAGE)
        self.assertEqual(sentences(response), ["That session is ended."])
        self.assertEqual((self.is_in(self.client), self.is_in(self.phone)), (True, False))
        event = Event.objects.get(kind=Event.Kind.SESSION_ENDED)
        self.assertEqual((event.person, event.about), (self.kz_analyst, self.kz_analyst))
        self.assertIn("Safari, iOS", event.detail)

    def test_ending_this_one_signs_out(self):
        self.client.post(f"{PAGE}{self.session_of(self.client).pk}/end/")
        self.assertEqual((self.is_in(self.client), self.is_in(self.phone)), (False, True))

    def test_anothers_session_does_not_exist(self):
        other = self.sign_in(Client(), self.ru_analyst)
        for pk in (self.session_of(other).pk, 10**6):
            self.assertEqual(self.client.post(f"{PAGE}{pk}/end/").status_code, 404)
        self.assertTrue(self.is_in(other))

    def test_ending_is_no_reading(self):
        self.assertEqual(self.client.get(f"{PAGE}{self.session_of(self.phone).pk}/end/").status_code, 405)
        self.assertTrue(self.is_in(self.phone))

    def test_all_others_are_ended(self):
        third, stranger = self.sign_in(Client()), self.sign_in(Client(), self.ru_analyst)
        response = self.client.post(PAGE, follow=True)
        self.assertEqual(sentences(response), ["You are signed out everywhere else."])
        self.assertEqual(
            [self.is_in(c) for c in (self.client, self.phone, third, stranger)], [True, False, False, True]
        )
        self.assertEqual(Event.objects.filter(kind=Event.Kind.SESSION_ENDED).count(), 2)

    def test_browsers_by_their_names(self):
        for agent, name in ((FIREFOX, "Firefox, Windows"), (EDGE, "Edge, Windows"), (PHONE, "Safari, iOS"),
                            ("curl/8.5", "unknown browser"), ("", "unknown browser")):  # fmt: skip
            self.assertEqual(named(agent), name)


@override_settings(SESSION_IDLE=timedelta(minutes=30), SESSION_COOKIE_AGE=8 * 3600)
class LifeTest(SessionsTestCase):
    def test_one_that_is_used_goes_on(self):
        self.set_back(**{SEEN: 29 * 60, BEGAN: 7 * 3600})
        self.assertTrue(self.is_in(self.client))

    def test_one_left_alone_ends(self):
        self.set_back(**{SEEN: 31 * 60})
        self.assertFalse(self.is_in(self.client))
        self.assertEqual(Event.objects.filter(kind=Event.Kind.SESSION_ENDED).get().person, self.kz_analyst)
        self.assertFalse(self.is_in(self.client))

    def test_use_does_not_prolong_the_whole_time(self):
        self.set_back(**{SEEN: 10, BEGAN: 8 * 3600 + 1})
        self.assertFalse(self.is_in(self.client))

    def test_the_last_use_is_noted_but_not_at_every_step(self):
        self.set_back(**{SEEN: SEEN_EVERY + 60})
        key = self.client.session.session_key
        UserSession.objects.filter(session_key=key).update(last_seen_at="2026-01-01T00:00Z")
        self.is_in(self.client)
        seen = UserSession.objects.get(session_key=key).last_seen_at
        self.assertGreater(seen.timestamp(), time() - 60)
        self.is_in(self.client)
        self.assertEqual(UserSession.objects.get(session_key=key).last_seen_at, seen)


class KeyTest(SessionsTestCase):
    def test_the_key_of_before_signing_in_opens_nothing(self):
        client = Client()
        client.get("/account/login/")
        session = client.session
        session["planted"] = True
        session.save()
        client.cookies["sessionid"] = planted = session.session_key
        self.sign_in(client)
        self.assertTrue(self.is_in(client))
        self.assertNotEqual(client.session.session_key, planted)
        attacker = Client()
        attacker.cookies["sessionid"] = planted
        self.assertFalse(self.is_in(attacker))

    def test_a_key_that_somebody_made_up_is_not_taken(self):
        client = Client()
        client.cookies["sessionid"] = "a" * 32
        self.sign_in(client)
        self.assertNotEqual(client.session.session_key, "a" * 32)

    def test_signing_out_ends_it_on_the_server(self):
        key = self.client.session.session_key
        self.client.post("/account/logout/")
        self.assertFalse(Session.objects.filter(pk=key).exists())
        thief = Client()
        thief.cookies["sessionid"] = key
        self.assertFalse(self.is_in(thief))

    def test_nothing_of_the_former_person_is_left_to_the_next(self):
        session = self.client.session
        session["remembered"] = "secret"
        session.save()
        self.client.post("/account/logout/")
        self.sign_in(self.client, self.ru_analyst)
        self.assertNotIn("remembered", self.client.session)

    def test_it_is_kept_on_the_computer_only_when_asked(self):
        self.assertTrue(self.client.session.get_expire_at_browser_close())
        client = Client()
        client.post("/account/login/", {"login": self.kz_analyst.email, "password": make.PASSWORD, "remember": "on"})
        self.assertFalse(client.session.get_expire_at_browser_close())
