"""Days and periods said relative to a day, so that an address, or a saved view, means the same thing next month.

| in the address | what it says |
|---|---|
| `today`, `today+30`, `today-7`; сегодня works too | a day |
| the words of `Period`, `next-30`, `last-7`; as people type them, too: следующий квартал | a period |
| what a document may say as a term (lib/terms.py): II квартал 2026 | a period |

They are worked out against the day that a page is judged on.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .dates import day_from, month_bounds, quarter_bounds, quarter_of, year_bounds
from .terms import parse

# A plus sign that was typed into an address by hand arrives as a space: today+30, today 30
RELATIVE = re.compile(
    r"(?:today|сегодня)(?:\s*(?P<sign>[+-])\s*(?P<days>[0-9]{1,4})|\s+(?P<more>[0-9]{1,4}))?", re.IGNORECASE
)
LONGEST = 100  # letters of a period


class Period(models.TextChoices):
    LAST_MONTH = "last-month", gettext_lazy("last month")
    THIS_MONTH = "this-month", gettext_lazy("this month")
    NEXT_MONTH = "next-month", gettext_lazy("next month")
    LAST_QUARTER = "last-quarter", gettext_lazy("last quarter")
    THIS_QUARTER = "this-quarter", gettext_lazy("this quarter")
    NEXT_QUARTER = "next-quarter", gettext_lazy("next quarter")
    LAST_YEAR = "last-year", gettext_lazy("last year")
    THIS_YEAR = "this-year", gettext_lazy("this year")
    NEXT_YEAR = "next-year", gettext_lazy("next year")
    ROUND = "round", gettext_lazy("the current round")


@dataclass(frozen=True)
class Stretch:
    """The days of a period, and how it is called."""

    first: date
    last: date
    words: str

    def __str__(self):
        return self.words


def day_said(text: str | None, *, on: date) -> date | None:
    """The day that a text says, seen from `on`; None if it is empty, ValueError in words if it is no day."""
    found = RELATIVE.fullmatch((text or "").strip())
    return on + timedelta(days=days_from(found)) if found else day_from(text)


def days_from(found):
    days = int(found["days"] or found["more"] or 0)
    return -days if found["sign"] == "-" else days


def relative_in_words(text: str | None) -> str:
    """ "today + 30 days", where a text says a day so; "" where it does not."""
    found = RELATIVE.fullmatch((text or "").strip())
    if not found:
        return ""
    days = days_from(found)
    if not days:
        return _("today")
    if days > 0:
        return ngettext("today + %(count)d day", "today + %(count)d days", days) % {"count": days}
    return ngettext("today − %(count)d day", "today − %(count)d days", -days) % {"count": -days}


def bounds(period: str, *, on: date, round_bounds: Callable = lambda: None) -> tuple[date, date] | None:
    """The first and the last day of a period, seen from `on`; None for a round where there is none."""
    year, quarter = quarter_of(on)
    match period:
        case Period.LAST_MONTH:
            return month_bounds(*(on.year, on.month - 1) if on.month > 1 else (on.year - 1, 12))
        case Period.THIS_MONTH:
            return month_bounds(on.year, on.month)
        case Period.NEXT_MONTH:
            return month_bounds(*(on.year, on.month + 1) if on.month < 12 else (on.year + 1, 1))
        case Period.LAST_QUARTER:
            return quarter_bounds(*(year, quarter - 1) if quarter > 1 else (year - 1, 4))
        case Period.THIS_QUARTER:
            return quarter_bounds(year, quarter)
        case Period.NEXT_QUARTER:
            return quarter_bounds(*(year, quarter + 1) if quarter < 4 else (year + 1, 1))
        case Period.LAST_YEAR:
            return year_bounds(on.year - 1)
        case Period.THIS_YEAR:
            return year_bounds(on.year)
        case Period.NEXT_YEAR:
            return year_bounds(on.year + 1)
        case Period.ROUND:
            return round_bounds()
    raise ValueError(period)


# As people type them; the first part of a spelling says which, the second what of
WHICH = {
    "this": r"this|current|эт(?:от|ом|ого)|текущ\w+",
    "next": r"next|coming|следующ\w+|ближайш\w+|будущ\w+",
    "last": r"last|past|previous|прошл\w+|прошедш\w+|последн\w+|предыдущ\w+",
}
OF = {"month": r"month|месяц\w*", "quarter": r"quarter|квартал\w*", "year": r"year|год\w*"}
ROUND = r"(?:the )?(?:current )?round|(?:текущ\w+ )?(?:отч[её]тн\w+ период\w*|раунд\w*)"


def _spelling(period):
    which, _dash, of = period.partition("-")
    return re.compile(rf"(?:в )?(?:{WHICH[which]})[ -](?:{OF[of]})" if of else ROUND)


SPELLINGS = {period: _spelling(period) for period in Period}
DAYS = re.compile(
    rf"(?:(?P<next>{WHICH['next']})|{WHICH['last']})[ -](?P<days>[0-9]{{1,4}})(?: ?(?:days?|д(?:ень|ня|ней)))?"
)


def period_said(text: str | None, *, on: date, round_bounds: Callable = lambda: None) -> Stretch | None:
    """The period that a text says, seen from `on`; None if it is empty, ValueError in words if it is none.

    `round_bounds` is asked only for the current round: a function that returns its first and last day, or None.
    """
    said = " ".join((text or "").lower().split())
    if not said:
        return None
    if len(said) <= LONGEST:
        for period, spelling in SPELLINGS.items():
            if spelling.fullmatch(said):
                if days := bounds(period, on=on, round_bounds=round_bounds):
                    return Stretch(*days, str(period.label))
                raise ValueError(_("There has been no round yet."))
        if found := DAYS.fullmatch(said):
            days = int(found["days"])
            if found["next"]:
                words = ngettext("the next %(count)d day", "the next %(count)d days", days) % {"count": days}
                return Stretch(on, on + timedelta(days=days), words)
            words = ngettext("the last %(count)d day", "the last %(count)d days", days) % {"count": days}
            return Stretch(on - timedelta(days=days), on, words)
        if RELATIVE.fullmatch(said):
            day = day_said(said, on=on)
            return Stretch(day, day, relative_in_words(said))
        if (term := parse(text)).due_on:
            return Stretch(term.starts_on or term.due_on, term.due_on, term.in_words())
    raise ValueError(
        _("“%(text)s” is not a period. Write it as “next quarter”, “next 30 days”, “Q2 2026” or “06.2026”.")
        % {"text": text[:40]}
    )
