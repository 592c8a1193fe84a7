"""Terms as people write them (domain.md §2): a table of real spellings, and what must hold for any text."""

from calendar import monthrange
from datetime import date, timedelta

from django.test import SimpleTestCase
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from tracker.lib import dates
from tracker.lib.terms import Kind, Term, parse

DAY, MONTH, QUARTER, HALF, YEAR, RANGE = Kind.DAY, Kind.MONTH, Kind.QUARTER, Kind.HALF_YEAR, Kind.YEAR, Kind.RANGE
RECURRING, CONTINUOUS, CONDITIONAL, UNKNOWN = Kind.RECURRING, Kind.CONTINUOUS, Kind.CONDITIONAL, Kind.UNKNOWN
Q2 = ("2026-04-01", "2026-06-30")
H1 = ("2026-01-01", "2026-06-30")
Y26 = ("2026-01-01", "2026-12-31")

SPELLINGS = [
    *((text, DAY, "2026-06-30", "2026-06-30") for text in (
        "30.06.2026", "30.6.2026", "30.06.26", "30/06/2026", "2026-06-30", "2026-06-30 00:00:00", "30 июня 2026 г.", "30 июня 2026 года",
        "30 ИЮНЯ 2026", "«30» июня 2026 г.", "до 30 июня 2026 г.", "не позднее 30 июня 2026", "к 30.06.2026", "30 June 2026",
        "June 30, 2026", "30 Jun 2026", "by 30 June 2026", "no later than 30 June 2026",
    )),
    *((text, MONTH, "2026-06-01", "2026-06-30") for text in ("июнь 2026", "июнь 2026 г.", "Июнь 2026 года", "June 2026", "в июне 2026 г.")),
    *((text, QUARTER, *Q2) for text in (
        "II квартал 2026 г.", "II квартал 2026", "ІІ квартал 2026 г.", "2 квартал 2026 года", "2 кв. 2026", "II кв. 2026 г.", "2-й квартал 2026 г.",
        "второй квартал 2026 года", "Q2 2026", "2026 Q2", "Q2/2026", "2Q2026", "до конца II квартала 2026 г.", "во II квартале 2026 г.",
        "2026 - 2° trimestre",
    )),
    *((text, HALF, *H1) for text in ("I полугодие 2026", "I полугодие 2026 г.", "1 полугодие 2026 года", "первое полугодие 2026 г.", "H1 2026", "first half of 2026")),
    *((text, YEAR, *Y26) for text in ("2026 год", "2026 г.", "2026", "до конца 2026 года", "end of 2026")),
    *((text, RANGE, *Y26) for text in ("в течение 2026 года", "during 2026", "с 01.01.2026 по 31.12.2026")),
    ("с 01.03.2026 по 31.12.2026", RANGE, "2026-03-01", "2026-12-31"),
    ("14.04–14.05.2026", RANGE, "2026-04-14", "2026-05-14"),
    ("14.04-14.05.2026", RANGE, "2026-04-14", "2026-05-14"),
    ("13–20.05.2025", RANGE, "2025-05-13", "2025-05-20"),
    ("2025–2027 гг.", RANGE, "2025-01-01", "2027-12-31"),
    ("2025-2027", RANGE, "2025-01-01", "2027-12-31"),
    ("2025 — 2027 годы", RANGE, "2025-01-01", "2027-12-31"),
    ("в течение 2025–2027 гг.", RANGE, "2025-01-01", "2027-12-31"),
    ("in the course of 2025–2027", RANGE, "2025-01-01", "2027-12-31"),
    ("в течение I–II кварталов 2026 г.", RANGE, *H1),
    ("с 2025 по 2027 год", RANGE, "2025-01-01", "2027-12-31"),
    ("I–II кварталы 2026 г.", RANGE, *H1),
    ("Q1–Q3 2026", RANGE, "2026-01-01", "2026-09-30"),
    ("июнь–август 2026", RANGE, "2026-06-01", "2026-08-31"),
    ("июнь 2026 – март 2027", RANGE, "2026-06-01", "2027-03-31"),
    *((text, RECURRING, None, None) for text in (
        "ежегодно", "Ежеквартально", "ежемесячно", "ежеквартально до 10 числа", "до 10 числа", "раз в полугодие", "annually", "quarterly", "monthly",
    )),
    *((text, CONTINUOUS, None, None) for text in (
        "постоянно", "Постоянно", "на постоянной основе", "в течение срока действия Плана", "continuous", "on a permanent basis", "ongoing",
    )),
    *((text, CONDITIONAL, None, None) for text in (
        "по согласованию", "по мере необходимости", "до вступления в силу Соглашения", "после подписания меморандума", "upon agreement", "as necessary",
    )),
    *((text, UNKNOWN, None, None) for text in ("", "   ", "скоро", "31.02.2026", "99.99.9999", "V квартал 2026", "с 31.12.2026 по 01.01.2026", "№ 5")),
    # What may mean two things is not guessed; a dated term is not taken for a recurring one, which is never overdue.
    *((text, UNKNOWN, None, None) for text in (
        "до июня 2026", "к IV кварталу 2026", "IV квартал 2025-2026", "first 2026", "30 third 2026", "06/30/2026", "III полугодие 2026",
        "до 10 числа июня 2026", "2 раза в течение 2026 года", "к ежегодному форуму",
    )),
]  # fmt: skip

days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
years = st.integers(2000, 2099)


class SpellingsTest(SimpleTestCase):
    def test_each_spelling_is_read(self):
        for text, kind, starts_on, due_on in SPELLINGS:
            with self.subTest(text):
                term = parse(text)
                found = (
                    term.kind,
                    term.starts_on and term.starts_on.isoformat(),
                    term.due_on and term.due_on.isoformat(),
                )
                self.assertEqual(found, (kind, starts_on, due_on))

    def test_the_text_stays_as_in_the_document(self):
        self.assertEqual(str(parse("до  20 Декабря 2026 г.")), "до  20 Декабря 2026 г.")
        self.assertFalse(parse(""))
        self.assertTrue(parse("скоро"))

    def test_case_spacing_and_dashes_do_not_matter(self):
        for text, _kind, _starts_on, _due_on in SPELLINGS:
            expected = parse(text)
            for other in (
                text.upper(),
                text.replace(" ", "\u00a0"),
                text.replace(" ", "  "),
                text.replace("–", "-"),
                text.replace("–", "—").replace("-", "\N{MINUS SIGN}"),
                text.replace("е", "ё"),
                f" {text} ",
            ):
                with self.subTest(other):
                    found = parse(other)
                    self.assertEqual((found.kind, found.due_on), (expected.kind, expected.due_on))

    def test_in_words(self):
        for text, ru, en in (
            ("2026-06-30", "30.06.2026", "30.06.2026"),
            ("Q2 2026", "II квартал 2026 г.", "Q2 2026"),
            ("первое полугодие 2026", "I полугодие 2026 г.", "H1 2026"),
            ("июнь 2026", "июнь 2026 г.", "June 2026"),
            ("постоянно", "постоянно", "постоянно"),
        ):
            with override("ru"):
                self.assertEqual(parse(text).in_words(), ru)
            with override("en"):
                self.assertEqual(parse(text).in_words(), en)


class AnyTextTest(SimpleTestCase):
    @given(st.text())
    def test_it_never_raises_and_keeps_the_text(self, text):
        term = parse(text)
        self.assertEqual(term.text, text)
        self.assertEqual(parse(term.text), term)
        self.assertEqual(term.kind in (DAY, MONTH, QUARTER, HALF, YEAR, RANGE), term.due_on is not None)

    @given(st.text(alphabet="0123456789.-–/ IVХQ кварталгодполугие"))
    def test_bounds_never_cross(self, text):
        term = parse(text)
        if term.due_on:
            self.assertLessEqual(term.starts_on, term.due_on)

    @given(days)
    def test_a_day_is_that_day_however_it_is_written(self, day):
        for text in (
            f"{day:%d.%m.%Y}",
            f"{day:%Y-%m-%d}",
            f"{day:%d %B %Y}",
            f"до {day:%d.%m.%Y} г.",
            f"by {day:%d %B %Y}",
        ):
            self.assertEqual(parse(text), Term(text, DAY, day, day))

    @given(years, st.integers(1, 4))
    def test_a_quarter_ends_on_its_last_day(self, year, quarter):
        term = parse(f"{'I II III IV'.split()[quarter - 1]} квартал {year} г.")
        self.assertEqual((term.starts_on, term.due_on), dates.quarter_bounds(year, quarter))
        self.assertEqual((term.due_on + timedelta(days=1)).month, quarter * 3 % 12 + 1)
        self.assertEqual(parse(f"Q{quarter} {year}").due_on, term.due_on)

    @given(years, st.integers(1, 12))
    def test_a_month_ends_on_its_last_day(self, year, month):
        names = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
        self.assertEqual(parse(f"{names[month - 1]} {year} г.").due_on, date(year, month, monthrange(year, month)[1]))

    @given(years, st.integers(1, 2))
    def test_a_half_year_and_a_year(self, year, half):
        self.assertEqual(
            parse(f"{'I' * half} полугодие {year} г.").due_on, date(year, half * 6, 30 if half == 1 else 31)
        )
        self.assertEqual(parse(f"{year} год").due_on, date(year, 12, 31))

    @given(st.one_of(days.map(lambda day: f"{day:%d.%m.%Y}"), st.tuples(years, st.integers(1, 4)).map(lambda q: f"Q{q[1]} {q[0]}"),
                     st.tuples(years, st.integers(1, 2)).map(lambda h: f"H{h[1]} {h[0]}"), years.map(str),
                     st.tuples(years, st.integers(1, 12)).map(lambda m: f"{m[0]}-{m[1]:02}")))  # fmt: skip
    def test_what_it_says_reads_back_the_same(self, text):
        term = parse(text)
        for language in ("ru", "en"):
            with override(language):
                said = parse(term.in_words())
                self.assertEqual((said.kind, said.starts_on, said.due_on), (term.kind, term.starts_on, term.due_on))
