from io import StringIO

from django.core.management import CommandError, call_command
from django.db import connection

from tests import make
from tests.base import TrackerTestCase
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Commitment, Milestone


class RecountTest(TrackerTestCase):
    def setUp(self):
        super().setUp()
        report = make.report(
            commitment_=self.kz_commitment,
            author=self.kz_analyst,
            narrative="Сделано",
            execution="in_progress",
            percent=40,
        )
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        report.accept(by=self.reviewer)

    def recount(self, **options):
        out = StringIO()
        call_command("recount", stdout=out, **options)
        return out.getvalue()

    def differing(self, **options):
        out = StringIO()
        with self.assertRaises(CommandError):
            call_command("recount", stdout=out, **options)
        return out.getvalue()

    def test_what_the_verbs_wrote_is_as_computed(self):
        self.assertIn("Everything is as computed", self.recount())

    def test_rows_that_differ_are_listed_and_left(self):
        Commitment.objects.filter(pk=self.kz_commitment.pk).update(percent=90)
        said = self.differing()
        self.assertIn(f"{self.kz_commitment.pk} ", said)
        self.assertIn("percent", said)
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).percent, 90)

    def test_fix_writes_them_with_history(self):
        Commitment.objects.filter(pk=self.kz_commitment.pk).update(percent=90)
        Milestone.objects.filter(pk=self.milestone.pk).update(counting=5)
        self.assertIn("Rows written: 2", self.recount(fix=True))
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).percent, 40)
        self.assertEqual(Milestone.objects.get(pk=self.milestone.pk).counting, 2)
        self.assertEqual(ChangeSet.objects.first().reason, "Recount")
        self.assertIn("Everything is as computed", self.recount())

    def test_copies_are_checked(self):
        other = make.area("transport")
        Milestone.objects.filter(pk=self.milestone.pk).update(area=other, area_position=9)
        Commitment.objects.filter(pk=self.ru_commitment.pk).update(
            area=other, due_on="2030-01-01", term_kind="year", control="closed", control_on="2026-01-01"
        )
        said = self.differing()
        self.assertIn("area, area_position", said)
        self.assertIn("area, control, control_on, due_on, term_kind", said)
        self.recount(fix=True)
        self.assertIn("Everything is as computed", self.recount())

    def test_a_change_past_the_history_is_found_and_not_mended(self):
        table = Milestone._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{table}" SET "weight" = 5 WHERE "id" = %s', [self.milestone.pk])
        self.assertIn("differ from their open version", self.differing())
        self.assertIn("differ from their open version", self.differing(fix=True))
        with connection.cursor() as cursor:
            cursor.execute(f'UPDATE "{table}" SET "weight" = 1 WHERE "id" = %s', [self.milestone.pk])
