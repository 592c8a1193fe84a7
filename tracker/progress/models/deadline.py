from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.dates import short
from tracker.lib.errors import NotAllowed, WrongState
from tracker.lib.terms import Kind, parse
from tracker.lib.texts import fold
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Control, Milestone, Roadmap
from tracker.roadmaps.models.milestone import TermColumns

PATHS = {"roadmap": "milestone__roadmap", "area": "milestone__area"}
OWN_PROPOSAL = _("You proposed this change: another person must decide.")
WHO_PROPOSES = _("Only an analyst of a party that takes part, a reviewer or an administrator may propose another term.")


class DeadlineChangeQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", **PATHS))

    def approved(self):
        return self.filter(state=DeadlineChange.State.APPROVED)

    def decided_by(self, user):
        """Open proposals that wait for this person's decision."""
        mine = access.scope(user, "review", **PATHS)
        return self.filter(mine, state=DeadlineChange.State.PROPOSED).exclude(proposed_by=user.pk)

    def as_moves(self):
        """Annotate `at`, the moment of the last word on it, and `days` between the due days (or None)."""
        return self.annotate(
            at=Coalesce("decided_at", "proposed_at"),
            days=ExpressionWrapper(F("after_due") - F("before_due"), models.DurationField()),
        )


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
        WITHDRAWN = "dropped", _("withdrawn")  # by who proposed it

    history_skips = {"before_kind", "before_from", "before_due", "after_kind", "after_from", "after_due", "search"}

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
    search = models.TextField(editable=False, default="")

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

    def get_absolute_url(self):
        return reverse("deadline", args=[self.pk])

    def settle(self):
        self.search = fold(self.text, self.basis, self.before_text, self.after_text)

    @property
    def is_open(self):
        return self.state == self.State.PROPOSED

    @property
    def days_between(self):
        """By how many days it moves; None where one of the terms has no day."""
        if self.before_due and self.after_due:
            return (self.after_due - self.before_due).days
        return None

    # Proposals: who asks for another current term does not decide on it.

    def held_from_undo(self, names, *, by):
        """A proposal is taken back by who made it, while nobody has decided; nothing else goes back."""
        if names or not self.is_open:
            return _("A decision about a term is changed only by another one.")
        return ""

    def take_back(self, *, by):
        self.withdraw(by=by)

    @classmethod
    def propose(cls, milestone, to, *, by, party=None, reason=Reason.OTHER, text="", basis=""):
        """Ask for another current term; someone else decides.

        `party` is the one spoken for: by default the first that the person writes for, none for the secretariat.
        """
        party = cls._speaker(milestone, by, party)
        term = parse(to)
        with change_set(by=by):
            milestone = cls._locked(milestone.pk)
            if held := cls.held_up(milestone):
                raise WrongState(held)
            if unfit := cls.unfit(term, milestone.current):
                raise ValidationError({"to": unfit})
            change = cls(milestone=milestone, reason=reason, text=text, basis=basis, party=party,
                         proposed_by=by, proposed_at=moment())  # fmt: skip
            change.before, change.after = milestone.current, term
            change.save()
        return change

    @staticmethod
    def speakers(milestone, user):
        """The parties for which this person may propose another term, and whether they may for the secretariat."""
        parts = Commitment.objects.written_by(user).counting().filter(milestone=milestone).select_related("party")
        return (
            [part.party for part in parts.order_by("party__position")],
            access.may(user, "review", milestone) or access.may(user, "plan", milestone),
        )

    @classmethod
    def _speaker(cls, milestone, user, party):
        parties, for_all = cls.speakers(milestone, user)
        if party is None and parties and not for_all:
            return parties[0]
        if party in parties or (party is None and for_all):
            return party
        raise NotAllowed(WHO_PROPOSES, ask=access.whom_to_ask("write", milestone, apart_from=user))

    @classmethod
    def held_up(cls, milestone, *, waiting=None):
        """Why nobody may propose another term now, a sentence; empty where it may be proposed.

        `waiting` is the open proposal, where that is known already; False where there is none.
        """
        if stands := still(milestone):
            return stands
        if waiting is None:
            waiting = milestone.deadline_changes.filter(state=cls.State.PROPOSED).select_related("proposed_by").first()
        if waiting:
            return _("%(person)s proposed %(term)s on %(day)s: that waits for a decision first.") % {
                "person": waiting.proposed_by,
                "term": waiting.after.in_words(),
                "day": short(waiting.proposed_at),
            }
        return ""

    @staticmethod
    def unfit(term, now):
        """Why a term cannot take the place of the one there is, a sentence; empty where it can."""
        if not term or term.kind == Kind.UNKNOWN:
            return _("This term cannot be read. Write it as 31.10.2026, October 2026, Q4 2026 or H2 2026.")
        if term.kind == now.kind and (term.due_on == now.due_on if term.due_on else term.text == now.text):
            return _("This is the term that stands now.")
        return ""

    @staticmethod
    def _locked(milestone):
        """The milestone as it is stored; moves of one milestone take turns here."""
        Milestone.objects.select_for_update().only("pk").get(pk=milestone)
        return Milestone.objects.select_related("item__roadmap").get(pk=milestone)

    @contextmanager
    def _deciding(self, by, state, note=""):
        access.require(by, "review", self.milestone)
        with self._closing(by, state, note) as milestone:
            if self.proposed_by_id == by.pk:
                raise NotAllowed(OWN_PROPOSAL, ask=access.whom_to_ask("review", milestone, apart_from=by))
            self.decided_by = by
            yield milestone

    @contextmanager
    def _closing(self, by, state, note):
        """The frame of the verbs that close a proposal; whatever fails leaves it as it was."""
        before = self.__dict__.copy()
        try:
            with change_set(by=by, reason=note):
                milestone = self._locked(self.milestone_id)
                stored = DeadlineChange.objects.select_related("decided_by", "proposed_by").get(pk=self.pk)
                if not stored.is_open:
                    raise WrongState(stored.closed_in_words())
                self.state, self.decided_at = state, moment()
                yield milestone
                self.save()
        except BaseException:
            self.__dict__ = before
            raise

    def closed_in_words(self):
        """ "This was already approved by … on …"; of a proposal that is not open any more."""
        return _("This was already %(state)s by %(person)s on %(day)s.") % {
            "state": self.get_state_display(),
            "person": self.decided_by or self.proposed_by,
            "day": short(self.decided_at),
        }

    def approve(self, *, by, note=""):
        """Move the milestone's current term; the slip against the agreed one stays in sight."""
        with self._deciding(by, self.State.APPROVED, note) as milestone:
            if stands := still(milestone) or self.unfit(self.after, milestone.current):
                raise WrongState(stands)
            self.before = milestone.current  # an amendment may have moved it since
            milestone.current = self.after
            milestone.moves += 1
            milestone.save()
            milestone.carry_down()
            self.milestone = milestone

    def reject(self, *, by, note=""):
        """Leave the term as it is; the note says why."""
        with self._deciding(by, self.State.REJECTED, note):
            pass

    def withdraw(self, *, by, note=""):
        """Take back one's own proposal while nobody has decided."""
        with self._closing(by, self.State.WITHDRAWN, note):
            if self.proposed_by_id != by.pk:
                raise NotAllowed(_("Only who proposed it may take it back."))

    # Amendments: the signed text itself moves.

    @classmethod
    def amend_by(cls, amendment, moves, *, by):
        """Enter a signed amendment with all that it moves, (milestone, new term) pairs, as one change."""
        access.require(by, "plan", amendment)
        with change_set(by=by, reason=str(amendment)):
            Roadmap.objects.select_for_update().only("pk").get(pk=amendment.roadmap_id)
            if amendment.roadmap.state != Roadmap.State.ADOPTED:
                raise WrongState(not_adopted(amendment.roadmap))
            amendment.full_clean()
            amendment.save()
            return [cls.amend(milestone, to, amendment=amendment, by=by) for milestone, to in moves]

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


def still(milestone):
    """Why no current term of this milestone moves now, a sentence; empty where it may."""
    roadmap = milestone.item.roadmap
    if roadmap.state != Roadmap.State.ADOPTED:
        return not_adopted(roadmap)
    if milestone.control == Control.DROPPED:
        return _("The milestone was dropped from the plan: its term does not move any more.")
    if milestone.is_completed:
        return _("The milestone is completed: its term does not move any more.")
    return ""


def not_adopted(roadmap):
    if roadmap.state == Roadmap.State.DRAFT:
        return _("The plan is a draft: its terms are written with the plan, and move only once it is adopted.")
    return _("The roadmap is closed: its terms do not move any more.")
