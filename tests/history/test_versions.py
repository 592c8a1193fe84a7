from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import change_set, moment
from tracker.history.checks import differences
from tracker.history.models import ChangeSet
from tracker.history.timeline import timeline
from tracker.history.versions import OPEN
from tracker.lib.errors import Conflict
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Commitment, Item, Milestone, Organisation, Participation

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def versions(row):
    return list(type(row).history.model.objects.filter(id=row.pk).order_by("history_date", "history_id"))


class OneWritePathTest(TrackerTestCase):
    def test_each_save_leaves_a_version_and_closes_the_one_before(self):
        organisation = make.organisation("Министерство здравоохранения")
        organisation.name = Texts(ru="Министерство здоровья")
        organisation.save()
        first, second = versions(organisation)
        self.assertEqual((first.history_type, second.history_type), ("+", "~"))
        self.assertEqual((first.valid_to, second.valid_to), (second.history_date, OPEN))
        self.assertEqual((first.version, second.version), (1, 2))
        self.assertEqual(first.name["ru"], "Министерство здравоохранения")

    def test_a_stale_save_is_refused_and_changes_nothing(self):
        mine, theirs = Item.objects.get(pk=self.item.pk), Item.objects.get(pk=self.item.pk)
        theirs.number = "5.5"
        theirs.save()
        mine.number = "6.6"
        with self.assertRaisesMessage(Conflict, "saved by someone else"):
            mine.save()
        self.assertEqual(mine.version, theirs.version - 1)
        self.item.refresh_from_db()
        self.assertEqual(self.item.number, "5.5")

    def test_two_saves_in_one_set_leave_one_visible_version(self):
        with change_set(at=DAY + timedelta(days=400)):
            self.item.number = "2.1"
            self.item.save()
            self.item.number = "2.2"
            self.item.save()
        visible = [v for v in versions(self.item) if v.valid_to > v.history_date]
        self.assertEqual([v.number for v in visible], ["1.1", "2.2"])

    def test_a_set_has_one_moment_person_and_reason(self):
        with change_set(by=self.administrator, reason="исправление опечатки"):
            self.item.number = "2.1"
            self.item.save()
            self.milestone.number = "2.1.1"
            self.milestone.save()
        sets = {versions(row)[-1].change_set for row in (self.item, self.milestone)}
        self.assertEqual(len(sets), 1)
        found = sets.pop()
        self.assertEqual((found.person, found.reason), (self.administrator, "исправление опечатки"))
        self.assertEqual({versions(row)[-1].history_date for row in (self.item, self.milestone)}, {found.at})

    def test_a_later_version_is_never_inverted_by_a_slow_writer(self):
        with change_set(at=DAY + timedelta(days=500)):
            self.item.number = "3.1"
            self.item.save()
        with change_set(at=DAY + timedelta(days=499)):
            self.item.number = "3.2"
            self.item.save()
        last = versions(self.item)[-1]
        self.assertEqual((last.number, last.valid_to), ("3.2", OPEN))
        self.assertEqual(differences(), [])

    def test_what_is_rolled_back_leaves_no_trace(self):
        before = ChangeSet.objects.count()
        with self.assertRaises(ZeroDivisionError), change_set(by=self.administrator):
            self.item.number = "9.9"
            self.item.save()
            raise ZeroDivisionError
        self.assertEqual(ChangeSet.objects.count(), before)
        self.assertEqual(len(versions(self.item)), 1)

    def test_a_set_goes_on_after_a_part_of_it_failed(self):
        with change_set(by=self.administrator):
            with self.assertRaises(ZeroDivisionError), change_set():
                self.item.number = "9.9"
                self.item.save()
                raise ZeroDivisionError
            self.milestone.number = "1.1.9"
            self.milestone.save()
        self.assertEqual(versions(self.milestone)[-1].change_set.person, self.administrator)
        self.assertEqual(len(versions(self.item)), 1)

    def test_bulk_writes_leave_versions_too(self):
        made = Organisation.objects.bulk_create([Organisation(name=Texts(ru=f"Орган {n}")) for n in range(3)])
        self.assertEqual(made[0].search, "орган 0")
        for row in made:
            row.name = Texts(ru=f"Ведомство {row.pk}")
        Organisation.objects.bulk_update(made, ["name"])
        self.assertEqual(Organisation.objects.filter(search__contains="ведомство").update(ended_on=DAY.date()), 3)
        made[0].refresh_from_db()
        self.assertEqual(made[0].version, 3)
        self.assertEqual([v.history_type for v in versions(made[0])], ["+", "~", "~"])
        made[1].refresh_from_db()
        made[1].delete()
        Organisation.objects.filter(pk=made[2].pk).delete()
        self.assertEqual(Organisation.history.model.objects.filter(history_type="-").count(), 2)
        self.assertEqual(differences(), [])

    def test_a_write_past_history_is_noticed(self):
        """The control of the check that runs after every test."""
        with transaction.atomic():
            QuerySet(Item).filter(pk=self.item.pk).update(number="тайно")
            self.assertEqual(len(differences()), 2)
            transaction.set_rollback(True)

    def test_the_moment_is_the_sets(self):
        with change_set(at=DAY):
            self.assertEqual(moment(), DAY)
        self.assertNotEqual(moment(), DAY)


class TimelineTest(TrackerTestCase):
    def test_it_speaks_with_the_names_of_then(self):
        organisation = make.organisation("Старое имя", party=self.kazakhstan)
        child = make.organisation("Отдел", parent=organisation)
        with change_set(by=self.administrator, reason="реорганизация"):
            child.parent = None
            child.save()
        with change_set(by=self.administrator):
            organisation.name = Texts(ru="Новое имя")
            organisation.save()
        last = timeline((Organisation, [child.pk]))[0]
        self.assertEqual(last.sentences(), ["Отдел: part of Старое имя → —"])
        self.assertEqual((last.change_set.person, last.change_set.reason), (self.administrator, "реорганизация"))

    def test_it_tells_days_choices_and_terms(self):
        with change_set(by=self.administrator):
            self.milestone.decide_control("closed", basis="Протокол № 7", by=self.administrator, on=DAY.date())
        told = " ".join(s for change in timeline((Milestone, [self.milestone.pk])) for s in change.sentences())
        self.assertIn("control On control → Closed as completed", told)
        self.assertIn("01.03.2026", told)
        self.assertIn("Milestone entered: 1.1.1", told)

    def test_it_takes_a_bounded_number_of_queries(self):
        for number in range(5):
            make.milestone(self.item, number=f"1.1.{number + 2}")
        rows = [
            (Item, [self.item.pk]),
            (Milestone, list(self.item.milestones.values_list("pk", flat=True))),
            (Participation, list(self.item.participations.values_list("pk", flat=True))),
            (Commitment, list(Commitment.objects.values_list("pk", flat=True))),
        ]
        with self.assertNumQueries(8):
            timeline(*rows)
