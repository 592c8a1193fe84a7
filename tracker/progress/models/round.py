from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.errors import WrongState
from tracker.lib.texts import TextsField
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment


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
        return reverse("rounds", args=[self.roadmap.slug])

    def clean(self):
        if not (self.starts_on and self.ends_on):
            return  # a day is missing; its field says so
        overlapping = Round.objects.filter(
            roadmap=self.roadmap_id, starts_on__lte=self.ends_on, ends_on__gte=self.starts_on
        ).exclude(pk=self.pk)
        if overlapping.exists():
            raise ValidationError({"starts_on": _("Another round already covers part of this period.")})

    def held_up(self, verb, *, by):
        """What else than rights keeps a round from being turned; asked by access.why_not."""
        if self.state == self.State.CLOSED:
            return self._in_another_state(), None
        return None

    def open(self, *, by):
        """Ask each counting party for a report on each unfinished commitment; returns how many were asked."""
        self._require(self.State.PLANNED, by)
        with change_set(by=by):
            self.state, self.opened_at = self.State.OPEN, moment()
            self.save()
            Commitment.objects.ask_for(self.roadmap.items.filter(participations__until__isnull=False).distinct())
            return self.ask(Commitment.objects.filter(roadmap=self.roadmap_id))

    def ask(self, commitments):
        """Ask for a report on those of the commitments that are unfinished and not yet asked in this round.

        The text of a report that was not received in the round before is carried into the new one (domain.md §1).
        """
        from .report import Report

        wanted = list(commitments.unfinished().exclude(reports__round=self).select_related("milestone__item__roadmap"))
        last = self.roadmap.rounds.filter(state=self.State.CLOSED).order_by("-starts_on").first()
        unsent = {r.commitment_id: r for r in Report.objects.filter(round=last).not_received()} if last else {}
        Report.objects.bulk_create(
            [Report(commitment=c, round=self).carrying(unsent.get(c.pk)) for c in wanted], batch_size=500
        )
        for commitment in wanted:
            commitment.answer = Commitment.Answer.ASKED
        Commitment.objects.bulk_update(wanted, ["answer"])
        return len(wanted)

    def close(self, *, by):
        """Close the round: what was not sent counts as not received, and its parties as silent."""
        from .report import Report

        self._require(self.State.OPEN, by)
        with change_set(by=by):
            self.state, self.closed_at = self.State.CLOSED, moment()
            self.save()
            silent = list(
                Commitment.objects.filter(
                    answer=Commitment.Answer.ASKED,
                    pk__in=Report.objects.filter(round=self).not_received().values("commitment"),
                ).select_related("milestone__item__roadmap")
            )
            for commitment in silent:
                commitment.silent_rounds += 1
            Commitment.objects.bulk_update(silent, ["silent_rounds"])
        return len(silent)

    def _require(self, state, by):
        access.require(by, "plan", self)
        if self.state != state:
            raise WrongState(self._in_another_state())

    def _in_another_state(self):
        return _("The round is %(state)s.") % {"state": self.get_state_display()}
