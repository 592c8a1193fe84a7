"""Anchors: a digest of the history so far, exact whatever is being written meanwhile."""

import re
import threading
from io import StringIO
from unittest import mock

from django.contrib import admin
from django.core.management import call_command
from django.db import connections, models

from tests import make
from tests.base import TrackerTestCase
from tests.progress.test_races import RaceTestCase
from tracker.history import anchors
from tracker.history.anchors import anchor, broken_history
from tracker.history.chain import Anchor, Chain
from tracker.history.changes import change_set
from tracker.history.checks import tracked_models
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Item


class AnchorTest(TrackerTestCase):
    def test_it_covers_all_that_was_recorded(self):
        first = anchor()
        self.assertEqual((first.place, first.previous, len(first.sha256)), (1, "", 64))
        self.assertIn('"roadmaps_historicalitem"', first.covers)
        self.assertIn('"history_changeset"', first.covers)
        self.assertEqual(list(broken_history()), [])

    def test_twice_changes_nothing(self):
        self.assertEqual(anchor().place, anchor().place)
        self.assertEqual(Anchor.objects.count(), 1)

    def test_the_next_one_covers_what_came_since(self):
        first = anchor()
        self.item.note["ru"] = "Примечание с ё и й"
        with change_set(by=self.administrator, reason="Уточнение"):
            self.item.save()
        second = anchor()
        self.assertEqual((second.place, second.previous), (2, first.sha256))
        self.assertNotIn("roadmaps_historicalparty", second.covers)
        self.assertEqual(list(broken_history()), [])

    def test_a_version_may_end_later(self):
        """What is anchored goes on: the end of a version is left out, and follows from the next version."""
        anchor()
        self.milestone.weight = 3
        self.milestone.save()
        self.assertEqual(list(broken_history()), [])

    def test_the_stretch_is_told(self):
        self.enterContext(mock.patch.object(anchors, "SEGMENT", 3))
        for number in range(10):
            self.item.number = f"1.{number + 2}"
            self.item.save()
        anchor()
        self.assertEqual(list(broken_history()), [])
        damaged = Item.history.order_by("history_id")[7].history_id
        models.QuerySet(Item.history.model).filter(history_id=damaged).update(number="тайно")
        (sentence,) = broken_history()
        table, begin, end = re.fullmatch(r"(\w+): rows (\d+) to (\d+) differ from anchor 1", sentence).groups()
        self.assertEqual(table, "roadmaps_historicalitem")
        self.assertIn(damaged, range(int(begin), int(end) + 1))
        self.assertLess(int(end) - int(begin), 3)

    def test_a_column_added_later_raises_no_alarm(self):
        """An upgrade gives old rows a new column: each anchor names those that it covers."""
        real = anchors.columns_of
        with mock.patch.object(anchors, "columns_of", lambda model: [c for c in real(model) if c != "note"]):
            anchor()
        self.assertIn("note", real(Item.history.model))
        self.assertEqual(list(broken_history()), [])

    def test_the_command_says_it(self):
        out = StringIO()
        call_command("anchor", stdout=out)
        self.assertIn(Anchor.objects.get().sha256, out.getvalue())


class OnlyAddedTest(TrackerTestCase):
    """History is neither changed nor deleted, by no call of ours and from no page."""

    def test_rows_refuse(self):
        anchor()
        version = Item.history.get(id=self.item.pk)
        for row in (version, version.change_set, Anchor.objects.get()):
            with self.subTest(row._meta.label):
                with self.assertRaises(NotImplementedError):
                    row.save()
                with self.assertRaises(NotImplementedError):
                    row.delete()

    def test_many_rows_refuse(self):
        for model in (ChangeSet, Anchor, *(one.history.model for one in tracked_models())):
            with self.subTest(model._meta.label):
                for deed in (
                    lambda rows: rows.update(pk=1),
                    lambda rows: rows.delete(),
                    lambda rows: rows.bulk_update([], ["pk"]),
                ):
                    with self.assertRaises(NotImplementedError):
                        deed(model.objects.all())

    def test_a_link_is_only_added_to_its_chain(self):
        with self.assertRaises(NotImplementedError):
            Anchor(place=7, at=self.item.history.get().history_date, covers="{}").save()
        with self.assertRaises(NotImplementedError):
            Anchor.objects.bulk_create([])

    def test_the_administration_does_not_know_them(self):
        kept = {ChangeSet, Anchor, Chain, *(one.history.model for one in tracked_models())}
        self.assertEqual(kept & set(admin.site._registry), set())


class SlowWriterTest(RaceTestCase):
    """A writer that took its ids before the anchor and ends after it: nothing is missed, and no false alarm raised."""

    def test_an_anchor_waits_for_who_is_writing(self):
        slow, quick = make.item(self.roadmap), make.item(self.roadmap)
        has_written, may_end = threading.Event(), threading.Event()

        def write_slowly():
            try:
                with change_set():
                    slow.note["ru"] = "Медленно"
                    slow.save()
                    has_written.set()
                    may_end.wait(10)
            finally:
                connections.close_all()

        writer = threading.Thread(target=write_slowly)
        writer.start()
        has_written.wait(10)
        threading.Timer(0.5, may_end.set).start()
        # On PostgreSQL this one takes the later id and ends first, on SQLite it waits
        models.QuerySet(Item.history.model).bulk_create([self.copy_of(quick)])
        anchor()
        writer.join()
        self.assertEqual(list(broken_history()), [])
        self.assertEqual(Anchor.objects.count(), 1)
        anchor()
        self.assertEqual(Anchor.objects.count(), 1, "nothing was left for a second one")

    def copy_of(self, item):
        """A further version of the row, written without the line that its change set waits in."""
        version = item.history.get()
        version.pk, version._state.adding, version.valid_to = None, True, version.history_date
        return version
