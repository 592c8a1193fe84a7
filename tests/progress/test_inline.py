"""One field changed in the status table: in its cell (htmx) or on a page of its own."""

import re
from datetime import UTC, datetime
from unittest import mock

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.lib.texts import Texts
from tracker.progress.inline import editable
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Executor, Item, Milestone, Participation, Roadmap, Role

TABLE = "/r/plan/milestones/"
PROPOSAL = {"to": "31.10.2099", "reason": "approval", "text": "Согласование ещё идёт"}


class Inline(TrackerTestCase):
    """The item 1.1 has the milestones 1.1.1 (open) and 1.1.2 (completed): 50 percent by equal weights."""

    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
            cls.second = make.milestone(cls.item, number="1.1.2", term="31.12.2026")
            cls.second.decide_control("closed", basis="Протокол № 3", by=cls.administrator)
            cls.ministry = make.organisation("Министерство энергетики Казахстана", party=cls.kazakhstan)
            cls.agency = make.organisation("Агентство по атомной энергии", party=cls.kazakhstan)
            cls.joint = make.organisation("Совместный комитет по энергетике")
            cls.foreign = make.organisation("Минэнерго России (энергетика)", party=cls.russia)
            cls.part = cls.item.participations.get(party=cls.kazakhstan)
            Executor.objects.create(participation=cls.part, organisation=cls.ministry, position=1)

    def setUp(self):
        self.client.force_login(self.administrator)

    def address(self, field, row=None):
        row = row or (self.item if field in ("executors", "note") else self.milestone)
        kind = "items" if isinstance(row, Item) else "milestones"
        return f"/r/plan/{kind}/{row.pk}/edit/{field}/"

    def in_cell(self, query=""):
        return {"HX-Request": "true", "HX-Current-URL": f"http://testserver{TABLE}{query}"}

    def send(self, field, *, row=None, cell=True, query="", **changes):
        """Open the form and send it with something typed."""
        headers = self.in_cell(query) if cell else {}
        page = self.client.get(self.address(field, row), headers=headers)
        fields = {"verb": "save"} | typed(page, **changes)
        return self.client.post(self.address(field, row), fields, headers=headers)

    def stored(self, row=None):
        row = row or self.milestone
        return type(row).objects.get(pk=row.pk)

    def executors(self):
        return [str(executor.organisation) for executor in self.part.executors.select_related("organisation")]


class WeightTest(Inline):
    def test_the_table_comes_back_with_what_follows_from_the_weight(self):
        before = self.client.get(TABLE).content.decode()
        self.assertIn("50 %", re.search(rf'<tr class="item" id="i{self.item.pk}">.*', before)[0])
        response = self.send("weight", weight="3", change_reason="Протокол № 7")
        self.assertEqual(self.stored().weight, 3)
        self.assertEqual((response["HX-Retarget"], response["HX-Reswap"]), ("#table", "innerHTML"))
        after = response.content.decode()
        self.assertIn("25 %", re.search(rf'<tr class="item" id="i{self.item.pk}">.*', after)[0])
        self.assertContains(response, "Saved: the weight of 1.1.1 is now 3.")

    def test_it_is_one_change_set_with_person_and_reason_and_can_be_undone(self):
        response = self.send("weight", weight="3", change_reason="Протокол № 7")
        found = ChangeSet.objects.latest("pk")
        self.assertEqual((found.person, found.reason, found.source), (self.administrator, "Протокол № 7", "page"))
        self.assertContains(response, f'href="/changes/{found.pk}/"')

    def test_the_answer_is_the_table_as_its_address_asks(self):
        response = self.send("weight", weight="3", query="?execution=completed")
        self.assertNotContains(response, f'id="m{self.milestone.pk}"')
        self.assertContains(self.send("weight", weight="4", query="?group=none"), f'id="m{self.milestone.pk}"')

    def test_without_javascript_it_is_a_page_and_leads_back_to_the_row(self):
        page = self.client.get(self.address("weight"), headers={"Referer": f"http://testserver{TABLE}?area=energy"})
        self.assertContains(page, "<h1>")
        response = self.client.post(self.address("weight"), typed(page, weight="3"), follow=True)
        self.assertEqual(response.redirect_chain[0][0], f"{TABLE}?area=energy#m{self.milestone.pk}")
        self.assertContains(response, "Saved: the weight of 1.1.1 is now 3.")
        self.assertContains(response, f'<a href="/changes/{ChangeSet.objects.latest("pk").pk}/">Undo</a>')

    def test_it_leads_only_to_lists_of_its_roadmap(self):
        for there in (
            "https://evil.example/",
            "//evil.example/r/plan/milestones/",
            "/account/",
            "/r/other/milestones/",
        ):
            with self.subTest(there):
                response = self.send("weight", cell=False, weight="3", next=there)
                self.assertEqual(response["Location"], f"{TABLE}#m{self.milestone.pk}")

    def test_what_is_no_weight_comes_back_as_typed(self):
        for text in ("0", "много", "", "1001001"):
            with self.subTest(text):
                response = self.send("weight", weight=text)
                self.assertContains(response, "aria-invalid", status_code=400)
                self.assertContains(response, f'value="{text}"' if text else 'name="weight"', status_code=400)
        self.assertEqual(self.stored().weight, 1)

    def test_from_a_page_without_the_table_it_leads_there(self):
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/r/plan/"}
        page = typed(self.client.get(self.address("weight"), headers=headers), weight="3")
        response = self.client.post(self.address("weight"), page, headers=headers)
        self.assertEqual(response["HX-Redirect"], f"{TABLE}#m{self.milestone.pk}")

    def test_sent_twice_it_has_one_effect(self):
        page = typed(self.client.get(self.address("weight")), weight="3")
        self.client.post(self.address("weight"), page)
        sets = ChangeSet.objects.count()
        self.assertEqual(self.client.post(self.address("weight"), page).status_code, 302)
        self.assertEqual((ChangeSet.objects.count(), self.stored().weight), (sets, 3))

    def test_over_what_was_saved_meanwhile_both_are_shown_and_either_may_be_taken(self):
        page = typed(self.client.get(self.address("weight")), weight="3")
        other = self.stored()
        other.weight = 7
        other.save()
        response = self.client.post(self.address("weight"), page, headers=self.in_cell())
        self.assertContains(response, "Stored now:", status_code=409)
        self.assertContains(response, '<p class="as-typed">7</p>', status_code=409)
        self.assertContains(response, 'name="weight" value="3"', status_code=409)
        self.assertContains(response, "Take theirs", status_code=409)
        self.assertEqual(self.stored().weight, 7)
        again = self.client.post(self.address("weight"), typed(response), headers=self.in_cell())
        self.assertContains(again, "is now 3.")
        self.assertEqual(self.stored().weight, 3)

    def test_only_who_administers_may(self):
        for person in (self.reviewer, self.kz_analyst, self.observer):
            self.client.force_login(person)
            for headers in ({}, self.in_cell()):
                with self.subTest(person, headers=headers):
                    refused = self.client.get(self.address("weight"), headers=headers)
                    self.assertContains(refused, "Only an administrator may change the plan.", status_code=403)
                    sent = self.client.post(self.address("weight"), {"weight": "3"}, headers=headers)
                    self.assertEqual(sent.status_code, 403)
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(self.address("weight")).status_code, 404)
        self.assertEqual(self.client.post(self.address("weight"), {"weight": "3"}).status_code, 404)
        self.assertEqual(self.stored().weight, 1)

    def test_a_past_day_is_only_read(self):
        address = self.address("weight")
        fields = typed(self.client.get(address), weight="3")
        for past, headers in (
            (f"{address}?on=2026-02-01", {}),
            (f"{address}?on=2026-02-01", self.in_cell()),
            (address, self.in_cell("?on=2026-02-01")),
        ):
            with self.subTest(past, headers=headers):
                self.assertContains(self.client.get(past, headers=headers), "it can only be read")
                response = self.client.post(past, fields, headers=headers)
                self.assertContains(response, "it can only be read", status_code=409)
        response = self.client.post(address, fields | {"next": f"{TABLE}?on=2026-02-01"})
        self.assertContains(response, "it can only be read", status_code=409)
        self.assertEqual(self.stored().weight, 1)

    def test_of_a_closed_roadmap_nothing_is_edited(self):
        fields = typed(self.client.get(self.address("weight")), weight="3")
        Roadmap.objects.filter(pk=self.roadmap.pk).update(state=Roadmap.State.CLOSED)
        self.assertContains(self.client.get(self.address("weight")), "its plan no longer changes")
        response = self.client.post(self.address("weight"), fields, headers=self.in_cell())
        self.assertContains(response, "its plan no longer changes", status_code=409)
        self.assertContains(response, 'value="3"', status_code=409)
        self.assertEqual(self.stored().weight, 1)

    def test_other_fields_and_methods_are_not_known(self):
        for field in ("percent", "executors", "wording"):
            self.assertEqual(self.client.get(self.address(field, self.milestone)).status_code, 404)
        self.assertEqual(self.client.put(self.address("weight")).status_code, 405)


class AtThisVeryMomentTest(Inline):
    """Somebody else saves between the check of the form and its write."""

    def send_after(self, others, field, page, **changes):
        def later(**options):
            others()
            return change_set(**options)

        with mock.patch("tracker.progress.views.inline.change_set", later):
            return self.client.post(self.address(field), page | changes, headers=self.in_cell())

    def test_a_weight(self):
        page = typed(self.client.get(self.address("weight")), weight="3")
        stored = Milestone.objects.filter(pk=self.milestone.pk)
        response = self.send_after(lambda: stored.update(weight=7), "weight", page)
        self.assertContains(response, '<p class="as-typed">7</p>', status_code=409)
        self.assertContains(response, 'name="weight" value="3"', status_code=409)
        self.assertEqual(self.stored().weight, 7)

    def test_executors(self):
        def others():
            self.part.executors.all().delete()
            Participation.objects.filter(pk=self.part.pk).update(role="lead")

        page = typed_all(self.client.get(self.address("executors")))
        chosen = {f"{self.part.pk}-responsible": self.joint.pk}
        response = self.send_after(others, "executors", page, verb="save", **chosen)
        self.assertContains(response, "Stored now:", status_code=409)
        self.assertContains(response, str(self.joint), status_code=409)
        self.assertEqual(self.executors(), [])


class TextTest(Inline):
    def test_the_note_of_an_item_is_written_in_its_languages(self):
        response = self.send("note", note__ru="x", **{"note:ru": "Ёмкость — по данным Сторон", "note:en": "As given"})
        self.assertContains(response, "Saved: the note of 1.1.")
        note = self.stored(self.item).note
        self.assertEqual((note["ru"], note["en"]), ("Ёмкость — по данным Сторон", "As given"))
        page = self.send("note", cell=False, **{"note:en": "As the parties gave it"})
        self.assertEqual(page["Location"], f"{TABLE}#i{self.item.pk}")

    def test_what_counts_as_proof(self):
        response = self.send("proof", **{"proof:ru": "Подписанный протокол"})
        self.assertContains(response, "Saved: what counts as proof of 1.1.1.")
        self.assertEqual(self.stored().proof["ru"], "Подписанный протокол")

    def test_a_note_saved_meanwhile_stands_beside_what_was_typed(self):
        page = typed(self.client.get(self.address("note")), **{"note:ru": "Моё"})
        other = self.stored(self.item)
        other.note = Texts(ru="Чужое", en="Theirs")
        other.save()
        response = self.client.post(self.address("note"), page)
        for text in ("RU: Чужое", "EN: Theirs", "Моё"):
            self.assertContains(response, text, status_code=409)


class ProposedTermTest(Inline):
    def setUp(self):
        self.client.force_login(self.kz_analyst)

    def test_an_analyst_proposes_and_the_term_stands(self):
        response = self.send("term", **PROPOSAL)
        self.assertContains(response, "Proposed: 31.10.2099 for 1.1.1.")
        change = DeadlineChange.objects.get()
        self.assertEqual(
            (change.proposed_by, change.party, change.state), (self.kz_analyst, self.kazakhstan, "proposed")
        )
        self.assertEqual(self.stored().term_text, "30.06.2026")
        self.assertContains(response, f'href="/deadlines/{change.pk}/"')

    def test_an_administrator_proposes_for_the_secretariat(self):
        self.client.force_login(self.administrator)
        self.send("term", **PROPOSAL)
        self.assertIsNone(DeadlineChange.objects.get().party)

    def test_what_is_wrong_comes_back_as_typed(self):
        response = self.send("term", **PROPOSAL | {"to": "когда-нибудь"})
        self.assertContains(response, "This term cannot be read.", status_code=400)
        self.assertContains(response, "Согласование ещё идёт", status_code=400)
        response = self.send("term", **PROPOSAL | {"to": "01.02.2026"})
        self.assertContains(response, 'name="has_passed"', status_code=400)
        self.assertFalse(DeadlineChange.objects.exists())

    def test_sent_twice_it_is_proposed_once(self):
        page = typed(self.client.get(self.address("term")), **PROPOSAL)
        for _time in range(2):
            self.assertContains(
                self.client.post(self.address("term"), page, headers=self.in_cell()), "Proposed: 31.10.2099"
            )
        self.assertEqual(DeadlineChange.objects.count(), 1)

    def test_what_waits_for_a_decision_is_said_and_the_text_is_kept(self):
        page = typed(self.client.get(self.address("term")), **PROPOSAL)
        make.deadline_change(self.milestone, "30.09.2099", by=self.reviewer)
        self.assertContains(self.client.get(self.address("term")), "waits for a decision first")
        response = self.client.post(self.address("term"), page, headers=self.in_cell())
        self.assertContains(response, "waits for a decision first", status_code=409)
        self.assertContains(response, "Согласование ещё идёт", status_code=409)

    def test_a_term_moved_meanwhile_stands_beside_what_was_typed(self):
        page = typed(self.client.get(self.address("term")), **PROPOSAL)
        make.deadline_change(self.milestone, "30.09.2099", by=self.reviewer, decided_by=self.second_reviewer)
        response = self.client.post(self.address("term"), page, headers=self.in_cell())
        self.assertContains(response, '<p class="as-typed">30.09.2099</p>', status_code=409)
        self.assertContains(response, 'value="31.10.2099"', status_code=409)
        self.assertEqual(DeadlineChange.objects.count(), 1)
        self.client.post(self.address("term"), typed(response), headers=self.in_cell())
        self.assertEqual(DeadlineChange.objects.count(), 2)

    def test_who_writes_nothing_of_it_may_not(self):
        make.grant(self.stranger, Role.ANALYST, roadmap=self.roadmap, party=self.tajikistan)
        for person in (self.stranger, self.observer, self.coordinator):
            self.client.force_login(person)
            self.assertEqual(self.client.get(self.address("term")).status_code, 403)
            self.assertEqual(self.client.post(self.address("term"), PROPOSAL).status_code, 403)

    def test_a_completed_milestone_keeps_its_term(self):
        page = self.client.get(self.address("term", self.second), headers=self.in_cell())
        self.assertContains(page, "The milestone is completed")
        self.assertNotContains(page, 'name="to"')


class WordedTermTest(Inline):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        Roadmap.objects.filter(pk=cls.roadmap.pk).update(state=Roadmap.State.DRAFT)

    def test_in_a_draft_the_administrator_words_it(self):
        response = self.send("term", term="IV квартал 2026 г.")
        self.assertContains(response, "Saved: the term of 1.1.1 is now")
        milestone = self.stored()
        self.assertEqual({milestone.first_text, milestone.agreed_text, milestone.term_text}, {"IV квартал 2026 г."})
        self.assertEqual(str(milestone.commitments.first().due_on), "2026-12-31")

    def test_others_are_told_why_not(self):
        self.client.force_login(self.reviewer)
        self.assertContains(self.client.get(self.address("term")), "The plan is a draft")
        self.assertContains(self.client.post(self.address("term"), PROPOSAL), "The plan is a draft", status_code=409)

    def test_adopted_meanwhile_it_is_not_worded_any_more(self):
        page = typed(self.client.get(self.address("term")), term="31.12.2027")
        self.roadmap.refresh_from_db()
        self.roadmap.adopt(by=self.administrator)
        response = self.client.post(self.address("term"), page)
        self.assertContains(response, 'name="to" value="31.12.2027"', status_code=400)
        self.assertEqual(self.stored().term_text, "30.06.2026")


class ExecutorsTest(Inline):
    def press(self, page, verb, **changes):
        return self.client.post(self.address("executors"), typed_all(page) | changes | {"verb": verb},
                                headers=self.in_cell())  # fmt: skip

    def test_one_is_found_added_made_first_and_saved_at_once(self):
        page = self.client.get(self.address("executors"), headers=self.in_cell())
        page = self.press(page, "find", q="атомн")
        self.assertContains(page, f'value="add-{self.part.pk}-{self.agency.pk}"')
        page = self.press(page, f"add-{self.part.pk}-{self.agency.pk}")
        page = self.press(page, f"first-{self.part.pk}-{self.agency.pk}")
        self.assertEqual(self.executors(), [str(self.ministry)], "nothing is written before it is saved")
        response = self.press(page, "save", change_reason="Приказ № 5")
        self.assertContains(response, "Saved: the executors of 1.1.")
        self.assertContains(response, "Агентство по атомной энергии")
        self.assertEqual(self.executors(), [str(self.agency), str(self.ministry)])
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "Приказ № 5")

    def test_without_javascript_each_button_is_a_page(self):
        page = self.client.get(self.address("executors"))
        for verb in (f"add-{self.part.pk}-{self.joint.pk}", "save"):
            page = self.client.post(self.address("executors"), typed_all(page) | {"verb": verb})
        self.assertRedirects(page, f"{TABLE}#i{self.item.pk}")
        self.assertEqual(self.executors(), [str(self.ministry), str(self.joint)])

    def test_one_is_removed(self):
        page = self.client.get(self.address("executors"), headers=self.in_cell())
        page = self.press(page, f"remove-{self.part.pk}-{self.ministry.pk}")
        self.press(page, "save")
        self.assertEqual(self.executors(), [])

    def test_only_organisations_of_the_party_and_joint_ones_are_found(self):
        page = self.client.get(self.address("executors"))
        self.assertNotContains(page, str(self.agency))
        page = self.press(page, "find", q="ЭНЕРГЕТИК")
        self.assertContains(page, f'value="add-{self.part.pk}-{self.joint.pk}"')
        self.assertNotContains(page, f'-{self.foreign.pk}"')
        self.assertNotContains(page, f'value="add-{self.part.pk}-{self.ministry.pk}"')

    def test_another_partys_organisation_is_refused(self):
        page = self.client.get(self.address("executors"))
        page = self.press(page, f"add-{self.part.pk}-{self.foreign.pk}")
        response = self.press(page, "save")
        self.assertContains(response, "belongs to", status_code=400)
        self.assertEqual(self.executors(), [str(self.ministry)])

    def test_enter_in_the_search_searches(self):
        page = self.client.get(self.address("executors"))
        page = self.press(page, "save", q="атомн")
        self.assertContains(page, f'value="add-{self.part.pk}-{self.agency.pk}"')

    def test_a_choice_made_over_another_one_is_shown_beside_it(self):
        page = self.client.get(self.address("executors"))
        page = self.press(page, f"add-{self.part.pk}-{self.agency.pk}")
        other = self.client.get(self.address("executors"))
        other = self.press(other, f"add-{self.part.pk}-{self.joint.pk}")
        self.press(other, "save")
        response = self.press(page, "save")
        self.assertContains(response, "Stored now:", status_code=409)
        self.assertContains(response, str(self.joint), status_code=409)
        self.assertContains(response, str(self.agency), status_code=409)
        self.assertEqual(self.executors(), [str(self.ministry), str(self.joint)])
        self.press(response, "save")
        self.assertEqual(self.executors(), [str(self.ministry), str(self.agency)])

    def test_nonsense_is_no_error(self):
        page = self.client.get(self.address("executors"))
        for verb in ("add-x-y", f"add-{self.part.pk}-999999", "first-", f"remove-{self.part.pk}-²"):
            with self.subTest(verb):
                self.assertEqual(self.press(page, verb).status_code, 200)
                self.assertIn(self.press(self.press(page, verb), "save").status_code, (200, 400))
        self.assertEqual(self.executors(), [str(self.ministry)])

    def test_a_past_choice_stays_in_sight_where_the_organisation_has_ended(self):
        self.ministry.ended_on = datetime(2026, 1, 31, tzinfo=UTC).date()
        self.ministry.save()
        page = self.client.get(self.address("executors"))
        self.assertContains(page, "ended on 31.01.2026")
        page = self.press(page, f"add-{self.part.pk}-{self.agency.pk}")
        self.assertEqual(self.press(page, "save").status_code, 200)


class EditableTest(Inline):
    """What the table offers: asked once for a page."""

    def fields(self, person):
        found = editable(person, Roadmap.objects.get(pk=self.roadmap.pk))
        return set(found.milestone_fields(self.item.area_id)), set(found.item_fields(self.item.area_id))

    def test_by_role(self):
        self.assertEqual(self.fields(self.administrator), ({"weight", "term", "proof"}, {"executors", "note"}))
        for person in (self.reviewer, self.kz_analyst):
            self.assertEqual(self.fields(person), ({"term"}, set()))
        for person in (self.observer, self.coordinator, self.stranger):
            self.assertEqual(self.fields(person), (set(), set()))
            self.assertFalse(editable(person, self.roadmap))

    def test_by_area_and_party(self):
        make.grant(self.stranger, Role.ANALYST, roadmap=self.roadmap, party=self.russia, area=self.item.area)
        found = editable(self.stranger, self.roadmap)
        self.assertEqual(set(found.milestone_fields(self.item.area_id, {self.russia.pk})), {"term"})
        self.assertEqual(set(found.milestone_fields(self.item.area_id, {self.kazakhstan.pk})), set())
        self.assertEqual(set(found.milestone_fields(0, {self.russia.pk})), set())

    def test_by_the_state_of_the_roadmap(self):
        for state, plans, proposes in (("draft", True, False), ("adopted", True, True), ("closed", False, False)):
            with self.subTest(state):
                Roadmap.objects.filter(pk=self.roadmap.pk).update(state=state)
                self.assertEqual(bool(self.fields(self.administrator)[0]), plans)
                self.assertEqual(bool(self.fields(self.reviewer)[0]), proposes)

    def test_it_asks_the_database_once_a_request_at_most(self):
        roadmap = Roadmap.objects.get(pk=self.roadmap.pk)
        with self.assertNumQueries(1):
            editable(self.kz_analyst, roadmap)
        with self.assertNumQueries(0):
            editable(self.kz_analyst, roadmap)


def typed_all(page):
    """The controls of the form of executors: some names stand there more than once."""
    found = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()):
        found.setdefault(name, []).append(value)
    asked = re.search(r'<option value="(\d+)" selected', page.content.decode())
    fields = typed(page)
    return (
        {"q": fields.get("q", ""), "change_reason": fields.get("change_reason", "")}
        | found
        | ({"part": asked[1]} if asked else {})
    )
