"""`verify` finds whatever was changed in history, anchors and editions, and nothing where nothing was."""

from datetime import date, datetime, timedelta
from io import StringIO
from random import Random
from unittest import skipUnless

from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, models, transaction

from tests import make
from tests.base import TrackerTestCase
from tracker.editions.models import Chapter, Edition
from tracker.editions.verify import broken
from tracker.history.anchors import anchor, kept_models
from tracker.history.chain import Anchor, Chain
from tracker.history.changes import change_set
from tracker.history.checks import differences
from tracker.history.versions import OPEN
from tracker.lib.texts import Texts

MUTATIONS = 500
SEED = 20261124


class VerifyTestCase(TrackerTestCase):
    """Some history of every kind, two editions, and an anchor over all of it."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        item = make.item(
            cls.roadmap, number="1.2", wording={"ru": "Удалённое", "en": "Deleted"}, parties={"KZ": "lead"}
        )
        with change_set(by=cls.administrator, reason="Введено по ошибке"):
            item.delete()
        report = make.report(commitment_=cls.kz_commitment, state="draft", narrative="Сделано ещё не всё",
                             execution="in_progress", percent=40, author=cls.kz_analyst)  # fmt: skip
        make.evidence(report, dated_on=date(2026, 3, 1))
        report.submit(by=cls.kz_analyst)
        report.accept(by=cls.reviewer)
        make.deadline_change(cls.milestone, "31.10.2026", by=cls.kz_analyst, decided_by=cls.reviewer)
        cls.item.note = Texts(ru="Ёлка", en="Note")
        cls.item.save()
        first = make.edition(cls.roadmap, by=cls.reviewer)
        cls.roadmap.title["en"] = "Renamed"
        cls.roadmap.save()
        make.edition(cls.roadmap, by=cls.reviewer, corrects=first, reason="Название")
        anchor()


class MutationTest(VerifyTestCase):
    def test_the_control_nothing_was_changed(self):
        self.assertEqual(list(broken()), [])

    def test_the_control_without_anchors_the_past_could_be_rewritten(self):
        past = models.QuerySet(type(self.item).history.model).exclude(valid_to=OPEN)
        self.assertTrue(past.update(number="тайно"))
        self.assertEqual(differences(), [])
        self.assertTrue(list(broken()))
        past.update(number=self.item.number)

    def test_every_mutation_is_found(self):
        chance, done, missed = Random(SEED), 0, []
        targets = [model for model in (*kept_models(), Anchor, Chain, Edition, Chapter) if model._base_manager.exists()]
        while done < MUTATIONS:
            model = chance.choice([*targets, *[Anchor, Edition, Chapter] * 3])
            with transaction.atomic():
                try:
                    with transaction.atomic():
                        told = self.mutate(model, chance)
                except DatabaseError:
                    told = None  # the database itself refuses it
                if told:
                    done += 1
                    if not next(broken(), None):
                        missed.append(told)
                transaction.set_rollback(True)
        self.assertEqual(missed, [])
        self.assertEqual(list(broken()), [], "each was taken back")

    def mutate(self, model, chance):
        """Change, delete or add a row as a person with the database in hand would; says what it did."""
        rows, row = models.QuerySet(model), chance.choice(list(models.QuerySet(model)))
        what = f"{model._meta.db_table} {row.pk}"
        match chance.choices(["update", "delete", "insert"], [8, 1, 1]):
            case ["update"]:
                field = chance.choice([f for f in model._meta.concrete_fields if not f.generated])
                before = getattr(row, field.attname)
                after = another(field, before, chance)
                rows.filter(pk=row.pk).update(**{field.attname: after})
                return f"{what}: {field.name} {before!r} → {after!r}"
            case ["delete"]:
                rows.filter(pk=row.pk)._raw_delete("default")
                return f"{what}: deleted"
            case ["insert"]:
                for field in model._meta.concrete_fields:
                    if field.primary_key or field.unique:
                        setattr(row, field.attname, another(field, getattr(row, field.attname), chance, by=1000))
                    elif field.name in ("area", "number"):
                        setattr(row, field.attname, 1000)
                row._state.adding = True
                rows.bulk_create([row])
                return f"{what}: added {row.pk}"


def another(field, value, chance, by=1):
    """A value that the column could hold, and does not."""
    if isinstance(field, models.JSONField):
        return {"ru": f"тайно {chance.random()}"}
    if isinstance(field, models.DateTimeField):
        return (value or datetime.now().astimezone()) + timedelta(microseconds=chance.choice([1, 10**6, 10**11]))
    if isinstance(field, models.DateField):
        return (value or date(2026, 1, 1)) + timedelta(days=1)
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.IntegerField | models.ForeignKey) and not isinstance(value, str):
        return (value or 0) + chance.choice([1, 2, 5]) * by
    if not value:
        return "x"
    place = chance.randrange(len(value))
    return value[:place] + chance.choice([c for c in "абвxyz0+~-" if c != value[place]]) + value[place + 1 :]


class VerifyTest(VerifyTestCase):
    def test_the_command_is_content(self):
        out = StringIO()
        call_command("verify", stdout=out)
        self.assertIn(Edition.objects.last_added().sha256, out.getvalue())
        self.assertIn(Anchor.objects.last_added().sha256, out.getvalue())

    def test_the_command_says_what_differs_and_fails(self):
        models.QuerySet(Edition).filter(number=1).update(sealed_by_name="Кто-то другой")
        out = StringIO()
        with self.assertRaises(CommandError):
            call_command("verify", stdout=out)
        self.assertIn("edition 1: differs from its digest", out.getvalue())

    def test_the_last_edition_cannot_be_taken_off(self):
        models.QuerySet(Chapter).filter(edition=2)._raw_delete("default")
        models.QuerySet(Edition).filter(place=2)._raw_delete("default")
        self.assertIn("should have 2", " ".join(broken()))

    @skipUnless(connection.vendor == "sqlite", "only SQLite keeps a moment as text")
    def test_the_same_moment_in_other_letters(self):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE editions_edition SET sealed_at = replace(sealed_at, ' ', 'T') WHERE place = 1")
        self.assertEqual(Edition.objects.get(place=1).sha256, Edition.objects.get(place=1).digest())
        self.assertIn("edition 1: differs from its digest", list(broken()))
