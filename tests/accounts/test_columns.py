"""Columns and density of a list: chosen in its address, remembered for a person."""

from tests.base import TrackerTestCase

LIST = "/r/plan/items/"


class ColumnsTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.observer)

    def page(self, query=""):
        response = self.client.get(f"{LIST}?{query}")
        self.assertEqual(response.status_code, 200)
        return response

    def shown(self, query=""):
        return [column.name for column in self.page(query).context["table"].shown]

    def post(self, verb, query=""):
        return self.client.post(f"/lists/{verb}/", {"address": f"{LIST}?{query}"})


class ChoosingTest(ColumnsTestCase):
    usual = ["number", "wording", "area", "executors", "standing", "timeliness"]

    def test_the_address_says_which_and_in_which_order(self):
        for query, expected in (
            ("", self.usual),
            ("column=wording&column=number", ["number", "wording"]),  # the number stands first
            ("column=control&column=wording", ["number", "control", "wording"]),
            ("column=number", ["number"]),
            ("column=nothing&column=wording&column=wording", ["number", "wording"]),
            ("column=nothing&column=__class__&column=%00", self.usual),
        ):
            with self.subTest(query):
                self.assertEqual(self.shown(query), expected)

    def test_every_column_draws_and_has_a_value(self):
        response = self.page("&".join(f"column={name}" for name in self.every()))
        self.assertEqual(len(response.context["table"].shown), len(self.every()))
        table = response.context["table"]
        row = response.context["list"].page_rows[0]
        values = {column.name: table.value(column, row) for column in table.file_columns()}
        self.assertEqual(values["wording"], str(self.item.wording))
        self.assertEqual((values["standing"], values["total"]), (0, 1))

    def every(self):
        return [c.name for c in self.page().context["list"].arrangement.columns]

    def test_a_column_moves_by_one_place(self):
        names = "column=wording&column=area&column=control"
        choices = {c.name: c for c in self.page(names).context["list"].arrangement.columns}
        self.assertEqual(self.shown(choices["area"].earlier[1:]), ["number", "area", "wording", "control"])
        self.assertEqual(self.shown(choices["area"].later[1:]), ["number", "wording", "control", "area"])
        self.assertEqual((choices["wording"].earlier, choices["control"].later), ("", ""))
        self.assertTrue(choices["number"].is_kept)
        self.assertEqual((choices["number"].earlier, choices["number"].later), ("", ""))

    def test_the_rest_of_the_address_stays(self):
        page = self.page("area=energy&sort=-number&page=1&column=wording&arrange=on")
        arranged = page.context["list"].arrangement
        self.assertEqual(arranged.fields, [("area", "energy"), ("sort", "-number")])
        self.assertContains(page, '<input type="hidden" name="area" value="energy">')
        self.assertIn("area=energy", arranged.densities[1].url)
        self.assertEqual(self.shown(arranged.reset[1:]), self.usual)

    def test_density(self):
        self.assertContains(self.page("density=compact"), 'data-density="compact"')
        for query in ("", "density=comfortable", "density=nonsense"):
            self.assertNotContains(self.page(query), 'data-density="compact"')

    def test_groups_are_chosen_and_folded(self):
        page = self.page("group=area")
        self.assertEqual([g.key for g in page.context["list"].groups], ["energy"])
        arranged = page.context["list"].arrangement
        self.assertEqual([c.is_current for c in arranged.groupings], [True, False])
        folded = self.page(arranged.fold_all[1:])
        self.assertNotContains(folded, f'id="i{self.item.pk}"')
        self.assertContains(self.page(folded.context["list"].arrangement.unfold_all[1:]), f'id="i{self.item.pk}"')
        self.assertContains(self.page("group=nonsense&fold=nonsense"), f'id="i{self.item.pk}"')


class RememberingTest(ColumnsTestCase):
    def test_it_works_for_the_person_and_the_list_alone(self):
        response = self.post("remember", "column=wording&column=area&density=compact&area=energy")
        self.assertRedirects(response, f"{LIST}?area=energy")
        self.assertEqual(self.shown(), ["number", "wording", "area"])
        self.assertContains(self.page(), 'data-density="compact"')
        self.assertEqual(self.shown("column=control"), ["number", "control"])  # the address comes first
        self.assertNotContains(self.page("density=comfortable"), 'data-density="compact"')
        other = self.client.get("/r/plan/deadlines/").context["table"]
        self.assertEqual([column.name for column in other.shown], other.usual)
        self.client.force_login(self.reviewer)
        self.assertEqual(self.shown(), ChoosingTest.usual)

    def kept(self):
        self.observer.refresh_from_db()
        return self.observer.list_preference("items")

    def test_again_it_is_put_in_place_of_the_former(self):
        self.post("remember", "column=wording")
        self.post("remember", "density=compact")
        self.assertEqual(self.kept(), {"columns": ["wording"], "density": "compact"})

    def test_reset_shows_the_usual_ones_whatever_is_remembered(self):
        self.post("remember", "column=wording")
        self.assertEqual(self.shown(self.page().context["list"].arrangement.reset[1:]), ChoosingTest.usual)

    def test_it_is_forgotten(self):
        self.post("remember", "column=wording")
        for _twice in range(2):
            self.assertRedirects(self.post("forget", "column=area"), f"{LIST}?view=none")
        self.assertEqual(self.shown(), ChoosingTest.usual)

    def test_what_no_list_knows_is_not_kept(self):
        self.post("remember", "column=a%20b&column=wording&density=" + "x" * 50)
        self.assertEqual(self.kept(), {"columns": ["wording"], "density": ""})
        self.post("remember", "&".join(f"column=name{n}" for n in range(300)))
        self.assertEqual(self.shown(), ChoosingTest.usual)

    def test_only_of_a_list_that_one_may_read(self):
        for address in ("", "/account/", "//evil.example/r/plan/items/", "/people/", "/r/none/items/"):
            for verb in ("remember", "forget"):
                response = self.client.post(f"/lists/{verb}/", {"address": address})
                self.assertEqual(response.status_code, 404, address)

    def test_it_rejects_get(self):
        for verb in ("remember", "forget"):
            self.assertEqual(self.client.get(f"/lists/{verb}/").status_code, 405)

    def test_the_page_offers_it_when_there_is_something_to_remember(self):
        self.assertNotContains(self.page(), "Remember for me")
        self.assertContains(self.page("column=wording"), "Remember for me")
        self.post("remember", "column=wording")
        self.assertNotContains(self.page("column=wording"), "Remember for me")
        self.assertContains(self.page(), "Forget what is remembered")
