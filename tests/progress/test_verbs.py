"""The verbs of the review (domain.md §4): works, who may not, wrong state, recorded."""

from datetime import UTC, date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.lib.errors import Conflict, NotAllowed, WrongState
from tracker.lib.terms import parse
from tracker.progress.models import DeadlineChange, Evidence, Report, Round
from tracker.roadmaps.models import Amendment, Commitment, Milestone, Roadmap, Role


class ReviewTest(TrackerTestCase):
    def setUp(self):
        self.round = make.round_(self.roadmap)

    def report(self, state="draft", **fields):
        defaults = {"narrative": "Протокол подписан.", "execution": "in_progress", "percent": 40}
        return make.report(
            commitment_=self.kz_commitment, round__=self.round, state=state, author=self.kz_analyst, **defaults | fields
        )

    def completed(self, state="draft", **fields):
        return self.report(
            state, execution="completed", percent=100, done_on=date(2026, 3, 20), without_document=True, **fields
        )

    def test_writing_makes_a_draft_and_an_author(self):
        report = make.report(commitment_=self.kz_commitment, round__=self.round)
        report.narrative = "Начато"
        report.write(by=self.kz_analyst)
        self.assertEqual(report.state, "draft")
        self.assertEqual([author.user for author in report.authors.all()], [self.kz_analyst])

    def test_writing_again_adds_no_author_twice(self):
        report = self.report()
        report.write(by=self.kz_analyst)
        self.assertEqual(report.authors.count(), 1)

    def test_percent_follows_execution(self):
        report = self.completed(state="asked")
        report.execution = "not_started"
        report.write(by=self.kz_analyst)
        self.assertEqual((report.percent, report.done_on), (0, None))
        report.execution, report.percent = "partly", 100
        report.write(by=self.kz_analyst)
        self.assertEqual(report.percent, 99)

    def test_only_analysts_of_the_party_write(self):
        report = self.report()
        for who in (self.ru_analyst, self.reviewer, self.administrator, self.observer, self.coordinator, self.stranger):
            with self.assertRaises(NotAllowed):
                report.write(by=who)
        self.assertEqual(Report.objects.get().version, 1)

    def test_accepting_moves_commitment_and_milestone_in_one_set(self):
        report = self.completed()
        report.submit(by=self.kz_analyst)
        report.accept(by=self.reviewer)
        commitment, milestone = (
            Commitment.objects.get(pk=self.kz_commitment.pk),
            Milestone.objects.get(pk=self.milestone.pk),
        )
        self.assertEqual(
            (commitment.execution, commitment.done_on, commitment.confirmation),
            ("completed", date(2026, 3, 20), "declared"),
        )
        self.assertEqual((milestone.execution, milestone.percent, milestone.completed), ("partly", 50, 1))
        sets = {
            row.history.order_by("-history_date", "-history_id").first().change_set_id
            for row in (report, commitment, milestone)
        }
        self.assertEqual(len(sets), 1)

    def test_completion_needs_a_day_that_is_not_in_the_future_and_a_document_or_a_declaration(self):
        tomorrow = self.roadmap.today() + timedelta(days=1)
        report = self.report(execution="completed", percent=100, narrative="")
        with self.assertRaises(ValidationError) as refused:
            report.submit(by=self.kz_analyst)
        self.assertEqual(set(refused.exception.message_dict), {"narrative", "done_on", "without_document"})
        self.assertEqual(report.state, "draft")
        report.done_on, report.narrative, report.without_document = tomorrow, "Сделано", True
        with self.assertRaisesMessage(ValidationError, "not in the future"):
            report.submit(by=self.kz_analyst)
        report.done_on = self.roadmap.today()
        report.submit(by=self.kz_analyst)
        self.assertEqual(report.state, "submitted")

    def test_nothing_to_report_needs_nothing_more(self):
        report = self.report(narrative="", nothing_to_report=True)
        report.submit(by=self.kz_analyst)
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).freshness, "nothing")

    def test_an_author_never_reviews(self):
        make.grant(self.kz_analyst, Role.REVIEWER, roadmap=self.roadmap)
        report = self.report()
        report.submit(by=self.kz_analyst)
        for verb in (
            lambda: report.accept(by=self.kz_analyst),
            lambda: report.send_back(by=self.kz_analyst, remarks=[("", "нет")]),
        ):
            with self.assertRaisesMessage(NotAllowed, "another reviewer"):
                verb()
        self.assertEqual(report.state, "submitted")

    def test_the_second_reviewer_is_told_who_was_first(self):
        report = self.report()
        report.submit(by=self.kz_analyst)
        mine, theirs = Report.objects.get(pk=report.pk), Report.objects.get(pk=report.pk)
        theirs.accept(by=self.reviewer)
        with self.assertRaisesMessage(WrongState, "already accepted by Секретариат"):
            mine.accept(by=self.second_reviewer)

    def test_a_decision_on_an_older_text_conflicts(self):
        report = self.report()
        report.submit(by=self.kz_analyst)
        seen = Report.objects.get(pk=report.pk)
        report.withdraw(by=self.kz_analyst)
        report.narrative = "Другое"
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        with self.assertRaises(Conflict):
            seen.accept(by=self.reviewer)

    def test_returning_needs_a_remark_keeps_all_of_them_and_sets_a_day(self):
        report = self.report()
        report.submit(by=self.kz_analyst)
        with self.assertRaises(ValidationError):
            report.send_back(by=self.reviewer, remarks=[("narrative", "  ")])
        report.send_back(by=self.reviewer, remarks=[("narrative", "Назовите орган.")])
        self.assertEqual(report.state, "returned")
        self.assertEqual(report.correct_by, self.roadmap.today() + timedelta(days=7))
        report.submit(by=self.kz_analyst)
        report.send_back(by=self.second_reviewer, remarks=[("", "Ещё раз.")])
        self.assertEqual([remark.text for remark in report.remarks.all()], ["Назовите орган.", "Ещё раз."])
        self.assertEqual(report.submitted_by, self.kz_analyst)

    def test_a_returned_report_is_awaited_again(self):
        report = self.report()
        report.submit(by=self.kz_analyst)
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).freshness, "reported")
        report.send_back(by=self.reviewer, remarks=[("", "Уточните.")])
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).freshness, "awaited")

    def test_reopening_falls_back_to_the_accepted_report_before(self):
        earlier = make.round_(self.roadmap, starts_on=date(2025, 10, 1), state="closed")
        make.report(
            commitment_=self.kz_commitment, round__=earlier, state="accepted", execution="in_progress", percent=30
        )
        report = self.completed()
        report.submit(by=self.kz_analyst)
        report.accept(by=self.reviewer)
        with self.assertRaises(NotAllowed):
            report.reopen(by=self.reviewer, reason="ошибка")
        with self.assertRaises(ValidationError):
            report.reopen(by=self.administrator, reason=" ")
        report.reopen(by=self.administrator, reason="Протокол не подписан.")
        commitment = Commitment.objects.get(pk=self.kz_commitment.pk)
        self.assertEqual((commitment.execution, commitment.percent), ("in_progress", 30))

    def test_two_steps(self):
        self.roadmap.two_steps = True
        self.roadmap.save()
        report = self.report()
        report.submit(by=self.kz_analyst)
        self.assertFalse(Report.objects.in_review().exists())
        with self.assertRaisesMessage(WrongState, "not endorsed"):
            report.accept(by=self.reviewer)
        with self.assertRaises(NotAllowed):
            report.endorse(by=self.kz_analyst)
        report.endorse(by=self.coordinator)
        self.assertTrue(Report.objects.in_review().exists())
        report.accept(by=self.reviewer)
        self.assertEqual(report.state, "accepted")

    def test_without_the_second_step_nothing_is_endorsed(self):
        report = self.report()
        report.submit(by=self.kz_analyst)
        with self.assertRaises(WrongState):
            report.endorse(by=self.coordinator)

    def test_a_refused_verb_leaves_the_report_as_it_was(self):
        report = self.report(narrative="")
        before = report.__dict__.copy()
        with self.assertRaises(ValidationError):
            report.submit(by=self.kz_analyst)
        self.assertEqual(
            {k: v for k, v in report.__dict__.items() if k != "_state"},
            {k: v for k, v in before.items() if k != "_state"},
        )

    def test_reviewers_scope(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        report = self.report()
        report.submit(by=self.kz_analyst)
        with self.assertRaises(NotAllowed):
            report.accept(by=elsewhere)
        self.assertFalse(Report.objects.visible_to(elsewhere).exists())


class WhoSeesReportsTest(TrackerTestCase):
    def test_drafts_are_the_partys_own_submitted_the_reviewers_accepted_everyones(self):
        report = make.report(commitment_=self.kz_commitment, state="draft")
        everyone = {
            "kz": self.kz_analyst, "ru": self.ru_analyst, "reviewer": self.reviewer, "coordinator": self.coordinator,
            "observer": self.observer, "administrator": self.administrator, "stranger": self.stranger,
        }  # fmt: skip
        own = {"kz", "coordinator"}
        for state, expected in (
            ("asked", own),
            ("draft", own),
            ("returned", own),
            ("submitted", own | {"reviewer", "administrator"}),
            ("endorsed", own | {"reviewer", "administrator"}),
            ("accepted", own | {"reviewer", "administrator", "ru", "observer"}),
        ):
            Report.objects.filter(pk=report.pk).update(state=state)
            seen = {name for name, user in everyone.items() if Report.objects.visible_to(user).exists()}
            self.assertEqual(seen, expected, state)

    def test_audience_hides_the_text_from_the_others(self):
        make.report(commitment_=self.kz_commitment, state="accepted", audience="own")
        for user, is_open in (
            (self.kz_analyst, True),
            (self.reviewer, True),
            (self.ru_analyst, False),
            (self.observer, False),
        ):
            report = Report.objects.visible_to(user).with_open_text(user).get()
            self.assertEqual(report.text_is_open, is_open)

    def test_documents_follow_their_reports(self):
        report = make.report(commitment_=self.kz_commitment, state="draft")
        document = make.evidence(report)

        def seen(user):
            return Evidence.objects.visible_to(user).filter(pk=document.pk).exists()

        self.assertTrue(seen(self.kz_analyst))
        self.assertFalse(seen(self.reviewer))
        self.assertFalse(seen(self.ru_analyst))
        Report.objects.filter(pk=report.pk).update(state="submitted")
        self.assertTrue(seen(self.reviewer))
        self.assertFalse(seen(self.ru_analyst))
        Report.objects.filter(pk=report.pk).update(state="accepted")
        self.assertTrue(seen(self.ru_analyst))
        Evidence.objects.filter(pk=document.pk).update(audience="own")
        self.assertFalse(seen(self.ru_analyst))
        self.assertTrue(seen(self.reviewer))
        self.assertFalse(seen(self.stranger))


class RoundTest(TrackerTestCase):
    def setUp(self):
        self.round = make.round_(self.roadmap, state=Round.State.PLANNED)

    def test_opening_asks_each_counting_unfinished_commitment(self):
        make.milestone(make.item(self.roadmap, parties={"KZ": "observer", "RU": "none", "TJ": "participant"}))
        self.assertEqual(self.round.open(by=self.administrator), 3)
        self.assertEqual({c.freshness for c in Commitment.objects.all()}, {"awaited"})

    def test_only_an_administrator_opens_and_only_once(self):
        with self.assertRaises(NotAllowed):
            self.round.open(by=self.reviewer)
        self.round.open(by=self.administrator)
        with self.assertRaises(WrongState):
            self.round.open(by=self.administrator)

    def test_closing_counts_silence_and_carries_the_unsent_text_on(self):
        self.round.open(by=self.administrator)
        report = self.kz_commitment.reports.get()
        report.narrative = "Недописанный текст"
        report.write(by=self.kz_analyst)
        self.assertEqual(self.round.close(by=self.administrator), 2)
        self.assertEqual({c.silent_rounds for c in Commitment.objects.all()}, {1})
        with self.assertRaisesMessage(WrongState, "The round is closed"):
            Report.objects.get(pk=report.pk).write(by=self.kz_analyst)
        following = make.round_(self.roadmap, starts_on=date(2026, 4, 1), state="planned")
        following.open(by=self.administrator)
        self.assertEqual(self.kz_commitment.reports.get(round=following).narrative, "Недописанный текст")

    def test_a_party_that_joins_is_asked_from_now(self):
        self.round.open(by=self.administrator)
        make.milestone(self.item, number="1.1.5")
        self.assertEqual(self.round.ask(Commitment.objects.filter(roadmap=self.roadmap)), 2)


class DeadlineTest(TrackerTestCase):
    def propose(self, to="31.10.2026"):
        return DeadlineChange.propose(self.milestone, to, by=self.kz_analyst, party=self.kazakhstan, reason="approval")

    def test_an_approved_change_moves_the_current_term_and_leaves_the_slip_in_sight(self):
        self.propose().approve(by=self.reviewer)
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        self.assertEqual(
            (milestone.due_on, milestone.agreed_due, milestone.first_due),
            (date(2026, 10, 31), date(2026, 6, 30), date(2026, 6, 30)),
        )
        self.assertEqual((milestone.slip, milestone.moves), (123, 1))
        self.assertEqual({c.due_on for c in milestone.commitments.all()}, {date(2026, 10, 31)})

    def test_who_proposes_does_not_decide(self):
        make.grant(self.kz_analyst, Role.REVIEWER, roadmap=self.roadmap)
        with self.assertRaises(NotAllowed):
            self.propose().approve(by=self.kz_analyst)

    def test_a_decision_is_taken_once(self):
        change = self.propose()
        change.reject(by=self.reviewer)
        with self.assertRaises(WrongState):
            change.approve(by=self.second_reviewer)
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).due_on, date(2026, 6, 30))

    def test_only_an_amendment_moves_the_agreed_term_and_it_leaves_a_row(self):
        with self.assertRaises(WrongState):
            self.milestone.word_term(parse("2027 год"))
        amendment = Amendment.objects.create(roadmap=self.roadmap, number="1", signed_on=date(2026, 6, 19))
        DeadlineChange.amend(
            Milestone.objects.get(pk=self.milestone.pk), "31.12.2026", amendment=amendment, by=self.administrator
        )
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        self.assertEqual(
            (milestone.agreed_due, milestone.due_on, milestone.first_due),
            (date(2026, 12, 31), date(2026, 12, 31), date(2026, 6, 30)),
        )
        self.assertEqual(milestone.deadline_changes.get().term, "agreed")


class PlanTest(TrackerTestCase):
    def test_a_party_that_leaves_is_released_and_taken_up_again(self):
        part = self.item.participations.get(party=self.russia)
        part.until = date(2026, 5, 1)
        part.save()
        self.item.ask_parties(by=self.administrator)
        self.ru_commitment.refresh_from_db()
        self.assertEqual((self.ru_commitment.state, self.ru_commitment.is_counting), ("released", False))
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).counting, 1)
        part.until = None
        part.save()
        self.item.ask_parties(by=self.administrator)
        self.ru_commitment.refresh_from_db()
        self.assertTrue(self.ru_commitment.is_counting)

    def test_asking_twice_changes_nothing(self):
        with change_set():
            self.assertEqual(self.item.ask_parties(), [])
        self.assertEqual(Commitment.history.model.objects.count(), 2)

    def test_a_renamed_area_position_is_carried_down(self):
        place = self.roadmap.areas.get(area=self.item.area)
        place.position = 9
        place.save()
        self.item.refresh_from_db()
        self.item.carry_down()
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).area_position, 9)


class TodaysRightsTest(TrackerTestCase):
    def test_a_document_follows_its_reports_audience(self):
        report = make.report(commitment_=self.kz_commitment, state="accepted", audience="own")
        document = make.evidence(report)
        for user, seen in (
            (self.kz_analyst, True),
            (self.reviewer, True),
            (self.observer, False),
            (self.ru_analyst, False),
        ):
            self.assertEqual(Evidence.objects.visible_to(user).filter(pk=document.pk).exists(), seen, user)

    def test_a_past_page_shows_no_report_that_may_not_be_read_today(self):
        with change_set(at=datetime(2026, 3, 1, tzinfo=UTC)):
            item = make.item(self.roadmap, number="8.1", parties={"KZ": "lead"})
            milestone = make.milestone(item)
            report = make.report(
                commitment_=milestone.commitments.get(),
                state="accepted",
                narrative="Принятый текст",
                author=self.kz_analyst,
            )
        self.client.force_login(self.observer)
        address = f"/r/plan/items/{item.pk}/?on=2026-04-01"
        QuerySet(Roadmap.history.model).update(history_date=datetime(2025, 1, 1, tzinfo=UTC))
        self.assertContains(self.client.get(address), "Принятый текст")
        report.reopen(by=self.administrator, reason="Ошибка")
        self.assertNotContains(self.client.get(address), "Принятый текст")

    def test_a_party_that_leaves_later_still_counts(self):
        part = self.item.participations.get(party=self.russia)
        part.until = date(2099, 1, 1)
        part.save()
        self.item.ask_parties()
        self.ru_commitment.refresh_from_db()
        self.assertTrue(self.ru_commitment.is_counting)

    def test_control_is_not_decided_in_the_future(self):
        with self.assertRaises(ValidationError):
            self.milestone.decide_control("closed", basis="Протокол", by=self.administrator, on=date(2099, 1, 1))
