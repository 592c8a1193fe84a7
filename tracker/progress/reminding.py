"""Reminding the parties of what a round still waits for: who is written to about what, once a day, recorded.

Messages go out after the change is committed; one that cannot be sent is told, and is no reason to fail.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from tracker.accounts.models import Event, User
from tracker.accounts.security import record
from tracker.history.changes import change_set, moment
from tracker.lib.dates import end_of, today_in
from tracker.lib.errors import WrongState
from tracker.progress.desk import to_endorse
from tracker.progress.models import Reminder, Report, Round
from tracker.progress.models.report import taken_late
from tracker.progress.rollup import NOT_RECEIVED
from tracker.progress.status import days_in_words
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.access import Role
from tracker.roadmaps.models import Grant, Party

log = logging.getLogger(__name__)

NOT_OPEN = gettext_lazy("The round is not open yet: nothing is awaited.")
NOTHING_AWAITED = gettext_lazy("Nothing is awaited from %(party)s in this round.")
LISTED = 100  # rows of a message; the desk has all


class AlreadyReminded(WrongState):
    """The party was reminded of this round today; `reminder` is that one."""

    def __init__(self, reminder):
        self.reminder = reminder
        super().__init__(_("%(party)s has been reminded today already.") % {"party": reminder.party})


@dataclass
class Letter:
    """What one person is told: the reports to write, and those to endorse."""

    person: User
    to_write: list
    to_endorse: list

    @property
    def reports(self):
        return {report.pk for report in (*self.to_write, *self.to_endorse)}


@dataclass
class Outcome:
    """What came of reminding one party: the record, the letters, and, after the commit, whom none reached."""

    party: Party
    reminder: Reminder | None = None
    letters: list = field(default_factory=list)
    unsent: list = field(default_factory=list)
    alone: int = 0  # reports that nobody with a grant answers for


def awaited(round_):
    """The reports of the round that are with their party: to write, to correct, or to endorse."""
    with_party = Q(state__in=[ReportState.RETURNED])
    if round_.state == Round.State.OPEN:
        with_party |= Q(state__in=NOT_RECEIVED)
    else:
        with_party |= taken_late()
    if round_.roadmap.two_steps:
        with_party |= Q(state=ReportState.SUBMITTED)
    return Report.objects.filter(with_party, round=round_)


def silent_parties(round_):
    """The parties from which the round still awaits something, in protocol order."""
    waiting = Party.objects.filter(pk__in=awaited(round_).order_by().values("commitment__party"))
    return waiting.order_by("is_partner", "position", "code")


def letters_to(round_, party):
    """One letter for each active analyst and coordinator of the party whose grants cover some of what is awaited."""
    waiting = awaited(round_).filter(commitment__party=party)
    people = User.objects.filter(
        is_active=True,
        grants__in=Grant.objects.in_force(on=today_in(settings.TIME_ZONE, moment())).filter(
            party=party, role__in=[Role.ANALYST, Role.COORDINATOR]
        ),
    ).distinct()
    shown = ("round", "commitment__milestone__item__roadmap")
    letters = []
    for person in people.order_by("email"):
        to_write = waiting.written_by(person).exclude(state=ReportState.SUBMITTED)
        endorsing = to_endorse(person).filter(pk__in=waiting.values("pk"))
        letter = Letter(
            person,
            list(to_write.select_related(*shown).order_by("commitment__milestone__number_key", "pk")),
            list(endorsing.select_related(*shown)),
        )
        if letter.reports:
            letters.append(letter)
    return letters


def reminded_today(round_, party):
    """The party's last reminder of this round, if it went out today where the roadmap runs."""
    zone = round_.roadmap.time_zone
    midnight = end_of(round_.roadmap.today() - timedelta(days=1), zone)
    return round_.reminders.filter(party=party, sent_at__gte=midnight, people__gt=0).first()


def remind(round_, party, *, site, by=None, over=None):
    """Write to the party about what the round awaits from it, and record that; once a day.

    `over` is the id of today's reminder that is known and to be repeated; `site` is the address of this installation,
    for the links; `by` is nobody in the daily command.
    """
    if by is not None:
        access.require(by, "plan", round_)
    if round_.state == Round.State.PLANNED:
        raise WrongState(NOT_OPEN)
    with change_set(by=by):
        Round.objects.select_for_update().only("pk").get(pk=round_.pk)  # two who press at once take turns
        before = reminded_today(round_, party)
        if before and before.pk != over:
            raise AlreadyReminded(before)
        waiting = set(awaited(round_).filter(commitment__party=party).values_list("pk", flat=True))
        if not waiting:
            raise WrongState(NOTHING_AWAITED % {"party": party})
        outcome = Outcome(party, letters=letters_to(round_, party))
        told = set().union(*(letter.reports for letter in outcome.letters))
        outcome.alone = len(waiting - told)
        if outcome.letters:
            outcome.reminder = Reminder.objects.create(
                round=round_, party=party, sent_at=moment(), sent_by=by,
                people=len(outcome.letters), reports=len(told),
            )  # fmt: skip
            transaction.on_commit(lambda: send(outcome, site=site, on=round_.roadmap.today()))
    return outcome


def remind_all(round_, *, site, by=None):
    """Remind every party that is awaited and was not reminded today; returns (outcomes, parties passed over)."""
    outcomes, passed = [], []
    for party in silent_parties(round_):
        try:
            outcomes.append(remind(round_, party, site=site, by=by))
        except AlreadyReminded:
            passed.append(party)
    return outcomes, passed


def send(outcome, *, site, on):
    """Send the letters; whom none reached is listed in `outcome.unsent`, and does not count as reminded."""
    for letter in outcome.letters:
        subject, text = words_of(letter, outcome.reminder, site=site, on=on)
        try:
            EmailMessage(subject, text, to=[letter.person.email]).send()
        except (SMTPException, OSError) as error:
            log.error("reminder %s to person %s was not sent: %s", outcome.reminder.pk, letter.person.pk, error)
            outcome.unsent.append(letter.person)
    if outcome.unsent:
        record(Event.Kind.MAIL_FAILED, detail=_("reminder"))
        reminder = outcome.reminder
        with change_set(by=reminder.sent_by):
            reminder.people -= len(outcome.unsent)
            reminder.save()


def words_of(letter, reminder, *, site, on):
    """Subject and text of a letter, in the person's language."""
    with override(letter.person.language or settings.LANGUAGE_CODE):
        round_, count = reminder.round, len(letter.reports)
        words = ngettext("%(round)s: %(count)d report awaited", "%(round)s: %(count)d reports awaited", count)
        subject = words % {"round": round_, "count": count}
        context = {
            "person": letter.person,
            "round": round_,
            "roadmap": round_.roadmap,
            "due": days_in_words(round_.entry_due, on=on),
            "to_write": rows_of(letter.to_write, site=site, on=on),
            "to_endorse": rows_of(letter.to_endorse, site=site, on=on),
            "more": max(0, max(len(letter.to_write), len(letter.to_endorse)) - LISTED),
            "desk": site + reverse("desk"),
            "site": site,
        }
        return " ".join(subject.split()), render_to_string("progress/reminder.txt", context)


def rows_of(reports, *, site, on):
    """What a letter says of each report."""
    return [
        {
            "number": report.commitment.milestone.number,
            "wording": report.commitment.milestone.wording,
            "state": report.get_state_display(),
            "due": days_in_words(report.wanted_by, on=on),
            "address": site + report.get_absolute_url(),
        }
        for report in reports[:LISTED]
    ]
