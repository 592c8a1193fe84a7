"""Roadmaps, milestones' control and amendments in the administration."""

from tests import make
from tests.base import TrackerTestCase
from tests.pages import sentences, typed
from tracker.history.models import ChangeSet
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Milestone, Roadmap


class PlanAdminTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)

    def send(self, path, **changes):
        return self.client.post(path, typed(self.client.get(path), **changes))


class RoadmapTest(PlanAdminTestCase):
    def path(self, roadmap):
        return f"/admin/roadmaps/roadmap/{roadmap.pk}/change/"

    def test_adopting_locks_the_terms(self):
        draft = make.roadmap("draft", state="draft")
        data = {
            "action": "adopt",
            "_selected_action": [draft.pk, self.roadmap.pk],
            "index": "0",
            "change_reason": "Душанбе",
        }
        response = self.client.post("/admin/roadmaps/roadmap/", data, follow=True)
        draft.refresh_from_db()
        self.assertEqual(draft.state, Roadmap.State.ADOPTED)
        self.assertIsNotNone(draft.adopted_on)
        self.assertIn("1 roadmap adopted.", sentences(response))
        self.assertIn("The roadmap is already adopted.", " ".join(sentences(response)))
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "Душанбе")

    def test_the_state_is_not_typed(self):
        self.send(self.path(self.roadmap), state="draft", slug="plan-2")
        self.roadmap.refresh_from_db()
        self.assertEqual((self.roadmap.state, self.roadmap.slug), ("adopted", "plan-2"))

    def test_areas_in_another_order_move_their_milestones(self):
        other = make.milestone(make.item(self.roadmap, number="2.1", area_=make.area("transport")))
        with_areas = [place.area.code for place in self.roadmap.areas.all()]
        self.assertEqual(with_areas, ["energy", "transport"])
        self.send(self.path(self.roadmap), areas__0__position=2, areas__1__position=1)
        self.assertEqual(
            [m.pk for m in Milestone.objects.filter(roadmap=self.roadmap).in_plan_order()],
            [other.pk, self.milestone.pk],
        )

    def test_an_area_with_items_stays(self):
        draft = make.roadmap("draft", state="draft")
        make.item(draft, number="1")
        response = self.send(self.path(draft), areas__0__DELETE="on", slug="renamed")
        self.assertIn("“Energy” still has items: move them to another area first.", sentences(response))
        draft.refresh_from_db()
        self.assertEqual((draft.areas.count(), draft.slug), (2, "draft"))

    def test_a_draft_with_items_says_what_holds_it(self):
        draft = make.roadmap("draft", state="draft")
        make.item(draft, number="1")
        self.client.post(f"/admin/roadmaps/roadmap/{draft.pk}/delete/", {"post": "yes"})
        self.assertTrue(Roadmap.objects.filter(pk=draft.pk).exists())


class ControlTest(PlanAdminTestCase):
    def setUp(self):
        super().setUp()
        self.path = f"/admin/roadmaps/milestone/{self.milestone.pk}/change/"

    def test_a_milestone_is_dropped_by_the_verb(self):
        self.send(
            self.path, control="dropped", control_on="2026-05-01", control_basis="Протокол № 3", drop_reason="cancelled"
        )
        self.milestone.refresh_from_db()
        self.kz_commitment.refresh_from_db()
        self.assertEqual((self.milestone.control, self.milestone.drop_reason), ("dropped", "cancelled"))
        self.assertEqual(self.kz_commitment.control, "dropped")
        told = ChangeSet.objects.latest("pk")
        self.assertEqual((told.person, told.reason), (self.administrator, "Протокол № 3"))

    def test_it_needs_its_basis(self):
        response = self.send(self.path, control="closed")
        self.assertIn("Give the day and the basis of the decision.", sentences(response))

    def test_it_needs_to_say_why(self):
        response = self.send(self.path, control="dropped", control_on="2026-05-01", control_basis="Протокол № 3")
        self.assertIn("Say why it is dropped, and only then.", sentences(response))

    def test_put_back_on_control_its_parties_are_asked_again(self):
        self.milestone.decide_control("closed", basis="Протокол № 3", by=self.administrator, on=make.DAY)
        self.item.participations.create(party=self.tajikistan, role="participant")
        self.send(self.path, control="on", control_on="", control_basis="")
        self.assertTrue(self.milestone.commitments.filter(party=self.tajikistan).exists())

    def test_a_wording_is_corrected_beside_it(self):
        self.send(
            self.path, control="closed", control_on="2026-05-01", control_basis="Протокол № 3",
            **{"wording:ru": "Формат принят"},
        )  # fmt: skip
        self.milestone.refresh_from_db()
        self.assertEqual((self.milestone.wording["ru"], self.milestone.control), ("Формат принят", "closed"))

    def test_the_only_milestone_of_an_item_stays(self):
        draft = make.item(make.roadmap("draft", state="draft"))
        first, second = make.milestone(draft), make.milestone(draft)
        self.client.post(f"/admin/roadmaps/milestone/{second.pk}/delete/", {"post": "yes"})
        self.assertFalse(Milestone.objects.filter(pk=second.pk).exists())
        self.assertEqual(
            self.client.post(f"/admin/roadmaps/milestone/{first.pk}/delete/", {"post": "yes"}).status_code, 403
        )


class AmendmentTest(PlanAdminTestCase):
    def amend(self, **changes):
        path = "/admin/roadmaps/amendment/add/"
        data = {"roadmap": self.roadmap.pk, "number": "2", "signed_on": "2026-04-01", "moves__TOTAL_FORMS": 1,
                "moves__0__milestone": self.milestone.pk, "moves__0__after_text": "IV квартал 2026 г."}  # fmt: skip
        return self.send(path, **data | changes)

    def test_it_moves_agreed_terms_through_the_register(self):
        self.assertRedirects(self.amend(), "/admin/roadmaps/amendment/")
        self.milestone.refresh_from_db()
        self.kz_commitment.refresh_from_db()
        self.assertEqual((self.milestone.first.text, self.milestone.agreed.text), ("30.06.2026", "IV квартал 2026 г."))
        self.assertEqual(str(self.kz_commitment.due_on), "2026-12-31")
        move = DeadlineChange.objects.get(milestone=self.milestone)
        self.assertEqual((move.term, move.state, move.decided_by), ("agreed", "approved", self.administrator))

    def test_an_open_proposal_does_not_hinder_it(self):
        DeadlineChange.propose(self.milestone, "31.10.2026", by=self.kz_analyst, party=self.kazakhstan)
        self.assertRedirects(self.amend(), "/admin/roadmaps/amendment/")

    def test_a_milestone_of_another_roadmap_is_refused(self):
        other = make.milestone(make.item(make.roadmap("other")))
        response = self.amend(moves__0__milestone=other.pk)
        self.assertIn("This milestone is of another roadmap.", sentences(response))

    def test_its_moves_stay(self):
        self.amend()
        amendment = self.milestone.deadline_changes.get().amendment
        page = self.client.get(f"/admin/roadmaps/amendment/{amendment.pk}/change/")
        self.assertNotIn("moves-0-after_text", typed(page))
        self.assertContains(page, "IV квартал 2026 г.")

    def test_it_is_corrected_when_it_has_moves(self):
        self.amend()
        amendment = self.milestone.deadline_changes.get().amendment
        path = f"/admin/roadmaps/amendment/{amendment.pk}/change/"
        self.assertRedirects(self.send(path, number="3"), "/admin/roadmaps/amendment/")
        amendment.refresh_from_db()
        self.assertEqual((amendment.number, amendment.moves.count()), ("3", 1))
