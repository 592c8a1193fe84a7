"""Input that no browser sends: every address answers it in words, and never by breaking."""

from urllib.parse import quote

from django.test import Client, override_settings

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed

from .base import address, parts, routes, signed_in

HUGE = 10**30
NUMBERS = ("0", "9223372036854775808", "9" * 4000)
# What is put into each parameter: quotes, comments, NUL, half characters, numbers of every size
VALUES = (
    "' OR 1=1--",
    '"; DROP TABLE progress_report;--',
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "-1",
    str(HUGE),
    "9999999999999999999",
    "1e309",
    "²",
    "٣.٤",
    "..%2F..%2Fetc%2Fpasswd",
    "{{7*7}}",
    "%25s%0d%0a",
    "__class__",
    "a" * 5000,
    "%CC%81" * 300,
)
NAMES = (
    "q",
    "on",
    "page",
    "sort",
    "area",
    "party",
    "organisation",
    "control",
    "execution",
    "timeliness",
    "due_from",
    "due_to",
    "export",
    "roadmap",
    "show",
    "marks",
    "next",
    "kind",
    "person",
    "role",
    "state",
    "from",
    "to",
    "until",
    "round",
    "overdue",
)
DAYS = (
    "0000-00-00",
    "9999-12-31",
    "10000-01-01",
    "0001-01-01",
    "1899-12-31",
    "2199-12-31",
    "2026-02-30",
    "2026-13-01",
    "31.12.9999",
    "00.00.0000",
    "2026-01-01T00:00:00Z",
    "٢٠٢٦-٠١-٠١",
    "-2026-01-01",
    "1" * 50,
    "today",
    "2026-01-01%00",
)
LISTS = (
    "/r/plan/",
    "/r/plan/milestones/",
    "/r/plan/items/",
    "/r/plan/rounds/",
    "/desk/",
    "/review/",
    "/people/",
    "/security/",
    "/rights/",
    "/review/all/",
    "/r/plan/parties/",
)


BAD = (
    "a\x00b",
    "\ud800".encode("utf-8", "surrogatepass"),
    str(HUGE),
    "-1",
    "x" * 50_000,
    "9999-12-31",
    "01.01.9999",
    "²",
)

FORM = "multipart/form-data; boundary=x"
PART = b"--x\r\nContent-Disposition: form-data; name="
BODIES = (
    ("application/x-www-form-urlencoded", b"\xff\xfe=%FF&%00=%00&a%ED%A0%80=%C0%AF"),
    ("application/x-www-form-urlencoded; charset=nonsense", b"a=b"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"a=+ADw-script+AD4-"),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=" + "x" * 500, b"--x"),
    (FORM, PART + b'"a"; filename="\xff\x00"\r\n\r\n\xff\r\n--x--'),
    (FORM, PART + b'"a"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--'),
    (FORM, b"--x\r\n" + b"A: b\r\n" * 3000),
    ("application/json", b'{"a":' * 2000),
    ("text/xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
    ("", b"a=b"),
    ("\xff", b"a=b"),
)


class NonsenseTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        make.round_(cls.roadmap)
        cls.report = make.report(commitment_=cls.kz_commitment, state="draft", author=cls.kz_analyst)
        cls.submitted = make.report(
            commitment_=cls.ru_commitment, state="submitted", submitted_at="2026-04-01T00:00Z", author=cls.ru_analyst
        )
        # One who may see everything, so that nothing is refused before it is read
        cls.everyone = make.user("everyone@example.org")
        for grant in (cls.kz_analyst, cls.reviewer, cls.coordinator, cls.administrator):
            scope = {n: getattr(grant.grants.get(), n) for n in ("role", "roadmap", "party")}
            make.grant(cls.everyone, **scope)

    def setUp(self):
        self.client = signed_in(self.everyone)
        self.client.raise_request_exception = False

    def assert_answered(self, response, what):
        self.assertLess(response.status_code, 500, what)
        if response.streaming:
            b"".join(response.streaming_content)

    def test_numbers_in_every_address(self):
        for route, _name in routes():
            if not any(name in ("pk", "object_id", "content_type_id") for name in parts(route)):
                continue
            for number in NUMBERS:
                where = address(route, slug="plan", pk=number, object_id=number, content_type_id=number)
                for send in (self.client.get, self.client.post):
                    response = send(where)
                    with self.subTest(where[:80]):
                        self.assertIn(response.status_code, (302, 404, 403, 405))

    def test_signs_in_every_address(self):
        for sign in ("%00", "%FF", "%ED%A0%80", "..%2f..%2f", "a" * 3000, "'", "%27%20OR%201=1", "%0d%0a", "١", "🙂"):
            for pattern in (
                "/r/{}/",
                "/r/{}/milestones/",
                "/reports/{}/",
                "/evidence/{}/",
                "/admin/{}/",
                "/admin/roadmaps/item/{}/change/",
                "/account/password/reset/key/{}-{}/",
                "/account/confirm-email/{}/",
                "/account/elsewhere/oidc/{}/login/",
                "/account/factors/webauthn/keys/{}/edit/",
                "/people/{}/",
                "/{}",
            ):
                self.assert_answered(self.client.get(pattern.replace("{}", sign)), pattern + sign)

    def test_every_parameter_of_every_list(self):
        """All of them at once, and those that are read apart once more alone."""
        for where in LISTS:
            for value in VALUES:
                for names in (NAMES, ("q",)):
                    query = "&".join(f"{name}={value}" for name in names)
                    with self.subTest(where, names=names[:2], value=value[:40]):
                        self.assert_answered(self.client.get(f"{where}?{query}"), (where, value[:40]))

    def test_every_page_on_every_impossible_day(self):
        for where in (*LISTS[:4], f"/r/plan/items/{self.item.pk}/", f"/r/plan/milestones/{self.milestone.pk}/why/"):
            for day in DAYS:
                with self.subTest(where, on=day):
                    response = self.client.get(f"{where}?on={day}")
                    self.assertEqual(response.status_code, 200)
        for name in ("due_from", "due_to"):
            for day in DAYS:
                self.assertEqual(self.client.get(f"/r/plan/milestones/?{name}={day}").status_code, 200)

    def test_sorting_by_what_is_no_column(self):
        for column in (
            "password",
            "-password",
            "item__roadmap__grants__user__password",
            "?",
            "pk;",
            "search",
            "--number",
            "number,password",
            "due_on__isnull",
            "%00",
            "item",
            "Meta",
            "ORDER BY 1",
        ):
            for where in ("/r/plan/milestones/", "/r/plan/items/", "/people/", "/security/"):
                response = self.client.get(f"{where}?sort={quote(column)}")
                self.assertEqual(response.status_code, 200, (where, column))
                self.assertNotIn("md5$", response.content.decode())

    def test_lists_of_administration_take_no_secret_question(self):
        for question in (
            "password__startswith=md5",
            "user__password__startswith=a",
            "grants__user__password__contains=a",
            "o=9999999999999999999999",
            "o=-1.-1.x",
            "p=-1",
            "p=99999999999999999999",
            "p=x",
            "all=",
            "_facets=1",
            "e=1",
            "_popup=1&_to_field=password",
            "_to_field=password",
            "role__in=a,b,%00",
            "id__in=1,x",
            "pk__gt=" + str(HUGE),
            "submitted_at__year=99999",
            "submitted_at__month=13",
            "submitted_at__day=%00",
            "proposed_at__year=0",
            "q=%00",
            "q=" + "a" * 5000,
            "nothing__here=1",
            "roadmap__id__exact=x",
            "roadmap__id__exact=" + str(HUGE),
        ):
            for where in (
                "accounts/user",
                "roadmaps/grant",
                "roadmaps/item",
                "roadmaps/milestone",
                "progress/report",
                "progress/evidence",
                "progress/deadlinechange",
                "progress/remark",
                "progress/round",
            ):
                with self.subTest(where, question=question[:60]):
                    response = self.client.get(f"/admin/{where}/?{question}")
                    self.assert_answered(response, question)
                    self.assertNotIn("md5$", response.content.decode())

    def test_searches_of_choices_in_administration(self):
        for question in (
            "",
            "term=%00&app_label=roadmaps&model_name=executor&field_name=organisation",
            "app_label=x&model_name=y&field_name=z",
            "term=a&app_label=accounts&model_name=user&field_name=password",
            "page=-1&term=a&app_label=roadmaps&model_name=executor&field_name=organisation",
            "page=99999999999999999999&term=&app_label=roadmaps&model_name=executor&field_name=organisation",
        ):
            self.assert_answered(self.client.get(f"/admin/autocomplete/?{question}"), question)
            self.assertEqual(signed_in(self.observer).get(f"/admin/autocomplete/?{question}").status_code, 403)

    def test_the_same_parameter_a_thousand_times_and_a_very_long_one(self):
        for where in LISTS:
            for query in (
                "q=a&" * 900,
                "party=KZ&" * 900,
                "a[b][c][d]=" + "[" * 500,
                "q=" + "%D1%8F" * 170_000,
                "&" * 5000,
                "=" * 5000,
                "page=1&page=x",
            ):
                self.assert_answered(self.client.get(f"{where}?{query}"), (where, query[:20]))

    @override_settings(ACCOUNT_RATE_LIMITS=False)
    def test_forms(self):
        """Every field of every form with every kind of nonsense, one by one."""
        forms = (
            (f"/reports/{self.report.pk}/", {"verb": "submit"}),
            (f"/review/{self.submitted.pk}/", {}),
            ("/people/new/", {"verb": "give"}),
            (f"/people/{self.observer.pk}/grants/new/", {"verb": "give"}),
            (f"/grants/{self.observer.grants.get().pk}/", {"verb": "give"}),
            ("/account/email/", {"action_add": ""}),
            ("/account/password/change/", {}),
            (f"/admin/roadmaps/item/{self.item.pk}/change/", {"_save": ""}),
            (f"/admin/roadmaps/milestone/{self.milestone.pk}/change/", {"_save": ""}),
            (f"/admin/roadmaps/roadmap/{self.roadmap.pk}/change/", {"_save": ""}),
            (f"/admin/accounts/user/{self.observer.pk}/change/", {"_save": ""}),
        )
        targets = {f"/review/{self.submitted.pk}/": f"/reports/{self.submitted.pk}/return/"}
        for where, button in forms:
            page = self.client.get(where)
            fields = typed(page) if page.status_code == 200 else {"x": ""}
            typed_ones = [name for name in fields if not name.endswith(("_FORMS", "csrfmiddlewaretoken"))]
            for value in BAD[::3] if where.startswith("/admin/") else BAD:
                everywhere = fields | button | dict.fromkeys(typed_ones, value)
                self.assert_answered(self.client.post(targets.get(where, where), everywhere), (where, value[:20]))
            for name in [] if where.startswith("/admin/") else typed_ones:
                sent = fields | button | {name: BAD[0]}
                self.assert_answered(self.client.post(targets.get(where, where), sent), (where, name))
            for name in [name for name in fields if name.endswith("_FORMS")]:
                for value in ("-1", "x"):
                    self.assert_answered(self.client.post(where, fields | button | {name: value}), (where, name, value))

    def test_bodies_that_are_no_forms(self):
        for where in (
            f"/reports/{self.report.pk}/",
            "/account/login/",
            "/language/",
            "/account/factors/webauthn/login/",
        ):
            for client in (self.client, Client(raise_request_exception=False)):
                for kind, body in BODIES:
                    with self.subTest(where, kind=kind[:40], body=body[:20]):
                        self.assert_answered(client.generic("POST", where, body, kind), (where, kind, body[:30]))

    def test_headers(self):
        for name, value in (
            ("HTTP_ACCEPT_LANGUAGE", "x" * 5000),
            ("HTTP_ACCEPT_LANGUAGE", "ru;q=9999999999,*;q=-1,\xff"),
            ("HTTP_COOKIE", "a=b; " * 1000),
            ("HTTP_COOKIE", "django_language=../../etc; csrftoken=\xff; sessionid=\xff"),
            ("HTTP_COOKIE", "messages=\xff"),
            ("HTTP_REFERER", "http://["),
            ("HTTP_REFERER", "\xff"),
            ("HTTP_ORIGIN", "http://["),
            ("HTTP_ORIGIN", "null"),
            ("HTTP_IF_MODIFIED_SINCE", "x"),
            ("HTTP_IF_NONE_MATCH", '"' * 500),
            ("HTTP_RANGE", "bytes=99999999999999999999-"),
            ("HTTP_HX_REQUEST", "\xff"),
            ("HTTP_HX_CURRENT_URL", "http://["),
            ("HTTP_HX_TARGET", "%FF"),
            ("HTTP_X_FORWARDED_FOR", "\xff" * 100),
            ("HTTP_USER_AGENT", "\xff\x00" * 500),
            ("REMOTE_ADDR", ""),
            ("REMOTE_ADDR", "nonsense"),
            ("HTTP_X_REQUESTED_WITH", "XMLHttpRequest"),
            ("CONTENT_LENGTH", "-1"),
            ("CONTENT_LENGTH", "x"),
        ):
            for where in ("/r/plan/milestones/", "/account/login/", "/nothing/"):
                for client in (self.client, Client(raise_request_exception=False)):
                    for method in ("GET", "POST"):
                        with self.subTest(where, name=name, value=value[:30], method=method):
                            self.assert_answered(
                                client.generic(method, where, **{name: value}), (where, name, value[:30])
                            )
