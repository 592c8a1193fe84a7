"""What can be judged by a day: the columns a status reads, and the day-free state kept by the database.

A state holds no day, so it cannot go stale at midnight; the day enters in progress/status.py, where RULES pair
a state with a span (due before the day, within 30 days of it, later). See architecture.md, decision 5.
"""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from tracker.lib.terms import Kind


class Execution(models.TextChoices):
    NOT_STARTED = "not_started", _("Not started")
    IN_PROGRESS = "in_progress", _("In progress")
    PARTLY = "partly", _("Partly completed")
    COMPLETED = "completed", _("Completed")


class Control(models.TextChoices):
    ON = "on", _("On control")
    CLOSED = "closed", _("Closed as completed")
    DROPPED = "dropped", _("Dropped")


class Confidence(models.TextChoices):
    HIGH = "high", _("high")
    MEDIUM = "medium", _("medium")
    LOW = "low", _("low")


class State(models.TextChoices):
    """Where a row stands, whatever the day."""

    RELEASED = "released"
    DROPPED = "dropped"
    DONE_ON_TIME = "done_on_time"
    DONE_LATE = "done_late"
    CONTINUOUS = "continuous"
    NO_DATE = "no_date"
    FORECAST_LATE = "forecast_late"
    LOW_CONFIDENCE = "low_confidence"
    NOT_STARTED = "not_started"
    OPEN = "open"


FINISHED = Q(execution=Execution.COMPLETED) | Q(control=Control.CLOSED)
FINISHED_ON = Coalesce("done_on", "control_on")

# The first that fits (domain.md §3). Every input is a column of the row.
STATES = [
    (State.DROPPED, Q(control=Control.DROPPED)),
    (State.DONE_LATE, FINISHED & Q(due_on__lt=FINISHED_ON)),
    (State.DONE_ON_TIME, FINISHED),
    (State.CONTINUOUS, Q(term_kind__in=[Kind.CONTINUOUS, Kind.RECURRING])),
    (State.NO_DATE, Q(due_on=None)),
    (State.FORECAST_LATE, Q(forecast_on__gt=F("due_on"))),
    (State.LOW_CONFIDENCE, Q(confidence=Confidence.LOW)),
    (State.NOT_STARTED, Q(execution=Execution.NOT_STARTED)),
]


def state_column(*before):
    """The generated column of the first state that fits; `before` adds (state, condition) pairs of one model."""
    cases = [When(condition, then=Value(state.value)) for state, condition in [*before, *STATES]]
    return models.GeneratedField(
        expression=Case(*cases, default=Value(State.OPEN.value)),
        output_field=models.CharField(max_length=16, choices=State.choices),
        db_persist=True,
        verbose_name=_("state"),
    )


class Outcome:
    """What follows from the columns of what is judged: of a model's row, or of a light one read for a list."""

    @property
    def is_completed(self):
        """Counts as completed: accepted as completed, or closed as completed."""
        return self.execution == Execution.COMPLETED or self.control == Control.CLOSED

    @property
    def finished_on(self):
        return self.done_on or self.control_on


ROLLED_UP = frozenset({"execution", "percent", "done_on", "forecast_on", "confidence"})


def unless(is_later, column, otherwise):
    """SQL: the column, or what it was on a day when what is_later says had not happened yet."""
    return f'CASE WHEN {is_later} THEN {otherwise} ELSE "{column}" END'


# What was completed, closed or dropped after the day was under way and on control on that day (domain.md §5). How far
# it was then, nobody has said: no percentage.
DONE_LATER, DECIDED_LATER = '"done_on" > %(day)s', '"control_on" > %(day)s'
CONTROL_ON_THE_DAY = {
    "control": unless(DECIDED_LATER, "control", f"'{Control.ON}'"),
    "control_on": unless(DECIDED_LATER, "control_on", "NULL"),
    "control_basis": unless(DECIDED_LATER, "control_basis", "''"),
}


class Judged(Outcome, models.Model):
    """The columns that a status reads. Execution, percent and the rest are what has been accepted."""

    control = models.CharField(_("control"), max_length=8, choices=Control.choices, default=Control.ON)
    control_on = models.DateField(_("control decided on"), null=True, blank=True)
    term_kind = models.CharField(
        _("kind of term"), max_length=12, choices=Kind.choices, default=Kind.UNKNOWN, editable=False
    )
    due_on = models.DateField(_("due on"), null=True, editable=False)
    execution = models.CharField(
        _("execution"), max_length=12, choices=Execution.choices, default=Execution.NOT_STARTED, editable=False
    )
    percent = models.PositiveSmallIntegerField(_("percent"), default=0, editable=False)
    done_on = models.DateField(_("done on"), null=True, editable=False)
    forecast_on = models.DateField(_("forecast"), null=True, editable=False)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence.choices, blank=True, editable=False)

    class Meta:
        abstract = True


# completed ⇔ done on a day ⇔ 100 percent
COMPLETED_IS_WHOLE = (Q(execution=Execution.COMPLETED) & Q(done_on__isnull=False) & Q(percent=100)) | (
    ~Q(execution=Execution.COMPLETED) & Q(done_on__isnull=True) & Q(percent__lt=100)
)
CONTROL_HAS_A_DAY = Q(control=Control.ON) | Q(control_on__isnull=False)


def judged_constraints(name):
    return [
        models.CheckConstraint(condition=COMPLETED_IS_WHOLE, name=f"{name}_completed_is_whole"),
        models.CheckConstraint(condition=CONTROL_HAS_A_DAY, name=f"{name}_control_has_a_day"),
    ]
