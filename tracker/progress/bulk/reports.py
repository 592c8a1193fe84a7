"""What is done about the reports on many milestones: accepting them, reminding who has not sent theirs."""

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracker.lib.errors import WrongState
from tracker.progress.models import Report, Round
from tracker.progress.models.report import OWN_WORDS
from tracker.progress.reminding import NOT_OPEN, awaited, remind, reminded_today
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.models import Execution, Party

from .deed import Deed, one_by_one

NOBODY = gettext_lazy("Nobody with a grant answers for what is awaited: give somebody a grant.")


class Accept(Deed):
    model = Report
    shown = 50

    def targets(self, milestones):
        mine = Report.objects.visible_to(self.by).reviewed_by(self.by).in_review()
        return mine.filter(commitment__milestone__in=milestones.order_by().values("pk"))

    def rows(self, keys):
        shown = ("round", "commitment__party", "commitment__milestone__item", "decided_by")
        found = Report.objects.reviewed_by(self.by).filter(pk__in=keys).select_related(*shown)
        rows = list(found.order_by("commitment__milestone__number_key", "commitment__party__position", "pk"))
        own = set(Report.objects.filter(pk__in=keys, authors__user=self.by).values_list("pk", flat=True))
        for row in rows:
            row.commitment.milestone.item.roadmap = row.commitment.roadmap = row.round.roadmap = self.roadmap
            row.is_own = row.pk in own
        return rows

    def name(self, row):
        return row.commitment.milestone.number, f"{row.commitment.party}: {row.commitment.milestone.wording}"

    def stands(self, rows):
        return {row.pk: f"{row.get_state_display()}: {claimed(row)}" for row in rows}

    def is_same(self, row):
        return row.state == ReportState.ACCEPTED and row.decided_by_id == self.by.pk

    def held(self, row):
        return OWN_WORDS if row.is_own else ""

    def write(self, rows):
        return one_by_one(rows, lambda row: row.accept(by=self.by))


def claimed(report):
    if report.nothing_to_report:
        return _("nothing to report")
    return f"{Execution(report.execution).label.lower()}, {report.percent} %"


class Remind(Deed):
    """A message to each party that owes a report on one of the milestones in the open round."""

    model = Party
    guards_version = False
    site = ""

    @property
    def round(self):
        return Round.objects.open().filter(roadmap=self.roadmap).order_by("-starts_on", "-pk").first()

    def targets(self, milestones):
        if self.round is None:
            raise WrongState(NOT_OPEN)
        on_these = awaited(self.round).filter(commitment__milestone__in=milestones.order_by().values("pk"))
        return Party.objects.filter(pk__in=on_these.order_by().values("commitment__party"))

    def rows(self, keys):
        self.found = self.round
        self.found.roadmap = self.roadmap
        rows = list(Party.objects.filter(pk__in=keys).order_by("is_partner", "position", "code"))
        counts = awaited(self.found).filter(commitment__party__in=keys).order_by().values_list("commitment__party")
        number = dict(counts.annotate(Count("pk")))
        for row in rows:
            row.awaited = number.get(row.pk, 0)
            row.reminder = reminded_today(self.found, row)
        return rows

    def name(self, row):
        return row.code, str(row)

    def stands(self, rows):
        return {row.pk: self.in_words(row) for row in rows}

    def in_words(self, row):
        words = ngettext("%(n)d report awaited", "%(n)d reports awaited", row.awaited) % {"n": row.awaited}
        if row.reminder is None:
            return words
        people = row.reminder.people
        return ngettext("%(n)d person is written to", "%(n)d people are written to", people) % {"n": people}

    def held(self, row):
        if not access.may(self.by, "plan", self.roadmap):
            return access.REFUSALS["plan"]
        if row.reminder:
            return _("%(party)s has been reminded today already.") % {"party": row}
        return ""

    def write(self, rows):
        return one_by_one(rows, self.write_one)

    def write_one(self, row):
        if not remind(self.found, row, site=self.site, by=self.by).letters:
            raise WrongState(NOBODY)
