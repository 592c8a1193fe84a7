"""Saved views of lists: kept, opened by their short link, shared, made the default, changed and deleted."""

from urllib.parse import parse_qsl, urlsplit

from django.http import QueryDict

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.accounts.models import SavedView
from tracker.accounts.models.view import kept_query
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Role

LIST = "/r/plan/items/"
Scope = SavedView.Scope


class ViewsTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.reviewer)

    def view(self, owner=None, query="area=energy", path=LIST, **fields):
        return SavedView.objects.create(
            owner=owner or self.reviewer,
            path=path,
            query=query,
            **{"name": f"View {SavedView.objects.count()}"} | fields,
        )

    def save(self, query="area=energy", path=LIST, **changes):
        """Save the list at an address as the page's form does."""
        address = f"/views/new/?address={path}?{query.replace('&', '%26')}"
        return self.client.post("/views/new/", typed(self.client.get(address), **changes))

    def opened(self, query="", path=LIST):
        """What the list asks for when it is opened by this address, or None where the address is answered itself."""
        response = self.client.get(f"{path}{query}")
        return dict(parse_qsl(urlsplit(response["Location"]).query)) if response.status_code == 302 else None


class KeptQueryTest(ViewsTestCase):
    def test_addresses_that_ask_for_the_same_are_kept_alike(self):
        for asked, kept in (
            ("party=RU&area=energy&party=KZ", "area=energy&party=KZ&party=RU"),
            ("q=&area=energy&page=3&view=abc&on=2026-01-01&export=csv&known=1", "area=energy"),
            ("column=wording&column=area", "column=wording&column=area"),  # their order is what was chosen
            ("q=%D1%91%26", "q=%D1%91%26"),
            ("", ""),
        ):
            with self.subTest(asked):
                self.assertEqual(kept_query(QueryDict(asked)), kept)


class SaveTest(ViewsTestCase):
    def test_it_works(self):
        response = self.save("area=energy&sort=-number&page=2", name="Energy", is_pinned="on")
        made = SavedView.objects.get()
        self.assertRedirects(response, f"{LIST}?area=energy&sort=-number&view={made.code}")
        self.assertEqual((made.name, made.owner, made.scope, made.is_pinned), ("Energy", self.reviewer, "me", True))
        page = self.client.get(made.address)
        self.assertContains(page, "Back to the view", count=0)
        self.assertContains(page, f"http://testserver/v/{made.code}/")

    def test_it_is_recorded(self):
        self.save(name="Energy")
        self.assertEqual(ChangeSet.objects.latest("pk").person, self.reviewer)
        self.assertEqual(SavedView.history.count(), 1)

    def test_the_name_is_given_not_too_long_and_not_taken(self):
        for name, words in (("", "Give the view a name."), ("x" * 101, "at most 100 characters")):
            response = self.save(name=name)
            self.assertContains(response, words, status_code=400)
        self.view(name="Energy")
        response = self.save("area=transport", name="Energy")
        self.assertContains(response, "There is a view of this list with this name.", status_code=400)
        self.assertContains(response, 'value="Energy"', status_code=400)
        self.save("area=transport", name="Energy", path="/r/plan/deadlines/")  # of another list
        self.view(self.observer, name="Mine")
        self.save("area=transport", name="Mine")  # another person's
        self.assertEqual(SavedView.objects.filter(owner=self.reviewer).count(), 3)

    def test_a_button_pressed_twice_has_one_effect(self):
        first, second = self.save(name="Energy"), self.save(name="Energy")
        self.assertEqual(first["Location"], second["Location"])
        self.assertEqual(SavedView.objects.count(), 1)

    def test_a_query_that_fits_into_no_address_is_refused(self):
        response = self.save("q=" + "x" * 3100, name="Long")
        self.assertContains(response, "fit into no address", status_code=400)

    def test_everyone_saves_for_themselves_and_reviewers_for_others(self):
        self.save(name="For all", audience="everyone:")
        self.save(name="For analysts", audience="role:analyst")
        self.assertEqual(list(SavedView.objects.values_list("scope", "role")), [("everyone", ""), ("role", "analyst")])
        self.client.force_login(self.observer)
        self.assertNotContains(self.client.get(f"/views/new/?address={LIST}"), "everyone:")
        self.assertEqual(self.save(name="For all", audience="everyone:").status_code, 400)
        self.assertEqual(self.save(name="Mine").status_code, 302)
        self.assertEqual(SavedView.objects.filter(owner=self.observer).values_list("scope", flat=True).get(), "me")

    def test_a_reviewer_of_another_roadmap_shares_nothing_here(self):
        other = make.roadmap("other")
        make.grant(self.observer, Role.REVIEWER, roadmap=other)
        self.client.force_login(self.observer)
        self.assertEqual(self.save(name="For all", audience="everyone:").status_code, 400)
        self.assertEqual(self.save(name="For all", audience="everyone:", path="/r/other/items/").status_code, 302)

    def test_only_a_list_that_one_may_read_has_views(self):
        make.roadmap("secret")
        for address in ("", "/", "/account/", "/r/plan/", "//evil.example/r/plan/items/", "https://evil.example/r/plan/items/",
                        "/r/secret/items/", "/r/none/items/", "/people/", "/security/", f"{LIST}x"):  # fmt: skip
            with self.subTest(address):
                self.assertEqual(self.client.get("/views/new/", {"address": address}).status_code, 404)
                self.assertEqual(self.client.post("/views/new/", {"address": address, "name": "x"}).status_code, 404)
        self.assertEqual(SavedView.objects.count(), 0)


class OpenTest(ViewsTestCase):
    def may_open(self, view):
        """Who may, by name."""
        found = set()
        for name in ("reviewer", "observer", "kz_analyst", "administrator", "stranger"):
            self.client.force_login(getattr(self, name))
            response = self.client.get(f"/v/{view.code}/")
            if response.status_code == 302:
                self.assertEqual(response["Location"], view.address)
                found.add(name)
            else:
                self.assertEqual(response.status_code, 404)
        return found

    def test_a_short_link_opens_within_its_scope(self):
        for scope, role, expected in (
            ("me", "", {"reviewer"}),
            ("role", "analyst", {"reviewer", "kz_analyst", "administrator"}),
            ("everyone", "", {"reviewer", "observer", "kz_analyst", "administrator"}),
        ):
            with self.subTest(scope):
                self.assertEqual(self.may_open(self.view(scope=scope, role=role)), expected)

    def test_a_role_counts_on_its_own_roadmap(self):
        other = make.roadmap("other")
        make.grant(self.observer, Role.ANALYST, roadmap=other, party=self.russia)
        here = self.view(scope="role", role="analyst")
        there = self.view(self.administrator, path="/r/other/items/", scope="role", role="analyst")
        self.client.force_login(self.observer)
        self.assertEqual(self.client.get(f"/v/{here.code}/").status_code, 404)
        self.assertEqual(self.client.get(f"/v/{there.code}/").status_code, 302)

    def test_a_roadmap_that_one_may_not_read_looks_missing(self):
        make.roadmap("secret")
        view = self.view(self.administrator, path="/r/secret/items/", scope="everyone")
        self.assertEqual(self.client.get(f"/v/{view.code}/").status_code, 404)
        self.assertEqual(self.client.get("/v/nothing/").status_code, 404)

    def test_lists_of_no_roadmap_are_their_readers(self):
        people = self.view(self.administrator, path="/people/", scope="everyone")
        waiting = self.view(self.administrator, path="/review/all/", scope="everyone")
        self.assertEqual(self.may_open(people), {"administrator"})
        self.assertEqual(self.may_open(waiting), {"administrator", "reviewer"})

    def test_it_is_marked_as_changed_until_it_is_as_kept(self):
        view = self.view(query="area=energy&sort=number", name="Energy")
        self.assertNotContains(self.client.get(view.address), "Back to the view")
        self.assertNotContains(
            self.client.get(f"{LIST}?sort=number&area=energy&q=&view={view.code}"), "Back to the view"
        )
        self.assertContains(self.client.get(f"{LIST}?area=energy&view={view.code}"), "Back to the view")

    def test_a_view_of_somebody_else_in_the_address_marks_nothing(self):
        view = self.view(self.observer, name="Theirs")
        page = self.client.get(view.address)
        self.assertNotContains(page, "Theirs")
        self.assertEqual(page.status_code, 200)

    def test_pinned_views_stand_above_and_the_others_in_the_menu(self):
        pinned = self.view(self.administrator, name="Above", scope="everyone", is_pinned=True)
        other = self.view(name="In the menu")
        self.view(self.observer, name="Somebody's", is_pinned=True)
        page = self.client.get(LIST)
        views = page.wsgi_request.list_views
        self.assertEqual((views.pinned, views.others), ([pinned], [other]))
        self.assertNotContains(page, "Somebody&#x27;s")


class DefaultTest(ViewsTestCase):
    def test_the_list_opens_with_mine_then_my_roles_then_everyones(self):
        make.grant(self.reviewer, Role.ANALYST, roadmap=self.roadmap, party=self.russia)
        self.assertIsNone(self.opened())
        expected = []
        for scope, role in (("everyone", ""), ("role", "analyst"), ("role", "reviewer"), ("me", "")):
            view = self.view(scope=scope, role=role, is_default=True)
            expected.append(view.code)
            self.assertEqual(self.opened()["view"], view.code, (scope, role))
        self.assertEqual(len(set(expected)), 4)

    def test_a_default_of_others_is_not_mine(self):
        self.view(self.observer, is_default=True)
        self.view(scope="role", role="analyst", is_default=True)
        self.client.force_login(self.administrator)  # who may open it, but it is not for them
        self.assertIsNone(self.opened())

    def test_an_address_that_asks_for_something_is_answered_itself(self):
        self.view(is_default=True)
        for query in ("?view=none", "?area=transport", "?q=", "?page=1", "?sort=number"):
            self.assertIsNone(self.opened(query), query)
        self.assertEqual(self.opened("?on=2026-06-01")["on"], "2026-06-01")

    def test_taking_away_the_last_filter_does_not_open_the_default_again(self):
        self.view(is_default=True)
        page = self.client.get(f"{LIST}?area=energy")
        self.assertEqual([chip.url for chip in page.context["chips"]], ["?view=none"])
        self.assertEqual(page.context["list"].cleared, "?view=none")

    def test_one_made_the_default_takes_the_place_of_the_former(self):
        former, other = self.view(is_default=True), self.view(self.observer, is_default=True)
        self.save(name="New", is_default="on")
        former.refresh_from_db(), other.refresh_from_db()
        self.assertEqual((former.is_default, other.is_default), (False, True))
        self.assertEqual(SavedView.objects.filter(is_default=True, owner=self.reviewer).get().name, "New")
        self.assertEqual(former.version, 2)
        sets = SavedView.history.order_by("-pk").values_list("change_set", flat=True)[:2]
        self.assertEqual(len(set(sets)), 1)  # in one change

    def test_a_list_that_is_not_read_has_none(self):
        self.view(path="/r/plan/deadlines/", is_default=True)
        self.assertIsNone(self.opened())
        self.assertIsNotNone(self.opened(path="/r/plan/deadlines/"))


class ChangeTest(ViewsTestCase):
    def change(self, view, **changes):
        return self.client.post(f"/views/{view.code}/", typed(self.client.get(f"/views/{view.code}/"), **changes))

    def keep(self, view, query, **changes):
        posted = {"version": view.version, "address": f"{LIST}?{query}&view={view.code}"} | changes
        return self.client.post(f"/views/{view.code}/keep/", posted)

    def test_its_owner_gives_it_another_name_and_place(self):
        view = self.view(name="Energy", is_pinned=True)
        response = self.client.post(
            f"/views/{view.code}/", {"name": "Power", "audience": "role:analyst", "version": 1, "is_default": "on"}
        )
        view.refresh_from_db()
        self.assertRedirects(response, view.address)
        self.assertEqual((view.name, view.scope, view.role), ("Power", "role", "analyst"))
        self.assertEqual((view.is_default, view.is_pinned, view.query), (True, False, "area=energy"))

    def test_the_list_as_it_is_shown_is_kept(self):
        view = self.view()
        self.assertRedirects(
            self.keep(view, "area=transport&column=number"), f"{LIST}?area=transport&column=number&view={view.code}"
        )
        self.assertEqual(self.keep(view, "area=transport&column=number").status_code, 302)  # pressed twice
        view.refresh_from_db()
        self.assertEqual((view.query, view.version), ("area=transport&column=number", 2))

    def test_another_list_is_not_kept_in_it(self):
        view = self.view()
        self.assertEqual(self.keep(view, "", address="/r/plan/deadlines/?state=open").status_code, 404)

    def test_who_else_saved_it_meanwhile_is_a_conflict(self):
        view = self.view(scope="everyone")
        page = self.client.get(f"/views/{view.code}/")
        SavedView.objects.get(pk=view.pk).__class__.objects.filter(pk=view.pk).update(name="Theirs")
        response = self.client.post(f"/views/{view.code}/", typed(page, name="Mine"))
        self.assertContains(response, "saved by someone else", status_code=409)
        self.assertContains(response, 'value="Mine"', status_code=409)
        self.assertEqual(self.keep(view, "area=transport").status_code, 409)
        self.assertEqual(self.client.post(f"/views/{view.code}/delete/", {"version": 1}).status_code, 409)
        view.refresh_from_db()
        self.assertEqual((view.name, view.query), ("Theirs", "area=energy"))

    def test_a_change_sent_twice_has_one_effect(self):
        view = self.view()
        posted = typed(self.client.get(f"/views/{view.code}/"), name="Power")
        for _twice in range(2):
            self.assertRedirects(self.client.post(f"/views/{view.code}/", posted), view.address)
        view.refresh_from_db()
        self.assertEqual((view.name, view.version), ("Power", 2))

    def test_who_may_change_it(self):
        for scope, statuses in (
            ("me", {"reviewer": 200, "administrator": 404, "second_reviewer": 404, "stranger": 404}),
            ("everyone", {"reviewer": 200, "administrator": 200, "second_reviewer": 403, "stranger": 404}),
        ):
            view = self.view(scope=scope)
            for name, status in statuses.items():
                self.client.force_login(getattr(self, name))
                self.assertEqual(self.client.get(f"/views/{view.code}/").status_code, status, (scope, name))
                if status != 200:
                    for verb in ("", "keep/", "delete/"):
                        posted = {"version": 1, "name": "x", "audience": "me:", "address": LIST}
                        response = self.client.post(f"/views/{view.code}/{verb}", posted)
                        self.assertEqual(response.status_code, status, (scope, name, verb))
        self.assertEqual(set(SavedView.objects.values_list("version", flat=True)), {1})

    def test_a_refusal_names_the_owner(self):
        view = self.view(scope="everyone")
        self.client.force_login(self.observer)
        self.assertContains(self.client.get(f"/views/{view.code}/"), "Its owner: Секретариат.", status_code=403)

    def test_deleted_its_link_leads_nowhere(self):
        view = self.view(is_default=True)
        for _twice in range(2):
            response = self.client.post(f"/views/{view.code}/delete/", {"version": 1})
            self.assertRedirects(response, f"{LIST}?view=none")
        self.assertEqual(self.client.get(f"/v/{view.code}/").status_code, 404)
        self.assertIsNone(self.opened())
        self.assertEqual(SavedView.history.filter(history_type="-").count(), 1)

    def test_wrong_methods(self):
        view = self.view()
        self.assertEqual(self.client.post(f"/v/{view.code}/").status_code, 405)
        for verb in ("keep", "delete"):
            self.assertEqual(self.client.get(f"/views/{view.code}/{verb}/").status_code, 405)
