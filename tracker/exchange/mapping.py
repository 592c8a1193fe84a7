"""Which column of someone else's table is what in a plan: a TOML file, and how a row is read by it.

`[columns]` gives a short name to each header (or to each of the headers it has had over the years); everything else
is a template over those names, as `term = "{quarter} {year}"`. What a file leaves empty is left alone.
"""

import datetime
import re
import tomllib
import zoneinfo
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _

from tracker.lib.texts import fold, quoted
from tracker.roadmaps.models import Roadmap

from .reading import Table, Unusable

TITLE_ROWS = 100  # how far down the header row may stand
SECTIONS = {
    "roadmap": {
        "slug", "title", "short_title", "language", "starts_on", "ends_on", "adopted_on", "adopted_by", "source",
        "time_zone", "frequency", "is_sample",
    },
    "reading": {"sheet", "empty", "optional"},
    "columns": None,
    "area": {"code", "name"},
    "item": {"key", "number", "wording", "expected_result", "form_of_completion", "funding", "note", "source"},
    "milestone": {"key", "number", "wording", "proof", "weight", "term"},
    "executors": {"lead", "others", "separator"},
}  # fmt: skip
REQUIRED = ("area.code", "item.number", "item.wording")
TEXTS = {"item": ("wording", "expected_result", "form_of_completion", "funding", "note", "source"),
         "milestone": ("wording", "proof")}  # fmt: skip
ROADMAP_TEXTS = ("title", "short_title", "adopted_by", "source")
ROADMAP_DAYS = ("starts_on", "ends_on", "adopted_on")
NAME = re.compile(r"\{(\w+)\}")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
SHEET_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
KEY_JOINT = "|"
LONGEST = {"number": 60, "key": 200, "term": 300}


class Rejected(Exception):
    """Why a row cannot be taken, as a sentence that names the column; `key` where the row could still say it."""

    key = ""


@dataclass(slots=True)
class ItemWords:
    """What a row says about its item."""

    key: str
    number: str
    texts: dict  # {field: {language: text}}, without what is empty
    area: str  # as in the file
    area_name: dict


@dataclass(slots=True)
class Row:
    """What a row says, before anything is known about what is stored."""

    row: int
    key: str
    number: str
    texts: dict
    weight: int | None
    term: str
    item: ItemWords
    executors: tuple

    def says(self):
        """What can differ between two rows of one key, by what a person would call it."""
        return {
            _("number"): self.number,
            _("weight"): self.weight,
            _("term"): self.term,
            _("executors"): self.executors,
            _("item"): self.item.key,
            _("area"): self.item.area,
            **{f"{name} ({language})": text for name, said in self.texts.items() for language, text in said.items()},
            **{
                f"{_('item')}: {name} ({language})": text
                for name, said in self.item.texts.items()
                for language, text in said.items()
            },
        }


@dataclass
class Mapping:
    """A mapping file, checked."""

    name: str
    sections: dict
    language: str = "ru"
    columns: dict = field(default_factory=dict)  # {our name: [headers]}
    optional: set = field(default_factory=set)
    empty: set = field(default_factory=set)
    shared: dict = field(default_factory=dict, repr=False)  # the texts of the rows, each held once

    @classmethod
    def load(cls, path):
        """Read and check a mapping file; what is wrong in it is named."""
        path = Path(path)
        try:
            sections = tomllib.loads(path.read_text("utf-8-sig"))
        except FileNotFoundError:
            raise Unusable(_("There is no mapping file “%(file)s”.") % {"file": path}) from None
        except OSError as error:
            raise Unusable(
                _("The mapping “%(file)s” cannot be read: %(why)s.") % {"file": path, "why": error.strerror}
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unusable(
                _("The mapping “%(file)s” is not TOML: %(why)s.") % {"file": path.name, "why": error}
            ) from None
        return cls(path.name, sections)

    def __post_init__(self):
        self._check_names()
        self.language = self._get("roadmap", "language", "ru", str)
        self.columns = {
            name: self._words("columns", name, [header] if isinstance(header, str) else header)
            for name, header in self.sections.get("columns", {}).items()
        }
        if not self.columns:
            self._refuse("columns", _("it is empty: give each column a short name and its header"))
        self.optional = set(self._words("reading", "optional", self._get("reading", "optional", [], list)))
        self.empty = {fold(word) for word in self._words("reading", "empty", self._get("reading", "empty", [], list))}
        for name in self.optional - self.columns.keys():
            self._refuse("reading.optional", _("“%(name)s” is not among the columns") % {"name": name})
        for place in REQUIRED:
            section, key = place.split(".")
            if not self.sections.get(section, {}).get(key):
                self._refuse(place, _("it is missing"))
        self._check_templates()
        self._check_roadmap()

    def _refuse(self, place, why):
        raise Unusable(
            _("The mapping “%(file)s”, %(place)s: %(why)s.") % {"file": self.name, "place": place, "why": why}
        )

    def _get(self, section, key, default, kind):
        value = self.sections.get(section, {}).get(key, default)
        if not isinstance(value, kind):
            self._refuse(f"{section}.{key}", _("the value is not of the expected kind"))
        return value

    def _words(self, section, key, value):
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self._refuse(f"{section}.{key}", _("a list of texts is expected"))
        return value

    def _check_names(self):
        for section, keys in self.sections.items():
            if section not in SECTIONS:
                self._refuse(
                    f"[{section}]", _("there is no such section; known: %(names)s") % {"names": ", ".join(SECTIONS)}
                )
            if not isinstance(keys, dict):
                self._refuse(section, _("it is a section, not a value"))
            known = SECTIONS[section]
            for key in keys:
                if known and key not in known:
                    self._refuse(
                        f"{section}.{key}",
                        _("there is no such key; known: %(names)s") % {"names": ", ".join(sorted(known))},
                    )

    def _check_templates(self):
        for section in ("area", "item", "milestone", "executors"):
            for key, template in self.sections.get(section, {}).items():
                parts = template if key == "key" else template.values() if isinstance(template, dict) else [template]
                if not all(isinstance(part, str) for part in parts) or (
                    key == "key" and not isinstance(template, list)
                ):
                    self._refuse(
                        f"{section}.{key}",
                        _('a template such as "{number}" is expected (for a key, a list of columns)'),
                    )
                named = parts if key == "key" else [name for part in parts for name in NAME.findall(part)]
                for name in named:
                    if name not in self.columns:
                        self._refuse(
                            f"{section}.{key}",
                            _("“%(name)s” is not among the columns: %(names)s")
                            % {"name": name, "names": ", ".join(self.columns)},
                        )

    def _check_roadmap(self):
        given = self.sections.get("roadmap", {})
        if "slug" in given:
            try:
                validate_slug(given["slug"])
            except (ValidationError, TypeError):
                self._refuse("roadmap.slug", _("only Latin letters, digits, hyphens and underscores"))
        for name in ROADMAP_DAYS:
            if name in given and type(given[name]) is not datetime.date:
                self._refuse(f"roadmap.{name}", _("a day such as 2026-05-18 is expected, without quotation marks"))
        if given.get("time_zone", "Europe/Moscow") not in zoneinfo.available_timezones():
            self._refuse("roadmap.time_zone", _("there is no such time zone"))
        if given.get("frequency", "quarterly") not in Roadmap.Frequency.values:
            self._refuse("roadmap.frequency", _("known: %(names)s") % {"names": ", ".join(Roadmap.Frequency.values)})
        for name in ROADMAP_TEXTS:
            self.roadmap_text(name)

    @property
    def slug(self):
        return self.sections.get("roadmap", {}).get("slug", "")

    def roadmap_text(self, name):
        """A text of the roadmap as {language: text}."""
        value = self.sections.get("roadmap", {}).get(name, {})
        texts = {self.language: value} if isinstance(value, str) else value
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            self._refuse(f"roadmap.{name}", _("a text, or one for each language, is expected"))
        return texts

    def roadmap_value(self, name, default=None):
        return self.sections.get("roadmap", {}).get(name, default)

    # Finding the table

    def locate(self, ways: list[Table]):
        """The reading in which the columns are found: (table, number of the header row, {our name: place}).

        The header is the first row that has them all; title rows may stand above it.
        """
        best, problem = None, None
        for table in ways:
            try:
                for number, cells in islice(table.rows(), TITLE_ROWS):
                    places = self._places(cells)
                    missing = [name for name in self.columns if name not in places and name not in self.optional]
                    if not missing:
                        self._refuse_doubles(cells, places)
                        return Source(self, table, number, cells, places)
                    if best is None or len(missing) < len(best[0]):
                        best = missing, number, cells
            except Unusable as error:
                if isinstance(error, DoubledColumn):
                    raise
                problem = problem or error
        if problem and (best is None or len(best[0]) == len(self.columns) - len(self.optional)):
            raise problem
        missing, number, cells = best or (list(self.columns), 1, [])
        headers = [_tidy(cell) for cell in cells if _tidy(cell)]
        if len(missing) == len(set(self.columns) - self.optional):
            raise Unusable(
                _("This is not the table of the mapping “%(file)s”: none of its columns is there. Found: %(found)s.")
                % {"file": self.name, "found": _listed(headers)}
            )
        raise Unusable(
            _("Row %(row)s has no column %(missing)s. Found: %(found)s.")
            % {
                "row": number,
                "missing": ", ".join(" / ".join(map(quoted, self.columns[name])) for name in missing),
                "found": _listed(headers),
            }
        )

    def _places(self, cells):
        """{our name: place} of the headers that stand in this row."""
        headers = {}
        for place, cell in enumerate(cells):
            headers.setdefault(fold(_tidy(cell)), place)
        places = {}
        for name, spellings in self.columns.items():
            found = next((headers[fold(header)] for header in spellings if fold(header) in headers), None)
            if found is not None:
                places[name] = found
        return places

    def _refuse_doubles(self, cells, places):
        counts = Counter(fold(_tidy(cell)) for cell in cells)
        for place in places.values():
            if counts[fold(_tidy(cells[place]))] > 1:
                raise DoubledColumn(
                    _("Two columns are called “%(name)s”: the mapping cannot tell which is meant.")
                    % {"name": _tidy(cells[place])}
                )

    # Templates

    def fill(self, template, values):
        """A template with the row's values; nothing where every column it names is empty."""
        names = NAME.findall(template)
        if names and not any(values[name] for name in names):
            return ""
        text = NAME.sub(lambda name: values[name[1]], template).strip()
        return self.shared.setdefault(text, text)  # the same wording stands in many rows

    def texts(self, section, key, values):
        """{language: text} of a key that is a template, or one for each language."""
        template = self.sections.get(section, {}).get(key, "")
        by_language = template if isinstance(template, dict) else {self.language: template}
        found = {language: self.fill(part, values) for language, part in by_language.items()}
        return {language: text for language, text in found.items() if text}

    def text(self, section, key, values):
        return self.fill(self.sections.get(section, {}).get(key, ""), values)

    def headers_of(self, section, key, places, cells):
        """The headers of the columns that a key is read from, for a sentence."""
        template = self.sections.get(section, {}).get(key, "")
        if isinstance(template, dict):
            template = " ".join(template.values())
        names = template if isinstance(template, list) else NAME.findall(template)
        found = [_tidy(cells[places[name]]) for name in names if name in places]
        return " + ".join(map(quoted, found)) or f"{section}.{key}"


class DoubledColumn(Unusable):
    """A header that stands twice."""


@dataclass
class Source:
    """A table in which the mapping has found its columns."""

    mapping: Mapping
    table: Table
    header_row: int
    headers: list
    places: dict

    def rows(self):
        """(row number, Row or Rejected), one by one; blank rows and repeated headers are left out."""
        header = [fold(_tidy(cell)) for cell in self.headers]
        while header and not header[-1]:
            header.pop()
        for number, cells in self.table.rows():
            if number <= self.header_row or not any(cell.strip() for cell in cells):
                continue
            if [fold(_tidy(cell)) for cell in cells[: len(header)]] == header:
                continue
            try:
                yield number, self._row(number, cells)
            except Rejected as reason:
                yield number, reason
        self.mapping.shared.clear()

    def _row(self, number, cells):
        if self.table.can_slip and any(cell.strip() for cell in cells[len(self.headers) :]):
            raise Rejected(
                _("it has %(cells)s cells and the header %(width)s: which belongs where cannot be told")
                % {"cells": len(cells), "width": len(self.headers)}
            )
        values = dict.fromkeys(self.mapping.columns, "")
        for name, place in self.places.items():
            values[name] = self._value(cells[place]) if place < len(cells) else ""
        item_key = self._key("item", values)
        key = self._key("milestone", values)
        try:
            return self._read(number, values, item_key, key)
        except Rejected as reason:
            reason.key = key
            raise

    def _read(self, number, values, item_key, key):
        milestone = self.mapping.sections.get("milestone", {})
        item = ItemWords(
            key="",
            number=self._needed("item", "number", values),
            texts=self._texts("item", values),
            area=self._needed("area", "code", values),
            area_name=self.mapping.texts("area", "name", values),
        )
        item.key = item_key or item.number
        if "wording" not in item.texts:
            raise self._empty("item", "wording")
        texts = self._texts("milestone", values)
        if "wording" not in texts:
            if milestone.get("wording"):
                raise self._empty("milestone", "wording")
            texts["wording"] = item.texts["wording"]
        term = " ".join(self.mapping.text("milestone", "term", values).split())
        self._not_longer("milestone", "term", term)
        return Row(
            row=number,
            key=key or item.key,
            number=self._needed("milestone", "number", values) if milestone.get("number") else item.number,
            texts=texts,
            weight=self._weight(values),
            term=term,
            item=item,
            executors=self._executors(values),
        )

    def _value(self, cell):
        """A cell as text: trimmed, without control characters; empty if the mapping says that it means nothing."""
        text = CONTROL.sub("", cell.replace("\r\n", "\n").replace("\r", "\n")).strip()
        return "" if fold(text) in self.mapping.empty else text

    def _headers_of(self, section, key):
        return self.mapping.headers_of(section, key, self.places, self.headers)

    def _empty(self, section, key):
        return Rejected(_("%(column)s is empty") % {"column": self._headers_of(section, key)})

    def _needed(self, section, key, values):
        text = " ".join(self.mapping.text(section, key, values).split())
        if not text:
            raise self._empty(section, key)
        self._not_longer(section, key, text)
        return text

    def _not_longer(self, section, key, text):
        if text in SHEET_ERRORS:
            raise Rejected(
                _("%(column)s holds the error %(text)s") % {"column": self._headers_of(section, key), "text": text}
            )
        longest = LONGEST.get(key, 200)
        if len(text) > longest:
            raise Rejected(
                _("%(column)s is %(length)s characters long; at most %(longest)s fit")
                % {"column": self._headers_of(section, key), "length": len(text), "longest": longest}
            )

    def _key(self, section, values):
        """The columns that make a row known again, joined; nothing where the mapping names none."""
        names = self.mapping.sections.get(section, {}).get("key", [])
        for name in names:
            if not values[name]:
                column = self.headers[self.places[name]] if name in self.places else name
                raise Rejected(_("%(column)s is empty") % {"column": quoted(_tidy(column))})
        key = KEY_JOINT.join(" ".join(values[name].split()) for name in names)
        self._not_longer(section, "key", key)
        return key

    def _texts(self, section, values):
        found = {name: self.mapping.texts(section, name, values) for name in TEXTS[section]}
        return {name: texts for name, texts in found.items() if texts}

    def _weight(self, values):
        text = self.mapping.text("milestone", "weight", values)
        if not text:
            return None
        if not re.fullmatch(r"[1-9]\d{0,3}", text):
            raise Rejected(
                _("%(column)s is “%(text)s”; a whole number from 1 to 9999 is expected")
                % {"column": self._headers_of("milestone", "weight"), "text": text[:40]}
            )
        return int(text)

    def _executors(self, values):
        """The names of the organisations, the responsible one first, each once."""
        separator = self.mapping.sections.get("executors", {}).get("separator", "")
        names = {}
        for key in ("lead", "others"):
            text = self.mapping.text("executors", key, values)
            for name in text.split(separator) if separator else [text]:
                name = " ".join(name.split())
                if name:
                    names.setdefault(fold(name), name)
        return tuple(names.values())


def _tidy(header):
    return " ".join(CONTROL.sub("", header).split())


def _listed(headers, limit=40):
    shown = "; ".join(header[:80] for header in headers[:limit]) or _("nothing")
    return shown + (" …" if len(headers) > limit else "")
