"""A report that saves itself while it is written; the buttons do the same without JavaScript."""

import re

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.progress.models import Evidence, Report


class AutosaveTest(TrackerTestCase):
    def setUp(self):
        self.report = make.report(commitment_=self.kz_commitment, round__=make.round_(self.roadmap))
        self.url = self.report.get_absolute_url()
        self.client.force_login(self.kz_analyst)
        self.page = typed(self.client.get(self.url), execution="in_progress")

    def autosave(self, client=None, **fields):
        self.page |= fields
        return (client or self.client).post(self.url, self.page | {"verb": "autosave"}, headers={"HX-Request": "true"})

    def stored(self):
        return Report.objects.get(pk=self.report.pk)

    def take_version(self, response):
        self.page["version"] = re.search(r'name="version" value="(\d+)"', response.content.decode())[1]

    def test_it_keeps_what_is_typed_and_brings_the_new_version_and_the_checklist(self):
        response = self.autosave(narrative="Ёмкость сети расширена")
        self.assertContains(response, 'id="saved" role="status" hx-swap-oob="true"')
        self.assertContains(response, 'id="checklist" hx-swap-oob="true"')
        self.assertContains(response, "22 of 4 000 characters")
        self.assertEqual((self.stored().narrative, self.stored().state), ("Ёмкость сети расширена", "draft"))
        self.take_version(response)
        self.assertEqual(int(self.page["version"]), self.stored().version)
        self.autosave(narrative="Ёмкость сети расширена вдвое")
        self.assertEqual(self.stored().narrative, "Ёмкость сети расширена вдвое")

    def test_a_field_that_is_wrong_waits_and_is_named(self):
        response = self.autosave(narrative="Текст", percent="сто")
        self.assertContains(response, "Not yet: Percent")
        self.assertEqual(self.stored().narrative, "Текст")

    def test_a_document_waits_for_the_button(self):
        self.autosave(**{"document-address": "https://example.org/протокол"})
        self.assertFalse(Evidence.objects.exists())

    def test_the_button_pressed_while_it_saves_itself_meets_no_conflict(self):
        """The page still holds the version of before; it is the same page, so it goes on from there."""
        self.autosave(narrative="Первая строка")
        response = self.client.post(self.url, self.page | {"verb": "save", "narrative": "Первая строка, вторая"})
        self.assertRedirects(response, self.url)
        self.assertEqual(self.stored().narrative, "Первая строка, вторая")

    def test_another_tab_of_the_same_person_does_meet_it(self):
        other = typed(self.client.get(self.url), execution="in_progress", narrative="Из другой вкладки")
        self.autosave(narrative="Из этой вкладки")
        response = self.client.post(self.url, other | {"verb": "save"})
        self.assertContains(response, "Из другой вкладки", status_code=409)
        self.assertContains(response, "Из этой вкладки", status_code=409)
        self.assertEqual(self.stored().narrative, "Из этой вкладки")

    def test_a_colleague_who_saved_meanwhile_is_named_and_nothing_overwritten(self):
        colleague = make.user(name="Коллега")
        make.grant(colleague, "analyst", roadmap=self.roadmap, party=self.kazakhstan)
        mine = self.stored()
        mine.narrative = "Слова коллеги"
        mine.write(by=colleague)
        response = self.autosave(narrative="Мои слова")
        self.assertContains(response, "Коллега has saved this report meanwhile")
        self.assertNotContains(response, 'name="version"')
        self.assertEqual(self.stored().narrative, "Слова коллеги")

    def test_what_was_sent_is_not_written(self):
        Report.objects.filter(pk=self.report.pk).update(state="submitted", submitted_by=self.kz_analyst)
        self.assertContains(self.autosave(narrative="Поздно"), "can no longer be edited")
        self.assertEqual(self.stored().narrative, "")

    def test_a_session_that_ended_leaves_the_page_where_it_is(self):
        self.client.logout()
        response = self.autosave(narrative="Текст")
        self.assertEqual((response.status_code, response.headers.get("HX-Redirect")), (401, None))

    def test_a_file_that_came_with_a_stale_text_is_attached_all_the_same(self):
        mine = self.stored()
        mine.narrative = "Слова коллеги"
        mine.write(by=self.kz_analyst)
        response = self.client.post(
            self.url, self.page | {"verb": "attach", "narrative": "Мои", "document-address": "https://example.org/п"}
        )
        self.assertContains(response, "Слова коллеги", status_code=409)
        self.assertEqual(self.stored().proofs.count(), 1)


class PlaceTest(TrackerTestCase):
    def test_the_page_says_the_how_manieth_it_is_and_leads_on(self):
        round_ = make.round_(self.roadmap)
        reports = [make.report(commitment_=self.kz_commitment, round__=round_)]
        for number in ("1.1.2", "1.1.3"):
            commitment = make.milestone(self.item, number=number).commitments.get(party=self.kazakhstan)
            reports.append(make.report(commitment_=commitment, round__=round_))
        self.client.force_login(self.kz_analyst)
        page = self.client.get(reports[1].get_absolute_url())
        self.assertContains(page, "2 of 3")
        self.assertContains(page, f'rel="prev" href="/reports/{reports[0].pk}/"')
        self.assertContains(page, f'rel="next" href="/reports/{reports[2].pk}/"')
