"""Milestones split into new ones and merged: the old are dropped as replaced, with links both ways."""

from datetime import date

from tests import make
from tests.base import TrackerTestCase
from tracker.history.models import ChangeSet
from tracker.progress.models import DeadlineChange
from tracker.progress.replacing import replace, shares
from tracker.roadmaps.models import Amendment, Control, Milestone, Replacement, Roadmap

BASIS = "Решение о разделении, протокол № 5"


class ReplaceTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)
        self.address = f"/r/plan/items/{self.item.pk}/replace/"

    def rows(self, *rows, **more):
        """The fields of the form: each row is (number, wording, term, weight)."""
        data = {"new-TOTAL_FORMS": max(2, len(rows)), "new-INITIAL_FORMS": 0, "basis": BASIS, "on": "18.05.2026"}
        for place, (number, wording, term, weight) in enumerate(rows):
            data |= {
                f"new-{place}-number": number,
                f"new-{place}-wording:ru": wording,
                f"new-{place}-term": term,
                f"new-{place}-weight": weight,
            }
        return {"olds": [self.milestone.pk], **data, **more}

    def split(self, **more):
        amendment = {"amendment_number": "1", "amendment_signed_on": "17.05.2026"}
        return self.rows(
            ("1.1.2", "Проект согласован", "30.06.2026", ""),
            ("1.1.3", "Проект подписан", "31.12.2026", ""),
            **amendment | more,
        )

    def look(self, data):
        return self.client.post(self.address, data | {"verb": "preview"})

    def do(self, data):
        seen = self.look(data).context["form"]["seen"].value()
        return self.client.post(self.address, data | {"verb": "do", "seen": seen})


class SplitTest(ReplaceTestCase):
    def test_the_old_one_is_dropped_as_replaced(self):
        self.assertRedirects(self.do(self.split()), f"/r/plan/items/{self.item.pk}/", fetch_redirect_response=False)
        self.milestone.refresh_from_db()
        self.assertEqual((self.milestone.control, self.milestone.drop_reason), ("dropped", "replaced"))
        new = [r.new.number for r in self.milestone.replaced_by.order_by("new__number")]
        self.assertEqual(new, ["1.1.2", "1.1.3"])

    def test_parties_are_asked_about_the_new_ones_in_the_open_round(self):
        round_ = make.round_(self.roadmap)
        self.do(self.split())
        asked = set(round_.reports.values_list("commitment__milestone__number", "commitment__party__code"))
        self.assertEqual(asked, {(n, p) for n in ("1.1.2", "1.1.3") for p in ("KZ", "RU")})

    def test_accepted_reports_stay_with_the_old_one(self):
        report = make.report(commitment_=self.kz_commitment, state="accepted")
        self.do(self.split())
        report.refresh_from_db()
        self.assertEqual((report.commitment, report.state), (self.kz_commitment, "accepted"))

    def test_empty_weights_share_what_the_old_one_weighs(self):
        Milestone.objects.filter(pk=self.milestone.pk).update(weight=5)
        self.do(self.split())
        weights = self.item.milestones.exclude(pk=self.milestone.pk).order_by("number").values_list("weight", flat=True)
        self.assertEqual(list(weights), [3, 2])

    def test_weights_that_do_not_add_up_are_said(self):
        data = self.rows(("1.1.2", "Первая", "30.06.2026", 3), amendment_number="1", amendment_signed_on="17.05.2026")
        self.assertContains(self.look(data), "The old ones weigh 1 together, the new ones 3")

    def test_the_register_shows_a_term_that_differs(self):
        self.do(self.split())
        [move] = DeadlineChange.objects.all()
        self.assertEqual((move.milestone.number, str(move.amendment.number), move.term), ("1.1.3", "1", "agreed"))
        self.assertEqual((move.before_due, move.after_due), (date(2026, 6, 30), date(2026, 12, 31)))
        new = Milestone.objects.get(number="1.1.3")
        self.assertEqual((new.first_due, new.agreed_due, new.due_on), (date(2026, 6, 30), *[date(2026, 12, 31)] * 2))

    def test_it_is_one_change_with_person_and_basis(self):
        before = ChangeSet.objects.count()
        self.do(self.split())
        self.assertEqual(ChangeSet.objects.count(), before + 1)
        self.assertEqual(
            (ChangeSet.objects.first().person, ChangeSet.objects.first().reason), (self.administrator, BASIS)
        )

    def test_looking_saves_nothing(self):
        response = self.look(self.split())
        self.assertContains(response, "Nothing is saved yet.")
        self.assertEqual(
            (self.item.milestones.count(), Amendment.objects.count(), Replacement.objects.count()), (1, 0, 0)
        )
        numbers = [after.number for before, after in response.context["effect"].milestones if before is None]
        self.assertEqual(numbers, ["1.1.2", "1.1.3"])

    def test_sent_twice_has_one_effect(self):
        data = self.split()
        seen = self.look(data).context["form"]["seen"].value()
        for _time in range(2):
            response = self.client.post(self.address, data | {"verb": "do", "seen": seen})
            self.assertEqual(response.status_code, 302)
        self.assertEqual(self.item.milestones.count(), 3)


class RefusedTest(ReplaceTestCase):
    def test_an_adopted_plan_asks_for_an_amendment(self):
        response = self.look(self.split(amendment_number="", amendment_signed_on=""))
        self.assertContains(response, "only under an amendment", status_code=400)

    def test_a_draft_asks_for_none(self):
        Roadmap.objects.filter(pk=self.roadmap.pk).update(state="draft")
        response = self.client.get(self.address)
        self.assertNotIn("amendment", response.context["form"].fields)
        self.do(self.split(amendment_number="", amendment_signed_on=""))
        new = Milestone.objects.get(number="1.1.3")
        self.assertEqual((new.first_due, DeadlineChange.objects.count()), (date(2026, 12, 31), 0))

    def test_a_number_that_the_item_has_already(self):
        data = self.rows(("1.1.1", "Снова", "2026", 1), amendment_number="1", amendment_signed_on="17.05.2026")
        self.assertContains(self.look(data), "has a milestone with this number already", status_code=400)

    def test_one_number_twice(self):
        data = self.split()
        data["new-1-number"] = "1.1.2"
        self.assertContains(self.look(data), "Two of the new milestones have one number", status_code=400)

    def test_a_form_without_its_rows(self):
        response = self.client.post(self.address, {"olds": [self.milestone.pk], "basis": BASIS, "verb": "preview"})
        self.assertEqual(response.status_code, 400)

    def test_nothing_in_its_place(self):
        self.assertContains(self.look(self.rows()), "Enter the new milestones", status_code=400)

    def test_half_a_row(self):
        data = self.split()
        data["new-1-term"] = ""
        self.assertContains(self.look(data), "Write the term as it stands", status_code=400)

    def test_what_was_typed_stays(self):
        response = self.look(self.split(basis=""))
        self.assertContains(response, "Проект подписан", status_code=400)

    def test_one_dropped_already_is_refused_by_the_verb(self):
        self.milestone.decide_control("dropped", basis=BASIS, by=self.administrator, on=make.DAY, reason="cancelled")
        other = make.milestone(self.item)
        with self.assertRaisesMessage(Exception, "dropped already"):
            replace([self.milestone], existing=[other], basis=BASIS, by=self.administrator)

    def test_others_may_not(self):
        for user, status in ((self.reviewer, 403), (self.kz_analyst, 403), (self.stranger, 404)):
            self.client.force_login(user)
            self.assertEqual(self.client.post(self.address, self.split()).status_code, status)

    def test_more_rows_keep_what_was_typed(self):
        response = self.client.post(self.address, self.split(verb="more"))
        self.assertContains(response, "Проект подписан")
        self.assertEqual(len(response.context["new"].forms), 4)
        self.assertEqual(self.item.milestones.count(), 1)


class MergeTest(ReplaceTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.second = make.milestone(cls.item, number="1.1.5", term="31.12.2026")

    def test_several_into_an_existing_one(self):
        third = make.milestone(self.item, number="1.1.9", term="2027")
        data = self.rows(existing="1.1.9", olds=[self.milestone.pk, self.second.pk])
        self.do(data)
        self.assertEqual({r.old for r in third.replaces.all()}, {self.milestone, self.second})
        self.assertEqual(self.item.milestones.filter(control=Control.DROPPED).count(), 2)

    def test_a_merged_one_starts_from_the_latest_agreed_term(self):
        data = self.rows(
            ("1.1.6", "Единая веха", "31.12.2026", ""),
            olds=[self.milestone.pk, self.second.pk],
            amendment_number="2",
            amendment_signed_on="17.05.2026",
        )
        self.do(data)
        merged = Milestone.objects.get(number="1.1.6")
        self.assertEqual((merged.weight, merged.first_due), (2, date(2026, 12, 31)))
        self.assertEqual(DeadlineChange.objects.count(), 0)

    def test_an_unknown_number_is_said(self):
        self.assertContains(self.look(self.rows(existing="9.9.9")), "no milestone 9.9.9", status_code=400)

    def test_its_own_place_is_refused(self):
        self.assertContains(self.look(self.rows(existing="1.1.1")), "its own place", status_code=400)


class LinksTest(ReplaceTestCase):
    def setUp(self):
        super().setUp()
        self.do(self.split())
        self.new = Milestone.objects.get(number="1.1.2")

    def test_the_item_page_links_both_ways(self):
        page = self.client.get(f"/r/plan/items/{self.item.pk}/")
        self.assertContains(page, f'In its place: <a href="/r/plan/items/{self.item.pk}/#m{self.new.pk}">1.1.2</a>')
        self.assertContains(
            page, f'In place of: <a href="/r/plan/items/{self.item.pk}/#m{self.milestone.pk}">1.1.1</a>'
        )
        self.assertContains(page, "1 of them replaced")

    def test_why_names_what_stands_in_its_place(self):
        why = self.client.get(f"/r/plan/milestones/{self.milestone.pk}/why/")
        self.assertContains(why, "In its place:")
        self.assertContains(why, ">1.1.3</a>")

    def test_it_comes_back_only_when_nothing_stands_in_its_place(self):
        self.milestone.refresh_from_db()
        with self.assertRaisesMessage(Exception, "drop that first"):
            self.milestone.decide_control("on", basis="Ошибка", by=self.administrator)
        for new in [r.new for r in self.milestone.replaced_by.all()]:
            new.decide_control("dropped", basis="Ошибка", by=self.administrator, on=make.DAY, reason="cancelled")
        self.milestone.decide_control("on", basis="Ошибка", by=self.administrator)
        self.assertFalse(self.milestone.replaced_by.exists())


class SharesTest(TrackerTestCase):
    def test_even_parts_that_weigh_the_same(self):
        self.assertEqual((shares(5, 2), shares(6, 3), shares(1, 3)), ([3, 2], [2, 2, 2], [1, 1, 1]))
