import datetime
import io
import tempfile
import zipfile
from pathlib import Path

import openpyxl
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.exchange.mapping import Mapping
from tracker.exchange.reading import DELIMITERS, Unusable, tables

LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗ"
WESTERN = "abcdefghijklmnopqrstuvwxyz"
HEADER = Mapping(
    "проверка",
    {
        "columns": {name: name for name in ("Направление", "Номер", "Мероприятие", "Срок")},
        "area": {"code": "{Направление}"},
        "item": {"number": "{Номер}", "wording": "{Мероприятие}"},
    },
)
UNICODE_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def texts(alphabet, **sizes):
    return st.text(alphabet=alphabet, **sizes)


def cells_of(alphabet):
    return texts(alphabet + ' ;,|\t"\n0123456789.', max_size=60)


def rows_of(cell, *, width=4):
    return st.lists(st.lists(cell, min_size=width, max_size=width).filter(any), min_size=6, max_size=30)


class FilesTestCase(SimpleTestCase):
    """Files are written to a temporary folder and read back."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, data, name="план.csv"):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def csv(self, rows, *, encoding="utf-8", delimiter=";", newline="\r\n"):
        lines = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + newline for row in rows)
        return self.file("".join(lines).encode(encoding))

    def rows(self, path, **options):
        return [cells for _number, cells in tables(path, **options)[0].rows()]

    def refusal(self, path, **options):
        with self.assertRaises(Unusable) as caught:
            for table in tables(path, **options):
                list(table.rows())
                break
        return str(caught.exception)


class ReadingTest(FilesTestCase):
    @settings(max_examples=150, deadline=None)
    @given(
        rows=rows_of(cells_of(LETTERS + WESTERN + "әғқңөұүһіӣӯҷ—«»№é😀")),
        encoding=st.sampled_from(UNICODE_ENCODINGS),
        delimiter=st.sampled_from(DELIMITERS),
        newline=st.sampled_from(["\n", "\r\n"]),
    )
    def test_any_quoted_table_reads_back(self, rows, encoding, delimiter, newline):
        table = [list(HEADER.columns), *rows]
        path = self.csv(table, encoding=encoding, delimiter=delimiter, newline=newline)
        found = HEADER.locate(tables(path)).table
        self.assertEqual([cells for _number, cells in found.rows()], table)

    @settings(max_examples=80, deadline=None)
    @given(
        words=rows_of(texts(LETTERS.lower(), min_size=4, max_size=12)),
        encoding=st.sampled_from(["cp1251", "cp866", "iso8859-5"]),
        delimiter=st.sampled_from(DELIMITERS),
    )
    def test_russian_in_one_byte_is_recognised(self, words, encoding, delimiter):
        rows = [[cell.capitalize() for cell in row] for row in words]
        self.assertEqual(self.rows(self.csv(rows, encoding=encoding, delimiter=delimiter)), rows)

    def test_italian_in_one_byte_is_recognised(self):
        rows = [["Priorità", "Attività", "È prevista la qualità"], ["Perché", "città", "più"], ["uno", "due", "tre"]]
        for encoding in ("cp1252", "iso8859-1"):
            with self.subTest(encoding):
                self.assertEqual(self.rows(self.csv(rows, encoding=encoding)), rows)

    def test_unquoted_table_reads_back_with_any_delimiter(self):
        rows = [["№", "Мероприятие", "Срок"], ["1.1", "Согласовать формат, порядок", "30.06.2026"], ["1.2", "x", "y"]]
        for delimiter in ";\t|":
            with self.subTest(delimiter):
                path = self.file("\n".join(delimiter.join(row) for row in rows).encode())
                self.assertEqual(self.rows(path), rows)

    def test_cell_of_6000_characters_with_line_breaks(self):
        long = "Описание; с запятой, и переносом\n" * 180
        self.assertEqual(self.rows(self.csv([["а", "б"], ["1", long]]))[1][1], long)

    def test_rows_are_numbered_as_a_spreadsheet_does(self):
        path = self.file('План\n\nа;б\n1;"две\nстроки"\n2;в\n'.encode())
        numbers = {cells[0]: number for number, cells in tables(path)[0].rows() if any(cells)}
        self.assertEqual(numbers, {"План": 1, "а": 3, "1": 4, "2": 5})

    def test_formula_in_csv_is_text(self):
        self.assertEqual(self.rows(self.csv([["а", "б"], ["=1+1", "@SUM(A1)"]]))[1], ["=1+1", "@SUM(A1)"])

    # What is refused

    def test_open_quotation_mark_is_found(self):
        path = self.file('а;б\n1;"никогда не закрыта\n2;в\n'.encode())
        self.assertIn("Row 2, column 2", self.refusal(path))

    def test_open_quotation_mark_in_a_long_file_is_found(self):
        path = self.file(('а;б;в\n1;2;"открыта\n' + "слово;слово;слово\n" * 20_000).encode())
        self.assertIn("Row 2, column 3", self.refusal(path))

    def test_bad_byte_in_utf8_is_named(self):
        path = self.file("Номер;Мероприятие\n1;Согласовать\n2;Подпи".encode() + b"\xff" + "сать\n".encode())
        self.assertIn("Row 3, column 2", self.refusal(path))

    def test_utf16_cut_off_is_refused(self):
        self.assertIn("cut off", self.refusal(self.file("а;б\n1;2\n".encode("utf-16")[:-1])))

    def test_what_is_not_a_table_is_refused_in_words(self):
        for name, data, said in (
            ("пусто.csv", b"", "empty"),
            ("пробелы.csv", b"  \n \n", "empty"),
            ("план.pdf", b"%PDF-1.7\n...", "PDF"),
            ("план.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old Excel"),
            ("план.html", b"<!DOCTYPE html><table>", "HTML"),
            ("картинка.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "neither text nor XLSX"),
            ("нули.csv", bytes(5000), "neither text nor XLSX"),
            ("план.xlsx", b"PK\x03\x04 not a zip at all", "damaged"),
        ):
            with self.subTest(name):
                self.assertIn(said, self.refusal(self.file(data, name)))

    def test_folder_and_missing_file_are_refused(self):
        self.assertIn("not a file", self.refusal(self.folder))
        self.assertIn("There is no file", self.refusal(self.folder / "нет.csv"))

    def test_too_many_columns_are_refused(self):
        self.assertIn("columns", self.refusal(self.csv([["x"] * 1500] * 3)))


class SheetTest(FilesTestCase):
    """XLSX: values as typed, and archives that are refused before they are unpacked."""

    def workbook(self, rows, **others):
        book = openpyxl.Workbook()
        book.active.title = "План"
        for row in rows:
            book.active.append(row)
        for title, state in others.items():
            book.create_sheet(title).sheet_state = state
        path = self.folder / "план.xlsx"
        book.save(path)
        return path

    def changed(self, path, name, change):
        """The workbook with one part rewritten."""
        with zipfile.ZipFile(path) as archive:
            parts = {part: archive.read(part) for part in archive.namelist()}
        parts[name] = change(parts.get(name, b""))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, data in parts.items():
                archive.writestr(part, data)
        return path

    def test_values_are_as_typed(self):
        day = datetime.date(2026, 6, 30)
        path = self.workbook([["№", "Срок", "Вес", "Доля", "Да"], ["1.10", day, 3.0, 0.5, True], [None, None, 2026]])
        self.assertEqual(
            self.rows(path),
            [["№", "Срок", "Вес", "Доля", "Да"], ["1.10", "30.06.2026", "3", "0.5", "TRUE"], ["", "", "2026"]],
        )

    def test_formula_is_never_read_as_one(self):
        self.assertEqual(self.rows(self.workbook([["а", "б"], ["1", "=1+1"]]))[1], ["1"])

    def test_hidden_sheets_are_left_out_and_a_named_one_is_found(self):
        path = self.workbook([["а"]], Тайный="hidden", Второй="visible")
        self.assertEqual([table.how for table in tables(path)], ["sheet “План”", "sheet “Второй”"])
        self.assertEqual(len(tables(path, sheet="Второй")), 1)
        self.assertIn("The file has: План, Второй", self.refusal(path, sheet="Нет"))

    def test_declared_size_is_not_believed(self):
        path = self.workbook([["а", "б"], ["1", "2"]])
        self.changed(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
        self.assertEqual(self.rows(path), [["а", "б"], ["1", "2"]])

    def test_bomb_is_not_unpacked(self):
        path = self.changed(self.workbook([["а"]]), "xl/media/image1.png", lambda _old: bytes(300 * 1024 * 1024))
        self.assertIn("unpack", self.refusal(path))

    def test_dense_part_is_not_unpacked(self):
        path = self.changed(self.workbook([["а"]]), "xl/sharedStrings.xml", lambda _old: b" " * 20 * 1024 * 1024)
        self.assertIn("unpack", self.refusal(path))

    def test_entities_do_not_expand(self):
        bomb = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + b"".join(
            b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
        )
        path = self.changed(
            self.workbook([["а"]]), "xl/worksheets/sheet1.xml", lambda _old: bomb + b"]><worksheet>&j;</worksheet>"
        )
        self.assertIn("damaged", self.refusal(path))

    def test_row_far_beyond_the_sheet_is_refused(self):
        path = self.workbook([["а", "б"], ["1", "2"]])
        self.changed(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'r="2"', b'r="99999999"'))
        self.assertIn("more rows", self.refusal(path))

    def test_damaged_sheet_says_after_which_row(self):
        rows = [[f"строка {n}", n] for n in range(3000)]
        path = self.changed(self.workbook(rows), "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2])
        self.assertRegex(self.refusal(path), r"damaged: nothing can be read after row \d+")

    def test_other_office_files_are_refused(self):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("word/document.xml", "<w/>")
        self.assertIn("not an XLSX", self.refusal(self.file(data.getvalue(), "план.docx")))
