from datetime import UTC, date, datetime
from io import BytesIO

from django.test import SimpleTestCase
from django.utils.timezone import localtime
from openpyxl import load_workbook

from tracker.lib.columns import Kind
from tracker.lib.formats.xlsx import CHARACTERS, CUT, ROWS_AT_ONCE, Cover, Head, serial, write_xlsx

HEADS = [Head("№"), Head("Число", Kind.NUMBER), Head("Ход", Kind.PERCENT), Head("Срок", Kind.DAY, 12)]
MOMENT = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)


def book_of(heads, rows, lines=(), **options):
    target = BytesIO()
    write_xlsx(target, heads, rows, cover=Cover("Статус-таблица", list(lines), author="Наблюдатель"), **options)
    return load_workbook(target)


class XlsxTest(SimpleTestCase):
    def test_values_keep_their_kinds(self):
        head, row = book_of(HEADS, [["1.10", 12, 40, date(2026, 6, 30)]])["Table"].iter_rows()
        self.assertEqual([cell.value for cell in head], ["№", "Число", "Ход", "Срок"])
        self.assertEqual([cell.value for cell in row[:3]], ["1.10", 12, 0.4])
        self.assertEqual(row[3].value.date(), date(2026, 6, 30))
        self.assertEqual([cell.data_type for cell in row], ["s", "n", "n", "d"])
        self.assertEqual((row[2].number_format, row[3].number_format), ("0 %", "dd.mm.yyyy"))

    def test_a_text_is_a_text_whatever_it_looks_like(self):
        for text in (
            "=1+1",
            "@SUM(A1)",
            "https://example.org",
            "<r><t>x</t></r>",
            "</t></is></c>",
            "a & b",
            " т ",
            "1",
        ):
            with self.subTest(text):
                book = book_of([Head("Т")], [[text]], [("Т", text, Kind.TEXT)])
                for cell in (book["Table"]["A2"], book["About this file"]["B3"]):
                    self.assertEqual((cell.data_type, cell.value.strip()), ("s", text.strip()))
                    self.assertIsNone(cell.hyperlink)

    def test_what_a_cell_cannot_hold(self):
        sheet = book_of([Head("Т")], [["а\x00\x1b\ud800\ufffeб"], ["ж" * 40_000], ["😀" * 20_000], ["ж" * CHARACTERS]])[
            "Table"
        ]
        self.assertEqual(sheet["A2"].value, "аб")
        for place in ("A3", "A4"):
            self.assertTrue(sheet[place].value.endswith(CUT))
            self.assertLessEqual(len(sheet[place].value.encode("utf-16-le")), 2 * CHARACTERS)
        self.assertEqual(sheet["A5"].value, "ж" * CHARACTERS)

    def test_a_value_of_another_kind_is_a_text(self):
        row = book_of(HEADS, [[5, "много", "=1", date(1812, 9, 7)]])["Table"][2]
        self.assertEqual([cell.value for cell in row], ["5", "много", "=1", "1812-09-07"])

    def test_an_address_is_a_link(self):
        address = 'https://example.org/r/plan/?q="1"&x=2'
        row = book_of([Head("А", Kind.ADDRESS)], [[address], ["javascript:alert(1)"], ["https://e.org/" + "x" * 300]])
        self.assertEqual(row["Table"]["A2"].value, '=HYPERLINK("https://example.org/r/plan/?q=""1""&x=2")')
        self.assertEqual([row["Table"][place].data_type for place in ("A3", "A4")], ["s", "s"])

    def test_it_is_ready_to_be_read_filtered_and_printed(self):
        sheet = book_of(HEADS, ([str(number), number, 0, None] for number in range(ROWS_AT_ONCE + 5)), frozen=2)[
            "Table"
        ]
        last = ROWS_AT_ONCE + 6
        self.assertEqual((sheet.freeze_panes, sheet.auto_filter.ref), ("C2", f"A1:D{last}"))
        self.assertEqual((sheet.max_row, sheet[f"A{last}"].value), (last, str(ROWS_AT_ONCE + 4)))
        self.assertEqual((sheet.print_title_rows, sheet.page_setup.orientation), ("$1:$1", "landscape"))
        self.assertIn("&P", sheet.oddFooter.center.text)
        self.assertAlmostEqual(sheet.column_dimensions["D"].width, 12, delta=1)
        self.assertTrue(sheet["A2"].alignment.wrap_text)

    def test_the_cover_tells_of_the_file(self):
        address = "https://example.org/"
        book = book_of(HEADS, [["1", 1, 1, None]] * 3, [("Когда", MOMENT, Kind.MOMENT), ("Где", address, Kind.ADDRESS)])
        cover = book["About this file"]
        found = {row[0].value: row[1] for row in cover.iter_rows()}
        self.assertEqual(cover["A1"].value, "Статус-таблица")
        self.assertEqual(found["Rows"].value, 3)
        self.assertEqual(found["Когда"].value, localtime(MOMENT).replace(tzinfo=None))
        self.assertEqual(found["Где"].hyperlink.target, address)
        self.assertEqual((book.properties.title, book.properties.creator), ("Статус-таблица", "Наблюдатель"))

    def test_a_list_of_nothing_is_a_file_too(self):
        self.assertEqual(book_of(HEADS, [])["Table"].max_row, 1)

    def test_excel_counts_days_so(self):
        self.assertEqual(serial(date(1900, 3, 1)), 61)
        self.assertEqual(serial(date(2026, 5, 18)), 46160)
        self.assertIsNone(serial(date(1900, 2, 28)))
        self.assertIsNone(serial("18.05.2026"))
