"""The axes of the status table: what each finds, turned round, empty and filled, relative, the reader's own."""

from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event
from tracker.history.changes import change_set
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Executor, Milestone, Role

TABLE = "/r/plan/milestones/"
ALL = ["1.1.1", "2.10.1", "2.10.2"]


class FilterTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            cls.enter_plan()

    @classmethod
    def enter_plan(cls):
        super().setUpTestData()
        cls.transport = cls.roadmap.areas.get(area__code="transport").area
        cls.road = make.item(
            cls.roadmap, number="2.10", area_=cls.transport, parties={"RU": "lead", "TJ": "participant"},
            wording={"ru": "Построить путепровод"}, note={"ru": "По согласованию"},
        )  # fmt: skip
        cls.bridge = make.milestone(cls.road, number="2.10.1", term="IV квартал 2026 г.", proof={"ru": "Акт"})
        cls.survey = make.milestone(cls.road, number="2.10.2", term="постоянно")
        cls.organisation = make.organisation("Росавтодор", party=cls.russia)
        Executor.objects.create(
            participation=cls.road.participations.get(party=cls.russia), organisation=cls.organisation
        )
        cls.round = make.round_(cls.roadmap)
        make.report(commitment_=cls.kz_commitment, round__=cls.round, state="submitted")
        cls.kz_commitment.answer, cls.kz_commitment.confirmation = "reported", "documented"
        cls.kz_commitment.save()

    def setUp(self):
        self.client.force_login(self.observer)

    def numbers(self, query):
        response = self.client.get(f"{TABLE}?{query}")
        self.assertEqual(response.status_code, 200)
        return [row.number for row in response.context["list"].page_rows]

    def finds(self, *cases):
        for query, expected in cases:
            with self.subTest(query):
                self.assertEqual(self.numbers(query), expected)

    def test_each_axis_finds_its_rows(self):
        self.finds(
            ("role=lead&party=TJ", []),
            ("role=participant&party=TJ", ["2.10.1", "2.10.2"]),
            ("role=co_executor", ["1.1.1"]),
            ("freshness=reported", ["1.1.1"]),
            ("freshness=reported&party=RU", []),
            ("confirmation=documented", ["1.1.1"]),
            ("confirmation=documented&party=KZ", ["1.1.1"]),
            ("term_kind=continuous", ["2.10.2"]),
            ("freshness=never_asked&party=KZ", []),
            ("freshness=never_asked&role=lead", ["2.10.1", "2.10.2"]),
            ("slipped=yes", []),
            ("slipped=no", ALL),
            ("moved=yes&moved=no", ALL),
            ("drop_reason=none", ALL),
            ("organisation=none", ["1.1.1"]),
            (f"organisation=none&organisation={self.organisation.pk}", ALL),
            ("party=none", []),
            ("party=none&party=KZ", ["1.1.1"]),
            ("due=next-quarter&due_to=30.06.2026&on=2026-08-01", []),
            (f"organisation={self.organisation.pk}", ["2.10.1", "2.10.2"]),
        )

    def test_a_choice_and_all_but_it_are_all(self):
        for query, name in (
            ("timeliness=overdue&timeliness=on_track", "timeliness"),
            ("timeliness=continuous", "timeliness"),
            ("execution=not_started", "execution"),
            ("control=on", "control"),
            ("drop_reason=cancelled", "drop_reason"),
            ("drop_reason=none", "drop_reason"),
            ("party=TJ&party=none", "party"),
            ("party=mine", "party"),
            ("report=none", "report"),
            ("organisation=none", "organisation"),
            ("party=TJ", "party"),
            ("area=energy", "area"),
            ("freshness=reported", "freshness"),
            ("confirmation=documented", "confirmation"),
            ("role=lead", "role"),
            ("term_kind=day", "term_kind"),
            ("report=submitted", "report"),
            (f"organisation={self.organisation.pk}", "organisation"),
        ):
            with self.subTest(query):
                chosen, others = self.numbers(query), self.numbers(f"{query}&except={name}")
                self.assertEqual(sorted(chosen + others), ALL)
                self.assertNotEqual(chosen, others)

    def test_all_but_nothing_is_all(self):
        self.finds(("except=timeliness", ALL), ("except=нет&except=q", ALL))

    def test_empty_and_filled_are_all(self):
        for name, empty in (
            ("due_on", ["2.10.2"]),
            ("forecast_on", ALL),
            ("executor", ["1.1.1"]),
            ("proof", ["1.1.1", "2.10.2"]),
            ("note", ["1.1.1"]),
            ("expected_result", ALL),
            ("done_on", ALL),
            ("evidence", ALL),
            ("confirmation", ["2.10.1", "2.10.2"]),
        ):
            with self.subTest(name):
                self.assertEqual(self.numbers(f"empty={name}"), empty)
                self.assertEqual(self.numbers(f"filled={name}"), [one for one in ALL if one not in empty])

    def test_days_and_periods_are_seen_from_the_day_of_the_page(self):
        self.finds(
            ("due=this-quarter&on=2026-05-01", ["1.1.1"]),
            ("due=next-quarter&on=2026-08-01", ["2.10.1"]),
            ("due=last-quarter&on=2026-08-01", ["1.1.1"]),
            ("due=round", []),
            ("due=II квартал 2026", ["1.1.1"]),
            ("due=следующий квартал&on=2026-08-01", ["2.10.1"]),
            ("due=next-30&on=2026-06-10", ["1.1.1"]),
            ("due=last-30&on=2026-07-10", ["1.1.1"]),
            ("due_from=today&on=2026-07-01", ["2.10.1"]),
            ("due_to=today%2B30&on=2026-06-01", ["1.1.1"]),
            ("due_to=сегодня&on=2026-06-30", ["1.1.1"]),
        )

    def test_a_relative_day_stays_as_it_was_said(self):
        response = self.client.get(f"{TABLE}?due_to=today%2B30&on=2026-06-01")
        self.assertContains(response, "01.07.2026 (today + 30 days)")
        self.assertContains(response, 'value="today+30"')
        self.assertEqual(self.numbers("due_to=today+30&on=2026-06-01"), ["1.1.1"])  # as typed into an address

    def test_my_party_is_the_readers(self):
        self.assertEqual(self.numbers("party=mine"), [])
        self.client.force_login(self.kz_analyst)
        self.assertEqual(self.numbers("party=mine"), ["1.1.1"])
        self.client.force_login(self.ru_analyst)
        self.assertEqual(self.numbers("party=mine"), ALL)
        make.grant(self.ru_analyst, Role.ANALYST, party=self.russia, organisation=self.organisation)
        self.assertEqual(self.numbers("organisation=mine"), ["2.10.1", "2.10.2"])

    def test_a_report_counts_only_for_who_sees_it(self):
        self.assertEqual(self.numbers("report=submitted"), [])
        self.client.force_login(self.reviewer)
        self.assertEqual(self.numbers("report=submitted"), ["1.1.1"])

    def test_what_changed_since(self):
        with change_set(at=datetime(2026, 3, 1, tzinfo=UTC)):
            bridge = Milestone.objects.get(pk=self.bridge.pk)
            bridge.wording = Texts(ru="Мост принят")
            bridge.save()
        self.finds(
            ("changed=01.02.2026", ["2.10.1"]),
            ("changed=01.04.2026", []),
            ("changed=01.01.2026", ALL),
            ("changed=01.02.2026&on=2026-02-15", []),
            ("changed=round", []),
            ("changed=today-60&on=2026-03-20", ALL[1:2]),
        )

    def test_what_changed_since_my_last_visit(self):
        now = timezone.now()
        Event(at=now - timedelta(days=200), kind=Event.Kind.SIGNED_IN, person=self.observer).save()
        with change_set(at=now - timedelta(days=100)):
            bridge = Milestone.objects.get(pk=self.bridge.pk)
            bridge.weight = 3
            bridge.save()
        self.assertEqual(self.numbers("changed=visit"), ["2.10.1"])

    def test_the_long_menu_comes_when_it_is_opened(self):
        closed, opened = self.client.get(TABLE), self.client.get(f"{TABLE}?area=energy&more=on")
        self.assertNotContains(closed, 'name="freshness"')
        self.assertContains(closed, "?more=on")
        self.assertContains(opened, 'name="freshness"')
        self.assertContains(opened, 'id="menu-more" open')
        self.assertContains(self.client.get(f"{TABLE}?freshness=silent"), 'name="freshness"')
        self.assertContains(self.client.get(f"{TABLE}?due_from=нет"), 'id="menu-more" open')

    def test_clearing_keeps_how_the_table_is_shown(self):
        asked = "freshness=silent&except=freshness&organisation_q=a&empty=note&more=on&group=none&on=2026-05-01"
        response = self.client.get(f"{TABLE}?{asked}")
        self.assertEqual(response.context["list"].cleared, "?group=none&on=2026-05-01")

    def test_organisations_are_searched_not_all_shown(self):
        page = self.client.get(TABLE)
        self.assertNotContains(page, "Росавтодор</label>")
        self.assertContains(self.client.get(f"{TABLE}?organisation_q=РОСАВТО"), "Росавтодор</label>")
        found = self.client.get("/r/plan/organisations/?organisation_q=росавто")
        self.assertContains(found, f'value="{self.organisation.pk}"')
        self.assertNotContains(found, "<html")
        self.assertContains(self.client.get("/r/plan/organisations/?organisation_q=нет"), "Nothing found")
        self.assertEqual(self.client.get("/r/none/organisations/").status_code, 404)

    def test_organisations_of_what_one_may_not_read_stay_unknown(self):
        secret = make.organisation("Тайное ведомство")
        hidden = make.item(make.roadmap("secret"))
        Executor.objects.create(participation=hidden.participations.first(), organisation=secret)
        for query in (f"organisation={secret.pk}", "organisation_q=тайное"):
            self.assertNotContains(self.client.get(f"/r/plan/organisations/?{query}"), "Тайное")
            self.assertNotContains(self.client.get(f"{TABLE}?{query}"), "Тайное")

    def test_each_chip_drops_its_own_filter(self):
        response = self.client.get(
            f"{TABLE}?area=energy&timeliness=overdue&except=timeliness&due=this-year&column=weight"
        )
        chips = {chip.label: chip for chip in response.context["chips"]}
        self.assertEqual(list(chips), ["Area", "Timeliness", "Term within"])
        self.assertEqual(chips["Timeliness"].value, "all except: Overdue")
        self.assertEqual(chips["Timeliness"].url, "?area=energy&due=this-year&column=weight")
        self.assertEqual(chips["Area"].url, "?timeliness=overdue&except=timeliness&due=this-year&column=weight")

    def test_hostile_values_are_words_at_most(self):
        many = "&".join("organisation=1" for _one in range(500))
        for query in (
            "organisation=99999999999999999999999", "organisation=-1", "organisation=１", "organisation=%00",
            "organisation_q=%00", f"organisation_q={'я' * 3000}", many, "due=%00", "changed=нет", "changed=%00",
            "due_to=today%2B9999",
            "due_from=today-9999", "except=%00", "empty=x", "filled=due_on&empty=due_on", "role=%27", "report=x",
        ):  # fmt: skip
            with self.subTest(query[:40]):
                self.assertEqual(self.client.get(f"{TABLE}?{query}").status_code, 200)

    def test_what_is_chosen_is_shown_as_chosen(self):
        response = self.client.get(f"{TABLE}?timeliness=overdue&except=timeliness&role=lead&empty=proof")
        for box in (
            'name="timeliness" value="overdue" checked',
            'name="except" value="timeliness" checked',
            'name="role" value="lead" checked',
            'name="empty" value="proof" checked',
        ):
            self.assertContains(response, box)

    def test_the_day_of_a_done_milestone_is_no_matter_of_its_term(self):
        done = Milestone.objects.get(pk=self.milestone.pk)
        done.execution, done.percent, done.done_on = "completed", 100, date(2026, 2, 1)
        done.save()
        self.assertEqual(self.numbers("timeliness=on_time&except=timeliness"), ["2.10.1", "2.10.2"])
