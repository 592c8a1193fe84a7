from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import User
from tracker.history.as_of import Frozen, as_of, current_as_of
from tracker.history.changes import change_set
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Commitment, Executor, Item, Milestone, Organisation, PriorityArea

BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
CHANGED = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = datetime(2026, 4, 1, tzinfo=UTC)


class AsOfTest(TrackerTestCase):
    """An area, an organisation and a wording are renamed on 1 March; unchanged queries find the old ones before it."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 1, tzinfo=UTC)):
            super().setUpTestData()
            cls.organisation = make.organisation("Агентство по водному хозяйству", party=cls.kazakhstan)
            part = cls.item.participations.get(party=cls.kazakhstan)
            Executor.objects.create(participation=part, organisation=cls.organisation)
        with change_set(at=CHANGED, by=cls.administrator):
            for row, name in (
                (PriorityArea.objects.get(code="energy"), "Энергетика и недра"),
                (cls.organisation, "Комитет водного хозяйства"),
            ):
                row.name = Texts(ru=name)
                row.save()
            cls.item.wording = Texts(ru="Новая формулировка")
            cls.item.save()

    def test_names_are_those_of_the_day(self):
        for moment, area, organisation, wording in (
            (BEFORE, "Энергетика", "Агентство по водному хозяйству", "Обеспечить обмен сведениями"),
            (AFTER, "Энергетика и недра", "Комитет водного хозяйства", "Новая формулировка"),
            (None, "Энергетика и недра", "Комитет водного хозяйства", "Новая формулировка"),
        ):
            with self.subTest(moment), as_of(moment):
                milestone = Milestone.objects.select_related("item", "area").get(pk=self.milestone.pk)
                self.assertEqual(milestone.area.name["ru"], area)
                self.assertEqual(milestone.item.wording["ru"], wording)
                executor = Executor.objects.select_related("organisation").get(participation__item=self.item)
                self.assertEqual(executor.organisation.name["ru"], organisation)

    def test_the_moment_itself_is_after_what_was_recorded_before_it(self):
        with as_of(CHANGED):
            self.assertEqual(PriorityArea.objects.get(code="energy").name["ru"], "Энергетика")

    def test_every_kind_of_query_sees_the_day(self):
        with as_of(BEFORE):
            named = Organisation.objects.filter(search__contains="агентство")
            self.assertEqual(named.count(), 1)
            self.assertTrue(named.exists())
            self.assertEqual(list(named.values_list("pk", flat=True)), [self.organisation.pk])
            self.assertEqual(list(named.iterator()), [self.organisation])
            counted = Item.objects.annotate(n=Count("milestones__commitments")).get(pk=self.item.pk)
            self.assertEqual(counted.n, 2)
            executed = Executor.objects.filter(participation__item=OuterRef("pk"), organisation__in=named)
            self.assertEqual(list(Item.objects.filter(Exists(executed))), [self.item])
            self.assertEqual(Item.objects.in_bulk([self.item.pk])[self.item.pk], self.item)
            union = named.order_by().union(Organisation.objects.filter(pk=0).order_by())
            self.assertEqual([row.name["ru"] for row in union], ["Агентство по водному хозяйству"])
        with as_of(AFTER):
            self.assertFalse(Organisation.objects.filter(search__contains="агентство").exists())

    def test_rows_entered_later_are_not_there_yet(self):
        with change_set(at=CHANGED):
            later = make.milestone(self.item)
        with as_of(BEFORE):
            self.assertFalse(Milestone.objects.filter(pk=later.pk).exists())
        with as_of(AFTER):
            self.assertTrue(Commitment.objects.filter(milestone=later).exists())

    def test_a_deleted_row_is_still_there_on_the_day(self):
        with change_set(at=CHANGED):
            self.item.participations.get(party=self.kazakhstan).executors.get().delete()
        with as_of(BEFORE):
            self.assertEqual(Executor.objects.count(), 1)
        with as_of(AFTER):
            self.assertEqual(Executor.objects.count(), 0)

    def test_generated_columns_come_along(self):
        with as_of(BEFORE):
            self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).state, "not_started")
            self.assertEqual(Milestone.objects.filter(state="not_started").count(), 1)

    def test_writing_is_refused(self):
        with as_of(BEFORE):
            for write in (
                lambda: self.item.save(),
                lambda: Item.objects.update(number="7"),
                lambda: User.objects.filter(pk=self.observer.pk).update(name="?"),
                lambda: Executor.objects.first().delete(),
            ):
                with self.assertRaises(Frozen), transaction.atomic():
                    write()
        self.item.refresh_from_db()
        self.assertEqual(self.item.number, "1.1")

    def test_people_and_rights_are_todays(self):
        with as_of(datetime(1999, 1, 1, tzinfo=UTC)):
            self.assertFalse(Item.objects.exists())
            self.assertEqual(self.observer.grants.count(), 1)

    def test_the_inner_moment_wins_and_the_outer_comes_back(self):
        with as_of(AFTER):
            with as_of(BEFORE):
                self.assertEqual(current_as_of(), BEFORE)
                self.assertEqual(PriorityArea.objects.get(code="energy").name["ru"], "Энергетика")
            self.assertEqual(PriorityArea.objects.get(code="energy").name["ru"], "Энергетика и недра")
        self.assertIsNone(current_as_of())
        self.assertEqual(connection.execute_wrappers, [])

    def test_plain_sql_and_percent_signs_survive(self):
        with as_of(BEFORE), connection.cursor() as cursor:
            cursor.execute("""SELECT count(*) FROM "roadmaps_organisation" WHERE "search" LIKE '%агентство%'""")
            self.assertEqual(cursor.fetchone()[0], 1)
            cursor.execute("""WITH x AS (SELECT "id" FROM "roadmaps_organisation") SELECT count(*) FROM x""")
            self.assertEqual(cursor.fetchone()[0], 1)
