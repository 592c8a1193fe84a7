"""The interface in Russian: the catalogue is whole, keeps to the glossary, and the pages show no English in it."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import polib
from django.conf import settings
from django.contrib import admin
from django.test import RequestFactory, SimpleTestCase
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real

from tests import make
from tests.base import TrackerTestCase
from tracker.lib.terms import parse
from tracker.lib.texts import Texts
from tracker.progress.status import Timeliness, days_in_words
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Control, Execution

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "ru" / "LC_MESSAGES" / "django.po"
PLACE = re.compile(r"%\(\w+\)[+]?[a-z]|%[s%]|\{\w*\}")
WORD = re.compile(r"[A-Za-z]{4,}")

# What stays in Latin letters: addresses and commands
LATIN = re.compile(r"[\w.+-]+@[\w.-]+|https?://\S*|manage\.py import_plan|JavaScript|Excel|XLSX")
# What Django's administration says to screen readers in English only, and the codes of the areas
AREAS = {"trade", "energy", "transport", "health", "culture", "environment", "migration"}
UNTRANSLATABLE = {"Search", "True", "False", "None"} | AREAS


def setUpModule():
    """`make test` compiles the catalogue; a single run of this file may be the first."""
    compiled = CATALOGUE.with_suffix(".mo")
    if not compiled.exists():
        polib.pofile(CATALOGUE).save_as_mofile(compiled)
        trans_real._translations.pop("ru", None)


def wordings(entry):
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


class CatalogueTest(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.entries = list(polib.pofile(CATALOGUE))

    def test_every_string_is_translated(self):
        lacking = [e.msgid for e in self.entries if e.fuzzy or e.obsolete or not all(wordings(e))]
        self.assertEqual(lacking, [])

    def test_every_place_for_a_value_is_kept(self):
        for entry in self.entries:
            wanted = sorted(PLACE.findall(entry.msgid_plural or entry.msgid))
            for wording in wordings(entry):
                with self.subTest(entry.msgid):
                    self.assertEqual(sorted(PLACE.findall(wording)), wanted)

    def test_plurals_have_the_forms_of_djangos_own_catalogue(self):
        """Another number of forms would leave Django's own counts in the wrong case."""
        self.assertIn("nplurals=4;", polib.pofile(CATALOGUE).metadata["Plural-Forms"])
        self.assertEqual({len(wordings(entry)) for entry in self.entries if entry.msgid_plural}, {4})

    def test_a_partys_part_is_no_legal_obligation(self):
        """«Обязательство» is a word of law that a political plan avoids (domain.md §1)."""
        found = [w for entry in self.entries for w in wordings(entry) if "обязательств" in w.lower()]
        self.assertEqual(found, [])

    def test_quotation_marks_are_russian(self):
        found = [w for entry in self.entries for w in wordings(entry) if "“" in w or "”" in w]
        self.assertEqual(found, [])


class WordsTest(SimpleTestCase):
    """The glossary's words, and what is put together from parts."""

    def setUp(self):
        language = translation.override("ru")
        language.__enter__()
        self.addCleanup(language.__exit__, None, None, None)

    def test_statuses_are_called_as_in_the_glossary(self):
        for choices, labels in (
            (Execution, ["Не начато", "В работе", "Частично исполнено", "Исполнено"]),
            (Control, ["На контроле", "Снято с контроля (исполнено)", "Исключено из плана"]),
            (
                Timeliness,
                ["Просрочено", "Под угрозой срыва", "Срок близок", "По плану", "Постоянно", "Без срока",
                 "Исполнено в срок", "Исполнено с опозданием", "Исключено из плана"],
            ),
            (ReportState, ["Запрошено", "Черновик", "На проверке", "Согласовано", "Принято", "На доработке"]),
        ):  # fmt: skip
            with self.subTest(choices.__name__):
                self.assertEqual([str(label) for label in choices.labels], labels)

    def test_terms_are_said_as_a_document_writes_them(self):
        for text, said in {
            "Q2 2026": "II квартал 2026 г.",
            "H1 2026": "I полугодие 2026 г.",
            "June 2026": "июнь 2026 г.",
            "20 May 2026": "20.05.2026",
            "2026": "2026 г.",
            "2025-2027": "2025–2027 гг.",
            "с 01.03.2026 по 31.12.2026": "01.03.2026 – 31.12.2026",
            "постоянно": "постоянно",
        }.items():
            with self.subTest(text):
                self.assertEqual(parse(text).in_words(), said)

    def test_days_are_counted_in_the_right_case(self):
        day = date(2026, 5, 18)
        for due_on, words in {
            date(2026, 5, 18): "сегодня",
            date(2026, 5, 19): "через 1 день",
            date(2026, 5, 21): "через 3 дня",
            date(2026, 5, 29): "через 11 дней",
            date(2026, 4, 27): "21 день назад",
            date(2026, 5, 13): "5 дней назад",
        }.items():
            with self.subTest(words):
                self.assertEqual(days_in_words(due_on, on=day), words)


class Reader(HTMLParser):
    """Collects what a reader of Russian meets: text and spoken attributes, but nothing marked as another language."""

    SPOKEN = {"title", "aria-label", "placeholder", "alt", "label"}
    VOID = {"input", "br", "hr", "img", "meta", "link", "use", "path", "circle", "col", "source", "wbr"}

    def __init__(self):
        super().__init__()
        self.skipping, self.texts = [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in self.VOID:
            outer = bool(self.skipping) and self.skipping[-1][1]
            unread = given.get("lang", "ru") != "ru" or "hidden" in (given.get("class") or "").split()
            self.skipping.append((tag, outer or unread or tag in ("script", "style", "kbd")))
        self.texts += [value for name, value in attributes if name in self.SPOKEN and value]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.texts.append(given.get("value", ""))

    def handle_endtag(self, tag):
        if any(tag == opened for opened, _skip in self.skipping):
            while self.skipping.pop()[0] != tag:
                pass

    def handle_data(self, data):
        if not (self.skipping and self.skipping[-1][1]):
            self.texts.append(data)


def english_in(html):
    """The words of four and more Latin letters that a reader of the page meets."""
    reader = Reader()
    reader.feed(html)
    return sorted(set(WORD.findall(LATIN.sub(" ", "\n".join(reader.texts)))))


class PagesTest(TrackerTestCase):
    """Every page that a person reaches, in Russian."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap)
        cls.draft = make.report(commitment_=cls.kz_commitment, state="draft", narrative="Начато", author=cls.kz_analyst)
        cls.sent = make.report(
            commitment_=cls.ru_commitment, narrative="Проект согласован", state="draft", author=cls.ru_analyst
        )
        make.evidence(cls.sent)
        cls.sent.submit(by=cls.ru_analyst)
        make.organisation(party=cls.kazakhstan)
        late = make.milestone(cls.item, number="1.1.2", term="30.04.2026")
        make.deadline_change(late, "30.10.2026", by=cls.kz_analyst, decided_by=cls.reviewer)
        make.milestone(cls.item, number="1.1.3", term="постоянно")

    def setUp(self):
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"

    def assertRussian(self, address, *, status=200, method="get", data=None, except_for=()):
        response = getattr(self.client, method)(address, data or {})
        self.assertEqual(response.status_code, status)
        html = response.content.decode()
        self.assertIn('lang="ru"', html)
        self.assertEqual([word for word in english_in(html) if word not in except_for], [])

    def test_the_control_finds_english(self):
        """The same page in English is full of it, so an empty answer means something."""
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        self.client.force_login(self.observer)
        html = self.client.get("/r/plan/milestones/").content.decode().replace('lang="en"', 'lang="ru"')
        self.assertLessEqual({"Status", "Timeliness", "Filters"}, set(english_in(html)))

    def test_the_door_speaks_the_language_of_the_browser(self):
        self.client.cookies.clear()
        response = self.client.get(reverse("account_login"), headers={"Accept-Language": "ru-RU,ru;q=0.9"})
        self.assertContains(response, "Войти")
        self.assertEqual(english_in(response.content.decode()), [])

    def test_a_failed_sign_in(self):
        data = {"login": "nobody@example.org", "password": "неверный пароль"}
        self.assertRussian(reverse("account_login"), method="post", data=data)

    def test_the_roadmap(self):
        self.client.force_login(self.observer)
        for address in (
            "/r/plan/",
            "/r/plan/?on=01.02.2026",
            "/r/plan/milestones/",
            "/r/plan/milestones/?timeliness=overdue&q=обмен&due_from=завтра",
            "/r/plan/items/",
            f"/r/plan/items/{self.item.pk}/",
            f"/r/plan/milestones/{self.milestone.pk}/why/",
            "/r/plan/rounds/",
        ):
            with self.subTest(address):
                self.assertRussian(address)

    def test_the_table_as_a_file(self):
        self.client.force_login(self.observer)
        response = self.client.get("/r/plan/milestones/?export=csv")
        head = b"".join(response.streaming_content).decode().splitlines()[0]
        self.assertIn("Соблюдение сроков", head)
        self.assertEqual(WORD.findall(head), [])

    def test_the_review(self):
        for person, address in (
            (self.kz_analyst, reverse("desk")),
            (self.kz_analyst, self.draft.get_absolute_url()),
            (self.ru_analyst, self.sent.get_absolute_url()),
            (self.coordinator, reverse("desk")),
            (self.reviewer, reverse("review")),
            (self.reviewer, reverse("review_report", args=[self.sent.pk])),
        ):
            with self.subTest(address, person=person.name):
                self.client.force_login(person)
                self.assertRussian(address)

    def test_what_is_missing_in_a_report(self):
        self.client.force_login(self.kz_analyst)
        data = {"verb": "submit", "version": self.draft.version, "execution": "completed", "percent": "много"}
        self.assertRussian(self.draft.get_absolute_url(), method="post", data=data, status=400)

    def test_refusals(self):
        self.client.force_login(self.observer)
        for address, method, status in (
            ("/нет/", "get", 404),
            (reverse("review"), "get", 403),
            (reverse("round_close", args=[self.round.pk]), "post", 403),
        ):
            with self.subTest(address):
                self.assertRussian(address, method=method, status=status)

    def test_a_verb_in_the_wrong_state_says_whose_decision_stands(self):
        self.sent.accept(by=self.reviewer)
        self.client.force_login(self.second_reviewer)
        response = self.client.post(reverse("report_accept", args=[self.sent.pk]), {"version": self.sent.version})
        self.assertContains(response, "Отчёт уже в состоянии «принято» (Секретариат).", status_code=409)

    def test_history_says_it_in_russian(self):
        with translation.override("ru"):
            self.kz_commitment.milestone.item.note = Texts(ru="Уточнено")
            self.kz_commitment.milestone.item.save()
        self.client.force_login(self.observer)
        response = self.client.get(f"/r/plan/items/{self.item.pk}/history/")
        self.assertContains(response, "примечание: — → «Уточнено»")
        self.assertContains(response, "Исполнение Стороной, новая запись")

    def test_the_administration(self):
        self.client.force_login(self.administrator)
        self.assertRussian(reverse("admin:index"))
        for model, page in admin.site._registry.items():
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            row = page.get_queryset(self.request()).first()
            addresses = [reverse(f"{name}_changelist")]
            if row is not None:
                addresses += [reverse(f"{name}_{view}", args=[row.pk]) for view in ("change", "history")]
            if page.has_add_permission(self.request()):
                addresses.append(reverse(f"{name}_add"))
            for address in addresses:
                with self.subTest(address):
                    self.assertRussian(address, except_for=UNTRANSLATABLE)

    def test_djangos_own_sentences_fit_any_noun(self):
        """Put into Django's wording, the noun would stand in the wrong case: «Изменить контрольная точка»."""
        self.client.force_login(self.administrator)
        page = self.client.get(reverse("admin:roadmaps_milestone_change", args=[self.milestone.pk]))
        self.assertContains(page, "Изменение записи: контрольная точка")
        self.assertContains(self.client.get(reverse("admin:roadmaps_party_add")), "Новая запись: Сторона")
        self.assertContains(self.client.get(reverse("admin:roadmaps_party_changelist")), "Стороны: ")

    def request(self):
        request = RequestFactory().get("/")
        request.user = self.administrator
        return request
