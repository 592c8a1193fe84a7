"""What the request says of itself is not believed; what the answer says cannot be added to."""

import re

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event
from tracker.history.models import ChangeSet
from tracker.progress.models import Evidence

from .base import address, routes, signed_in

PDF = b"%PDF-1.7\n1 0 obj\n"
INJECTED = "x\r\nX-Injected: yes\r\n\r\n<script>alert(1)</script>"


class HostTest(TrackerTestCase):
    @override_settings(ALLOWED_HOSTS=["tracker.example.org"])
    def test_an_unknown_host_is_refused(self):
        for host in (
            "evil.example",
            "tracker.example.org.evil.example",
            "evil.example:443",
            "tracker.example.org@evil.example",
            "",
            "tracker.example.org, evil.example",
            "tracker.example.org\\.evil.example",
            "[::1",
            "*",
        ):
            for where in ("/", "/account/login/", "/account/password/reset/", "/nothing/"):
                response = self.client.get(where, HTTP_HOST=host)
                self.assertEqual(response.status_code, 400, (host, where))
                self.assertNotIn("evil.example", response.content.decode())

    @override_settings(ALLOWED_HOSTS=["tracker.example.org"])
    def test_a_link_to_a_new_password_leads_here(self):
        for headers in (
            {"HTTP_HOST": "evil.example"},
            {"HTTP_HOST": "tracker.example.org", "HTTP_X_FORWARDED_HOST": "evil.example"},
            {"HTTP_HOST": "tracker.example.org", "HTTP_X_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example"},
            {
                "HTTP_HOST": "tracker.example.org",
                "HTTP_X_FORWARDED_PORT": "9",
                "HTTP_X_ORIGINAL_URL": "//evil.example/",
            },
            {"HTTP_HOST": "tracker.example.org", "HTTP_ORIGIN": "https://evil.example"},
        ):
            mail.outbox.clear()
            self.client.post("/account/password/reset/", {"email": self.observer.email}, **headers)
            if headers["HTTP_HOST"] == "evil.example":
                self.assertEqual(mail.outbox, [])
            else:
                links = re.findall(r"https?://[^\s/]+", mail.outbox[0].body)
                self.assertTrue(links)
                self.assertEqual({link.split("//")[1] for link in links}, {"tracker.example.org"})

    @override_settings(SECURE_PROXY_SSL_HEADER=None, SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["tracker.example.org"])
    def test_https_is_not_what_a_reader_says(self):
        response = self.client.get("/account/login/", HTTP_HOST="tracker.example.org", HTTP_X_FORWARDED_PROTO="https")
        self.assertRedirects(
            response, "https://tracker.example.org/account/login/", status_code=301, fetch_redirect_response=False
        )


class FramesAndKindTest(TrackerTestCase):
    def test_no_answer_may_be_framed_or_sniffed(self):
        """Of whatever status: every address once, as a person and as nobody."""
        for client in (Client(), signed_in(self.administrator)):
            for route, name in routes():
                where = address(route, slug="plan", pk=self.item.pk, object_id=str(self.item.pk))
                with self.subTest(where, name=name):
                    for response in (client.get(where), client.options(where)):
                        self.assert_guarded(response)
        for response in (
            Client().get("/nothing/"),
            Client().get("/", HTTP_HOST="evil.example"),
            Client(enforce_csrf_checks=True).post("/account/login/"),
            signed_in(self.observer).get("/review/"),
            signed_in(self.observer).post("/r/plan/"),
        ):
            self.assertGreaterEqual(response.status_code, 400)
            self.assert_guarded(response)

    def assert_guarded(self, response):
        self.assertEqual(response["X-Frame-Options"], "DENY")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response["Cross-Origin-Opener-Policy"], "same-origin")
        self.assertIn("Referrer-Policy", response)
        self.assertIn("Permissions-Policy", response)
        policy = response["Content-Security-Policy"]
        self.assertNotRegex(policy, r"unsafe-|\*|https?:(?!//)")
        if "sandbox" not in policy:
            self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("Access-Control-Allow-Origin", response)
        self.assertNotRegex(response.get("Server", "") + response.get("X-Powered-By", ""), "(?i)django|python")


class InjectionTest(TrackerTestCase):
    def assert_clean(self, response):
        self.assertNotIn("X-Injected", response)
        for name, value in response.headers.items():
            self.assertNotRegex(f"{name}{value}", r"[\r\n]")

    def test_line_breaks_in_whatever_is_repeated(self):
        client = signed_in(self.administrator)
        for where, fields in (
            ("/r/plan/milestones/", {"q": INJECTED}),
            ("/r/plan/milestones/", {"q": INJECTED, "export": "csv"}),
            ("/r/plan/milestones/", {"on": INJECTED, "sort": INJECTED, "page": INJECTED, "export": "csv"}),
            ("/account/login/", {"next": INJECTED}),
            ("/admin/roadmaps/item/", {"q": INJECTED}),
            ("/review/", {"roadmap": INJECTED}),
        ):
            self.assert_clean(client.get(where, fields))
        self.assert_clean(client.get("/r/plan/%0d%0aX-Injected:%20yes/"))
        self.assert_clean(Client().get("/r/%0d%0aX-Injected:%20yes"))
        self.assert_clean(Client().post("/language/", {"language": INJECTED, "next": f"/{INJECTED}"}))

    def test_a_file_name_stays_in_its_header(self):
        make.round_(self.roadmap)
        report = make.report(commitment_=self.kz_commitment, state="draft")
        for name in (
            "а\r\nX-Injected: yes.pdf",
            'а"; filename="evil.exe',
            "а\u202efdp.exe",
            *(["а\0б.pdf"] if connection.vendor == "sqlite" else []),  # PostgreSQL stores no such text
            "я" * 300 + ".pdf",
            "а;б,в%0d%0a.pdf",
            "../../а.pdf",
            "=cmd|' /C calc'!A0.pdf",
            "<script>alert(1)</script>.pdf",
        ):
            with self.subTest(name):
                document = Evidence(roadmap=self.roadmap, party=self.kazakhstan, title="Имя")
                document.keep_file(SimpleUploadedFile("x.pdf", PDF), "application/pdf")
                document.file_name = name[:255]  # as if it had come past the form that tidies names
                document.save()
                self.addCleanup(document.file.delete, save=False)
                document.prove(report)
                response = signed_in(self.kz_analyst).get(f"/evidence/{document.pk}/")
                self.assertEqual(response.status_code, 200)
                self.assert_clean(response)
                disposition = response["Content-Disposition"]
                self.assertTrue(disposition.startswith("attachment"), disposition)
                self.assertTrue(disposition.isascii())
                self.assertEqual(
                    len(re.findall(r"(?<!\\)\bfilename\*?=", re.sub(r'"(?:\\.|[^"\\])*"', "…", disposition))), 1
                )
                b"".join(response.streaming_content)  # read to its end, it closes its file

    def test_an_address_of_mail_holds_one_reader(self):
        for email in (
            "observer@example.org\r\nBcc: evil@evil.example",
            "observer@example.org,evil@evil.example",
            "observer@example.org\nSubject: x",
            '"observer@example.org\r\nBcc: evil@evil.example"@example.org',
        ):
            mail.outbox.clear()
            response = Client().post("/account/password/reset/", {"email": email})
            self.assertIn(response.status_code, (200, 302))
            for message in mail.outbox:
                self.assertNotIn("evil", " ".join(message.recipients()))

    def test_a_name_with_line_breaks_adds_no_header_to_a_message(self):
        person = make.user("named@example.org", name="Имя\r\nBcc: evil@evil.example", password=make.PASSWORD)
        Client().post("/account/password/reset/", {"email": person.email})
        message = mail.outbox[-1].message()
        self.assertNotIn("Bcc", message)
        self.assertNotRegex(message["Subject"], r"[\r\n]")

    def test_a_line_of_the_log_stays_one_line(self):
        agent = "Mozilla\r\n2026-01-01 INFO tracker.security: signed_in person=1\u202e\x1b[2J"
        with self.assertLogs("tracker.security") as logs:
            Client(HTTP_USER_AGENT=agent).post("/account/login/", {"login": "a@example.org", "password": "x\ny"})
        self.assertEqual(len(logs.output), 1)
        self.assertNotRegex(logs.output[0], r"[\r\n\x1b\u202e]")
        self.assertNotRegex(Event.objects.latest("pk").browser, r"[\r\n\x1b\u202e]")


class MethodTest(TrackerTestCase):
    OVERRIDES = (
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "POST"},
        {"HTTP_X_HTTP_METHOD": "DELETE"},
        {"HTTP_X_METHOD_OVERRIDE": "PUT"},
    )

    def test_a_get_never_becomes_a_post(self):
        round_ = make.round_(self.roadmap, state="planned")
        client = signed_in(self.administrator)
        before = ChangeSet.objects.count()
        for headers in self.OVERRIDES:
            for where in (f"/rounds/{round_.pk}/open/", f"/rounds/{round_.pk}/open/?_method=POST", "/account/logout/"):
                response = client.get(where, {"_method": "POST"}, **headers)
                self.assertIn(response.status_code, (200, 405))
        self.assertEqual(ChangeSet.objects.count(), before)
        self.assertEqual(client.get("/r/plan/").status_code, 200)

    def test_methods_nobody_offers(self):
        client = signed_in(self.administrator)
        for method in ("TRACE", "CONNECT", "PROPFIND", "PUT", "DELETE", "PATCH", "FOO"):
            for where in ("/r/plan/", "/desk/", "/account/login/", f"/reports/{self.item.pk}/"):
                response = client.generic(method, where)
                self.assertIn(response.status_code, (404, 405, 403), (method, where))

    def test_a_token_for_a_new_password_is_used_once(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        Client().post("/account/password/reset/", {"email": self.observer.email})
        link = re.search(r"http://testserver(\S+)", mail.outbox[-1].body)[1]
        new = {"password1": "совсем другие слова 8", "password2": "совсем другие слова 8"}
        client = Client()
        form = client.get(link, follow=True)
        response = client.post(form.redirect_chain[-1][0], new)
        self.assertEqual(response.status_code, 302, response.content.decode())
        self.observer.refresh_from_db()
        self.assertTrue(self.observer.check_password(new["password1"]))
        again = Client().get(link, follow=True)
        self.assertNotIn("password1", again.content.decode())
        self.assertNotIn(link.split("-", 1)[1].strip("/"), form.content.decode())  # nor does the page repeat it
