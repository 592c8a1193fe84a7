"""Another current term proposed for many milestones, or each moved by some days; somebody else decides on each."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.dates import short
from tracker.lib.terms import parse
from tracker.progress.models import DeadlineChange
from tracker.progress.models.deadline import WHO_PROPOSES
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment

from .deed import one_by_one
from .plan import OfMilestones

NO_DAY = gettext_lazy("Its term has no day that could be moved.")


class Propose(OfMilestones):
    shown = 50
    to, days, has_passed = None, 0, False  # a term, or by how many days
    party, reason, text, basis = None, "", "", ""

    def rows(self, keys):
        rows = super().rows(keys)
        waiting = DeadlineChange.objects.filter(milestone__in=keys, state=DeadlineChange.State.PROPOSED)
        known = {change.milestone_id: change for change in waiting.select_related("proposed_by")}
        written = Commitment.objects.written_by(self.by).counting().filter(milestone__in=keys)
        spoken_for = set(written.values_list("milestone", "party"))
        for row in rows:
            row.waiting = known.get(row.pk)
            row.parties = {party for milestone, party in spoken_for if milestone == row.pk}
        return rows

    def wanted(self, row):
        """The term to be proposed; None where the row has no day to count from."""
        if self.to:
            return self.to
        return parse(short(row.due_on + timedelta(self.days))) if row.due_on else None

    def is_same(self, row):
        mine = row.waiting and row.waiting.proposed_by_id == self.by.pk
        return bool(mine and row.waiting.after == self.wanted(row))

    def held(self, row):
        if not self.may_speak(row):
            return WHO_PROPOSES
        if held := DeadlineChange.held_up(row, waiting=row.waiting or False):
            return held
        term = self.wanted(row)
        if term is None:
            return NO_DAY
        if term.due_on and term.due_on < self.roadmap.today() and not self.has_passed:
            return _("%(day)s has already passed.") % {"day": short(term.due_on)}
        return DeadlineChange.unfit(term, row.current)

    def may_speak(self, row):
        if self.party:
            return self.party.pk in row.parties
        is_for_all = access.may(self.by, "review", row) or access.may(self.by, "plan", row)
        return is_for_all or bool(row.parties)

    def stands(self, rows):
        return {row.pk: self.in_words(row) for row in rows}

    def in_words(self, row):
        if row.waiting:
            return _("%(term)s, waits for a decision") % {"term": row.waiting.after.in_words()}
        return row.current.in_words() or "—"

    def write(self, rows):
        return one_by_one(rows, self.write_one)

    def write_one(self, row):
        DeadlineChange.propose(
            row, self.wanted(row).text, by=self.by, party=self.party, reason=self.reason, text=self.text,
            basis=self.basis,
        )  # fmt: skip
