"""Many rows of the status table at once: the form, what would come of it, the deed and its result."""

import html
import re
from datetime import UTC, date, datetime
from unittest.mock import patch

from django.core import mail
from django.test import Client

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.history.undo import undo
from tracker.jobs.models import Job
from tracker.progress.bulk import applying
from tracker.progress.bulk.choice import Choice
from tracker.progress.bulk.plan import MilestoneColumns
from tracker.progress.models import DeadlineChange, Reminder, Report
from tracker.progress.replacing import replace
from tracker.roadmaps.models import Executor, Item, Milestone, Roadmap, Role

BULK = "/r/plan/milestones/bulk/"
TABLE = "/r/plan/milestones/"
WEIGHT = {"change": "weight", "weight": "5", "change_reason": "Протокол № 7"}
DROP = {"control": "dropped", "drop_reason": "cancelled", "basis": "Решение Совета № 3"}
MOVE = {"days": "30", "reason": "approval", "text": "Согласование ещё идёт"}


class Bulk(TrackerTestCase):
    """Three milestones in two items: 1.1.1 and 1.1.2, and 2.1.1 in another area."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
            cls.second = make.milestone(cls.item, number="1.1.2", term="31.12.2097")
            cls.transport = make.area("transport")
            cls.other_item = make.item(
                cls.roadmap, number="2.1", area_=cls.transport, wording={"ru": "Коридор «Север – Юг»"},
                parties={"KZ": "lead"},
            )  # fmt: skip
            cls.third = make.milestone(cls.other_item, number="2.1.1", term="30.09.2097")
        cls.all = [cls.milestone, cls.second, cls.third]

    def setUp(self):
        self.client.force_login(self.administrator)

    def look(self, action, said, rows=None, **more):
        """Send the form of an action on these rows; the answer is its preview, or the form again."""
        rows = {"row": [row.pk for row in rows or self.all]} if "all" not in more else {}
        return self.client.post(BULK, {"action": action, "verb": "preview", **rows, **said, **more})

    def press(self, page, verb="apply", **options):
        return self.client.post(BULK, {"verb": verb, "choice": choice_in(page)}, **options)

    def do(self, action, said, rows=None, **more):
        return self.press(self.look(action, said, rows, **more), follow=True)

    def weights(self):
        return [Milestone.objects.get(pk=row.pk).weight for row in self.all]


def choice_in(page):
    return re.search(r'name="choice" value="([^"]+)"', page.content.decode())[1]


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


class SelectingTest(Bulk):
    def test_the_table_offers_what_the_reader_may_do(self):
        for person, names in (
            (self.administrator, ["edit", "control", "term", "remind"]),
            (self.reviewer, ["term", "accept"]),
            (self.kz_analyst, ["term"]),
            (self.observer, []),
        ):
            self.client.force_login(person)
            page = self.client.get(TABLE).content.decode()
            self.assertEqual(re.findall(r'name="action" value="(\w+)"', page), names, person)
            self.assertIn(f"name=row value={self.milestone.pk} form=selection", page)

    def test_a_past_day_offers_nothing(self):
        self.assertNotContains(self.client.get(TABLE + "?on=2026-02-01"), 'name="action"')

    def test_a_past_day_refuses(self):
        for query, address in (("on=2026-02-01", BULK), ("", BULK + "?on=2026-02-01")):
            response = self.client.post(address, {"action": "edit", "row": self.milestone.pk, "query": query})
            self.assertContains(response, "Go back to today", status_code=409)

    def test_ticked_rows_lead_to_the_form(self):
        page = self.client.post(BULK, {"action": "edit", "row": [self.milestone.pk, self.third.pk]})
        self.assertContains(page, "2 milestones selected")
        self.assertContains(page, f'name="row" value="{self.third.pk}"')

    def test_all_that_match_are_found_by_the_tables_own_filter(self):
        page = self.client.post(BULK, {"action": "edit", "all": "on", "query": "area=energy", "matched": "2"})
        self.assertContains(page, "2 milestones selected")
        page = self.look("edit", WEIGHT, all="on", query="q=север", matched="1")
        self.assertIn("2.1.1 Data format agreed", text_of(page))
        self.press(page)
        self.assertEqual(self.weights(), [1, 1, 5])

    def test_the_preview_says_that_the_number_has_changed_since(self):
        page = self.look("edit", WEIGHT, all="on", query="area=energy", matched="5")
        self.assertContains(page, "When you chose, 5 milestones matched; now 2 do.")

    def test_rows_outside_ones_scope_are_not_there(self):
        reviewer = make.user(name="Проверяющий энергетики")
        make.grant(reviewer, Role.REVIEWER, roadmap=self.roadmap, area=self.item.area)
        self.client.force_login(reviewer)
        page = self.look("term", MOVE, [self.second, self.third])
        self.assertNotContains(page, "2.1.1")
        self.press(page)
        self.assertEqual(DeadlineChange.objects.get().milestone, self.second)

    def test_nothing_selected_leads_back(self):
        response = self.client.post(BULK, {"action": "edit", "query": "area=energy"})
        self.assertRedirects(response, TABLE + "?area=energy")
        self.assertRedirects(self.client.post(BULK, {"action": "edit", "row": "все"}), TABLE)

    def test_who_may_not_is_told_in_words(self):
        for person, action in (
            (self.observer, "edit"), (self.observer, "term"), (self.reviewer, "control"), (self.kz_analyst, "accept"),
            (self.administrator, "accept"), (self.reviewer, "remind"),
        ):  # fmt: skip
            self.client.force_login(person)
            response = self.client.post(BULK, {"action": action, "row": self.milestone.pk})
            self.assertContains(response, "Only ", status_code=403)

    def test_who_sees_nothing_gets_nothing(self):
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.post(BULK, {"action": "edit", "row": self.milestone.pk}).status_code, 404)
        self.assertEqual(self.client.get(BULK + "abc/").status_code, 404)

    def test_an_unknown_action_is_not_there(self):
        self.assertEqual(self.client.post(BULK, {"action": "delete", "row": self.milestone.pk}).status_code, 404)

    def test_a_draft_and_a_closed_plan_offer_less(self):
        Roadmap.objects.filter(pk=self.roadmap.pk).update(state="closed")
        self.assertNotContains(self.client.get(TABLE), 'name="action"')
        self.assertEqual(self.client.post(BULK, {"action": "edit", "row": self.milestone.pk}).status_code, 403)


class PreviewTest(Bulk):
    def test_it_shows_before_and_after_and_saves_nothing(self):
        sets = ChangeSet.objects.count()
        page = self.look("edit", WEIGHT)
        self.assertIn("will change 3, unchanged 0, refused 0", text_of(page))
        self.assertIn("1.1.2 Data format agreed 1 5", text_of(page))
        self.assertContains(page, "Протокол № 7")
        self.assertEqual((self.weights(), ChangeSet.objects.count()), ([1, 1, 1], sets))

    def test_what_is_so_already_stays(self):
        self.second.weight = 5
        self.second.save()
        self.assertIn("will change 2, unchanged 1, refused 0", text_of(self.look("edit", WEIGHT)))

    def test_only_what_is_ticked_is_asked_for_and_changed(self):
        page = self.look("edit", {"weight": "7", "change_reason": "Протокол"})
        self.assertContains(page, "Tick what to change.", status_code=400)
        page = self.look("edit", {"change": "weight", "change_reason": ""})
        self.assertContains(page, "Fill this in", status_code=400)
        self.assertContains(page, "Say why", status_code=400)
        self.do("edit", WEIGHT | {"note:ru": "не отмечено"})
        self.assertFalse(Item.objects.get(pk=self.item.pk).note)

    def test_rows_beyond_the_first_are_counted_by_the_same_rules(self):
        self.third.weight = 5
        self.third.save()
        with patch.object(MilestoneColumns, "shown", 1):
            page = self.look("edit", WEIGHT)
        self.assertIn("will change 2, unchanged 1, refused 0", text_of(page))
        self.assertContains(page, "and 2 more rows")
        self.assertNotContains(page, "2.1.1")

    def test_a_filter_that_cannot_be_read_takes_nothing(self):
        page = self.look("edit", WEIGHT, all="on", query="party=ZZZ&due_from=вчера")
        self.assertEqual(page.status_code, 409)
        self.assertEqual(self.weights(), [1, 1, 1])

    def test_back_to_the_form_keeps_what_was_typed(self):
        page = self.press(self.look("edit", WEIGHT), "edit")
        self.assertContains(page, 'value="Протокол № 7"')
        self.assertContains(page, f'name="row" value="{self.third.pk}"')
        self.assertEqual(typed(page)["weight"], "5")

    def test_another_text_or_another_person_is_refused(self):
        choice = choice_in(self.look("edit", WEIGHT))
        for wrong in ("", "choice", choice[:-1]):
            response = self.client.post(BULK, {"verb": "apply", "choice": wrong})
            self.assertContains(response, "Select the rows again.", status_code=409)
        self.client.force_login(make_administrator())
        response = self.client.post(BULK, {"verb": "apply", "choice": choice})
        self.assertContains(response, "Select the rows again.", status_code=409)
        self.assertEqual(self.weights(), [1, 1, 1])

    def test_the_choice_takes_little_space(self):
        choice = Choice(1, 1, "edit", "", "", seen=[dict.fromkeys(range(1, 60_001), 1)])
        self.assertLess(len(choice.sealed()), 5_000)
        self.assertEqual(Choice.unpacked(choice.packed()), choice)


def make_administrator():
    person = make.user(name="Второй администратор")
    make.grant(person, Role.ADMINISTRATOR)
    return person


class ApplyingTest(Bulk):
    def test_it_is_one_change_set_with_person_and_reason(self):
        sets = ChangeSet.objects.count()
        page = self.do("edit", WEIGHT)
        self.assertEqual((self.weights(), ChangeSet.objects.count()), ([5, 5, 5], sets + 1))
        found = ChangeSet.objects.latest("pk")
        self.assertEqual((found.person, found.reason, found.source), (self.administrator, "Протокол № 7", "page"))
        self.assertContains(page, "Done: 3 rows")
        self.assertContains(page, f'<a class="button" href="/changes/{found.pk}/">Undo</a>')

    def test_it_can_be_undone(self):
        self.do("edit", WEIGHT)
        undone = undo(ChangeSet.objects.latest("pk"), by=self.administrator)
        self.assertEqual((self.weights(), undone.refused), ([1, 1, 1], []))

    def test_a_row_changed_since_is_left_and_told(self):
        page = self.look("edit", WEIGHT)
        with change_set(by=self.second_reviewer):
            self.second.weight = 3
            self.second.save()
        done = self.press(page, follow=True)
        self.assertEqual(self.weights(), [5, 3, 5])
        self.assertContains(done, "Второй проверяющий changed it on")
        self.assertContains(done, "1 was skipped")

    def test_pressed_twice_it_is_done_once(self):
        page = self.look("edit", WEIGHT)
        first, second = self.press(page), self.press(page)
        self.assertEqual(first.url, second.url)
        self.assertContains(self.client.get(first.url), "Done: 3 rows")
        sets = ChangeSet.objects.count()
        another_window = Client()
        another_window.force_login(self.administrator)
        answer = another_window.post(BULK, {"verb": "apply", "choice": choice_in(page)}, follow=True)
        self.assertContains(answer, "Nothing was changed")
        self.assertContains(answer, "3 stayed as they were")
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_who_has_lost_the_right_meanwhile_is_refused(self):
        page = self.look("edit", WEIGHT)
        self.administrator.grants.all().delete()
        make.grant(self.administrator, Role.OBSERVER, roadmap=self.roadmap)
        self.client.force_login(self.administrator)
        self.assertEqual(self.press(page).status_code, 403)
        self.assertEqual(self.weights(), [1, 1, 1])

    def test_a_result_is_there_for_who_did_it(self):
        address = self.press(self.look("edit", WEIGHT)).url
        self.assertEqual(self.client.get(address).status_code, 200)
        self.client.force_login(self.reviewer)
        self.assertEqual(self.client.get(address).status_code, 404)

    def test_it_rejects_what_is_not_sent(self):
        page = self.look("edit", WEIGHT)
        self.client.get(BULK, {"verb": "apply", "choice": choice_in(page)})
        self.assertEqual(self.weights(), [1, 1, 1])


class EditTest(Bulk):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.ministry = make.organisation("Министерство энергетики Казахстана", party=cls.kazakhstan)
        cls.agency = make.organisation("Агентство по атомной энергии", party=cls.kazakhstan)
        cls.foreign = make.organisation("Минэнерго России", party=cls.russia)
        cls.part = cls.item.participations.get(party=cls.kazakhstan)
        cls.other_part = cls.other_item.participations.get(party=cls.kazakhstan)
        Executor.objects.create(participation=cls.part, organisation=cls.ministry, position=1)

    EXECUTORS = {"change": "executors", "party": "KZ", "change_reason": "Указ № 12"}

    def executors(self, part):
        return [executor.organisation for executor in part.executors.all()]

    def test_proof_in_the_languages_that_were_typed(self):
        self.milestone.proof = {"en": "Minutes", "ru": "Справка"}
        self.milestone.save()
        page = self.do("edit", {"change": "proof", "proof:ru": "Протокол комиссии", "change_reason": "Единый порядок"})
        self.assertContains(page, "Done: 3 rows")
        stored = Milestone.objects.get(pk=self.milestone.pk).proof
        self.assertEqual((stored["ru"], stored["en"]), ("Протокол комиссии", "Minutes"))

    def test_the_note_of_the_items(self):
        page = self.look("edit", {"change": "note", "note:ru": "Под контролем Совета", "change_reason": "Поручение"})
        self.assertIn("will change 2", text_of(page))
        self.press(page)
        self.assertEqual(str(Item.objects.get(pk=self.other_item.pk).note), "Под контролем Совета")

    def test_an_executor_is_added_in_the_last_place(self):
        page = self.do("edit", self.EXECUTORS | {"how": "add", "organisation": "атомной"})
        self.assertContains(page, "Done: 2 rows")
        self.assertEqual(self.executors(self.part), [self.ministry, self.agency])
        self.assertEqual(self.executors(self.other_part), [self.agency])

    def test_an_executor_is_replaced_in_its_place(self):
        said = self.EXECUTORS | {"how": "replace", "organisation": "министерство", "successor": "агентство"}
        page = self.look("edit", said)
        self.assertIn("will change 1, unchanged 1", text_of(page))
        self.press(page)
        self.assertEqual((self.executors(self.part), self.executors(self.other_part)), ([self.agency], []))

    def test_an_executor_is_removed_and_comes_back(self):
        self.do("edit", self.EXECUTORS | {"how": "remove", "organisation": "министерство"})
        self.assertEqual(self.executors(self.part), [])
        undone = undo(ChangeSet.objects.latest("pk"), by=self.administrator)
        self.assertEqual((self.executors(self.part), undone.refused), ([self.ministry], []))

    def test_an_organisation_that_has_ended_meanwhile_refuses_it_all(self):
        page = self.look("edit", self.EXECUTORS | {"how": "add", "organisation": "атомной"})
        self.agency.ended_on = self.roadmap.today()
        self.agency.save()
        self.assertContains(self.press(page), "No organisation of this party has such a name.", status_code=409)
        self.assertEqual(self.executors(self.part), [self.ministry])

    def test_an_organisation_of_another_party_is_not_found(self):
        page = self.look("edit", self.EXECUTORS | {"how": "add", "organisation": "Минэнерго России"})
        self.assertContains(page, "No organisation of this party has such a name.", status_code=400)

    def test_a_name_that_several_bear_is_asked_again(self):
        make.organisation("Агентство связи", party=self.kazakhstan)
        page = self.look("edit", self.EXECUTORS | {"how": "add", "organisation": "агентство"})
        self.assertContains(page, "Several may be meant", status_code=400)
        self.assertContains(page, "Агентство связи", status_code=400)

    def test_all_of_it_at_once(self):
        said = WEIGHT | {
            "change": ["weight", "proof", "note", "executors"], "proof:ru": "Акт приёмки", "note:ru": "Замечание",
            "party": "KZ", "how": "add", "organisation": "атомной",
        }  # fmt: skip
        sets = ChangeSet.objects.count()
        page = self.do("edit", said)
        self.assertContains(page, "Done: 7 rows")
        self.assertEqual(ChangeSet.objects.count(), sets + 1)
        self.milestone.refresh_from_db()
        self.assertEqual(self.milestone.proof["ru"], "Акт приёмки")


class ControlTest(Bulk):
    def test_it_drops_with_reason_basis_and_day(self):
        page = self.look("control", DROP | {"on": "10.03.2026"})
        self.assertIn("On control", text_of(page))
        self.assertIn("Dropped: cancelled", text_of(page))
        self.press(page)
        for row in Milestone.objects.filter(pk__in=[one.pk for one in self.all]):
            self.assertEqual(
                (row.control, row.drop_reason, row.control_on, row.control_basis),
                ("dropped", "cancelled", date(2026, 3, 10), "Решение Совета № 3"),
            )
        self.assertEqual(set(self.milestone.commitments.values_list("control", flat=True)), {"dropped"})
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "Решение Совета № 3")

    def test_it_puts_back_on_control_and_asks_the_parties_again(self):
        self.do("control", DROP)
        page = self.do("control", {"control": "on", "basis": "Решение отменено"}, [self.milestone, self.second])
        self.assertContains(page, "Done: 2 rows")
        self.assertEqual(Milestone.objects.filter(control="on").count(), 2)
        self.assertTrue(self.milestone.commitments.counting().exists())

    def test_what_stands_in_the_place_of_another_is_refused_alone(self):
        replace([self.milestone], existing=[self.second], basis="Протокол № 2", by=self.administrator)
        page = self.look("control", {"control": "closed", "basis": "Протокол № 8"})
        self.assertIn("will change 2, unchanged 0, refused 1", text_of(page))
        self.assertContains(page, "stands 1.1.2: drop that first.")

    def test_a_reason_is_needed_to_drop_and_only_then(self):
        page = self.look("control", DROP | {"drop_reason": ""})
        self.assertContains(page, "Say why it is dropped, and only then.", status_code=400)

    def test_undo_puts_the_control_back(self):
        self.do("control", DROP)
        undone = undo(ChangeSet.objects.latest("pk"), by=self.administrator)
        self.assertEqual((Milestone.objects.filter(control="on").count(), undone.refused), (3, []))


class TermTest(Bulk):
    def test_each_is_moved_by_days_from_its_own_term(self):
        page = self.look("term", MOVE, [self.second, self.third])
        self.assertIn("30.10.2097, waits for a decision", text_of(page))
        self.press(page)
        found = DeadlineChange.objects.order_by("milestone")
        self.assertEqual([change.after_due for change in found], [date(2098, 1, 30), date(2097, 10, 30)])
        self.assertEqual({(c.reason, c.text, c.proposed_by, c.party) for c in found},
                         {("approval", "Согласование ещё идёт", self.administrator, None)})  # fmt: skip

    def test_one_term_for_all(self):
        said = MOVE | {"days": "", "to": "IV квартал 2097"}
        self.assertContains(self.do("term", said, [self.second, self.third]), "Done: 2 rows")
        self.assertEqual({change.after_text for change in DeadlineChange.objects.all()}, {"IV квартал 2097"})

    def test_one_of_the_two_is_needed(self):
        for wrong in ({"days": ""}, {"to": "31.10.2097"}):
            page = self.look("term", MOVE | wrong)
            self.assertContains(page, "one of the two", status_code=400)

    def test_refused_rows_say_why(self):
        DeadlineChange.propose(self.third, "31.12.2097", by=self.reviewer)
        without_day = make.milestone(self.item, number="1.1.3", term="постоянно")
        page = self.look("term", MOVE, [*self.all, without_day])
        self.assertIn("will change 1, unchanged 0, refused 3", text_of(page))
        self.assertContains(page, "Секретариат proposed 31.12.2097")
        self.assertContains(page, "Its term has no day that could be moved.")
        self.assertContains(page, "30.07.2026 has already passed.")

    def test_an_analyst_proposes_for_their_party_where_it_takes_part(self):
        self.client.force_login(self.ru_analyst)
        page = self.look("term", MOVE, [self.second, self.third])
        self.assertIn("will change 1, unchanged 0, refused 1", text_of(page))
        self.assertContains(page, "Only an analyst of a party that takes part")
        self.press(page)
        self.assertEqual(DeadlineChange.objects.get().party, self.russia)

    def test_undo_withdraws_the_proposals(self):
        self.do("term", MOVE, [self.second, self.third])
        undo(ChangeSet.objects.latest("pk"), by=self.administrator)
        self.assertEqual({change.state for change in DeadlineChange.objects.all()}, {"dropped"})


class AcceptTest(Bulk):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.kz_report = make.report(commitment_=cls.kz_commitment, state="endorsed", author=cls.kz_analyst)
        cls.ru_report = make.report(commitment_=cls.ru_commitment, state="endorsed", author=cls.reviewer)
        for report in (cls.kz_report, cls.ru_report):
            Report.objects.filter(pk=report.pk).update(
                execution="in_progress", percent=40, endorsed_at=datetime(2026, 4, 1, tzinfo=UTC)
            )
        make.report(commitment_=cls.third.commitments.get(), state="draft", author=cls.kz_analyst)

    def setUp(self):
        self.client.force_login(self.reviewer)

    def states(self):
        return list(Report.objects.order_by("pk").values_list("state", flat=True))

    def test_it_accepts_what_waits_for_review_and_says_what_not(self):
        page = self.look("accept", {})
        self.assertIn("will change 1, unchanged 0, refused 1", text_of(page))
        self.assertContains(page, "You wrote part of this report")
        done = self.press(page, follow=True)
        self.assertEqual(self.states(), ["accepted", "endorsed", "draft"])
        self.assertContains(done, "Acceptance is not undone here")
        self.assertNotContains(done, ">Undo<")

    def test_a_text_that_was_saved_since_is_not_accepted(self):
        page = self.look("accept", {})
        with change_set(by=self.kz_analyst):
            Report.objects.filter(pk=self.kz_report.pk).update(percent=50)
        self.assertContains(self.press(page, follow=True), "Айгуль Сериккызы changed it on")
        self.assertEqual(self.states()[0], "endorsed")

    def test_a_reviewer_of_another_area_accepts_nothing(self):
        reviewer = make.user(name="Проверяющий транспорта")
        make.grant(reviewer, Role.OBSERVER, roadmap=self.roadmap)
        make.grant(reviewer, Role.REVIEWER, roadmap=self.roadmap, area=self.transport)
        self.client.force_login(reviewer)
        self.assertNotContains(self.look("accept", {}), 'value="apply"')


class RemindTest(Bulk):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap)
        make.report(commitment_=cls.kz_commitment, round__=cls.round)
        make.report(commitment_=cls.third.commitments.get(), round__=cls.round)
        make.report(commitment_=cls.ru_commitment, round__=cls.round, state="submitted")

    def test_it_writes_to_who_owes_a_report_on_the_selected_milestones(self):
        page = self.look("remind", {}, [self.milestone])
        self.assertIn("will change 1", text_of(page))
        self.assertEqual((len(mail.outbox), Reminder.objects.count()), (0, 0))
        with self.captureOnCommitCallbacks(execute=True):
            self.press(page)
        self.assertEqual([message.to for message in mail.outbox], [[self.kz_analyst.email]])
        self.assertIn("http://testserver/", mail.outbox[0].body)
        self.assertEqual(Reminder.objects.get().party, self.kazakhstan)

    def test_who_was_reminded_today_is_passed_over(self):
        self.do("remind", {})
        page = self.look("remind", {})
        self.assertContains(page, "has been reminded today already.")
        self.assertNotContains(page, 'value="apply"')

    def test_without_an_open_round_nothing_is_awaited(self):
        self.round.close(by=self.administrator)
        self.assertContains(self.look("remind", {}), "The round is not open", status_code=409)


class JobTest(Bulk):
    def run_job(self, said=WEIGHT, action="edit"):
        with patch.object(applying, "AT_ONCE", 2), self.captureOnCommitCallbacks(execute=True):
            self.page = self.look(action, said)
            response = self.press(self.page)
        job = Job.objects.get()
        self.assertRedirects(response, job.get_absolute_url(), fetch_redirect_response=False)
        return job

    def work(self, job, size=1):
        from tracker.jobs import running

        with patch.object(running.Work.slices, "__defaults__", (None, size)):
            applying.apply_in_background.func(job_id=job.pk)
        job.refresh_from_db()
        return job

    def test_many_rows_are_done_in_the_background_as_one_change_set(self):
        job = self.run_job()
        self.assertEqual((job.person, job.total, self.weights()), (self.administrator, 3, [1, 1, 1]))
        sets = ChangeSet.objects.count()
        self.work(job)
        self.assertEqual((job.state, job.done, job.failure), ("done", 3, ""))
        self.assertEqual((self.weights(), ChangeSet.objects.count()), ([5, 5, 5], sets + 1))
        found = ChangeSet.objects.latest("pk")
        self.assertEqual((found.person, found.reason), (self.administrator, "Протокол № 7"))
        self.assertEqual(job.result["url"], f"/changes/{found.pk}/")

    def test_it_can_be_undone_as_a_whole(self):
        self.work(self.run_job())
        undo(ChangeSet.objects.latest("pk"), by=self.administrator)
        self.assertEqual(self.weights(), [1, 1, 1])

    def test_pressed_twice_there_is_one_job(self):
        job = self.run_job()
        with patch.object(applying, "AT_ONCE", 2):
            self.assertRedirects(self.press(self.page), job.get_absolute_url(), fetch_redirect_response=False)
        self.assertEqual(Job.objects.count(), 1)

    def test_what_was_changed_since_is_told(self):
        job = self.run_job()
        with change_set(by=self.second_reviewer):
            self.second.weight = 3
            self.second.save()
        self.work(job)
        self.assertEqual(self.weights(), [5, 3, 5])
        self.assertEqual(job.result["refused"][0]["what"], "1.1.2 Data format agreed")
        self.assertIn("Второй проверяющий changed it", job.result["refused"][0]["why"])

    def test_it_is_cancelled_between_slices_and_what_was_done_remains(self):
        job, carry_out = self.run_job(), applying.carry_out

        def cancelled_meanwhile(*args):
            Job.objects.filter(pk=job.pk).update(cancel_asked=True)
            return carry_out(*args)

        with patch.object(applying, "carry_out", cancelled_meanwhile), patch("tracker.jobs.running.TOLD_EVERY", 0):
            self.work(job)
        self.assertEqual(job.state, "cancelled")
        self.assertEqual(sorted(self.weights()), [1, 1, 5])
        self.assertIn("Changed: 1", job.result["words"])

    def test_who_has_lost_the_right_meanwhile_changes_nothing(self):
        job = self.run_job()
        self.administrator.grants.all().delete()
        make.grant(self.administrator, Role.OBSERVER, roadmap=self.roadmap)
        self.work(job)
        self.assertEqual(self.weights(), [1, 1, 1])
        self.assertEqual(len(job.result["refused"]), 3)


class CountTest(Bulk):
    def test_queries_do_not_grow_with_the_rows(self):
        counts = []
        for rows in ([self.milestone], self.all):
            with self.assertNumQueriesKept(counts):
                self.look("edit", WEIGHT, rows)
        self.assertEqual(counts[0], counts[1])

    def assertNumQueriesKept(self, counts):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        class Kept(CaptureQueriesContext):
            def __exit__(self, *error):
                super().__exit__(*error)
                counts.append(len(self))

        return Kept(connection)
