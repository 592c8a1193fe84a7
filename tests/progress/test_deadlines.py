"""The register of moves, proposing another term and deciding on it."""

from datetime import UTC, date, datetime

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.accounts.models import Event
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.lib.errors import Conflict, NotAllowed, WrongState
from tracker.progress.models import DeadlineChange, Proof
from tracker.progress.register import median_of
from tracker.roadmaps.models import Amendment, Milestone, Roadmap, Role

REGISTER = "/r/plan/deadlines/"
NOW = datetime(2026, 5, 18, 9, tzinfo=UTC)
SAID = {
    "to": "31.10.2026",
    "reason": "approval",
    "text": "Согласование в ведомствах ещё идёт",
    "basis": "Письмо № 12-04/118",
    "verb": "propose",
}


class Proposals(TrackerTestCase):
    """The milestone 1.1.1 is due on 30.06.2026; what is done in these tests is done on 18.05.2026."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
        cls.address = f"/milestones/{cls.milestone.pk}/deadline/"

    def fresh(self):
        return Milestone.objects.select_related("item__roadmap").get(pk=self.milestone.pk)

    def proposed(self, to="31.10.2026", *, by=None, at=NOW, **fields):
        with change_set(at=at):
            return DeadlineChange.propose(self.fresh(), to, by=by or self.kz_analyst, **fields)

    def last_set(self):
        return ChangeSet.objects.latest("pk")


class ProposeTest(Proposals):
    def post(self, **changes):
        return self.client.post(self.address, SAID | {"to": "31.10.2099"} | changes)

    def setUp(self):
        self.client.force_login(self.kz_analyst)

    def test_it_is_shown_as_understood_with_its_effect_before_anything_is_written(self):
        response = self.post(to="IV квартал 2099 г.", verb="preview")
        self.assertContains(response, "“IV квартал 2099 г.” is understood as:")
        self.assertContains(response, "due at the end of 31.12.2099")
        self.assertEqual(response.context["effect"].after.due_on, date(2099, 12, 31))
        self.assertEqual(response.context["effect"].slips[1], "+26847 d, moved once")
        self.assertFalse(DeadlineChange.objects.exists())

    def test_it_works_and_leaves_the_term_as_it_is(self):
        response = self.post()
        change = DeadlineChange.objects.get()
        self.assertRedirects(response, f"/deadlines/{change.pk}/")
        self.assertEqual(
            (change.state, change.party, change.proposed_by, change.reason, change.basis),
            ("proposed", self.kazakhstan, self.kz_analyst, "approval", "Письмо № 12-04/118"),
        )
        self.assertEqual((change.before.text, change.after.text), ("30.06.2026", "31.10.2099"))
        self.assertEqual(self.fresh().due_on, date(2026, 6, 30))
        self.assertEqual(self.last_set().person, self.kz_analyst)

    def test_pressed_twice_it_is_proposed_once(self):
        first, second = self.post(), self.post()
        self.assertEqual(DeadlineChange.objects.count(), 1)
        self.assertEqual((first.status_code, second.status_code), (302, 302))
        self.assertEqual(first["Location"], second["Location"])

    def test_a_second_proposal_waits_for_the_first_and_keeps_what_was_typed(self):
        self.proposed(by=self.ru_analyst)
        response = self.post()
        self.assertContains(response, "Семён Щёголев proposed 31.10.2026 on 18.05.2026", status_code=409)
        self.assertContains(response, SAID["text"], status_code=409)
        self.assertContains(self.client.get(self.address), "that waits for a decision first")

    def test_what_cannot_take_the_place_of_the_term_is_refused_in_words(self):
        for to, sentence in (
            ("", "Give the new term."),
            ("когда-нибудь", "This term cannot be read."),
            ("30 июня 2026 г.", "This is the term that stands now."),
            ("01.01.2026", "01.01.2026 has already passed."),
        ):
            with self.subTest(to):
                self.assertContains(self.post(to=to), sentence, status_code=400)
        self.assertContains(self.post(text=" ", reason=""), "Explain why", status_code=400)
        self.assertContains(self.post(reason="amendment"), "Select a valid choice", status_code=400)
        self.assertFalse(DeadlineChange.objects.exists())

    def test_a_day_that_has_passed_is_taken_if_it_is_meant(self):
        self.assertEqual(self.post(to="01.01.2026", has_passed="on").status_code, 302)

    def test_an_analyst_speaks_for_the_own_party_only(self):
        self.post(party="RU")
        self.assertFalse(DeadlineChange.objects.exists())
        with self.assertRaises(NotAllowed):
            self.proposed(party=self.russia)

    def test_a_reviewer_and_an_administrator_propose_for_the_secretariat(self):
        for person in (self.reviewer, self.administrator):
            with self.subTest(str(person)):
                self.client.force_login(person)
                self.assertEqual(self.post().status_code, 302)
                change = DeadlineChange.objects.get()
                self.assertIsNone(change.party)
                change.withdraw(by=person)
                change.delete()

    def test_who_reads_only_is_told_whom_to_ask(self):
        for person in (self.observer, self.coordinator):
            self.client.force_login(person)
            self.assertContains(self.client.get(self.address), "Айгуль Сериккызы", status_code=403)
            self.assertEqual(self.post().status_code, 403)

    def test_an_analyst_within_an_organisation_proposes_where_it_carries_out_the_part(self):
        ministry = make.organisation(party=self.kazakhstan)
        clerk = make.user()
        make.grant(clerk, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan, organisation=ministry)
        self.client.force_login(clerk)
        self.assertEqual(self.client.get(self.address).status_code, 403)

    def test_a_stranger_finds_nothing(self):
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(self.address).status_code, 404)

    def test_it_needs_a_milestone_on_control_of_an_adopted_plan(self):
        milestone = self.fresh()
        milestone.decide_control("dropped", basis="Протокол", by=self.administrator, reason="cancelled")
        self.assertContains(self.post(), "dropped from the plan", status_code=409)
        self.fresh().decide_control("closed", basis="Протокол", by=self.administrator)
        self.assertContains(self.post(), "The milestone is completed", status_code=409)
        self.fresh().decide_control("on", basis="Протокол", by=self.administrator)
        for state, sentence in (("draft", "The plan is a draft"), ("closed", "The roadmap is closed")):
            Roadmap.objects.update(state=state)
            self.assertContains(self.post(), sentence, status_code=409)
        Roadmap.objects.update(state="adopted")
        self.assertEqual(self.post().status_code, 302)

    def test_a_document_of_the_register_is_named_in_the_basis(self):
        report = make.report(commitment_=self.kz_commitment, state="draft")
        document = make.evidence(report, number="7", dated_on=date(2026, 3, 12))
        foreign = make.evidence(make.report(commitment_=self.ru_commitment, state="draft"))
        self.assertContains(self.client.get(self.address), "Протокол № 4, 7, 12.03.2026")
        self.assertEqual(self.post(document=foreign.pk).status_code, 400)
        self.post(document=document.pk)
        self.assertEqual(DeadlineChange.objects.get().basis, "Письмо № 12-04/118; Протокол № 4, 7, 12.03.2026")

    def test_the_page_of_the_item_leads_here_where_it_may_be_done(self):
        item = f"/r/plan/items/{self.item.pk}/"
        self.assertContains(self.client.get(item), f'href="{self.address}"')
        self.assertNotContains(self.client.get(item + "?on=2026-02-01"), f'href="{self.address}"')
        self.proposed()
        response = self.client.get(item)
        self.assertNotContains(response, f'href="{self.address}"')
        self.assertContains(response, "that waits for a decision first")
        self.client.force_login(self.observer)
        self.assertNotContains(self.client.get(item), "Another term?")


class DecideTest(Proposals):
    def setUp(self):
        self.change = self.proposed(text="Согласование идёт")
        self.client.force_login(self.reviewer)

    def post(self, verb, change=None, **fields):
        change = change or self.change
        return self.client.post(f"/deadlines/{change.pk}/{verb}/", {"version": change.version, **fields})

    def stored(self):
        return DeadlineChange.objects.get(pk=self.change.pk)

    def test_the_effect_is_shown_before(self):
        response = self.client.get(f"/deadlines/{self.change.pk}/")
        for text in ("Согласование идёт", "+123 d, moved once", "The milestone has moved 0 times so far."):
            self.assertContains(response, text)
        self.assertEqual(self.fresh().due_on, date(2026, 6, 30))

    def test_approved_it_moves_the_term_and_is_recorded_with_its_note(self):
        response = self.post("approve", note="По протоколу № 3")
        self.assertRedirects(response, f"/deadlines/{self.change.pk}/")
        milestone = self.fresh()
        self.assertEqual((milestone.due_on, milestone.moves, milestone.slip), (date(2026, 10, 31), 1, 123))
        self.assertEqual(self.stored().decided_by, self.reviewer)
        self.assertEqual((self.last_set().person, self.last_set().reason), (self.reviewer, "По протоколу № 3"))
        for address in (f"/deadlines/{self.change.pk}/", REGISTER):
            self.assertContains(self.client.get(address), "По протоколу № 3")

    def test_a_rejection_needs_its_reason_and_moves_nothing(self):
        self.assertContains(self.post("reject", note=" "), "Say why it is rejected.", status_code=400)
        self.assertEqual(self.stored().state, "proposed")
        self.assertEqual(self.post("reject", note="Нет оснований").status_code, 302)
        self.assertEqual((self.stored().state, self.fresh().due_on), ("rejected", date(2026, 6, 30)))
        self.assertContains(self.client.get(REGISTER), "Нет оснований")

    def test_who_proposed_does_not_decide_and_is_told_whom_to_ask(self):
        make.grant(self.kz_analyst, Role.REVIEWER, roadmap=self.roadmap)
        self.client.force_login(self.kz_analyst)
        for verb in ("approve", "reject"):
            self.assertContains(self.post(verb, note="—"), "another person must decide", status_code=403)
        self.assertEqual(self.stored().state, "proposed")
        self.assertContains(self.client.get(f"/deadlines/{self.change.pk}/"), "another person must decide")

    def test_only_a_reviewer_in_scope_decides(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        for person, status in (
            (self.ru_analyst, 403), (self.observer, 403), (self.administrator, 403), (elsewhere, 404),
            (self.stranger, 404),
        ):  # fmt: skip
            with self.subTest(str(person)):
                self.client.force_login(person)
                for verb in ("approve", "reject"):
                    self.assertEqual(self.post(verb, note="—").status_code, status)
        self.assertEqual(self.stored().state, "proposed")

    def test_the_second_decider_is_told_who_was_first(self):
        self.change.approve(by=self.reviewer)
        seen = self.stored()
        self.client.force_login(self.second_reviewer)
        for verb in ("approve", "reject"):
            self.assertContains(
                self.post(verb, seen, note="Поздно"), "already approved by Секретариат", status_code=409
            )
        self.assertEqual(self.fresh().moves, 1)

    def test_pressed_twice_by_the_same_person_it_is_one_success(self):
        for verb in ("approve", "approve"):
            self.assertEqual(self.post(verb).status_code, 302)
        self.assertEqual(self.fresh().moves, 1)
        self.assertEqual(self.post("reject", note="Передумал").status_code, 409)

    def test_a_version_that_was_not_seen_is_a_conflict(self):
        response = self.client.post(f"/deadlines/{self.change.pk}/approve/", {"version": "9"})
        self.assertEqual(response.status_code, 409)
        self.assertEqual((self.stored().state, self.fresh().moves), ("proposed", 0))
        self.change.version = 9
        with self.assertRaises(Conflict):
            self.change.reject(by=self.reviewer)

    def test_what_does_not_move_any_more_can_only_be_rejected(self):
        self.fresh().decide_control("dropped", basis="Протокол", by=self.administrator, reason="cancelled")
        page = self.client.get(f"/deadlines/{self.change.pk}/")
        self.assertContains(page, "dropped from the plan")
        self.assertNotContains(page, f"/deadlines/{self.change.pk}/approve/")
        self.assertContains(self.post("approve"), "dropped from the plan", status_code=409)
        self.assertEqual(self.post("reject", note="Исключена").status_code, 302)

    def test_a_move_begins_where_the_term_stands_when_it_is_decided(self):
        amendment = Amendment.objects.create(roadmap=self.roadmap, number="1", signed_on=date(2026, 5, 1))
        DeadlineChange.amend(self.fresh(), "31.08.2026", amendment=amendment, by=self.administrator)
        self.post("approve")
        self.assertEqual((self.stored().before_text, self.stored().days_between), ("31.08.2026", 61))

    def test_a_term_that_an_amendment_has_set_meanwhile_is_not_moved_to_itself(self):
        amendment = Amendment.objects.create(roadmap=self.roadmap, number="1", signed_on=date(2026, 5, 1))
        DeadlineChange.amend(self.fresh(), "31.10.2026", amendment=amendment, by=self.administrator)
        self.assertContains(self.post("approve"), "the term that stands now", status_code=409)
        self.assertEqual(self.fresh().moves, 0)

    def test_who_proposed_takes_it_back_and_may_propose_again(self):
        self.client.force_login(self.kz_analyst)
        for _twice in range(2):
            self.assertEqual(self.post("withdraw", note="Ошибка в дате").status_code, 302)
        stored = self.stored()
        self.assertEqual((stored.get_state_display(), stored.decided_by, self.fresh().moves), ("withdrawn", None, 0))
        self.assertEqual(self.last_set().reason, "Ошибка в дате")
        with self.assertRaises(WrongState):
            stored.approve(by=self.reviewer)
        self.proposed("30.11.2026")

    def test_nobody_else_takes_it_back(self):
        for person in (self.reviewer, self.administrator, self.ru_analyst):
            self.client.force_login(person)
            self.assertEqual(self.post("withdraw").status_code, 403)
        self.assertEqual(self.stored().state, "proposed")

    def test_it_rejects_get(self):
        for verb in ("approve", "reject", "withdraw"):
            self.assertEqual(self.client.get(f"/deadlines/{self.change.pk}/{verb}/").status_code, 405)


class RegisterTest(Proposals):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            cls.transport = make.area("transport")
            road = make.item(
                cls.roadmap, number="2.1", area_=cls.transport, parties={"RU": "lead"},
                wording={"ru": "Построить путепровод «Ёлочный»"},
            )  # fmt: skip
            cls.road = make.milestone(road, number="2.1.1", term="31.03.2026", wording={"ru": "Мост сдан"})
        case = cls()
        first = case.proposed("31.08.2026", at=datetime(2026, 2, 1, tzinfo=UTC), text="Ждём согласования")
        with change_set(at=datetime(2026, 2, 10, tzinfo=UTC)):
            first.approve(by=cls.reviewer)
        second = case.proposed("31.10.2026", at=datetime(2026, 3, 1, tzinfo=UTC), reason="funding")
        with change_set(at=datetime(2026, 3, 10, tzinfo=UTC)):
            second.approve(by=cls.reviewer)
        refused = case.proposed("31.12.2026", at=datetime(2026, 4, 1, tzinfo=UTC), reason="legal")
        with change_set(at=datetime(2026, 4, 10, tzinfo=UTC)):
            refused.reject(by=cls.reviewer, note="Рано")
        with change_set(at=datetime(2026, 5, 2, tzinfo=UTC)):
            amendment = Amendment.objects.create(roadmap=cls.roadmap, number="1", signed_on=date(2026, 5, 1))
            road = Milestone.objects.select_related("item__roadmap").get(pk=cls.road.pk)
            DeadlineChange.amend(road, "30.04.2026", amendment=amendment, by=cls.administrator)
        with change_set(at=NOW):
            DeadlineChange.propose(road, "30.09.2026", by=cls.ru_analyst, text="Паводок смыл опоры", reason="external")

    def setUp(self):
        self.client.force_login(self.observer)

    def moves(self, query=""):
        response = self.client.get(REGISTER + query)
        self.assertEqual(response.status_code, 200)
        return [f"{row.change.milestone.number} {row.change.after_text}" for row in response.context["list"].page_rows]

    def test_all_moves_of_all_kinds_stand_in_it_latest_first(self):
        self.assertEqual(
            self.moves(),
            ["2.1.1 30.09.2026", "2.1.1 30.04.2026", "1.1.1 31.12.2026", "1.1.1 31.10.2026", "1.1.1 31.08.2026"],
        )
        response = self.client.get(REGISTER)
        for text in ("+62 d", "+123 d, moved twice", "Ждём согласования", "Amendment No. 1 of 01.05.2026", "Рано"):
            self.assertContains(response, text)

    def test_each_filter_finds_its_rows(self):
        for query, expected in (
            ("?state=proposed", ["2.1.1 30.09.2026"]),
            ("?state=rejected&state=proposed", ["2.1.1 30.09.2026", "1.1.1 31.12.2026"]),
            ("?term=agreed", ["2.1.1 30.04.2026"]),
            ("?reason=funding", ["1.1.1 31.10.2026"]),
            ("?area=transport", ["2.1.1 30.09.2026", "2.1.1 30.04.2026"]),
            ("?party=RU", ["2.1.1 30.09.2026"]),
            ("?times=2", ["1.1.1 31.12.2026", "1.1.1 31.10.2026", "1.1.1 31.08.2026"]),
            ("?since=02.05.2026", ["2.1.1 30.09.2026", "2.1.1 30.04.2026"]),
            ("?until=2026-03-10", ["1.1.1 31.10.2026", "1.1.1 31.08.2026"]),
            ("?until=2026-03-09", ["1.1.1 31.08.2026"]),
            ("?q=ПАВОДОК", ["2.1.1 30.09.2026"]),
            ("?q=елочный+опоры", ["2.1.1 30.09.2026"]),
            ("?q=100%25", []),
        ):
            with self.subTest(query):
                self.assertEqual(self.moves(query), expected)

    def test_it_sorts_by_any_column_both_ways_and_what_has_no_day_stands_last(self):
        other = make.milestone(self.item, number="1.1.2", term="постоянно")
        DeadlineChange.propose(other, "2026 год", by=self.kz_analyst)
        self.assertEqual(self.moves("?sort=before")[-1], "1.1.2 2026 год")
        self.assertEqual(self.moves("?sort=-before")[-1], "1.1.2 2026 год")
        self.assertEqual(self.moves("?sort=-days")[0], "2.1.1 30.09.2026")
        self.assertEqual(self.moves("?sort=number")[0], "1.1.1 31.08.2026")
        for sort in ("wording", "after", "reason", "proposed", "-decided"):
            self.assertEqual(len(self.moves(f"?sort={sort}")), 6)

    def test_bad_values_are_words_at_most(self):
        for query in (
            "?since=вчера",
            "?times=1e99",
            "?times=NaN",
            "?state=нет",
            "?party=<script>",
            "?q=%00",
            "?page=x",
        ):
            with self.subTest(query):
                response = self.client.get(REGISTER + query)
                self.assertEqual(response.status_code, 200)
                self.assertNotContains(response, "<script>")
        self.assertContains(self.client.get(REGISTER + "?since=вчера"), "is not a day")

    def test_totals_are_counted_and_lead_to_exactly_their_rows(self):
        totals = self.client.get(REGISTER).context["totals"]
        current, agreed = totals.moved["current"], totals.moved["agreed"]
        self.assertEqual((current.moves, current.milestones, current.days, current.median), (2, 1, 123, 61.5))
        self.assertEqual((agreed.moves, agreed.milestones, agreed.days, agreed.median), (1, 1, 30, 30))
        self.assertEqual(totals.open, 1)
        for name, tallies in (("state", totals.states), ("term", totals.terms), ("reason", totals.reasons)):
            self.assertEqual(sum(tally.count for tally in tallies), 5)
            for tally in tallies:
                self.assertEqual(len(self.moves(f"?{name}={tally.value}")), tally.count)
        self.assertEqual([(t.value, t.count, t.milestones) for t in totals.times], [(2, 2, 1)])
        self.assertEqual(len(self.moves("?state=approved&term=current&times=2")), 2)
        self.assertContains(self.client.get(REGISTER), "?state=approved&amp;term=current&amp;times=2")

    def test_totals_are_those_of_the_filter(self):
        totals = self.client.get(REGISTER + "?area=transport").context["totals"]
        self.assertEqual((totals.all, totals.moved["current"].moves, totals.moved["agreed"].days), (2, 0, 30))

    def test_a_past_day_shows_what_stood_then(self):
        self.assertEqual(self.moves("?on=2026-03-05"), ["1.1.1 31.10.2026", "1.1.1 31.08.2026"])
        response = self.client.get(REGISTER + "?on=2026-03-05")
        self.assertEqual([row.change.state for row in response.context["list"].page_rows], ["proposed", "approved"])
        self.assertContains(response, "As of 05.03.2026")
        self.client.force_login(self.reviewer)
        self.assertFalse(
            any(r.is_to_decide for r in self.client.get(REGISTER + "?on=2026-03-05").context["list"].page_rows)
        )

    def test_a_reviewer_is_led_to_what_waits_for_a_decision(self):
        self.client.force_login(self.reviewer)
        response = self.client.get(REGISTER)
        self.assertContains(response, "1 waits for your decision")
        self.assertEqual(
            [r.change.after_text for r in response.context["list"].page_rows if r.is_to_decide], ["30.09.2026"]
        )
        self.client.force_login(self.ru_analyst)
        self.assertNotContains(self.client.get(REGISTER), "your decision")

    def test_who_reads_one_area_sees_its_moves_only(self):
        reader = make.user()
        make.grant(reader, Role.OBSERVER, roadmap=self.roadmap, area=self.transport)
        self.client.force_login(reader)
        self.assertEqual(self.moves(), ["2.1.1 30.09.2026", "2.1.1 30.04.2026"])
        hidden = DeadlineChange.objects.filter(milestone=self.milestone).first()
        self.assertEqual(self.client.get(f"/deadlines/{hidden.pk}/").status_code, 404)
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(REGISTER).status_code, 404)

    def test_the_query_count_does_not_grow_with_the_rows(self):
        with self.assertNumQueries(13):
            self.client.get(REGISTER)
        for number in range(20):
            milestone = make.milestone(self.item, number=f"1.1.{number + 5}")
            make.deadline_change(milestone, "31.10.2027", by=self.kz_analyst, decided_by=self.reviewer)
        with self.assertNumQueries(13):
            self.client.get(REGISTER)

    def test_the_file_holds_what_is_seen_and_is_recorded(self):
        response = self.client.get(REGISTER + "?export=csv&area=transport")
        lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn("Паводок смыл опоры", lines[1])
        self.assertIn(";153;", lines[1])
        event = Event.objects.get(kind=Event.Kind.EXPORTED)
        self.assertIn("/r/plan/deadlines/", event.detail)
        then = self.client.get(REGISTER + "?export=csv&on=2026-03-05")
        self.assertEqual(len(b"".join(then.streaming_content).decode("utf-8-sig").splitlines()), 3)


class MedianTest(TrackerTestCase):
    def test_it_is_the_middle_of_what_is_counted(self):
        for tally, expected in (
            ([(10, 1)], 10),
            ([(10, 1), (20, 1)], 15),
            ([(10, 3), (500, 1)], 10),
            ([(1, 2), (2, 1), (9, 2)], 2),
        ):
            self.assertEqual(median_of(tally), expected)


class ConfirmationTest(TrackerTestCase):
    """The axis: declared, documented, confirmed; a milestone stands where any counting part of it does."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        for commitment, confirmation in ((cls.kz_commitment, "confirmed"), (cls.ru_commitment, "declared")):
            commitment.confirmation = confirmation
            commitment.save()
        make.milestone(cls.item, number="1.1.2")

    def setUp(self):
        self.client.force_login(self.observer)

    def numbers(self, query):
        return [row.number for row in self.client.get("/r/plan/milestones/" + query).context["list"].page_rows]

    def test_the_status_table_filters_by_it(self):
        self.assertEqual(self.numbers("?confirmation=confirmed"), ["1.1.1"])
        self.assertEqual(self.numbers("?confirmation=declared&confirmation=documented"), ["1.1.1"])
        self.assertEqual(self.numbers("?confirmation=documented"), [])

    def test_a_released_part_does_not_count(self):
        self.kz_commitment.released_on = make.DAY
        self.kz_commitment.save()
        self.assertEqual(self.numbers("?confirmation=confirmed"), [])

    def test_the_overview_counts_it_and_each_count_leads_to_its_rows(self):
        figures = self.client.get("/r/plan/").context["confirmation"]
        self.assertEqual([figure.count for figure in figures], [1, 0, 1])
        for figure in figures:
            self.assertEqual(self.client.get(figure.url).context["page"].paginator.count, figure.count)

    def test_the_overview_shows_the_slip_beside_each_term(self):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        make.deadline_change(milestone, "10.07.2026", by=self.kz_analyst, decided_by=self.reviewer)
        self.assertContains(self.client.get("/r/plan/?on=2999-01-01"), "+10 d, moved once")
        self.assertFalse(Proof.objects.exists())


class FormTest(Proposals):
    def test_what_the_page_offers_is_what_it_takes(self):
        self.client.force_login(self.kz_analyst)
        page = self.client.get(self.address)
        sent = typed(page, to="H2 2099", reason="technical", text="Нет поставки", verb="propose")
        self.assertEqual(self.client.post(self.address, sent).status_code, 302)
