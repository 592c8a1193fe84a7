import re
from datetime import UTC, datetime

from django.core.cache import caches

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Executor, Milestone

TABLE = "/r/plan/milestones/"


class StatusTableTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
            cls.transport = cls.roadmap.areas.get(area__code="transport").area
            cls.road = make.item(
                cls.roadmap, number="2.10", area_=cls.transport, parties={"RU": "lead", "TJ": "participant"},
                wording={"ru": "Построить путепровод «Ёлочный»", "en": "To build a flyover"},
            )  # fmt: skip
            cls.bridge = make.milestone(
                cls.road, number="2.10.1", term="IV квартал 2027 г.", wording={"ru": "Мост сдан"}
            )
            cls.survey = make.milestone(
                cls.road, number="2.10.2", term="постоянно", wording={"ru": "Изыскания ведутся"}
            )
            cls.organisation = make.organisation("Росавтодор", party=cls.russia)
            part = cls.road.participations.get(party=cls.russia)
            Executor.objects.create(participation=part, organisation=cls.organisation)

    def setUp(self):
        self.client.force_login(self.observer)

    def numbers(self, query="", **extra):
        """The numbers of the milestones listed, in order."""
        response = self.client.get(TABLE + query, **extra)
        self.assertEqual(response.status_code, 200)
        return [row.number for row in response.context["list"].page_rows]

    def test_it_lists_all_in_plan_order_under_areas_and_items(self):
        self.assertEqual(self.numbers(), ["1.1.1", "2.10.1", "2.10.2"])
        kinds = re.findall(r'<tr class="(\w+)"', self.client.get(TABLE).content.decode())
        self.assertEqual(kinds, ["area", "item", "ms", "area", "item", "ms", "ms"])

    def test_numbers_sort_as_people_count(self):
        make.milestone(self.road, number="2.9.1")
        self.assertEqual(self.numbers("?area=transport"), ["2.9.1", "2.10.1", "2.10.2"])

    def test_each_filter_finds_its_rows(self):
        for query, expected in (
            ("?area=transport", ["2.10.1", "2.10.2"]),
            ("?area=transport&area=energy", ["1.1.1", "2.10.1", "2.10.2"]),
            ("?party=TJ", ["2.10.1", "2.10.2"]),
            ("?party=KZ", ["1.1.1"]),
            (f"?organisation={self.organisation.pk}", ["2.10.1", "2.10.2"]),
            ("?timeliness=continuous", ["2.10.2"]),
            ("?timeliness=overdue&on=2026-07-01", ["1.1.1"]),
            ("?timeliness=overdue&on=2026-06-30", []),
            ("?execution=completed", []),
            ("?control=on", ["1.1.1", "2.10.1", "2.10.2"]),
            ("?due_from=01.01.2027", ["2.10.1"]),
            ("?due_to=2026-12-31", ["1.1.1"]),
        ):
            with self.subTest(query):
                self.assertEqual(self.numbers(query), expected)

    def test_text_is_found_whatever_the_case_the_ё_the_language_and_the_place(self):
        for text in ("ПУТЕПРОВОД", "елочный", "Ёлочный", "flyover", "росавтодор", "2.10", "построить мост"):
            with self.subTest(text):
                self.assertIn("2.10.1", self.numbers(f"?q={text}"))
        self.assertEqual(self.numbers("?q=мост+нет"), [])
        self.assertEqual(self.numbers("?q=100%25"), [])

    def test_it_sorts_by_any_column_both_ways(self):
        self.assertEqual(self.numbers("?sort=-current")[0], "2.10.1")
        self.assertEqual(self.numbers("?sort=timeliness&on=2026-07-01")[0], "1.1.1")
        for sort in ("number", "wording", "agreed", "percent", "execution", "-timeliness"):
            self.assertEqual(len(self.numbers(f"?sort={sort}")), 3)

    def test_a_bad_value_is_a_sentence_and_the_others_hold(self):
        response = self.client.get(TABLE + "?due_from=вчера&area=transport&sort=нет&page=999&organisation=abc")
        self.assertEqual(response.status_code, 200)
        self.assertContains(response, "is not a day")
        self.assertContains(response, "вчера")
        self.assertEqual(len(response.context["page"].object_list), 2)

    def test_hostile_values_are_words_at_most(self):
        for query in (
            "?q=%00",
            "?on=9999-99-99",
            "?on=%27",
            "?area=%00",
            "?party=<script>",
            "?page=-1",
            "?q=" + "я" * 3000,
        ):
            with self.subTest(query):
                response = self.client.get(TABLE + query)
                self.assertEqual(response.status_code, 200)
                self.assertNotContains(response, "<script>")

    def test_every_count_links_to_exactly_its_rows(self):
        response = self.client.get("/r/plan/")
        figures = [figure for _axis, _title, _total, figures in response.context["axes"] for figure in figures]
        figures += [figure for figure, _look, _word in response.context["headline"]]
        figures += [figure for _area, all_, own in response.context["areas"] for figure in (all_, *own)]
        for figure in figures:
            found = self.client.get(figure.url).context["page"].paginator.count
            self.assertEqual(found, figure.count, figure.url)

    def test_axes_add_up(self):
        for _axis, _title, total, figures in self.client.get("/r/plan/").context["axes"]:
            self.assertEqual(sum(figure.count for figure in figures), total)

    def test_a_past_day_shows_what_was_then_and_offers_nothing_to_change(self):
        with change_set(by=self.administrator):
            self.road.wording = Texts(ru="Новое имя")
            self.road.save()
        then = self.client.get(TABLE + "?on=2026-02-01")
        self.assertContains(then, "To build a flyover")
        self.assertContains(then, "As of 01.02.2026")
        self.assertContains(self.client.get(TABLE), "Новое имя")
        self.assertEqual(self.client.get(TABLE + "?on=2026-01-05").context["page"].paginator.count, 0)

    def test_a_past_day_stays_in_the_links(self):
        response = self.client.get(TABLE + "?on=2026-02-01")
        self.assertContains(response, f"../items/{self.road.pk}/?on=2026-02-01")
        self.assertContains(response, 'href="/r/plan/?on=2026-02-01"')

    def test_a_slip_is_shown_beside_the_terms(self):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        make.deadline_change(milestone, "31.10.2026", by=self.kz_analyst, decided_by=self.reviewer)
        response = self.client.get(TABLE)
        self.assertContains(response, "31.10.2026")
        self.assertContains(response, "+123 d, moved once")

    def test_the_query_count_does_not_grow_with_the_rows(self):
        def asked_twice():
            caches["local"].clear()
            for queries in (13, 12):  # the counts are read once for a state of the data
                with self.assertNumQueries(queries):
                    self.client.get(TABLE)

        asked_twice()
        for number in range(30):
            make.milestone(self.road, number=f"2.10.{number + 3}")
        asked_twice()

    def test_why_is_a_fragment_for_htmx_and_a_page_without(self):
        address = f"/r/plan/milestones/{self.milestone.pk}/why/?on=2026-07-18"
        page, fragment = self.client.get(address), self.client.get(address, headers={"HX-Request": "true"})
        for response in (page, fragment):
            self.assertContains(response, "has passed, 18 days ago")
        self.assertContains(page, "<html")
        self.assertNotContains(fragment, "<html")

    def test_anothers_roadmap_is_not_there(self):
        make.roadmap("secret")
        for address in ("/r/secret/", "/r/secret/milestones/", "/r/secret/items/", "/r/secret/rounds/", "/r/none/"):
            self.assertEqual(self.client.get(address).status_code, 404)


class CsvTest(TrackerTestCase):
    def rows(self, query=""):
        self.client.force_login(self.observer)
        response = self.client.get(f"{TABLE}?export=csv{query}")
        self.assertEqual(response["Content-Type"], "text/csv; charset=utf-8")
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        return [line.split(";") for line in text.splitlines()]

    def test_it_holds_what_is_seen(self):
        head, row = self.rows()
        facts = dict(zip(head, row, strict=False))
        self.assertEqual((facts["No."], facts["Due day"]), ("1.1.1", "30.06.2026"))
        self.assertEqual(len(self.rows("&area=transport")), 1)

    def test_on_a_past_day_the_stream_reads_that_day(self):
        self.assertEqual(len(self.rows("&on=2020-01-01")), 1)

    def test_no_cell_runs_as_a_formula(self):
        make.milestone(self.item, number="=1+1", wording={"en": "@SUM(A1)"})
        text = "\n".join(";".join(row) for row in self.rows())
        self.assertIn("'=1+1", text)
        self.assertIn("'@SUM", text)

    def test_all_rows_come_over_the_slices(self):
        milestones = [Milestone(item=self.item, number=f"5.{n}", wording=Texts(ru="Шаг")) for n in range(2100)]
        Milestone.objects.bulk_create(milestones)
        self.assertEqual(len(self.rows()), 2102)


class ItemPagesTest(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.observer)

    def test_the_list_finds_and_counts(self):
        make.item(self.roadmap, number="7.1", wording={"ru": "Создать портал"}, parties={"TJ": "lead"})
        self.assertContains(self.client.get("/r/plan/items/?q=ПОРТАЛ"), "Создать портал")
        self.assertContains(self.client.get("/r/plan/items/?party=TJ"), "1 of 2 items")
        self.assertContains(self.client.get("/r/plan/items/?party=TM&q=x"), "of 2 items")

    def test_the_page_tells_all_and_hides_what_is_not_shared(self):
        report = make.report(commitment_=self.kz_commitment, state="draft", narrative="Черновой текст")
        address = f"/r/plan/items/{self.item.pk}/"
        response = self.client.get(address)
        for text in ("1.1.1", "30.06.2026", "Kazakhstan", "does not take part", f'hx-get="{address}history/"'):
            self.assertContains(response, text)
        self.assertContains(self.client.get(f"{address}history/"), "Milestone entered: 1.1.1")
        self.assertNotContains(response, "Черновой текст")
        self.client.force_login(self.kz_analyst)
        self.assertContains(self.client.get(address), "Черновой текст")
        report.delete()

    def test_a_text_for_the_own_party_is_hidden_and_its_status_is_not(self):
        make.report(
            commitment_=self.kz_commitment, state="accepted", narrative="Не для всех", audience="own", percent=40
        )
        response = self.client.get(f"/r/plan/items/{self.item.pk}/")
        self.assertNotContains(response, "Не для всех")
        self.assertContains(response, "for the own party only")

    def test_the_query_count_does_not_grow_with_the_milestones(self):
        address = f"/r/plan/items/{self.item.pk}/"
        self.client.get(address)
        with self.assertNumQueries(12):
            self.client.get(address)
        for number in range(10):
            make.milestone(self.item, number=f"1.1.{number + 2}")
        with self.assertNumQueries(12):
            self.client.get(address)

    def test_the_history_leads_to_the_whole_change(self):
        with change_set(by=self.administrator, reason="Правка") as under_way:
            self.item.wording = Texts(ru="Новая редакция")
            self.item.save()
        link = f'href="/changes/{under_way.row.pk}/"'
        for person in (self.administrator, self.observer, self.reviewer):
            self.client.force_login(person)
            self.assertContains(self.client.get(f"/r/plan/items/{self.item.pk}/history/"), link)

    def test_a_missing_translation_is_marked(self):
        make.item(self.roadmap, number="7.2", wording={"ru": "Только по-русски"})
        self.assertContains(self.client.get("/r/plan/items/"), '<span lang="ru"')


class StartTest(TrackerTestCase):
    def test_everyone_begins_where_their_work_is(self):
        for user, address in ((self.kz_analyst, "/desk/"), (self.reviewer, "/r/plan/"), (self.observer, "/r/plan/")):
            self.client.force_login(user)
            self.assertRedirects(self.client.get("/"), address, fetch_redirect_response=False)
        self.client.force_login(self.stranger)
        self.assertContains(self.client.get("/"), "Nothing has been shared with you yet")

    def test_a_visitor_signs_in(self):
        self.assertRedirects(self.client.get("/"), "/account/login/?next=/")

    def test_the_language_is_kept_in_the_profile(self):
        self.client.force_login(self.observer)
        self.client.post("/language/", {"language": "ru", "next": "/r/plan/"})
        self.observer.refresh_from_db()
        self.assertEqual(self.observer.language, "ru")
        response = self.client.post("/language/", {"language": "xx", "next": "https://example.com/"})
        self.assertRedirects(response, "/", fetch_redirect_response=False)

    def test_an_unknown_address_is_our_page(self):
        self.client.force_login(self.observer)
        response = self.client.get("/нет/такой/")
        self.assertContains(response, "There is no such page", status_code=404)


class RoundsPageTest(TrackerTestCase):
    def test_an_administrator_opens_and_closes_and_nobody_else(self):
        round_ = make.round_(self.roadmap, state="planned")
        self.client.force_login(self.reviewer)
        self.assertEqual(self.client.post(f"/rounds/{round_.pk}/open/").status_code, 403)
        self.assertNotContains(self.client.get("/r/plan/rounds/"), f"/rounds/{round_.pk}/open/")
        self.client.force_login(self.administrator)
        self.assertEqual(self.client.get(f"/rounds/{round_.pk}/open/").status_code, 405)
        response = self.client.post(f"/rounds/{round_.pk}/open/", follow=True)
        self.assertContains(response, "2 reports asked for")
        self.assertEqual(self.client.post(f"/rounds/{round_.pk}/open/").status_code, 409)
        self.assertContains(self.client.post(f"/rounds/{round_.pk}/close/", follow=True), "2 reports not received")
