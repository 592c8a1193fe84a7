from contextlib import contextmanager

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.errors import NotAllowed, WrongState
from tracker.lib.terms import Kind, parse
from tracker.roadmaps import access
from tracker.roadmaps.models import Milestone
from tracker.roadmaps.models.milestone import TermColumns


class DeadlineChangeQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", roadmap="milestone__roadmap", area="milestone__area"))

    def approved(self):
        return self.filter(state=DeadlineChange.State.APPROVED)


class DeadlineChange(Tracked):
    """A row of the register of moves: a current term moved by decision, or an agreed one by a signed amendment."""

    history_label = ("milestone",)

    class Term(models.TextChoices):
        CURRENT = "current", _("current term")
        AGREED = "agreed", _("agreed term")

    class Reason(models.TextChoices):
        APPROVAL = "approval", _("internal approval")
        FUNDING = "funding", _("funding")
        LEGAL = "legal", _("legal")
        TECHNICAL = "technical", _("technical")
        EXTERNAL = "external", _("external")
        AMENDMENT = "amendment", _("amendment of the plan")
        OTHER = "other", _("other")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    history_skips = {"before_kind", "before_from", "before_due", "after_kind", "after_from", "after_due"}

    milestone = models.ForeignKey(
        "roadmaps.Milestone", models.PROTECT, related_name="deadline_changes", verbose_name=_("milestone")
    )
    term = models.CharField(_("which term"), max_length=7, choices=Term.choices, default=Term.CURRENT)
    before_text = models.CharField(_("from"), max_length=300, blank=True, editable=False)
    before_kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.UNKNOWN, editable=False)
    before_from = models.DateField(null=True, editable=False)
    before_due = models.DateField(null=True, editable=False)
    after_text = models.CharField(_("to"), max_length=300)
    after_kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.UNKNOWN, editable=False)
    after_from = models.DateField(null=True, editable=False)
    after_due = models.DateField(null=True, editable=False)
    before = TermColumns("before_text", "before_kind", "before_from", "before_due")
    after = TermColumns("after_text", "after_kind", "after_from", "after_due")
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, default=Reason.OTHER)
    text = models.TextField(_("explanation"), blank=True)
    basis = models.CharField(_("basis document"), max_length=500, blank=True)
    amendment = models.ForeignKey(
        "roadmaps.Amendment", models.PROTECT, related_name="moves", null=True, blank=True, verbose_name=_("amendment")
    )
    party = models.ForeignKey(
        "roadmaps.Party",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("proposed by the party"),
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("proposed by"),
    )
    proposed_at = models.DateTimeField(_("proposed at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PROPOSED, editable=False)

    objects = DeadlineChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline change")
        verbose_name_plural = _("deadline changes")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(proposed_by=None) | ~Q(decided_by=models.F("proposed_by")),
                name="who_proposes_does_not_decide",
            ),
            models.CheckConstraint(
                condition=Q(term="current") | Q(amendment__isnull=False), name="agreed_terms_move_by_amendment"
            ),
            models.UniqueConstraint(
                fields=["milestone"], condition=Q(state="proposed"), name="one_open_proposal_per_milestone"
            ),
        ]

    def __str__(self):
        return f"{self.milestone.number}: {self.before_text} → {self.after_text}"

    @classmethod
    def propose(cls, milestone, to, *, by, party=None, reason=Reason.OTHER, text="", basis=""):
        """A party asks for a later current term; someone else decides."""
        with change_set(by=by):
            change = cls(milestone=milestone, reason=reason, text=text, basis=basis, party=party,
                         proposed_by=by, proposed_at=moment())  # fmt: skip
            change.before, change.after = milestone.current, parse(to)
            change.save()
        return change

    @classmethod
    def amend(cls, milestone, to, *, amendment, by):
        """Move the agreed term by a signed amendment. The current term follows, unless it was moved further already."""
        access.require(by, "plan", milestone)
        with change_set(by=by):
            change = cls.amending(milestone, parse(to), amendment=amendment, by=by)
            change.save()
            milestone.save()
            milestone.carry_down()
        return change

    @classmethod
    def amending(cls, milestone, to, *, amendment, by):
        """The row of the register for such a move, and the milestone moved; neither is saved yet."""
        change = cls(milestone=milestone, term=cls.Term.AGREED, reason=cls.Reason.AMENDMENT, amendment=amendment,
                     proposed_at=moment(), decided_by=by, decided_at=moment(), state=cls.State.APPROVED)  # fmt: skip
        change.before, change.after = milestone.agreed, to
        moved_further = milestone.due_on and to.due_on and milestone.due_on > to.due_on
        milestone.agreed = to
        if not (moved_further and milestone.moves):
            milestone.current = to
        return change

    @contextmanager
    def _deciding(self, by, state):
        access.require(by, "review", self.milestone)
        if self.state != self.State.PROPOSED:
            raise WrongState(_("This was already decided: %(state)s.") % {"state": self.get_state_display()})
        if self.proposed_by_id == by.pk:
            raise NotAllowed(_("You proposed this change: another person must decide."))
        with change_set(by=by):
            Milestone.objects.select_for_update().only("pk").get(pk=self.milestone_id)
            self.state, self.decided_by, self.decided_at = state, by, moment()
            self.save()
            yield

    def approve(self, *, by):
        """Move the milestone's current term; the slip against the agreed one stays in sight."""
        with self._deciding(by, self.State.APPROVED):
            milestone = Milestone.objects.select_related("item__roadmap").get(pk=self.milestone_id)
            milestone.current = self.after
            milestone.moves += 1
            milestone.save()
            milestone.carry_down()
            self.milestone = milestone

    def reject(self, *, by):
        with self._deciding(by, self.State.REJECTED):
            pass
