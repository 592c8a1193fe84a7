"""What `as_of` does to each kind of SQL statement, and to what is read while a response is being sent."""

from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Count
from django.http import StreamingHttpResponse

from tests import make
from tests.base import TrackerTestCase
from tracker.history.as_of import Frozen, as_of, carried, current_as_of
from tracker.history.changes import change_set
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Grant, Item, Organisation, Roadmap, RoadmapParty

BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
CHANGED = datetime(2026, 3, 1, 12, tzinfo=UTC)
AFTER = datetime(2026, 4, 1, tzinfo=UTC)


class PastTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 1, tzinfo=UTC)):
            super().setUpTestData()
            cls.organisations = [make.organisation(f"Агентство {n}") for n in range(3)]
        with change_set(at=CHANGED):
            for row in cls.organisations:
                row.name = Texts(ru=f"Комитет {row.pk}")
                row.save()
            Roadmap.objects.update(slug="new")


class StatementTest(PastTestCase):
    def count(self, sql, params=None):
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()[0][0]

    def test_plain_sql_of_every_spelling_sees_the_day(self):
        table = "roadmaps_organisation"
        for sql in (
            f"SELECT count(*) FROM {table} WHERE search LIKE 'агентство%'",
            f"\n  -- a comment\n SELECT count(*) FROM {table} WHERE search LIKE 'агентство%'",
            f"/* a\ncomment */ SELECT count(*) FROM {table} o WHERE o.search LIKE 'агентство%'",
            f"WITH x AS (SELECT search FROM {table}) SELECT count(*) FROM x WHERE search LIKE 'агентство%'",
            f"\tWITH RECURSIVE n(i, s) AS (SELECT 1, 'x' UNION SELECT i + 1, s FROM n WHERE i < 3)"
            f" SELECT count(*) FROM {table}, n WHERE search LIKE 'агентство%' AND i = 1",
            f"SELECT count(*) FROM (SELECT search FROM {table} UNION ALL SELECT search FROM {table} WHERE 1 = 0) x"
            " WHERE search LIKE 'агентство%'",
            f"SELECT count(*) FROM {table} WHERE id IN (SELECT id FROM {table} WHERE search LIKE 'агентство%')",
        ):
            with self.subTest(sql):
                with as_of(BEFORE):
                    self.assertEqual(self.count(sql), 3)
                with as_of(AFTER):
                    self.assertEqual(self.count(sql), 0)
        with as_of(BEFORE):
            self.assertEqual(self.count(f"SELECT count(*) FROM {table} WHERE search LIKE %s", ["агентство%"]), 3)
            self.assertEqual(self.count(f"SELECT count(*) FROM {table} WHERE search LIKE %(s)s", {"s": "а%"}), 3)
            self.assertEqual(self.count(f"SELECT count(*) FROM {table} WHERE search LIKE 'а%%'", []), 3)

    def test_a_table_whose_name_begins_like_another_is_itself(self):
        with as_of(BEFORE):
            self.assertEqual(Roadmap.objects.get(pk=self.roadmap.pk).slug, "plan")
            self.assertEqual(RoadmapParty.objects.filter(roadmap__slug="plan").count(), 3)
            self.assertEqual(RoadmapParty.objects.filter(roadmap__slug="new").count(), 0)

    def test_history_is_read_as_it_is(self):
        with as_of(BEFORE):
            self.assertEqual(self.organisations[0].history.count(), 2)

    def test_rights_are_todays(self):
        with change_set(at=CHANGED):
            make.grant(self.stranger, "observer")
        with as_of(BEFORE):
            self.assertEqual(Grant.objects.filter(user=self.stranger).count(), 1)

    def test_rows_can_be_grouped(self):
        with as_of(BEFORE):
            counted = Roadmap.objects.annotate(n=Count("parties")).order_by("pk")
            self.assertEqual([(row.slug, row.n) for row in counted], [("plan", 3)])
        counted = Roadmap.objects.annotate(n=Count("parties")).order_by("pk")
        self.assertEqual([(row.slug, row.n) for row in counted], [("new", 3)])

    def test_a_lock_is_refused_where_there_are_locks(self):
        with as_of(BEFORE), transaction.atomic():
            if connection.features.has_select_for_update:
                with self.assertRaises(Frozen):
                    Roadmap.objects.select_for_update().get()

    def test_a_query_can_be_explained(self):
        with as_of(BEFORE):
            self.assertIn("historicalorganisation", Organisation.objects.filter(search="х").explain().lower())

    def test_no_spelling_of_a_write_gets_through(self):
        for sql in (
            "INSERT INTO roadmaps_item (id) VALUES (1)",
            "  \n update roadmaps_item SET number = '?'",
            "-- a comment\nDELETE FROM roadmaps_item",
            "/* a comment */ DELETE FROM roadmaps_item",
            "WITH x AS (SELECT 1) DELETE FROM roadmaps_item",
            "WITH x AS (SELECT 1) INSERT INTO roadmaps_item (id) SELECT * FROM x",
            "WITH x AS (SELECT 1) UPDATE \"roadmaps_item\" SET number = '?'",
            "TRUNCATE roadmaps_item",
            "DROP TABLE roadmaps_item",
            "EXPLAIN ANALYZE DELETE FROM roadmaps_item",
        ):
            with self.subTest(sql), as_of(BEFORE), self.assertRaises(Frozen), connection.cursor() as cursor:
                cursor.execute(sql)
        with as_of(BEFORE), self.assertRaises(Frozen), connection.cursor() as cursor:
            cursor.executemany("UPDATE roadmaps_item SET number = %s", [["1"], ["2"]])

    def test_the_refusal_is_a_sentence(self):
        with as_of(BEFORE), self.assertRaises(Frozen) as refused:
            Item.objects.update(number="?")
        self.assertEqual((refused.exception.status, str(refused.exception)), (409, "A past day can only be read."))

    def test_a_refused_write_leaves_row_and_object_as_they_were(self):
        self.item.number = "7"
        with as_of(BEFORE), self.assertRaises(Frozen), transaction.atomic():
            self.item.save()
        self.assertEqual(self.item.version, Item.objects.get(pk=self.item.pk).version)
        self.item.save()
        self.assertEqual(Item.objects.get(pk=self.item.pk).number, "7")

    def test_none_reads_on_as_before(self):
        with as_of(BEFORE), as_of(None):
            self.assertEqual(current_as_of(), BEFORE)
            self.assertTrue(Organisation.objects.filter(search__startswith="агентство").exists())

    def test_an_error_leaves_the_present_behind(self):
        with self.assertRaises(ZeroDivisionError), as_of(BEFORE):
            raise ZeroDivisionError
        self.assertEqual((current_as_of(), connection.execute_wrappers), (None, []))

    def test_other_wrappers_stay_in_their_order(self):
        seen = []

        def other(execute, sql, params, many, context):
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(other):
            with as_of(BEFORE):
                Organisation.objects.count()
                inner = connection.execute_wrapper(other)
                inner.__enter__()
            inner.__exit__(None, None, None)
            self.assertEqual(connection.execute_wrappers, [other])
        self.assertEqual((connection.execute_wrappers, len(seen)), ([], 1))


class StreamTest(PastTestCase):
    """A response is sent after its view has ended: its rows are still those of the day."""

    def names(self):
        for row in Organisation.objects.order_by("pk").iterator(chunk_size=1):
            yield str(row.name)

    def test_a_stream_is_carried(self):
        with as_of(BEFORE):
            response = StreamingHttpResponse(carried(self.names()))
        self.assertIsNone(current_as_of())
        self.assertEqual(b" ".join(response).decode(), "Агентство 0 Агентство 1 Агентство 2")

    def test_between_its_rows_it_is_the_present(self):
        with as_of(BEFORE):
            rows = carried(self.names())
        self.assertEqual(next(rows), "Агентство 0")
        self.assertIsNone(current_as_of())
        make.organisation("Новое")  # writing is free
        self.assertEqual(next(rows), "Агентство 1")
        rows.close()
        self.assertEqual((current_as_of(), connection.execute_wrappers), (None, []))

    def test_two_streams_do_not_disturb_each_other(self):
        with as_of(BEFORE):
            old = carried(str(o.name)[:2] for pk in range(3) for o in [Organisation.objects.order_by("pk")[pk]])
        with as_of(AFTER):
            new = carried(str(o.name)[:2] for pk in range(3) for o in [Organisation.objects.order_by("pk")[pk]])
        self.assertEqual([*zip(old, new, strict=True)], [("Аг", "Ко")] * 3)

    def test_in_the_present_it_changes_nothing(self):
        self.assertEqual([*carried([1, 2])], [1, 2])
