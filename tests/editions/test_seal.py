"""What an edition says, and that nothing of it changes afterwards."""

import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from unittest import mock

from django.core.exceptions import ValidationError
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import make
from tests.base import Cast, TrackerTestCase
from tests.work import work_off
from tracker.editions import seal
from tracker.editions.models import Edition
from tracker.history.chain import Anchor
from tracker.history.changes import change_set
from tracker.jobs.models import Job
from tracker.lib.errors import NotAllowed, WrongState
from tracker.lib.texts import Texts
from tracker.progress.status import Timeliness, rules_version
from tracker.roadmaps.models import PriorityArea, Role


def file_of(edition):
    return b"".join(edition.file())


def said(edition, code="energy"):
    """What it says of an area: its items."""
    return json.loads(edition.chapters.get(area__code=code).text)["items"]


class SealTest(TrackerTestCase):
    def report(self, **fields):
        defaults = {"narrative": "Формат согласован", "execution": "completed", "percent": 100,
                    "done_on": date(2026, 3, 20)}  # fmt: skip
        report = make.report(commitment_=self.kz_commitment, state="draft", author=self.kz_analyst, **defaults | fields)
        make.evidence(report, number="17", dated_on=date(2026, 3, 20))
        report.submit(by=self.kz_analyst)
        report.accept(by=self.reviewer)
        return report

    def test_it_says_what_the_report_shows(self):
        self.report()
        make.deadline_change(self.milestone, "31.10.2026", by=self.kz_analyst, decided_by=self.reviewer)
        edition = make.edition(self.roadmap, by=self.reviewer)
        data = json.loads(file_of(edition))
        self.assertEqual([party["code"] for party in data["data"]["parties"]], ["KZ", "RU", "TJ"])
        self.assertEqual([area["code"] for area in data["data"]["areas"]], ["energy", "transport"])
        self.assertEqual(data["data"]["areas"][0]["counts"]["rows"], {"items": 1, "milestones": 1})
        (item,) = said(edition)
        self.assertEqual(item["wording"], {"ru": "Обеспечить обмен сведениями", "en": "To ensure the exchange of data"})
        self.assertEqual([part["role"] for part in item["parties"]], ["lead", "co_executor"])
        (milestone,) = item["milestones"]
        self.assertEqual(milestone["terms"]["first"]["due"], "2026-06-30")
        self.assertEqual(milestone["terms"]["current"]["text"], "31.10.2026")
        self.assertEqual((milestone["slip"], milestone["moves"]), (123, 1))
        self.assertEqual(milestone["changes"][0]["before_text"], "30.06.2026")
        part = milestone["parts"][0]
        self.assertEqual((part["party"], part["execution"], part["confirmation"]), ("KZ", "completed", "documented"))
        self.assertEqual(part["report"]["narrative"], "Формат согласован")
        self.assertEqual(milestone["documents"][0]["number"], "17")
        self.assertEqual(set(milestone["why"]), {"ru", "en"})

    def test_its_digest_is_that_of_its_file_which_is_canonical(self):
        edition = make.edition(self.roadmap, by=self.reviewer)
        file = file_of(Edition.objects.get())
        self.assertEqual(sha256(file).hexdigest(), edition.sha256)
        again = json.dumps(json.loads(file), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.assertEqual(again.encode(), file)

    def test_the_same_standpoint_says_the_same(self):
        self.report()
        known = timezone.now()
        first = make.edition(self.roadmap, by=self.reviewer, known_by=known)
        self.item.wording["ru"] = "Совсем другое"
        self.item.save()
        second = make.edition(self.roadmap, by=self.reviewer, known_by=known, title={"ru": "Ещё раз"})
        self.assertEqual(first.contents, second.contents)
        self.assertNotEqual(first.sha256, second.sha256)

    def test_nothing_done_later_changes_it(self):
        self.report()
        edition = make.edition(self.roadmap, by=self.reviewer)
        before = file_of(edition)
        self.client.force_login(self.observer)
        page = self.client.get(edition.get_absolute_url()).content
        self.kazakhstan.name = Texts(ru="Переименованная Сторона", en="Renamed")
        self.kazakhstan.save()
        self.roadmap.title = Texts(ru="Другой план", en="Other")
        self.roadmap.save()
        area = PriorityArea.objects.get(code="energy")
        area.name = Texts(ru="Топливо", en="Fuel")
        area.save()
        self.milestone.refresh_from_db()
        self.milestone.decide_control("dropped", basis="Решение", by=self.administrator, reason="cancelled")
        self.reviewer.name = "Другое имя"
        self.reviewer.save()
        with mock.patch.object(Timeliness.OVERDUE, "_label_", "Переименовано"):
            self.assertEqual(file_of(Edition.objects.get()), before)
            self.assertEqual(sealed_part(self.client.get(edition.get_absolute_url()).content), sealed_part(page))

    def test_deleting_a_draft_leaves_it(self):
        draft = make.roadmap("draft", state="draft")
        item = make.item(draft, wording={"ru": "Черновое мероприятие"})
        edition = make.edition(draft)
        before = file_of(edition)
        with change_set(by=self.administrator):
            item.delete()
        self.assertEqual(file_of(Edition.objects.get()), before)
        self.assertIn("Черновое мероприятие", before.decode())

    def test_texts_of_one_party_stay_with_it(self):
        self.report(narrative="Только для своих", audience="own")
        edition = make.edition(self.roadmap, by=self.kz_reviewer())
        self.assertNotIn("Только для своих", file_of(edition).decode())
        part = said(edition)[0]["milestones"][0]["parts"][0]
        self.assertEqual((part["report"]["is_open"], part["execution"]), (False, "completed"))
        self.assertEqual(said(edition)[0]["milestones"][0]["documents"], [])

    def kz_reviewer(self):
        """A reviewer who reads the text of Kazakhstan too."""
        make.grant(self.second_reviewer, Role.OBSERVER, roadmap=self.roadmap, party=self.kazakhstan)
        return self.second_reviewer

    def test_what_is_closed_to_all_today_is_not_taken_from_the_past(self):
        report = self.report(narrative="Было открыто всем")
        known = timezone.now()
        report.audience = "own"
        report.save()
        edition = make.edition(self.roadmap, by=self.reviewer, known_by=known)
        self.assertNotIn("Было открыто всем", file_of(edition).decode())

    def test_only_some_areas(self):
        road = make.item(self.roadmap, number="2.1", area_=make.area("transport"), parties={"KZ": "lead"})
        make.milestone(road)
        edition = make.edition(self.roadmap, by=self.reviewer, areas=[make.area("transport").pk])
        self.assertFalse(edition.is_whole)
        self.assertEqual([chapter.area.code for chapter in edition.chapters.all()], ["transport"])
        self.assertEqual([item["number"] for item in said(edition, "transport")], ["2.1"])

    def test_a_chain_through_the_installation(self):
        other = make.roadmap()
        first, second, third = make.edition(self.roadmap), make.edition(other), make.edition(self.roadmap)
        self.assertEqual([e.number for e in (first, second, third)], [1, 1, 2])
        self.assertEqual([e.previous for e in (first, second, third)], ["", first.sha256, second.sha256])

    def test_it_names_the_history_it_was_made_from_and_its_rules(self):
        edition = make.edition(self.roadmap)
        self.assertEqual(edition.anchor, Anchor.objects.last_added().sha256)
        self.assertEqual(edition.rules_version, rules_version())

    def test_a_correction_names_the_old_one(self):
        first = make.edition(self.roadmap, by=self.reviewer)
        with self.assertRaises(ValidationError):
            make.edition(self.roadmap, by=self.reviewer, corrects=first)
        second = make.edition(self.roadmap, by=self.reviewer, corrects=first, reason="Опечатка в сроке")
        first.refresh_from_db()
        self.assertEqual((first.corrected_by, second.number), (second, 2))
        with self.assertRaises(WrongState):
            make.edition(self.roadmap, by=self.second_reviewer, corrects=first, reason="И ещё раз")

    def test_a_second_click_is_not_a_second_edition(self):
        known = timezone.now()
        first = make.edition(self.roadmap, by=self.reviewer, known_by=known)
        self.assertEqual(make.edition(self.roadmap, by=self.reviewer, known_by=known), first)
        self.assertNotEqual(make.edition(self.roadmap, by=self.second_reviewer, known_by=known), first)

    def test_who_may(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        for person in (self.observer, self.kz_analyst, self.coordinator, self.stranger, elsewhere):
            with self.subTest(person), self.assertRaises(NotAllowed):
                make.edition(self.roadmap, by=person)
        with self.assertRaises(NotAllowed):
            make.edition(self.roadmap, by=elsewhere, areas=[make.area("energy").pk])
        make.edition(self.roadmap, by=elsewhere, areas=[make.area("transport").pk])
        make.edition(self.roadmap, by=self.administrator)

    def test_nothing_to_come(self):
        with self.assertRaises(ValidationError):
            make.edition(self.roadmap, by=self.reviewer, judged_on=self.roadmap.today() + timedelta(days=1))
        with self.assertRaises(ValidationError):
            make.edition(self.roadmap, by=self.reviewer, known_by=timezone.now() + timedelta(hours=1))

    def test_before_there_was_anything(self):
        with self.assertRaises(WrongState):
            day = {"judged_on": date(2020, 1, 1), "known_by": datetime(2020, 1, 2, tzinfo=UTC)}
            make.edition(self.roadmap, by=self.reviewer, **day)

    def test_it_is_only_added(self):
        edition = make.edition(self.roadmap)
        chapter = edition.chapters.first()
        for row in (edition, chapter):
            for verb in (row.save, row.delete):
                with self.assertRaises(NotImplementedError):
                    verb()
        for deed in (
            lambda: Edition.objects.update(title={}),
            lambda: Edition.objects.all().delete(),
            lambda: edition.chapters.all().delete(),
            lambda: edition.chapters.update(text="{}"),
        ):
            with self.assertRaises(NotImplementedError):
                deed()

    def test_its_questions_do_not_grow_with_the_plan(self):
        def questions():
            with CaptureQueriesContext(connection) as asked:
                make.edition(self.roadmap, by=self.reviewer)
            return len(asked)

        make.edition(self.roadmap, by=self.reviewer)  # with the first anchor
        few = questions()
        for number in range(20):
            make.milestone(make.item(self.roadmap, number=f"4.{number}"))
        make.edition(self.roadmap, by=self.reviewer)
        self.assertEqual(questions(), few)


def sealed_part(page):
    """A page without what stands around it, which is live."""
    return page.decode().partition("<dl")[2].partition("</main>")[0]


class BackgroundTest(TrackerTestCase):
    def setUp(self):
        self.enterContext(mock.patch.object(seal, "AT_ONCE", 0))
        self.client.force_login(self.reviewer)
        self.form = {"judged_on": "30.06.2026", "verb": "seal", "asked_at": timezone.now().isoformat()}

    def test_much_is_sealed_in_the_background(self):
        response = self.client.post("/r/plan/editions/seal/", self.form)
        job = Job.objects.get()
        self.assertRedirects(response, job.get_absolute_url())
        self.assertFalse(Edition.objects.exists())
        work_off()
        job.refresh_from_db()
        edition = Edition.objects.get()
        self.assertEqual((job.state, job.done, job.result["url"]), ("done", 1, edition.get_absolute_url()))
        self.assertEqual((edition.sealed_by, str(edition.judged_on)), (self.reviewer, "2026-06-30"))

    def test_asked_for_twice_it_is_one_job(self):
        for _time in range(2):
            self.client.post("/r/plan/editions/seal/", self.form)
        self.assertEqual(Job.objects.count(), 1)

    def test_cancelled_it_seals_nothing(self):
        real = seal.contents

        def cancelled_meanwhile(*args, **options):
            Job.objects.get().cancel()
            return real(*args, **options)

        self.client.post("/r/plan/editions/seal/", self.form)
        with mock.patch.object(seal, "contents", cancelled_meanwhile):
            work_off()
        self.assertEqual(Job.objects.get().state, "cancelled")
        self.assertFalse(Edition.objects.exists())

    def test_who_lost_the_right_meanwhile_seals_nothing(self):
        self.client.post("/r/plan/editions/seal/", self.form)
        self.reviewer.grants.get().delete()
        work_off()
        self.assertEqual(Job.objects.get().state, "failed")
        self.assertFalse(Edition.objects.exists())


class DecemberTest(Cast, TestCase):
    """A report on 31 December is compiled from what was accepted in January (domain.md §5)."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2025, 11, 1, tzinfo=UTC)):
            cls.enter_cast()
        cls.accept(cls.kz_commitment, cls.kz_analyst, done_on=date(2025, 12, 20), on=15)
        cls.accept(cls.ru_commitment, cls.ru_analyst, done_on=date(2026, 1, 10), on=16)
        with change_set(at=datetime(2026, 1, 25, tzinfo=UTC)):
            cls.item.note = Texts(ru="Записано после", en="Recorded after")
            cls.item.save()

    @classmethod
    def accept(cls, commitment, analyst, *, done_on, on):
        with change_set(at=datetime(2026, 1, on, tzinfo=UTC)):
            report = make.report(commitment_=commitment, state="draft", execution="completed", percent=100,
                                 done_on=done_on, narrative=f"Исполнено {done_on}", without_document=True)  # fmt: skip
            report.submit(by=analyst)
            report.accept(by=cls.reviewer)

    def seal(self, day):
        return make.edition(self.roadmap, by=self.reviewer, judged_on=date(2025, 12, 31), known_by=day)

    def test_what_was_accepted_in_january_of_what_was_done_in_december(self):
        edition = self.seal(datetime(2026, 1, 20, tzinfo=UTC))
        (milestone,) = said(edition)[0]["milestones"]
        kazakhstan, russia = milestone["parts"]
        self.assertEqual((kazakhstan["execution"], kazakhstan["done_on"]), ("completed", "2025-12-20"))
        self.assertEqual((russia["execution"], russia["done_on"]), ("in_progress", None))
        self.assertEqual((milestone["execution"], milestone["completed"]), ("partly", 1))
        self.assertEqual(kazakhstan["report"]["narrative"], "Исполнено 2025-12-20")
        self.assertNotIn("Записано после", file_of(edition).decode())

    def test_by_the_end_of_december_nothing_had_been_accepted(self):
        edition = self.seal(datetime(2026, 1, 1, tzinfo=UTC))
        (milestone,) = said(edition)[0]["milestones"]
        self.assertEqual([part["execution"] for part in milestone["parts"]], ["not_started", "not_started"])

    def test_sealed_later_it_says_the_same(self):
        first, second = (self.seal(datetime(2026, 1, 20, tzinfo=UTC)) for _time in range(2))
        self.assertEqual(first.contents, second.contents)
        self.assertEqual(json.loads(first.data)["judged_on"], "2025-12-31")
