from collections import defaultdict
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib import dates
from tracker.lib.errors import WrongState
from tracker.lib.terms import Kind, Term
from tracker.lib.texts import Texts, TextsField
from tracker.progress.rollup import silent_rounds
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Participation, Roadmap

# What a roadmap's frequency makes of a day: the kind of period it lies in, and its first and last day
PERIODS = {
    Roadmap.Frequency.MONTHLY: (Kind.MONTH, lambda day: dates.month_bounds(day.year, day.month)),
    Roadmap.Frequency.QUARTERLY: (Kind.QUARTER, lambda day: dates.quarter_bounds(*dates.quarter_of(day))),
    Roadmap.Frequency.HALF_YEARLY: (Kind.HALF_YEAR, lambda day: dates.half_year_bounds(day.year, 1 + day.month // 7)),
    Roadmap.Frequency.YEARLY: (Kind.YEAR, lambda day: dates.year_bounds(day.year)),
}
# A round opens, reports are due, the review is due so many days after its period, unless the last round had others
OPENS, ENTRY, REVIEW = 0, 20, 30

BY_ITS_VERBS = _("A round is planned, opened and closed on its own page.")


class RoundQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", roadmap="roadmap"))

    def open(self):
        return self.filter(state=Round.State.OPEN)

    def ask_newcomers(self, commitments):
        """Ask, in these rounds that are open, for a report on those of the commitments not asked yet."""
        for round_ in self.open():
            round_.ask(commitments)


class Round(Tracked):
    """A reporting round of a roadmap: what period is reported on, and by when."""

    undo_refusal = BY_ITS_VERBS

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    roadmap = models.ForeignKey("roadmaps.Roadmap", models.PROTECT, related_name="rounds", verbose_name=_("roadmap"))
    name = TextsField(_("name"), help_text=_("For example “Q4 2025”."))
    starts_on = models.DateField(_("period from"))
    ends_on = models.DateField(_("period to"))
    opens_on = models.DateField(_("opens on"))
    entry_due = models.DateField(_("reports due"))
    review_due = models.DateField(_("review due"))
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.PLANNED, editable=False)
    opened_at = models.DateTimeField(_("opened at"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("round")
        verbose_name_plural = _("rounds")
        ordering = ["roadmap", "-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_on__lte=models.F("ends_on"), opens_on__lte=models.F("entry_due"))
                & models.Q(entry_due__lte=models.F("review_due")),
                name="round_days_in_order",
                violation_error_message=_("The days must follow each other: period, opening, reports due, review due."),
            ),
            models.UniqueConstraint(fields=["roadmap", "starts_on", "ends_on"], name="round_once_per_period"),
        ]

    def __str__(self):
        return str(self.name)

    def get_absolute_url(self):
        return reverse("round", args=[self.roadmap.slug, self.pk])

    def clean(self):
        if not (self.starts_on and self.ends_on):
            return  # a day is missing; its field says so
        overlapping = Round.objects.filter(
            roadmap=self.roadmap_id, starts_on__lte=self.ends_on, ends_on__gte=self.starts_on
        ).exclude(pk=self.pk)
        if overlapping.exists():
            sentence = _("Another round already covers part of this period.")
            raise ValidationError({"starts_on": ValidationError(sentence, code="overlap")})

    def held_up(self, verb, *, by):
        """What else than rights keeps a round from being turned; asked by access.why_not."""
        if self.state == self.State.CLOSED:
            return self._in_another_state(), None
        return None

    @classmethod
    def suggested(cls, roadmap, *, on):
        """The round that would come next, not saved: the period after the last one's, with days like its own."""
        last = cls.objects.filter(roadmap=roadmap).order_by("-ends_on").first()
        first_day = last.ends_on + timedelta(days=1) if last else max(roadmap.starts_on, on)
        kind, bounds = PERIODS[roadmap.frequency]
        starts_on, ends_on = bounds(first_day)
        if last:
            starts_on = first_day
            after = [(day - last.ends_on).days for day in (last.opens_on, last.entry_due, last.review_due)]
        else:
            after = [OPENS, ENTRY, REVIEW]
        opens_on, entry_due, review_due = (ends_on + timedelta(days=days) for days in after)
        name = Texts()
        for language, _name in settings.LANGUAGES:
            with override(language):
                name[language] = Term(kind=kind, starts_on=starts_on, due_on=ends_on).in_words()
        return cls(
            roadmap=roadmap, name=name, starts_on=starts_on, ends_on=ends_on,
            opens_on=opens_on, entry_due=entry_due, review_due=review_due,
        )  # fmt: skip

    def parts(self):
        """What the round asks about, as (area id, party id) pairs, either of them None for all; empty: everything."""
        return set(self.scope.values_list("area", "party")) if self.pk else set()

    def plan(self, *, by, parts=(), seen=None):
        """Save the planned round and the parts that it asks about; `seen` are those the editor started from."""
        self._require(self.State.PLANNED, by)
        wanted = set(parts)
        with change_set(by=by):
            if self.pk:  # the row alone would not tell that it was opened, or its parts changed, meanwhile
                stored = Round.objects.select_for_update().get(pk=self.pk)
                if stored.state != self.State.PLANNED:
                    raise WrongState(stored._in_another_state())
                if stored.version != self.version or (seen is not None and stored.parts() != seen):
                    raise self._conflict()
            self.save()
            known = self.parts()
            for area, party in known - wanted:
                self.scope.get(area=area, party=party).delete()
            RoundScope.objects.bulk_create(
                [RoundScope(round=self, area_id=area, party_id=party) for area, party in sorted_parts(wanted - known)]
            )

    def asks_about(self):
        """The condition on commitments that they lie in the parts which this round asks about."""
        about = Q()
        for area, party in self.parts():
            about |= Q(**({"area": area} if area else {}), **({"party": party} if party else {}))
        return about

    def to_ask(self, commitments=None):
        """The commitments, of these or of the whole roadmap, that are unfinished, asked about and not yet asked."""
        if commitments is None:
            commitments = Commitment.objects.filter(roadmap=self.roadmap_id)
        return commitments.unfinished().filter(self.asks_about()).exclude(reports__round=self)

    def would_ask(self):
        """Those that opening would ask now: without the ones it would first release, as their party has left."""
        taking_part = Participation.objects.counting().filter(item=OuterRef("milestone__item"), party=OuterRef("party"))
        return self.to_ask().filter(Exists(taking_part))

    def open(self, *, by):
        """Ask each counting party for a report on each unfinished commitment; returns how many were asked."""
        self._require(self.State.PLANNED, by)
        with change_set(by=by):
            self.state, self.opened_at = self.State.OPEN, moment()
            self.save()
            Commitment.objects.ask_for(self.roadmap.items.filter(participations__until__isnull=False).distinct())
            return self.ask(Commitment.objects.filter(roadmap=self.roadmap_id))

    def ask(self, commitments):
        """Ask for a report on those of the commitments that `to_ask` finds among them.

        The text of a report that was not received in the round before is carried into the new one (domain.md §1).
        """
        from .report import Report

        wanted = list(self.to_ask(commitments).select_related("milestone__item__roadmap"))
        later = Report.objects.filter(
            commitment=OuterRef("commitment"), round__state=self.State.CLOSED,
            round__starts_on__gt=OuterRef("round__starts_on"),
        )  # fmt: skip
        before = Report.objects.filter(commitment__in=[c.pk for c in wanted], round__state=self.State.CLOSED)
        unsent = {report.commitment_id: report for report in before.not_received().exclude(Exists(later))}
        Report.objects.bulk_create(
            [Report(commitment=c, round=self).carrying(unsent.get(c.pk)) for c in wanted], batch_size=500
        )
        for commitment in wanted:
            commitment.answer = Commitment.Answer.ASKED
        Commitment.objects.bulk_update(wanted, ["answer"])
        return len(wanted)

    def close(self, *, by):
        """Close the round: what was not sent counts as not received, and its parties as silent. Returns how many."""
        from .report import Report

        self._require(self.State.OPEN, by)
        with change_set(by=by):
            self.state, self.closed_at = self.State.CLOSED, moment()
            self.save()
            unsent = Report.objects.filter(round=self).not_received().values("commitment")
            commitments = list(Commitment.objects.filter(pk__in=unsent).select_related("milestone__item__roadmap"))
            said = defaultdict(list)
            reports = Report.objects.filter(commitment__in=unsent).select_related("round").defer("narrative")
            for report in reports.latest_first():
                said[report.commitment_id].append(report)
            for commitment in commitments:
                commitment.silent_rounds = silent_rounds(said[commitment.pk])
            Commitment.objects.bulk_update(commitments, ["silent_rounds"])
        return len(commitments)

    def allow_late(self, party, *, until, reason, by):
        """Take, till the end of that day, what this party had not sent when the round closed; returns how many.

        Its silence ends with what it sends, not with the permission.
        """
        from .report import Report

        self._require(self.State.CLOSED, by)
        if not reason.strip():
            raise ValidationError({"reason": _("Give the reason.")})
        if until < self.roadmap.today():
            raise ValidationError({"until": _("Give a day that is not past yet.")})
        missing = Report.objects.filter(round=self, commitment__party=party).not_received()
        with change_set(by=by, reason=reason.strip()):
            count = missing.count()
            if not count:
                raise WrongState(_("Nothing of %(party)s is missing in this round.") % {"party": party})
            missing.exclude(late_until=until).update(late_until=until)
        return count

    def _require(self, state, by):
        access.require(by, "plan", self)
        if self.state != state:
            raise WrongState(self._in_another_state())

    def _in_another_state(self):
        return _("The round is %(state)s.") % {"state": self.get_state_display()}


def sorted_parts(parts):
    """Pairs of which one may be None, in an order that does not depend on chance."""
    return sorted(parts, key=lambda part: tuple(pk or 0 for pk in part))


class RoundScope(Tracked):
    """A part of the plan that a round asks about: an area, a party, or both. A round without such rows asks all."""

    undo_refusal = BY_ITS_VERBS
    history_label = ("round",)

    round = models.ForeignKey(Round, models.CASCADE, related_name="scope", verbose_name=_("round"))
    area = models.ForeignKey(
        "roadmaps.PriorityArea", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("area")
    )
    party = models.ForeignKey(
        "roadmaps.Party", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("party")
    )

    class Meta:
        verbose_name = _("part asked about")
        verbose_name_plural = _("parts asked about")
        ordering = ["round", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(area__isnull=False) | models.Q(party__isnull=False), name="scope_names_something"
            ),
            models.UniqueConstraint("round", Coalesce("area", 0), Coalesce("party", 0), name="part_once_per_round"),
        ]

    def __str__(self):
        return " · ".join(str(part) for part in (self.area, self.party) if part)


class Reminder(Tracked):
    """A reminder that was sent to a party about what it has not reported in a round."""

    undo_refusal = _("What was sent cannot be called back.")
    history_label = ("round", "party")

    round = models.ForeignKey(Round, models.PROTECT, related_name="reminders", verbose_name=_("round"))
    party = models.ForeignKey("roadmaps.Party", models.PROTECT, related_name="+", verbose_name=_("party"))
    sent_at = models.DateTimeField(_("sent at"))
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, verbose_name=_("sent by")
    )
    people = models.PositiveSmallIntegerField(_("to how many people"), default=0)
    reports = models.PositiveIntegerField(_("about how many reports"), default=0)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-sent_at", "-pk"]

    def __str__(self):
        return f"{self.party}, {self.sent_at:%d.%m.%Y}"
