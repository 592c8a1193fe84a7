"""The search page: what is found in each section, by whom, and what is said where nothing is."""

from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from tests import make
from tests.base import TrackerTestCase
from tracker.progress.models import Report
from tracker.roadmaps.models import Executor, Role


class SearchTestCase(TrackerTestCase):
    def search(self, text, *, by=None, **asked):
        self.client.force_login(by or self.observer)
        return self.client.get(f"/search/?{urlencode({'q': text} | asked)}", headers={"accept-language": "en"})

    def found(self, text, *, by=None, **asked):
        """{section: names of its hits}."""
        search = self.search(text, by=by, **asked).context["search"]
        return {section.name: [words(hit.name) for hit in section.hits] for section in search.found}


def words(pieces):
    return "".join(piece.text for piece in pieces)


class FindingTest(SearchTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.net = make.item(
            cls.roadmap,
            number="2.14",
            wording={"ru": "Учёт ёмкости сетей", "en": "Grid capacity"},
            parties={"KZ": "lead"},
        )
        cls.map = make.milestone(cls.net, number="2.14.1", wording={"ru": "Карта готова", "en": "The map is ready"})
        cls.ministry = make.organisation("Минэнерго Казахстана", party=cls.kazakhstan)
        Executor.objects.create(participation=cls.net.participations.get(), organisation=cls.ministry)

    def test_letter_case_and_yo_and_language_do_not_matter(self):
        for text in ("ЕМКОСТИ", "учет ёмк", "grid CAP", "сетей учёт"):
            self.assertEqual(self.found(text)["items"], ["2.14 Grid capacity"], text)
            self.assertEqual(self.found(text)["milestones"], ["2.14.1 The map is ready"], text)

    def test_every_word_must_stand_there(self):
        self.assertEqual(self.found("сетей мост"), {})

    def test_by_organisation(self):
        found = self.found("минэнерго")
        self.assertEqual(found["organisations"], ["Минэнерго Казахстана"])
        self.assertEqual(found["items"], ["2.14 Grid capacity"])
        self.assertEqual(found["milestones"], ["2.14.1 The map is ready"])
        response = self.search("минэнерго")
        self.assertContains(response, "<mark>Минэнерго</mark> Казахстана")
        address = f"/r/plan/items/?organisation={self.ministry.pk}"
        self.assertContains(response, f'href="{escape(address)}"')
        self.assertContains(self.client.get(address), "Grid capacity")

    def test_an_organisation_without_a_part_is_not_there(self):
        make.organisation("Минэнерго без пунктов")
        self.assertEqual(self.found("минэнерго")["organisations"], ["Минэнерго Казахстана"])

    def test_a_renamed_organisation_is_found_by_its_new_name(self):
        self.ministry.name["ru"] = "Министерство цифровизации"
        self.ministry.save()
        self.assertEqual(self.found("цифровиз")["milestones"], ["2.14.1 The map is ready"])
        self.assertNotIn("milestones", self.found("минэнерго"))

    def test_a_changed_item_is_found_with_its_milestones(self):
        self.net.wording["ru"] = "Подсчёт ветряков"
        self.net.save()
        self.net.carry_down()
        self.assertEqual(self.found("ветряк")["milestones"], ["2.14.1 The map is ready"])
        self.assertEqual(self.found("учет емкости"), {})

    def test_a_number_comes_first(self):
        make.item(self.roadmap, number="12.14")
        response = self.search("2.14")
        exact = response.context["search"].exact
        self.assertEqual([words(hit.name) for hit in exact], ["2.14 Grid capacity"])
        self.assertContains(response, "No. 2.14")
        self.assertEqual(self.found("2.14")["items"], ["2.14 Grid capacity", "12.14 To ensure the exchange of data"])
        self.assertEqual([words(hit.name) for hit in self.search("2.14.1").context["search"].exact], [str(self.map)])

    def test_a_short_number_is_still_one(self):
        make.item(self.roadmap, number="7")
        response = self.search("7")
        self.assertEqual(len(response.context["search"].exact), 1)
        self.assertContains(response, "at least three letters")

    def test_what_was_found_is_marked_in_its_own_letters_where_it_stands(self):
        response = self.search("емкости")
        self.assertContains(response, "Учёт <mark>ёмкости</mark> сетей")  # in the wording that is not the reader's
        self.assertNotContains(response, "Capacity</mark>")

    def test_the_list_of_each_section_finds_as_many(self):
        for text in ("сетей", "минэнерго", "данн", "2.14", "data", "1.1"):
            search = self.search(text).context["search"]
            for section in search.sections:
                for _label, address in section.links:
                    if section.list_name:
                        self.assertEqual(self.client.get(address).context["list"].total, section.total, address)

    def test_the_roadmap_at_hand_comes_first(self):
        other = make.roadmap("other", parties=("KZ",))
        make.item(other, number="9.9", wording={"ru": "Сетевой график"})
        make.grant(self.observer, Role.OBSERVER, roadmap=other)
        self.assertEqual(self.found("сете", roadmap="plan")["items"], ["2.14 Grid capacity", "9.9 Сетевой график"])
        self.assertEqual(self.found("сете", roadmap="other")["items"], ["9.9 Сетевой график", "2.14 Grid capacity"])
        response = self.search("сете", roadmap="other")
        self.assertContains(response, 'href="/r/plan/items/?q=%D1%81%D0%B5%D1%82%D0%B5"')
        self.assertContains(response, 'href="/r/other/items/?q=%D1%81%D0%B5%D1%82%D0%B5"')

    def test_the_first_of_many_and_all(self):
        for number in range(12):
            make.item(self.roadmap, number=f"5.{number}", wording={"ru": "Ветропарк"}, parties={})
        section = self.search("ветропарк").context["search"].found[0]
        self.assertEqual((section.total, len(section.hits)), (12, 10))
        self.assertEqual(words(section.hits[2].name), "5.2 Ветропарк")


class RightsTest(SearchTestCase):
    def setUp(self):
        self.text = "Согласован протокол о мостах"

    def reports(self, person):
        return self.found("мостах", by=person).get("reports", [])

    def test_a_text_is_found_by_those_who_may_open_it(self):
        people = [self.kz_analyst, self.ru_analyst, self.reviewer, self.observer, self.administrator, self.stranger]
        for state, audience in (("draft", "all"), ("submitted", "all"), ("accepted", "own"), ("accepted", "all")):
            Report.objects.all().delete()
            make.report(commitment_=self.kz_commitment, state=state, audience=audience, narrative=self.text)
            for person in people:
                may = Report.objects.visible_to(person).with_open_text(person).filter(text_is_open=True).exists()
                self.assertEqual(len(self.reports(person)), may, (state, audience, person))
                page = self.search("мостах", by=person, **{"in": "reports"})
                self.assertEqual(len(page.context["page"].object_list), may)
                self.assertEqual(self.text in page.content.decode().replace("<mark>", "").replace("</mark>", ""), may)

    def test_a_document_is_found_by_those_who_may_open_it(self):
        report = make.report(commitment_=self.kz_commitment, state="draft")
        make.evidence(report, title="Протокол о мостах")
        self.assertEqual(self.found("мостах", by=self.kz_analyst), {"documents": ["Протокол о мостах"]})
        for person in (self.ru_analyst, self.observer, self.reviewer, self.administrator):
            self.assertEqual(self.found("мостах", by=person), {})

    def test_another_area_and_another_roadmap_are_not_there(self):
        secret = make.roadmap("secret", parties=("KZ",))
        hidden = make.item(secret, wording={"ru": "Тайный мост"})
        organisation = make.organisation("Тайное ведомство")
        Executor.objects.create(participation=hidden.participations.get(), organisation=organisation)
        elsewhere = make.item(self.roadmap, area_=make.area("transport"), wording={"ru": "Тайный порт"})
        make.milestone(elsewhere, number="8.1.1")
        narrow = make.user("narrow@example.org")
        make.grant(narrow, Role.OBSERVER, roadmap=self.roadmap, area=make.area("energy"))
        self.assertEqual(self.found("тайн", by=narrow), {})
        self.assertEqual(set(self.found("тайн", by=self.observer)), {"items", "milestones"})
        self.assertEqual(self.search("8.1.1", by=narrow).context["search"].exact, [])

    def test_who_reads_nothing_is_told_so(self):
        self.assertContains(self.search("мост", by=self.stranger), "Nothing is shared with you yet")

    def test_one_signs_in_first(self):
        self.assertEqual(self.client.get("/search/?q=мост").status_code, 302)

    def test_only_reading(self):
        self.client.force_login(self.observer)
        self.assertEqual(self.client.post("/search/").status_code, 405)


class WordsTest(SearchTestCase):
    def test_nothing_asked_too_short_nothing_found(self):
        self.assertContains(self.search(""), "Several words: all of them must stand there.")
        self.assertContains(self.search("об"), "at least three letters")
        self.assertContains(self.search("xyzzy"), "Try fewer words")

    def test_any_text_is_answered(self):
        for text in (
            "%%%", "___", "\\\\\\", "'''", '"""', '"" OR ""', "a\x00b\x00c", "NEAR(мост)", "мост*", "-мост", "мост AND",
            "слово " * 1000, " ".join(map(str, range(1000))), "д" * 500, "д" * 5000, "<script>alert(1)</script>", "۞۞۞",
        ):  # fmt: skip
            response = self.search(text)
            self.assertEqual(response.status_code, 200, text)
            self.assertNotContains(response, "<script>alert")
        self.assertEqual(self.search("мост", **{"in": "nonsense"}).status_code, 404)
        self.assertEqual(self.search("мост", **{"in": "items", "page": "nonsense"}).status_code, 200)

    def test_wildcards_are_letters(self):
        make.item(self.roadmap, number="3.1", wording={"ru": "Рост на 100%_\\ от плана"})
        for text in ("100%", "%_\\", "00%_"):
            self.assertEqual(self.found(text)["items"], ["3.1 Рост на 100%_\\ от плана"], text)
        for text in ("1%0", "1_0", "%%%"):
            self.assertEqual(self.found(text), {}, text)

    def test_quotation_marks_are_letters(self):
        make.item(self.roadmap, number="3.2", wording={"ru": 'Проект "Мост"'})
        self.assertEqual(self.found('"мост"')["items"], ['3.2 Проект "Мост"'])

    def test_what_is_found_is_text(self):
        make.item(self.roadmap, number="3.3", wording={"ru": "<b>Мосты</b> & <i>тоннели</i>"})
        self.assertContains(
            self.search("мосты"), "&lt;b&gt;<mark>Мосты</mark>&lt;/b&gt; &amp; &lt;i&gt;тоннели&lt;/i&gt;"
        )

    def test_all_reports_page_by_page(self):
        commitment = self.kz_commitment
        rounds = [make.round_(self.roadmap, starts_on=make.DAY.replace(year=1950 + n)) for n in range(60)]
        Report.objects.bulk_create(
            Report(commitment=commitment, round=one, state="accepted", narrative=f"Работы: этап {one.pk}")
            for one in rounds
        )
        response = self.search("работы")
        self.assertContains(response, 'href="?q=%D1%80%D0%B0%D0%B1%D0%BE%D1%82%D1%8B&amp;in=reports"')
        page = self.search("работы", **{"in": "reports", "page": 2}).context["page"]
        self.assertEqual((page.paginator.count, len(page.object_list)), (60, 10))


class CostTest(SearchTestCase):
    def cost(self, text):
        self.client.force_login(self.observer)
        with CaptureQueriesContext(connection) as queries:
            self.client.get("/search/", {"q": text})
        return len(queries)

    def fill(self, count):
        for number in range(count):
            item = make.item(self.roadmap, wording={"ru": f"Ветропарк {number}"})
            milestone = make.milestone(item, wording={"ru": f"Ветряк {number}"})
            organisation = make.organisation(f"Ветер {number}")
            Executor.objects.create(participation=item.participations.first(), organisation=organisation)
            report = make.report(
                commitment_=milestone.commitments.first(), state="accepted", narrative=f"Ветер {number}"
            )
            make.evidence(report, title=f"Ветер {number}")

    def test_as_many_queries_whatever_is_found(self):
        self.fill(1)
        few = self.cost("вет")
        self.fill(15)
        self.assertEqual([section.total for section in self.search("вет").context["search"].found], [16] * 5)
        self.assertLessEqual(self.cost("вет"), few)
        self.assertLessEqual(few, 26)
