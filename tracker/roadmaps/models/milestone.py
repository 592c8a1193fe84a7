from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.errors import WrongState
from tracker.lib.ordering import number_key
from tracker.lib.terms import Kind, Term
from tracker.lib.texts import TextsField, fold
from tracker.roadmaps import access
from tracker.roadmaps.rollup import apply, from_commitments

from .item import ask_again, held_by
from .judged import (
    CONTROL_ON_THE_DAY,
    DECIDED_LATER,
    DONE_LATER,
    ROLLED_UP,
    Control,
    Judged,
    judged_constraints,
    state_column,
    unless,
)

IN_ADOPTED_PLAN = _(
    "In an adopted plan terms move by an amendment or a deadline change, and milestones are dropped, not deleted."
)


# Rolled up again as the parties' parts were on the day: a milestone is of them (rollup.py).
PARTS = """
    SELECT count(*) FROM "roadmaps_historicalcommitment" AS part
    WHERE part."milestone_id" = version."id" AND part."history_date" < %(at)s AND part."valid_to" >= %(at)s
    AND (part."released_on" IS NULL OR part."released_on" > %(day)s)
"""
DONE = """part."done_on" <= %(day)s"""
WAS_NOT_YET = """"execution" IN ('completed', 'partly') AND ("done_on" IS NULL OR "done_on" > %(day)s)"""
COMPLETED_THEN = f"({PARTS} AND {DONE})"
STARTED_THEN = f"({PARTS} AND ({DONE} OR part.\"execution\" = 'partly')) > 0"


class TermColumns:
    """A term kept in four columns: the text as in the document, its kind, and its bounds."""

    def __init__(self, text, kind, starts_on, due_on):
        self.columns = {"text": text, "kind": kind, "starts_on": starts_on, "due_on": due_on}

    def __get__(self, row, owner=None):
        if row is None:
            return self
        return Term(**{part: getattr(row, column) for part, column in self.columns.items()})

    def __set__(self, row, term):
        for part, column in self.columns.items():
            setattr(row, column, getattr(term, part))


class Terms:
    """The three terms and the slip between them: of a milestone, or of a light row read for a list."""

    first = TermColumns("first_text", "first_kind", "first_from", "first_due")
    agreed = TermColumns("agreed_text", "agreed_kind", "agreed_from", "agreed_due")
    current = TermColumns("term_text", "term_kind", "starts_on", "due_on")

    @property
    def slip(self):
        """Days from the agreed due day to the current one; None where either has no day."""
        if self.due_on and self.agreed_due:
            return (self.due_on - self.agreed_due).days
        return None


class MilestoneQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", roadmap="roadmap", area="area"))

    def in_plan_order(self):
        return self.order_by("area_position", "number_key", "pk")


class Milestone(Terms, Judged, Tracked):
    """What must happen by a term. Its status columns are rolled up from the commitments (progress/rollup.py).

    Three terms (domain.md §2): *first* never changes, *agreed* is moved only by an amendment, *current* only by an
    approved deadline change. Lateness is judged by the current one, slip by the agreed one.
    """

    history_skips = {
        "roadmap",
        "area",
        "search",
        "number_key",
        "area_position",
        "starts_on",
        "term_kind",
        "agreed_kind",
        "agreed_from",
    }
    history_indexes = [
        ["roadmap", "area_position", "number_key"],
        ["roadmap", "area", "state", "due_on", "id"],
        ["item"],
    ]
    follows = ROLLED_UP | {"counting", "completed"}
    on_the_day = {
        **CONTROL_ON_THE_DAY,
        "drop_reason": unless(DECIDED_LATER, "drop_reason", "''"),
        "execution": unless(WAS_NOT_YET, "execution", f"CASE WHEN {STARTED_THEN} THEN 'partly' ELSE 'in_progress' END"),
        "percent": unless(DONE_LATER, "percent", "NULL"),
        "done_on": unless(DONE_LATER, "done_on", "NULL"),
        "completed": unless(WAS_NOT_YET, "completed", COMPLETED_THEN),
    }
    TERMS = {
        "first_text", "first_kind", "first_from", "first_due", "agreed_text", "agreed_kind", "agreed_from",
        "agreed_due", "term_text", "term_kind", "starts_on", "due_on", "moves",
    }  # fmt: skip
    decided = frozenset({*TERMS, *CONTROL_ON_THE_DAY, "drop_reason"})

    class DropReason(models.TextChoices):
        CANCELLED = "cancelled", _("cancelled")
        REPLACED = "replaced", _("replaced")
        IRRELEVANT = "irrelevant", _("lost relevance")

    item = models.ForeignKey("roadmaps.Item", models.PROTECT, related_name="milestones", verbose_name=_("item"))
    party = models.ForeignKey(
        "roadmaps.Party",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("one party only"),
        help_text=_("Empty: of every party that takes part in the item."),
    )
    number = models.CharField(_("number"), max_length=60)
    wording = TextsField(_("wording"))
    proof = TextsField(_("what counts as proof"), blank=True)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])

    first_text = models.CharField(_("first agreed term"), max_length=300, blank=True, editable=False)
    first_kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.UNKNOWN, editable=False)
    first_from = models.DateField(null=True, editable=False)
    first_due = models.DateField(_("first due day"), null=True, editable=False)
    agreed_text = models.CharField(_("agreed term"), max_length=300, blank=True, editable=False)
    agreed_kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.UNKNOWN, editable=False)
    agreed_from = models.DateField(null=True, editable=False)
    agreed_due = models.DateField(_("agreed due day"), null=True, editable=False)
    term_text = models.CharField(_("current term"), max_length=300, blank=True, editable=False)
    starts_on = models.DateField(_("starts on"), null=True, editable=False)
    moves = models.PositiveSmallIntegerField(_("times moved"), default=0, editable=False)

    control_basis = models.TextField(_("basis of the decision"), blank=True)
    drop_reason = models.CharField(_("why dropped"), max_length=10, choices=DropReason.choices, blank=True)

    counting = models.PositiveSmallIntegerField(_("counting parties"), default=0, editable=False)
    completed = models.PositiveSmallIntegerField(_("parties that completed"), default=0, editable=False)
    state = state_column()

    # Copies from the item, so that lists need no join; carry_down() keeps them
    roadmap = models.ForeignKey(
        "roadmaps.Roadmap", models.PROTECT, related_name="milestones", editable=False, verbose_name=_("roadmap")
    )
    area = models.ForeignKey(
        "roadmaps.PriorityArea", models.PROTECT, related_name="+", editable=False, verbose_name=_("area")
    )
    area_position = models.PositiveSmallIntegerField(default=0, editable=False)
    source_key = models.CharField(_("key in the source"), max_length=200, blank=True, editable=False)
    number_key = models.CharField(max_length=120, editable=False)
    search = models.TextField(editable=False, default="")

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["area_position", "number_key", "pk"]
        constraints = [
            *judged_constraints("milestone"),
            models.CheckConstraint(condition=models.Q(weight__gte=1), name="milestone_weighs_something"),
            models.UniqueConstraint(
                fields=["roadmap", "source_key"], condition=~models.Q(source_key=""), name="milestone_key_once"
            ),
        ]
        indexes = [
            models.Index(fields=["roadmap", "area_position", "number_key", "id"], name="milestone_in_order"),
            models.Index(fields=["roadmap", "area", "state", "due_on"], name="milestone_by_state"),
            models.Index(fields=["roadmap", "due_on", "id"], name="milestone_by_due_day"),
            models.Index(fields=["roadmap", "execution", "control"], name="milestone_by_execution"),
        ]

    def __str__(self):
        return f"{self.number} {self.wording}"

    def get_absolute_url(self):
        return f"{self.item.get_absolute_url()}#m{self.pk}"

    def clean(self):
        if self.control != Control.ON and not (self.control_on and self.control_basis):
            raise ValidationError({"control": _("Give the day and the basis of the decision.")})
        if self.control_on and self.item_id and self.control_on > self.item.roadmap.today():
            raise ValidationError({"control_on": _("The day of the decision lies in the future.")})
        if (self.control == Control.DROPPED) != bool(self.drop_reason):
            raise ValidationError({"drop_reason": _("Say why it is dropped, and only then.")})

    def settle(self):
        self.number_key = number_key(self.number)
        # The item's words too: one column is searched. Wording first: to sort by it is to sort by wording.
        self.search = fold(*self.wording.all(), self.number, self.item.number, *self.item.wording.all())
        self.roadmap_id, self.area_id = self.item.roadmap_id, self.item.area_id
        self.area_position = self.item.roadmap.area_positions.get(self.area_id, 0)
        self.wording.mark(self.item.roadmap.authentic_language)
        if self._state.adding:  # what the plan says first is all three terms at once
            self.first = self.agreed
            self.current = self.current or self.agreed

    def word_term(self, term):
        """Write the term while the plan is a draft; once adopted, only an amendment moves it."""
        if self.item.roadmap.is_locked:
            raise WrongState(_("The plan is adopted: its terms move only by an amendment or a deadline change."))
        self.first = self.agreed = self.current = term
        self.save()
        self.carry_down()

    def carry_down(self):
        """Give the commitments what they carry of this milestone, and take over what they say together."""
        with change_set():
            changed = self.settled()  # first: the commitments copy what follows from the item
            commitments = list(self.commitments.all())
            for commitment in commitments:
                commitment.milestone = self
                commitment.follow()
            if {*changed, *apply(self, from_commitments(self.item.rule, commitments))}:
                self.save()

    def decide_control(self, control, *, basis, by, on=None, reason=""):
        """Close as completed, drop, or put back on control: a decision about the plan, with basis and day."""
        access.require(by, "plan", self)
        if self.drop_reason == self.DropReason.REPLACED and (control, reason) != (self.control, self.drop_reason):
            self._require_nothing_in_its_place()
        with change_set(by=by, reason=basis):
            if reason != self.DropReason.REPLACED:
                self.replaced_by.all().delete()
            self.control, self.control_basis, self.drop_reason = control, basis, reason
            self.control_on = None if control == Control.ON else on or self.item.roadmap.today()
            self.full_clean()
            self.save()
            self.carry_down()

    def held_from_undo(self, names, *, by):
        roadmap = self.item.roadmap
        if roadmap.is_locked and (not names or self.TERMS & {*names}):
            return IN_ADOPTED_PLAN
        if self.drop_reason != self.DropReason.REPLACED and "drop_reason" in names:
            self._require_nothing_in_its_place()
        return held_by(roadmap) or super().held_from_undo(names, by=by)

    def take_back(self, *, by):
        """With the parties' parts; where something was reported on them, nothing goes."""
        self.commitments.all().delete()
        self.delete()

    @classmethod
    def after_undo(cls, rows):
        rows = list(cls.objects.filter(pk__in=[row.pk for row in rows]).select_related("item__roadmap"))
        for milestone in rows:
            milestone.carry_down()
        ask_again([milestone.item for milestone in rows])

    def _require_nothing_in_its_place(self):
        """What was replaced comes back only when nothing stands in its place any more: work is never counted twice."""
        standing = [r.new for r in self.replaced_by.exclude(new__control=Control.DROPPED).select_related("new")]
        if standing:
            numbers = ", ".join(milestone.number for milestone in standing)
            raise WrongState(
                _("In the place of %(number)s stands %(others)s: drop that first.")
                % {"number": self.number, "others": numbers}
            )


class Replacement(Tracked):
    """A milestone that was split or merged points to what stands in its place (domain.md §8)."""

    history_label = ("new",)

    old = models.ForeignKey(Milestone, models.PROTECT, related_name="replaced_by", verbose_name=_("replaced milestone"))
    new = models.ForeignKey(Milestone, models.PROTECT, related_name="replaces", verbose_name=_("in its place"))

    class Meta:
        verbose_name = _("replacement")
        verbose_name_plural = _("replacements")
        ordering = ["old", "new"]
        constraints = [
            models.UniqueConstraint(fields=["old", "new"], name="replacement_once"),
            models.CheckConstraint(condition=~models.Q(old=models.F("new")), name="replaced_by_another"),
        ]

    def __str__(self):
        return f"{self.old.number} → {self.new.number}"
