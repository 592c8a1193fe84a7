"""How often one may try, counted for all processes together; and whose address is counted."""

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.utils.crypto import get_random_string

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts import kept
from tracker.accounts.models import Event

LOGIN = "/account/login/"
MANY = "There were too many attempts."


class LimitsTestCase(TrackerTestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)
        self.kz_analyst.set_password(make.PASSWORD)
        self.kz_analyst.save()

    def try_once(self, email="analyst.kz@example.org", password="неверный пароль 2026", client=None, **headers):
        return (client or Client()).post(LOGIN, {"login": email, "password": password}, headers=headers)


class BruteForceTest(LimitsTestCase):
    def test_one_person_five_times(self):
        for _time in range(5):
            self.assertNotContains(self.try_once(), MANY)
        response = self.try_once(password=make.PASSWORD)
        self.assertContains(response, MANY)
        self.assertEqual(Event.objects.filter(kind=Event.Kind.FAILED).count(), 5)
        self.assertEqual(Event.objects.get(kind=Event.Kind.LOCKED).detail, "analyst.kz@example.org")

    def test_an_unknown_person_is_limited_alike(self):
        answers = [MANY in self.try_once("nobody@example.org").content.decode() for _time in range(6)]
        self.assertEqual(answers, [False] * 5 + [True])

    def test_one_address_ten_times_whoever_is_tried(self):
        answers = [MANY in self.try_once(f"person{n}@example.org").content.decode() for n in range(11)]
        self.assertEqual(answers, [False] * 10 + [True])

    def test_signing_in_between_does_not_win_more_tries(self):
        for _round in range(5):
            self.try_once()
            self.try_once("reviewer@example.org")
            self.try_once(password=make.PASSWORD)
        self.assertContains(self.try_once(), MANY)

    def test_who_signs_in_rightly_is_not_limited(self):
        for _time in range(8):
            self.assertEqual(self.try_once(password=make.PASSWORD).status_code, 302)

    def test_a_link_of_the_mail_opens_a_locked_door(self):
        for _time in range(6):
            self.try_once()
        self.client.post("/account/password/reset/", {"email": self.kz_analyst.email})
        self.assertContains(self.try_once(), MANY)

    def test_asking_for_links_is_limited_and_said_in_words(self):
        statuses = []
        for _time in range(30):
            response = self.client.post("/account/password/reset/", {"email": "analyst.kz@example.org"})
            statuses.append(response.status_code)
            if response.status_code == 429:
                break
        self.assertEqual(set(statuses[:-1]), {302})
        self.assertContains(response, "Too many attempts", status_code=429)


class SharedTest(LimitsTestCase):
    def test_the_counts_stand_in_a_table_for_all_processes(self):
        self.assertIn("DatabaseCache", settings.CACHES["default"]["BACKEND"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM cache")
            before = cursor.fetchone()[0]
            self.try_once()
            cursor.execute("SELECT COUNT(*) FROM cache")
            self.assertGreater(cursor.fetchone()[0], before)


class NobodyTest(LimitsTestCase):
    """Who is not known yet fills no table: what they typed is kept in a session only if it is little."""

    def kept(self, size):
        fields = {"narrative": [get_random_string(size)]}
        content = {"page": "/", "person": None, "fields": fields, "had_files": False}
        text = signing.dumps(content, salt=kept.SALT, compress=True)
        client = Client()
        client.post("/account/password/reset/", {"email": "nobody@example.org", kept.FIELD: text})
        return client.session.get(kept.FIELD) == text

    def test_little_is_kept_and_much_is_not(self):
        self.assertEqual([self.kept(size) for size in (1_000, 20_000)], [True, False])


class ProxyTest(LimitsTestCase):
    def addresses(self):
        return set(Event.objects.filter(kind=Event.Kind.FAILED).values_list("ip", flat=True))

    def test_a_header_is_not_believed_where_no_proxy_is_ours(self):
        answers = [
            MANY in self.try_once(f"person{n}@example.org", **{"X-Forwarded-For": f"203.0.113.{n}"}).content.decode()
            for n in range(11)
        ]
        self.assertEqual(answers[-1], True)
        self.assertEqual(self.addresses(), {"127.0.0.1"})

    @override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
    def test_behind_one_proxy_its_last_word_is_believed(self):
        answers = [
            MANY
            in self.try_once(
                f"person{n}@example.org", **{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.9"}
            ).content.decode()
            for n in range(11)
        ]
        self.assertEqual(answers, [False] * 10 + [True])
        self.assertEqual(self.addresses(), {"203.0.113.9"})

    @override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
    def test_people_behind_one_proxy_do_not_lock_each_other_out(self):
        for n in range(11):
            response = self.try_once(f"person{n}@example.org", **{"X-Forwarded-For": f"203.0.113.{n}"})
            self.assertNotContains(response, MANY)

    @override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=2)
    def test_a_header_that_is_too_short_or_nonsense_breaks_nothing(self):
        for header in ("203.0.113.1", "nonsense, more of it", ""):
            self.assertEqual(self.try_once(**{"X-Forwarded-For": header}).status_code, 200, header)
        self.assertEqual(self.addresses(), {"127.0.0.1"})
