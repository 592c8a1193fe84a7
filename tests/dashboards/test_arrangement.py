"""How the status table is arranged: groups with subtotals that add up, folding, columns; the same in every address."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime

from django.db.models import Count
from django.http import QueryDict

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models.view import kept_query
from tracker.history.as_of import as_of
from tracker.history.changes import change_set
from tracker.history.models import DataState
from tracker.history.remembered import all_remembered, how_many, remembered
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Executor, Milestone

TABLE = "/r/plan/milestones/"
ON = "on=2026-07-15"


class ArrangementTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            cls.enter_plan()

    @classmethod
    def enter_plan(cls):
        super().setUpTestData()
        cls.transport = cls.roadmap.areas.get(area__code="transport").area
        cls.road = make.item(cls.roadmap, number="2.10", area_=cls.transport, wording={"ru": "Построить мост"})
        for number, term in enumerate(("30.06.2026", "30.09.2026", "IV квартал 2026 г.", "постоянно", "31.12.2027")):
            make.milestone(cls.road, number=f"2.10.{number}", term=term)
        done = cls.road.milestones.get(number="2.10.1")
        done.execution, done.percent, done.done_on = "completed", 100, date(2026, 7, 1)
        done.save()

    def setUp(self):
        self.client.force_login(self.observer)

    def page(self, query=""):
        return self.client.get(f"{TABLE}?{query}")

    def carried_out_by(self, name):
        part = self.road.participations.get(party=self.russia)
        Executor.objects.create(participation=part, organisation=make.organisation(name, party=self.russia))

    def headings(self, query):
        """(key, figures of its heading) of each group on the page, in order."""
        html = self.page(query).content.decode()
        for key, words in re.findall(r'<tr class="area" id="g-([^"]*)".*?<span class="counts">(.*?)</span></th>', html):
            yield key, [int(n) for n in re.findall(r">(\d+) ", words)]

    def test_every_grouping_adds_up_to_all_rows_and_its_links_find_exactly_their_rows(self):
        for group in ("area", "quarter", "timeliness", "execution"):
            with self.subTest(group):
                response = self.page(f"group={group}&{ON}")
                groups = response.context["list"].groups
                self.assertGreater(len(groups), 1)
                self.assertEqual(sum(one.count for one in groups), 6)
                links = re.findall(r'<tr class="area".*?</tr>', response.content.decode())
                for one, heading in zip(groups, links, strict=True):
                    address = re.search(r'<span class="counts"><a href="([^"]*)"', heading)[1].replace("&amp;", "&")
                    found = self.client.get(TABLE + address).context["list"]
                    self.assertEqual(found.total, one.count, address)

    def test_the_subtotals_of_a_group_add_up(self):
        for key, (total, *parts) in self.headings(f"group=area&{ON}"):
            self.assertEqual(total, sum(parts), key)

    def test_rows_stand_under_their_own_heading(self):
        html = self.page(f"group=quarter&{ON}").content.decode()
        order = re.findall(
            r'<tr class="(?:area" id="g-([\d-]+|none)|ms" id="m\d+"><th[^>]*>(?:<label><input[^>]*>)?([\d.]+))', html
        )
        self.assertEqual(
            [heading or number for heading, number in order],
            ["2026-2", "1.1.1", "2.10.0", "2026-3", "2.10.1", "2026-4", "2.10.2", "2027-4", "2.10.4", "none", "2.10.3"],
        )

    def test_a_folded_group_keeps_its_heading_and_its_place(self):
        html = self.page("fold=energy").content.decode()
        self.assertIn('id="g-energy"', html)
        self.assertNotIn(f'id="m{self.milestone.pk}"', html)
        self.assertLess(html.index('id="g-energy"'), html.index('id="g-transport"'))
        listed = self.page("fold=energy").context["list"]
        self.assertEqual((listed.page.paginator.count, listed.total), (5, 6))

    def test_all_folded_is_a_table_of_subtotals(self):
        response = self.page("fold=*")
        self.assertEqual(response.context["page"].object_list.count(), 0)
        self.assertEqual(len(re.findall(r'<tr class="area"', response.content.decode())), 2)

    def test_the_fold_link_folds_and_unfolds(self):
        address = re.search(r'id="f-energy" href="([^"]*)"', self.page("fold=transport").content.decode())[1]
        self.assertEqual(address, "?fold=energy&amp;fold=transport")
        address = re.search(r'id="f-energy" href="([^"]*)"', self.page("fold=*").content.decode())[1]
        self.assertEqual(address, "?fold=transport")

    def test_folded_headings_stand_on_the_page_where_their_rows_would(self):
        Milestone.objects.bulk_create(
            [Milestone(item=self.item, number=f"1.1.{n}", wording=Texts(ru="Шаг")) for n in range(2, 62)]
        )
        first, second = (self.page(f"fold=transport&page={page}").content.decode() for page in (1, 2))
        self.assertNotIn('id="g-transport"', first)
        self.assertIn('id="g-transport"', second)

    def test_a_sort_ends_the_groups_unless_they_are_asked_for(self):
        self.assertIsNone(self.page("sort=-current").context["list"].grouping)
        html = self.page("sort=-current&group=area").content.decode()
        numbers = re.findall(r'id="m\d+"><th[^>]*>(?:<label><input[^>]*>)?([\d.]+)', html)
        self.assertEqual(numbers, ["1.1.1", "2.10.4", "2.10.2", "2.10.1", "2.10.0", "2.10.3"])
        self.assertIsNone(self.page("group=none").context["list"].grouping)

    def test_columns_are_those_asked_for_in_that_order(self):
        names = [
            column.name for column in self.page("column=weight&column=timeliness&column=нет").context["table"].shown
        ]
        self.assertEqual(names, ["number", "weight", "timeliness"])
        self.assertContains(self.page("column=weight"), 'class="c-weight"')

    def test_the_menu_of_the_columns_comes_when_it_is_opened(self):
        closed, opened = self.page("sort=weight&page=1"), self.page("sort=weight&arrange=on")
        self.assertContains(closed, "?sort=weight&amp;arrange=on")
        self.assertNotContains(closed, 'name="column" value="weight"')
        self.assertContains(opened, 'id="columns" data-stays open')
        self.assertContains(opened, 'name="column" value="weight"')
        self.assertContains(opened, 'name="sort" value="weight"')
        for way in ("e-current", "l-current"):  # the list that follows is no list with an open menu
            self.assertNotIn("arrange", re.search(rf'id="{way}" href="([^"]*)"', opened.content.decode())[1])
        self.assertNotContains(opened, 'name="arrange" value="on"')
        self.assertNotIn("arrange", kept_query(QueryDict("sort=weight&arrange=on")))

    def test_every_column_can_be_drawn_alone_and_all_together(self):
        organisation = make.organisation("Росавтодор <b>", party=self.russia)
        Executor.objects.create(
            participation=self.road.participations.get(party=self.russia), organisation=organisation
        )
        names = [column.name for column in self.page().context["table"].columns if column.column.drawn]
        for name in [*names, "&column=".join(names)]:
            for extra in ("", "&group=none", f"&{ON}"):
                with self.subTest(name + extra):
                    self.assertEqual(self.page(f"column={name}{extra}").status_code, 200)

    def test_no_text_is_drawn_unescaped(self):
        hostile = "<script>alert(1)</script>"
        self.road.wording = self.road.note = self.road.expected_result = Texts(ru=hostile, en=hostile)
        self.road.save()
        milestone = self.road.milestones.first()
        milestone.wording = milestone.proof = Texts(ru=hostile, en=hostile)
        milestone.number = hostile
        milestone.save()
        organisation = make.organisation(hostile, party=self.russia)
        Executor.objects.create(
            participation=self.road.participations.get(party=self.russia), organisation=organisation
        )
        names = "&column=".join(c.name for c in self.page().context["table"].columns if c.column.drawn)
        for query in (f"column={names}", f"column={names}&sort=number", "group=quarter"):
            self.assertNotContains(self.page(query), "<script>alert")
            self.assertContains(self.page(query), "&lt;script&gt;alert")

    def test_density_and_unknown_words(self):
        self.assertContains(self.page("density=compact"), 'data-density="compact"')
        for query in ("group=нет", "fold=нет", "column=", "density=x", "column=address", "fold=%00&group=quarter"):
            self.assertEqual(self.page(query).status_code, 200)

    def test_htmx_gets_the_list_alone_and_a_restored_page_the_whole(self):
        fragment = self.client.get(TABLE, headers={"HX-Request": "true"})
        self.assertNotContains(fragment, "<html")
        self.assertContains(fragment, 'id="m')
        whole = self.client.get(TABLE, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
        self.assertContains(whole, "<html")


class RememberedTest(TrackerTestCase):
    """Counts are kept for one state of the data, and never longer."""

    def total(self):
        return self.client.get(TABLE).context["list"].total

    def setUp(self):
        self.client.force_login(self.observer)

    def test_a_change_is_counted_at_once(self):
        self.assertEqual(self.total(), 1)
        make.milestone(self.item, number="1.1.2")
        self.assertEqual(self.total(), 2)

    def test_they_are_read_once_for_a_state_and_anew_for_the_next(self):
        counting = Milestone.objects.values("state").annotate(n=Count("pk")).order_by()
        remembered(counting)
        with self.assertNumQueries(1):  # the name of the state
            remembered(counting)
        DataState.renew()
        with self.assertNumQueries(2):
            remembered(counting)

    def test_several_are_read_of_one_state(self):
        wordings, numbers = Milestone.objects.values_list("wording"), Milestone.objects.values_list("number", flat=True)
        all_remembered(wordings, numbers)
        with self.assertNumQueries(1):
            self.assertEqual(
                all_remembered(wordings, numbers.none(), numbers), [[(self.milestone.wording,)], [], ["1.1.1"]]
            )

    def test_how_many(self):
        self.assertEqual(how_many(Milestone.objects.in_plan_order()), 1)
        self.assertEqual(how_many(Milestone.objects.filter(number="нет")), 0)
        with self.assertNumQueries(1):
            how_many(Milestone.objects.in_plan_order())
        self.assertEqual(how_many(Milestone.objects.none()), 0)

    def test_a_past_moment_is_kept_under_itself(self):
        counting = Milestone.objects.values("state").annotate(n=Count("pk")).order_by()
        with as_of(datetime(2026, 1, 1, tzinfo=UTC)):
            self.assertEqual(remembered(counting), [])
        self.assertEqual(len(remembered(counting)), 1)
        DataState.renew()
        with as_of(datetime(2026, 1, 1, tzinfo=UTC)), self.assertNumQueries(0):
            remembered(counting)

    def test_what_is_rolled_back_is_not_remembered(self):
        before = DataState.objects.get().name
        with suppress(ZeroDivisionError), change_set():
            make.milestone(self.item, number="1.1.2")
            self.assertEqual(self.total(), 2)
            raise ZeroDivisionError
        self.assertEqual(DataState.objects.get().name, before)
        self.assertEqual(self.total(), 1)
