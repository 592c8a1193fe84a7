import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from tests import make
from tests.base import TrackerTestCase
from tracker.progress import uploads
from tracker.progress.models import Evidence, Report
from tracker.progress.uploads import OOXML, Refused, check_upload

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 64
TYPES = '<Types xmlns="x"><Override PartName="/{part}" ContentType="{kind}.main+xml"/></Types>'


def zipped(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return file.getvalue()


def office(kind, part="word/document.xml", *more):
    return zipped([("[Content_Types].xml", TYPES.format(part=part, kind=kind)), (part, "<w/>"), *more])


WORD, EXCEL = OOXML + "wordprocessingml.document", OOXML + "spreadsheetml.sheet"
TEXT = "application/vnd.oasis.opendocument.text"
DOCX = office(WORD)
XLSX = office(EXCEL, "xl/workbook.xml")
PPTX = office(OOXML + "presentationml.presentation", "ppt/presentation.xml")
ODT = zipped([("mimetype", TEXT), ("content.xml", "<x/>")])
ODS = zipped([("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "<x/>")])


def upload(content, name):
    return SimpleUploadedFile(name, content, content_type="text/html")  # what the browser says does not matter


class ContentTest(TrackerTestCase):
    def test_accepted_by_content(self):
        for content, name, kind in (
            (PDF, "протокол.pdf", "application/pdf"),
            (PNG, "снимок.PNG", "image/png"),
            (JPEG, "снимок.jpeg", "image/jpeg"),
            (DOCX, "отчёт.docx", OOXML + "wordprocessingml.document"),
            (XLSX, "таблица.xlsx", OOXML + "spreadsheetml.sheet"),
            (PPTX, "показ.pptx", OOXML + "presentationml.presentation"),
            (ODT, "письмо.odt", "application/vnd.oasis.opendocument.text"),
            (ODS, "таблица.ods", "application/vnd.oasis.opendocument.spreadsheet"),
            ("Ёлка, мост\n".encode(), "заметка.txt", "text/plain"),
            ("\ufeffГод;Объём\n2026;5\n".encode(), "данные.csv", "text/csv"),
        ):
            self.assertEqual(check_upload(upload(content, name)), kind, name)

    def test_refused(self):
        macro = "application/vnd.ms-word.document.macroEnabled"
        for content, name, sentence in (
            (b"", "пусто.pdf", "The file is empty"),
            (b"<!DOCTYPE html><script>alert(1)</script>", "страница.html", "is not accepted"),
            (b"<!DOCTYPE html><script>alert(1)</script>", "страница.txt", "Web pages and programs"),
            (b"  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "рисунок.csv", "Web pages and programs"),
            (b"<svg/>", "рисунок.svg", "is not accepted"),
            (b"#!/bin/sh\nrm -rf /\n", "скрипт.txt", "Web pages and programs"),
            (b"MZ\x90\0" + b"\0" * 100, "программа.pdf", "is not accepted"),
            (b"\x7fELF" + b"\0" * 100, "программа.txt", "is not accepted"),
            (b"GIF89a" + b"\0" * 20, "картинка.png", "is not accepted"),
            ("текст в старой кодировке".encode("cp1251"), "заметка.txt", "not in UTF-8"),
            (b"a\0b", "заметка.txt", "are not text"),
            (PDF, "протокол.html", "the content is PDF"),
            (PDF, "протокол.pdf.exe", "the content is PDF"),
            (PDF, "протокол", "the content is PDF"),
            (DOCX, "отчёт.docm", "the content is DOCX"),
            (zipped([("a.txt", "текст")]), "архив.zip", "Archives are not accepted"),
            (zipped([("a.txt", "текст")]), "архив.docx", "Archives are not accepted"),
            (zipped([("mimetype", "text/html"), ("content.xml", "")]), "письмо.odt", "Archives are not accepted"),
            (office(macro), "отчёт.docx", "contains macros"),
            (office(WORD, "word/document.xml", ("word/vbaProject.bin", "x")), "а.docx", "contains macros"),
            (office(EXCEL, "xl/workbook.xml", ("xl/macrosheets/1.xml", "x")), "а.xlsx", "contains macros"),
            (zipped([("mimetype", TEXT), ("content.xml", ""), ("Basic/a.xml", "")]), "а.odt", "contains macros"),
            (DOCX[:60], "отчёт.docx", "damaged"),
            (b"PK\x03\x04" + b"\0" * 500, "отчёт.docx", "damaged"),
        ):  # fmt: skip
            with self.subTest(name=name, content=content[:20]), self.assertRaisesMessage(Refused, sentence):
                check_upload(upload(content, name))

    def test_what_would_expand_beyond_measure_is_refused_without_unpacking(self):
        bomb = zipped([("[Content_Types].xml", TYPES), ("word/document.xml", b"\0" * 30_000_000)])
        crowd = zipped([("[Content_Types].xml", TYPES), *((f"word/{i}.xml", "") for i in range(uploads.MEMBERS))])
        for content in (bomb, crowd):
            self.assertLess(len(content), 1_000_000)
            with self.assertRaisesMessage(Refused, "would expand"):
                check_upload(upload(content, "отчёт.docx"))

    def test_the_limit(self):
        with override_settings(UPLOAD_LIMIT=20), self.assertRaisesMessage(Refused, "the limit is 20"):
            check_upload(upload(PDF, "протокол.pdf"))

    def test_the_name_loses_what_misleads(self):
        tidy = uploads.tidy_name
        self.assertEqual(tidy("Протокол \u202efdp.exe\r\n№ 4.pdf"), "Протокол fdp.exe № 4.pdf")
        self.assertEqual(tidy("../../etc/passwd"), "....etcpasswd")
        self.assertEqual(len(tidy("я" * 400 + ".pdf")), 200)


class FilesTestCase(TrackerTestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = override_settings(MEDIA_ROOT=folder.name)
        settings.enable()
        self.addCleanup(settings.disable)
        self.folder = Path(folder.name)
        self.report = make.report(commitment_=self.kz_commitment, round__=make.round_(self.roadmap), state="draft")
        self.client.force_login(self.kz_analyst)

    def attach(self, content=PDF, name="Протокол № 4 (подписан).pdf", **document):
        document = {"file": upload(content, name), "kind": "minutes", "audience": "all", "number": "4"} | document
        version = Report.objects.get(pk=self.report.pk).version
        return self.client.post(
            f"/reports/{self.report.pk}/",
            {
                "verb": "attach",
                "version": version,
                "execution": "completed",
                "narrative": "Сделано",
                "done_on": "20.03.2026",
                "audience": "all",
            }
            | {f"document-{field}": value for field, value in document.items()},
        )

    def stored(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]


class UploadTest(FilesTestCase):
    def test_it_works(self):
        self.assertEqual(self.attach().status_code, 302)
        document = self.report.proofs.get().evidence
        self.assertEqual(
            (
                document.title,
                document.file_name,
                document.size,
                document.content_type,
                document.kind,
                document.added_by,
            ),
            (
                "Протокол № 4 (подписан).pdf",
                "Протокол № 4 (подписан).pdf",
                len(PDF),
                "application/pdf",
                "minutes",
                self.kz_analyst,
            ),
        )
        self.assertRegex(document.file.name, r"^evidence/[0-9a-f]{32}$")
        self.assertEqual([path.read_bytes() for path in self.stored()], [PDF])
        self.assertEqual(Report.objects.get().narrative, "Сделано")

    def test_a_refused_file_says_why_at_its_field_and_the_text_is_kept(self):
        response = self.attach(b"<html></html>", "страница.html", title="Мой протокол")
        self.assertContains(response, "This kind of file is not accepted", status_code=400)
        self.assertContains(response, "A file must be chosen again", status_code=400)
        self.assertContains(response, 'value="Мой протокол"', status_code=400)
        self.assertEqual((Evidence.objects.count(), self.stored(), Report.objects.get().narrative), (0, [], "Сделано"))

    def test_the_same_file_twice_is_one(self):
        self.attach()
        self.attach(name="Другое имя.pdf")
        self.assertEqual((Evidence.objects.count(), len(self.stored())), (1, 1))

    def test_the_same_file_elsewhere_is_pointed_out(self):
        other = make.milestone(self.item, number="1.1.9").commitments.get(party=self.kazakhstan)
        elsewhere = make.report(commitment_=other, state="draft")
        self.attach()
        document = Evidence.objects.get()
        make.evidence(elsewhere, address="", file="evidence/x", checksum=document.checksum)
        page = self.client.get(f"/reports/{self.report.pk}/")
        self.assertContains(page, "already in another report")
        self.assertContains(page, f'href="/reports/{elsewhere.pk}/"')

    def test_a_file_and_an_address_at_once_are_told_apart(self):
        response = self.attach(address="https://example.org/a")
        self.assertContains(response, "Attach one document at a time", status_code=400)
        self.assertEqual((Evidence.objects.count(), self.stored()), (0, []))

    def test_nothing_is_stored_for_a_report_that_was_sent_meanwhile(self):
        Report.objects.update(state="submitted")
        self.assertEqual(self.attach().status_code, 409)
        self.assertEqual((Evidence.objects.count(), self.stored()), (0, []))

    def test_others_may_not(self):
        self.client.force_login(self.coordinator)
        self.assertEqual(self.attach().status_code, 403)
        self.client.force_login(self.ru_analyst)
        self.assertEqual(self.attach().status_code, 404)
        self.assertEqual((Evidence.objects.count(), self.stored()), (0, []))


class DownloadTest(FilesTestCase):
    def setUp(self):
        super().setUp()
        self.attach()
        self.document = Evidence.objects.get()
        self.url = f"/evidence/{self.document.pk}/"

    def test_it_is_sent_to_be_kept_and_never_shown(self):
        response = self.client.get(self.url)
        self.assertEqual(b"".join(response.streaming_content), PDF)
        self.assertEqual(
            response["Content-Disposition"],
            "attachment; filename*=utf-8''%D0%9F%D1%80%D0%BE%D1%82%D0%BE%D0%BA%D0%BE%D0%BB%20%E2%84%96%204%20"
            "%28%D0%BF%D0%BE%D0%B4%D0%BF%D0%B8%D1%81%D0%B0%D0%BD%29.pdf",
        )
        self.assertEqual(response["Content-Type"], "application/pdf")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response["Content-Security-Policy"], "sandbox; default-src 'none'")
        self.assertIn("no-store", response["Cache-Control"])

    def test_rights_follow_the_report(self):
        everyone = {
            "kz": self.kz_analyst, "coordinator": self.coordinator, "reviewer": self.reviewer, "ru": self.ru_analyst,
            "observer": self.observer, "stranger": self.stranger,
        }  # fmt: skip
        own = {"kz", "coordinator"}
        for state, audience, expected in (
            ("draft", "all", own),
            ("returned", "all", own),
            ("submitted", "all", own | {"reviewer"}),
            ("accepted", "all", own | {"reviewer", "ru", "observer"}),
            ("accepted", "own", own | {"reviewer"}),
        ):
            Report.objects.update(state=state)
            Evidence.objects.update(audience=audience)
            for name, user in everyone.items():
                self.client.force_login(user)
                status = self.client.get(self.url).status_code
                self.assertEqual(status, 200 if name in expected else 404, (state, audience, name))

    def test_signed_out(self):
        self.client.logout()
        self.assertRedirects(
            self.client.get(self.url), f"/account/login/?next={self.url}", fetch_redirect_response=False
        )

    def test_a_missing_file_is_told_in_words(self):
        for path in self.stored():
            path.unlink()
        self.assertContains(self.client.get(self.url), "its file is missing", status_code=404)

    def test_hostile_addresses_and_methods(self):
        for pk in (0, 10**30):
            self.assertEqual(self.client.get(f"/evidence/{pk}/").status_code, 404)
        self.assertEqual(self.client.post(self.url).status_code, 405)

    def test_an_address_is_a_page_with_a_link(self):
        document = make.evidence(self.report, address="https://example.org/протокол")
        self.assertContains(self.client.get(f"/evidence/{document.pk}/"), 'rel="noreferrer noopener external"')

    def test_an_address_that_could_do_harm_is_no_link(self):
        document = make.evidence(self.report, address="javascript:alert(1)")
        page = self.client.get(f"/evidence/{document.pk}/")
        self.assertContains(page, "javascript:alert(1)")
        self.assertNotContains(page, 'href="javascript')
