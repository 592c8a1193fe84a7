"""Files that come in and go out: what tests/progress/test_evidence.py does not ask."""

import io
import os
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import unquote

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.lib.receiving import FAR
from tracker.progress.models import Evidence
from tracker.progress.uploads import NAMES, OOXML, Refused, check_upload

from .base import signed_in

PDF = b"%PDF-1.7\n1 0 obj\n"
TYPES = (
    f'<Types><Override PartName="/word/document.xml" ContentType="{OOXML}wordprocessingml.document.main+xml"/></Types>'
)


def document(*more, comment=b""):
    """A Word document, with whatever else is put into it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in [("[Content_Types].xml", TYPES), ("word/document.xml", "<w/>"), *more]:
            made.writestr(name, content)
        made.comment = comment
    return file.getvalue()


class ContentTest(TrackerTestCase):
    def refuse(self, content, name, sentence=""):
        with self.subTest(name, content=content[:30]), self.assertRaisesMessage(Refused, sentence):
            check_upload(SimpleUploadedFile(name, content, content_type="application/pdf"))

    def test_pages_and_programs_by_any_other_name(self):
        for content, name in (
            (b"<html><script>alert(1)</script>", "а.pdf"),
            (b"\xef\xbb\xbf<svg onload=alert(1)>", "а.txt"),
            (b"\n\n\n   <SCRIPT>alert(1)</SCRIPT>", "а.csv"),
            (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>", "а.txt"),
            (b"<%@ page %>", "а.txt"),
            (b"<?php system('id');", "а.csv"),
            (b"#!/usr/bin/env python\n", "а.txt"),
            (b"MZ\x90\x00", "а.docx"),
            (b"\x7fELF\x02\x01", "а.png"),
            (b"\xca\xfe\xba\xbe\x00\x00\x00\x34", "а.pdf"),
            (b"Rar!\x1a\x07\x00", "а.docx"),
            (b"7z\xbc\xaf\x27\x1c", "а.xlsx"),
            (b"\x1f\x8b\x08", "а.csv"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "а.doc"),  # the old Office: macros unseen
            (b"{\\rtf1 {\\object\\objocx}}", "а.rtf"),
            ("<html>".encode("utf-16"), "а.txt"),
            (b"+ADw-script+AD4-alert(1)\x00", "а.txt"),
            (b"%!PS-Adobe-3.0\n(%PDF-1.7)", "а.eps"),
            (b"RIFF\x00\x00\x00\x00WEBP", "а.png"),
        ):
            self.refuse(content, name)

    def test_two_things_at_once(self):
        """Files that one program reads as a picture and another as a page: of no use where nothing is ever shown."""
        for content, name, kind in (
            (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "а.png", "image/png"),
            (b"\xff\xd8\xff\xe0<html><script>alert(1)</script>", "а.jpg", "image/jpeg"),
            (PDF + document(), "а.pdf", "application/pdf"),
        ):
            self.assertEqual(check_upload(SimpleUploadedFile(name, content, content_type="text/html")), kind)
        self.refuse(b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "а.html")
        self.refuse(b"MZ" + document(), "а.docx")  # a program with a document behind it
        self.refuse(b"<html>" + document(), "а.docx")

    def test_office_documents_with_something_in_them(self):
        for member in (
            "word/vbaProject.bin",
            "word/VBAPROJECT.BIN",
            "word\\vbaData.xml",
            "xl/macrosheets/sheet1.xml",
            "word/activeX/activeX1.bin",
        ):
            self.refuse(document((member, b"x")), "а.docx", "contains macros")
        self.refuse(document()[:-10], "а.docx", "damaged")
        self.refuse(
            document((f"{'a/' * 3000}x", b"x"), *((f"{n}.xml", b"") for n in range(2000))), "а.docx", "would expand"
        )

    def test_a_directory_that_lies_about_its_sizes(self):
        """The directory promises little; what is really unpacked is bounded all the same."""
        honest = document(("[Content_Types].xml", TYPES + " " * 3_000_000))
        at = honest.rfind(b"PK\x01\x02")
        forged = honest[: at + 24] + (100).to_bytes(4, "little") + honest[at + 28 :]
        with (
            patch("zipfile.ZipExtFile.read", autospec=True, side_effect=zipfile.ZipExtFile.read) as read,
            suppress(Refused),
        ):
            check_upload(SimpleUploadedFile("а.docx", forged))
        self.assertTrue(read.call_args_list)
        self.assertTrue(all(0 < call.args[1] <= NAMES for call in read.call_args_list))
        with patch("tracker.progress.uploads.NAMES", 10), self.assertRaises(Refused):
            check_upload(SimpleUploadedFile("а.docx", document()))

    def test_names(self):
        made = SimpleUploadedFile("x.pdf", PDF)
        for name in (
            "..",
            "a/../../etc/passwd.pdf",
            "C:\\Windows\\system32\\а.pdf",
            "\u202egpj.pdf",
            "con.pdf",
            "а\0.pdf",
            "‏а.pdf",
            "а\r\nContent-Type: text/html\r\n\r\n.pdf",
            '"; filename=x.html.pdf',
            "я" * 300 + ".pdf",
            ".pdf",
            " . pdf",
        ):
            made._name = name  # past Django's own tidying, as a storage or an API might bring it
            try:
                check_upload(made)
            except Refused:
                continue
            self.assertNotRegex(made.name, r'[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200e\u200f/\\"]')
            self.assertLessEqual(len(made.name), 200)
            self.assertTrue(made.name.endswith(".pdf"), made.name)


class DownloadTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        make.round_(cls.roadmap)
        cls.report = make.report(commitment_=cls.kz_commitment)

    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.enterContext(override_settings(MEDIA_ROOT=folder.name))
        self.client = signed_in(self.kz_analyst)

    def attach(self, name, content=PDF):
        sent = typed(self.client.get(f"/reports/{self.report.pk}/"), verb="attach")
        sent["document-file"] = SimpleUploadedFile(name, content, content_type="text/html")
        response = self.client.post(f"/reports/{self.report.pk}/", sent)
        self.assertEqual(response.status_code, 302)
        return Evidence.objects.latest("pk")

    def test_a_long_cyrillic_name_comes_back(self):
        kept = self.attach("Ё" + "я" * 299 + ".pdf")
        response = self.client.get(f"/evidence/{kept.pk}/")
        name = unquote(re.search(r"filename\*=utf-8''(\S+)", response["Content-Disposition"], re.I)[1])
        self.assertTrue(name.endswith("яяя.pdf"))
        self.assertLessEqual(len(name), 200)
        self.assertEqual(b"".join(response.streaming_content), PDF)

    def test_what_is_stored_tells_nothing(self):
        kept = self.attach("Тайна.pdf")
        stored = Path(kept.file.path)
        self.assertRegex(stored.name, r"^[0-9a-f]{32}$")
        self.assertEqual(stored.stat().st_mode & 0o777, 0o640)
        for where in (
            f"/media/{kept.file.name}",
            f"/static/{kept.file.name}",
            f"/{kept.file.name}",
            f"/static/../media/{kept.file.name}",
        ):
            self.assertNotEqual(Client().get(where).status_code, 200)
            self.assertNotEqual(self.client.get(where).status_code, 200)

    def test_every_download_is_inert(self):
        kept = self.attach("а.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>")
        for headers in ({}, {"HTTP_RANGE": "bytes=0-3"}, {"HTTP_ACCEPT": "text/html"}, {"HTTP_IF_NONE_MATCH": "*"}):
            response = self.client.get(f"/evidence/{kept.pk}/", **headers)
            self.assertEqual(response.status_code, 200)
            self.assertTrue(response["Content-Disposition"].startswith("attachment"))
            self.assertEqual(response["X-Content-Type-Options"], "nosniff")
            self.assertIn("sandbox", response["Content-Security-Policy"])
            self.assertIn("no-store", response["Cache-Control"])
            self.assertEqual(response["Content-Type"], "image/png")
            self.assertEqual(response["Cross-Origin-Resource-Policy"], "same-origin")
            b"".join(response.streaming_content)  # read to its end, it closes its file

    def test_a_stored_type_that_runs_is_not_served_as_such(self):
        """Even where a row says text/html: it is never shown, and has no origin."""
        kept = self.attach("а.pdf")
        with self.subTest("as stored"):
            kept.content_type = "text/html"
            kept.save()
            response = self.client.get(f"/evidence/{kept.pk}/")
            self.assertTrue(response["Content-Disposition"].startswith("attachment"))
            self.assertIn("sandbox", response["Content-Security-Policy"])
            b"".join(response.streaming_content)  # read to its end, it closes its file


class SizeTest(TrackerTestCase):
    """What is too long is not put on the disk first."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        make.round_(cls.roadmap)
        cls.report = make.report(commitment_=cls.kz_commitment)

    def setUp(self):
        self.where = f"/reports/{self.report.pk}/"
        self.written = []

        def note(handler, data, start):
            self.written.append(len(data))
            handler.file.write(data)

        self.enterContext(patch.object(TemporaryFileUploadHandler, "receive_data_chunk", note))

    def announce(self, client, where, length, kind="multipart/form-data; boundary=x"):
        """A request that says it is so long; whatever reads its body fails the test."""
        return client.generic("POST", where, b"x", kind, CONTENT_LENGTH=str(length), **{"wsgi.input": Unread()})

    def test_far_too_long_is_refused_unread_in_words(self):
        for length in (FAR * settings.UPLOAD_LIMIT + 1, 10**12, 10**18):
            for client, where in (
                (signed_in(self.kz_analyst), self.where),
                (Client(), self.where),
                (Client(enforce_csrf_checks=True), "/account/login/"),
                (Client(), "/language/"),
                (signed_in(self.administrator), "/admin/roadmaps/item/add/"),
            ):
                with self.subTest(where, length=length):
                    response = self.announce(client, where, length)
                    self.assertEqual(response.status_code, 413)
                    self.assertContains(response, "A file may have up to 25", status_code=413)
        self.assertEqual(self.written, [])

    def test_a_long_form_without_files_too(self):
        for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
            response = self.announce(Client(), "/account/login/", settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, kind)
            self.assertIn(response.status_code, (200, 400, 413), kind)  # what is no form is not read at all
        self.assertEqual(self.written, [])

    def test_somewhat_too_long_says_so_and_keeps_the_text(self):
        """A slip of the hand: the sentence stands at the file, and nothing beyond the limit was kept."""
        client = signed_in(self.kz_analyst)
        with override_settings(UPLOAD_LIMIT=100_000, FILE_UPLOAD_MAX_MEMORY_SIZE=0):
            sent = typed(
                client.get(self.where), verb="attach", narrative="Не пропадёт", execution="in_progress", percent="10"
            )
            sent["document-file"] = SimpleUploadedFile("а.pdf", PDF + os.urandom(350_000))
            response = client.post(self.where, sent)
        self.assertContains(response, "the limit is 97", status_code=400)
        self.assertContains(response, "Не пропадёт", status_code=400)
        self.report.refresh_from_db()
        self.assertEqual(self.report.narrative, "Не пропадёт")
        self.assertFalse(Evidence.objects.exists())
        self.assertLessEqual(sum(self.written), 100_000)

    def test_many_files_are_one_amount(self):
        client = signed_in(self.kz_analyst)
        with override_settings(UPLOAD_LIMIT=100_000, FILE_UPLOAD_MAX_MEMORY_SIZE=0):
            sent = {f"file{n}": SimpleUploadedFile(f"{n}.pdf", PDF + os.urandom(60_000)) for n in range(6)}
            self.assertLess(client.post(self.where, sent).status_code, 500)
        self.assertLessEqual(sum(self.written), 100_000)

    def test_what_fits_is_taken(self):
        client = signed_in(self.kz_analyst)
        with TemporaryDirectory() as folder, override_settings(MEDIA_ROOT=folder):
            sent = typed(client.get(self.where), verb="attach")
            content = PDF + os.urandom(50_000)
            sent["document-file"] = SimpleUploadedFile("а.pdf", content)
            self.assertEqual(client.post(self.where, sent).status_code, 302)
            self.assertEqual(Evidence.objects.get().file.read(), content)

    def test_more_files_or_fields_than_any_form_has(self):
        client = signed_in(self.kz_analyst)
        response = client.post(self.where, {f"f{n}": SimpleUploadedFile(f"{n}.pdf", b"x") for n in range(200)})
        self.assertEqual(response.status_code, 413)
        response = client.post(self.where, {f"f{n}": "x" for n in range(2000)})
        self.assertEqual(response.status_code, 413)


class Unread:
    """The body of a request that nobody may read."""

    def read(self, *args):
        raise AssertionError("the body was read")

    readline = read
