"""People and their grants, as an administrator keeps them."""

from datetime import date, timedelta

from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import override_settings
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.accounts.models import Event, User
from tracker.accounts.views.effect import KINDS
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Grant, Role


class PeopleTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)

    def post(self, path, **changes):
        """What the page's form sends, with some fields typed anew."""
        return self.client.post(path, typed(self.client.get(path), **changes))

    def give(self, path, **changes):
        """Look at the preview, then give."""
        looked = self.client.post(path, {**typed(self.client.get(path), **changes), "verb": "preview"})
        return self.client.post(path, {**typed(looked, **changes), "verb": "give"})


class ListTest(PeopleTestCase):
    def test_it_shows_rights_sign_in_and_standing(self):
        Authenticator.objects.create(user=self.reviewer, type="totp", data={})
        User.objects.filter(pk=self.reviewer.pk).update(last_login=timezone.now())
        User.objects.filter(pk=self.stranger.pk).update(is_active=False)
        page = self.client.get("/people/")
        self.assertContains(page, "analyst (")
        self.assertContains(page, "no grant in force", count=1)
        self.assertContains(page, ">closed<")
        rows = {person.pk: person for person in page.context["page"]}
        self.assertTrue(rows[self.reviewer.pk].has_factor)
        self.assertFalse(rows[self.observer.pk].has_factor)

    def test_filters(self):
        grant = self.observer.grants.get()
        for query, found in (
            ("q=ЩЕГОЛЕВ", [self.ru_analyst]),
            ("q=айгуль analyst.kz", [self.kz_analyst]),
            ("role=observer", [self.observer]),
            (f"party={self.kazakhstan.pk}", [self.kz_analyst, self.coordinator]),
            (f"party={self.kazakhstan.pk}&role=coordinator", [self.coordinator]),
            (f"roadmap={self.roadmap.pk}&role=administrator", [self.administrator]),
            ("state=in", [self.administrator]),
            ("q=никого", []),
        ):
            with self.subTest(query):
                people = self.client.get(f"/people/?{query}").context["page"].object_list
                self.assertCountEqual(people, found)
        grant.until = date(2020, 1, 1)
        grant.save()
        self.assertEqual(list(self.client.get("/people/?role=observer").context["page"]), [])

    def test_role_and_party_are_of_one_grant(self):
        make.grant(self.kz_analyst, Role.OBSERVER, roadmap=self.roadmap)
        found = self.client.get(f"/people/?party={self.kazakhstan.pk}&role=observer").context["page"]
        self.assertEqual(list(found), [])

    def test_the_query_count_does_not_grow_with_the_people(self):
        self.client.get("/people/")
        with self.assertNumQueries(12):
            self.client.get("/people/")
        for _n in range(60):
            make.grant(make.user(), Role.ANALYST, roadmap=self.roadmap, party=self.russia)
        with self.assertNumQueries(12):
            response = self.client.get("/people/")
        self.assertContains(response, "1–50 of 68")

    def test_only_administrators(self):
        grant = self.observer.grants.get()
        paths = ["/people/", "/people/new/", f"/people/{self.observer.pk}/", f"/people/{self.observer.pk}/grants/new/",
                 f"/grants/{grant.pk}/", "/rights/"]  # fmt: skip
        posts = [f"/people/{self.observer.pk}/{verb}/" for verb in ("invite", "close", "open", "factors")]
        posts += [f"/grants/{grant.pk}/end/", "/people/new/", f"/grants/{grant.pk}/"]
        for person in (self.kz_analyst, self.reviewer, self.coordinator, self.observer, self.stranger):
            self.client.force_login(person)
            for path in paths:
                response = self.client.get(path)
                self.assertContains(response, "Only an administrator may work here.", status_code=403)
                self.assertContains(response, "Ask an administrator: Администратор.", status_code=403)
            for path in posts:
                self.assertEqual(self.client.post(path).status_code, 403, path)
        self.client.logout()
        self.assertRedirects(self.client.get("/people/"), "/account/login/?next=/people/")

    def test_wrong_methods(self):
        grant = self.observer.grants.get()
        self.assertEqual(self.client.post("/people/").status_code, 405)
        self.assertEqual(self.client.post(f"/people/{self.observer.pk}/").status_code, 405)
        for verb in ("invite", "close", "open", "factors"):
            self.assertEqual(self.client.get(f"/people/{self.observer.pk}/{verb}/").status_code, 405)
        self.assertEqual(self.client.get(f"/grants/{grant.pk}/end/").status_code, 405)

    def test_what_is_not_there(self):
        for path in ("/people/999999/", "/people/999999/grants/new/", "/grants/999999/"):
            self.assertEqual(self.client.get(path).status_code, 404)

    def test_the_pages_are_not_kept(self):
        for path in ("/people/", "/rights/", f"/grants/{self.observer.grants.get().pk}/"):
            self.assertIn("no-store", self.client.get(path)["Cache-Control"])


class NewPersonTest(PeopleTestCase):
    path = "/people/new/"

    def enter(self, **changes):
        data = {"email": "Jana@Example.org", "name": "Жанна Ёлкина", "language": "ru", "grant__role": "analyst",
                "grant__roadmap": self.roadmap.pk, "grant__party": self.kazakhstan.pk}  # fmt: skip
        return self.give(self.path, **data | changes)

    def test_a_person_is_entered_with_the_first_grant_and_invited(self):
        response = self.enter(grant__reason="Письмо № 5")
        person = User.objects.get(email="jana@example.org")
        self.assertRedirects(response, f"/people/{person.pk}/", fetch_redirect_response=False)
        grant = person.grants.get()
        self.assertEqual((grant.role, grant.party, grant.roadmap), ("analyst", self.kazakhstan, self.roadmap))
        self.assertFalse(person.has_usable_password())
        told = ChangeSet.objects.latest("pk")
        self.assertEqual((told.person, told.reason), (self.administrator, "Письмо № 5"))
        kinds = set(Event.objects.filter(about=person, person=self.administrator).values_list("kind", flat=True))
        self.assertEqual(kinds, {"entered", "invited", "rights"})

    def test_the_preview_saves_nothing(self):
        data = {"email": "jana@example.org", "name": "Ж", "grant-role": "observer", "verb": "preview"}
        before = User.objects.count(), Grant.objects.count(), ChangeSet.objects.count(), Event.objects.count()
        response = self.client.post(self.path, data)
        self.assertContains(response, "Nothing is saved yet.")
        self.assertContains(response, "Enter and invite")
        after = User.objects.count(), Grant.objects.count(), ChangeSet.objects.count(), Event.objects.count()
        self.assertEqual(after, before)

    def test_what_was_not_looked_at_is_not_given(self):
        data = {"email": "jana@example.org", "name": "Ж", "grant-role": "observer", "verb": "preview"}
        looked = typed(self.client.post(self.path, data))
        response = self.client.post(self.path, looked | {"grant-role": "administrator", "verb": "give"})
        self.assertContains(response, "This is not what was looked at.")
        self.assertFalse(User.objects.filter(email="jana@example.org").exists())

    def test_mass_assignment(self):
        self.enter(is_active="", password="x", id=self.observer.pk, last_login="2020-01-01", version="9",
                   grant__user=self.stranger.pk, grant__id=self.observer.grants.get().pk)  # fmt: skip
        person = User.objects.get(email="jana@example.org")
        self.assertTrue(person.is_active)
        self.assertIsNone(person.last_login)
        self.assertFalse(person.has_usable_password())
        self.assertEqual(person.grants.get().version, 1)
        self.assertFalse(self.stranger.grants.exists())
        self.observer.refresh_from_db()
        self.assertEqual(self.observer.email, "observer@example.org")

    def test_an_address_is_taken_whatever_its_letters(self):
        response = self.client.post(
            self.path, {"email": "OBSERVER@example.org", "name": "Я", "grant-role": "observer", "verb": "preview"}
        )
        self.assertContains(response, "A person with this e-mail is entered already.", status_code=400)

    def test_a_rule_of_the_database_is_a_sentence_and_nobody_is_entered(self):
        response = self.client.post(
            self.path, {"email": "jana@example.org", "name": "Ж", "grant-role": "analyst", "verb": "give"}
        )
        self.assertContains(response, "An analyst or a coordinator speaks for one party: choose it.", status_code=400)
        self.assertContains(response, 'value="jana@example.org"', status_code=400)  # what was typed stays
        self.assertFalse(User.objects.filter(email="jana@example.org").exists())


class GrantTest(PeopleTestCase):
    def setUp(self):
        super().setUp()
        self.path = f"/people/{self.stranger.pk}/grants/new/"

    def test_it_is_given_with_its_reason(self):
        response = self.give(
            self.path, grant__role="observer", grant__roadmap=self.roadmap.pk, grant__until="31.12.2099",
            grant__reason="Приказ",
        )  # fmt: skip
        self.assertRedirects(response, f"/people/{self.stranger.pk}/")
        grant = self.stranger.grants.get()
        self.assertEqual((grant.role, grant.until), ("observer", date(2099, 12, 31)))
        page = self.client.get(f"/people/{self.stranger.pk}/")
        self.assertContains(page, "Приказ")
        self.assertContains(page, "31.12.2099")
        self.assertEqual(page.context["grants"][0][2].change_set.person, self.administrator)
        self.assertTrue(Event.objects.filter(kind="rights", about=self.stranger, person=self.administrator).exists())

    def test_without_the_preview_it_is_not_given(self):
        response = self.client.post(self.path, {"grant-role": "observer", "verb": "give"})
        self.assertContains(response, "This is not what was looked at.")
        self.assertFalse(self.stranger.grants.exists())

    def test_the_rules_are_sentences(self):
        for said, data in (
            ("An analyst or a coordinator speaks for one party: choose it.", {"role": "coordinator"}),
            ("scope is a roadmap and an area, never a party.", {"role": "reviewer", "party": self.russia.pk}),
            ("An administrator has no scope: leave it empty.", {"role": "administrator", "roadmap": self.roadmap.pk}),
            ("is not a day. Write it as 29.04.2026.", {"role": "observer", "until": "завтра"}),
            ("Choose the role.", {"role": ""}),
        ):
            with self.subTest(said):
                response = self.client.post(self.path, {f"grant-{k}": v for k, v in data.items()} | {"verb": "give"})
                self.assertContains(response, said, status_code=400)
        self.assertFalse(self.stranger.grants.exists())

    def test_the_same_grant_again_leads_to_the_one_there_is(self):
        path = f"/people/{self.observer.pk}/grants/new/"
        response = self.client.post(
            path, {"grant-role": "observer", "grant-roadmap": self.roadmap.pk, "verb": "preview"}
        )
        self.assertContains(response, "This person has exactly this grant already.", status_code=400)
        self.assertContains(response, f"/grants/{self.observer.grants.get().pk}/", status_code=400)

    def test_an_organisation_is_looked_for_by_its_words(self):
        ministry = make.organisation("Министерство энергетики Казахстана", party=self.kazakhstan)
        make.organisation("Министерство энергетики России", party=self.russia)
        second = make.organisation("Министерство финансов Казахстана", party=self.kazakhstan)
        base = {"grant-role": "analyst", "grant-party": self.kazakhstan.pk, "verb": "preview"}
        response = self.client.post(self.path, base | {"grant-organisation": "ЭНЕРГЕТИКИ"})
        self.assertEqual(response.context["grant_form"].instance.organisation, ministry)
        response = self.client.post(self.path, base | {"grant-organisation": "министерство"})
        self.assertContains(response, "choose one below", status_code=400)
        self.assertNotContains(response, "энергетики России", status_code=400)
        response = self.client.post(self.path, base | {"grant-organisation": "министерство", "grant-chosen": second.pk})
        self.assertEqual(response.context["grant_form"].instance.organisation, second)
        response = self.client.post(self.path, base | {"grant-organisation": "нет такой"})
        self.assertContains(response, "No organisation of this party", status_code=400)
        self.assertFalse(self.stranger.grants.exists())
        self.give(self.path, grant__role="analyst", grant__party=self.kazakhstan.pk,
                  grant__organisation="министерство", grant__chosen=second.pk)  # fmt: skip
        self.assertEqual(self.stranger.grants.get().organisation, second)

    def test_thousands_of_organisations_are_not_offered(self):
        for number in range(25):
            make.organisation(f"Департамент {number}", party=self.kazakhstan)
        response = self.client.post(
            self.path,
            {"grant-role": "analyst", "grant-party": self.kazakhstan.pk, "grant-organisation": "департамент"},
        )
        self.assertContains(response, "More than 20 have these words", status_code=400)

    def test_its_end_is_changed(self):
        grant = self.observer.grants.get()
        self.give(f"/grants/{grant.pk}/", grant__until="2099-06-30", grant__reason="До конца проекта")
        grant.refresh_from_db()
        self.assertEqual((grant.until, grant.role, grant.roadmap), (date(2099, 6, 30), "observer", self.roadmap))
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "До конца проекта")

    def test_it_stays_this_persons(self):
        grant = self.observer.grants.get()
        self.give(f"/grants/{grant.pk}/", grant__until="2099-06-30", user=self.stranger.pk,
                  grant__user=self.stranger.pk, grant__id=self.reviewer.grants.get().pk)  # fmt: skip
        grant.refresh_from_db()
        self.assertEqual(grant.user, self.observer)
        self.assertIsNone(self.reviewer.grants.get().until)

    def test_somebody_else_changed_it_meanwhile(self):
        grant = self.observer.grants.get()
        path = f"/grants/{grant.pk}/"
        looked = self.client.post(path, typed(self.client.get(path), grant__until="2099-06-30") | {"verb": "preview"})
        grant.area = make.area("energy")
        grant.save()
        response = self.client.post(path, typed(looked) | {"verb": "give"})
        self.assertContains(response, "was saved by someone else", status_code=400)
        grant.refresh_from_db()
        self.assertIsNone(grant.until)

    def test_it_is_ended_at_once_with_its_reason(self):
        grant = self.observer.grants.get()
        path = f"/grants/{grant.pk}/end/"
        self.assertContains(self.client.post(path, {"end-reason": " "}), "Give the reason.", status_code=400)
        self.assertTrue(Grant.objects.filter(pk=grant.pk).exists())
        self.assertRedirects(self.client.post(path, {"end-reason": "Уволен"}), f"/people/{self.observer.pk}/")
        self.assertFalse(self.observer.grants.exists())
        page = self.client.get(f"/people/{self.observer.pk}/")
        self.assertContains(page, "Уволен")
        self.assertContains(page, "Grant removed: observer")
        self.client.force_login(self.observer)
        self.assertEqual(self.client.get("/r/plan/").status_code, 404)


class PreviewTest(PeopleTestCase):
    """What the preview counts is what the person then sees."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        other = make.roadmap("other", parties=("KZ", "RU"))
        make.milestone(make.item(other))
        ministry = make.organisation(party=cls.kazakhstan)
        part = cls.item.participations.get(party=cls.kazakhstan)
        part.executors.create(organisation=ministry)
        cls.ministry = ministry
        round_ = make.round_(cls.roadmap)
        report = make.report(commitment_=cls.kz_commitment, round__=round_, state="draft", author=cls.kz_analyst)
        make.evidence(report)
        make.report(commitment_=cls.ru_commitment, round__=round_, state="submitted", submitted_at=timezone.now())

    def counted(self, person):
        fresh = User.objects.get(pk=person.pk)
        return [rows(fresh).count() for _label, rows in KINDS]

    def check(self, path, person, **fields):
        now = self.counted(person)
        data = {f"grant-{name}": value for name, value in fields.items()}
        looked = self.client.post(path, typed(self.client.get(path)) | data | {"verb": "preview"})
        lines = looked.context["effect"].lines
        self.assertEqual([line.before for line in lines], now)
        self.assertEqual(self.counted(person), now, "the preview has changed something")
        response = self.client.post(path, typed(looked) | data | {"verb": "give"})
        self.assertEqual(response.status_code, 302)
        self.assertEqual([line.after for line in lines], self.counted(person))
        for line in lines:
            self.assertEqual(line.after - line.before, line.gained - line.lost, line.label)
        return {str(line.label): (line.gained, line.lost) for line in lines}

    def test_every_role_and_scope(self):
        everywhere = {"roadmap": self.roadmap.pk}
        kz = everywhere | {"party": self.kazakhstan.pk}
        seen = []
        for fields in (
            {"role": "observer"} | everywhere,
            {"role": "analyst"} | kz,
            {"role": "analyst", "organisation": "энергетики"} | kz,
            {"role": "coordinator"} | kz,
            {"role": "reviewer"} | everywhere | {"area": self.item.area_id},
            {"role": "reviewer", "area": make.area("transport").pk} | everywhere,
            {"role": "administrator"},
        ):
            with self.subTest(**fields):
                person = make.user()
                seen.append(self.check(f"/people/{person.pk}/grants/new/", person, **fields))
        observer, analyst, within, _coordinator, reviewer, elsewhere, administrator = seen
        self.assertEqual(observer["Items to read"], (1, 0))
        self.assertEqual(observer["Reports to write now"], (0, 0))
        self.assertEqual(analyst["Reports to write now"], (1, 0))
        self.assertEqual(analyst["Documents to open"], (1, 0))
        self.assertEqual(within["Parties' parts to report on"], (1, 0))
        self.assertEqual(reviewer["Reports to review now"], (1, 0))
        self.assertEqual(elsewhere["Items to read"], (0, 0))
        self.assertEqual(administrator["Items to read"], (2, 0))

    def test_narrowing_says_what_is_lost(self):
        grant = self.kz_analyst.grants.get()
        lost = self.check(f"/grants/{grant.pk}/", self.kz_analyst, area=make.area("transport").pk)
        self.assertEqual(lost["Items to read"], (0, 1))
        self.assertEqual(lost["Reports to write now"], (0, 1))

    def test_an_end_to_come_says_what_goes_then(self):
        grant, path = self.kz_analyst.grants.get(), f"/grants/{self.kz_analyst.grants.get().pk}/"
        until = timezone.now().date() + timedelta(days=30)
        looked = self.client.post(path, typed(self.client.get(path), grant__until=f"{until:%d.%m.%Y}"))
        self.assertTrue(looked.context["effect"].changes_nothing)
        going = {str(line.label): line.lost for line in looked.context["ending"].lines}
        self.assertEqual(going["Items to read"], 1)
        self.assertEqual(Grant.objects.get(pk=grant.pk).until, None)

    def test_the_page_of_a_grant_says_what_ending_it_loses(self):
        page = self.client.get(f"/grants/{self.kz_analyst.grants.get().pk}/")
        lost = {str(line.label): line.lost for line in page.context["end_effect"].lines}
        self.assertEqual((lost["Items to read"], lost["Reports to write now"]), (1, 1))
        self.assertContains(page, f"/r/plan/items/{self.item.pk}/")

    def test_a_closed_account_is_counted_as_if_it_were_open(self):
        User.objects.filter(pk=self.stranger.pk).update(is_active=False)
        path = f"/people/{self.stranger.pk}/grants/new/"
        response = self.client.post(path, {"grant-role": "observer", "verb": "preview"})
        self.assertContains(response, "This account is closed")
        self.assertEqual(response.context["effect"].lines[0].gained, 2)


class AccountTest(PeopleTestCase):
    def address(self, verb, person=None):
        return f"/people/{(person or self.observer).pk}/{verb}/"

    def test_closing_ends_the_sessions_and_is_recorded(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        theirs = self.client_class()
        theirs.post("/account/login/", {"login": self.observer.email, "password": make.PASSWORD})
        self.assertEqual(theirs.get("/r/plan/").status_code, 200)
        self.assertRedirects(
            self.client.post(self.address("close"), {"close-reason": "Отпуск"}), f"/people/{self.observer.pk}/"
        )
        self.assertRedirects(theirs.get("/r/plan/"), "/account/login/?next=/r/plan/")
        event = Event.objects.get(kind="closed")
        self.assertEqual((event.about, event.person, event.detail), (self.observer, self.administrator, "Отпуск"))
        self.client.post(self.address("open"), {"open-reason": "Вернулся"})
        self.observer.refresh_from_db()
        self.assertTrue(self.observer.is_active)
        self.assertEqual(Event.objects.get(kind="opened").detail, "Вернулся")
        self.assertEqual(theirs.get("/r/plan/").status_code, 302, "an ended session came back")

    def test_closing_needs_a_reason_and_an_open_account(self):
        response = self.client.post(self.address("close"), {"close-reason": ""})
        self.assertContains(response, "Give the reason.", status_code=400)
        self.observer.refresh_from_db()
        self.assertTrue(self.observer.is_active)
        self.assertEqual(self.client.post(self.address("open"), {"open-reason": "x"}).status_code, 409)
        self.client.post(self.address("close"), {"close-reason": "x"})
        self.assertEqual(self.client.post(self.address("close"), {"close-reason": "x"}).status_code, 409)

    def test_a_second_administrator_may_close_their_own_account(self):
        make.grant(self.stranger, Role.ADMINISTRATOR)
        self.client.post(self.address("close", self.administrator), {"close-reason": "Ухожу"})
        self.administrator.refresh_from_db()
        self.assertFalse(self.administrator.is_active)
        self.assertEqual(self.client.get("/people/").status_code, 302)

    @override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
    def test_second_factors_are_removed_when_a_phone_is_lost(self):
        Authenticator.objects.create(user=self.reviewer, type="totp", data={})
        Authenticator.objects.create(user=self.reviewer, type="recovery_codes", data={})
        path = self.address("factors", self.reviewer)
        self.assertContains(self.client.post(path), "Give the reason.", status_code=400)
        self.assertEqual(Authenticator.objects.count(), 2)
        self.client.post(path, {"factors-reason": "Телефон утерян"})
        self.assertFalse(Authenticator.objects.filter(user=self.reviewer).exists())
        event = Event.objects.get(kind="mfa_removed")
        self.assertEqual((event.about, event.person), (self.reviewer, self.administrator))
        self.assertIn("Телефон утерян", event.detail)
        self.assertEqual([message.to for message in mail.outbox], [[self.reviewer.email]])
        self.assertEqual(self.client.post(path, {"factors-reason": "ещё"}).status_code, 409)

    def test_ones_own_factors_are_not_removed_here(self):
        Authenticator.objects.create(user=self.administrator, type="totp", data={})
        response = self.client.post(self.address("factors", self.administrator), {"factors-reason": "x"})
        self.assertEqual(response.status_code, 409)
        self.assertTrue(Authenticator.objects.exists())
