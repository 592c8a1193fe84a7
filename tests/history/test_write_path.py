"""What a single write, a rolled back one and a bulk one leave on the row, on the object and in history."""

import contextvars
import threading
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.db.models import F, QuerySet
from django.test import RequestFactory

from tests import make
from tests.base import TrackerTestCase
from tracker.history.changes import asked_by, change_set, moment, pending
from tracker.history.checks import differences, tracked_models
from tracker.history.middleware import WhoChanges
from tracker.history.models import ChangeSet, TrackedQuerySet
from tracker.lib.errors import Conflict
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Grant, Item, Milestone, Organisation, Role


def versions(row):
    return list(type(row).history.model.objects.filter(id=row.pk).order_by("history_date", "history_id"))


class SaveTest(TrackerTestCase):
    def setUp(self):
        self.organisation = Organisation.objects.get(pk=make.organisation("Ведомство").pk)

    def test_named_fields_take_version_and_settled_columns_along_and_nothing_else(self):
        self.organisation.name, self.organisation.party = Texts(ru="Комитет"), self.kazakhstan
        self.organisation.save(update_fields=["name"])
        stored = Organisation.objects.get(pk=self.organisation.pk)
        self.assertEqual((stored.search, stored.party, stored.version), ("комитет", None, 2))
        self.assertEqual(versions(stored)[-1].party_id, None)

    def test_no_named_fields_is_no_write(self):
        self.organisation.name = Texts(ru="Комитет")
        self.organisation.save(update_fields=[])
        self.assertEqual(len(versions(self.organisation)), 1)

    def test_an_expression_is_recorded_as_what_it_came_to(self):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        milestone.moves = F("moves") + 2
        milestone.save()
        self.assertEqual(versions(milestone)[-1].moves, 2)

    def test_an_unchanged_row_gets_no_version(self):
        with self.assertNumQueries(2):  # the savepoint of a test that is itself a transaction
            self.organisation.save()
        self.assertEqual((self.organisation.version, len(versions(self.organisation))), (1, 1))

    def test_a_text_changed_in_place_is_a_change(self):
        self.organisation.name["en"] = "Agency"
        self.organisation.save()
        self.assertEqual(versions(self.organisation)[-1].name["en"], "Agency")

    def test_what_was_written_once_is_written_again(self):
        """After a rollback nobody knows what is stored: a written object is never taken for unchanged."""
        self.organisation.name = Texts(ru="Комитет")
        with self.assertRaises(ZeroDivisionError), change_set():
            self.organisation.save()
            raise ZeroDivisionError
        self.assertEqual(self.organisation.version, 1)
        self.organisation.save()
        self.organisation.refresh_from_db()
        self.assertEqual((self.organisation.name["ru"], self.organisation.version), ("Комитет", 2))

    def test_a_refreshed_row_is_compared_with_what_it_was_refreshed_to(self):
        Organisation.objects.filter(pk=self.organisation.pk).update(party=self.russia)
        self.organisation.refresh_from_db()
        self.organisation.save()
        self.assertEqual(self.organisation.version, 2)
        self.organisation.party = None
        self.organisation.save()
        self.assertEqual(versions(self.organisation)[-1].party_id, None)

    def test_a_stale_unchanged_save_writes_nothing(self):
        Organisation.objects.filter(pk=self.organisation.pk).update(party=self.russia)
        self.organisation.save()
        self.assertEqual(Organisation.objects.get(pk=self.organisation.pk).party, self.russia)

    def test_a_row_read_in_part_is_guarded_too(self):
        part = Organisation.objects.only("party", "name").get(pk=self.organisation.pk)
        Organisation.objects.filter(pk=self.organisation.pk).update(ended_on=None)
        part.party = self.kazakhstan
        with self.assertRaises(Conflict):
            part.save()
        self.assertEqual(part.abbreviation, {})  # read now, and yet no newer version comes with it
        with self.assertRaises(Conflict):
            part.save()
        part = Organisation.objects.only("party", "name").get(pk=self.organisation.pk)
        part.party = self.kazakhstan
        part.save()
        self.assertEqual(versions(part)[-1].search, "ведомство")

    def test_a_new_object_never_overwrites_a_row(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Organisation(pk=self.organisation.pk, name=Texts(ru="Самозванец")).save()
        self.assertEqual(Organisation.objects.get(pk=self.organisation.pk).name["ru"], "Ведомство")

    def test_a_copy_is_a_new_row(self):
        self.organisation.save()
        copied = Organisation.objects.get(pk=self.organisation.pk)
        copied.pk = None
        copied.save()
        self.assertEqual([(v.history_type, v.version) for v in versions(copied)], [("+", 1)])

    def test_generated_columns_are_those_of_the_new_row(self):
        milestone = Milestone.objects.get(pk=self.milestone.pk)
        self.assertEqual(milestone.state, "not_started")
        milestone.control, milestone.control_on = "dropped", datetime(2026, 1, 1, tzinfo=UTC).date()
        milestone.control_basis, milestone.drop_reason = "Протокол", "cancelled"
        milestone.save()
        self.assertEqual(milestone.state, versions(milestone)[-1].state)
        self.assertNotEqual(milestone.state, "not_started")

    def test_a_conflict_leaves_the_set_usable(self):
        stale = Organisation.objects.get(pk=self.organisation.pk)
        Organisation.objects.filter(pk=stale.pk).update(party=self.russia)
        with change_set(by=self.administrator):
            stale.party = self.kazakhstan
            with self.assertRaises(Conflict):
                stale.save()
            self.assertEqual(stale.version, 1)
            make.organisation("Другое")
        self.assertTrue(Organisation.objects.filter(search="другое").exists())

    def test_a_rolled_back_insert_is_new_again(self):
        made = Organisation(name=Texts(ru="Новое"))
        with self.assertRaises(ZeroDivisionError), change_set():
            made.save()
            raise ZeroDivisionError
        self.assertEqual((made.pk, made._state.adding), (None, True))
        made.save()
        self.assertEqual(len(versions(made)), 1)

    def test_one_write_takes_few_statements(self):
        with change_set():
            make.organisation("Первое")  # writes the change set's row
            self.organisation.name = Texts(ru="Комитет")
            with self.assertNumQueries(3):  # the row, the version before, the new version
                self.organisation.save()


class SetTest(TrackerTestCase):
    def save(self, name):
        row = make.organisation(name)
        return versions(row)[-1].change_set

    def test_a_set_survives_a_rolled_back_block_that_is_not_a_set(self):
        with change_set(by=self.administrator, reason="общая"):
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                self.save("Первое")  # here the set's row is written, and lost
                raise ZeroDivisionError
            found = self.save("Второе")
            with transaction.atomic():
                self.assertEqual(self.save("Третье"), found)
            self.assertEqual(self.save("Четвёртое"), found)
        self.assertEqual((found.person, found.reason), (self.administrator, "общая"))

    def test_a_set_knows_the_row_written_in_a_block_that_was_left(self):
        with change_set():
            with transaction.atomic():
                found = self.save("Первое")
            self.assertEqual(self.save("Второе"), found)

    def test_an_inner_set_lends_what_the_outer_has_not(self):
        with change_set():
            found = self.save("Первое")
            with change_set(by=self.administrator, reason="основание"):
                self.assertEqual(self.save("Второе"), found)
            with change_set(by=self.reviewer, reason="другое"):
                self.save("Третье")
        found.refresh_from_db()
        self.assertEqual((found.person, found.reason), (self.administrator, "основание"))

    def test_a_failed_inner_set_lends_nothing(self):
        with change_set():
            found = self.save("Первое")
            with self.assertRaises(ZeroDivisionError), change_set(by=self.administrator, reason="основание"):
                self.save("Второе")
                raise ZeroDivisionError
            self.save("Третье")
        found.refresh_from_db()
        self.assertEqual((found.person, found.reason), (None, ""))

    def test_a_set_that_writes_nothing_leaves_nothing(self):
        before = ChangeSet.objects.count()
        with change_set(by=self.administrator, reason="напрасно"):
            moment()
        self.assertEqual(ChangeSet.objects.count(), before)

    def test_nothing_is_under_way_afterwards_or_elsewhere(self):
        seen = []
        with change_set():
            self.assertIsNotNone(pending())
            context = contextvars.copy_context()
            thread = threading.Thread(target=lambda: seen.append(context.run(pending)))
            thread.start()
            thread.join()
        self.assertEqual((seen, pending()), ([None], None))

    def test_the_request_gives_person_and_source(self):
        for path, source in (("/desk/", "page"), ("/admin/roadmaps/", "admin"), ("/api/items/", "api"), ("/", "page")):
            request = RequestFactory().post(path)
            request.user = self.kz_analyst
            found = []
            WhoChanges(lambda request, found=found: found.append(self.save("Ведомство")))(request)
            self.assertEqual((found[0].person, found[0].source), (self.kz_analyst, source), path)
        self.assertEqual(self.save("Ведомство").source, "command")

    def test_the_person_is_not_asked_for_until_something_changes(self):
        class Request:
            path = "/"

            @property
            def user(self):
                raise AssertionError("a page that only reads must not look for the person")

        with asked_by(Request()), change_set():
            moment()


class ManyRowsTest(TrackerTestCase):
    def setUp(self):
        make.organisation("Первое")
        make.organisation("Второе")
        make.organisation("Третье")
        self.rows = list(Organisation.objects.order_by("pk"))

    def test_unchanged_rows_are_passed_over(self):
        self.rows[0].name = Texts(ru="Комитет")
        self.assertEqual(Organisation.objects.bulk_update(self.rows, ["name"]), 1)
        self.assertEqual([len(versions(row)) for row in self.rows], [2, 1, 1])
        self.assertEqual(versions(self.rows[0])[-1].search, "комитет")

    def test_a_stale_row_refuses_them_all(self):
        Organisation.objects.filter(pk=self.rows[2].pk).update(party=self.russia)
        for row in self.rows:
            row.name = Texts(ru=f"Комитет {row.pk}")
        with self.assertRaises(Conflict):
            Organisation.objects.bulk_update(self.rows, ["name"], batch_size=1)
        self.assertEqual([row.version for row in self.rows], [1, 1, 1])
        self.assertFalse(Organisation.objects.filter(search__contains="комитет").exists())

    def test_only_what_was_named_is_written_and_recorded(self):
        row = self.rows[0]
        row.name, row.party = Texts(ru="Комитет"), self.russia
        Organisation.objects.bulk_update([row], ["name"])
        self.assertEqual(versions(row)[-1].party_id, None)

    def test_an_object_can_be_saved_after_a_bulk_write(self):
        made = Organisation.objects.bulk_create([Organisation(name=Texts(ru="Новое"))])[0]
        made.name = Texts(ru="Новейшее")
        Organisation.objects.bulk_update([made], ["name"])
        made.party = self.russia
        made.save()
        self.assertEqual([(v.version, v.history_type) for v in versions(made)], [(1, "+"), (2, "~"), (3, "~")])

    def test_updates_of_every_shape_are_recorded(self):
        for rows in (
            Organisation.objects.all(),
            Organisation.objects.order_by("-pk")[:2],
            Organisation.objects.filter(party=None).distinct(),
            Organisation.objects.select_related("party"),
            Organisation.objects.filter(parent__name__isnull=True),
        ):
            self.assertGreaterEqual(rows.update(party=self.kazakhstan), 2)
            self.assertEqual(differences(), [])
            Organisation.objects.update(party=None)
        self.assertEqual(Organisation.objects.none().update(party=None), 0)

    def test_related_managers_are_recorded_too(self):
        self.kazakhstan.organisations.add(*self.rows)
        self.kazakhstan.organisations.remove(self.rows[0])
        self.assertEqual([len(versions(row)) for row in self.rows], [3, 2, 2])

    def test_many_rows_take_few_statements(self):
        many = Organisation.objects.bulk_create([Organisation(name=Texts(ru=f"Орган {n}")) for n in range(700)])
        with (
            change_set(),
            self.assertNumQueries(10),
        ):  # keys, the set's row, two slices of three statements, a savepoint
            Organisation.objects.filter(pk__in=[row.pk for row in many]).update(party=self.russia)

    def test_conflict_options_are_refused(self):
        with self.assertRaises(NotImplementedError):
            Organisation.objects.bulk_create(self.rows, ignore_conflicts=True)

    def test_a_cascade_is_recorded(self):
        body = Organisation.objects.create(name=Texts(ru="Временный орган"))
        grant = make.grant(self.observer, Role.OBSERVER, organisation=body)
        body.delete()
        self.assertEqual([v.history_type for v in versions(grant)], ["+", "-"])
        self.assertFalse(Grant.objects.filter(pk=grant.pk).exists())

    def test_a_deletion_records_the_row_as_it_was_stored(self):
        row = Organisation.objects.get(pk=self.rows[0].pk)
        row.name = Texts(ru="Не сохранено")
        row.delete()
        last = versions(self.rows[0])[-1]
        self.assertEqual((last.history_type, last.name["ru"], last.valid_to), ("-", "Первое", last.history_date))

    def test_a_slow_writer_of_many_rows_inverts_nothing(self):
        with change_set(at=datetime(2027, 1, 1, tzinfo=UTC)):
            Organisation.objects.filter(pk=self.rows[1].pk).update(party=self.russia)
        with change_set(at=datetime(2026, 12, 1, tzinfo=UTC)):
            Organisation.objects.update(party=self.kazakhstan)
        self.assertEqual(differences(), [])
        self.assertEqual([v.party_id for v in versions(self.rows[1])], [None, self.russia.pk, self.kazakhstan.pk])
        with change_set(at=datetime(2026, 12, 2, tzinfo=UTC)):
            Organisation.objects.filter(pk=self.rows[1].pk).delete()
        last, before = versions(self.rows[1])[::-1][:2]
        self.assertEqual((last.history_type, before.valid_to), ("-", last.history_date))
        self.assertEqual(last.valid_to, last.history_date)


class RulesTest(TrackerTestCase):
    """What would go past history is not in any tracked model."""

    def test_no_link_is_rewritten_by_the_deletion_of_its_target(self):
        found = [
            f"{model.__name__}.{field.name}"
            for model in tracked_models()
            for field in model._meta.concrete_fields
            if field.is_relation
            and field.remote_field.on_delete not in (models.PROTECT, models.RESTRICT, models.CASCADE)
        ]
        self.assertEqual(found, [])

    def test_there_are_no_many_to_many_fields(self):
        self.assertEqual([m.__name__ for m in tracked_models() if m._meta.many_to_many], [])

    def test_every_manager_records(self):
        found = [
            model.__name__
            for model in tracked_models()
            for manager in model._meta.managers
            if not isinstance(manager.get_queryset(), TrackedQuerySet)
        ]
        self.assertEqual(found, [])


class ChecksTest(TrackerTestCase):
    """The controls of the check that runs after every test: it sees each kind of damage."""

    def assertSeen(self, words, damage):
        with transaction.atomic():
            damage(QuerySet(Item.history.model).filter(id=self.item.pk))
            found = " ".join(differences())
            transaction.set_rollback(True)
        self.assertIn(words, found)

    def test_it_sees_damage(self):
        self.item.number = "2.1"
        self.item.save()
        first, second = versions(self.item)
        self.assertSeen("rows differ", lambda history: history.filter(pk=second.pk).update(number="тайно"))
        self.assertSeen("have none", lambda history: history.filter(pk=second.pk).delete())
        for words, damage in (
            ("overlaps", {"valid_to": F("valid_to") + timedelta(1)}),
            ("leaves a gap", {"valid_to": F("valid_to") - timedelta(1)}),
            ("ends before it begins", {"valid_to": datetime(1999, 1, 1, tzinfo=UTC)}),
            ("was entered twice", {"history_type": "+"}),
        ):
            with self.subTest(words):
                of = second if "history_type" in damage else first
                self.assertSeen("do not end", lambda history, d=damage, v=of: history.filter(pk=v.pk).update(**d))
        with self.assertRaises(IntegrityError), transaction.atomic():
            QuerySet(Item.history.model).filter(pk=first.pk).update(valid_to=second.valid_to)

    def test_it_takes_few_statements(self):
        with self.assertNumQueries(3 * len(tracked_models())):
            differences()
