"""Rounds: planned on a page with parts of the plan, previewed, opened, closed, taken late (domain.md §1)."""

from datetime import date, timedelta
from io import StringIO

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.lib.dates import short
from tracker.lib.errors import Conflict, NotAllowed, WrongState
from tracker.progress.board import preview_of
from tracker.progress.models import Reminder, Report, Round
from tracker.progress.models.report import taken_late
from tracker.roadmaps.models import Commitment, Participation, Roadmap

LIST = "/r/plan/rounds/"


def posted(page):
    """What the form of a round would send: the main form of the page, without the others."""
    form = page.context["form"]
    fields = {"version": form["version"].value() or "", "seen": form["seen"].value() or ""}
    fields |= {f"name:{code}": text for code, text in form.initial["name"].items()}
    for name in ("starts_on", "ends_on", "opens_on", "entry_due", "review_due"):
        fields[name] = short(form.initial[name])
    return fields | {"parts": form["parts"].value()}


class Rounds(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.energy, cls.transport = make.area("energy"), make.area("transport")
        cls.road = make.item(
            cls.roadmap, area_=cls.transport, number="2.1", parties={"KZ": "lead", "TJ": "participant"}
        )
        cls.by_road = make.milestone(cls.road, number="2.1.1")

    def asked(self, round_):
        return {
            (report.commitment.milestone.number, report.commitment.party.code)
            for report in round_.reports.select_related("commitment__milestone", "commitment__party")
        }

    def assertRecounts(self):
        out = StringIO()
        call_command("recount", stdout=out)
        self.assertIn("Everything is as computed", out.getvalue())


class SuggestionTest(TrackerTestCase):
    def test_the_next_period_follows_the_last_with_its_days(self):
        make.round_(self.roadmap, starts_on=date(2026, 1, 1))  # to 31.03.2026, due 20 and 30 days after
        found = Round.suggested(self.roadmap, on=date(2026, 5, 18))
        self.assertEqual((found.starts_on, found.ends_on), (date(2026, 4, 1), date(2026, 6, 30)))
        self.assertEqual((found.entry_due, found.review_due), (date(2026, 7, 20), date(2026, 7, 30)))
        self.assertEqual(found.name["ru"], "II квартал 2026 г.")
        self.assertEqual(found.name["en"], "Q2 2026")

    def test_the_first_covers_the_day_by_the_frequency(self):
        for frequency, expected in (
            ("monthly", (date(2026, 5, 1), date(2026, 5, 31))),
            ("quarterly", (date(2026, 4, 1), date(2026, 6, 30))),
            ("half_yearly", (date(2026, 1, 1), date(2026, 6, 30))),
            ("yearly", (date(2026, 1, 1), date(2026, 12, 31))),
        ):
            roadmap = make.roadmap(frequency=frequency)
            found = Round.suggested(roadmap, on=date(2026, 5, 18))
            self.assertEqual((found.starts_on, found.ends_on), expected, frequency)

    def test_before_the_roadmap_begins_it_is_its_first_period(self):
        roadmap = make.roadmap(starts_on=date(2027, 1, 1))
        self.assertEqual(Round.suggested(roadmap, on=date(2026, 5, 18)).starts_on, date(2027, 1, 1))


class PlanningTest(Rounds):
    def test_an_administrator_plans_what_is_suggested(self):
        self.client.force_login(self.administrator)
        page = self.client.get(f"{LIST}new/")
        self.assertContains(page, "the next period and its days are suggested")
        answer = self.client.post(f"{LIST}new/", posted(page))
        planned = Round.objects.get()
        self.assertRedirects(answer, f"{LIST}{planned.pk}/")
        self.assertEqual((planned.state, planned.parts()), ("planned", set()))
        self.assertEqual(ChangeSet.objects.first().person, self.administrator)

    def test_a_form_sent_twice_plans_one_round(self):
        self.client.force_login(self.administrator)
        fields = posted(self.client.get(f"{LIST}new/")) | {"parts": [f"{self.energy.pk}-"]}
        first, second = (self.client.post(f"{LIST}new/", fields) for _click in range(2))
        self.assertEqual((first.status_code, first.url), (302, second.url))
        self.assertEqual(Round.objects.count(), 1)

    def test_the_browser_sends_the_boxes_by_name(self):
        round_ = make.round_(self.roadmap, state="planned")
        round_.plan(by=self.administrator, parts={(self.energy.pk, None)})
        self.client.force_login(self.administrator)
        page = self.client.get(f"{LIST}{round_.pk}/edit/")
        self.assertContains(page, f'name="parts" value="{self.energy.pk}-"', count=1)
        self.assertEqual(typed(page)["parts"], f"{self.energy.pk}-")
        self.assertContains(page, f'value="-{self.kazakhstan.pk}"')
        self.assertContains(page, f'value="{self.transport.pk}-{self.russia.pk}"')

    def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(self):
        make.round_(self.roadmap, starts_on=date(2026, 1, 1))
        self.client.force_login(self.administrator)
        fields = posted(self.client.get(f"{LIST}new/"))
        answer = self.client.post(f"{LIST}new/", fields | {"entry_due": "потом", "name:ru": "Второй квартал"})
        self.assertContains(answer, "is not a day", status_code=400)
        self.assertContains(answer, "Второй квартал", status_code=400)
        answer = self.client.post(f"{LIST}new/", fields | {"starts_on": "01.03.2026"})
        self.assertContains(answer, "Another round already covers part of this period.", status_code=400)
        answer = self.client.post(f"{LIST}new/", fields | {"entry_due": "30.06.2020"})
        self.assertContains(answer, "The days must follow each other", status_code=400)
        self.assertEqual(Round.objects.count(), 1)

    def test_a_planned_round_is_changed_and_an_open_one_is_not(self):
        round_ = make.round_(self.roadmap, state="planned")
        round_.plan(by=self.administrator, parts={(self.energy.pk, None), (None, self.russia.pk)})
        self.client.force_login(self.administrator)
        address = f"{LIST}{round_.pk}/edit/"
        fields = posted(self.client.get(address)) | {"name:ru": "Иной", "parts": [f"-{self.russia.pk}"]}
        self.assertRedirects(self.client.post(address, fields), f"{LIST}{round_.pk}/")
        round_ = Round.objects.get(pk=round_.pk)
        self.assertEqual((round_.name["ru"], round_.parts()), ("Иной", {(None, self.russia.pk)}))
        self.assertEqual(self.client.post(address, fields).status_code, 302)  # the same again
        round_.open(by=self.administrator)
        self.assertContains(self.client.get(address), "Only a planned round can be changed", status_code=409)
        self.assertEqual(self.client.post(address, fields).status_code, 409)

    def test_nobody_else_plans(self):
        round_ = make.round_(self.roadmap, state="planned")
        for person in (self.reviewer, self.kz_analyst, self.coordinator, self.observer):
            self.client.force_login(person)
            self.assertEqual(self.client.get(f"{LIST}new/").status_code, 403)
            self.assertEqual(self.client.post(f"{LIST}{round_.pk}/edit/").status_code, 403)
            self.assertContains(self.client.get(LIST), "Only an administrator may change the plan.")
        with self.assertRaises(NotAllowed):
            round_.plan(by=self.reviewer)
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.get(f"{LIST}new/").status_code, 404)

    def test_two_who_change_it_at_once_see_both(self):
        round_ = make.round_(self.roadmap, state="planned")
        self.client.force_login(self.administrator)
        address = f"{LIST}{round_.pk}/edit/"
        fields = posted(self.client.get(address))
        Round.objects.get(pk=round_.pk).plan(by=self.administrator, parts={(self.energy.pk, None)})
        answer = self.client.post(address, fields | {"name:ru": "Моё название"})
        self.assertContains(answer, "saved by someone else", status_code=409)
        self.assertContains(answer, "Моё название", status_code=409)
        self.assertEqual(Round.objects.get(pk=round_.pk).parts(), {(self.energy.pk, None)})
        # with what the page now knows, it is saved
        form = answer.context["form"]
        fields |= {"name:ru": "Моё название", "version": form.data["version"], "seen": form.data["seen"]}
        self.assertEqual(self.client.post(address, fields).status_code, 302)
        self.assertEqual(Round.objects.get(pk=round_.pk).parts(), set())

    def test_parts_of_a_round_that_was_opened_meanwhile_stay(self):
        round_ = make.round_(self.roadmap, state="planned")
        stale = Round.objects.get(pk=round_.pk)
        round_.open(by=self.administrator)
        with self.assertRaises(WrongState):
            stale.plan(by=self.administrator, parts={(self.energy.pk, None)})
        self.assertEqual(stale.parts(), set())


class ScopeTest(Rounds):
    def opened(self, *parts):
        round_ = make.round_(self.roadmap, state="planned")
        round_.plan(by=self.administrator, parts=set(parts))
        expected = preview_of(round_, self.administrator).total()
        self.assertEqual(round_.open(by=self.administrator), expected)
        return round_

    def test_without_parts_it_asks_all(self):
        everything = {("1.1.1", "KZ"), ("1.1.1", "RU"), ("2.1.1", "KZ"), ("2.1.1", "TJ")}
        self.assertEqual(self.asked(self.opened()), everything)

    def test_an_area_a_party_and_a_single_cell(self):
        self.assertEqual(self.asked(self.opened((self.transport.pk, None))), {("2.1.1", "KZ"), ("2.1.1", "TJ")})

    def test_a_party(self):
        self.assertEqual(self.asked(self.opened((None, self.kazakhstan.pk))), {("1.1.1", "KZ"), ("2.1.1", "KZ")})

    def test_parts_add_up(self):
        round_ = self.opened((self.transport.pk, self.kazakhstan.pk), (None, self.russia.pk))
        self.assertEqual(self.asked(round_), {("2.1.1", "KZ"), ("1.1.1", "RU")})

    def test_newcomers_are_asked_within_the_parts_only(self):
        round_ = self.opened((self.transport.pk, None))
        for item in (self.item, self.road):
            code = "TJ" if item == self.item else "RU"
            Participation.objects.create(item=item, party=make.party(code), role="participant")
            Round.objects.filter(roadmap=self.roadmap).ask_newcomers(
                Commitment.objects.filter(pk__in=[c.pk for c in Commitment.objects.ask_for([item])])
            )
        self.assertEqual(self.asked(round_), {("2.1.1", "KZ"), ("2.1.1", "TJ"), ("2.1.1", "RU")})

    def test_the_preview_leaves_out_who_has_left(self):
        Participation.objects.filter(item=self.road, party=self.tajikistan).update(until=date(2025, 1, 1))
        self.assertEqual(self.asked(self.opened()), {("1.1.1", "KZ"), ("1.1.1", "RU"), ("2.1.1", "KZ")})

    def test_a_text_is_carried_over_a_round_that_did_not_ask_about_it(self):
        first = make.round_(self.roadmap, starts_on=date(2025, 1, 1))
        make.report(commitment_=self.kz_commitment, round__=first, state="draft", narrative="Не успели отправить")
        first.close(by=self.administrator)
        between = make.round_(self.roadmap, starts_on=date(2025, 4, 2), state="planned")
        between.plan(by=self.administrator, parts={(self.transport.pk, None)})
        between.open(by=self.administrator)
        between.close(by=self.administrator)
        self.opened()
        carried = Report.objects.get(commitment=self.kz_commitment, round__state="open")
        self.assertEqual(carried.narrative, "Не успели отправить")
        self.assertRecounts()


class PreviewPageTest(Rounds):
    def test_it_counts_by_area_and_party_before_anything_is_asked(self):
        round_ = make.round_(self.roadmap, state="planned")
        round_.plan(by=self.administrator, parts={(self.transport.pk, None)})
        self.client.force_login(self.administrator)
        page = self.client.get(f"{LIST}{round_.pk}/")
        self.assertContains(page, "2 reports, on what is unfinished today")
        self.assertEqual([(area.code, counts, all_) for area, counts, all_ in page.context["rows"]],
                         [("energy", [0, 0, 0], 0), ("transport", [1, 0, 1], 2)])  # fmt: skip
        self.assertEqual(page.context["by_party"], [1, 0, 1])
        self.assertContains(page, f"/rounds/{round_.pk}/open/")
        self.assertContains(page, "/admin/roadmaps/roadmap/")
        self.assertEqual(Report.objects.count(), 0)

    def test_an_empty_one_says_what_to_do(self):
        make.round_(self.roadmap, state="planned")
        Commitment.objects.all().update(released_on=date(2025, 1, 1))
        self.client.force_login(self.administrator)
        page = self.client.get(f"{LIST}{Round.objects.get().pk}/")
        self.assertContains(page, "Choose other parts")

    def test_who_reads_one_area_is_told_of_that_one(self):
        round_ = make.round_(self.roadmap, state="planned")
        reader = make.user()
        make.grant(reader, "observer", roadmap=self.roadmap, area=self.transport)
        self.client.force_login(reader)
        page = self.client.get(f"{LIST}{round_.pk}/")
        self.assertEqual(page.context["total"], 2)
        self.assertNotContains(page, f"/rounds/{round_.pk}/open/")


class TurningTest(Rounds):
    def test_a_double_click_opens_once_and_is_answered_as_success(self):
        round_ = make.round_(self.roadmap, state="planned")
        self.client.force_login(self.administrator)
        for _click in range(2):
            answer = self.client.post(f"/rounds/{round_.pk}/open/", {"version": round_.version})
            self.assertRedirects(answer, f"{LIST}{round_.pk}/")
        self.assertEqual(Report.objects.count(), 4)
        self.assertEqual(Round.objects.get().version, round_.version + 1)

    def test_someone_elses_click_is_told(self):
        round_ = make.round_(self.roadmap, state="planned")
        other = make.user(name="Второй администратор")
        make.grant(other, "administrator")
        Round.objects.get(pk=round_.pk).open(by=other)
        self.client.force_login(self.administrator)
        answer = self.client.post(f"/rounds/{round_.pk}/open/", {"version": round_.version})
        self.assertContains(answer, "The round is open.", status_code=409)

    def test_a_page_seen_before_a_change_does_not_open(self):
        round_ = make.round_(self.roadmap, state="planned")
        seen = round_.version
        changed = Round.objects.get(pk=round_.pk)
        changed.review_due += timedelta(days=1)
        changed.plan(by=self.administrator)
        self.client.force_login(self.administrator)
        answer = self.client.post(f"/rounds/{round_.pk}/open/", {"version": seen})
        self.assertContains(answer, "saved by someone else", status_code=409)
        self.assertEqual(Report.objects.count(), 0)

    def test_closing_is_previewed_and_counts_what_was_not_received(self):
        round_ = make.round_(self.roadmap)
        make.report(commitment_=self.kz_commitment, round__=round_, state="draft")
        make.report(commitment_=self.ru_commitment, round__=round_, state="submitted", submitted_at=timezone.now())
        self.client.force_login(self.administrator)
        page = self.client.get(f"{LIST}{round_.pk}/")
        self.assertEqual(page.context["missing"], [(self.kazakhstan, 1)])
        self.assertContains(page, "Closed now, 1 report counts as not received")
        answer = self.client.post(f"/rounds/{round_.pk}/close/", {"version": round_.version}, follow=True)
        self.assertContains(answer, "The round is closed: 1 report not received.")
        answer = self.client.post(f"/rounds/{round_.pk}/close/", {"version": round_.version})
        self.assertEqual(answer.status_code, 302)
        self.assertRecountsSilence({"KZ": 1, "RU": 0})

    def assertRecountsSilence(self, expected):
        found = dict(self.milestone.commitments.values_list("party__code", "silent_rounds"))
        self.assertEqual(found, expected)

    def test_closing_an_older_round_leaves_no_silence_where_a_later_one_was_answered(self):
        older = make.round_(self.roadmap, starts_on=date(2025, 1, 1))
        later = make.round_(self.roadmap, starts_on=date(2025, 4, 2))
        make.report(commitment_=self.kz_commitment, round__=older)
        make.report(commitment_=self.kz_commitment, round__=later, state="returned")
        Commitment.objects.filter(pk=self.kz_commitment.pk).update(answer="asked")
        older.close(by=self.administrator)
        self.assertRecountsSilence({"KZ": 0, "RU": 0})
        self.assertRecounts()


class LateTest(Rounds):
    def setUp(self):
        super().setUp()
        self.today = self.roadmap.today()
        self.round = make.round_(self.roadmap, starts_on=date(2025, 1, 1), state="planned")
        self.round.open(by=self.administrator)
        self.kz = self.round.reports.get(commitment=self.kz_commitment)
        self.ru = self.round.reports.get(commitment=self.ru_commitment)

    def close(self):
        self.round = Round.objects.get(pk=self.round.pk)
        self.round.close(by=self.administrator)

    def allow(self, days=3):
        return self.round.allow_late(
            self.kazakhstan, until=self.today + timedelta(days=days), reason="Письмо № 7", by=self.administrator
        )

    def fresh(self, report):
        return Report.objects.get(pk=report.pk)

    def test_what_was_sent_is_accepted_after_closing(self):
        report = self.fresh(self.kz)
        report.narrative = "Сделано"
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        self.close()
        report = self.fresh(report)
        report.accept(by=self.reviewer)
        self.assertEqual(report.state, "accepted")
        self.assertRecounts()

    def test_what_could_not_be_sent_again_is_not_taken_back(self):
        report = self.fresh(self.kz)
        report.narrative = "Сделано"
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        self.close()
        with self.assertRaisesMessage(WrongState, "could not be sent again"):
            self.fresh(report).withdraw(by=self.kz_analyst)
        self.assertEqual(self.fresh(report).state, "submitted")
        report = self.fresh(report)
        report.late_until = self.today
        report.save()
        self.fresh(report).withdraw(by=self.kz_analyst)
        self.assertEqual(self.fresh(report).state, "draft")
        self.assertRecounts()

    def test_a_reopened_report_is_written_sent_and_ends_the_silence(self):
        self.close()
        self.assertEqual(self.fresh(self.kz).is_lost, True)
        with self.assertRaises(WrongState):
            self.fresh(self.kz).write(by=self.kz_analyst)
        self.assertEqual(self.allow(days=0), 2)  # today counts
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).silent_rounds, 1)
        self.assertRecounts()
        report = self.fresh(self.kz)
        self.assertEqual((report.is_lost, self.fresh(self.ru).is_lost), (False, True))
        self.client.force_login(self.kz_analyst)
        self.assertContains(self.client.get(f"/reports/{report.pk}/"), "<textarea")
        desk = self.client.get("/desk/")
        self.assertContains(desk, f"/reports/{report.pk}/")
        self.assertContains(desk, short(self.today))
        report.narrative = "Сделано позже"
        report.write(by=self.kz_analyst)
        report.submit(by=self.kz_analyst)
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).silent_rounds, 0)
        report.accept(by=self.reviewer)
        self.assertRecounts()

    def test_after_the_day_it_is_lost_again_as_the_roadmap_counts_days(self):
        self.close()
        self.allow(days=0)
        Report.objects.filter(pk=self.kz.pk).update(late_until=self.today - timedelta(days=1))
        self.assertEqual(self.fresh(self.kz).is_lost, True)
        with self.assertRaises(WrongState):
            self.fresh(self.kz).write(by=self.kz_analyst)
        self.client.force_login(self.kz_analyst)
        self.assertNotContains(self.client.get("/desk/"), f"/reports/{self.kz.pk}/")
        self.assertRecounts()

    def test_the_day_ends_where_the_roadmap_runs(self):
        self.close()
        self.allow()
        zones = {"Pacific/Kiritimati", "Pacific/Pago_Pago"}  # never on the same day
        days = {}
        for zone in zones:
            Roadmap.objects.filter(pk=self.roadmap.pk).update(time_zone=zone)
            days[zone] = Roadmap.objects.get(pk=self.roadmap.pk).today()
        Report.objects.filter(pk=self.kz.pk).update(late_until=days["Pacific/Pago_Pago"])
        still = {}
        for zone in zones:
            Roadmap.objects.filter(pk=self.roadmap.pk).update(time_zone=zone)
            still[zone] = (not self.fresh(self.kz).is_lost, Report.objects.filter(taken_late(), pk=self.kz.pk).exists())
        self.assertEqual(still, {"Pacific/Pago_Pago": (True, True), "Pacific/Kiritimati": (False, False)})

    def test_it_needs_a_reason_a_day_to_come_a_closed_round_and_something_missing(self):
        with self.assertRaises(WrongState):
            self.allow()
        self.close()
        with self.assertRaises(ValidationError):
            self.round.allow_late(self.kazakhstan, until=self.today, reason="  ", by=self.administrator)
        with self.assertRaises(ValidationError):
            self.allow(days=-1)
        with self.assertRaises(NotAllowed):
            self.round.allow_late(self.kazakhstan, until=self.today, reason="Письмо", by=self.reviewer)
        with self.assertRaisesMessage(WrongState, "Nothing of"):
            self.round.allow_late(make.party("UZ"), until=self.today, reason="Письмо", by=self.administrator)
        self.assertEqual(Report.objects.exclude(late_until=None).count(), 0)

    def test_it_is_recorded_once_with_person_and_reason(self):
        self.close()
        for _click in range(2):
            self.allow()
        versions = Report.history.model.objects.filter(id=self.kz.pk, late_until__isnull=False)
        told = [(version.change_set.person, version.change_set.reason) for version in versions]
        self.assertEqual(told, [(self.administrator, "Письмо № 7")])

    def test_the_page_asks_for_party_day_and_reason(self):
        self.close()
        self.client.force_login(self.administrator)
        address, day = f"/rounds/{self.round.pk}/late/", short(self.today + timedelta(days=3))
        self.assertContains(self.client.get(f"{LIST}{self.round.pk}/"), address)
        answer = self.client.post(address, {"party": "KZ", "until": "01.01.2020", "reason": ""})
        self.assertContains(answer, "Give a day that is not past yet.", status_code=400)
        self.assertContains(answer, "This field is required.", status_code=400)
        answer = self.client.post(address, {"party": "KZ", "until": day, "reason": "Письмо № 7"}, follow=True)
        self.assertContains(answer, f"may send 2 reports until {day}, inclusive")
        self.assertContains(answer, "Письмо № 7")
        self.assertEqual(self.client.get(address).status_code, 405)

    def test_the_page_is_not_for_others_nor_for_an_open_round(self):
        address = f"/rounds/{self.round.pk}/late/"
        self.client.force_login(self.administrator)
        self.assertEqual(self.client.post(address).status_code, 409)
        self.close()
        self.client.force_login(self.reviewer)
        self.assertEqual(self.client.post(address).status_code, 403)
        self.assertNotContains(self.client.get(f"{LIST}{self.round.pk}/"), address)
        self.client.force_login(self.stranger)
        self.assertEqual(self.client.post(address).status_code, 404)

    def test_closing_twice_conflicts(self):
        mine, theirs = Round.objects.get(pk=self.round.pk), Round.objects.get(pk=self.round.pk)
        theirs.close(by=self.administrator)
        with self.assertRaises(Conflict):
            mine.close(by=self.administrator)

    def test_a_past_day_does_not_know_the_permission(self):
        with change_set(at=timezone.now() - timedelta(days=5)):
            round_ = make.round_(self.roadmap, starts_on=date(2024, 1, 1))
            make.report(commitment_=self.kz_commitment, round__=round_)
            round_.close(by=self.administrator)
        round_.allow_late(self.kazakhstan, until=self.today, reason="Письмо № 7", by=self.administrator)
        self.client.force_login(self.administrator)
        before = self.client.get(f"{LIST}{round_.pk}/?on={self.today - timedelta(days=1)}")
        now = self.client.get(f"{LIST}{round_.pk}/")
        self.assertEqual([len(page.context["reopened"]) for page in (before, now)], [0, 1])


class AdminTest(Rounds):
    def test_it_shows_the_parts_and_the_reminders_without_changing_them(self):
        round_ = make.round_(self.roadmap, state="planned")
        round_.plan(by=self.administrator, parts={(self.transport.pk, None)})
        Reminder.objects.create(round=round_, party=self.kazakhstan, sent_at=timezone.now(), people=3, reports=7)
        self.client.force_login(self.administrator)
        page = self.client.get(f"/admin/progress/round/{round_.pk}/change/")
        self.assertContains(page, "Kazakhstan")
        self.assertNotContains(page, 'name="scope-0-area"')
