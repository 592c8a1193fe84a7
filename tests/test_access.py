"""Every address × every role: the answers are one table, and an address without a row fails (quality.md)."""

import re
from datetime import date

from django.db import IntegrityError, transaction
from django.urls import get_resolver, reverse

from tests import make
from tests.base import TrackerTestCase
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Executor, Item, Role

#          anonymous stranger observer kz_analyst ru_analyst coordinator reviewer elsewhere administrator
ROLES = "anonymous stranger observer kz_analyst ru_analyst coordinator reviewer elsewhere administrator".split()

READ = "302 404 200 200 200 200 200 200 200"  # of a roadmap in which the role has any grant
READ_IN_AREA = "302 404 200 200 200 200 200 404 200"
NO_METHOD = "302 405 405 405 405 405 405 405 405"

TABLE = {
    # name: (arguments by name, GET, POST)
    "start": ((), "302 200 302 302 302 302 302 302 302", NO_METHOD),
    "set_language": ((), "405 405 405 405 405 405 405 405 405", "302 302 302 302 302 302 302 302 302"),
    "account_login": ((), "200 302 302 302 302 302 302 302 302", "200 302 302 302 302 302 302 302 302"),
    "account_inactive": ((), "200 200 200 200 200 200 200 200 200", "405 405 405 405 405 405 405 405 405"),
    "account_logout": ((), "302 200 200 200 200 200 200 200 200", "302 302 302 302 302 302 302 302 302"),
    "overview": (("slug",), READ, NO_METHOD),
    "status_table": (("slug",), READ, NO_METHOD),
    "items": (("slug",), READ, NO_METHOD),
    "rounds": (("slug",), READ, NO_METHOD),
    "item": (("slug", "item"), READ_IN_AREA, NO_METHOD),
    "why": (("slug", "milestone"), READ_IN_AREA, NO_METHOD),
    "round_open": (("round",), NO_METHOD, "302 404 403 403 403 403 403 403 302"),
    "desk": ((), "302 200 200 200 200 200 200 200 200", NO_METHOD),
    # The report is a draft of Kazakhstan's: its party sees it. A reviewer of its area may have seen it before it was
    # withdrawn, and is told so (409); to everyone else it is not there.
    "report": (("report",), "302 404 404 200 404 200 404 404 404", "302 404 404 409 404 403 404 404 404"),
    "report_withdraw": (("report",), NO_METHOD, "302 404 404 409 404 403 404 404 404"),
    "report_endorse": (("report",), NO_METHOD, "302 404 404 403 404 409 404 404 404"),
    "report_accept": (("report",), NO_METHOD, "302 404 404 403 404 403 409 404 404"),
    "report_return": (("report",), NO_METHOD, "302 404 404 403 404 403 409 404 404"),
    "report_reopen": (("report",), NO_METHOD, "302 404 404 403 404 403 404 404 404"),
    "review": ((), "302 403 403 403 403 403 200 200 403", NO_METHOD),
    "review_report": (("report",), "302 404 404 403 404 403 302 404 404", NO_METHOD),
    "evidence": (("evidence",), "302 404 404 200 404 200 404 404 404", NO_METHOD),
    "round_close": (("round",), NO_METHOD, "302 404 403 403 403 403 403 403 302"),
}


def addresses():
    """The names of all our URL patterns; the administration's are walked apart."""
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "app_name", None) == "admin":
            continue
        for inner in getattr(pattern, "url_patterns", [pattern]):
            yield inner.name


def bare(response, address):
    """The page without its own address and the token of its forms."""
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", response.content.decode().replace(address, ""))


def admin_addresses():
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "app_name", None) == "admin":
            yield from leaves(pattern.url_patterns, "/admin/")


def leaves(patterns, prefix):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from leaves(pattern.url_patterns, route)
        else:
            yield route


class MatrixTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.elsewhere = make.user()
        make.grant(cls.elsewhere, Role.REVIEWER, roadmap=cls.roadmap, area=make.area("transport"))
        cls.round = make.round_(cls.roadmap, state="planned")
        cls.report = make.report(
            commitment_=cls.kz_commitment, state="draft", narrative="Черновик", author=cls.kz_analyst
        )
        cls.document = make.evidence(cls.report)

    def arguments(self, name):
        found = {
            "slug": "plan", "item": self.item.pk, "milestone": self.milestone.pk, "round": self.round.pk,
            "report": self.report.pk, "evidence": self.document.pk,
        }  # fmt: skip
        return [found[argument] for argument in TABLE[name][0]]

    def person(self, role):
        self.client.logout()
        if role != "anonymous":
            self.client.force_login(getattr(self, role))

    def test_every_address_has_a_row(self):
        self.assertEqual(set(addresses()) - set(TABLE), set(), "an address without a rule")
        self.assertEqual(set(TABLE) - set(addresses()), set(), "a rule without an address")

    def test_every_role_gets_what_the_table_says(self):
        for place, role in enumerate(ROLES):
            self.person(role)
            for name, (_arguments, *answers) in TABLE.items():
                address = reverse(name, args=self.arguments(name))
                for method, expected in zip(("get", "post"), answers, strict=True):
                    status = int(expected.split()[place])
                    with self.subTest(name, method=method, role=role):
                        response = getattr(self.client, method)(address)
                        self.assertEqual(response.status_code, status)
                        if role == "anonymous" and status == 302 and name not in ("set_language", "account_logout"):
                            self.assertIn("/account/login/", response["Location"])
                if name == "account_logout":
                    self.person(role)

    def test_what_is_anothers_looks_like_what_is_absent(self):
        for role in ("stranger", "elsewhere", "observer"):
            self.person(role)
            for foreign, missing in (
                (f"/reports/{self.report.pk}/", "/reports/999999/"),
                (f"/evidence/{self.document.pk}/", "/evidence/999999/"),
            ):
                theirs, nothing = self.client.get(foreign), self.client.get(missing)
                self.assertEqual((theirs.status_code, nothing.status_code), (404, 404))
                self.assertEqual(bare(theirs, foreign), bare(nothing, missing))

    def test_administration_is_for_administrators(self):
        routes = list(admin_addresses())
        self.assertGreater(len(routes), 50)
        for role in ROLES:
            self.person(role)
            for route in routes:
                address = route.replace("<path:object_id>", "999999").replace("<path:content_type_id>", "1")
                if any(part in address for part in ("logout", "login", "jsi18n", "<", "(")):
                    continue
                with self.subTest(address, role=role):
                    status = self.client.get(address).status_code
                    if role == "anonymous":
                        self.assertEqual(status, 302)
                    elif role == "administrator":
                        self.assertIn(status, (200, 302, 403, 404, 405))
                    else:
                        self.assertEqual(status, 403)


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
