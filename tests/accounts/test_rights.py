"""The matrix of rights, the last administrator, and "why can't I"."""

from datetime import date

from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import User
from tracker.lib.errors import NotAllowed, WrongState
from tracker.progress.models import Report, ReportAuthor
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Grant, Item, Organisation, Role
from tracker.roadmaps.models.grant import administrators_kept


def fresh(person):
    return User.objects.get(pk=person.pk)


class MatrixTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        transport = make.area("transport")
        make.milestone(make.item(cls.roadmap, area_=transport, number="2.1"))
        other = make.roadmap("other")
        make.milestone(make.item(other))
        cls.ministry = make.organisation("Министерство", party=cls.kazakhstan)
        department = make.organisation("Департамент", party=cls.kazakhstan, parent=cls.ministry)
        cls.item.participations.get(party=cls.kazakhstan).executors.create(organisation=department)
        cls.within = make.user("within@example.org", name="Ведомственный")
        make.grant(cls.within, Role.ANALYST, roadmap=cls.roadmap, party=cls.kazakhstan, organisation=cls.ministry)
        make.grant(cls.observer, Role.REVIEWER, area=transport)
        make.grant(cls.observer, Role.ANALYST, roadmap=other, party=cls.russia)
        make.grant(cls.ru_analyst, Role.ANALYST, party=cls.tajikistan, area=transport)
        make.grant(cls.reviewer, Role.COORDINATOR, party=cls.russia, until=date(2020, 1, 1))

    def setUp(self):
        self.client.force_login(self.administrator)

    def test_each_cell_is_what_access_answers(self):
        page = self.client.get("/rights/?roadmap=plan")
        self.assertGreaterEqual(len(page.context["rows"]), 8)
        for person, cells in page.context["rows"]:
            user = fresh(person)
            for area, rights in cells:
                shown = {(right.verb, right.party and right.party.pk) for right in rights}
                for item in Item.objects.filter(roadmap=self.roadmap, area=area):
                    for verb in ("read", "review", "plan"):
                        self.assertEqual((verb, None) in shown, access.may(user, verb, item), (person, area, verb))
                for part in Commitment.objects.filter(roadmap=self.roadmap, area=area):
                    for verb in ("write", "endorse"):
                        right = next((r for r in rights if (r.verb, r.party) == (verb, part.party)), None)
                        said = bool(right) and (
                            not right.organisations
                            or access.executes(part, Organisation.objects.within(o.pk for o in right.organisations))
                        )
                        self.assertEqual(said, access.may(user, verb, part), (person, part, verb))

    def test_a_bound_to_an_organisation_is_marked(self):
        rows = dict(self.client.get("/rights/?roadmap=plan").context["rows"])
        right = next(r for _area, rights in rows[self.within] for r in rights if r.verb == "write")
        self.assertEqual([str(one) for one in right.organisations], ["Министерство"])
        page = self.client.get("/rights/?roadmap=plan&q=Ведомственный")
        self.assertContains(page, "W KZ*")
        self.assertContains(page, "only for Министерство")

    def test_one_roadmap_at_a_time(self):
        people = dict(self.client.get("/rights/?roadmap=other").context["rows"])
        self.assertNotIn(self.kz_analyst, people)
        self.assertIn(self.observer, people)
        self.assertIn(self.administrator, people)

    def test_filters(self):
        for query, found in (
            ("q=щеголев", {self.ru_analyst}),
            ("role=coordinator", {self.coordinator}),
            (f"party={self.kazakhstan.pk}&role=analyst", {self.kz_analyst, self.within}),
            ("q=никого", set()),
        ):
            with self.subTest(query):
                self.assertEqual(set(dict(self.client.get(f"/rights/?roadmap=plan&{query}").context["rows"])), found)

    def test_the_table_of_roles_is_that_of_access(self):
        table = dict(self.client.get("/rights/").context["table"])
        for verb, roles in access.RIGHTS.items():
            self.assertEqual(table[access.WORDS[verb]], [role in roles for role in Role])

    def test_the_query_count_does_not_grow(self):
        self.client.get("/rights/?roadmap=plan")
        with self.assertNumQueries(11) as captured:
            self.client.get("/rights/?roadmap=plan")
        for _n in range(30):
            make.grant(make.user(), Role.ANALYST, roadmap=self.roadmap, party=self.russia)
        with self.assertNumQueries(len(captured)):
            self.client.get("/rights/?roadmap=plan")

    def test_without_a_roadmap_and_without_anybody(self):
        self.assertEqual(self.client.get("/rights/?roadmap=no-such").status_code, 200)
        self.assertContains(self.client.get("/rights/?q=никого"), "Nobody matches these filters.")


class LastAdministratorTest(TrackerTestCase):
    said = "This would leave nobody to administer"

    def setUp(self):
        self.client.force_login(self.administrator)
        self.grant = self.administrator.grants.get()

    def looked(self, path, **fields):
        data = {f"grant-{name}": value for name, value in fields.items()} | {"grant-version": self.grant.version}
        page = self.client.post(path, data | {"verb": "preview"})
        seen = page.context["grant_form"].data.get("grant-seen", "")
        return self.client.post(path, data | {"grant-seen": seen, "verb": "give"})

    def assert_kept(self):
        kept = Grant.objects.get(pk=self.grant.pk)
        self.assertEqual((kept.role, kept.until, kept.user.is_active), ("administrator", None, True))

    def test_the_grant_is_not_ended(self):
        response = self.client.post(f"/grants/{self.grant.pk}/end/", {"end-reason": "x"})
        self.assertContains(response, self.said, status_code=409)
        self.assert_kept()

    def test_the_grant_gets_no_end(self):
        for until in ("01.01.2020", "31.12.2099"):
            response = self.looked(f"/grants/{self.grant.pk}/", role="administrator", until=until)
            self.assertContains(response, self.said, status_code=400)
        self.assert_kept()

    def test_the_role_is_not_changed(self):
        response = self.looked(f"/grants/{self.grant.pk}/", role="observer")
        self.assertContains(response, self.said, status_code=400)
        self.assert_kept()

    def test_the_account_is_not_closed(self):
        response = self.client.post(f"/people/{self.administrator.pk}/close/", {"close-reason": "x"})
        self.assertContains(response, self.said, status_code=409)
        self.assert_kept()

    def test_an_administrator_with_an_end_or_a_closed_account_does_not_count(self):
        make.grant(self.stranger, Role.ADMINISTRATOR, until=date(2099, 1, 1))
        make.grant(make.user(is_active=False), Role.ADMINISTRATOR)
        self.test_the_grant_is_not_ended()

    def test_another_without_an_end_is_enough(self):
        make.grant(self.stranger, Role.ADMINISTRATOR)
        response = self.client.post(f"/grants/{self.grant.pk}/end/", {"end-reason": "x"})
        self.assertEqual(response.status_code, 302)

    def test_two_who_end_each_other(self):
        """The second change is checked against what the first has left: the grants are locked before the change."""
        second = make.grant(self.stranger, Role.ADMINISTRATOR)
        stale = Grant.objects.get(pk=self.grant.pk)
        with administrators_kept():
            second.delete()
        with self.assertRaises(WrongState), administrators_kept():
            stale.delete()

    def test_where_all_have_an_end_one_in_force_is_enough(self):
        self.grant.until = date(2099, 1, 1)
        self.grant.save()
        other = make.grant(self.observer, Role.ANALYST, party=self.russia)
        response = self.client.post(f"/grants/{other.pk}/end/", {"end-reason": "x"})
        self.assertEqual(response.status_code, 302)
        response = self.client.post(f"/grants/{self.grant.pk}/end/", {"end-reason": "x"})
        self.assertContains(response, self.said, status_code=409)


class WhyNotTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap)
        cls.report = make.report(commitment_=cls.kz_commitment, round__=cls.round, state="draft", author=cls.kz_analyst)

    def why(self, person, verb, target=None):
        return access.why_not(fresh(person), verb, target or Report.objects.get(pk=self.report.pk))

    def put(self, state, **fields):
        Report.objects.filter(pk=self.report.pk).update(state=state, **fields)

    def test_nothing_stands_in_the_way(self):
        self.assertIsNone(self.why(self.kz_analyst, "write"))
        self.assertIsNone(self.why(self.administrator, "plan", self.item))

    def test_it_agrees_with_may_wherever_no_state_stands_in_the_way(self):
        cast = (self.kz_analyst, self.ru_analyst, self.reviewer, self.coordinator, self.observer, self.administrator,
                self.stranger)  # fmt: skip
        for person in cast:
            for verb in access.RIGHTS:
                for target in (self.item, self.roadmap, self.kz_commitment):
                    with self.subTest(person=person, verb=verb, target=target):
                        allowed = access.may(fresh(person), verb, target)
                        self.assertEqual(self.why(person, verb, target) is None, allowed)

    def test_a_right_that_lacks_names_whom_to_ask(self):
        obstacle = self.why(self.coordinator, "write")
        self.assertEqual(obstacle.rule, access.REFUSALS["write"])
        self.assertEqual(obstacle.ask, "Ask Айгуль Сериккызы or an administrator.")
        self.assertEqual(self.why(self.observer, "plan", self.item).ask, "Ask an administrator: Администратор.")

    def test_those_named_may_do_it_and_three_at_most(self):
        ministry = make.organisation(party=self.kazakhstan)
        department = make.organisation("Департамент", party=self.kazakhstan, parent=ministry)
        foreign = make.organisation("Другое", party=self.kazakhstan)
        self.item.participations.get(party=self.kazakhstan).executors.create(organisation=department)
        scope = {"roadmap": self.roadmap, "party": self.kazakhstan}
        for number, more in enumerate((
            {"organisation": ministry}, {"organisation": foreign}, {"area": make.area("transport")},
            {"until": date(2020, 1, 1)}, {"organisation": department},
        )):  # fmt: skip
            make.grant(make.user(name=f"Я{number}"), Role.ANALYST, **scope | more)
        make.grant(make.user(name="А закрыт", is_active=False), Role.ANALYST, **scope)
        named = set(access.who_may("write", self.report))
        allowed = {user for user in User.objects.all() if access.may(user, "write", self.report)}
        self.assertEqual(named, allowed)
        self.assertEqual({user.name for user in named}, {"Айгуль Сериккызы", "Я0", "Я4"})
        make.grant(make.user(name="Ярослав"), Role.ANALYST, **scope)
        self.assertEqual(self.why(self.observer, "write").ask.count(";"), 2)

    def test_the_state_comes_before_the_right(self):
        for state, person, verb, said, ask in (
            ("submitted", self.kz_analyst, "write", "take it back first", ""),
            ("submitted", self.coordinator, "write", "take it back first", "Айгуль"),
            ("endorsed", self.kz_analyst, "write", "waits for the reviewer", "Секретариат"),
            ("accepted", self.kz_analyst, "write", "Only an administrator may reopen it", "Администратор"),
            ("draft", self.reviewer, "review", "has not been sent yet", "Айгуль"),
            ("accepted", self.reviewer, "review", "already accepted", ""),
            ("submitted", self.coordinator, "endorse", "no second step", ""),
            ("draft", self.administrator, "reopen", "Only an accepted report", ""),
        ):
            with self.subTest(state=state, verb=verb, person=person):
                self.put(state)
                obstacle = self.why(person, verb)
                self.assertIn(said, str(obstacle.rule))
                self.assertIn(ask, obstacle.ask)
                self.assertEqual(bool(ask), bool(obstacle.ask))

    def test_a_closed_round(self):
        self.round.close(by=self.administrator)
        self.assertIn("The round is closed.", str(self.why(self.kz_analyst, "write").rule))
        self.assertIn("closed", str(self.why(self.administrator, "plan", self.round).rule))

    def test_two_steps(self):
        self.roadmap.two_steps = True
        self.roadmap.save()
        self.put("submitted")
        self.assertIn("has not endorsed", str(self.why(self.reviewer, "review").rule))
        self.assertIn("Координатор", self.why(self.reviewer, "review").ask)
        self.assertIsNone(self.why(self.coordinator, "endorse"))
        self.assertEqual(self.why(self.kz_analyst, "endorse").rule, access.REFUSALS["endorse"])

    def test_four_eyes(self):
        self.put("submitted")
        ReportAuthor.objects.create(report=self.report, user=self.reviewer)
        self.assertIn("You wrote part", str(self.why(self.reviewer, "review").rule))
        self.assertIsNone(self.why(self.second_reviewer, "review"))

    def test_the_verbs_refuse_where_it_says_no(self):
        """What it answers is what happens: the verb does what nothing stands in the way of, and refuses the rest."""
        verbs = {"endorse": "endorse", "review": "accept", "reopen": "reopen"}
        for state in ReportState:
            for verb, name in verbs.items():
                for person in (self.coordinator, self.reviewer, self.administrator, self.observer):
                    with self.subTest(state=state, verb=verb, person=person):
                        self.put(state, submitted_at=timezone.now())
                        report, user = Report.objects.get(pk=self.report.pk), fresh(person)
                        obstacle = access.why_not(user, verb, report)
                        more = {"reason": "x"} if verb == "reopen" else {}
                        if obstacle is None:
                            getattr(report, name)(by=user, **more)
                        else:
                            with self.assertRaises((NotAllowed, WrongState)):
                                getattr(report, name)(by=user, **more)

    # On the pages

    def page(self, person, path, status=200):
        self.client.force_login(person)
        response = self.client.get(path)
        self.assertEqual(response.status_code, status)
        return response

    def locks(self, response):
        return response.content.decode().count('<div class="locked">')

    def test_on_a_report(self):
        self.put("submitted", submitted_at=timezone.now())
        path = f"/reports/{self.report.pk}/"
        page = self.page(self.coordinator, path)
        self.assertEqual(self.locks(page), 2)  # to write, to accept or return
        self.assertContains(page, "Ask Второй проверяющий; Секретариат or an administrator.")
        self.assertContains(page, "<summary>Why?", count=2)
        self.assertEqual(self.locks(self.page(self.kz_analyst, path)), 2)
        self.assertEqual(self.locks(self.page(self.reviewer, path)), 1)  # may review, not write
        self.put("draft")
        self.assertEqual(self.locks(self.page(self.kz_analyst, path)), 0)

    def test_on_the_review_of_an_author(self):
        self.put("submitted", submitted_at=timezone.now())
        path = f"/review/{self.report.pk}/"
        self.assertEqual(self.locks(self.page(self.reviewer, path)), 0)
        ReportAuthor.objects.create(report=self.report, user=self.reviewer)
        page = self.page(self.reviewer, path)
        self.assertEqual(self.locks(page), 1)
        self.assertContains(page, "Ask Второй проверяющий or an administrator.")

    def test_on_an_item(self):
        path = f"/r/plan/items/{self.item.pk}/"
        page = self.page(self.kz_analyst, path)
        self.assertContains(page, f'<a class="button" href="/reports/{self.report.pk}/">Write the report</a>')
        self.assertEqual(self.locks(page), 1)  # the plan
        page = self.page(self.observer, path)
        self.assertEqual(self.locks(page), 2)
        self.assertContains(page, "Only an analyst of this party")
        page = self.page(self.administrator, path)
        self.assertContains(page, f"/admin/roadmaps/item/{self.item.pk}/change/")
        self.assertEqual(self.locks(page), 1)  # to write
        page = self.page(self.ru_analyst, path)
        self.assertContains(page, "No report is asked for on this milestone now.")
        self.assertEqual(self.locks(self.page(self.observer, f"{path}?on=2099-01-01")), 0)

    def test_on_a_round(self):
        path = self.round.get_absolute_url()
        page = self.page(self.observer, path)
        self.assertGreaterEqual(self.locks(page), 1)
        self.assertContains(page, "Ask an administrator: Администратор.")
        self.assertNotContains(page, f"/rounds/{self.round.pk}/close/")
        page = self.page(self.administrator, path)
        self.assertEqual(self.locks(page), 0)
        self.assertContains(page, f"/rounds/{self.round.pk}/close/")

    def test_on_a_refusal(self):
        self.client.force_login(self.coordinator)
        response = self.client.post(f"/reports/{self.report.pk}/withdraw/")
        self.assertContains(response, access.REFUSALS["write"], status_code=403)
        self.assertContains(response, "Ask Айгуль Сериккызы or an administrator.", status_code=403)
