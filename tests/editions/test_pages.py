"""The pages of editions: list, one edition, its file, what differs, sealing, and the page that is open to everybody."""

import json
from datetime import date
from hashlib import sha256

from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event
from tracker.editions.models import Edition
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Role

LIST = "/r/plan/editions/"


class EditionPagesTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        road = make.item(cls.roadmap, number="2.1", area_=make.area("transport"), parties={"KZ": "lead"},
                         wording={"ru": "Построить дорогу", "en": "To build the road"})  # fmt: skip
        make.milestone(road, number="2.1.1", wording={"ru": "Дорога сдана", "en": "Road opened"})
        cls.edition = make.edition(cls.roadmap, by=cls.reviewer, title={"ru": "К встрече министров"})
        cls.elsewhere = make.user()
        make.grant(cls.elsewhere, Role.OBSERVER, roadmap=cls.roadmap, area=make.area("transport"))

    def page(self, user, path="", language="ru"):
        self.client.force_login(user)
        return self.client.get(f"{LIST}{path}", headers={"accept-language": language})


class ListTest(EditionPagesTestCase):
    def test_it_lists_them(self):
        page = self.page(self.observer)
        self.assertContains(page, "К встрече министров")
        self.assertContains(page, self.edition.sha256[:12])
        self.assertContains(page, "Секретариат")

    def test_a_corrected_one_says_by_which(self):
        make.edition(self.roadmap, by=self.reviewer, corrects=self.edition, reason="Опечатка")
        self.assertContains(self.page(self.observer, language="en"), "corrected by No. 2")

    def test_its_questions_do_not_grow(self):
        self.client.force_login(self.observer)
        for number in range(3):
            make.edition(self.roadmap, by=self.reviewer, title={"ru": f"Отчёт {number}"})
        with self.assertNumQueries(8):
            self.client.get(LIST)

    def test_it_hides_editions_of_areas_that_are_not_the_readers(self):
        make.edition(self.roadmap, by=self.reviewer, areas=[make.area("energy").pk], title={"ru": "Об энергетике"})
        self.assertNotContains(self.page(self.elsewhere), "Об энергетике")
        self.assertEqual(self.page(self.elsewhere, "2/").status_code, 404)
        self.assertContains(self.page(self.observer), "Об энергетике")

    def test_it_is_hidden_from_strangers(self):
        self.assertEqual(self.page(self.stranger).status_code, 404)
        self.assertEqual(self.page(self.stranger, "1/").status_code, 404)
        self.assertEqual(self.page(self.observer, "7/").status_code, 404)

    def test_an_empty_list_says_what_would_be_here(self):
        self.client.force_login(self.administrator)
        make.roadmap("empty")
        self.assertContains(self.client.get("/r/empty/editions/"), 'class="empty"')


class EditionTest(EditionPagesTestCase):
    def test_it_is_read_in_both_languages_from_what_was_sealed(self):
        self.assertContains(self.page(self.observer, "1/"), "Построить дорогу")
        self.assertContains(self.page(self.observer, "1/"), "Исполнение")
        self.assertContains(self.page(self.observer, "1/", language="en"), "To build the road")
        self.assertContains(self.page(self.observer, "1/"), self.edition.sha256)

    def test_a_reader_of_one_area_sees_that_area(self):
        page = self.page(self.elsewhere, "1/")
        self.assertContains(page, "Построить дорогу")
        self.assertNotContains(page, "Обеспечить обмен сведениями")
        self.assertNotContains(page, "data.json")

    def test_an_area_at_a_time(self):
        page = self.page(self.observer, "1/?area=transport")
        self.assertContains(page, "Построить дорогу")
        self.assertNotContains(page, "Обеспечить обмен сведениями")
        self.assertContains(self.page(self.observer, "1/?area=all"), "Обеспечить обмен сведениями")

    def test_it_offers_a_correction_to_who_may_seal_until_there_is_one(self):
        offer = "?corrects=1"
        self.assertContains(self.page(self.reviewer, "1/"), offer)
        self.assertNotContains(self.page(self.observer, "1/"), offer)
        make.edition(self.roadmap, by=self.reviewer, corrects=self.edition, reason="Опечатка")
        self.assertNotContains(self.page(self.reviewer, "1/"), offer)
        self.assertContains(self.page(self.reviewer, "1/"), "Опечатка")


class FileTest(EditionPagesTestCase):
    def test_it_is_the_very_bytes(self):
        response = self.page(self.observer, "1/data.json")
        content = b"".join(response.streaming_content)
        self.assertEqual(sha256(content).hexdigest(), self.edition.sha256)
        self.assertEqual(json.loads(content)["seal"]["number"], 1)
        self.assertEqual(response["Content-Disposition"], 'attachment; filename="plan-1.json"')
        self.assertEqual(Event.objects.latest("pk").kind, Event.Kind.DOWNLOADED)

    def test_who_reads_only_some_areas_gets_a_reason(self):
        response = self.page(self.elsewhere, "1/data.json", language="en")
        self.assertContains(response, "areas that you may not read", status_code=403)


class CompareTest(EditionPagesTestCase):
    def change(self):
        self.item.wording = Texts(ru="Обеспечить обмен данными", en="To ensure it")
        self.item.save()
        self.milestone.decide_control("dropped", basis="Решение", by=self.administrator, reason="cancelled")
        item = make.item(self.roadmap, number="1.9", wording={"ru": "Новое мероприятие"}, parties={"KZ": "lead"})
        make.milestone(item, wording={"ru": "Новая точка"})

    def test_with_the_plan_today(self):
        self.assertContains(self.page(self.observer, "1/compare/", language="en"), "Nothing differs here.", count=2)
        self.change()
        page = self.page(self.observer, "1/compare/?with=today")
        self.assertContains(page, "<del>Обеспечить обмен сведениями</del>")
        self.assertContains(page, "<ins>Обеспечить обмен данными</ins>")
        self.assertContains(page, "Новое мероприятие")
        self.assertNotContains(page, "Новая точка")  # it came with its item
        self.assertContains(page, "<ins>Исключено из плана</ins>")

    def test_two_editions_whichever_is_named_first(self):
        self.change()
        make.edition(self.roadmap, by=self.reviewer)
        pages = [self.page(self.observer, path) for path in ("1/compare/?with=2", "2/compare/?with=1")]
        for page in pages:
            self.assertContains(page, "<del>Обеспечить обмен сведениями</del>")
            self.assertContains(page, "Новое мероприятие")

    def test_what_went_is_told(self):
        draft = make.roadmap("draft", state="draft")
        make.grant(self.observer, Role.OBSERVER, roadmap=draft)
        item = make.item(draft, wording={"ru": "Уйдёт"})
        make.edition(draft)
        item.delete()
        page = self.client_of(self.observer).get("/r/draft/editions/1/compare/", headers={"accept-language": "en"})
        self.assertContains(page, "no longer there")
        self.assertContains(page, "Уйдёт")

    def client_of(self, user):
        self.client.force_login(user)
        return self.client

    def test_a_reader_of_one_area_sees_that_area(self):
        self.change()
        page = self.page(self.elsewhere, "1/compare/")
        self.assertNotContains(page, "Новое мероприятие")

    def test_nonsense_is_not_there(self):
        for other in ("9", "x", "9" * 30, ""):
            self.assertEqual(self.page(self.observer, f"1/compare/?with={other}").status_code, 404, other)


class SealPageTest(EditionPagesTestCase):
    FORM = {"judged_on": "31.03.2026", "title:ru": "Отчёт к заседанию"}

    def post(self, user, path="seal/", **form):
        self.client.force_login(user)
        return self.client.post(f"{LIST}{path}", self.FORM | form, headers={"accept-language": "ru"})

    def test_it_is_looked_at_first(self):
        page = self.post(self.reviewer)
        self.assertContains(page, "31.03.2026")
        self.assertEqual(page.context["preview"][0][2], 1)
        self.assertEqual(Edition.objects.count(), 1)

    def test_what_was_looked_at_is_sealed(self):
        asked_at = self.post(self.reviewer).context["form"]["asked_at"].value()
        response = self.post(self.reviewer, verb="seal", asked_at=asked_at)
        self.assertRedirects(response, f"{LIST}2/")
        edition = Edition.objects.get(number=2)
        self.assertEqual((edition.judged_on, str(edition.title)), (date(2026, 3, 31), "Отчёт к заседанию"))
        self.assertEqual(edition.known_by.isoformat(), asked_at)
        self.assertTrue(edition.is_whole)
        self.post(self.reviewer, verb="seal", asked_at=asked_at)
        self.assertEqual(Edition.objects.count(), 2, "a second click")

    def test_a_moment_may_be_given(self):
        before = f"{timezone.localdate():%d.%m.%Y} 00:00"  # nothing had been entered by then
        for verb in ("preview", "seal"):
            page = self.post(self.reviewer, verb=verb, known_by=before)
            self.assertContains(page, 'class="error"', status_code=409)
            self.assertContains(page, f'value="{before}"', status_code=409)  # what was typed is kept
        self.assertEqual(Edition.objects.count(), 1)

    def test_without_a_title_it_has_one(self):
        self.post(self.reviewer, verb="seal", **{"title:ru": ""})
        title = Edition.objects.get(number=2).title
        self.assertEqual(title["en"], "Consolidated report as of 31.03.2026")
        self.assertIn("31.03.2026", title["ru"])

    def test_what_is_wrong_is_said(self):
        for form in (
            {"judged_on": ""},
            {"judged_on": "31.03.2099"},
            {"known_by": "31.03.2099"},
            {"known_by": "вчера"},
            {"areas": ["999999"]},
        ):
            with self.subTest(form):
                self.assertContains(self.post(self.reviewer, **form), 'class="error"', status_code=400)
                self.assertEqual(self.post(self.reviewer, verb="seal", **form).status_code, 400)
        self.assertEqual(Edition.objects.count(), 1)

    def test_a_reviewer_of_one_area_seals_that_area(self):
        of_transport = make.user()
        make.grant(of_transport, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        self.assertEqual(self.post(of_transport, verb="seal").status_code, 400)  # one must be chosen
        self.assertEqual(self.post(of_transport, verb="seal", areas=[make.area("energy").pk]).status_code, 400)
        self.post(of_transport, verb="seal", areas=[make.area("transport").pk])
        edition = Edition.objects.get(number=2)
        self.assertEqual([chapter.area.code for chapter in edition.chapters.all()], ["transport"])

    def test_a_correction_gives_its_reason(self):
        self.assertContains(self.page(self.reviewer, "seal/?corrects=1", language="en"), "Correct No. 1")
        self.assertEqual(self.post(self.reviewer, "seal/?corrects=1", verb="seal").status_code, 400)
        self.post(self.reviewer, "seal/?corrects=1", verb="seal", reason="Опечатка")
        self.assertEqual(Edition.objects.get(number=2).corrects, self.edition)
        self.assertEqual(self.post(self.reviewer, "seal/?corrects=1", verb="seal", reason="Ещё").status_code, 409)

    def test_who_may_not_is_told_so(self):
        for user, status in ((self.observer, 403), (self.kz_analyst, 403), (self.stranger, 404)):
            self.assertEqual(self.post(user, verb="seal").status_code, status)


class KnownTest(EditionPagesTestCase):
    def test_anybody_learns_that_it_exists_and_no_more(self):
        page = self.client.get(f"/editions/{self.edition.sha256}/", headers={"accept-language": "ru"})
        self.assertContains(page, str(self.roadmap.title["ru"]))
        self.assertContains(page, self.edition.sha256)
        for secret in ("Построить дорогу", "Секретариат", "К встрече министров"):
            self.assertNotContains(page, secret)

    def test_an_unknown_one_is_answered_in_words(self):
        page = self.client.get(f"/editions/{'0' * 64}/", headers={"accept-language": "en"})
        self.assertContains(page, "No edition has this checksum", status_code=404)

    def test_capital_letters_do_not_matter(self):
        self.assertEqual(self.client.get(f"/editions/{self.edition.sha256.upper()}/").status_code, 200)
