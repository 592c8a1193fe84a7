"""Days and periods relative to a day."""

from datetime import date

from django.test import SimpleTestCase

from tracker.lib.periods import Period, bounds, day_said

ON = date(2026, 11, 24)


class DaysTest(SimpleTestCase):
    def test_what_is_said_of_a_day(self):
        for text, expected in (
            ("today", date(2026, 11, 24)),
            ("Today + 30", date(2026, 12, 24)),
            ("today-7", date(2026, 11, 17)),
            ("сегодня", date(2026, 11, 24)),
            ("Сегодня -1", date(2026, 11, 23)),
            ("30.06.2026", date(2026, 6, 30)),
            ("2026-06-30", date(2026, 6, 30)),
            ("", None),
            (None, None),
        ):
            with self.subTest(text):
                self.assertEqual(day_said(text, on=ON), expected)

    def test_what_is_no_day_is_said_so(self):
        for text in ("tomorrow", "today+", "today+12345", "today*2", "вчера", "31.02.2026", "today\x00"):
            with self.subTest(text), self.assertRaises(ValueError):
                day_said(text, on=ON)


class PeriodsTest(SimpleTestCase):
    def test_each_period_has_its_days(self):
        for period, first, last in (
            (Period.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
            (Period.NEXT_MONTH, date(2026, 12, 1), date(2026, 12, 31)),
            (Period.LAST_YEAR, date(2025, 1, 1), date(2025, 12, 31)),
            (Period.NEXT_YEAR, date(2027, 1, 1), date(2027, 12, 31)),
            (Period.THIS_MONTH, date(2026, 11, 1), date(2026, 11, 30)),
            (Period.LAST_QUARTER, date(2026, 7, 1), date(2026, 9, 30)),
            (Period.THIS_QUARTER, date(2026, 10, 1), date(2026, 12, 31)),
            (Period.NEXT_QUARTER, date(2027, 1, 1), date(2027, 3, 31)),
            (Period.THIS_YEAR, date(2026, 1, 1), date(2026, 12, 31)),
        ):
            with self.subTest(period):
                self.assertEqual(bounds(period, on=ON), (first, last))

    def test_over_the_turn_of_a_year(self):
        self.assertEqual(bounds(Period.LAST_QUARTER, on=date(2026, 2, 1)), (date(2025, 10, 1), date(2025, 12, 31)))
        self.assertEqual(bounds(Period.NEXT_QUARTER, on=date(2026, 11, 1)), (date(2027, 1, 1), date(2027, 3, 31)))

    def test_a_round_is_asked_for_and_may_be_missing(self):
        days = (date(2026, 7, 1), date(2026, 9, 30))
        self.assertEqual(bounds(Period.ROUND, on=ON, round_bounds=lambda: days), days)
        self.assertIsNone(bounds(Period.ROUND, on=ON))
        with self.assertRaises(ValueError):
            bounds("нет", on=ON)
