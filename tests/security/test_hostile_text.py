"""Text that would run if it were not escaped, in every text column of every row, on every page that shows any."""

import csv
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.accounts.models import Event, User
from tracker.accounts.security import record
from tracker.history.changes import change_set
from tracker.history.only_added import OnlyAdded
from tracker.lib.texts import Texts, TextsField
from tracker.progress.models import Evidence, Remark
from tracker.roadmaps.models import Amendment, Executor, Grant

from .base import address, dangers, parts, routes, signed_in

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>"""
SHORT = """"'><q>"""  # where no more fits
ADDRESS = "javascript:alert(1)//https://example.org/"
OUR_APPS = ("accounts", "history", "roadmaps", "progress")
# What is no text of a person's: addresses of pages, computed columns, choices, machine words
NOT_TEXT = {
    "slug",
    "search",
    "folded",
    "number_key",
    "source_key",
    "checksum",
    "content_type",
    "time_zone",
    "password",
    "file",
    "email",
    "language",
    "authentic_language",
    "ip",
}


def text_fields(model):
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField | TextsField)
        if is_text and not (
            field.choices or field.generated or field.name in NOT_TEXT or isinstance(field, models.SlugField)
        ):
            yield field


def hostile(field, number):
    if isinstance(field, TextsField):
        return Texts(dict.fromkeys(("ru", "en", "kk"), f"{HOSTILE}{number}"))
    if isinstance(field, models.URLField):
        return ADDRESS
    if field.max_length and field.max_length < len(HOSTILE) + 4:
        return f"{SHORT}{number}"[: field.max_length]
    return f"{HOSTILE}{number}"


class HostileTextTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap)
        cls.organisation = make.organisation(party=cls.kazakhstan)
        Executor.objects.create(
            participation=cls.item.participations.get(party=cls.kazakhstan), organisation=cls.organisation
        )
        Amendment.objects.create(roadmap=cls.roadmap, number="1", signed_on=make.DAY)
        make.deadline_change(cls.milestone, "30.09.2026", by=cls.kz_analyst, decided_by=cls.reviewer)
        earlier = make.round_(cls.roadmap, starts_on=make.DAY.replace(year=2025))
        cls.accepted = make.report(
            commitment_=cls.kz_commitment,
            round__=earlier,
            state="accepted",
            narrative="Было",
            submitted_at="2025-06-01T00:00Z",
            decided_at="2025-06-02T00:00Z",
            decided_by=cls.reviewer,
            submitted_by=cls.kz_analyst,
            author=cls.kz_analyst,
            execution="in_progress",
        )
        cls.draft = make.report(
            commitment_=cls.kz_commitment,
            state="returned",
            narrative="Пишу",
            author=cls.kz_analyst,
            decided_by=cls.reviewer,
            decided_at="2026-04-02T00:00Z",
            submitted_at="2026-04-01T00:00Z",
            correct_by=make.DAY,
        )
        cls.submitted = make.report(
            commitment_=cls.ru_commitment,
            state="submitted",
            narrative="Отправлено",
            author=cls.ru_analyst,
            submitted_at="2026-04-01T00:00Z",
            submitted_by=cls.ru_analyst,
            execution="in_progress",
        )
        Remark.objects.create(
            report=cls.draft, field="narrative", text="Замечание", made_by=cls.reviewer, made_at="2026-04-02T00:00Z"
        )
        cls.documents = [make.evidence(report) for report in (cls.accepted, cls.draft, cls.submitted)]
        make.user('"<script>alert(1)</script>"@example.org', name="x")
        cls.row_number = 0
        with change_set(by=cls.administrator, reason=HOSTILE):
            for model in apps.get_models():
                if (
                    model._meta.app_label in OUR_APPS
                    and not model.__name__.startswith("Historical")
                    and not issubclass(model, OnlyAdded)
                    and model not in (Event,)
                ):
                    for row in model._base_manager.all():
                        cls.fill(row)
        make.edition(cls.roadmap, by=cls.reviewer, title=dict.fromkeys(("ru", "en"), HOSTILE), reason=HOSTILE)
        for event in Event.Kind:
            record(event, person=cls.observer, about=cls.kz_analyst, detail=HOSTILE)
        for person in (cls.kz_analyst, cls.ru_analyst, cls.observer):
            UserSession.objects.create(user=person, ip="127.0.0.1", user_agent=HOSTILE, session_key=f"key{person.pk}")

    @classmethod
    def fill(cls, row):
        changed = False
        for field in text_fields(type(row)):
            if field.name in getattr(type(row), "history_skips", ()):
                continue
            if isinstance(row, Evidence) and field.name == "address" and row.file:
                continue
            setattr(row, field.attname, hostile(field, cls.row_number))
            changed = True
        cls.row_number += 1
        if changed:
            row.save()

    def ids(self, route):
        """The rows that an address may name, by what stands before the id."""
        before = route.split("<int:pk>")[0].rstrip("/").rsplit("/", 1)[-1]
        return {
            "reports": [self.accepted.pk, self.draft.pk, self.submitted.pk],
            "review": [self.submitted.pk],
            "evidence": [document.pk for document in self.documents],
            "milestones": [self.milestone.pk],
            "rounds": [self.round.pk],
            "people": [self.kz_analyst.pk, self.observer.pk],
            "grants": list(Grant.objects.values_list("pk", flat=True)),
        }.get(before, [self.item.pk])

    def pages(self):
        """Every address, with the ids of the rows above."""
        for route, _name in routes():
            if not route.startswith("/admin/"):
                for pk in self.ids(route) if "pk" in parts(route) else [None]:
                    yield address(route, slug="plan", pk=pk, provider_id="oidc")

    def admin_pages(self):
        """Lists, forms, history and deletion of every registered model: of each of its first rows."""
        for model in admin.site._registry:
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            yield from (base, f"{base}add/", f"{base}?q=script")
            for row in model._base_manager.order_by("-pk")[:2]:
                yield from (f"{base}{row.pk}/change/", f"{base}{row.pk}/history/", f"{base}{row.pk}/delete/")

    def look(self, client, where, *, sent=None, **options):
        """Ask, and see that nothing in the answer could run; returns how often the text was shown, harmless."""
        response = client.get(where, **options) if sent is None else client.post(where, sent, **options)
        self.assertLess(response.status_code, 500, where)
        if response.get("Content-Type", "").startswith("text/html"):
            self.assertEqual(dangers(response), [], where)
            return response.content.decode().count("&lt;script&gt;alert(1)")
        return 0

    def test_every_page_as_every_role(self):
        shown = 0
        for person in (self.kz_analyst, self.reviewer, self.observer, self.administrator):
            client = signed_in(person)
            client.cookies["django_language"] = "ru" if person in (self.reviewer, self.observer) else "en"
            for where in self.pages():
                with self.subTest(where, person=person.email):
                    shown += self.look(client, where)
        self.assertGreater(shown, 300)  # it was there, and did nothing

    def test_every_page_of_administration(self):
        client, shown = signed_in(self.administrator), 0
        for where in self.admin_pages():
            with self.subTest(where):
                shown += self.look(client, where, follow=True)
        self.assertGreater(shown, 300)

    def test_fragments_and_past_days(self):
        client = signed_in(self.administrator)
        for where in (
            "/r/plan/milestones/?q=script",
            "/r/plan/milestones/?sort=-number",
            f"/r/plan/milestones/{self.milestone.pk}/why/",
            f"/r/plan/items/{self.item.pk}/?on=2026-06-01",
            "/r/plan/?on=2026-06-01",
            "/r/plan/?since=2026-06-01",
            "/r/plan/milestones/?since=2026-06-01",
            f"/r/plan/items/{self.item.pk}/?since=2026-06-01",
            "/r/plan/changes/?since=2026-06-01",
            "/r/plan/editions/1/",
            "/r/plan/editions/1/compare/?with=today",
            f"/history/item/{self.item.pk}/",
            f"/history/item/{self.item.pk}/wording/",
            "/people/?q=script",
            "/security/?q=script",
            f"/rights/?q={HOSTILE}",
        ):
            self.look(client, where)
            self.look(client, where, headers={"HX-Request": "true"})
        for where in (
            "/r/plan/",
            "/r/plan/milestones/",
            "/r/plan/items/",
            "/people/",
            "/security/",
            "/rights/",
            "/desk/",
            "/review/",
        ):
            for name in (
                "q",
                "on",
                "known",
                "since",
                "sort",
                "page",
                "party",
                "area",
                "organisation",
                "roadmap",
                "show",
                "kind",
                "next",
                "due_from",
            ):
                self.look(client, f"{where}?{name}={quote(HOSTILE)}")

    def test_answers_to_forms(self):
        """What is typed comes back: beside an error, beside what another has saved, in a refusal, in a message."""
        writer, decider, administrator = (signed_in(p) for p in (self.kz_analyst, self.reviewer, self.administrator))
        draft, review = f"/reports/{self.draft.pk}/", f"/review/{self.submitted.pk}/"
        fields = typed(writer.get(draft))
        bad = fields | {
            "narrative": HOSTILE,
            "percent": HOSTILE,
            "done_on": HOSTILE,
            "execution": HOSTILE,
            "forecast_on": HOSTILE,
            "document-title": HOSTILE,
            "document-address": ADDRESS,
            "document-dated_on": HOSTILE,
            "verb": "attach",
        }
        shown = self.look(writer, draft, sent=bad)
        shown += self.look(writer, draft, sent=bad | {"version": 0})
        shown += self.look(writer, f"/reports/{self.accepted.pk}/", sent=bad)
        upload = SimpleUploadedFile(f"{HOSTILE}.svg", b"<svg onload=alert(1)>")
        shown += self.look(writer, draft, sent=bad | {"document-file": upload})
        decision = typed(decider.get(review)) | {
            "remark0-text": HOSTILE,
            "correct_by": HOSTILE,
            "remark0-field": HOSTILE,
        }
        for verb in ("return", "accept"):
            shown += self.look(decider, f"/reports/{self.submitted.pk}/{verb}/", sent=decision)
        shown += self.look(
            administrator, f"/reports/{self.accepted.pk}/reopen/", sent={"reason": "", "version": HOSTILE}
        )
        people = {
            "email": HOSTILE,
            "name": HOSTILE,
            "position": HOSTILE,
            "grant-role": HOSTILE,
            "grant-organisation": HOSTILE,
            "grant-until": HOSTILE,
            "grant-reason": HOSTILE,
        }
        shown += self.look(administrator, "/people/new/", sent=people)
        shown += self.look(administrator, f"/people/{self.observer.pk}/grants/new/", sent=people)
        shown += self.look(administrator, f"/people/{self.observer.pk}/close/", sent={"close-reason": ""})
        Authenticator.objects.create(user=self.observer, type="webauthn", data={"name": HOSTILE, "credential": {}})
        shown += self.look(signed_in(self.observer), "/account/factors/webauthn/")
        shown += self.look(signed_in(self.observer), "/account/")
        Authenticator.objects.all().delete()
        for where, sent in (
            ("/account/login/", {"login": HOSTILE, "password": "x", "next": ADDRESS, "kept": HOSTILE}),
            ("/account/password/reset/", {"email": HOSTILE}),
            ("/account/email/", {"email": HOSTILE, "action_add": ""}),
            ("/account/factors/totp/activate/", {"code": HOSTILE}),
            ("/account/factors/authenticate/", {"code": HOSTILE}),
            ("/language/", {"language": HOSTILE, "next": ADDRESS}),
        ):
            for client in (Client(), signed_in(self.observer)):
                shown += self.look(client, where, sent=sent, follow=True)
        self.assertGreater(shown, 20)

    def test_administration_forms_that_are_refused(self):
        client = signed_in(self.administrator)
        for model in admin.site._registry:
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            row = model._base_manager.first()
            for where in (f"{base}add/", f"{base}{row.pk}/change/" if row else base):
                page = client.get(where, follow=True)
                fields = {name: HOSTILE for name in typed(page) if name not in ("csrfmiddlewaretoken", "next")}
                kept = {name: value for name, value in typed(page).items() if name.endswith("_FORMS")}
                self.look(client, where, sent=fields | kept, follow=True)

    def test_what_was_kept_through_signing_in(self):
        """The page filled in again is put together by us, not by Django's templates."""
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.kz_analyst)
        where = f"/reports/{self.draft.pk}/"
        names = (
            "narrative",
            "percent",
            "done_on",
            "execution",
            "confidence",
            "audience",
            "document-title",
            "unknown",
            HOSTILE,
        )
        headers = {"HTTP_ORIGIN": "http://testserver", "HTTP_REFERER": f"http://testserver{where}"}
        response = client.post(where, dict.fromkeys(names, f"</textarea>{HOSTILE}"), **headers)
        self.assertEqual(response.status_code, 302)
        response = client.get(response["Location"])
        self.assertIn("&lt;/textarea&gt;", response.content.decode())
        self.assertEqual(dangers(response), [])
        anonymous = Client().post(where, dict.fromkeys(names, HOSTILE), **headers)
        self.assertEqual(dangers(anonymous), [])

    def test_files_for_tables(self):
        """CSV is no page; its cells begin with nothing that a spreadsheet would run."""
        for formula in ("=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "＝1+1", "－1", "＋1", "＠1"):
            with change_set(by=self.administrator):
                self.milestone.refresh_from_db()
                self.milestone.wording = Texts(ru=formula, en=formula)
                self.milestone.save()
            response = signed_in(self.administrator).get("/r/plan/milestones/?export=csv")
            text = b"".join(response.streaming_content).decode("utf-8-sig")
            self.assertTrue(response["Content-Type"].startswith("text/csv"))
            self.assertTrue(response["Content-Disposition"].startswith("attachment"))
            self.assertEqual(response["X-Content-Type-Options"], "nosniff")
            delimiter = ";" if ";" in text.splitlines()[0] else ","
            for line in csv.reader(text.splitlines(), delimiter=delimiter):
                for cell in line:
                    self.assertNotRegex(cell, r"^[=+@＝＋－＠\t\r]|^-\D|^-\d+\D", (formula, line))

    @override_settings(OPEN_REGISTRATION=True)
    def test_messages(self):
        """Mail is plain text, or a page that is escaped."""
        self.observer.set_password(make.PASSWORD)
        User.objects.filter(pk=self.observer.pk).update(password=self.observer.password)
        client = signed_in(User.objects.get(pk=self.observer.pk))
        client.post("/account/reauthenticate/", {"password": make.PASSWORD})
        Client().post("/account/password/reset/", {"email": self.observer.email})
        Client().post("/account/password/reset/", {"email": "nobody@example.org"}, HTTP_USER_AGENT=HOSTILE)
        Client().post(
            "/account/signup/",
            {"email": self.observer.email, "password1": "разные слова подряд 7", "password2": "разные слова подряд 7"},
        )
        signed_in(self.administrator).post(f"/people/{self.stranger.pk}/invite/", {"subject": HOSTILE})
        client.post("/account/email/", {"email": "new@example.org", "action_add": ""}, HTTP_USER_AGENT=HOSTILE)
        self.assertGreaterEqual(len(mail.outbox), 4)
        for message in mail.outbox:
            self.assertEqual(message.content_subtype, "plain")
            self.assertNotRegex(message.subject, r"[\r\n]")
            for alternative in getattr(message, "alternatives", ()):
                self.assertNotIn("<script>alert(1)", alternative.content)
            self.assertNotIn("&lt;", message.body + message.subject)  # nor escaped twice: it is read as it stands
            self.assertNotIn("&#x27;", message.body + message.subject)

    def test_a_document_with_a_running_address_is_no_link(self):
        client = signed_in(self.kz_analyst)
        for document in self.documents[:2]:
            response = client.get(f"/evidence/{document.pk}/")
            self.assertEqual(dangers(response), [])
            self.assertNotContains(response, f'href="{ADDRESS}')
