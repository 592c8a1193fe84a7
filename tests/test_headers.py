"""Every answer carries the headers of quality.md, whatever its status; `lacking` is asked of every address, too."""

import re
import tempfile
from functools import cache
from http import HTTPStatus
from pathlib import Path
from unittest import mock

from csp.utils import build_policy
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client, SimpleTestCase, override_settings

from tests import make
from tests.base import TrackerTestCase
from tracker.lib.headers import ALWAYS, NEVER_KEPT

HSTS = "max-age=31536000; includeSubDomains; preload"
VARIES = {"Cookie", "Accept-Language", "HX-Request"}
INERT = "sandbox; default-src 'none'"  # of downloads
INLINE = re.compile(
    r"""<script(?![^>]*\b(?:src=|type="application/json"))|<style\b|<[^>]*\s(?:style|on\w+)=["']|["']javascript:"""
)


@cache
def policy():
    return build_policy()


def lacking(response, path):
    """What the headers of an answer lack or have too much, in words."""
    headers, found = response.headers, []
    found += [name for name, value in ALWAYS.items() if headers.get(name) != value]
    is_download = headers.get("Content-Disposition", "").startswith("attachment")
    if headers.get("Content-Security-Policy") not in [policy(), *([INERT] if is_download else [])]:
        found.append("Content-Security-Policy")
    kept = headers.get("Cache-Control", "")
    if path.startswith(NEVER_KEPT) or is_download:
        if "no-store" not in kept or "private" not in kept:
            found.append(f"Cache-Control: {kept}")
    elif not path.startswith("/static/"):
        if "private" not in kept or not ("no-cache" in kept or "no-store" in kept):
            found.append(f"Cache-Control: {kept}")
        if not {name.strip() for name in headers.get("Vary", "").split(",")} >= VARIES:
            found.append("Vary")
    return found + [name for name in ("Access-Control-Allow-Origin", "X-Powered-By", "Server") if name in headers]


@override_settings(
    SECURE_HSTS_SECONDS=31536000, SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=True,
    ACCOUNT_RATE_LIMITS={"login": "1/m/ip"},
)  # fmt: skip
class EveryStatusTest(TrackerTestCase):
    """Over HTTPS, as an installation answers."""

    def setUp(self):
        self.client = Client(raise_request_exception=False)

    def assert_whole(self, response, status, path="/"):
        self.assertEqual(response.status_code, status, HTTPStatus(response.status_code).phrase)
        self.assertEqual(lacking(response, path), [])
        self.assertEqual(response["Strict-Transport-Security"], HSTS)

    def get(self, path, person=None, **options):
        if person:
            self.client.force_login(person)
        return self.client.get(path, secure=True, **options)

    def post(self, path, data=None, person=None, **options):
        if person:
            self.client.force_login(person)
        return self.client.post(path, data, secure=True, **options)

    def test_pages(self):
        self.assert_whole(self.get("/account/login/"), 200, "/account/login/")
        for path in ("/r/plan/", "/account/", "/admin/", "/admin/roadmaps/item/", "/people/", "/security/"):
            self.assert_whole(self.get(path, self.administrator), 200, path)

    def test_redirects(self):
        self.assert_whole(self.get("/desk/"), 302)
        self.assert_whole(self.get("/desk", self.observer), 301)
        self.assert_whole(self.post("/language/"), 302)

    @override_settings(SECURE_SSL_REDIRECT=True)
    def test_the_way_to_https(self):
        response = Client().get("/desk/")
        self.assertEqual((response.status_code, response["Location"]), (301, "https://testserver/desk/"))
        self.assertEqual(lacking(response, "/desk/"), [])
        self.assertNotIn("Strict-Transport-Security", response)  # it counts over HTTPS alone

    def test_a_piece_of_a_page_whose_session_has_ended(self):
        self.assert_whole(self.get("/r/plan/milestones/", headers={"HX-Request": "true"}), 204)

    def test_what_cannot_be_read(self):
        self.assert_whole(self.get("/r/plan/", self.observer, headers={"Host": "evil.example"}), 400)
        self.assert_whole(self.post("/language/", "x", content_type="multipart/form-data; boundary="), 400)
        self.assert_whole(self.post("/language/", "x", content_type="multipart/form-data"), 400)

    def test_refusals(self):
        self.assert_whole(self.get("/review/", self.observer), 403)
        self.assert_whole(self.get("/people/", self.observer), 403, "/people/")
        self.assert_whole(self.get("/admin/roadmaps/item/", self.observer), 403, "/admin/")
        self.assert_whole(self.get("/nothing/"), 404)
        self.assert_whole(self.get("/r/nothing/", self.observer), 404)
        self.assert_whole(self.post("/r/plan/", person=self.observer), 405)
        self.assert_whole(self.client.put("/r/plan/", secure=True), 405)

    def test_a_form_of_another_site(self):
        client = Client(enforce_csrf_checks=True)
        self.assert_whole(client.post("/language/", secure=True, headers={"Origin": "https://evil.example"}), 403)

    def test_a_verb_out_of_place(self):
        draft = make.report(commitment_=self.kz_commitment, state="draft", author=self.kz_analyst)
        self.assert_whole(self.post(f"/reports/{draft.pk}/withdraw/", person=self.kz_analyst), 409)

    def test_too_much(self):
        fields = {f"field{number}": "" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
        self.assert_whole(self.post("/language/", fields), 413)
        self.assert_whole(self.post("/language/", {"language": "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)}), 413)

    def test_too_many(self):
        self.post("/account/login/", {"login": "a@example.org", "password": "x"})
        response = self.post("/account/login/", {"login": "a@example.org", "password": "x"})
        self.assert_whole(response, 429, "/account/login/")

    def test_our_own_errors(self):
        with mock.patch("tracker.dashboards.views.overview.overview_of", side_effect=ZeroDivisionError):
            self.assert_whole(self.get("/r/plan/", self.observer), 500)
        with mock.patch("tracker.accounts.middleware.is_over", side_effect=ZeroDivisionError):
            self.assert_whole(self.get("/r/plan/"), 500)
            self.assert_whole(self.get("/admin/"), 500, "/admin/")

    def test_downloads(self):
        report = make.report(commitment_=self.kz_commitment, state="draft", author=self.kz_analyst)
        file = make.evidence(report, address="", file=ContentFile(b"%PDF-1.7", "minutes.pdf"), file_name="minutes.pdf")
        self.addCleanup(file.file.delete, save=False)
        response = self.get(f"/evidence/{file.pk}/", self.kz_analyst)
        self.assert_whole(response, 200)
        self.assertTrue(response["Content-Disposition"].startswith("attachment"))
        self.assertEqual(response["Content-Security-Policy"], INERT)
        b"".join(response.streaming_content)  # read to its end, it closes its file

    def test_exports(self):
        response = self.get("/r/plan/milestones/?export=csv", self.observer)
        self.assert_whole(response, 200)
        self.assertEqual(response["Cache-Control"], "private, no-store")

    def test_a_static_file(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "page.css").write_text("a {}")
            with override_settings(STATIC_ROOT=folder):
                self.assert_whole(Client().get("/static/page.css", secure=True), 200, "/static/page.css")
                self.assert_whole(Client().get("/static/nothing.css", secure=True), 404)


class PolicyTest(SimpleTestCase):
    def test_it_is_strict_and_has_no_exceptions(self):
        self.assertNotRegex(build_policy(), r"unsafe|\*|(?<!data:)https?:")
        self.assertIn("default-src 'none'", build_policy())
        self.assertEqual(set(settings.CONTENT_SECURITY_POLICY), {"DIRECTIVES"})  # no address is left out
        self.assertFalse(hasattr(settings, "CONTENT_SECURITY_POLICY_REPORT_ONLY"))

    def test_what_is_inline_is_seen(self):
        """The control: the pattern that every page is held against finds what it is for."""
        for bad in ("<script>", '<p style="a">', '<a id="x" onclick="b">', "<style>", '<a href="javascript:c">'):
            self.assertRegex(bad, INLINE)
        for good in ('<script src="a.js">', '<script type="application/json">', '<p data-on="x"> style="', "<b>onx='"):
            self.assertNotRegex(good, INLINE)
