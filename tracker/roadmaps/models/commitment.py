from collections import defaultdict

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.roadmaps import access
from tracker.roadmaps.rollup import apply, from_commitments

from .item import Executor, Participation
from .judged import (
    CONTROL_ON_THE_DAY,
    DONE_LATER,
    Control,
    Execution,
    Judged,
    State,
    judged_constraints,
    state_column,
    unless,
)
from .milestone import Milestone


class CommitmentQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", roadmap="roadmap", area="area"))

    def written_by(self, user):
        """Those on which this person may report."""
        return self.within("write", user)

    def within(self, verb, user):
        return self.filter(
            access.scope(user, verb, roadmap="roadmap", area="area", party="party", organisations=executed_by)
        )

    def counting(self):
        return self.filter(released_on=None)

    def unfinished(self):
        return self.counting().filter(control=Control.ON).exclude(execution=Execution.COMPLETED)

    def ask_for(self, items):
        """Make, release or take up again what the participations of the items ask for (`Item.ask_parties`).

        The one place that makes commitments (domain.md §1): page, admin and import come here. Four queries for all
        the items, besides the writing. Returns the commitments made.
        """
        items = list(items)
        roles, known = defaultdict(dict), defaultdict(dict)
        for part in Participation.objects.filter(item__in=items):
            if part.is_counting:
                roles[part.item_id][part.party_id] = part.role
        for commitment in self.filter(milestone__item__in=items):
            known[commitment.milestone_id][commitment.party_id] = commitment
        by_id, made, moved = {item.pk: item for item in items}, [], []
        for milestone in Milestone.objects.filter(item__in=items).order_by("pk"):
            milestone.item = by_id[milestone.item_id]
            wanted = {
                party: role for party, role in roles[milestone.item_id].items() if milestone.party_id in (None, party)
            }
            mine = known[milestone.pk]
            if not milestone.is_completed and milestone.control == Control.ON:
                made += [
                    Commitment(milestone=milestone, party_id=party, role=wanted[party])
                    for party in sorted(wanted.keys() - mine.keys())
                ]
            for party, commitment in mine.items():
                commitment.milestone = milestone
                if commitment.take_role(wanted.get(party)):
                    moved.append(commitment)
        self.bulk_create(made)
        self.bulk_update(moved, ["role", "released_on"])
        self._roll_up({c.milestone for c in [*made, *moved]}, known, made)
        return made

    def _roll_up(self, milestones, known, made):
        """Bring the milestones to what their commitments now say."""
        for commitment in made:
            known[commitment.milestone_id][commitment.party_id] = commitment
        changed, columns = [], set()
        for milestone in milestones:
            if names := apply(milestone, from_commitments(milestone.item.rule, known[milestone.pk].values())):
                changed.append(milestone)
                columns |= set(names)
        if changed:
            Milestone.objects.bulk_update(changed, columns)


def executed_by(organisations, to_commitment=""):
    """The condition that one of the organisations carries out the party's part."""
    return Exists(
        Executor.objects.filter(
            participation__item=OuterRef(f"{to_commitment}milestone__item"),
            participation__party=OuterRef(f"{to_commitment}party"),
            organisation__in=organisations,
        )
    )


class Commitment(Judged, Tracked):
    """A party's part in a milestone: the smallest thing anyone reports on.

    Carries what has been accepted; made by `Item.ask_parties()` and changed only by the verbs of the review.
    """

    history_label = ("milestone", "party")
    history_skips = {"roadmap", "area", "silent_rounds", "term_kind", "due_on", "control", "control_on"}
    history_indexes = [["milestone"]]
    is_derived = True
    on_the_day = {
        "control": CONTROL_ON_THE_DAY["control"],
        "control_on": CONTROL_ON_THE_DAY["control_on"],
        "execution": unless(DONE_LATER, "execution", f"'{Execution.IN_PROGRESS}'"),
        "percent": unless(DONE_LATER, "percent", "NULL"),
        "done_on": unless(DONE_LATER, "done_on", "NULL"),
        "released_on": unless('"released_on" > %(day)s', "released_on", "NULL"),
    }

    class Confirmation(models.TextChoices):
        DECLARED = "declared", _("Declared only")
        DOCUMENTED = "documented", _("Documented")
        CONFIRMED = "confirmed", _("Confirmed")

    class Answer(models.TextChoices):
        """What has come in the latest round that asked."""

        ASKED = "asked", _("asked")
        REPORTED = "reported", _("reported")
        NOTHING = "nothing", _("nothing to report")

    class Freshness(models.TextChoices):
        REPORTED = "reported", _("Reported this round")
        AWAITED = "awaited", _("Awaited")
        SILENT = "silent", _("Silent")
        NOTHING = "nothing", _("Nothing to report")
        NEVER_ASKED = "never_asked", _("Not asked yet")

    milestone = models.ForeignKey(
        "roadmaps.Milestone", models.PROTECT, related_name="commitments", verbose_name=_("milestone")
    )
    party = models.ForeignKey("roadmaps.Party", models.PROTECT, related_name="commitments", verbose_name=_("party"))
    role = models.CharField(_("role"), max_length=12, choices=Participation.Role.choices, editable=False)
    released_on = models.DateField(_("released on"), null=True, editable=False)
    confirmation = models.CharField(
        _("confirmation"), max_length=10, choices=Confirmation.choices, blank=True, editable=False
    )
    answer = models.CharField(_("answer"), max_length=8, choices=Answer.choices, blank=True, editable=False)
    silent_rounds = models.PositiveSmallIntegerField(_("silent rounds"), default=0, editable=False)
    claimed_at = models.DateTimeField(_("completion awaits review since"), null=True, editable=False)
    claimed_done_on = models.DateField(_("completion claimed for"), null=True, editable=False)

    # Copies from the milestone; its carry_down() keeps them
    roadmap = models.ForeignKey(
        "roadmaps.Roadmap", models.PROTECT, related_name="+", editable=False, verbose_name=_("roadmap")
    )
    area = models.ForeignKey(
        "roadmaps.PriorityArea", models.PROTECT, related_name="+", editable=False, verbose_name=_("area")
    )

    state = state_column((State.RELEASED, Q(released_on__isnull=False)))
    freshness = models.GeneratedField(
        expression=Case(
            When(silent_rounds__gt=0, then=Value(Freshness.SILENT.value)),
            When(answer=Answer.ASKED, then=Value(Freshness.AWAITED.value)),
            When(answer=Answer.REPORTED, then=Value(Freshness.REPORTED.value)),
            When(answer=Answer.NOTHING, then=Value(Freshness.NOTHING.value)),
            default=Value(Freshness.NEVER_ASKED.value),
        ),
        output_field=models.CharField(max_length=12, choices=Freshness.choices),
        db_persist=True,
        verbose_name=_("freshness"),
    )

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("party's part")
        verbose_name_plural = _("parties' parts")
        ordering = ["milestone", "party__position"]
        constraints = [
            *judged_constraints("commitment"),
            models.UniqueConstraint(fields=["milestone", "party"], name="commitment_once_per_party"),
        ]
        indexes = [
            models.Index(fields=["roadmap", "area", "party", "state", "due_on"], name="commitment_by_cell"),
            models.Index(fields=["roadmap", "party", "freshness", "released_on"], name="commitment_by_freshness"),
        ]

    def __str__(self):
        return f"{self.milestone.number} · {self.party}"

    def get_absolute_url(self):
        return self.milestone.get_absolute_url()

    @property
    def is_counting(self):
        return self.released_on is None

    def settle(self):
        milestone = self.milestone
        self.roadmap_id, self.area_id = milestone.roadmap_id, milestone.area_id
        self.due_on, self.term_kind = milestone.due_on, milestone.term_kind
        self.control, self.control_on = milestone.control, milestone.control_on

    def take_role(self, role):
        """Follow the party's role in the item; without one, an unfinished part is released. Whether that is new."""
        before = self.role, self.released_on
        if role is not None:
            self.role, self.released_on = role, None
        elif not self.is_completed:
            self.released_on = self.released_on or timezone.localdate(moment())
        return before != (self.role, self.released_on)
