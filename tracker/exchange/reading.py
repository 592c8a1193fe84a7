"""A file of someone else's to rows of cells: CSV in any usual encoding and delimiter, or XLSX. Knows no plan.

A file can be read in several ways (one for each delimiter, one for each sheet). `tables()` offers them, the likeliest
first; the mapping takes the one in which it finds its columns. Rows are streamed and numbered as a spreadsheet
numbers them. Whatever cannot be read is one sentence, with the row and the column where there is one.
"""

import codecs
import csv
import datetime
import hashlib
import itertools
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

import openpyxl
from django.utils.translation import gettext as _

from tracker.lib.texts import quoted

MIB = 1024 * 1024
FILE_LIMIT = 64 * MIB
ROW_LIMIT = 200_000
COLUMN_LIMIT = 1_000
LAST_SHEET_ROW = 1_048_576
MEMBER_LIMIT = 2_000
EXPANDED_LIMIT = 256 * MIB
STRINGS_LIMIT = 32 * MIB  # the one part of a workbook that is held in memory as a whole
RATIO_LIMIT = 200
PART_OF_NOTE = 4 * MIB  # a small part may well be packed tightly

DELIMITERS = (";", ",", "\t", "|")
SAMPLE = 200  # rows by which a delimiter is judged
END = "\ufffe<end of the file>\ufffe"
NOT_UTF8 = re.compile("[\udc80-\udcff]")  # a byte that surrogateescape could not read


class Unusable(Exception):
    """What makes a file or a mapping of no use, as a sentence for the person who gave it."""


@dataclass(frozen=True)
class Table:
    """One way to read a file. `rows()` may be called again and again; it yields (row number, cells)."""

    path: Path
    digest: str
    how: str  # in words: "UTF-8, “;”" or the sheet's name
    reader: Callable
    can_slip: bool  # a stray delimiter moves the cells after it; in a sheet nothing can

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        for number, cells in self.reader():
            if number > ROW_LIMIT and any(cells):
                raise Unusable(_("The table has more than %(limit)s rows.") % {"limit": ROW_LIMIT})
            if len(cells) > COLUMN_LIMIT:
                raise Unusable(
                    _("Row %(row)s has more than %(limit)s columns.") % {"row": number, "limit": COLUMN_LIMIT}
                )
            yield number, cells


def tables(path, *, sheet="") -> list[Table]:
    """The ways in which the file can be read as a table, the likeliest first; at least one."""
    path = Path(path)
    digest, start, encoding, is_broken = _inspect(path)
    if start.startswith(b"PK\x03\x04"):
        return _sheets(path, digest, sheet)
    _refuse_other_formats(path, start, encoding)
    return _delimited(path, digest, encoding, is_broken)


def _chunks(path):
    name = {"file": path.name}
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise Unusable(_("“%(file)s” is not a file.") % name)
        if info.st_size > FILE_LIMIT:
            raise Unusable(_("“%(file)s” is larger than %(limit)s MB.") % (name | {"limit": FILE_LIMIT // MIB}))
        with path.open("rb") as file:
            while chunk := file.read(MIB):
                yield chunk
    except FileNotFoundError:
        raise Unusable(_("There is no file “%(file)s”.") % {"file": path}) from None
    except PermissionError:
        raise Unusable(_("“%(file)s” may not be read: permission is missing.") % {"file": path}) from None
    except OSError as error:
        raise Unusable(_("“%(file)s” cannot be read: %(why)s.") % (name | {"why": error.strerror})) from None


# Which encoding


BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Without a mark and not UTF-8: Windows first, because ties are broken by order; the last reads any byte at all.
ONE_BYTE = ("cp1251", "cp866", "iso8859-5", "cp1252", "iso8859-1")
NAMES = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "cp1251": "Windows-1251", "cp1252": "Windows-1252"}


def _inspect(path):
    """SHA-256, first bytes and encoding of a file, and whether it is UTF-8 with bad bytes in it; in one pass."""
    digest, utf8 = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    start, accented, is_utf8 = b"", bytearray(), True
    for chunk in _chunks(path):
        start = start or chunk[:4096]
        digest.update(chunk)
        if is_utf8:
            try:
                utf8.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        if len(accented) < 64 * 1024:
            accented += b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())[: 64 * 1024]
    if not start.strip():
        raise Unusable(_("“%(file)s” is empty.") % {"file": path.name})
    if is_utf8:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False

    encoding = next((name for mark, name in BOMS if start.startswith(mark)), None)
    if encoding and encoding != "utf-8-sig":
        return digest.hexdigest(), start, encoding, False
    if b"\0" in start:  # every table has some character below 256: a delimiter, an end of line
        low, high = start[0::2].count(0), start[1::2].count(0)
        return digest.hexdigest(), start, "utf-16-le" if high >= low else "utf-16-be", False
    if is_utf8 or encoding:
        return digest.hexdigest(), start, "utf-8-sig", not is_utf8
    read = bytes(accented).decode("utf-8", "replace")
    bad = read.count("\ufffd")
    if sum(letter > "\x7f" for letter in read) - bad > bad:
        return digest.hexdigest(), start, "utf-8", True
    return digest.hexdigest(), start, _one_byte_encoding(bytes(accented)), False


WORD = re.compile(r"[^\W\d_]+")
PLAUSIBLE = re.compile(r"[А-ЯЁІЇЄҐЎ]?[а-яёіїєґў]+|[А-ЯЁІЇЄҐЎ]+|[A-ZÀ-ÖØ-ÞŒŠŽŸ]?[a-zß-öø-ÿœšž]+|[A-ZÀ-ÖØ-ÞŒŠŽŸ]+")
SIGNS = set("\xa0«»„“”‘’–—…№§°©®™€·²³º\xad")


def _one_byte_encoding(accented):
    """The encoding in which the text looks most like words: one script and one letter case to a word."""

    def likeness(encoding):
        try:
            text = accented.decode(encoding)
        except UnicodeDecodeError:
            return float("-inf")
        score = 0
        for word in WORD.findall(text):
            foreign = sum(letter > "\x7f" for letter in word)
            is_western = word[0] < "\u0250" and word[-1] < "\u0250"
            is_word = PLAUSIBLE.fullmatch(word) and (not is_western or foreign <= max(1, len(word) // 2))
            score += foreign if is_word else -foreign
        return score - sum(not sign.isalnum() and sign > "\x7f" and sign not in SIGNS for sign in text)

    return max(ONE_BYTE, key=likeness)


def _refuse_other_formats(path, start, encoding):
    name = {"file": path.name}
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unusable(
            _("“%(file)s” is an old Excel file or is protected by a password. Save it as XLSX or CSV.") % name
        )
    head = start[:200].lstrip().lower()
    other = {b"%pdf": "PDF", b"{\\rtf": "RTF", b"<!doctype": "HTML", b"<html": "HTML", b"<?xml": "XML"}
    for mark, what in other.items():
        if head.startswith(mark):
            raise Unusable(
                _("“%(file)s” is %(format)s, not a table. Save it as XLSX or CSV.") % (name | {"format": what})
            )
    text = start.decode(encoding, "replace")
    strange = sum(category(letter) in ("Cc", "Cn", "Co") and letter not in "\t\r\n\f\x1a" for letter in text)
    if strange + text.count("\ufffd") > len(text) // 50 + 1:
        raise Unusable(_("“%(file)s” is neither text nor XLSX. Save it as XLSX or CSV.") % name)


# CSV


def _delimited(path, digest, encoding, is_broken):
    name = NAMES.get(encoding, encoding.upper())
    ways = [
        Table(
            path, digest, f"{name}, {quoted(_shown(delimiter))}", _CsvReader(path, encoding, is_broken, delimiter), True
        )
        for delimiter in DELIMITERS
    ]
    return sorted(ways, key=_regularity, reverse=True)


def _shown(delimiter):
    return _("tab") if delimiter == "\t" else delimiter


def _regularity(table):
    """How much the first rows look like a table: the share that agree on the number of cells, then that number."""
    widths = Counter()
    try:
        for _number, cells in itertools.islice(table.reader(), SAMPLE):
            if any(cells):
                widths[len(cells)] += 1
    except Unusable:
        pass  # judged by the rows before; whoever reads on is told
    width, count = max(widths.items(), key=lambda pair: (pair[0] > 1, pair[1], pair[0]), default=(0, 0))
    return (count / widths.total(), width) if width > 1 else (0, width)


@dataclass(frozen=True)
class _CsvReader:
    path: Path
    encoding: str
    is_broken: bool  # UTF-8 with bad bytes: read on, to say where they are
    delimiter: str

    def __call__(self):
        errors = "surrogateescape" if self.is_broken else "strict"
        with self.path.open(encoding=self.encoding, errors=errors, newline="") as file:
            lines = _Remembering(itertools.chain(file, [END]))
            reader = csv.reader(lines, delimiter=self.delimiter)
            number = 0
            while True:
                number, lines.first = number + 1, None
                try:
                    cells = next(reader)
                except csv.Error:
                    raise Unusable(
                        _("Row %(row)s, column %(column)s: the cell never ends. Is a quotation mark left open?")
                        % {"row": number, "column": self._width(lines.first)}
                    ) from None
                except UnicodeError:
                    raise Unusable(
                        _("Row %(row)s is not %(encoding)s as the rest: the file is damaged or cut off there.")
                        % {"row": number, "encoding": self.encoding.upper()}
                    ) from None
                if cells == [END]:
                    return
                if cells and cells[-1].endswith(END):
                    raise Unusable(
                        _("Row %(row)s, column %(column)s: a quotation mark is opened and never closed.")
                        % {"row": number, "column": len(cells)}
                    )
                if self.is_broken:
                    self._find_bad_byte(number, cells)
                yield number, cells

    def _width(self, line):
        return len(next(csv.reader([(line or "")[:100_000]], delimiter=self.delimiter), [""]))

    def _find_bad_byte(self, number, cells):
        for column, cell in enumerate(cells, 1):
            if NOT_UTF8.search(cell):
                raise Unusable(
                    _("Row %(row)s, column %(column)s: a byte that is not UTF-8, as the rest of the file is.")
                    % {"row": number, "column": column}
                )


class _Remembering:
    """Lines, and the first of them since `first` was set to None: where a row began."""

    def __init__(self, lines):
        self.lines, self.first = lines, None

    def __iter__(self):
        return self

    def __next__(self):
        line = next(self.lines)
        if self.first is None:
            self.first = line
        return line


# XLSX


def _sheets(path, digest, wanted):
    """The visible sheets; the wanted one only, if one is named."""
    _guard(path)
    with _workbook(path) as book:
        names = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if wanted and wanted not in names:
        raise Unusable(
            _("There is no sheet “%(sheet)s”. The file has: %(names)s.") % {"sheet": wanted, "names": ", ".join(names)}
        )
    if not names:
        raise Unusable(_("“%(file)s” has no visible sheet.") % {"file": path.name})
    return [
        Table(path, digest, _("sheet “%(sheet)s”") % {"sheet": name}, _SheetReader(path, name), False)
        for name in names
        if wanted in ("", name)
    ]


def _guard(path):
    """Refuse, before it is unpacked, an archive that is no workbook or that would grow out of hand."""
    name = {"file": path.name}
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise Unusable(_("“%(file)s” is damaged: it cannot be opened as XLSX.") % name) from None
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise Unusable(_("“%(file)s” is not an XLSX workbook. Save it as XLSX or CSV.") % name)
    expanded = sum(part.file_size for part in parts)
    strings = max((part.file_size for part in parts if part.filename.endswith("sharedStrings.xml")), default=0)
    is_dense = any(
        part.file_size > PART_OF_NOTE and part.file_size > RATIO_LIMIT * max(part.compress_size, 1) for part in parts
    )
    if len(parts) > MEMBER_LIMIT or expanded > EXPANDED_LIMIT or strings > STRINGS_LIMIT or is_dense:
        raise Unusable(_("“%(file)s” would unpack to far more than a plan holds, and is not opened.") % name)
    if any(part.flag_bits & 1 for part in parts):
        raise Unusable(_("“%(file)s” is protected by a password.") % name)


class _workbook:
    """An open workbook, and the one border at which whatever openpyxl raises becomes a sentence."""

    def __init__(self, path):
        self.path, self.row, self.book = path, 0, None

    def __enter__(self):
        try:
            self.book = openpyxl.load_workbook(self.path, read_only=True, data_only=True, keep_links=False)
        except Exception:
            raise self._damaged() from None
        return self.book

    def __exit__(self, kind, error, trace):
        self.book.close()
        if isinstance(error, Exception) and not isinstance(error, Unusable):
            raise self._damaged() from None

    def _damaged(self):
        if self.row:
            return Unusable(
                _("“%(file)s” is damaged: nothing can be read after row %(row)s.")
                % {"file": self.path.name, "row": self.row}
            )
        return Unusable(_("“%(file)s” is damaged: it cannot be opened as XLSX.") % {"file": self.path.name})


@dataclass(frozen=True)
class _SheetReader:
    path: Path
    name: str

    def __call__(self):
        opened = _workbook(self.path)
        with opened as book:
            sheet = book[self.name]
            sheet.reset_dimensions()  # what the file declares is not to be believed
            for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
                opened.row = number
                if number > LAST_SHEET_ROW:
                    raise Unusable(_("The sheet has more rows than a sheet can have."))
                cells = [_as_text(value) for value in values]
                while cells and not cells[-1]:
                    cells.pop()
                yield number, cells


def _as_text(value):
    """A cell as a person would have typed it; what a formula last gave, never the formula."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time.min:
            return value.strftime("%d.%m.%Y")
        case datetime.datetime():
            return value.strftime("%d.%m.%Y %H:%M")
        case datetime.date():
            return value.strftime("%d.%m.%Y")
    return str(value)
