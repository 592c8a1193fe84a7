from datetime import UTC, date, datetime, timedelta

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from tracker.lib import dates

ZONES = "Europe/Moscow Asia/Almaty Asia/Bishkek Asia/Dushanbe Asia/Ashgabat Asia/Tashkent UTC".split()


class DatesTest(SimpleTestCase):
    def test_today_is_the_zones_day(self):
        evening = datetime(2026, 6, 30, 20, 30, tzinfo=UTC)
        self.assertEqual(dates.today_in("Europe/Moscow", evening), date(2026, 6, 30))
        self.assertEqual(dates.today_in("Asia/Bishkek", evening), date(2026, 7, 1))

    def test_a_day_ends_where_the_next_begins_in_the_zone(self):
        self.assertEqual(dates.end_of(date(2026, 6, 30), "Europe/Moscow"), datetime(2026, 6, 30, 21, tzinfo=UTC))

    def test_a_day_with_an_hour_twice_ends_after_the_second(self):
        # Kazakhstan set its clocks back from midnight to 23:00 on 29 February 2024.
        self.assertEqual(dates.end_of(date(2024, 2, 29), "Asia/Almaty"), datetime(2024, 2, 29, 19, tzinfo=UTC))

    @given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(ZONES))
    def test_today_changes_at_the_end_of_the_day(self, day, zone):
        end = dates.end_of(day, zone).astimezone(UTC)
        self.assertEqual(dates.today_in(zone, end - timedelta(microseconds=1)), day)
        self.assertEqual(dates.today_in(zone, end), day + timedelta(days=1))

    def test_the_day_in_an_address(self):
        self.assertEqual(dates.day_from("2026-05-18"), date(2026, 5, 18))
        self.assertEqual(dates.day_from("18.05.2026"), date(2026, 5, 18))
        self.assertIsNone(dates.day_from(""))
        for text in ("вчера", "2026-02-31", "0000-01-01", "99999-01-01", "\x00"):
            with self.subTest(text), self.assertRaisesMessage(ValueError, "is not a day"):
                dates.day_from(text)

    def test_periods(self):
        self.assertEqual(dates.quarter_of(date(2026, 10, 1)), (2026, 4))
        self.assertEqual(dates.month_bounds(2028, 2), (date(2028, 2, 1), date(2028, 2, 29)))
        self.assertEqual(dates.half_year_bounds(2026, 2), (date(2026, 7, 1), date(2026, 12, 31)))
        self.assertEqual(dates.year_bounds(2026), (date(2026, 1, 1), date(2026, 12, 31)))
