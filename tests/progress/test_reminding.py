"""Reminding: who is written to about what, once a day, recorded; a mail server that fails is told (domain.md §1)."""

from datetime import timedelta
from io import StringIO
from smtplib import SMTPException
from unittest.mock import patch

from django.core import mail
from django.core.management import call_command
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from tests import make
from tests.base import Cast, TrackerTestCase
from tracker.accounts.models import Event
from tracker.history.changes import change_set
from tracker.lib.errors import NotAllowed, WrongState
from tracker.progress.models import Reminder, Report, Round
from tracker.progress.reminding import AlreadyReminded, letters_to, remind, remind_all, silent_parties
from tracker.roadmaps.models import Roadmap, Role

SITE = "https://tracker.example.org"


class Reminding(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.round = make.round_(cls.roadmap, state="planned")
        cls.round.open(by=cls.administrator)
        cls.kz = cls.round.reports.get(commitment=cls.kz_commitment)
        cls.ru = cls.round.reports.get(commitment=cls.ru_commitment)

    def setUp(self):
        super().setUp()
        self.round = Round.objects.select_related("roadmap").get(pk=self.round.pk)

    def remind(self, party=None, **options):
        with self.captureOnCommitCallbacks(execute=True):
            return remind(self.round, party or self.kazakhstan, site=SITE, by=self.administrator, **options)

    def written_to(self):
        return sorted(message.to[0] for message in mail.outbox)


class LettersTest(Reminding):
    def test_the_analyst_gets_what_is_missing_with_its_address_and_days(self):
        outcome = self.remind()
        self.assertEqual(self.written_to(), ["analyst.kz@example.org"])
        text = mail.outbox[0].body
        self.assertIn(f"{SITE}/reports/{self.kz.pk}/", text)
        self.assertIn("1.1.1 Data format agreed", text)
        self.assertIn(f"{SITE}/desk/", text)
        self.assertIn(self.round.entry_due.strftime("%d.%m.%Y"), text)
        self.assertNotIn(f"/reports/{self.ru.pk}/", text)
        self.assertEqual((outcome.reminder.people, outcome.reminder.reports), (1, 1))

    def test_each_in_their_own_language(self):
        second = make.user("second.kz@example.org", language="ru")
        make.grant(second, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan)
        self.remind()
        by_address = {message.to[0]: message for message in mail.outbox}
        self.assertIn("Формат данных согласован", by_address["second.kz@example.org"].body)
        self.assertIn("Data format agreed", by_address["analyst.kz@example.org"].body)
        self.assertNotIn("\n", by_address["second.kz@example.org"].subject)

    def test_only_who_may_write_them_now(self):
        elsewhere = {"area": make.area("transport"), "party": self.kazakhstan, "roadmap": self.roadmap}
        make.grant(make.user("other.area@example.org"), Role.ANALYST, **elsewhere)
        make.grant(make.user("other.plan@example.org"), Role.ANALYST, party=self.kazakhstan, roadmap=make.roadmap())
        gone = self.roadmap.today() - timedelta(days=2)
        make.grant(make.user("over@example.org"), Role.ANALYST, party=self.kazakhstan, until=gone)
        make.grant(make.user("closed@example.org", is_active=False), Role.ANALYST, party=self.kazakhstan)
        ministry = make.organisation(party=self.kazakhstan)
        make.grant(make.user("ministry@example.org"), Role.ANALYST, party=self.kazakhstan, organisation=ministry)
        make.grant(make.user("anywhere@example.org"), Role.ANALYST, party=self.kazakhstan)
        self.remind()
        self.assertEqual(self.written_to(), ["analyst.kz@example.org", "anywhere@example.org"])

    def test_the_coordinator_of_what_waits_for_an_endorsement(self):
        Report.objects.filter(pk=self.kz.pk).update(state="submitted", submitted_at=timezone.now())
        with self.assertRaisesMessage(WrongState, "Nothing is awaited"):
            self.remind()
        Roadmap.objects.filter(pk=self.roadmap.pk).update(two_steps=True)
        self.round = Round.objects.select_related("roadmap").get(pk=self.round.pk)
        self.remind()
        self.assertEqual(self.written_to(), ["coordinator.kz@example.org"])
        self.assertIn("To endorse:", mail.outbox[0].body)
        self.assertNotIn("To write and send:", mail.outbox[0].body)

    def test_what_was_returned_is_awaited_and_an_answer_is_not(self):
        for state, expected in (("returned", True), ("draft", True), ("accepted", False)):
            Report.objects.filter(pk=self.kz.pk).update(state=state)
            self.assertEqual(self.kazakhstan in silent_parties(self.round), expected, state)
        Report.objects.filter(pk=self.kz.pk).update(state="submitted", nothing_to_report=True)
        self.assertNotIn(self.kazakhstan, silent_parties(self.round))

    def test_of_a_closed_round_only_what_is_taken_late(self):
        self.round.close(by=self.administrator)
        self.assertEqual(list(silent_parties(self.round)), [])
        self.round.allow_late(self.kazakhstan, until=self.roadmap.today(), reason="Письмо", by=self.administrator)
        self.assertEqual(list(silent_parties(self.round)), [self.kazakhstan])
        self.assertEqual(len(letters_to(self.round, self.kazakhstan)), 1)

    def test_nobody_to_write_to_is_told_and_not_counted_as_reminded(self):
        self.ru_analyst.is_active = False
        self.ru_analyst.save()
        outcome = self.remind(self.russia)
        self.assertEqual((outcome.reminder, outcome.alone, mail.outbox), (None, 1, []))
        self.assertEqual(Reminder.objects.count(), 0)


class OnceADayTest(Reminding):
    def test_a_second_one_on_the_same_day_is_refused(self):
        self.remind()
        with self.assertRaises(AlreadyReminded):
            self.remind()
        self.assertEqual((Reminder.objects.count(), len(mail.outbox)), (1, 1))

    def test_unless_it_is_confirmed_over_that_one(self):
        first = self.remind().reminder
        second = self.remind(over=first.pk).reminder
        self.assertEqual(len(mail.outbox), 2)
        with self.assertRaises(AlreadyReminded):
            self.remind(over=first.pk)  # the second of two clicks
        self.assertEqual(list(Reminder.objects.all()), [second, first])

    def test_the_next_day_begins_where_the_roadmap_runs(self):
        reminder = self.remind().reminder
        Reminder.objects.filter(pk=reminder.pk).update(sent_at=timezone.now() - timedelta(days=1))
        self.remind()
        self.assertEqual(Reminder.objects.count(), 2)

    def test_it_is_recorded(self):
        reminder = self.remind().reminder
        version = Reminder.history.model.objects.get(id=reminder.pk)
        self.assertEqual((version.change_set.person, reminder.sent_by), (self.administrator, self.administrator))

    def test_only_an_administrator_reminds(self):
        for person in (self.reviewer, self.kz_analyst, self.coordinator, self.observer):
            with self.assertRaises(NotAllowed):
                remind(self.round, self.kazakhstan, site=SITE, by=person)

    def test_a_planned_round_awaits_nothing(self):
        with self.assertRaises(WrongState):
            remind(make.round_(make.roadmap(), state="planned"), self.kazakhstan, site=SITE)

    def test_all_of_them_passes_over_who_was_reminded(self):
        self.remind()
        with self.captureOnCommitCallbacks(execute=True):
            outcomes, passed = remind_all(self.round, site=SITE)
        self.assertEqual(([outcome.party for outcome in outcomes], passed), ([self.russia], [self.kazakhstan]))

    def test_nothing_goes_out_when_the_change_fails(self):
        with self.assertRaises(RuntimeError), self.captureOnCommitCallbacks(execute=True), change_set():
            remind(self.round, self.kazakhstan, site=SITE, by=self.administrator)
            raise RuntimeError
        self.assertEqual((mail.outbox, Reminder.objects.count()), ([], 0))


class RemindPageTest(Reminding):
    def setUp(self):
        super().setUp()
        self.address = f"/rounds/{self.round.pk}/remind/"
        self.client.force_login(self.administrator)

    def post(self, **fields):
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(self.address, fields)

    def test_one_party(self):
        answer = self.post(party="KZ", known="")
        self.assertEqual(answer.url, f"/r/plan/rounds/{self.round.pk}/")
        page = self.client.get(answer.url)
        self.assertContains(page, "1 person reminded.")
        self.assertContains(page, "1 person, reports: 1")
        self.assertEqual(self.written_to(), ["analyst.kz@example.org"])

    def test_a_double_click_reminds_once_and_is_answered_as_success(self):
        for _click in range(2):
            self.assertEqual(self.post(party="KZ", known="").status_code, 302)
        self.assertEqual(len(mail.outbox), 1)

    def test_a_second_time_is_asked_about_and_can_be_confirmed(self):
        self.post(party="KZ", known="")
        before = Reminder.objects.get()
        answer = self.post(party="KZ", known=before.pk)
        self.assertContains(answer, "Remind again?", status_code=409)
        self.assertEqual(len(mail.outbox), 1)
        for _click in range(2):
            self.assertEqual(self.post(party="KZ", over=before.pk).status_code, 302)
        self.assertEqual(len(mail.outbox), 2)

    def test_all(self):
        page = self.client.get(self.post().url)
        self.assertContains(page, "Russia: 1 person reminded.")
        self.assertEqual(self.written_to(), ["analyst.kz@example.org", "analyst.ru@example.org"])
        page = self.client.get(self.post().url)
        self.assertContains(page, "Reminded today already: Kazakhstan, Russia.")
        Report.objects.update(state="accepted")
        self.assertContains(self.client.get(self.post().url), "Nothing is awaited from anybody in this round.")

    def test_who_may_not_and_what_is_not_there(self):
        self.assertEqual(self.post(party="UZ").status_code, 404)
        self.assertEqual(self.post(party="nowhere").status_code, 404)
        self.assertEqual(self.client.get(self.address).status_code, 405)
        self.client.force_login(self.reviewer)
        self.assertEqual(self.post(party="KZ").status_code, 403)
        self.assertNotContains(self.client.get(f"/r/plan/rounds/{self.round.pk}/"), self.address)
        self.client.force_login(self.stranger)
        self.assertEqual(self.post(party="KZ").status_code, 404)
        self.assertEqual(mail.outbox, [])

    def test_reports_without_anybody_to_write_them_are_told(self):
        self.kz_analyst.is_active = False
        self.kz_analyst.save()
        self.assertContains(self.client.get(self.post(party="KZ").url), "1 report has nobody to write it")


class FailingMailTest(Cast, TransactionTestCase):
    """On a real transaction: the page is answered after the commit, and so after the mail server."""

    def setUp(self):
        self.enter_cast()
        self.round = make.round_(self.roadmap, state="planned")
        self.round.open(by=self.administrator)
        self.client.force_login(self.administrator)

    def test_a_server_that_does_not_answer_is_told_and_the_party_can_be_reminded_again(self):
        address = f"/rounds/{self.round.pk}/remind/"
        for error in (SMTPException("нет"), OSError("нет")):
            with patch("django.core.mail.EmailMessage.send", side_effect=error):
                page = self.client.post(address, {"party": "KZ"}, follow=True)
            self.assertContains(page, "the mail server did not take the message to analyst.kz@example.org")
            self.assertNotContains(page, "person reminded")
            self.assertEqual(Reminder.objects.filter(people__gt=0).count(), 0)
        self.assertEqual(Event.objects.filter(kind=Event.Kind.MAIL_FAILED).count(), 2)
        page = self.client.post(address, {"party": "KZ"}, follow=True)
        self.assertContains(page, "1 person reminded.")


class CommandTest(Reminding):
    def run_on(self, days, **options):
        """Run the command so many days after the reports were due."""
        due = self.roadmap.today() - timedelta(days=days)
        Round.objects.filter(pk=self.round.pk).update(entry_due=due, opens_on=due, review_due=due)
        out = StringIO()
        with self.captureOnCommitCallbacks(execute=True):
            call_command("remind", stdout=out, **options)
        return out.getvalue()

    def test_it_reminds_on_its_days_and_once_a_day(self):
        self.assertIn("1 person", self.run_on(-7))
        self.assertEqual(len(mail.outbox), 2)
        self.assertIn("reminded today already", self.run_on(-7))
        self.assertEqual(len(mail.outbox), 2)
        self.assertEqual({reminder.sent_by for reminder in Reminder.objects.all()}, {None})

    def test_on_other_days_it_is_silent(self):
        for days in (-6, 0, 2):
            self.assertEqual(self.run_on(days), "")
        self.assertEqual(mail.outbox, [])

    def test_the_days_are_chosen(self):
        self.assertNotEqual(self.run_on(-3, before=[3], after=[], dry_run=True), "")
        self.assertEqual(self.run_on(-7, before=[3], after=[], dry_run=True), "")
        self.assertNotEqual(self.run_on(2, before=[], after=[2], dry_run=True), "")

    def test_a_dry_run_says_who_and_sends_nothing(self):
        said = self.run_on(1, dry_run=True)
        self.assertIn("analyst.kz@example.org, 1", said)
        self.assertEqual((mail.outbox, Reminder.objects.count()), ([], 0))

    def test_closed_and_planned_rounds_are_left_alone(self):
        Round.objects.filter(pk=self.round.pk).update(state="closed")
        self.assertEqual(self.run_on(1), "")

    def test_links_lead_to_this_installation(self):
        self.run_on(1, site="https://control.example.org/")
        self.assertIn("https://control.example.org/reports/", mail.outbox[0].body)

    @override_settings(ALLOWED_HOSTS=[".plan.example.org"], HTTPS=True)
    def test_its_address_is_the_first_host_it_answers_to(self):
        self.run_on(1)
        self.assertIn("https://plan.example.org/reports/", mail.outbox[0].body)
