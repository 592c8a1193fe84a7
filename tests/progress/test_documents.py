"""The register of documents: who finds what, what each proves, and the same document under another report."""

from datetime import UTC, date, datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.progress.models import Evidence, Proof
from tracker.roadmaps.models import Role

REGISTER = "/r/plan/documents/"


class Papers(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
            cls.second = make.milestone(cls.item, number="1.1.2", proof={"ru": "Подписанный протокол"})
            cls.round = make.round_(cls.roadmap)
            cls.kz_report = make.report(commitment_=cls.kz_commitment, round__=cls.round, state="accepted")
            cls.kz_second = make.report(
                commitment_=cls.second.commitments.get(party=cls.kazakhstan), round__=cls.round, state="draft"
            )
            cls.ru_report = make.report(commitment_=cls.ru_commitment, round__=cls.round, state="draft")
            cls.minutes = make.evidence(
                cls.kz_report, title="Протокол заседания «Ёлочный»", number="4/1", dated_on=date(2025, 12, 20),
                issued_by="Министерство энергетики",
            )  # fmt: skip
            cls.decree = make.evidence(
                cls.ru_report,
                title="Указ",
                kind="decree",
                address="https://example.org/ukaz",
                dated_on=date(2026, 1, 5),
            )
            cls.private = make.evidence(cls.kz_report, title="Только для своих", audience="own")

    def setUp(self):
        self.client.force_login(self.kz_analyst)

    def titles(self, query=""):
        response = self.client.get(REGISTER + query)
        self.assertEqual(response.status_code, 200)
        return [row.document.title.split()[0] for row in response.context["list"].page_rows]


class RegisterTest(Papers):
    def test_each_finds_what_they_may_read(self):
        for person, expected in (
            (self.kz_analyst, ["Только", "Протокол"]),
            (self.coordinator, ["Только", "Протокол"]),
            (self.reviewer, ["Только", "Протокол"]),
            (self.ru_analyst, ["Указ", "Протокол"]),
            (self.observer, ["Протокол"]),
        ):
            with self.subTest(str(person)):
                self.client.force_login(person)
                self.assertEqual(self.titles(), expected)
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(REGISTER).status_code, 404)

    def test_each_filter_finds_its_rows(self):
        self.kz_commitment.confirmation = "documented"
        self.kz_commitment.save()
        self.client.force_login(self.ru_analyst)
        for query, expected in (
            ("?kind=decree", ["Указ"]),
            ("?party=KZ", ["Протокол"]),
            ("?area=energy", ["Указ", "Протокол"]),
            ("?area=transport", []),
            ("?confirmation=documented", ["Протокол"]),
            ("?confirmation=confirmed", []),
            ("?kept=file", []),
            ("?kept=address", ["Указ", "Протокол"]),
            ("?year=2025", ["Протокол"]),
            ("?q=елочный", ["Протокол"]),
            ("?q=ЗАСЕДАНИЯ+4/1", ["Протокол"]),
            ("?q=энергетики", ["Протокол"]),
            ("?q=ukaz", ["Указ"]),
        ):
            with self.subTest(query):
                self.assertEqual(self.titles(query), expected)

    def test_it_sorts_by_any_column(self):
        self.assertEqual(self.titles("?sort=dated_on"), ["Протокол", "Только"])
        self.assertEqual(self.titles("?sort=-dated_on"), ["Протокол", "Только"])
        for sort in ("title", "kind", "-issued_by", "party", "size"):
            self.assertEqual(len(self.titles(f"?sort={sort}")), 2)

    def test_bad_values_are_words_at_most(self):
        for query in ("?year=abc", "?kept=x", "?q=%00", "?party=<script>", "?page=x", "?sort=нет"):
            with self.subTest(query):
                self.assertNotContains(self.client.get(REGISTER + query), "<script>")

    def test_one_document_proves_several_milestones_each_with_what_counts_as_proof(self):
        self.minutes.prove(self.kz_second)
        row = self.client.get(REGISTER + "?q=ёлочный").context["list"].page_rows[0]
        self.assertEqual([milestone.number for milestone in row.milestones], ["1.1.1", "1.1.2"])
        response = self.client.get(REGISTER)
        self.assertContains(response, f"/r/plan/items/{self.item.pk}/#m{self.second.pk}")
        self.assertContains(response, "Подписанный протокол")

    def test_a_draft_that_it_stands_under_is_not_shown_to_others(self):
        self.minutes.prove(self.kz_second)
        self.client.force_login(self.observer)
        row = self.client.get(REGISTER).context["list"].page_rows[0]
        self.assertEqual([milestone.number for milestone in row.milestones], ["1.1.1"])

    def test_the_same_file_under_another_record_is_named(self):
        Evidence.objects.filter(pk__in=[self.minutes.pk, self.private.pk]).update(checksum="a" * 64)
        Proof.objects.get(evidence=self.private).delete()
        self.private.prove(self.kz_second)
        by_title = {r.document.pk: r for r in self.client.get(REGISTER).context["list"].page_rows}
        self.assertEqual([p.report for p in by_title[self.minutes.pk].same], [self.kz_second])
        self.assertEqual([p.report for p in by_title[self.private.pk].same], [self.kz_report])
        self.assertContains(self.client.get(REGISTER), "The same file also under:")
        self.client.force_login(self.observer)
        self.assertNotContains(self.client.get(REGISTER), "The same file also under:")

    def test_a_file_shows_its_checksum_and_is_downloaded(self):
        document = Evidence(roadmap=self.roadmap, party=self.kazakhstan, title="Акт")
        document.keep_file(SimpleUploadedFile("акт.txt", "Акт подписан".encode()), "text/plain")
        document.save()
        self.addCleanup(document.file.delete, save=False)
        document.prove(self.kz_report)
        response = self.client.get(REGISTER + "?kept=file")
        for text in (document.checksum, "акт.txt", f'href="/evidence/{document.pk}/"'):
            self.assertContains(response, text)
        document.proofs.all().delete()
        self.assertContains(self.client.get(REGISTER + "?kept=file"), "no report that you may read")

    def test_a_past_day_shows_what_stood_then_by_the_rights_of_today(self):
        self.client.force_login(self.observer)
        self.assertEqual(self.titles("?on=2026-02-01"), ["Протокол"])
        self.assertEqual(self.titles("?on=2026-01-01"), [])
        row = self.client.get(REGISTER + "?on=2026-02-01").context["list"].page_rows[0]
        self.assertEqual((len(row.milestones), row.may_attach), (1, False))
        self.kz_report.audience = "own"
        self.kz_report.save()
        self.assertEqual(self.titles("?on=2026-02-01"), [])

    def test_the_query_count_does_not_grow_with_the_rows(self):
        self.client.get(REGISTER)
        with self.assertNumQueries(12):
            self.client.get(REGISTER)
        for number in range(20):
            make.evidence(self.kz_report, title=f"Документ {number}").prove(self.kz_second)
        with self.assertNumQueries(12):
            self.client.get(REGISTER)


class AttachTest(Papers):
    def setUp(self):
        super().setUp()
        self.address = f"/evidence/{self.minutes.pk}/attach/"

    def post(self, report=None):
        return self.client.post(self.address, {"report": (report or self.kz_second).pk})

    def test_the_register_leads_to_it_and_it_offers_what_is_being_written(self):
        self.assertContains(self.client.get(REGISTER), self.address)
        response = self.client.get(self.address)
        self.assertEqual([report.pk for report in response.context["reports"]], [self.kz_second.pk])
        self.assertContains(response, "Подписанный протокол")
        self.assertEqual(list(self.client.get(self.address + "?q=нет").context["reports"]), [])

    def test_it_works_and_is_recorded(self):
        response = self.post()
        self.assertRedirects(response, f"/reports/{self.kz_second.pk}/#documents", fetch_redirect_response=False)
        proof = Proof.objects.get(report=self.kz_second)
        self.assertEqual((proof.evidence, proof.commitment), (self.minutes, self.kz_second.commitment))
        self.assertEqual(ChangeSet.objects.latest("pk").person, self.kz_analyst)
        self.assertEqual([author.user for author in self.kz_second.authors.all()], [self.kz_analyst])

    def test_pressed_twice_it_is_attached_once(self):
        self.assertEqual([self.post().status_code for _twice in range(2)], [302, 302])
        self.assertEqual(Proof.objects.filter(report=self.kz_second).count(), 1)

    def test_a_report_that_was_sent_takes_no_more(self):
        self.kz_second.state = "submitted"
        self.kz_second.save()
        self.assertEqual(self.post().status_code, 409)
        self.assertFalse(Proof.objects.filter(report=self.kz_second).exists())

    def test_another_partys_report_is_not_there(self):
        self.assertEqual(self.post(self.ru_report).status_code, 404)
        make.grant(self.kz_analyst, Role.ANALYST, roadmap=self.roadmap, party=self.russia)
        self.assertContains(self.post(self.ru_report), "belongs to another party", status_code=409)
        self.assertEqual(Proof.objects.filter(evidence=self.minutes).count(), 1)

    def test_who_does_not_write_for_the_party_is_told_so(self):
        for person, status in (
            (self.ru_analyst, 403), (self.reviewer, 403), (self.coordinator, 403), (self.observer, 403),
            (self.stranger, 404),
        ):  # fmt: skip
            with self.subTest(str(person)):
                self.client.force_login(person)
                self.assertEqual(self.client.get(self.address).status_code, status)
                self.assertEqual(self.post().status_code, status)
        self.assertFalse(Proof.objects.filter(report=self.kz_second).exists())

    def test_without_a_choice_it_asks_for_one(self):
        for value in ("", "x", "99999999999999999999999"):
            response = self.client.post(self.address, {"report": value})
            self.assertIn(response.status_code, (400, 404))
        self.assertContains(self.client.post(self.address), "Choose a report.", status_code=400)
