"""The index of words: it finds what scanning finds, follows every write, and gives way on past days."""

from importlib import import_module
from types import SimpleNamespace
from unittest import skipUnless

from django.apps import apps
from django.db import connection, connections
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tracker.history.as_of import as_of
from tracker.history.checks import differences
from tracker.lib.searching import has_words, keep_words, scanning, words_of
from tracker.progress.models import DeadlineChange, Evidence, Report
from tracker.roadmaps.models import Executor, Item, Milestone
from tracker.roadmaps.searching import milestone_holds

on_sqlite = skipUnless(connection.vendor == "sqlite", "the index is beside the table on SQLite only")


class FoundTest(TrackerTestCase):
    def found(self, word):
        """What the index finds, which is what scanning finds."""
        by_index = set(Milestone.objects.filter(milestone_holds(word)).values_list("number", flat=True))
        with scanning():
            self.assertEqual(
                set(Milestone.objects.filter(milestone_holds(word)).values_list("number", flat=True)), by_index
            )
        return by_index

    def test_what_is_new_changed_and_gone(self):
        self.assertEqual(self.found("ветропарк"), set())
        made = make.milestone(self.item, number="1.1.2", wording={"ru": "Ветропарк"})
        self.assertEqual(self.found("ветропарк"), {"1.1.2"})
        made.wording = {"ru": "Гидроузел"}
        made.save()
        self.assertEqual((self.found("ветропарк"), self.found("гидроузел")), (set(), {"1.1.2"}))
        made.wording = {"ru": "Порт"}
        Milestone.objects.bulk_update([made], ["wording"])
        self.assertEqual((self.found("гидроузел"), self.found("порт")), (set(), {"1.1.2"}))
        made.take_back(by=self.administrator)
        self.assertEqual(self.found("порт"), set())

    def test_by_what_the_item_says_and_who_carries_it_out(self):
        Executor.objects.create(
            participation=self.item.participations.first(), organisation=make.organisation("Водхоз")
        )
        self.assertEqual(self.found("водхоз"), {"1.1.1"})
        self.assertEqual(self.found("exchange"), {"1.1.1"})
        self.assertEqual(self.found("1.1.1"), {"1.1.1"})
        self.assertEqual(self.found("об"), {"1.1.1"})

    def test_signs_that_mean_something_elsewhere(self):
        make.milestone(self.item, number="1.1.3", wording={"ru": 'Рост на 100%_\\ "О\'Нил"'})
        for word in ("100%", "0%_\\", "\"о'н", "%_\\"):
            self.assertEqual(self.found(word), {"1.1.3"}, word)
        for word in ("1%0", "a_b", "%%%", '"""', "***", "рост*"):
            self.assertEqual(self.found(word), set(), word)

    def test_past_days_find_the_words_of_then(self):
        before = timezone.now()
        self.milestone.wording = {"ru": "Ветропарк"}
        self.milestone.save()
        word = "согласован"
        self.assertEqual(self.found(word), set())
        with as_of(before):
            self.assertEqual(self.found(word), {"1.1.1"})
            self.assertEqual(self.found("ветропарк"), set())

    def test_the_index_is_there(self):
        with connection.cursor() as cursor:
            for model in (Milestone, Report):
                if connection.vendor == "sqlite":
                    self.assertTrue(has_words(connection, model))
                else:
                    cursor.execute("SELECT 1 FROM pg_indexes WHERE indexname = %s", [words_of(model)])
                    self.assertIsNotNone(cursor.fetchone())

    @on_sqlite
    def test_the_index_is_asked(self):
        plan = Milestone.objects.filter(milestone_holds("согласован")).explain()
        self.assertIn("roadmaps_milestone_words", plan)
        with scanning():
            self.assertNotIn("_words", Milestone.objects.filter(milestone_holds("согласован")).explain())

    @on_sqlite
    def test_it_is_made_anew_where_its_triggers_are_lost(self):
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER roadmaps_milestone_words_update")
        self.milestone.wording = {"ru": "Ветропарк"}
        self.milestone.save()
        keep_words(Milestone, connection)
        self.assertEqual(self.found("ветропарк"), {"1.1.1"})
        self.milestone.wording = {"ru": "Порт"}
        self.milestone.save()
        self.assertEqual((self.found("ветропарк"), self.found("порт")), (set(), {"1.1.1"}))

    @on_sqlite
    def test_without_the_index_words_are_found_by_scanning(self):
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER roadmaps_milestone_words_update")
        self.addCleanup(connections["default"]._tables_of_words.add, words_of(Milestone))
        connections["default"]._tables_of_words.discard(words_of(Milestone))
        self.assertNotIn("_words", Milestone.objects.filter(milestone_holds("согласован")).explain())
        self.assertEqual(self.found("согласован"), {"1.1.1"})


class FoldedTest(TrackerTestCase):
    """The migrations fold what was there before as writing does, and no new version comes of it."""

    AS_IT_WAS = "обеспечить обмен сведениями to ensure the exchange of data"

    def contents(self, model):
        return list(model.objects.order_by("pk").values_list("pk", "search"))

    def blank(self, *models):
        for model in models:
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {model._meta.db_table} SET search = 'x'")

    def test_items_and_milestones(self):
        self.milestone.wording = {"ru": "Ветропарк"}
        self.milestone.save()
        self.item.wording = {"ru": "Гидроузел", "en": "Dam"}
        self.item.save()
        self.item.carry_down()
        models = [Item, Milestone, Item.history.model]
        before = [self.contents(model) for model in models]
        refold, editor = (
            import_module("tracker.roadmaps.migrations.0004_refold"),
            SimpleNamespace(connection=connection),
        )
        self.blank(*models, Milestone.history.model)
        refold.refold(apps, editor)
        self.assertEqual([self.contents(model) for model in models], before)
        self.assertEqual(differences(), [])
        versions = self.milestone.history.order_by("pk").values_list("search", flat=True)
        self.assertEqual(versions[0], "формат данных согласован data format agreed 1.1.1 1.1 " + self.AS_IT_WAS)
        self.assertEqual(versions.last(), "ветропарк 1.1.1 1.1 гидроузел dam")
        refold.refold_back(apps, editor)
        self.assertIn((self.milestone.pk, "1.1.1 ветропарк"), self.contents(Milestone))
        self.assertEqual(differences(), [])

    def test_reports_documents_and_moves(self):
        report = make.report(commitment_=self.kz_commitment, narrative="Учёт ВЕТРА")
        make.evidence(report, title="Протокол", number="№ 5")
        make.deadline_change(self.milestone, "31.12.2026", by=self.kz_analyst)
        models = [model for one in (Report, Evidence, DeadlineChange) for model in (one, one.history.model)]
        before = [self.contents(model) for model in models]
        self.blank(*models)
        migration = import_module("tracker.progress.migrations.0005_fold_texts")
        migration.fold_texts(apps, SimpleNamespace(connection=connection))
        self.assertEqual([self.contents(model) for model in models], before)
        self.assertEqual(before[0], [(report.pk, "учет ветра")])
