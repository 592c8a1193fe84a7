from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.ordering import number_key
from tracker.lib.texts import TextsField, fold
from tracker.roadmaps import access

from .judged import CONTROL_ON_THE_DAY, Control
from .party import Party


class ItemQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", roadmap="roadmap", area="area"))


class Item(Tracked):
    """A roadmap item (measure): what was agreed to be done."""

    class Rule(models.TextChoices):
        ALL = "all", _("all parties")
        LEAD = "lead", _("the lead parties")
        ANY = "any", _("any party")

    history_skips = {"search", "number_key"}
    on_the_day = CONTROL_ON_THE_DAY
    decided = frozenset(CONTROL_ON_THE_DAY)

    roadmap = models.ForeignKey("roadmaps.Roadmap", models.PROTECT, related_name="items", verbose_name=_("roadmap"))
    area = models.ForeignKey("roadmaps.PriorityArea", models.PROTECT, related_name="+", verbose_name=_("area"))
    number = models.CharField(_("number"), max_length=60)
    wording = TextsField(_("official wording"))
    expected_result = TextsField(_("expected result"), blank=True)
    form_of_completion = TextsField(_("form of completion"), blank=True)
    funding = TextsField(_("funding"), blank=True)
    note = TextsField(_("note"), blank=True)
    source = TextsField(_("source"), blank=True)
    rule = models.CharField(_("completed when completed by"), max_length=4, choices=Rule.choices, default=Rule.ALL)
    control = models.CharField(_("control"), max_length=8, choices=Control.choices, default=Control.ON)
    control_on = models.DateField(_("control decided on"), null=True, blank=True)
    control_basis = models.TextField(_("basis of the decision"), blank=True)
    source_key = models.CharField(_("key in the source"), max_length=200, blank=True, editable=False)
    number_key = models.CharField(max_length=120, editable=False)
    search = models.TextField(editable=False, default="")

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["roadmap", "number_key"]
        constraints = [
            models.UniqueConstraint(fields=["roadmap", "number"], name="item_number_once_per_roadmap"),
            models.CheckConstraint(
                condition=models.Q(control=Control.ON) | models.Q(control_on__isnull=False),
                name="item_control_has_a_day",
            ),
        ]
        indexes = [models.Index(fields=["roadmap", "area", "number_key"], name="item_in_order")]

    def __str__(self):
        return f"{self.number} {self.wording}"

    def get_absolute_url(self):
        return reverse("item", args=[self.roadmap.slug, self.pk])

    def clean(self):
        if self.roadmap_id and self.area_id and not self.roadmap.areas.filter(area=self.area_id).exists():
            raise ValidationError({"area": _("This area is not one of the roadmap's.")})
        if self.control != Control.ON and not (self.control_on and self.control_basis):
            raise ValidationError({"control": _("Give the day and the basis of the decision.")})
        if self.roadmap_id and self.control_on and self.control_on > self.roadmap.today():
            raise ValidationError({"control_on": _("The day of the decision lies in the future.")})

    def settle(self):
        self.number_key = number_key(self.number)
        self.search = fold(*self.wording.all(), self.number)  # wording first: to sort by it is to sort by wording
        self.wording.mark(self.roadmap.authentic_language)

    def ask_parties(self, *, by=None):
        """Make the commitments that the participations ask for; release those that no longer count.

        A counting party gets one for each milestone that is not finished; unfinished commitments of parties that left
        are released, and taken up again when the party comes back. Returns the commitments made.
        """
        from .commitment import Commitment

        with change_set(by=by):
            return Commitment.objects.ask_for([self])

    def carry_down(self):
        """Give the milestones and commitments what they carry of this item: roadmap, area, rule, words to search."""
        for milestone in self.milestones.all():
            milestone.item = self
            milestone.carry_down()

    def decide_control(self, control, *, basis, by, on=None, reason=""):
        """Close, drop or put back on control the item with its milestones: a decision with basis and day.

        A milestone about which something else was decided before keeps that decision. `reason` is a
        Milestone.DropReason, for what is dropped.
        """
        access.require(by, "plan", self)
        with change_set(by=by, reason=basis):
            together = self.decided_together()
            self.control, self.control_basis = control, basis
            self.control_on = None if control == Control.ON else on or self.roadmap.today()
            self.full_clean()
            self.save()
            for milestone in together:
                milestone.decide_control(control, basis=basis, by=by, on=self.control_on, reason=reason)

    def decided_together(self):
        """The milestones that stand as the item does, by the same decision: the next one takes them along."""
        milestones = list(self.milestones.filter(control=self.control).order_by("pk"))
        for milestone in milestones:
            milestone.item = self
        if self.control == Control.ON:
            return milestones
        decision = (self.control_on, self.control_basis)
        return [m for m in milestones if (m.control_on, m.control_basis) == decision]

    def held_from_undo(self, names, *, by):
        if not names and self.roadmap.is_locked:
            return _("In an adopted plan items are dropped, not deleted.")
        return held_by(self.roadmap) or super().held_from_undo(names, by=by)

    @classmethod
    def after_undo(cls, rows):
        rows = list(cls.objects.filter(pk__in=[row.pk for row in rows]).select_related("roadmap"))
        for item in rows:
            item.carry_down()
        ask_again(rows)

    def add_milestone_of_its_own(self, term):
        """The milestone of an item given without any: its own wording and term (domain.md §1)."""
        own = self.milestones.model(item=self, number=self.number, wording=dict(self.wording))
        own.agreed = term
        own.save()
        return own


def held_by(roadmap):
    """Why nothing of a roadmap's plan is put back, a sentence; "" if nothing is in the way."""
    return _("The roadmap is closed: its plan no longer changes.") if roadmap.state == roadmap.State.CLOSED else ""


def ask_again(items):
    """Have the parties' parts in these items asked for as the participations, now put back, say."""
    from tracker.roadmaps.changes import ask

    by_roadmap = {}
    for item in {item.pk: item for item in items}.values():
        by_roadmap.setdefault(item.roadmap, []).append(item)
    for roadmap, own in by_roadmap.items():
        ask(roadmap, own)


class ParticipationQuerySet(TrackedQuerySet):
    def counting(self):
        return self.within_their_days().filter(role__in=Participation.COUNTING)

    def within_their_days(self, on=None):
        """Those that have begun on the day (today, if none is given) and are not over."""
        today = on or timezone.localdate(moment())
        return self.filter(
            models.Q(since=None) | models.Q(since__lte=today), models.Q(until=None) | models.Q(until__gte=today)
        )


class Participation(Tracked):
    """How a party takes part in an item. One that does not is never counted as lagging."""

    history_label = ("item", "party")
    history_indexes = [["item"]]

    class Role(models.TextChoices):
        LEAD = "lead", _("lead")
        CO_EXECUTOR = "co_executor", _("co-executor")
        PARTICIPANT = "participant", _("participant")
        OBSERVER = "observer", _("observer")
        NONE = "none", _("does not take part")

    COUNTING = (Role.LEAD, Role.CO_EXECUTOR, Role.PARTICIPANT)

    item = models.ForeignKey(Item, models.CASCADE, related_name="participations", verbose_name=_("item"))
    party = models.ForeignKey(Party, models.PROTECT, related_name="participations", verbose_name=_("party"))
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, default=Role.PARTICIPANT)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    contact = models.CharField(_("contact"), max_length=300, blank=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("parties and roles")
        ordering = ["party__position", "party__code"]
        constraints = [models.UniqueConstraint(fields=["item", "party"], name="party_once_per_item")]

    def __str__(self):
        return f"{self.party}: {self.get_role_display()}"

    @property
    def is_counting(self):
        """Whether the party reports on the item's milestones."""
        today = timezone.localdate(moment())
        has_begun = self.since is None or self.since <= today
        return self.role in self.COUNTING and has_begun and (self.until is None or self.until >= today)

    def clean(self):
        if self.since and self.until and self.until < self.since:
            raise ValidationError({"until": _("The party would leave before it joins.")})

    def held_from_undo(self, names, *, by):
        return held_by(self.item.roadmap) or super().held_from_undo(names, by=by)

    @classmethod
    def after_undo(cls, rows):
        ask_again(Item.objects.filter(pk__in={row.item_id for row in rows}).select_related("roadmap"))


class Executor(Tracked):
    """An organisation that carries out its party's part; the first is the responsible one."""

    history_label = ("participation", "organisation")
    history_indexes = [["participation"]]

    participation = models.ForeignKey(
        Participation, models.CASCADE, related_name="executors", verbose_name=_("participation")
    )
    organisation = models.ForeignKey(
        "roadmaps.Organisation", models.PROTECT, related_name="executions", verbose_name=_("organisation")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("executor")
        verbose_name_plural = _("executors")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["participation", "organisation"], name="organisation_once_per_part")
        ]

    def __str__(self):
        return str(self.organisation)

    def held_from_undo(self, names, *, by):
        return held_by(self.participation.item.roadmap) or super().held_from_undo(names, by=by)
