"""People and grants in the administration."""

from allauth.account.models import EmailAddress
from django.core import mail

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences, typed
from tracker.accounts.models import Event, User
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Grant


class PeopleAdminTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)

    def send(self, path, **changes):
        return self.client.post(path, typed(self.client.get(path), **changes))


class PersonTest(PeopleAdminTestCase):
    add = "/admin/accounts/user/add/"

    def enter(self, **changes):
        data = {"email": "Jana@Example.org", "name": "Жанна Ёлкина", "language": "ru",
                "password1": make.PASSWORD, "password2": make.PASSWORD}  # fmt: skip
        return self.send(self.add, **data | changes)

    def test_a_person_is_entered_and_signs_in(self):
        self.enter()
        person = User.objects.get(email="jana@example.org")
        self.assertEqual((person.name, person.language), ("Жанна Ёлкина", "ru"))
        self.client.logout()
        self.client.post("/account/login/", {"login": "jana@example.org", "password": make.PASSWORD})
        self.assertEqual(self.client.get("/").wsgi_request.user, person)

    def test_a_person_with_a_grant_at_once(self):
        self.enter(
            grants__TOTAL_FORMS=1, grants__0__role="analyst", grants__0__roadmap=self.roadmap.pk,
            grants__0__party=self.kazakhstan.pk, change_reason="Письмо министерства",
        )  # fmt: skip
        grant = Grant.objects.get(user__email="jana@example.org")
        self.assertEqual((grant.role, grant.party), ("analyst", self.kazakhstan))
        told = ChangeSet.objects.latest("pk")
        self.assertEqual((told.person, told.reason), (self.administrator, "Письмо министерства"))

    def test_a_grant_that_cannot_be_is_said_and_nobody_entered(self):
        response = self.enter(grants__TOTAL_FORMS=1, grants__0__role="analyst", grants__0__roadmap=self.roadmap.pk)
        self.assertIn("An analyst or a coordinator speaks for one party: choose it.", sentences(response))
        self.assertFalse(User.objects.filter(email="jana@example.org").exists())

    def test_a_short_password_is_refused(self):
        self.assertIn("at least 15", " ".join(sentences(self.enter(password1="abc", password2="abc"))))

    def test_an_address_is_taken_whatever_its_letters(self):
        self.assertIn("already exists", " ".join(sentences(self.enter(email="ANALYST.KZ@example.org"))))

    def test_a_password_is_set_anew(self):
        path = f"/admin/accounts/user/{self.observer.pk}/password/"
        self.send(path, password1=make.PASSWORD, password2=make.PASSWORD, usable_password="true")
        self.observer.refresh_from_db()
        self.assertTrue(self.observer.check_password(make.PASSWORD))

    def test_the_address_of_before_no_longer_signs_in(self):
        self.send(f"/admin/accounts/user/{self.observer.pk}/change/", email="new@example.org")
        self.observer.refresh_from_db()
        self.assertEqual(self.observer.email, "new@example.org")
        self.assertFalse(EmailAddress.objects.filter(email="observer@example.org").exists())

    def test_nothing_gives_rights_but_grants(self):
        page = self.client.get(f"/admin/accounts/user/{self.observer.pk}/change/")
        self.assertNotContains(page, "superuser")
        self.assertNotContains(page, "is_staff")

    def test_a_person_is_never_deleted(self):
        self.assertEqual(
            self.client.post(f"/admin/accounts/user/{self.stranger.pk}/delete/", {"post": "yes"}).status_code, 403
        )

    def test_the_last_administrator_keeps_signing_in(self):
        path = f"/admin/accounts/user/{self.administrator.pk}/change/"
        data = typed(self.client.get(path))
        del data["is_active"]
        response = self.client.post(path, data)
        self.assertIn("This would leave nobody to administer", " ".join(sentences(response)))
        self.administrator.refresh_from_db()
        self.assertTrue(self.administrator.is_active)


class GrantTest(PeopleAdminTestCase):
    add = "/admin/roadmaps/grant/add/"

    def test_the_rules_are_sentences(self):
        for said, typed_in in (
            ("An analyst or a coordinator speaks for one party: choose it.", {"role": "coordinator"}),
            (
                "A reviewer's scope is a roadmap and an area, never a party.",
                {"role": "reviewer", "party": self.russia.pk},
            ),
            (
                "An administrator has no scope: leave it empty.",
                {"role": "administrator", "roadmap": self.roadmap.pk},
            ),
            (
                "This person has exactly this grant already.",
                {"role": "observer", "roadmap": self.roadmap.pk, "user": self.observer.pk},
            ),
        ):
            with self.subTest(said):
                response = self.send(self.add, **{"user": self.stranger.pk} | typed_in)
                self.assertIn(said, sentences(response))

    def test_it_is_taken_away_with_its_reason(self):
        grant = self.observer.grants.get()
        self.client.post(f"/admin/roadmaps/grant/{grant.pk}/delete/", {"post": "yes", "change_reason": "Уволен"})
        self.assertFalse(Grant.objects.filter(pk=grant.pk).exists())
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "Уволен")
        history = self.client.get(f"/admin/accounts/user/{self.observer.pk}/history/")
        self.assertContains(history, "Уволен")

    def test_the_last_administrators_grant_stays(self):
        grant = self.administrator.grants.get()
        response = self.client.post(f"/admin/roadmaps/grant/{grant.pk}/delete/", {"post": "yes"}, follow=True)
        self.assertIn("This would leave nobody to administer", " ".join(sentences(response)))
        self.assertTrue(Grant.objects.filter(pk=grant.pk).exists())

    def test_the_last_administrators_grant_gets_no_end_and_no_other_role(self):
        grant = self.administrator.grants.get()
        path = f"/admin/roadmaps/grant/{grant.pk}/change/"
        for changes in ({"until": "2099-12-31"}, {"until": "2020-01-01"}, {"role": "observer"}):
            with self.subTest(**changes):
                response = self.send(path, **changes)
                self.assertIn("This would leave nobody to administer", " ".join(sentences(response)))
        grant.refresh_from_db()
        self.assertEqual((grant.role, grant.until), ("administrator", None))

    def test_nor_on_the_page_of_the_person(self):
        path = f"/admin/accounts/user/{self.administrator.pk}/change/"
        for changes in ({"grants__0__until": "2099-12-31"}, {"grants__0__DELETE": "on"}):
            with self.subTest(**changes):
                response = self.send(path, **changes)
                self.assertIn("This would leave nobody to administer", " ".join(sentences(response)))
        self.assertIsNone(self.administrator.grants.get().until)


class SecurityLogTest(PeopleAdminTestCase):
    def test_what_is_done_here_stands_in_it_too(self):
        path = f"/admin/accounts/user/{self.observer.pk}/change/"
        data = typed(self.client.get(path), change_reason="Отпуск")
        del data["is_active"]
        self.client.post(path, data)
        event = Event.objects.get(kind="closed")
        self.assertEqual((event.about, event.person, event.detail), (self.observer, self.administrator, "Отпуск"))
        self.send(path, is_active="on")
        self.assertTrue(Event.objects.filter(kind="opened", about=self.observer).exists())

    def test_a_person_entered_here_is_not_mailed(self):
        self.send("/admin/accounts/user/add/", email="jana@example.org", password1=make.PASSWORD,
                  password2=make.PASSWORD)  # fmt: skip
        person = User.objects.get(email="jana@example.org")
        self.assertEqual(list(Event.objects.filter(about=person).values_list("kind", flat=True)), ["entered"])
        self.assertEqual(mail.outbox, [])
