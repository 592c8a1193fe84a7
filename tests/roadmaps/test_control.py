"""Closing, dropping and restoring: a decision with basis and day, looked at before it is made."""

from datetime import date, timedelta

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Control, Milestone

BASIS = "Решение заседания № 4 от 18.05.2026"


class ControlTestCase(TrackerTestCase):
    def setUp(self):
        self.client.force_login(self.administrator)

    def address(self, target):
        kind = "milestones" if isinstance(target, Milestone) else "items"
        return f"/r/plan/{kind}/{target.pk}/control/"

    def look(self, target, control="closed", **typed_in):
        page = self.client.get(self.address(target))
        return self.client.post(
            self.address(target), typed(page, verb="preview", control=control, **{"basis": BASIS, **typed_in})
        )

    def decide(self, target, control="closed", **typed_in):
        looked = self.look(target, control, **typed_in)
        return self.client.post(self.address(target), typed(looked, verb="do", control=control, **typed_in))


class MilestoneTest(ControlTestCase):
    def test_closing_counts_as_completed(self):
        response = self.decide(self.milestone, on="18.05.2026")
        self.assertRedirects(response, self.milestone.get_absolute_url(), fetch_redirect_response=False)
        self.milestone.refresh_from_db()
        self.assertTrue(self.milestone.is_completed)
        self.assertEqual((self.milestone.control_on, self.milestone.control_basis), (date(2026, 5, 18), BASIS))
        self.kz_commitment.refresh_from_db()
        self.assertEqual(self.kz_commitment.control, Control.CLOSED)

    def test_it_is_recorded_with_person_and_basis(self):
        self.decide(self.milestone, on="18.05.2026")
        last = ChangeSet.objects.first()
        self.assertEqual((last.person, last.reason), (self.administrator, BASIS))

    def test_looking_saves_nothing(self):
        before, version = ChangeSet.objects.count(), self.milestone.version
        response = self.look(self.milestone, on="18.05.2026")
        self.assertContains(response, "Nothing is saved yet.")
        self.milestone.refresh_from_db()
        self.assertEqual((self.milestone.control, self.milestone.version), ("on", version))
        self.assertEqual(ChangeSet.objects.count(), before)

    def test_the_preview_says_what_changes(self):
        make.milestone(self.item, term="2027")
        effect = self.look(self.milestone, "dropped", drop_reason="cancelled").context["effect"]
        lines = {str(line.label): (line.before, line.after) for line in effect.lines}
        self.assertEqual(lines["Milestones that count"], (2, 1))
        self.assertEqual(lines["Dropped, apart from those replaced"], (0, 1))
        [(_before, after)] = effect.milestones
        self.assertEqual(after.timeliness, "dropped")
        [(_item, standing, new)] = effect.items
        self.assertEqual((standing.total, new.total, new.dropped), (2, 1, 1))

    def test_closing_what_reports_do_not_show_completed_says_so(self):
        response = self.look(self.milestone, on="18.05.2026")
        self.assertContains(response, "accepted reports do not show it as completed; 0 of 2 parties")
        self.assertContains(response, "Not completed:")

    def test_what_reports_show_completed_raises_no_doubt(self):
        for commitment, author, reviewer in (
            (self.kz_commitment, self.kz_analyst, self.reviewer),
            (self.ru_commitment, self.ru_analyst, self.reviewer),
        ):
            report = make.report(
                commitment_=commitment,
                state="submitted",
                author=author,
                execution="completed",
                percent=100,
                done_on=date(2026, 4, 1),
                narrative="Сделано",
                without_document=True,
            )
            report.accept(by=reviewer)
        self.assertNotContains(self.look(self.milestone, on="18.05.2026"), "do not show it as completed")

    def test_a_decision_after_the_term_is_completed_late(self):
        milestone = make.milestone(self.item, term="31.03.2026")
        self.assertContains(self.look(milestone, on="18.05.2026"), "completed late")

    def test_dropping_needs_a_reason(self):
        response = self.look(self.milestone, "dropped")
        self.assertContains(response, "Say why it is dropped", status_code=400)

    def test_it_needs_a_basis(self):
        self.assertContains(self.look(self.milestone, basis=" "), "Give the basis", status_code=400)

    def test_a_day_to_come_is_refused(self):
        tomorrow = self.roadmap.today() + timedelta(days=1)
        response = self.look(self.milestone, on=f"{tomorrow:%d.%m.%Y}")
        self.assertContains(response, "not in the future", status_code=400)

    def test_restoring_counts_again_and_asks_the_parties(self):
        self.decide(self.milestone, "dropped", drop_reason="cancelled")
        round_ = make.round_(self.roadmap)
        self.decide(self.milestone, "on", drop_reason="")
        self.milestone.refresh_from_db()
        self.assertEqual(
            (self.milestone.control, self.milestone.control_on, self.milestone.drop_reason), ("on", None, "")
        )
        self.assertEqual(round_.reports.filter(commitment__milestone=self.milestone).count(), 2)

    def test_restoring_is_offered_only_for_what_is_not_on_control(self):
        page = self.client.get(self.address(self.milestone))
        self.assertNotContains(page, "Restore: put it back")

    def test_sent_twice_has_one_effect(self):
        looked = self.look(self.milestone, on="18.05.2026")
        sent = typed(looked, verb="do", control="closed")
        self.client.post(self.address(self.milestone), sent)
        sets = ChangeSet.objects.count()
        response = self.client.post(self.address(self.milestone), sent)
        self.assertEqual(response.status_code, 302)
        self.assertEqual(ChangeSet.objects.count(), sets)

    def test_what_was_not_looked_at_is_not_done(self):
        looked = self.look(self.milestone, on="18.05.2026")
        response = self.client.post(
            self.address(self.milestone), typed(looked, verb="do", control="dropped", drop_reason="cancelled")
        )
        self.assertContains(response, "Look at the effect again")
        self.milestone.refresh_from_db()
        self.assertEqual(self.milestone.control, "on")

    def test_a_change_since_the_preview_is_looked_at_again(self):
        looked = self.look(self.milestone, on="18.05.2026")
        Milestone.objects.filter(pk=self.milestone.pk).update(weight=5)
        response = self.client.post(self.address(self.milestone), typed(looked, verb="do", control="closed"))
        self.assertContains(response, "Something has changed since the preview")
        self.milestone.refresh_from_db()
        self.assertEqual(self.milestone.control, "on")

    def test_a_closed_roadmap_changes_no_more(self):
        type(self.roadmap).objects.filter(pk=self.roadmap.pk).update(state="closed")
        self.assertContains(self.look(self.milestone), "its plan no longer changes", status_code=409)


class WhoTest(ControlTestCase):
    def test_others_see_it_but_may_not(self):
        for user in (self.observer, self.kz_analyst, self.reviewer, self.coordinator):
            self.client.force_login(user)
            for target in (self.milestone, self.item):
                for send in (self.client.get, self.client.post):
                    self.assertEqual(send(self.address(target)).status_code, 403, (user, target))

    def test_who_has_no_grant_finds_nothing(self):
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(self.address(self.milestone)).status_code, 404)
        self.assertEqual(self.client.post(self.address(self.item)).status_code, 404)

    def test_a_milestone_of_another_roadmap_is_not_found(self):
        other = make.milestone(make.item(make.roadmap("other")))
        self.assertEqual(self.client.get(f"/r/plan/milestones/{other.pk}/control/").status_code, 404)


class ItemTest(ControlTestCase):
    def test_its_milestones_go_along(self):
        second = make.milestone(self.item)
        self.decide(self.item, "dropped", drop_reason="irrelevant", on="18.05.2026")
        self.item.refresh_from_db()
        self.assertEqual(self.item.control, "dropped")
        for milestone in (self.milestone, second):
            milestone.refresh_from_db()
            self.assertEqual((milestone.control, milestone.drop_reason), ("dropped", "irrelevant"))

    def test_a_milestone_dropped_before_keeps_its_own_decision(self):
        second = make.milestone(self.item)
        second.decide_control("dropped", basis="Протокол № 1", by=self.administrator, on=make.DAY, reason="cancelled")
        self.decide(self.item, "closed", on="18.05.2026")
        self.decide(self.item, "on")
        second.refresh_from_db()
        self.milestone.refresh_from_db()
        self.assertEqual((second.control, second.control_basis), ("dropped", "Протокол № 1"))
        self.assertEqual(self.milestone.control, "on")

    def test_a_day_to_come_is_refused_by_the_verb_too(self):
        with self.assertRaisesMessage(Exception, "lies in the future"):
            self.item.decide_control("closed", basis="Протокол", by=self.administrator, on=date(2199, 1, 1))


class TotalsTest(ControlTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.second = make.milestone(cls.item, number="1.1.2", term="2027")
        cls.milestone.decide_control("dropped", basis=BASIS, by=cls.administrator, on=make.DAY, reason="cancelled")

    def test_the_overview_shows_dropped_apart(self):
        page = self.client.get("/r/plan/")
        axes = {
            name: (total, sum(figure.count for figure in figures)) for name, _t, total, figures in page.context["axes"]
        }
        self.assertEqual(axes["execution"], (1, 1))
        self.assertEqual(axes["control"], (2, 2))
        [dropped] = page.context["dropped"]
        self.assertEqual((dropped.value, dropped.count), ("cancelled", 1))
        rows = self.client.get(dropped.url).context["page"].object_list
        self.assertEqual([milestone.pk for milestone in rows], [self.milestone.pk])

    def test_each_count_of_execution_leads_to_as_many_rows(self):
        page = self.client.get("/r/plan/")
        execution = next(figures for name, _t, _n, figures in page.context["axes"] if name == "execution")
        for figure in execution:
            self.assertEqual(self.client.get(figure.url).context["page"].paginator.count, figure.count, figure)

    def test_the_status_table_counts_dropped_apart(self):
        figures = self.client.get("/r/plan/milestones/").context["figures"]
        self.assertEqual((figures["total"], figures["dropped"], figures["other"]), (2, 1, 1))

    def test_the_item_says_how_many_are_dropped(self):
        self.assertContains(self.client.get(f"/r/plan/items/{self.item.pk}/"), "1 dropped")
