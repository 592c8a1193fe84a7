"""Ids of what is somebody else's: in addresses, in hidden fields, in choices."""

import re
from datetime import date

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.models import ChangeSet
from tracker.progress.models import Proof, Report
from tracker.roadmaps.models import Grant, Role

from .base import plain, sign_in, signed_in

SECRET = "Тайна Казахстана"


class ReportIdsTest(TrackerTestCase):
    """A second roadmap with people of its own, beside the cast's; Kazakhstan's report is a draft."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        make.round_(cls.roadmap)
        cls.kz_report = make.report(
            commitment_=cls.kz_commitment, state="draft", narrative=SECRET, author=cls.kz_analyst
        )
        cls.ru_report = make.report(commitment_=cls.ru_commitment, state="draft", author=cls.ru_analyst)
        cls.kz_document = make.evidence(cls.kz_report, title=SECRET)
        cls.ru_document = make.evidence(cls.ru_report, title="Документ России")
        cls.elsewhere = make.roadmap("elsewhere")
        cls.their_item = make.item(cls.elsewhere, number="9.9", wording={"en": SECRET})
        cls.their_milestone = make.milestone(cls.their_item)
        cls.their_round = make.round_(cls.elsewhere, state="planned")
        cls.their_reviewer = make.user("reviewer.elsewhere@example.org")
        make.grant(cls.their_reviewer, Role.REVIEWER, roadmap=cls.elsewhere)

    def test_a_document_of_another_party_cannot_be_chosen(self):
        other_plan = make.evidence(
            make.report(
                commitment_=self.their_milestone.commitments.get(party=self.russia),
                round__=make.round_(self.elsewhere, starts_on=date(2025, 1, 1)),
            )
        )
        client = signed_in(self.ru_analyst)
        for document in (self.kz_document, other_plan, None):
            sent = typed(client.get(f"/reports/{self.ru_report.pk}/"), verb="attach")
            response = client.post(
                f"/reports/{self.ru_report.pk}/", sent | {"document-known": document.pk if document else 999_999}
            )
            self.assertEqual(response.status_code, 400)
            self.assertNotContains(response, SECRET, status_code=400)
            self.assertEqual(self.ru_report.proofs.count(), 1)

    def test_a_proof_of_another_report_cannot_be_removed(self):
        client = signed_in(self.ru_analyst)
        for proof in (
            self.kz_report.proofs.get().pk,
            f"-{self.kz_report.proofs.get().pk}",
            f"{self.kz_report.proofs.get().pk} OR 1=1",
        ):
            sent = typed(client.get(f"/reports/{self.ru_report.pk}/"), remove=proof)
            self.assertLess(client.post(f"/reports/{self.ru_report.pk}/", sent).status_code, 500)
            self.assertEqual(Proof.objects.count(), 2)
        client.post(
            f"/reports/{self.ru_report.pk}/",
            typed(client.get(f"/reports/{self.ru_report.pk}/"), remove=self.ru_report.proofs.get().pk),
        )
        self.assertEqual(Proof.objects.count(), 1)  # one's own can

    def test_every_verb_on_anothers_report(self):
        before = list(Report.objects.values())
        sent = {"version": 1, "narrative": "x", "reason": "x", "remark0-text": "x", "correct_by": "01.01.2199"}
        for person in (
            self.ru_analyst,
            self.their_reviewer,
            self.stranger,
            self.observer,
            self.administrator,
            self.reviewer,
        ):
            client = signed_in(person)
            for verb in ("", "withdraw/", "endorse/", "accept/", "return/", "reopen/"):
                response = client.post(f"/reports/{self.kz_report.pk}/{verb}", sent)
                self.assertIn(response.status_code, (404, 409) if person == self.reviewer else (404,), (person, verb))
                self.assertNotIn(SECRET, response.content.decode())
        self.assertEqual(list(Report.objects.values()), before)

    def test_what_is_of_another_roadmap_is_not_under_this_one(self):
        client = signed_in(self.administrator)
        self.assertEqual(client.get(f"/r/elsewhere/items/{self.their_item.pk}/").status_code, 200)
        for where in (f"/r/plan/items/{self.their_item.pk}/", f"/r/plan/milestones/{self.their_milestone.pk}/why/"):
            self.assertEqual(client.get(where).status_code, 404)

    def test_another_roadmap_is_not_there(self):
        for where in (
            "",
            "milestones/",
            "milestones/?export=csv",
            "items/",
            "rounds/",
            f"items/{self.their_item.pk}/",
            f"milestones/{self.their_milestone.pk}/why/",
        ):
            for person in (self.kz_analyst, self.reviewer, self.observer):
                client = signed_in(person)
                theirs, absent = client.get(f"/r/elsewhere/{where}"), client.get(f"/r/absent/{where}")
                self.assertEqual((theirs.status_code, absent.status_code), (404, 404))
                self.assertEqual(plain(theirs).replace("elsewhere", "…"), plain(absent).replace("absent", "…"))
        for person in (self.reviewer, self.kz_analyst):
            for verb in ("open", "close"):
                self.assertEqual(signed_in(person).post(f"/rounds/{self.their_round.pk}/{verb}/").status_code, 404)

    def test_the_queue_of_another_roadmap(self):
        their = make.report(
            commitment_=self.their_milestone.commitments.get(party=self.russia),
            round__=self.their_round,
            state="submitted",
            submitted_at="2026-04-01T00:00Z",
            narrative=SECRET,
            author=self.ru_analyst,
        )
        client = signed_in(self.reviewer)
        for where in ("/review/?roadmap=elsewhere", f"/review/{their.pk}/", f"/review/{their.pk}/?roadmap=elsewhere"):
            response = client.get(where)
            self.assertNotIn(SECRET, response.content.decode())
            self.assertNotIn(str(self.elsewhere), response.content.decode())
        self.assertEqual(
            client.post(f"/reports/{their.pk}/accept/", {"version": 1, "roadmap": "elsewhere"}).status_code, 404
        )

    def test_organisations_and_areas_of_another_roadmap_as_filters(self):
        hidden = make.organisation(SECRET)
        client = signed_in(self.observer)
        for where in ("/r/plan/milestones/", "/r/plan/items/"):
            response = client.get(where, {"organisation": hidden.pk, "area": "health", "party": "XX"})
            self.assertEqual(response.status_code, 200)
            self.assertNotContains(response, SECRET)

    def test_documents(self):
        for person, seen in (
            (self.kz_analyst, 200),
            (self.coordinator, 200),
            (self.ru_analyst, 404),
            (self.observer, 404),
            (self.reviewer, 404),
            (self.administrator, 404),
            (self.stranger, 404),
        ):
            response = signed_in(person).get(f"/evidence/{self.kz_document.pk}/")
            self.assertEqual(response.status_code, seen, person)
            self.assertEqual(SECRET in response.content.decode(), seen == 200)

    def test_administration_does_not_open_what_is_not_shared_with_it(self):
        client = signed_in(self.administrator)
        for name, row in (("report", self.kz_report), ("evidence", self.kz_document)):
            for page in ("change", "history", "delete"):
                response = client.get(f"/admin/progress/{name}/{row.pk}/{page}/", follow=True)
                self.assertNotIn(SECRET, response.content.decode(), (name, page))
            response = client.get(f"/admin/progress/{name}/", {"q": SECRET})
            self.assertNotIn(f"/{row.pk}/change/", response.content.decode())
        before = list(Report.objects.values())
        for action in ("accept", "reopen", "delete_selected"):
            client.post(
                "/admin/progress/report/",
                {
                    "action": action,
                    "_selected_action": [self.kz_report.pk],
                    "confirmed": "1",
                    "change_reason": "x",
                    "index": "0",
                },
            )
        self.assertEqual(list(Report.objects.values()), before)

    def test_the_text_of_an_own_report_stays_the_partys_after_acceptance(self):
        earlier = make.round_(self.roadmap, starts_on=date(2025, 1, 1))
        accepted = make.report(
            commitment_=self.kz_commitment,
            round__=earlier,
            state="accepted",
            narrative=SECRET,
            audience="own",
            submitted_at="2025-04-01T00:00Z",
        )
        make.evidence(accepted, title=SECRET)
        for person in (self.kz_analyst, self.observer, self.ru_analyst, self.administrator):
            client = signed_in(person)
            for where in (
                f"/r/plan/items/{self.item.pk}/",
                "/r/plan/milestones/?export=csv",
                "/r/plan/",
                "/r/plan/items/",
                f"/r/plan/milestones/{self.milestone.pk}/why/",
                f"/reports/{accepted.pk}/",
            ):
                text = text_of(client.get(where))
                if person != self.kz_analyst:
                    self.assertNotIn(SECRET, text, (person, where))
            self.assertEqual(SECRET in text, person == self.kz_analyst)


def text_of(response):
    return b"".join(response.streaming_content if response.streaming else [response.content]).decode()


class AccountIdsTest(TrackerTestCase):
    """Sessions, factors, addresses and recovery codes of somebody else."""

    def setUp(self):
        for person in (self.kz_analyst, self.observer):
            person.set_password(make.PASSWORD)
            person.save()
        self.theirs, self.mine = Client(), Client()
        sign_in(self.theirs, self.kz_analyst.email)
        sign_in(self.mine, self.observer.email)
        self.mine.post("/account/reauthenticate/", {"password": make.PASSWORD})

    def test_a_session_of_somebody_else_cannot_be_ended(self):
        session = UserSession.objects.get(user=self.kz_analyst)
        for where in (
            f"/account/sessions/{session.pk}/end/",
            f"/account/sessions/?pk={session.pk}",
            "/account/sessions/",
        ):
            response = self.mine.post(where, {"session": session.pk, "pk": session.pk, "user": self.kz_analyst.pk})
            self.assertIn(response.status_code, (302, 404))
        self.assertEqual(self.theirs.get("/desk/").status_code, 200)
        self.assertTrue(Session.objects.filter(session_key=session.session_key).exists())
        self.assertEqual(self.mine.post("/account/sessions/999999/end/").status_code, 404)
        self.assertNotContains(self.mine.get("/account/sessions/"), session.session_key)

    def test_passkeys_of_somebody_else(self):
        key = Authenticator.objects.create(
            user=self.kz_analyst, type="webauthn", data={"name": "Ключ Айгуль", "credential": {}}
        )
        for verb in ("remove", "edit"):
            for send in (self.mine.get, self.mine.post):
                theirs = send(f"/account/factors/webauthn/keys/{key.pk}/{verb}/", {"name": "x"})
                absent = send("/account/factors/webauthn/keys/999999/" + verb + "/", {"name": "x"})
                self.assertEqual((theirs.status_code, absent.status_code), (404, 404), (verb, theirs.get("Location")))
        key.refresh_from_db()
        self.assertEqual(key.data["name"], "Ключ Айгуль")

    def test_recovery_codes_of_somebody_else(self):
        codes = RecoveryCodes.activate(self.kz_analyst).get_unused_codes()
        for where in ("", "download/", f"?user={self.kz_analyst.pk}", "generate/"):
            response = self.mine.get(f"/account/factors/recovery-codes/{where}", follow=True)
            self.assertFalse(any(code in response.content.decode() for code in codes), where)
        self.mine.post("/account/factors/recovery-codes/generate/", {"user": self.kz_analyst.pk})
        left = Authenticator.objects.get(user=self.kz_analyst, type="recovery_codes").wrap().get_unused_codes()
        self.assertEqual(left, codes)

    def test_secrets_of_factors_are_not_readable_in_the_database(self):
        codes = RecoveryCodes.activate(self.kz_analyst)
        stored = str(Authenticator.objects.get(user=self.kz_analyst, type="recovery_codes").data)
        self.assertFalse(any(code in stored for code in codes.get_unused_codes()))

    def test_people_and_grants_are_an_administrators(self):
        grants, people = list(Grant.objects.values()), ChangeSet.objects.count()
        grant = self.observer.grants.get()
        for person in (self.observer, self.reviewer, self.coordinator, self.stranger):
            client = signed_in(person)
            for number, other in ((self.kz_analyst.pk, 999_999), (person.pk, 999_998)):
                for verb in ("", "invite/", "close/", "open/", "factors/", "grants/new/"):
                    for send in (client.get, client.post):
                        found, absent = send(f"/people/{number}/{verb}"), send(f"/people/{other}/{verb}")
                        self.assertIn(found.status_code, (403, 404, 405))
                        self.assertEqual(found.status_code, absent.status_code)
                        self.assertEqual(
                            plain(found).replace(f"/people/{number}/", ""),
                            plain(absent).replace(f"/people/{other}/", ""),
                        )
            for where in (
                "/people/",
                "/people/new/",
                f"/grants/{grant.pk}/",
                f"/grants/{grant.pk}/end/",
                "/rights/",
                "/security/",
            ):
                for send in (client.get, client.post):
                    self.assertIn(
                        send(where, {"grant-role": "administrator", "verb": "give"}).status_code, (403, 404, 405), where
                    )
        self.assertEqual(list(Grant.objects.values()), grants)
        self.assertEqual(ChangeSet.objects.count(), people)

    def test_a_link_to_a_new_password_opens_one_account(self):
        """The id in the link is not exchangeable."""
        Client().post("/account/password/reset/", {"email": self.observer.email})
        uid, key = re.search(r"/key/([0-9a-z]+)-([^/\s]+)/", mail.outbox[-1].body).groups()
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"
        other = digits[self.administrator.pk] if self.administrator.pk < 36 else None
        self.assertNotEqual(uid, other)
        response = Client().get(f"/account/password/reset/key/{other or 'a'}-{key}/", follow=True)
        self.assertNotContains(response, 'name="password1"')
