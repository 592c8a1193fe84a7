"""A form takes what it shows; whatever else is sent beside it does not stick."""

from datetime import date

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.accounts.models import User
from tracker.progress.models import DeadlineChange, Evidence, Proof, Remark, Report, ReportAuthor, Round
from tracker.roadmaps.models import Commitment, Grant, Item, Milestone, Participation, Roadmap

from .base import signed_in

PDF = b"%PDF-1.7\n1 0 obj\n"
HISTORY = {"version", "history_date", "change_set"}


def values(row, *, without=()):
    """The columns of the row as they are stored."""
    stored = type(row)._base_manager.get(pk=row.pk)
    return {f.attname: getattr(stored, f.attname) for f in row._meta.concrete_fields if f.name not in without}


class ReportFormsTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap)
        cls.other_round = make.round_(cls.roadmap, starts_on=date(2025, 7, 1))
        cls.report = make.report(commitment_=cls.kz_commitment)

    def extras(self):
        """Every column of a report that its form does not show, by its name and by its column."""
        me, other = self.kz_analyst.pk, self.second_reviewer.pk
        wanted = {
            "id": 4711,
            "pk": 4711,
            "state": "accepted",
            "commitment": self.ru_commitment.pk,
            "commitment_id": self.ru_commitment.pk,
            "round": self.other_round.pk,
            "round_id": self.other_round.pk,
            "submitted_at": "2020-01-01",
            "submitted_by": other,
            "submitted_by_id": other,
            "endorsed_at": "2020-01-01",
            "endorsed_by": other,
            "decided_at": "2020-01-01",
            "decided_by": other,
            "decided_by_id": other,
            "correct_by": "2030-01-01",
            "late_until": "2030-01-01",
            "is_confirmed": "on",
            "authors": other,
            "author": other,
            "user": other,
            "by": other,
            "milestone": 1,
            "party": self.russia.pk,
            "roadmap": "elsewhere",
            "due_on": "2030-01-01",
            "text_is_open": "on",
            "change_reason": "x",
            "read_version": 0,
            "_state": "x",
            "request": "x",
            "self": me,
        }
        return wanted | {f"report-{name}": value for name, value in wanted.items()}

    def test_saving_a_draft(self):
        untouched = {*Report.TYPED, *Report.history_skips, *HISTORY, "state"}
        before = values(self.report, without=untouched)
        client = signed_in(self.kz_analyst)
        sent = typed(
            client.get(f"/reports/{self.report.pk}/"), narrative="Готово", execution="in_progress", percent="40"
        )
        response = client.post(f"/reports/{self.report.pk}/", sent | self.extras() | {"version": self.report.version})
        self.assertEqual(response.status_code, 302)
        self.assertEqual(values(self.report, without=untouched), before)
        self.report.refresh_from_db()
        self.assertEqual((self.report.state, self.report.narrative), ("draft", "Готово"))
        self.assertEqual(list(ReportAuthor.objects.values_list("user", flat=True)), [self.kz_analyst.pk])
        self.assertEqual(Report.objects.count(), 1)

    def test_a_version_cannot_be_jumped(self):
        client = signed_in(self.kz_analyst)
        for version in (0, -1, 99, 10**18, "x", ""):
            sent = {"version": version, "narrative": "Поверх", "execution": "in_progress", "percent": "1"}
            self.assertEqual(client.post(f"/reports/{self.report.pk}/", sent).status_code, 409)
        self.report.refresh_from_db()
        self.assertEqual((self.report.version, self.report.narrative), (1, ""))

    def test_attaching_a_document(self):
        client = signed_in(self.kz_analyst)
        sent = typed(client.get(f"/reports/{self.report.pk}/"), verb="attach")
        sent |= {"document-file": SimpleUploadedFile("а.pdf", PDF), "document-title": "Протокол"}
        wanted = {
            "id": 4711,
            "party": self.russia.pk,
            "party_id": self.russia.pk,
            "roadmap": 1,
            "added_by": self.observer.pk,
            "checksum": "0" * 64,
            "size": 1,
            "content_type": "text/html",
            "file_name": "а.html",
            "language": "xx",
            "commitment": self.ru_commitment.pk,
            "report": 1,
        }
        sent |= {f"document-{name}": value for name, value in wanted.items()} | wanted
        self.assertEqual(client.post(f"/reports/{self.report.pk}/", sent).status_code, 302)
        document = Evidence.objects.get()
        self.addCleanup(document.file.delete, save=False)
        self.assertEqual(
            (document.party, document.roadmap, document.added_by), (self.kazakhstan, self.roadmap, self.kz_analyst)
        )
        self.assertEqual(
            (document.content_type, document.file_name, document.size), ("application/pdf", "а.pdf", len(PDF))
        )
        self.assertNotEqual(document.checksum, "0" * 64)
        self.assertEqual(document.language, "")
        self.assertEqual(Proof.objects.get().report, self.report)

    def test_deciding(self):
        sent = make.report(
            commitment_=self.ru_commitment,
            state="submitted",
            narrative="Готово",
            execution="in_progress",
            percent=40,
            submitted_at="2026-04-01T00:00Z",
            submitted_by=self.ru_analyst,
            author=self.ru_analyst,
        )
        client = signed_in(self.reviewer)
        page = client.get(f"/review/{sent.pk}/")
        extras = self.extras() | {
            "narrative": "Подменено",
            "execution": "completed",
            "percent": 100,
            "audience": "own",
            "remark0-made_by": self.observer.pk,
            "remark0-report": self.report.pk,
            "remark0-made_at": "2020-01-01",
            "remark0-id": 4711,
        }
        returned = (
            typed(page)
            | extras
            | {
                "remark0-text": "Уточните",
                "remark0-field": "narrative",
                "version": sent.version,
                "correct_by": "01.12.2099",
            }
        )
        response = client.post(f"/reports/{sent.pk}/return/", returned)
        self.assertEqual(response.status_code, 302, response.content.decode())
        remark = Remark.objects.get()
        self.assertEqual((remark.made_by, remark.report, remark.made_at.year > 2020), (self.reviewer, sent, True))
        sent.refresh_from_db()
        self.assertEqual(
            (sent.narrative, sent.execution, sent.percent, sent.audience), ("Готово", "in_progress", 40, "all")
        )
        self.assertEqual(
            (sent.submitted_by, sent.decided_by, sent.commitment), (self.ru_analyst, self.reviewer, self.ru_commitment)
        )
        self.assertEqual(list(sent.authors.values_list("user", flat=True)), [self.ru_analyst.pk])

    def test_accepting(self):
        sent = make.report(
            commitment_=self.ru_commitment,
            state="submitted",
            narrative="Готово",
            execution="in_progress",
            percent=40,
            submitted_at="2026-04-01T00:00Z",
            submitted_by=self.ru_analyst,
            author=self.ru_analyst,
        )
        client = signed_in(self.reviewer)
        extras = self.extras() | {
            "narrative": "Подменено",
            "execution": "completed",
            "percent": 100,
            "version": sent.version,
        }
        extras.pop("is_confirmed")
        response = client.post(f"/reports/{sent.pk}/accept/", extras | {"is_confirmed": "on"})
        self.assertEqual(response.status_code, 302)
        sent.refresh_from_db()
        self.assertEqual(
            (sent.state, sent.execution, sent.percent, sent.is_confirmed), ("accepted", "in_progress", 40, False)
        )
        self.assertEqual((sent.decided_by, sent.submitted_by), (self.reviewer, self.ru_analyst))
        self.ru_commitment.refresh_from_db()
        self.assertEqual(self.ru_commitment.percent, 40)

    def test_reopening(self):
        accepted = make.report(
            commitment_=self.ru_commitment,
            state="accepted",
            narrative="Готово",
            percent=40,
            execution="in_progress",
            decided_by=self.reviewer,
        )
        client = signed_in(self.administrator)
        sent = self.extras() | {
            "reason": "Ошибка",
            "version": accepted.version,
            "narrative": "Подменено",
            "state": "accepted",
        }
        self.assertEqual(client.post(f"/reports/{accepted.pk}/reopen/", sent).status_code, 302)
        accepted.refresh_from_db()
        self.assertEqual((accepted.narrative, accepted.percent, accepted.round), ("Готово", 40, self.round))
        self.assertIn(accepted.state, ("returned", "draft"))


class OwnAccountTest(TrackerTestCase):
    EXTRAS = {
        "is_active": "",
        "is_staff": "on",
        "is_superuser": "on",
        "role": "administrator",
        "user": "7",
        "user_id": "7",
        "id": "7",
        "pk": "7",
        "name": "Подменено",
        "position": "Подменено",
        "date_joined": "2020-01-01",
        "last_login": "2020-01-01",
        "grants": "7",
        "verified": "on",
        "primary": "on",
        "groups": "1",
        "version": "9",
    }

    def setUp(self):
        self.observer.set_password(make.PASSWORD)
        self.observer.save()
        self.client = Client()
        self.client.post("/account/login/", {"login": self.observer.email, "password": make.PASSWORD} | self.EXTRAS)

    def test_every_form_of_the_account(self):
        """Password, e-mail, factors, sessions, language: the person and their rights stay as they were."""
        before = values(self.observer, without={"password", "language", "last_login"})
        grants = list(Grant.objects.values())
        new = "другой длинный пароль 7"
        for where, sent in (
            ("/account/password/change/", {"oldpassword": make.PASSWORD, "password1": new, "password2": new}),
            ("/account/email/", {"email": "new@example.org", "action_add": ""}),
            ("/account/email/", {"email": "new@example.org", "action_primary": ""}),
            ("/account/email/", {"email": "new@example.org", "action_send": ""}),
            ("/account/reauthenticate/", {"password": new}),
            ("/account/sessions/", {}),
            ("/account/factors/recovery-codes/generate/", {}),
            ("/account/factors/totp/activate/", {"code": "000000", "secret": "A" * 32}),
            ("/account/factors/webauthn/add/", {"credential": "{}", "name": "x"}),
            ("/account/elsewhere/", {"account": "1"}),
            ("/account/elsewhere/signup/", {"email": "new@example.org"}),
            ("/language/", {"language": "ru"}),
            ("/account/", {}),
        ):
            with self.subTest(where, sent=sent):
                response = self.client.post(where, sent | {"email": sent.get("email", "x@example.org")} | self.EXTRAS)
                self.assertLess(response.status_code, 500)
        self.assertEqual(values(self.observer, without={"password", "language", "last_login"}), before)
        self.assertEqual(list(Grant.objects.values()), grants)
        self.assertEqual(
            list(EmailAddress.objects.filter(user=self.observer, verified=True).values_list("email", flat=True)),
            [self.observer.email],
        )
        self.assertFalse(self.observer.authenticator_set.exists())


class PeopleTest(TrackerTestCase):
    """What an administrator enters about people: still only what the form shows."""

    def setUp(self):
        self.client = signed_in(self.administrator)

    def test_a_new_person(self):
        sent = {"email": "new@example.org", "name": "Новая", "grant-role": "observer", "grant-roadmap": self.roadmap.pk}
        extras = {
            "password": "md5$$x",
            "is_active": "",
            "date_joined": "2000-01-01",
            "last_login": "2000-01-01",
            "id": self.observer.pk,
            "pk": self.observer.pk,
            "grant-user": self.stranger.pk,
            "grant-id": 1,
            "grant-version": 99,
            "user": self.stranger.pk,
        }
        before = values(self.observer)
        page = self.client.post("/people/new/", sent | extras | {"verb": "look"})
        response = self.client.post("/people/new/", typed(page) | sent | extras | {"verb": "give"})
        self.assertEqual(response.status_code, 302, response.content.decode()[:3000])
        person = User.objects.get(email="new@example.org")
        self.assertTrue(person.is_active)
        self.assertFalse(person.has_usable_password())
        self.assertGreater(person.date_joined.year, 2000)
        self.assertEqual([(g.role, g.user) for g in person.grants.all()], [("observer", person)])
        self.assertFalse(self.stranger.grants.exists())
        self.assertEqual(values(self.observer), before)

    def test_a_grant_stays_with_its_person(self):
        grant = self.observer.grants.get()
        where = f"/grants/{grant.pk}/"
        extras = {
            "grant-user": self.stranger.pk,
            "grant-user_id": self.stranger.pk,
            "grant-id": 4711,
            "user": self.stranger.pk,
            "grant-organisation_id": 1,
            "is_active": "",
        }
        sent = typed(self.client.get(where)) | {"grant-until": "31.12.2030"} | extras
        page = self.client.post(where, sent | {"verb": "look"})
        response = self.client.post(where, typed(page) | extras | {"verb": "give"})
        self.assertEqual(response.status_code, 302, response.content.decode())
        grant.refresh_from_db()
        self.assertEqual((grant.user, grant.until, grant.organisation), (self.observer, date(2030, 12, 31), None))
        self.assertFalse(self.stranger.grants.exists())

    def test_closing_and_opening(self):
        before = values(self.observer, without={"is_active"})
        for verb in ("close", "open"):
            sent = {
                f"{verb}-reason": "Отпуск",
                "email": "x@example.org",
                "name": "x",
                "password": "x",
                "user": self.administrator.pk,
            }
            self.assertEqual(self.client.post(f"/people/{self.observer.pk}/{verb}/", sent).status_code, 302)
        self.assertEqual(values(self.observer, without={"is_active"}), before)
        self.administrator.refresh_from_db()
        self.assertTrue(self.administrator.is_active)


class AdministrationTest(TrackerTestCase):
    """Its forms, each with every column that it does not show sent beside what it does."""

    PAGES = (
        (User, "observer", {"position": "Советник"}),
        (Roadmap, "roadmap", {"short_title_0": "План", "adopted_by": "Совет"}),
        (Item, "item", {"note": "Заметка"}),
        (Milestone, "milestone", {}),
        (Round, "round", {}),
    )

    def test_hidden_columns_stay(self):
        self.round = make.round_(self.roadmap)
        client = signed_in(self.administrator)
        for model, name, change in self.PAGES:
            row = getattr(self, name)
            where = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
            page = client.get(where)
            shown = typed(page)
            form = page.context["adminform"].form
            hidden = {f.name: f for f in row._meta.concrete_fields if f.name not in form.fields}
            self.assertTrue(hidden, name)
            before = {
                attname: value
                for attname, value in values(row).items()
                if attname in {f.attname for f in hidden.values()}
            }
            extras = {n: wrong(f, row) for n, f in hidden.items()} | {f.attname: wrong(f, row) for f in hidden.values()}
            sent = {
                **extras,
                **shown,
                **{n: v for n, v in change.items() if n in shown},
                "_save": "1",
                "change_reason": "проба",
            }
            with self.subTest(model.__name__):
                response = client.post(where, sent)
                self.assertEqual(response.status_code, 302, response.context and response.context.get("errors"))
                after = {attname: value for attname, value in values(row).items() if attname in before}
                for column in ("version", "search", "last_login"):
                    before.pop(column, None), after.pop(column, None)
                self.assertEqual(after, before)

    def test_fixed_fields_stay_after_the_row_is_entered(self):
        """Shown but disabled: a grant's person, a round's roadmap."""
        elsewhere = make.roadmap("elsewhere")
        round_ = make.round_(self.roadmap)
        grant = self.observer.grants.get()
        client = signed_in(self.administrator)
        for row, name, value in ((round_, "roadmap", elsewhere.pk), (grant, "user", self.stranger.pk)):
            where = f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"
            page = client.get(where)
            if page.status_code != 200:
                continue  # kept on pages of its own
            before = values(row)
            client.post(where, typed(page) | {name: value, "_save": "1"})
            self.assertEqual(values(row)[f"{name}_id"], before[f"{name}_id"])

    def test_read_only_pages_take_nothing(self):
        make.round_(self.roadmap)
        report = make.report(
            commitment_=self.kz_commitment, state="accepted", narrative="Готово", decided_by=self.reviewer
        )
        document = make.evidence(report)
        move = make.deadline_change(self.milestone, "30.09.2026", by=self.kz_analyst)
        client = signed_in(self.administrator)
        for row in (report, document, move):
            before = values(row)
            base = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
            sent = {f.name: wrong(f, row) for f in row._meta.concrete_fields}
            for where in (f"{base}{row.pk}/change/", f"{base}add/", f"{base}{row.pk}/delete/"):
                self.assertEqual(client.post(where, sent | {"_save": "1", "post": "yes"}).status_code, 403, where)
            self.assertEqual(values(row), before)
        self.assertEqual((Report.objects.count(), Evidence.objects.count(), DeadlineChange.objects.count()), (1, 1, 1))

    def test_nothing_is_edited_in_a_list(self):
        """`list_editable` would take whatever a list posts."""
        for model, page in admin.site._registry.items():
            self.assertEqual(tuple(page.list_editable), (), model)
        self.assertTrue(Commitment.objects.exists() and Participation.objects.exists())


def wrong(field, row):
    """Another value than the row has, as a browser would send it."""
    if field.is_relation:
        other = field.related_model._base_manager.exclude(pk=getattr(row, field.attname)).first()
        return other.pk if other else 4711
    if field.choices:
        return next(str(value) for value, _label in field.flatchoices if value and value != getattr(row, field.attname))
    kind = field.get_internal_type()
    if "Date" in kind:
        return "2001-01-01"
    if "Boolean" in kind:
        return "" if getattr(row, field.attname) else "on"
    return "4711"
