"""What is news between two standpoints: each kind where it is, and not where it is not; and that it all adds up."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.cache import caches

from tests import make
from tests.base import TrackerTestCase
from tracker.dashboards.since import News, Since
from tracker.history.changes import change_set
from tracker.lib.terms import parse
from tracker.progress.status import counts, rule_for
from tracker.roadmaps.models import Commitment, Control, Execution, Milestone, Role, State

BEGINNING, BETWEEN = datetime(2026, 1, 10, tzinfo=UTC), datetime(2026, 4, 1, 9, tzinfo=UTC)
THEN, NOW = date(2026, 3, 1), date(2026, 5, 1)


def complete(milestone, party, day=date(2026, 3, 20), *, execution=Execution.COMPLETED, percent=100):
    """What an accepted report of the party says of the milestone."""
    part = milestone.commitments.get(party=party)
    part.execution, part.percent = execution, percent
    part.done_on = day if execution == Execution.COMPLETED else None
    part.save()
    roll_up(milestone)


def roll_up(milestone):
    Milestone.objects.select_related("item__roadmap").get(pk=milestone.pk).carry_down()


def move(milestone, term):
    milestone = Milestone.objects.select_related("item__roadmap").get(pk=milestone.pk)
    milestone.current = parse(term)
    milestone.save()
    milestone.carry_down()


class SinceTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=BEGINNING):
            super().setUpTestData()
            cls.far = make.milestone(cls.item, number="1.1.2", term="31.12.2027")
            cls.late = make.milestone(cls.item, number="1.1.3", term="15.02.2026")

    def since(self, *, earlier=None, now=None, user=None):
        caches["local"].clear()  # the tests write into a past that is over, and so was remembered
        return Since(
            user or self.observer,
            self.roadmap,
            earlier or self.roadmap.standpoint(THEN),
            now or self.roadmap.standpoint(NOW),
        )

    def news(self, milestone, **standpoints):
        """The kinds of news that the milestone is."""
        found = [s.news for s in self.since(**standpoints).milestones if s.milestone == milestone.pk]
        self.assertLessEqual(len(found), 1)
        return {*found[0]} if found else set()

    def part_news(self, milestone, party, **standpoints):
        since = self.since(**standpoints)
        found = [s.news for s in since.parts if (s.milestone, s.party) == (milestone.pk, party.pk)]
        together = [s for s in since.parts_together if s.party == party.pk]
        for kind in News:  # one by one or together, they are as many
            self.assertEqual(
                sum(kind in s.news for s in since.parts if s.party == party.pk),
                sum(s.count for s in together if kind in s.news),
            )
        return {*found[0]} if found else set()


class NewsTest(SinceTestCase):
    def test_nothing_is_news_where_nothing_happened(self):
        for milestone in (self.milestone, self.far, self.late):
            self.assertEqual(self.news(milestone), set())

    def test_completed_when_all_parts_are(self):
        with change_set(at=BETWEEN):
            complete(self.far, self.kazakhstan)
        self.assertEqual(self.news(self.far), set())
        self.assertEqual(self.part_news(self.far, self.kazakhstan), {News.COMPLETED})
        self.assertEqual(self.part_news(self.far, self.russia), set())
        with change_set(at=BETWEEN + timedelta(days=1)):
            complete(self.far, self.russia)
        self.assertEqual(self.news(self.far), {News.COMPLETED})

    def test_what_was_completed_before_is_not_completed_newly(self):
        with change_set(at=BEGINNING + timedelta(days=1)):
            complete(self.far, self.kazakhstan, date(2026, 1, 9))
            complete(self.far, self.russia, date(2026, 1, 9))
        with change_set(at=BETWEEN):
            complete(self.far, self.russia, date(2026, 1, 8))
        self.assertEqual(self.news(self.far), set())

    def test_overdue_by_days_alone(self):
        with change_set(at=BEGINNING):
            milestone = make.milestone(self.item, term="30.04.2026")
            today = make.milestone(self.item, term="01.05.2026")
        self.assertEqual(self.news(milestone), {News.OVERDUE})
        self.assertEqual(self.news(milestone, now=self.roadmap.standpoint(date(2026, 4, 30))), {News.AT_RISK})
        self.assertEqual(self.news(today), {News.AT_RISK})  # what is due today is not late
        self.assertEqual(self.part_news(milestone, self.russia), {News.OVERDUE})

    def test_at_risk_by_days_alone(self):
        with change_set(at=BEGINNING):
            milestone = make.milestone(self.item, term="20.05.2026")
        self.assertEqual(self.news(milestone), {News.AT_RISK})
        self.assertEqual(self.news(milestone, now=self.roadmap.standpoint(date(2026, 4, 1))), set())

    def test_a_moved_term(self):
        with change_set(at=BETWEEN):
            move(self.far, "10.01.2028")
        self.assertEqual(self.news(self.far), {News.MOVED})

    def test_a_term_that_had_no_day_is_moved_too(self):
        with change_set(at=BEGINNING):
            milestone = make.milestone(self.item, term="постоянно")
        with change_set(at=BETWEEN):
            move(milestone, "31.12.2027")
        self.assertEqual(self.news(milestone), {News.MOVED})

    def test_relieved_is_not_completed(self):
        with change_set(at=BETWEEN):
            move(self.late, "31.12.2027")
        self.assertEqual(self.news(self.late), {News.MOVED, News.RELIEVED})

    def test_completed_or_dropped_is_not_relieved(self):
        with change_set(at=BEGINNING):
            other = make.milestone(self.item, term="15.02.2026")
        with change_set(at=BETWEEN, by=self.administrator):
            for party in (self.kazakhstan, self.russia):
                complete(self.late, party)
            self.drop(other)
        self.assertEqual(self.news(self.late), {News.COMPLETED})
        self.assertEqual(self.news(other), {News.DROPPED})

    def drop(self, milestone, day=date(2026, 3, 30)):
        milestone.refresh_from_db()
        milestone.decide_control(Control.DROPPED, basis="Протокол", by=self.administrator, on=day, reason="cancelled")

    def test_worsened_when_less_is_accepted(self):
        with change_set(at=BEGINNING):
            complete(self.far, self.russia, execution=Execution.IN_PROGRESS, percent=60)
        with change_set(at=BETWEEN):
            complete(self.far, self.russia, execution=Execution.IN_PROGRESS, percent=40)
        self.assertEqual(self.part_news(self.far, self.russia), {News.WORSENED})
        self.assertEqual(self.part_news(self.far, self.kazakhstan), set())
        with change_set(at=BETWEEN + timedelta(days=1)):
            complete(self.far, self.russia, execution=Execution.IN_PROGRESS, percent=60)
        self.assertEqual(self.part_news(self.far, self.russia), set())

    def test_worsened_when_it_is_not_completed_any_more(self):
        with change_set(at=BEGINNING):
            complete(self.far, self.russia)
        with change_set(at=BETWEEN):
            complete(self.far, self.russia, execution=Execution.PARTLY, percent=99)
        self.assertEqual(self.part_news(self.far, self.russia), {News.WORSENED})

    def test_newly_silent(self):
        with change_set(at=BETWEEN):
            self.fall_silent(self.kz_commitment, 1)
        self.assertEqual(self.part_news(self.milestone, self.kazakhstan), {News.SILENT})
        self.assertEqual(self.part_news(self.milestone, self.russia), set())

    def test_silent_for_longer_is_no_news(self):
        with change_set(at=BEGINNING):
            self.fall_silent(self.kz_commitment, 1)
        with change_set(at=BETWEEN):
            self.fall_silent(self.kz_commitment, 2)
        self.assertEqual(self.part_news(self.milestone, self.kazakhstan), set())

    def fall_silent(self, part, rounds):
        part.refresh_from_db()
        part.silent_rounds = rounds
        part.save()

    def test_added_and_removed(self):
        with change_set(at=BETWEEN):
            new = make.milestone(self.item, term="31.12.2027")
            gone = self.far.pk
            self.far.commitments.all().delete()
            Milestone.objects.get(pk=gone).delete()
        self.assertEqual(self.news(new), {News.ADDED})
        self.assertEqual(self.part_news(new, self.russia), {News.ADDED})
        self.assertEqual([s.news for s in self.since().milestones if s.milestone == gone], [{News.REMOVED}])

    def test_what_came_and_went_in_between_is_no_news(self):
        with change_set(at=BETWEEN):
            new = make.milestone(self.item, term="31.12.2027")
        with change_set(at=BETWEEN + timedelta(days=1)):
            key = new.pk
            new.commitments.all().delete()
            Milestone.objects.get(pk=key).delete()
        self.assertNotIn(key, [s.milestone for s in self.since().milestones])

    def test_what_was_removed_and_put_back_is_seen_once(self):
        with change_set(at=BETWEEN):
            key = self.far.pk
            self.far.commitments.all().delete()
            Milestone.objects.get(pk=key).delete()
        with change_set(at=BETWEEN + timedelta(days=1)):
            make.milestone(self.item, pk=key, term="10.01.2028")
        self.assertEqual([s.news for s in self.since().milestones if s.milestone == key], [{News.MOVED}])

    def test_a_part_that_was_released_counts_no_more(self):
        with change_set(at=BETWEEN):
            part = self.far.commitments.get(party=self.russia)
            part.released_on = date(2026, 4, 1)
            part.save()
            roll_up(self.far)
        self.assertEqual(self.part_news(self.far, self.russia), {News.REMOVED})

    def test_ids_of_kinds_and_parties(self):
        with change_set(at=BETWEEN):
            complete(self.far, self.kazakhstan)
            move(self.late, "31.12.2027")
        since = self.since()
        self.assertEqual(since.ids_of([News.MOVED]), {self.late.pk})
        self.assertEqual(since.ids_of([News.COMPLETED]), set())
        self.assertEqual(since.ids_of([News.COMPLETED], of_parties={self.kazakhstan.pk}), {self.far.pk})
        self.assertEqual(since.ids_of([News.COMPLETED], of_parties={self.russia.pk}), set())


class WhoseAreaTest(SinceTestCase):
    """An item goes from one area to another in between."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.energy, cls.transport = (area.area for area in cls.roadmap.areas.order_by("position"))
        cls.reader = make.user("energy@example.org")
        make.grant(cls.reader, Role.OBSERVER, roadmap=cls.roadmap, area=cls.energy)
        cls.driver = make.user("transport@example.org")
        make.grant(cls.driver, Role.OBSERVER, roadmap=cls.roadmap, area=cls.transport)
        with change_set(at=BETWEEN):
            cls.item.area = cls.transport
            cls.item.save()
            cls.item.carry_down()

    def test_for_a_reader_of_both_it_is_no_news(self):
        self.assertEqual(self.news(self.far), set())

    def test_it_leaves_the_one_and_comes_to_the_other(self):
        self.assertEqual(self.news(self.far, user=self.reader), {News.REMOVED})
        self.assertEqual(self.news(self.far, user=self.driver), {News.ADDED})
        self.assertEqual(self.part_news(self.far, self.russia, user=self.driver), {News.ADDED})

    def test_a_stranger_sees_nothing(self):
        self.assertEqual(self.since(user=self.stranger).milestones, [])


class KnownLaterTest(SinceTestCase):
    """What is accepted on 1 April of 20 March: an edition judges 25 March by what was known in the middle of April."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        with change_set(at=BETWEEN):
            for party in (cls.kazakhstan, cls.russia):
                complete(cls.far, party)
                complete(cls.late, party, date(2026, 3, 30))
        cls.edition = cls.roadmap.standpoint(date(2026, 3, 25), datetime(2026, 4, 15, tzinfo=UTC))

    def test_what_the_edition_knew_is_no_news_after_it(self):
        self.assertTrue(self.edition.knows_later)
        self.assertEqual(self.news(self.far, earlier=self.edition), set())
        self.assertEqual(self.news(self.far, now=self.edition), {News.COMPLETED})

    def test_what_was_done_after_its_day_is_news_after_it_though_nothing_was_recorded_since(self):
        self.assertEqual(self.news(self.late, earlier=self.edition), {News.COMPLETED})
        self.assertEqual(self.news(self.late, now=self.edition), set())
        self.assertEqual(self.part_news(self.late, self.russia, earlier=self.edition), {News.COMPLETED})

    def test_how_far_it_was_then_nobody_has_said_and_so_nothing_has_worsened(self):
        with change_set(at=BEGINNING):
            complete(self.milestone, self.russia, execution=Execution.IN_PROGRESS, percent=60)
        with change_set(at=BETWEEN + timedelta(days=1)):
            complete(self.milestone, self.russia, date(2026, 4, 1))
        self.assertEqual(self.part_news(self.milestone, self.russia, now=self.edition), set())


class AddingUpTest(SinceTestCase):
    """A seeded walk of invented changes: what was, and came, without what left, is what is; for every reader."""

    def test_it_adds_up(self):
        for seed in range(8):
            with self.subTest(seed=seed):
                self.chance = random.Random(seed)
                self.walk()
                self.look()

    def walk(self):
        at = BEGINNING
        for _step in range(30):
            at += timedelta(days=self.chance.randrange(5), hours=1)
            self.today = at.date()
            with change_set(at=at, by=self.administrator):
                self.chance.choice([self.report, self.report, self.report, self.move, self.decide, self.add, self.go])()

    def one(self):
        return self.chance.choice(list(Milestone.objects.select_related("item__roadmap").order_by("pk")))

    def report(self):
        milestone, party = self.one(), self.chance.choice([self.kazakhstan, self.russia])
        if milestone.commitments.filter(party=party).exists():
            execution = self.chance.choice(list(Execution))
            percent = {Execution.COMPLETED: 100, Execution.NOT_STARTED: 0}.get(execution, self.chance.randrange(1, 99))
            day = self.today - timedelta(days=self.chance.randrange(40))
            complete(milestone, party, day, execution=execution, percent=percent)

    def move(self):
        move(self.one(), self.chance.choice(["15.02.2026", "20.04.2026", "10.05.2026", "31.12.2027", "постоянно"]))

    def decide(self):
        milestone = self.one()
        if milestone.control == Control.ON:
            control = self.chance.choice([Control.DROPPED, Control.CLOSED])
            reason = "cancelled" if control == Control.DROPPED else ""
            day = self.today - timedelta(days=self.chance.randrange(20))
            milestone.decide_control(control, basis="Протокол", by=self.administrator, on=day, reason=reason)
        else:
            milestone.decide_control(Control.ON, basis="Протокол", by=self.administrator)

    def add(self):
        make.milestone(self.item, term=self.chance.choice(["01.03.2026", "31.05.2026", "не указан"]))

    def go(self):
        """A milestone is removed; or the item goes to another area, with all of them."""
        milestone = self.one()
        if self.chance.random() < 0.5 and Milestone.objects.count() > 2:
            milestone.commitments.all().delete()
            milestone.delete()
        else:
            self.item.refresh_from_db()
            self.item.area = self.chance.choice([place.area for place in self.roadmap.areas.all()])
            self.item.save()
            self.item.carry_down()

    def look(self):
        first, last = sorted(self.chance.sample(range((self.today - BEGINNING.date()).days + 20), 2))
        days = [BEGINNING.date() + timedelta(days=days) for days in (first, last)]
        later = datetime(2026, 6, 1, tzinfo=ZoneInfo(self.roadmap.time_zone))
        energy = self.roadmap.areas.order_by("position").first().area
        reader = make.user()
        make.grant(reader, Role.OBSERVER, roadmap=self.roadmap, area=energy)
        for user in (self.observer, reader):
            for known in ((None, None), (None, later), (later, later), (later, None)):
                earlier, now = (self.roadmap.standpoint(*pair) for pair in zip(days, known, strict=True))
                self.assert_it_adds_up(user, earlier, now)
            self.assert_it_adds_up(user, self.roadmap.standpoint(days[0]), self.roadmap.standpoint())

    def assert_it_adds_up(self, user, earlier, now):
        since = self.since(user=user, earlier=earlier, now=now)
        were, are = self.seen(user, earlier, Milestone), self.seen(user, now, Milestone)
        for timeliness, (came, left) in since.flows().items():
            self.assertEqual(were[0][timeliness] + came - left, are[0][timeliness], (timeliness, earlier, now))
        self.assert_the_same(since.milestones, were[1], are[1])
        parts = [self.seen(user, standpoint, Commitment)[1] for standpoint in (earlier, now)]
        self.assert_the_same(since.parts, *parts)

    def seen(self, user, standpoint, model):
        """How the rows are judged: {timeliness: how many}, {(milestone, party): timeliness}."""
        with standpoint.read():
            rows = model.objects.visible_to(user).exclude(state=State.RELEASED)
            judged = {self.key(row): rule_for(row, on=standpoint.day).timeliness for row in rows}
            return counts(rows, on=standpoint.day), judged

    @staticmethod
    def key(row):
        return (row.pk, None) if isinstance(row, Milestone) else (row.milestone_id, row.party_id)

    def assert_the_same(self, shifts, before, after):
        """The shifts are those between both, each once, and none is missing."""
        found = {(s.milestone, s.party): s.turn[:2] for s in shifts}
        self.assertEqual(len(found), len(shifts))
        for key in before.keys() | after.keys():
            pair = before.get(key), after.get(key)
            self.assertEqual(found.pop(key, pair if pair[0] == pair[1] else None), pair)
        self.assertEqual(found, {})
