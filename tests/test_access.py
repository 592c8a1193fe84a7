"""Every address × role × method: the answers are one table (rights.py), and an address without a row fails."""

import logging
import re
from contextlib import contextmanager, nullcontext
from datetime import date
from http.cookies import SimpleCookie
from time import time
from typing import NamedTuple
from unittest import mock
from urllib.parse import quote

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.template import Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tests import make
from tests.base import TrackerTestCase
from tests.rights import ANSWERS, OBJECTS, ROLES, ROWS, addresses
from tests.test_headers import INLINE, lacking
from tracker.accounts.models import SavedView
from tracker.history.changes import change_set
from tracker.jobs.models import Job
from tracker.lib.texts import Texts
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Executor, Item, Role

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What may be written about a request that changes nothing: the session, the limits of attempts, the security log
BOOKKEEPING = {"django_session", "usersessions_usersession", "cache", "accounts_event"}
WRITE = re.compile(r'(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) "(\w+)"')
# Headers that may differ between two requests for the same thing
OF_THE_REQUEST = {"content-length", "set-cookie", "x-request-id"}
MISSING = {str: "nothing", int: 999999}


def passkey_of(user):
    """A passkey as a browser registers it."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    credential = AttestedCredentialData.create(b"\0" * 16, b"credential", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(b"\0" * 32, flags, 0, credential)
    client = CollectedClientData.create("webauthn.create", b"challenge", "https://localhost")
    response = {
        "clientDataJSON": websafe_encode(client),
        "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }
    registered = {"id": websafe_encode(b"credential"), "rawId": websafe_encode(b"credential"), "type": "public-key",
                  "response": response, "clientExtensionResults": {}}  # fmt: skip
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Телефон", "credential": registered}
    )


class Writes(list):
    """The tables that are written to while it watches the connection, as far as that is not taken back."""

    def __init__(self):
        super().__init__()
        self.savepoints = {}

    def __call__(self, execute, sql, params, many, context):
        if written := WRITE.match(sql):
            self.append(written[1])
        elif sql.startswith("SAVEPOINT "):
            self.savepoints[sql.split()[-1]] = len(self)
        elif sql.startswith("ROLLBACK TO SAVEPOINT "):
            del self[self.savepoints[sql.split()[-1]] :]
        return execute(sql, params, many, context)


def blank():
    """Templates give nothing: most of the time of a request is theirs."""
    return mock.patch.object(Template, "render", lambda self, context: "")


class Seen(NamedTuple):
    """What somebody sees of an answer, and what it wrote."""

    status: int
    headers: dict
    cookies: dict
    text: str
    written: set
    flaws: list

    @classmethod
    def of(cls, response, path, written):
        text = (b"".join(response) if response.streaming else response.content).decode(errors="replace")
        flaws = lacking(response, path)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            flaws += [found[0] for found in INLINE.finditer(text)]
        return cls(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items() if name.lower() not in OF_THE_REQUEST},
            {name: morsel["path"] for name, morsel in response.cookies.items()},
            re.sub(r'value="[A-Za-z0-9]{64}"', "", text),  # the tokens of its forms
            written,
            flaws,
        )

    def apart_from(self, address):
        """The same without its own address."""

        def bare(text):
            return text.replace(quote(address, safe=""), "…").replace(quote(address), "…").replace(address, "…")

        headers = {name: bare(value) for name, value in self.headers.items()}
        return self._replace(headers=headers, text=bare(self.text))

    def leads_to_sign_in(self):
        return self.status == 302 and "/login/?next=" in self.headers["location"]

    def wrongs(self, *statuses, may_write=False):
        """What is not as it should be, in words."""
        found = list(self.flaws)
        if self.status not in statuses:
            found.append(f"{self.status}, not {' or '.join(map(str, statuses))}")
        if self.written and not may_write:
            found.append(f"wrote {', '.join(sorted(self.written))}")
        return found


class MatrixTestCase(TrackerTestCase):
    """One client in each role, freshly signed in; whatever a request changes is undone after it.

    What is wrong is collected and told at once: some thousand `subTest`s would take longer than the requests.
    """

    maxDiff = None

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.elsewhere = make.user()
        make.grant(cls.elsewhere, Role.REVIEWER, roadmap=cls.roadmap, area=make.area("transport"))
        for role in list(ROLES)[1:]:
            getattr(cls, role).set_password(make.PASSWORD)
            getattr(cls, role).save()

    def setUp(self):
        self.clients = {role: self.client_of(role) for role in ROLES}
        self.wrong = []
        logging.disable(logging.WARNING)  # thousands of refusals; an error of ours is still told
        self.addCleanup(logging.disable, logging.NOTSET)

    def client_of(self, role):
        client = Client(raise_request_exception=False)
        if role != "anonymous":
            client.force_login(getattr(self, role))
            session = client.session
            session[AUTHENTICATION_METHODS_SESSION_KEY] = [
                {"method": "password", "at": time(), "reauthenticated": True}
            ]
            session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(getattr(self, role).pk)
            session.save()
        return client

    @contextmanager
    def undone(self, client):
        cookies = SimpleCookie({name: morsel.value for name, morsel in client.cookies.items()})
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        client.cookies = cookies

    def ask(self, role, method, path, *, drawn=True):
        """What is seen of the answer. A page that nobody looks at is not drawn."""
        client, writes = self.clients[role], Writes()
        with self.undone(client), connection.execute_wrapper(writes), nullcontext() if drawn else blank():
            response = client.post(path) if method == "POST" else client.generic(method, path)
            return Seen.of(response, path, set(writes) - BOOKKEEPING)

    def tell(self, wrongs, *where):
        self.wrong += [f"{' '.join(map(str, where))}: {wrong}" for wrong in wrongs]


class MatrixTest(MatrixTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.own = cls.objects_of(cls.roadmap, cls.kz_commitment, cls.kz_analyst, cls.observer)
        other = make.roadmap("other", parties=("KZ", "RU", "KG"))
        make.edition(other)  # so that the number of another's is not one of one's own
        milestone = make.milestone(make.item(other, number="1.1", parties={"KZ": "lead", "RU": "lead"}))
        colleague = make.user()
        make.grant(colleague, Role.ANALYST, roadmap=other, party=cls.kazakhstan)
        cls.foreign = cls.objects_of(other, milestone.commitments.get(party=cls.kazakhstan), colleague, colleague)
        cls.missing = {word: MISSING[type(value)] for word, value in cls.own.items()}

    @classmethod
    def objects_of(cls, roadmap, commitment, author, person):
        """One object of each kind in the roadmap, by its word in the table."""
        rounds = {
            state: make.round_(roadmap, starts_on=date(2026, month, 1), state=state)
            for month, state in ((1, "closed"), (4, "open"), (7, "planned"))
        }
        before = make.round_(roadmap, starts_on=date(2025, 10, 1), state="closed")
        draft = make.report(
            commitment_=commitment, round__=rounds["open"], state="draft", narrative="Черновик", author=author
        )
        submitted = make.report(
            commitment_=commitment,
            round__=rounds["closed"],
            state="submitted",
            author=author,
            submitted_at=timezone.now(),
        )
        accepted = make.report(commitment_=commitment, round__=before, state="accepted", author=author)
        file = make.evidence(
            accepted, address="", file=ContentFile(b"%PDF-1.7", "minutes.pdf"), file_name="minutes.pdf"
        )
        session = UserSession.objects.create(user=author, session_key=f"of {author}", ip="127.0.0.1", user_agent="")
        return {
            "roadmap": roadmap.slug,
            "item": commitment.milestone.item_id,
            "milestone": commitment.milestone_id,
            "round": rounds["planned"].pk,
            "open round": rounds["open"].pk,
            "closed round": rounds["closed"].pk,
            "party": roadmap.parties.last().party_id,
            "organisation": make.organisation(party=commitment.party).pk,
            "draft": draft.pk,
            "submitted": submitted.pk,
            "accepted": accepted.pk,
            "proposal": make.deadline_change(commitment.milestone, "31.12.2026", by=author).pk,
            "document": make.evidence(draft).pk,
            "file": file.pk,
            "passkey": passkey_of(author).pk,
            "session": session.pk,
            "person": person.pk,
            "grant": person.grants.get().pk,
            "change": cls.change_of(author).pk,
            "kind": "item",
            "value": cls.value_before(Item.objects.get(pk=commitment.milestone.item_id)),
            "edition": make.edition(roadmap).number,
            "job": cls.job_of(author).pk,
            "view": SavedView.objects.create(owner=author, name="Свой", path=f"/r/{roadmap.slug}/items/").code,
        }

    @classmethod
    def change_of(cls, author):
        with change_set(by=author) as under_way:
            make.organisation(party=cls.kazakhstan)
        return under_way.row

    @classmethod
    def value_before(cls, item):
        item.funding = Texts(ru="Бюджеты сторон")
        item.save()
        return item.history.earliest("history_id").pk

    @classmethod
    def job_of(cls, author):
        job = Job.objects.create(person=author, title="Список", language="ru", state="done", file_name="list.csv")
        job.file.save("list.csv", ContentFile(b"1"))
        return job

    def address(self, row, objects):
        return reverse(row.name, args=[objects.get(word, word) for word in row.of])

    def test_every_address_has_a_row(self):
        names = {name for _route, name in addresses() if not name.startswith("admin:")}
        rows = {row.name for row in ROWS}
        self.assertEqual(names - rows, set(), "an address without a rule")
        self.assertEqual(rows - names, set(), "a rule without an address")

    def test_every_word_of_the_table_is_explained(self):
        self.assertEqual(set(access.WORDS), set(access.RIGHTS))
        self.assertEqual({word for row in ROWS for word in row.of}, set(OBJECTS))
        given = {row.answer(role, method) for row in ROWS for role in ROLES for method in METHODS}
        self.assertEqual(given, set(ANSWERS))

    def test_every_role_gets_what_the_table_says(self):
        names, drawn = set(), set()
        for row in ROWS:
            path = self.address(row, self.own)
            for role in ROLES:
                for method in METHODS if row.name not in names else METHODS[:3]:
                    status, gets_in = row.answer(role, method), row.lets_in(role, method)
                    page = row, method, status  # drawn for the first role that gets it
                    is_new = gets_in and page not in drawn
                    drawn.add(page)
                    if method == "HEAD" and gets_in and not is_new:
                        continue  # the same work as GET again
                    seen = self.ask(role, method, path, drawn=is_new and method != "HEAD")
                    self.tell(seen.wrongs(status, may_write=gets_in and method == "POST"), method, path, role)
                    if row.asks_to_sign_in(role) and not seen.leads_to_sign_in():
                        self.tell(["does not lead to sign in"], method, path, role)
            names.add(row.name)
        self.assertEqual(self.wrong, [])

    def test_what_is_anothers_looks_like_what_is_absent(self):
        for row in ROWS:
            if not set(row.of) & set(self.own):
                continue
            pairs = [(self.foreign, self.missing)]
            if len(row.of) > 1:  # another's object under an address of one's own
                pairs.append([others | {row.of[0]: self.own[row.of[0]]} for others in pairs[0]])
            for pair in pairs:
                theirs, nothing = (self.address(row, objects) for objects in pair)
                for role in list(ROLES)[:-1]:
                    statuses = (302, 405) if row.asks_to_sign_in(role) else (403, 404, 405)
                    for method in ("GET", "POST"):
                        seen, absent = (
                            self.ask(role, method, path, drawn=row.knows(method)) for path in (theirs, nothing)
                        )
                        self.tell(seen.wrongs(*statuses), method, theirs, role)
                        if seen.apart_from(theirs) != absent.apart_from(nothing):
                            self.tell(["is told apart from what is absent"], method, theirs, role)
        self.assertEqual(self.wrong, [])


class AdministrationTest(MatrixTestCase):
    """The administration, whatever its pages are: for administrators and nobody else."""

    def paths(self, *ids):
        """Every address, with each of the ids where it takes one."""
        for route, name in addresses():
            if name.startswith("admin:") and name not in ("admin:login", "admin:logout", "admin:jsi18n"):
                route = re.sub(r"\(\?P<url>.*", "nothing/", route)
                route = re.sub(r"\^?\(\?P<\w+>(\w+)[^)]*\)/\$?", r"\1/", route)
                yield from {re.sub("<[^>]+>", one, route) for one in ids}

    def test_it_is_for_administrators(self):
        paths = list(self.paths("999999"))
        self.assertGreater(len(paths), 50)
        for role in list(ROLES)[:-1]:
            for path in paths:
                for method in ("GET", "POST"):
                    seen = self.ask(role, method, path, drawn=False)
                    self.tell(seen.wrongs(302 if role == "anonymous" else 403), method, path, role)
                    if role == "anonymous" and not seen.leads_to_sign_in():
                        self.tell(["does not lead to sign in"], method, path, role)
        self.assertEqual(self.wrong, [])

    def test_administrators_get_answers_even_to_nonsense(self):
        for path in self.paths("999999", "x", "9" * 30, "%00"):
            for method in ("GET", "POST"):
                seen = self.ask("administrator", method, path, drawn=method == "GET")
                self.tell(seen.wrongs(200, 302, 400, 403, 404, 405), method, path)
        self.assertEqual(self.wrong, [])

    def test_a_choice_that_is_no_row_is_answered(self):
        client = self.clients["administrator"]
        for model, action in (
            ("roadmaps/roadmap", "adopt"),
            ("progress/round", "close"),
            ("progress/report", "accept"),
        ):
            for nonsense in ("", "x", "1.5", "9" * 30, "\0"):
                with self.subTest(model, nonsense=nonsense):
                    data = {"action": action, "_selected_action": ["1", nonsense], "index": "0"}
                    response = client.post(f"/admin/{model}/", data, follow=True)
                    self.assertRedirects(response, f"/admin/{model}/")
                    self.assertContains(response, "What was chosen is not in this list.")


class ScopeTest(TrackerTestCase):
    """Dimensions of one grant narrow it, several grants add up, and an ended one is none."""

    def test_grants_add_up_and_their_dimensions_narrow(self):
        road = make.item(self.roadmap, number="2.1", area_=make.area("transport"), parties={"KZ": "lead", "RU": "lead"})
        make.milestone(road)
        user = make.user()
        make.grant(user, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan, area=make.area("transport"))
        self.assertEqual(list(Item.objects.visible_to(user)), [road])
        self.assertEqual(Commitment.objects.written_by(user).count(), 1)
        make.grant(user, Role.ANALYST, roadmap=self.roadmap, party=self.russia, area=make.area("energy"))
        self.assertEqual({str(c.party) for c in Commitment.objects.written_by(user)}, {"Kazakhstan", "Russia"})
        self.assertEqual(Item.objects.visible_to(user).count(), 2)

    def test_an_organisation_includes_what_is_under_it(self):
        ministry = make.organisation("Министерство", party=self.kazakhstan)
        committee = make.organisation("Комитет", party=self.kazakhstan, parent=ministry)
        other = make.organisation("Агентство", party=self.kazakhstan)
        Executor.objects.create(
            participation=self.item.participations.get(party=self.kazakhstan), organisation=committee
        )
        of_ministry, of_other = make.user(), make.user()
        make.grant(of_ministry, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan, organisation=ministry)
        make.grant(of_other, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan, organisation=other)
        for user, allowed in ((of_ministry, True), (of_other, False)):
            self.assertEqual(access.may(user, "write", self.kz_commitment), allowed)
            self.assertEqual(Commitment.objects.written_by(user).exists(), allowed)
            self.assertFalse(access.may(user, "write", self.ru_commitment))

    def test_an_ended_grant_and_a_person_who_left_have_nothing(self):
        user = make.user()
        make.grant(user, Role.OBSERVER, roadmap=self.roadmap, until=date(2020, 1, 1))
        self.assertFalse(Item.objects.visible_to(user).exists())
        user = make.user(is_active=False)
        make.grant(user, Role.OBSERVER, roadmap=self.roadmap)
        self.assertFalse(Item.objects.visible_to(user).exists())

    def test_each_roles_scope_is_kept_by_the_database(self):
        user = make.user()
        for role, scope in (
            (Role.ANALYST, {}),
            (Role.COORDINATOR, {"roadmap": self.roadmap}),
            (Role.REVIEWER, {"party": self.russia}),
            (Role.ADMINISTRATOR, {"roadmap": self.roadmap}),
        ):
            with self.subTest(role), self.assertRaises(IntegrityError), transaction.atomic():
                make.grant(user, role, **scope)
        make.grant(user, Role.OBSERVER)
        with self.assertRaises(IntegrityError), transaction.atomic():
            make.grant(user, Role.OBSERVER)

    def test_the_two_questions_agree(self):
        people = (
            self.kz_analyst,
            self.ru_analyst,
            self.reviewer,
            self.coordinator,
            self.observer,
            self.administrator,
            self.stranger,
        )
        for user in people:
            for verb in ("write", "endorse", "review", "plan", "reopen"):
                listed = set(Commitment.objects.within(verb, user))
                allowed = {c for c in (self.kz_commitment, self.ru_commitment) if access.may(user, verb, c)}
                self.assertEqual(listed, allowed, (user, verb))
