"""Days and the periods that documents count in; "today" and the end of a day in a roadmap's time zone."""

import calendar
import datetime
import re
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

DAY_SPELLINGS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)", re.ASCII),
    re.compile(r"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4})", re.ASCII),
)
HOUR = re.compile(r"(?P<day>\S+)[T ](?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?", re.ASCII)
YEARS = range(1900, 2200)  # a mistyped year is refused in words, not by an overflow later


def quarter_of(day: datetime.date) -> tuple[int, int]:
    """The year of a day and its quarter, 1 to 4."""
    return day.year, (day.month + 2) // 3


def month_bounds(year: int, month: int) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a month."""
    return _months(year, month, month)


def quarter_bounds(year: int, quarter: int) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a quarter, 1 to 4."""
    return _months(year, quarter * 3 - 2, quarter * 3)


def half_year_bounds(year: int, half: int) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a half-year, 1 or 2."""
    return _months(year, half * 6 - 5, half * 6)


def year_bounds(year: int) -> tuple[datetime.date, datetime.date]:
    """The first and the last day of a year."""
    return _months(year, 1, 12)


def _months(year, first, last):
    return datetime.date(year, first, 1), datetime.date(year, last, calendar.monthrange(year, last)[1])


def today_in(zone_name: str, now: datetime.datetime | None = None) -> datetime.date:
    """The day it is in a time zone at a moment (now, if none is given)."""
    return timezone.localdate(now, ZoneInfo(zone_name))


def end_of(day: datetime.date, zone_name: str) -> datetime.datetime:
    """The first moment after a day in a time zone: what happened before it happened by that day."""
    return datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min, ZoneInfo(zone_name))


def start_of(day: datetime.date, zone_name: str) -> datetime.datetime:
    """The first moment of a day in a time zone."""
    return datetime.datetime.combine(day, datetime.time.min, ZoneInfo(zone_name))


def day_from(text: str | None) -> datetime.date | None:
    """The day that `?on=` asks for, 2026-05-18 or 18.05.2026; None if empty, ValueError in words if it is no day."""
    text = (text or "").strip()
    if not text:
        return None
    for spelling in DAY_SPELLINGS:
        if match := spelling.fullmatch(text):
            try:
                day = datetime.date(**{part: int(digits) for part, digits in match.groupdict().items()})
            except ValueError:
                break
            if day.year in YEARS:
                return day
    raise ValueError(_("“%(text)s” is not a day. Write it as 18.05.2026 or 2026-05-18.") % {"text": text[:40]})


def moment_from(text: str | None, zone_name: str) -> datetime.datetime | None:
    """The moment that `?known=` asks for: 20.01.2026 14:00 or 2026-01-20T14:00 in the zone, or the end of a day.

    None if empty, ValueError in words if it is neither.
    """
    text = (text or "").strip()
    if not (match := HOUR.fullmatch(text)):
        day = day_from(text)
        return day and end_of(day, zone_name)
    try:
        hour = datetime.time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    except ValueError:
        raise ValueError(_("“%(text)s” is no hour of a day. Write it as 18.05.2026 14:00.") % {"text": text}) from None
    return datetime.datetime.combine(day_from(match["day"]), hour, ZoneInfo(zone_name))


def short(day: datetime.date) -> str:
    """A day as this product shows it in every language: 30.06.2026."""
    return f"{day:%d.%m.%Y}"
