"""Terms as people write them: "IV квартал 2026 г." → kind and bounds. The rules are the table of domain.md, section 2.

A text is tidied first (letter case, spaces, dashes, «г.»), then read as one period, then as a range, then by its words.
What no pattern reads stays *unknown*: it is kept and shown with a warning, never guessed.
"""

import datetime
import re
import unicodedata
from dataclasses import dataclass

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext_lazy as _

from . import dates


class Kind(models.TextChoices):
    """How precisely a term is given, or why it has no date."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    HALF_YEAR = "half_year", _("Half-year")
    YEAR = "year", _("Year")
    RANGE = "range", _("Range")
    RECURRING = "recurring", _("Recurring")
    CONTINUOUS = "continuous", _("Continuous")
    CONDITIONAL = "conditional", _("Conditional")
    UNKNOWN = "unknown", _("Unknown")


# One message for each, because languages number them differently: Q2 2026, II квартал 2026 г.
QUARTERS = (_("Q1 %(year)s"), _("Q2 %(year)s"), _("Q3 %(year)s"), _("Q4 %(year)s"))
HALF_YEARS = (_("H1 %(year)s"), _("H2 %(year)s"))


@dataclass(frozen=True)
class Term:
    """A term as in the document, with its kind and its first and last day; false when nothing is written."""

    text: str = ""
    kind: str = Kind.UNKNOWN
    starts_on: datetime.date | None = None
    due_on: datetime.date | None = None

    def __str__(self):
        return self.text

    def __bool__(self):
        return bool(self.text.strip())

    def in_words(self) -> str:
        """The term in the language of the interface; the text of the document where that says it better."""
        if self.due_on is None:
            return self.text
        year = {"year": self.due_on.year}
        match self.kind:
            case Kind.DAY:
                return dates.short(self.due_on)
            case Kind.MONTH:
                return _month_in_words(self.due_on)
            case Kind.QUARTER:
                return QUARTERS[dates.quarter_of(self.due_on)[1] - 1] % year
            case Kind.HALF_YEAR:
                return HALF_YEARS[self.due_on.month // 7] % year
            case Kind.YEAR:
                return pgettext("a year as a term", "%(year)s") % year
            case Kind.RANGE:
                return _range_in_words(self.starts_on, self.due_on)
        return self.text


def parse(text: str) -> Term:
    """The Term that any text means, by the table of domain.md, section 2; it never raises and always keeps the text."""
    said = _tidy(text)
    for reader in (_one, _during, _range):
        if found := reader(said):
            return Term(text, *found)
    return Term(text, next((kind for kind, words in WORDS.items() if words.search(said)), Kind.UNKNOWN))


def _month_in_words(day):
    month = date_format(day, "F")
    if not (get_language() or "en").startswith("en"):  # only English writes June with a capital
        month = month.lower()
    return pgettext("a month as a term", "%(month)s %(year)s") % {"month": month, "year": day.year}


def _range_in_words(first, last):
    if (first, last) == dates.year_bounds(first.year):
        return pgettext("a year as a term", "%(year)s") % {"year": first.year}
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return pgettext("years as a term", "%(first)s–%(last)s") % {"first": first.year, "last": last.year}
    return f"{dates.short(first)} – {dates.short(last)}"


# Tidying: a few spellings become one, so that the patterns below stay short.
TIDYING = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        ("[\u00ad\u200b-\u200f\u2060\ufeff«»“”„\"']", ""),  # invisible characters and quotes: «30» июня
        ("[\u2010-\u2015\u2043\u2212]", "-"),
        (r"\s+", " "),
        (r"\b(?:the|of|включительно|inclusive)\b", " "),
        (r"(?<=\d\d) ?(?:г\. ?г\.?|гг?|год(?:а|у|ы|ов|ом|ах)?)(?!\w)", ""),  # 2026 г., 2025–2027 гг., 2026 года
        (r" ?\.? ?- ?", "-"),
        (r"(?<=\d) ?([./]) ?(?=\d)", r"\1"),
        (" +", " "),
        (r"^ ?(?:в )?срок:? ", ""),
    )
]


def _tidy(text):
    said = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    for pattern, replacement in TIDYING:
        said = pattern.sub(replacement, said)
    return said.strip(" .,;:")


# Months and numbers: names, ordinals and Roman numerals, the latter often typed with Cyrillic letters that look alike.
MONTHS = (
    "январ[ьяею]м?|янв|january|jan",
    "феврал[ьяею]м?|февр?|february|feb",
    "март[аеу]?|мартом|мар|march|mar",
    "апрел[ьяею]м?|апр|april|apr",
    "ма[йяею]м?|may",
    "июн[ьяею]?м?|june?",
    "июл[ьяею]?м?|july?",
    "август[аеу]?|августом|авг|august|aug",
    "сентябр[ьяею]м?|сент?|september|sept?",
    "октябр[ьяею]м?|окт|october|oct",
    "ноябр[ьяею]м?|нояб?|november|nov",
    "декабр[ьяею]м?|дек|december|dec",
)
ORDINALS = ("перв|first", "втор|second", "трет|third", "четверт|fourth")
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
LOOK_ALIKE = str.maketrans({"і": "i", "ӏ": "i", "l": "i", "ѵ": "v", "у": "v", "х": "x", "п": "ii", "ш": "iii"})


def _number(word):
    if word.isdecimal():
        return int(word)
    for names in (MONTHS, ORDINALS):
        for number, spellings in enumerate(names, 1):
            if re.fullmatch(spellings, word):
                return number
    return ROMAN.index(word.translate(LOOK_ALIKE)) + 1


def _day(year, month, day):
    day = datetime.date(int(year) + (2000 if len(year) == 2 else 0), _number(month), int(day))
    return day, day


def _month(year, month):
    return dates.month_bounds(int(year), _number(month))


def _quarter(year, number):
    return dates.quarter_bounds(int(year), _number(number))


def _half_year(year, number):
    return dates.half_year_bounds(int(year), _number(number))


def _year(year):
    return dates.year_bounds(int(year))


YEAR = r"(?P<year>(?:19|20)\d\d)"
DAY, MONTH = r"(?P<day>\d\d?)", r"(?P<month>\d\d?)"
NAME = rf"(?P<month>{'|'.join(MONTHS)})\.?"
TIME = r"(?:[ t]\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?"
TH = r"(?:-?(?:st|nd|rd|th|ый|ой|ое|ий|ье|го|ого|его|ом|ем|й|е|я|м)|[°o])?"
NUMBER = rf"(?P<number>[1-4]|[ivlіӏѵупш]{{1,4}}|{'|'.join(ORDINALS)}){TH}"
QUARTER = r"(?:квартал\w*|кв|quarters?|qtr|q|trimestre)\.?"
HALF = r"(?:полугоди\w*|полугод|п/г|половин\w|half[ -]years?|half|h|semestre|sem)\.?"

# One period: its kind, its spellings, and who makes first and last day of the named groups (ValueError: 31.02.2026).
PERIODS = [
    (kind, re.compile(pattern), bounds)
    for kind, pattern, bounds in (
        (Kind.DAY, rf"{DAY}([./-]){MONTH}\2{YEAR}{TIME}", _day),  # 30.06.2026, 30/06/2026
        (Kind.DAY, rf"{DAY}([./]){MONTH}\2(?P<year>\d\d)", _day),  # 30.06.26
        (Kind.DAY, rf"{DAY}\.(?P<month>[ivxlіӏѵху]{{1,4}})\.{YEAR}", _day),  # 30.VI.2026
        (Kind.DAY, rf"{YEAR}-{MONTH}-{DAY}{TIME}", _day),  # 2026-06-30 00:00:00, as Excel says it
        (Kind.DAY, rf"{DAY}{TH}[ .-]?{NAME}[ ,.-]*{YEAR}", _day),  # 30 июня 2026, 30-Jun-2026
        (Kind.DAY, rf"{NAME} ?{DAY}{TH}[ ,]+{YEAR}", _day),  # December 20, 2026
        (Kind.MONTH, rf"{NAME}[ ,/-]*{YEAR}", _month),  # июнь 2026
        (Kind.MONTH, rf"{YEAR}[ ,/-]*{NAME}", _month),
        (Kind.MONTH, rf"{MONTH}[./-]{YEAR}", _month),  # 06.2026
        (Kind.MONTH, rf"{YEAR}-{MONTH}", _month),
        *(
            (kind, pattern, bounds)
            for kind, word, bounds in ((Kind.QUARTER, QUARTER, _quarter), (Kind.HALF_YEAR, HALF, _half_year))
            for pattern in (
                rf"{NUMBER} ?{word}[ ,/-]*{YEAR}",  # II кв. 2026, 4Q2026
                rf"{word} ?{NUMBER}[ ,/-]+{YEAR}",  # Q2 2026
                rf"{YEAR}[ ,/-]*{NUMBER} ?{word}",  # 2021 - 4° trimestre
                rf"{YEAR}[ ,/-]*{word} ?{NUMBER}",  # 2026 Q4
            )
        ),
        (Kind.YEAR, YEAR, _year),
    )
]

# "By" a period includes it, and so does its end. «До» and «к» need a day: «до июня» may well mean the end of May.
BY = re.compile(r"(?:не (?:позднее|позже)|n(?:o|ot) later than|by|по|в|во|на|in|on|for) ")
BY_END = re.compile(r"(?:(?:не позднее|до|к|на|в|by|at|until|till) )?(?:конец|конца|концу|конце|end)[ -]")
UP_TO = re.compile(r"(?:до|к|until|till) ")
DURING = re.compile(r"(?:в течение|на протяжении|весь|during|in course|within|throughout|over) ")
FROM = re.compile(
    r"(?:(?:в течение|в|на|in course|in|for|during|within|over) )?(?:(?:период|period) )?(?:(?:с|c|from) )?"
)
UNTIL = re.compile(r"-| (?:по|до|to|until|till|through) ")


def _period(said):
    """The kind, first and last day of one bare period, or None."""
    for kind, pattern, bounds in PERIODS:
        if match := pattern.fullmatch(said):
            try:
                return kind, *bounds(**match.groupdict())
            except ValueError:
                continue
    return None


def _one(said):
    """One period, with or without the words that say "by" it."""
    if lead := BY_END.match(said) or BY.match(said):
        return _period(said[lead.end() :])
    if lead := UP_TO.match(said):
        found = _period(said[lead.end() :])
        return found if found and found[0] == Kind.DAY else None
    return _period(said)


def _during(said):
    """The whole of a period: in the course of 2026."""
    lead = DURING.match(said)
    found = lead and _period(said[lead.end() :])
    return (Kind.RANGE, *found[1:]) if found else None


def _range(said):
    """From one period to another."""
    said = said[FROM.match(said).end() :]
    for until in UNTIL.finditer(said):
        start, end = said[: until.start()], said[until.end() :]
        if not (last := _one(end)) or not (first := _period(start) or _borrowing(start, end, last[0])):
            continue
        if last[0] == Kind.YEAR != first[0] and until[0] == "-":
            continue  # "IV квартал 2025–2026" may mean two fourth quarters
        return (Kind.RANGE, first[1], last[2]) if first[1] <= last[2] else None
    return None


def _borrowing(start, end, kind):
    """The first period of a range that takes its month or year from the second: 14.04–14.05.2026."""
    tails = (end[place.start() :] for place in reversed(list(re.finditer(r"[ ./-]", end))))
    return next((found for tail in tails if (found := _period(start + tail)) and found[0] == kind), None)


# Terms without a date, by words found anywhere in them; the first kind that fits wins.
SPAN = r"(?:\w+ )?(?:год|лет|полугод|квартал|месяц|недел|year|half|quarter|month|week)"
WORDS = {
    Kind.RECURRING: (
        r"еже(?:годно|квартально|месячно|недельно|дневно)\b|на еже\w+ основе",
        rf"раза? в (?!течение|(?:19|20)\d\d)|кажд\w+ {SPAN}|\d\d?(?:-?го)? числа(?!.*(?:19|20)\d\d)",
        r"(?:semi-?|bi-?)?annually\b|(?:half-)?yearly\b|quarterly\b|monthly\b|weekly\b|daily\b|on an annual basis",
        rf"(?:every|each) {SPAN}|(?:once|twice|times?) (?:a|per|every|in) {SPAN}",
    ),
    Kind.CONTINUOUS: (
        r"постоянно\b|на постоянной основе|бессрочно\b",
        r"(?:в течение|на протяжении|на|в) (?:всего |весь )?срока? (?:действия|реализации)",
        r"(?:весь|всего) (?:период|срок)",
        r"continuously|permanently|on (?:a )?(?:permanent|continuous|ongoing) basis",
        r"(?<!.)(?:continuous|permanent|ongoing)\b",
        r"(?:throughout|during|for) (?:(?:whole|entire) )?(?:period|term|duration)",
    ),
    Kind.CONDITIONAL: (
        r"вступлени\w* в силу|(?:с даты|со дня|с момента) |(?<!.)после (?!\d)|в случае |при условии|при необходимости",
        r"по (?:\w+ )?(?:согласовани|договоренност)|по мере ",
        r"entry into force|enters? into force|(?<!.)after (?!\d)|upon |subject to ",
        r"as (?:necessary|needed|required|appropriate|agreed)|(?:if|when) (?:necessary|needed|required)",
        r"tb[acd]\b|to be (?:agreed|determined|defined|confirmed|decided|announced|specified)",
    ),
}
WORDS = {kind: re.compile(rf"\b(?:{'|'.join(patterns)})") for kind, patterns in WORDS.items()}
