"""Amendments of a plan: entered by an administrator with all that they move, after a look at the effect."""

from datetime import UTC, date, datetime

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.lib.errors import Conflict, NotAllowed
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Amendment, Milestone, Roadmap, Role

ADDRESS = "/r/plan/amendments/"


class AmendmentTest(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
            cls.other = make.milestone(cls.item, number="1.1.2", term="31.12.2026", wording={"ru": "Портал запущен"})

    def setUp(self):
        self.client.force_login(self.administrator)

    def typed(self, *moves, **changes):
        data = {"number": "1", "signed_on": "19.02.2026", "meeting:ru": "Заседание в Ашхабаде", "document": "Протокол",
                "lines": "5", "verb": "preview"}  # fmt: skip
        for place, (number, to) in enumerate(moves):
            data |= {f"move{place}-number": number, f"move{place}-to": to}
        return data | changes

    def post(self, *moves, **changes):
        return self.client.post(ADDRESS, self.typed(*moves, **changes))

    def apply(self, *moves, **changes):
        """As people do it: look first, then press the other button of that page."""
        return self.client.post(ADDRESS, typed(self.post(*moves, **changes), verb="apply"))

    def fresh(self, milestone=None):
        return Milestone.objects.get(pk=(milestone or self.milestone).pk)

    def test_the_effect_is_shown_first_and_nothing_is_written(self):
        response = self.post(("1.1.1", "30.09.2026"), ("1.1.2", "I квартал 2027 г."))
        first, second = response.context["effects"]
        self.assertEqual((first.after.agreed_due, first.after.due_on), (date(2026, 9, 30), date(2026, 9, 30)))
        self.assertEqual(second.after.agreed_due, date(2027, 3, 31))
        self.assertContains(response, "originally 30.06.2026")
        self.assertFalse(Amendment.objects.exists())
        self.assertEqual(self.fresh().agreed_due, date(2026, 6, 30))

    def test_it_moves_all_at_once_and_is_recorded_as_one_change(self):
        before = ChangeSet.objects.count()
        response = self.apply(("1.1.1", "30.09.2026"), ("1.1.2", "I квартал 2027 г."))
        amendment = Amendment.objects.get()
        self.assertRedirects(response, f"{ADDRESS}#a{amendment.pk}")
        self.assertEqual((amendment.signed_on, amendment.meeting["ru"]), (date(2026, 2, 19), "Заседание в Ашхабаде"))
        first = self.fresh()
        self.assertEqual(
            (first.agreed_due, first.due_on, first.first_due, first.moves),
            (date(2026, 9, 30), date(2026, 9, 30), date(2026, 6, 30), 0),
        )
        self.assertEqual({c.due_on for c in first.commitments.all()}, {date(2026, 9, 30)})
        self.assertEqual(self.fresh(self.other).agreed_text, "I квартал 2027 г.")
        self.assertEqual(ChangeSet.objects.count(), before + 1)
        entry = ChangeSet.objects.latest("pk")
        self.assertEqual((entry.person, entry.reason), (self.administrator, "Amendment No. 1 of 19.02.2026"))
        self.assertEqual(
            list(amendment.moves.order_by("pk").values_list("term", "state", "before_text", "after_text")),
            [
                ("agreed", "approved", "30.06.2026", "30.09.2026"),
                ("agreed", "approved", "31.12.2026", "I квартал 2027 г."),
            ],
        )

    def test_the_list_and_the_register_say_what_each_moved(self):
        self.apply(("1.1.1", "30.09.2026"))
        self.client.force_login(self.observer)
        for text in ("Amendment No. 1 of 19.02.2026", "Заседание в Ашхабаде", "+92 d", "originally 30.06.2026"):
            self.assertContains(self.client.get(ADDRESS), text)
        self.assertContains(self.client.get("/r/plan/deadlines/?term=agreed"), "Amendment No. 1 of 19.02.2026")
        self.assertContains(self.client.get(ADDRESS + "?on=2026-02-01"), "no amendment has been entered")

    def test_a_current_term_that_was_moved_further_stays_and_the_preview_says_so(self):
        make.deadline_change(self.fresh(), "31.12.2026", by=self.kz_analyst, decided_by=self.reviewer)
        self.assertContains(self.post(("1.1.1", "30.09.2026")), "it was moved further already")
        self.apply(("1.1.1", "30.09.2026"))
        milestone = self.fresh()
        self.assertEqual(
            (milestone.agreed_due, milestone.due_on, milestone.slip), (date(2026, 9, 30), date(2026, 12, 31), 92)
        )

    def test_only_what_was_looked_at_is_done(self):
        look = self.post(("1.1.1", "30.09.2026"))
        changed = typed(look, verb="apply", move0__to="31.10.2026")
        self.assertContains(self.client.post(ADDRESS, changed), "Something has changed", status_code=409)
        make.deadline_change(self.fresh(), "31.12.2026", by=self.kz_analyst, decided_by=self.reviewer)
        self.assertEqual(self.client.post(ADDRESS, typed(look, verb="apply")).status_code, 409)
        self.assertEqual(self.post(("1.1.1", "30.09.2026"), verb="apply").status_code, 409)
        self.assertFalse(Amendment.objects.exists())

    def test_pressed_twice_it_is_entered_once(self):
        look = typed(self.post(("1.1.1", "30.09.2026")), verb="apply")
        answers = [self.client.post(ADDRESS, look) for _twice in range(2)]
        self.assertEqual([answer.status_code for answer in answers], [302, 302])
        self.assertEqual((Amendment.objects.count(), DeadlineChange.objects.count()), (1, 1))

    def test_what_is_wrong_is_said_at_its_place(self):
        Amendment.objects.create(roadmap=self.roadmap, number="7", signed_on=date(2026, 1, 20))
        for moves, changes, sentence in (
            ([], {}, "Say what it moves"),
            ([("9.9.9", "30.09.2026")], {}, "has no milestone 9.9.9"),
            ([("1.1.1", "")], {}, "This term cannot be read"),
            ([("1.1.1", "когда-нибудь")], {}, "This term cannot be read"),
            ([("1.1.1", "30.06.2026")], {}, "the term that stands now"),
            ([("", "30.06.2027")], {}, "Give the number of the milestone"),
            ([("1.1.1", "30.09.2026"), ("1.1.1", "31.10.2026")], {}, "stands here twice"),
            ([("1.1.1", "30.09.2026")], {"number": ""}, "Give the number of the amendment"),
            ([("1.1.1", "30.09.2026")], {"number": "7"}, "has an amendment with this number already"),
            ([("1.1.1", "30.09.2026")], {"signed_on": "вчера"}, "is not a day"),
            ([("1.1.1", "30.09.2026")], {"signed_on": "31.12.2099"}, "not in the future"),
        ):
            with self.subTest(sentence, moves=moves):
                for verb in ("preview", "apply"):
                    response = self.post(*moves, **changes | {"verb": verb})
                    self.assertContains(response, sentence, status_code=400)
        self.assertFalse(DeadlineChange.objects.exists())

    def test_more_lines_keep_what_was_typed(self):
        response = self.post(("1.1.1", "30.09.2026"), verb="more")
        self.assertEqual(response.context["moves"].count, 10)
        found = typed(response)
        self.assertEqual(
            (found["number"], found["move0-number"], found["move0-to"], found["meeting:ru"], found["lines"]),
            ("1", "1.1.1", "30.09.2026", "Заседание в Ашхабаде", "10"),
        )
        self.assertNotContains(response, "Say what it moves")

    def test_a_milestone_of_another_plan_is_not_found(self):
        make.milestone(make.item(make.roadmap("other"), number="5"), number="5.1")
        self.assertContains(self.post(("5.1", "30.09.2027")), "has no milestone 5.1", status_code=400)

    def test_only_an_administrator_enters_one(self):
        make.grant(self.stranger, Role.OBSERVER, roadmap=make.roadmap("elsewhere"))
        for person, status in (
            (self.reviewer, 403),
            (self.kz_analyst, 403),
            (self.observer, 403),
            (self.stranger, 404),
        ):
            with self.subTest(str(person)):
                self.client.force_login(person)
                self.assertEqual(self.apply_blindly().status_code, status)
        self.assertFalse(Amendment.objects.exists())
        self.client.force_login(self.reviewer)
        page = self.client.get(ADDRESS)
        self.assertContains(page, "Only an administrator may change the plan.")
        self.assertNotContains(page, 'name="number"')

    def apply_blindly(self):
        return self.post(("1.1.1", "30.09.2026"), verb="apply")

    def test_it_needs_an_adopted_plan_and_today(self):
        look = typed(self.post(("1.1.1", "30.09.2026")), verb="apply")
        self.assertEqual(self.client.post(ADDRESS + "?on=2026-02-01", look).status_code, 409)
        Roadmap.objects.update(state="draft")
        self.assertContains(self.client.post(ADDRESS, look), "The plan is a draft", status_code=409)
        self.assertContains(self.client.get(ADDRESS), "The plan is a draft")
        self.assertFalse(Amendment.objects.exists())

    def test_an_open_proposal_stands(self):
        make.deadline_change(self.fresh(), "31.12.2026", by=self.kz_analyst)
        self.apply(("1.1.1", "30.09.2026"))
        self.assertEqual(DeadlineChange.objects.get(state="proposed").after_text, "31.12.2026")

    def test_the_verb_itself_asks_for_the_right(self):
        amendment = Amendment(roadmap=self.roadmap, number="1", signed_on=date(2026, 2, 19))
        with self.assertRaises(NotAllowed):
            DeadlineChange.amend_by(amendment, [], by=self.reviewer)
        self.assertFalse(Amendment.objects.exists())

    def test_one_that_fails_moves_nothing(self):
        amendment = Amendment(roadmap=self.roadmap, number="1", signed_on=date(2026, 2, 19))
        stale = self.fresh(self.other)
        stale.version += 5
        with self.assertRaises(Conflict):
            DeadlineChange.amend_by(
                amendment, [(self.fresh(), "30.09.2026"), (stale, "31.03.2027")], by=self.administrator
            )
        self.assertEqual((self.fresh().agreed_due, Amendment.objects.count()), (date(2026, 6, 30), 0))

    def test_the_query_count_does_not_grow_with_the_moves(self):
        self.apply(("1.1.1", "30.09.2026"))
        self.client.force_login(self.observer)
        self.client.get(ADDRESS)
        with self.assertNumQueries(7):
            self.client.get(ADDRESS)
        self.client.force_login(self.administrator)
        made = [make.milestone(self.item, number=f"1.1.{n}") for n in range(5, 9)]
        self.apply(*((m.number, "31.12.2026") for m in made), number="2")
        self.client.force_login(self.observer)
        self.client.get(ADDRESS)
        with self.assertNumQueries(7):
            self.client.get(ADDRESS)
