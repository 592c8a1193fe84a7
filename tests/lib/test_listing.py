"""The lists other than the status table: every column and group of each draws, adds up and goes into files."""

import re

from django.core.files.base import ContentFile
from django.http import QueryDict
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.lib.addresses import address_of
from tracker.progress.models import Evidence


class ListsTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap)
        report = make.report(
            commitment_=cls.kz_commitment, round__=cls.round, state="submitted", author=cls.kz_analyst, percent=40,
            execution="in_progress", submitted_at=timezone.now(),
        )  # fmt: skip
        cls.road = make.item(cls.roadmap, number="2.1", area_=make.area("transport"))
        cls.bridge = make.milestone(cls.road, number="2.1.1", term="30.06.2026")
        for kind in (Evidence.Kind.DECREE, Evidence.Kind.MINUTES, Evidence.Kind.MINUTES):
            make.evidence(report, kind=kind, address="", file=ContentFile(b"%PDF", "a.pdf"), file_name="a.pdf")
        make.deadline_change(cls.milestone, "31.12.2026", by=cls.kz_analyst)
        make.deadline_change(cls.bridge, "31.12.2026", by=cls.reviewer, decided_by=cls.second_reviewer)
        cls.lists = {
            "/r/plan/items/": cls.administrator,
            "/r/plan/deadlines/": cls.administrator,
            "/r/plan/documents/": cls.reviewer,
            f"/r/plan/rounds/{cls.round.pk}/reports/": cls.administrator,
            "/review/all/": cls.reviewer,
            "/people/": cls.administrator,
            "/security/": cls.administrator,
        }

    def page(self, path, query=""):
        self.client.force_login(self.lists[path])
        response = self.client.get(f"{path}?view=none{query}")
        self.assertEqual(response.status_code, 200, path)
        return response

    def test_every_column_of_every_list_draws_and_has_a_value(self):
        for path in self.lists:
            with self.subTest(path):
                names = [column.name for column in self.page(path).context["list"].arrangement.columns]
                page = self.page(path, "".join(f"&column={name}" for name in names))
                table, rows = page.context["table"], page.context["list"].page_rows
                self.assertTrue(rows)
                html = page.content.decode()
                self.assertEqual(re.findall(r'<th scope="col" class="c-(\w+)"', html), names)
                first = html.split("<tbody>")[-1].split("</tr>")[0]
                self.assertEqual(len(re.findall(r"<t[dh][ >]", first)), len(names))
                for values in table.file_rows(page.context["rows"]):
                    self.assertEqual(len(values), len(table.file_columns()))
                for column in table.shown:
                    self.assertTrue(str(column.header), column.name)

    def test_every_row_has_its_own_id(self):
        for path in self.lists:
            with self.subTest(path):
                page = self.page(path)
                ids = re.findall(r'<tr class="ms" id="([^"]+)"', page.content.decode())
                self.assertEqual(len(ids), len(page.context["list"].page_rows))
                self.assertEqual(len(set(ids)), len(ids))

    def test_groups_add_up_and_each_count_leads_to_its_rows(self):
        for path, group in (
            ("/r/plan/items/", "area"),
            ("/r/plan/deadlines/", "area"),
            ("/r/plan/deadlines/", "state"),
            ("/r/plan/documents/", "kind"),
        ):
            with self.subTest(path, group=group):
                page = self.page(path, f"&group={group}")
                arranged, total = page.context["list"], self.page(path).context["list"].total
                self.assertEqual(sum(one.count for one in arranged.groups), total)
                self.assertEqual(len(arranged.groups), 2)
                for one in arranged.groups:
                    query = arranged.address(**arranged.grouping.query(one))
                    found = self.page(path, f"&{query[1:]}").context["list"]
                    self.assertEqual(found.total, one.count)
                    folded = self.page(path, f"&group={group}&fold={one.key}").context["list"]
                    self.assertEqual(len(folded.page_rows), total - one.count)
                html = page.content.decode()
                self.assertEqual(re.findall(r'<tr class="area" id="g-([^"]+)"', html), [g.key for g in arranged.groups])

    def test_they_open_as_they_always_did(self):
        for path in self.lists:
            self.assertIsNone(self.page(path).context["list"].grouping, path)

    def test_nonsense_in_the_address_is_passed_over(self):
        for path in self.lists:
            page = self.page(path, "&sort=nothing&group=nothing&column=nothing&density=nothing&fold=nothing&page=99")
            table = page.context["table"]
            self.assertEqual([column.name for column in table.shown], table.usual)

    def test_what_is_hidden_is_not_ordered_by(self):
        """When a report was sent is not everybody's to know, so it does not order the list either."""
        table = self.page(f"/r/plan/rounds/{self.round.pk}/reports/").context["table"]
        self.assertFalse(table.columns["submitted"].orderable)


class AddressTest(TrackerTestCase):
    def test_an_address_that_asks_for_nothing_says_so(self):
        for query, expected in (
            ("area=energy", "?area=energy"),
            ("", "?view=none"),
            ("q=", "?q=&view=none"),
            ("on=2026-01-01", "?on=2026-01-01&view=none"),
            ("view=abc", "?view=abc"),
        ):
            self.assertEqual(address_of(QueryDict(query, mutable=True)), expected)
