"""What the timeline tells of which versions, in whose words."""

from datetime import UTC, datetime

from django.utils.translation import override

from tests import make
from tests.base import TrackerTestCase
from tracker.history.as_of import as_of
from tracker.history.changes import change_set
from tracker.history.timeline import history_of, timeline
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Commitment, Item, Organisation, Roadmap

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def sentences(row, **options):
    return [sentence for change in history_of(row, **options) for sentence in change.sentences()]


class TimelineTest(TrackerTestCase):
    def test_what_is_entered_and_saved_again_in_one_set_is_entered_once(self):
        with change_set():
            row = make.organisation("Первое")
            row.name = Texts(ru="Второе")
            row.save()
        self.assertEqual(sentences(row), ["Organisation entered: Второе"])

    def test_what_comes_and_goes_in_one_set_is_not_told(self):
        with change_set():
            row = make.organisation("Мимолётное")
            pk = row.pk
            row.delete()
        self.assertEqual(timeline((Organisation, [pk])), [])

    def test_a_deletion_is_told_with_the_last_name(self):
        row = make.organisation("Бывшее")
        pk = row.pk
        row.delete()
        self.assertEqual(timeline((Organisation, [pk]))[0].sentences(), ["Organisation removed: Бывшее"])

    def test_a_link_is_named_as_on_that_day(self):
        with change_set(at=JANUARY):
            above = make.organisation("Старое имя")
            child = make.organisation("Отдел", parent=above)
        with change_set(at=FEBRUARY):
            above.name = Texts(ru="Новое имя")
            above.save()
        with change_set(at=MARCH):
            child.parent = None
            child.save()
        above.name = Texts(ru="Новейшее имя")
        above.save()
        self.assertEqual(sentences(child)[0], "Отдел: part of Новое имя → —")

    def test_each_language_of_a_text_is_told(self):
        row = make.organisation("Ведомство")
        row.name = Texts(ru="Комитет", en="Committee")
        row.save()
        with override("ru"):
            fields = history_of(row)[0].fields
        self.assertEqual(
            [(old, new) for _label, old, new in fields], [("«Ведомство»", "«Комитет»"), ("—", "«Committee»")]
        )
        self.assertRegex(fields[1][0], r"\(\w+\)$")  # the language, where it is not the reader's

    def test_days_moments_choices_and_answers_are_in_words(self):
        roadmap = Roadmap.objects.get(pk=self.roadmap.pk)
        roadmap.two_steps, roadmap.adopted_on, roadmap.state = True, MARCH.date(), "closed"
        roadmap.save()
        commitment = Commitment.objects.get(pk=self.kz_commitment.pk)
        commitment.claimed_at = MARCH
        commitment.save()
        told = " | ".join([*sentences(roadmap, limit=1), *sentences(commitment, limit=1)])
        for words in ("two steps no → yes", "adopted on — → 01.03.2026", "state adopted → closed", "01.03.2026 03:00"):
            self.assertIn(words, told)

    def test_what_follows_from_others_is_not_told(self):
        item = Item.objects.get(pk=self.item.pk)
        item.number = "4.4"
        item.save()
        self.assertEqual(sentences(item, limit=1), ["4.4: number 1.1 → 4.4"])

    def test_silent_versions_are_passed_over(self):
        commitment = Commitment.objects.get(pk=self.kz_commitment.pk)
        for number in range(4):
            commitment.silent_rounds = number + 1
            commitment.save()
        self.assertEqual([change.kind for change in history_of(commitment, limit=1)], ["+"])

    def test_the_newest_come_first_and_no_more_than_asked_for(self):
        for number in range(10):
            self.item.number = f"7.{number}"
            self.item.save()
        last = history_of(self.item, limit=3)
        self.assertEqual([change.fields[0][2] for change in last], ["7.9", "7.8", "7.7"])
        self.assertEqual(last[-1].fields[0][1], "7.6")

    def test_on_a_past_day_it_ends_with_that_day(self):
        with change_set(at=JANUARY):
            row = make.organisation("Первое")
        with change_set(at=MARCH):
            row.name = Texts(ru="Второе")
            row.save()
        with as_of(FEBRUARY):
            self.assertEqual(sentences(row), ["Organisation entered: Первое"])

    def test_many_changes_take_no_more_queries_than_few(self):
        rows = (Item, [self.item.pk]), (Commitment, [self.kz_commitment.pk, self.ru_commitment.pk])
        for number in range(3):
            self.item.number = f"7.{number}"
            self.item.save()
        with self.assertNumQueries(5) as few:  # versions of each, labels (milestone, party), sets
            timeline(*rows)
        for number in range(30):
            self.item.number = f"8.{number}"
            self.item.save()
        with self.assertNumQueries(len(few)):
            timeline(*rows)
