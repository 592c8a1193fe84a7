"""What a change set did is put back, what was changed since or belongs to a verb is not, and it can be redone."""

from datetime import date

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set
from tracker.history.checks import differences
from tracker.history.models import ChangeSet, DataState
from tracker.history.undo import undo
from tracker.lib.texts import Texts
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Commitment, Control, Executor, Item, Milestone, Organisation, Participation


def latest():
    return ChangeSet.objects.order_by("-pk").first()


class UndoTest(TrackerTestCase):
    def weigh(self, weight, *rows, by=None):
        with change_set(by=by or self.administrator, reason="По итогам"):
            for milestone in Milestone.objects.filter(pk__in=[row.pk for row in rows or [self.milestone]]):
                milestone.weight = weight
                milestone.save()
        return latest()

    def undo(self, done, by=None):
        return undo(done, by=by or self.administrator)

    def weight(self, milestone=None):
        return Milestone.objects.get(pk=(milestone or self.milestone).pk).weight

    def test_it_puts_a_column_back(self):
        undone = self.undo(self.weigh(5))
        self.assertEqual((self.weight(), undone.refused), (1, []))
        self.assertEqual(len(undone.restored), 1)
        self.assertIn("5 → 1", undone.restored[0])

    def test_it_is_a_change_set_of_its_own(self):
        self.undo(self.weigh(5), by=self.administrator)
        row = latest()
        self.assertEqual(row.person, self.administrator)
        self.assertRegex(row.reason, r"^Undo of \d\d\.\d\d\.\d{4} \d\d:\d\d: По итогам$")
        self.assertEqual(Milestone.history.filter(id=self.milestone.pk, change_set=row).count(), 1)

    def test_it_can_be_undone_in_turn(self):
        self.undo(self.weigh(5))
        self.undo(latest())
        self.assertEqual(self.weight(), 5)

    def test_twice_does_nothing_more(self):
        done = self.weigh(5)
        self.undo(done)
        sets = ChangeSet.objects.count()
        self.assertEqual((len(self.undo(done).refused), ChangeSet.objects.count()), (1, sets))

    def test_what_was_changed_since_is_left_and_listed(self):
        other = make.milestone(self.item, number="1.1.2", term="30.06.2026")
        done = self.weigh(5, self.milestone, other)
        self.weigh(7, other, by=self.reviewer)
        undone = self.undo(done)
        self.assertEqual((self.weight(), self.weight(other)), (1, 7))
        [(what, why)] = undone.refused
        self.assertIn("1.1.2", what)
        self.assertRegex(why, r"^Секретариат changed it on \d\d\.\d\d\.\d{4}")

    def test_a_change_between_two_slices_of_the_set_is_not_lost(self):
        done = self.weigh(5)
        self.weigh(6, by=self.reviewer)
        with change_set(into=done):
            milestone = Milestone.objects.get(pk=self.milestone.pk)
            milestone.weight = 8
            milestone.save()
        self.assertEqual((len(self.undo(done).refused), self.weight()), (1, 8))

    def test_a_row_saved_twice_in_the_set_goes_back_to_before_it(self):
        done = self.weigh(5)
        with change_set(into=done):
            milestone = Milestone.objects.get(pk=self.milestone.pk)
            milestone.weight = 8
            milestone.save()
        self.undo(done)
        self.assertEqual(self.weight(), 1)

    def test_what_was_entered_goes(self):
        with change_set(by=self.administrator):
            row = make.organisation("Лишнее")
        undone = self.undo(latest())
        self.assertFalse(Organisation.objects.filter(pk=row.pk).exists())
        self.assertEqual(undone.restored, ["Organisation removed: Лишнее"])

    def test_what_was_entered_and_is_needed_by_now_stays(self):
        with change_set(by=self.administrator):
            row = make.organisation("Нужное")
        done = latest()
        make.organisation("Отдел", parent=row)
        [(what, _why)] = self.undo(done).refused
        self.assertEqual(what, "Нужное")
        self.assertTrue(Organisation.objects.filter(pk=row.pk).exists())

    def test_what_was_deleted_comes_back_with_its_key(self):
        row = make.organisation("Бывшее")
        pk = row.pk
        with change_set(by=self.administrator):
            Organisation.objects.get(pk=pk).delete()
        self.undo(latest())
        self.assertEqual(str(Organisation.objects.get(pk=pk).name), "Бывшее")
        self.assertEqual(list(differences()), [])

    def test_executors_replaced_by_others_come_back(self):
        part = Participation.objects.get(item=self.item, party=self.kazakhstan)
        old, new = make.organisation("Старый"), make.organisation("Новый")
        Executor.objects.create(participation=part, organisation=old)
        with change_set(by=self.administrator):
            Executor.objects.filter(participation=part).delete()
            Executor.objects.create(participation=part, organisation=new)
        self.undo(latest())
        self.assertEqual([e.organisation for e in Executor.objects.filter(participation=part)], [old])

    def test_a_decision_about_control_takes_the_parts_along(self):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        milestone.decide_control(Control.DROPPED, basis="Протокол", by=self.administrator, reason="cancelled")
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).control, Control.DROPPED)
        undone = self.undo(latest())
        self.assertEqual(undone.refused, [])
        self.assertEqual(Milestone.objects.get(pk=milestone.pk).control, Control.ON)
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).control, Control.ON)

    def test_a_changed_rule_of_completion_is_rolled_up_anew(self):
        self.accepted_report()
        with change_set(by=self.administrator):
            item = Item.objects.get(pk=self.item.pk)
            item.rule = Item.Rule.ANY
            item.save()
            item.carry_down()
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).execution, "completed")
        self.assertEqual(self.undo(latest()).refused, [])
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).execution, "partly")

    def test_a_party_that_joined_by_it_is_released(self):
        with change_set(by=self.administrator):
            Participation.objects.create(item=self.item, party=self.tajikistan)
            Item.objects.get(pk=self.item.pk).ask_parties()
        self.undo(latest())
        part = Commitment.objects.get(milestone=self.milestone, party=self.tajikistan)
        self.assertIsNotNone(part.released_on)

    def test_an_acceptance_is_undone_by_verbs_only(self):
        self.accepted_report()
        undone = self.undo(latest())
        self.assertEqual(undone.restored, [])
        self.assertIn("verbs of writing and review", undone.refused[0][1])
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).execution, "completed")

    def test_an_own_proposal_is_withdrawn(self):
        change = DeadlineChange.propose(self.milestone, "Q4 2026", by=self.kz_analyst)
        undone = self.undo(latest(), by=self.kz_analyst)
        change.refresh_from_db()
        self.assertEqual((change.state, undone.refused), (DeadlineChange.State.WITHDRAWN, []))

    def test_a_decision_on_a_term_is_not_undone(self):
        change = DeadlineChange.propose(self.milestone, "Q4 2026", by=self.kz_analyst)
        change.approve(by=self.reviewer)
        undone = self.undo(latest())
        self.assertEqual((undone.restored, len(undone.refused)), ([], 2))
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).moves, 1)

    def test_who_may_not_change_the_plan_puts_nothing_back(self):
        done = self.weigh(5, by=self.kz_analyst)
        undone = self.undo(done, by=self.kz_analyst)
        self.assertEqual((self.weight(), undone.refused[0][1]), (5, "Only an administrator may change this back."))

    def test_one_that_is_refused_leaves_the_others(self):
        with change_set(by=self.administrator):
            kept = make.organisation("Нужное")
            make.organisation("Лишнее")
        done = latest()
        make.organisation("Отдел", parent=kept)
        undone = self.undo(done)
        self.assertEqual((len(undone.restored), len(undone.refused)), (1, 1))

    def test_nothing_of_a_closed_roadmap_is_put_back(self):
        done = self.weigh(5)
        self.roadmap.state = "closed"
        self.roadmap.save()
        self.assertEqual(self.undo(done).refused[0][1], "The roadmap is closed: its plan no longer changes.")

    def test_a_text_comes_back_in_all_languages(self):
        with change_set(by=self.administrator):
            item = Item.objects.get(pk=self.item.pk)
            before = dict(item.wording)
            item.wording = Texts(ru="Другое", en="Another")
            item.save()
        self.undo(latest())
        item = Item.objects.get(pk=self.item.pk)
        self.assertEqual(dict(item.wording), before)
        self.assertEqual(sorted(item.search.split()), sorted(self.item.search.split()))

    def accepted_report(self):
        report = make.report(
            commitment_=self.kz_commitment,
            state="submitted",
            author=self.kz_analyst,
            execution="completed",
            percent=100,
            done_on=date(2026, 5, 1),
        )
        report.accept(by=self.reviewer)
        return report


class SlicesTest(TrackerTestCase):
    """A change set in several transactions."""

    def test_a_slice_belongs_to_the_set_and_has_its_own_moment(self):
        with change_set(by=self.administrator, reason="Все сразу") as first:
            one = make.organisation("Первое")
        with change_set(into=first.row):
            two = make.organisation("Второе")
        versions = [Organisation.history.get(id=row.pk) for row in (one, two)]
        self.assertEqual({version.change_set_id for version in versions}, {first.row.pk})
        self.assertLess(versions[0].history_date, versions[1].history_date)

    def test_a_slice_renews_the_state_of_the_data(self):
        with change_set() as first:
            make.organisation("Первое")
        before = DataState.objects.get().name
        with change_set(into=first.row):
            make.organisation("Второе")
        self.assertNotEqual(DataState.objects.get().name, before)

    def test_a_slice_that_fails_leaves_those_before_it(self):
        with change_set() as first:
            make.organisation("Первое")
        with self.assertRaises(ZeroDivisionError), change_set(into=first.row):
            make.organisation("Второе")
            raise ZeroDivisionError
        self.assertEqual([str(row.name) for row in Organisation.objects.all()], ["Первое"])
        self.assertTrue(ChangeSet.objects.filter(pk=first.row.pk).exists())

    def test_a_slice_is_a_transaction_of_its_own(self):
        with change_set() as first:
            make.organisation("Первое")
            with self.assertRaises(RuntimeError), change_set(into=first.row):
                pass
