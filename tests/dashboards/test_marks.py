"""What has changed in a list since an earlier day: cells, rows that came, rows that left; on screen and in files."""

import csv
import io
import re
from datetime import UTC, date, datetime

from openpyxl import load_workbook

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Control, Execution

TABLE, ITEMS = "/r/plan/milestones/", "/r/plan/items/"
BEGINNING, CHANGED = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 3, 1, 12, tzinfo=UTC)
SINCE = "since=2026-02-01"


class MarksTestCase(TrackerTestCase):
    """On 1 March Kazakhstan's part of 1.1.1 is completed, 1.1.2 reworded, 1.1.3 dropped; 1.1.4 is entered."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=BEGINNING):
            super().setUpTestData()
            cls.reworded = make.milestone(cls.item, number="1.1.2", wording={"ru": "Проект готов"}, term="31.12.2027")
            cls.dropped = make.milestone(cls.item, number="1.1.3", wording={"ru": "Съезд"}, term="31.12.2027")
        with change_set(at=CHANGED, by=cls.administrator):
            cls.kz_commitment.execution, cls.kz_commitment.percent = Execution.COMPLETED, 100
            cls.kz_commitment.done_on = date(2026, 2, 20)
            cls.kz_commitment.save()
            cls.milestone.refresh_from_db()
            cls.milestone.carry_down()
            cls.reworded.refresh_from_db()
            cls.reworded.wording = Texts(ru="Проект <b>внесён</b>")
            cls.reworded.save()
            cls.dropped.refresh_from_db()
            cls.dropped.item = cls.item
            cls.dropped.decide_control(
                Control.DROPPED, basis="Протокол", by=cls.administrator, on=date(2026, 3, 1), reason="cancelled"
            )
            cls.new = make.milestone(cls.item, number="1.1.4", wording={"ru": "Новый шаг"}, term="31.12.2027")

    def setUp(self):
        self.client.force_login(self.observer)


class MarksTest(MarksTestCase):
    def rows(self, query=""):
        """{number: the HTML of its row} of the milestones on the page."""
        html = self.client.get(f"{TABLE}?{SINCE}{query}").content.decode()
        found = {}
        for row in re.findall(r'<tr class="ms.*?</tr>', html, re.DOTALL):
            found[re.search(r">\s*(1\.1\.\d)", row)[1]] = row
        return found

    def test_a_changed_cell_shows_the_old_value_before_the_new_one(self):
        row = self.rows()["1.1.1"]
        self.assertRegex(row, r"<del>Not started</del> .*Partly completed")
        self.assertRegex(row, r"<del>0 %</del> 50 %")
        self.assertRegex(row, r"<del>not started: KZ, RU</del>")
        self.assertNotIn("<ins", row)

    def test_wordings_are_marked_and_escaped(self):
        row = self.rows()["1.1.2"]
        self.assertIn("<del>Проект готов</del>", row)
        self.assertIn("Проект &lt;b&gt;внесён&lt;/b&gt;", row)
        self.assertEqual(row.count("<del>"), 1)

    def test_a_row_entered_since_is_new_here(self):
        row = self.rows()["1.1.4"]
        self.assertIn("came", row)
        self.assertIn("new here", row)
        self.assertNotIn("<del>", row)

    def test_rows_that_no_longer_match_are_told_at_the_end(self):
        html = self.client.get(f"{TABLE}?{SINCE}&control=on").content.decode()
        self.assertIn("1 row is no longer here since 01.02.2026", html)
        gone = html[html.index("no longer here") :]
        self.assertIn('class="ms gone"', gone)
        self.assertIn("Съезд", gone)
        self.assertIn("?on=2026-02-01", gone)  # it leads to the page of then
        marks = self.client.get(f"{TABLE}?{SINCE}&control=on").context["list"].marks
        self.assertEqual((marks.came, marks.left), (1, 1))

    def test_rows_that_match_only_now_came(self):
        rows = self.rows("&control=dropped")
        self.assertEqual([*rows], ["1.1.3"])
        self.assertIn("new here", rows["1.1.3"])
        self.assertIn("<del>", rows["1.1.3"])

    def test_a_list_of_which_all_left_shows_them(self):
        html = self.client.get(f"{TABLE}?{SINCE}&q=съезд&control=on").content.decode()
        self.assertIn("1 row is no longer here", html)

    def test_a_reworded_row_found_by_its_old_words_left_the_search(self):
        html = self.client.get(f"{TABLE}?{SINCE}&q=готов").content.decode()
        self.assertIn("no longer here", html)

    def test_nothing_is_marked_without_since(self):
        html = self.client.get(TABLE).content.decode()
        self.assertNotIn("<del>", html)
        self.assertNotIn("new here", html)

    def test_nothing_is_marked_where_nothing_changed(self):
        html = self.client.get(f"{TABLE}?since=2026-03-02&on=2026-03-03").content.decode()
        self.assertNotIn("<del>", html)
        self.assertNotIn("no longer here", html)

    def test_between_two_days(self):
        html = self.client.get(f"{TABLE}?since=2026-01-15&on=2026-02-01").content.decode()
        self.assertNotIn("<del>", html)
        html = self.client.get(f"{TABLE}?since=2026-02-01&on=2026-03-05").content.decode()
        self.assertIn("<del>Проект готов</del>", html)

    def test_the_change_itself_can_be_asked_for(self):
        for kind, numbers in (("dropped", ["1.1.3"]), ("added", ["1.1.4"]), ("moved", []), ("completed", [])):
            self.assertEqual([*self.rows(f"&change={kind}")], numbers, kind)
        self.assertEqual([*self.rows("&part_change=completed&party=KZ")], ["1.1.1"])
        self.assertEqual([*self.rows("&part_change=completed&party=RU")], [])

    def test_a_change_is_asked_for_only_of_a_page_with_since(self):
        self.assertEqual(self.client.get(f"{TABLE}?change=dropped").context["list"].total, 4)

    def test_the_heading_of_the_item_is_marked(self):
        html = self.client.get(f"{TABLE}?{SINCE}").content.decode()
        heading = re.search(r'<tr class="item".*?</tr>', html, re.DOTALL)[0]
        self.assertRegex(heading, r"<del>Not started</del>")

    def test_the_queries_stay_few(self):
        self.client.get(f"{TABLE}?{SINCE}")
        with self.assertNumQueries(17):
            self.client.get(f"{TABLE}?{SINCE}")

    def test_items_are_marked_too(self):
        html = self.client.get(f"{ITEMS}?{SINCE}&column=number&column=wording&column=execution").content.decode()
        self.assertIn("<del>Not started</del>", html)

    # Files

    def test_csv_tells_old_and_new_and_what_became_of_the_row(self):
        response = self.client.get(f"{TABLE}?{SINCE}&control=on&export=csv")
        lines = b"".join(response.streaming_content).decode().splitlines()
        head, *rows = csv.reader(lines, delimiter=";")
        self.assertEqual(head[-1], "Since 01.02.2026")
        by_number = {row[head.index("No.")]: dict(zip(head, row, strict=True)) for row in rows}
        self.assertEqual(by_number["1.1.1"]["Execution"], "Not started → Partly completed")
        self.assertEqual(by_number["1.1.1"]["Since 01.02.2026"], "changed")
        self.assertEqual(by_number["1.1.4"]["Since 01.02.2026"], "new here")
        self.assertEqual(by_number["1.1.3"]["Since 01.02.2026"], "no longer here")

    def test_xlsx_strikes_the_old_value_through(self):
        response = self.client.get(f"{TABLE}?{SINCE}&control=on&export=xlsx")
        book = load_workbook(io.BytesIO(b"".join(response.streaming_content)), rich_text=True)
        head, *rows = [[cell.value for cell in row] for row in book["Table"].iter_rows()]
        by_number = {str(row[head.index("No.")]): dict(zip(head, row, strict=True)) for row in rows}
        old, new = by_number["1.1.1"]["Execution"]
        self.assertTrue(old.font.strike)
        self.assertEqual((old.text, str(new).strip()), ("Not started", "Partly completed"))
        self.assertEqual(by_number["1.1.2"]["Progress"], 0)  # what has not changed is a number still
        gone = by_number["1.1.3"]["Item / milestone"]
        self.assertEqual([(run.text, run.font.strike) for run in gone], [("Съезд", True)])
        cover = {row[0].value: row[1].value for row in book["About this file"].iter_rows()}
        self.assertEqual(cover["Changes marked"], "old values struck through, since 01.02.2026")

    def test_a_selection_has_no_rows_that_left(self):
        response = self.client.get(f"{TABLE}?{SINCE}&control=on&export=csv&row={self.milestone.pk}")
        self.assertEqual(len(b"".join(response.streaming_content).decode().splitlines()), 2)


class PagesTest(MarksTestCase):
    """The pages that are no lists."""

    def test_the_overview_tells_what_each_figure_was(self):
        html = self.client.get(f"/r/plan/?{SINCE}").content.decode()
        self.assertRegex(html, r"<del>0</del> 1</b></a></li>")  # dropped
        self.assertIn("?control=dropped&amp;since=2026-02-01", html)
        self.assertNotIn("<del>", self.client.get("/r/plan/").content.decode())

    def test_an_items_page_is_marked(self):
        html = self.client.get(f"/r/plan/items/{self.item.pk}/?{SINCE}").content.decode()
        for old in ("<del>Проект готов", "<del>Not started", "On control"):
            self.assertIn(f"{old}</del>", html)
        self.assertIn("new here", html)
        self.assertNotIn("<del>", self.client.get(f"/r/plan/items/{self.item.pk}/").content.decode())

    def test_an_item_entered_since_has_nothing_to_compare(self):
        item = make.item(self.roadmap)
        response = self.client.get(f"/r/plan/items/{item.pk}/?since=2026-02-01")
        self.assertNotContains(response, "<del>")
