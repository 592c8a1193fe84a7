from datetime import UTC, date, datetime

from django.test import SimpleTestCase

from tracker.lib.formats.csv import BOM, ROWS_AT_ONCE, cell, chunks, line


class CsvTest(SimpleTestCase):
    def test_nothing_runs_as_a_formula(self):
        for start in "=+-@\t\r\n＝＋－＠":
            with self.subTest(repr(start)):
                self.assertIn(line([f"{start}1"]).strip('"')[0], "'")

    def test_values_stay_what_they_are(self):
        moment = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)
        for value, text in (
            (-1, "-1"),
            (2.5, "2,5"),
            (None, ""),
            (date(2026, 5, 18), "18.05.2026"),
            (moment, f"{moment.astimezone():%d.%m.%Y}"),
            ("т", "т"),
        ):
            with self.subTest(value):
                self.assertTrue(cell(value).startswith(text))
                self.assertEqual(line([value]), cell(value))

    def test_a_cell_may_hold_what_separates_cells(self):
        self.assertEqual(line(["а;б", 'в "г"', "д\nе", "ё"]), '"а;б";"в ""г""";"д\nе";ё')

    def test_the_heading_comes_by_itself_and_the_rows_many_at_a_time(self):
        read = []

        def rows():
            yield ["№"]
            for number in range(ROWS_AT_ONCE + 1):
                read.append(number)
                yield [number]

        found = chunks(rows())
        self.assertEqual(next(found), f"{BOM}№\r\n")
        self.assertEqual(read, [])
        rest = list(found)
        self.assertEqual(len(rest), 2)
        self.assertEqual("".join(rest).split(), [str(number) for number in range(ROWS_AT_ONCE + 1)])
