"""Rows to XLSX: a cover that says what is in it, and a table whose numbers, percentages and days stay what they are.

XlsxWriter makes the workbook with its cover, heads and formats; the rows are written into it as they come. Cell by cell
through XlsxWriter they would take five times as long, and 100 000 of its links 100 MB.
"""

import datetime
import io
import re
from dataclasses import dataclass
from itertools import islice
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from tracker.lib.columns import Kind
from tracker.lib.marks import Changed

ROWS = 1_048_575  # of a sheet, below its heads
CHARACTERS = 32_767  # of a cell, in units of UTF-16
CUT = " […]"
LINK = 255  # characters of a text inside a formula
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML may not hold these
ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel would read "_x0041_" as "A"
DAY_ZERO = datetime.date(1899, 12, 30).toordinal()
FIRST_DAY = datetime.date(1900, 3, 1)  # before it Excel counts a day that never was
ROWS_AT_ONCE = 500
NOTHING = (None, "")
A4 = 9
COVER, TABLE = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"
KNOWN_LAST = {COVER, TABLE, "xl/workbook.xml", "xl/sharedStrings.xml"}  # they name the last row
END_OF_ROWS = "</sheetData>"


@dataclass
class Head:
    """A column of the table: its heading, what its values are, how wide it is in characters."""

    label: str
    kind: Kind = Kind.TEXT
    width: int = 16


@dataclass
class Cover:
    """The first sheet: a title, then lines of (label, value, kind of the value); the number of rows is added."""

    title: str
    lines: list
    author: str = ""


def write_xlsx(target, heads, rows, *, cover, frozen=1):
    """Write the workbook to a path or an open file; so many first columns stay in sight.

    A text is text, whatever it begins with; only addresses of the product's own are links.
    """
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=5) as file:
        before = workbook(heads, cover, frozen)
        for name, text in before.items():
            if name not in KNOWN_LAST:
                file.writestr(name, text)
        with file.open(TABLE, "w") as sheet:
            opening = before[TABLE].partition(END_OF_ROWS)[0]
            sheet.write(re.sub("<dimension [^>]*>", "", opening).encode())
            last = 0
            for last, lines in row_lines(heads, rows, styles_in(opening)):  # noqa: B007 told after the rows
                sheet.write(lines.encode())
            after = workbook(heads, cover, frozen, last)
            sheet.write((END_OF_ROWS + after[TABLE].partition(END_OF_ROWS)[2]).encode())
        for name in KNOWN_LAST - {TABLE}:
            file.writestr(name, after[name])


# The workbook around the rows


def workbook(heads, cover, frozen, count=0):
    """{name of the part: its text} of the workbook for so many rows, without them."""
    made = io.BytesIO()
    with Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": shown(cover.title), "author": shown(cover.author)})
        looks = looks_of(book)
        write_cover(book.add_worksheet(_("About this file")), cover, count, looks)
        write_heads(book.add_worksheet(_("Table")), heads, frozen, count, looks)
    with ZipFile(made) as parts:
        return {name: parts.read(name).decode() for name in parts.namelist()}


def looks_of(book):
    """{kind, or what else a cell is: its format}."""
    top = {"valign": "top"}
    wrapped = top | {"text_wrap": True}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "label": book.add_format(wrapped | {"bold": True}),
        "head": book.add_format(wrapped | {"bold": True, "bottom": 1, "bg_color": "#E8EAED"}),
        Kind.TEXT: book.add_format(wrapped),
        Kind.NUMBER: book.add_format(top | {"align": "right"}),
        Kind.PERCENT: book.add_format(top | {"num_format": "0 %"}),
        Kind.DAY: book.add_format(top | {"num_format": "dd.mm.yyyy", "align": "left"}),
        Kind.MOMENT: book.add_format(top | {"num_format": "dd.mm.yyyy hh:mm", "align": "left"}),
        Kind.ADDRESS: book.add_format(top | {"font_color": "#0B57D0", "underline": 1}),
    }


def write_cover(sheet, cover, count, looks):
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, shown(cover.title), looks["title"])
    for place, (label, value, kind) in enumerate([*cover.lines, (_("Rows"), count, Kind.NUMBER)], 2):
        sheet.write_string(place, 0, shown(label), looks["label"])
        if kind == Kind.ADDRESS:
            sheet.write_url(place, 1, plain(value), looks[kind])
        elif (number := as_number(value, kind)) is not None:
            sheet.write_number(place, 1, number, looks[kind])
        else:
            sheet.write_string(place, 1, shown(value), looks[Kind.TEXT])
    print_across(sheet)


def write_heads(sheet, heads, frozen, count, looks):
    for place, head in enumerate(heads):
        sheet.set_column(place, place, head.width, looks[head.kind])
        sheet.write_string(0, place, shown(head.label), looks["head"])
    sheet.freeze_panes(1, frozen)
    sheet.autofilter(0, 0, count, len(heads) - 1)
    sheet.repeat_rows(0)
    print_across(sheet)
    sheet.activate()


def print_across(sheet):
    """On paper: landscape, one page wide, numbered."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C" + _("Page %(page)s of %(pages)s") % {"page": "&P", "pages": "&N"})


def styles_in(sheet):
    """The number of each column's format, as the sheet names it for columns that stand side by side."""
    found = []
    for first, last, style in re.findall(r'<col min="(\d+)" max="(\d+)" [^>]*style="(\d+)"', sheet):
        found += [style] * (int(last) - int(first) + 1)
    return found


# The rows


def row_lines(heads, rows, styles):
    """(how many rows so far, the XML of the next of them)."""
    cells = [
        cell_of(head.kind, xl_col_to_name(place), style)
        for place, (head, style) in enumerate(zip(heads, styles, strict=True))
    ]
    rows, count = iter(rows), 0
    while part := list(islice(rows, ROWS_AT_ONCE)):
        lines = []
        for number, row in enumerate(part, count + 2):
            drawn = [cell(number, value) for cell, value in zip(cells, row, strict=True) if value not in NOTHING]
            lines.append(f'<row r="{number}">{"".join(drawn)}</row>')
        count += len(part)
        yield count, "".join(lines)


def cell_of(kind, letter, style):
    """The function that draws a value of this kind in the column; one that is something else is a text.

    What has changed is a text too: the old value struck through, the new one beside it.
    """

    def text(number, value):
        inside = escaped(plain(value))
        return f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{inside}</t></is></c>'

    def amount(number, value):
        found = as_number(value, kind)
        return text(number, value) if found is None else f'<c r="{letter}{number}" s="{style}"><v>{found}</v></c>'

    def link(number, value):
        address = plain(value)
        if len(address) > LINK or not address.startswith(("https://", "http://")):
            return text(number, value)
        formula = markup('HYPERLINK("{}")'.format(address.replace('"', '""')))
        return f'<c r="{letter}{number}" s="{style}" t="str"><f>{formula}</f><v>{escaped(address)}</v></c>'

    plainly = {Kind.TEXT: text, Kind.ADDRESS: link}.get(kind, amount)

    def changed(number, value):
        old, new = (escaped(plain(words or "")) for words in value)
        runs = f'<r><rPr><strike/></rPr><t xml:space="preserve">{old}</t></r>'
        if value.new is not None:
            runs += f'<r><t xml:space="preserve"> {new}</t></r>'
        return f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is>{runs}</is></c>'

    return lambda number, value: (changed if isinstance(value, Changed) else plainly)(number, value)


def as_number(value, kind):
    """The number that Excel keeps for a value of this kind; None if it is none."""
    if kind in (Kind.DAY, Kind.MOMENT):
        return serial(value)
    if kind in (Kind.NUMBER, Kind.PERCENT) and isinstance(value, int | float):
        return value / 100 if kind == Kind.PERCENT else value
    return None


def serial(value):
    """A day or a moment as Excel counts it; None if it is neither, or before Excel's time."""
    if isinstance(value, datetime.datetime):
        moment = localtime(value)
        day = serial(moment.date())
        return day and day + (moment.hour * 3600 + moment.minute * 60 + moment.second) / 86_400
    if isinstance(value, datetime.date) and value >= FIRST_DAY:
        return value.toordinal() - DAY_ZERO
    return None


def plain(value):
    """The value as text that fits a cell: without what XML may not hold, cut where a cell ends."""
    text = str(value)
    if not text.isprintable():
        text = ILLEGAL.sub("", text)
    if len(text) > CHARACTERS // 2 and len(units := text.encode("utf-16-le")) > 2 * CHARACTERS:
        text = units[: 2 * (CHARACTERS - len(CUT))].decode("utf-16-le", "ignore") + CUT
    return text


def shown(value):
    """The value as text for XlsxWriter, which would take `<r>…</r>` for XML of its own."""
    text = plain(value)
    return f"{text} " if text.startswith("<r>") else text


def escaped(text):
    return markup(ESCAPE.sub("_x005F_", text) if "_x" in text else text)


def markup(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
