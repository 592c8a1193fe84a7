from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.dates import today_in
from tracker.lib.errors import NotAllowed, WrongState
from tracker.lib.texts import fold
from tracker.progress import rollup
from tracker.progress.workflow import BY_VERBS, IN_REVIEW, MOVES, WITH_THE_PARTY, Audience, ReportState
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Confidence, Execution, Milestone
from tracker.roadmaps.models.commitment import executed_by

from .round import Round

CORRECTION_DAYS = 7
LOST = _("The round is closed. What you wrote is kept and goes into the next round.")
NOT_AGAIN = _("The round is closed: what you take back now could not be sent again.")
ONE_STEP = _("This roadmap has no second step: a submitted report goes straight to review.")
NOT_ENDORSED = _("The party's coordinator has not endorsed this report yet.")
OWN_WORDS = _("You wrote part of this report: another reviewer must decide on it.")
PATHS = {"roadmap": "commitment__roadmap", "area": "commitment__area"}


def executed_by_reporter(organisations):
    return executed_by(organisations, to_commitment="commitment__")


def shown_to(user):
    """The condition on the reports that this person sees.

    Drafts, returned ones: the own party. Submitted: reviewers and administrators too. Accepted: all readers.
    """
    read = access.scope(user, "read", **PATHS)
    own = access.own_party(user, **PATHS, party="commitment__party")
    return own | (in_secretariat(user) & Q(state__in=IN_REVIEW)) | (read & Q(state=ReportState.ACCEPTED))


def in_secretariat(user):
    """The condition on the reports of which this person reviews or administers the roadmap."""
    return access.scope(user, "review", **PATHS) | access.scope(user, "reopen", **PATHS)


def taken_late():
    """The condition on reports of closed rounds that may still be sent: the day they are taken until has not ended."""
    reopened = Report.objects.filter(state__in=rollup.NOT_RECEIVED, late_until__isnull=False)
    may_come = where_they_are(reopened, lambda today: Q(late_until__gte=today))
    return may_come & Q(state__in=rollup.NOT_RECEIVED, round__state=Round.State.CLOSED)


def where_they_are(reports, condition):
    """The condition on some reports that asks for the day: of each, the day it is where its roadmap's terms run."""
    met = access.NOTHING
    for zone in reports.order_by().values_list("commitment__roadmap__time_zone", flat=True).distinct():
        met |= Q(commitment__roadmap__time_zone=zone) & condition(today_in(zone))
    return met


class ReportQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(shown_to(user))

    def with_open_text(self, user):
        """Annotate `text_is_open`: whether this reader gets text and files, or only status and dates."""
        own = access.own_party(user, **PATHS, party="commitment__party")
        review = access.scope(user, "review", **PATHS)
        return self.annotate(
            text_is_open=ExpressionWrapper(own | review | Q(audience=Audience.ALL), models.BooleanField())
        )

    def written_by(self, user):
        """Those that this person may write."""
        return self.filter(
            access.scope(user, "write", **PATHS, party="commitment__party", organisations=executed_by_reporter)
        )

    def reviewed_by(self, user):
        """Those that this person may review."""
        return self.within("review", user)

    def within(self, verb, user):
        """Those within which this person may do a verb that no party bounds."""
        return self.filter(access.scope(user, verb, **PATHS))

    def in_review(self):
        """Those that wait for the reviewer: endorsed, or submitted where the roadmap asks for one step."""
        return self.filter(
            Q(state=ReportState.ENDORSED) | Q(state=ReportState.SUBMITTED, commitment__roadmap__two_steps=False)
        )

    def past_review(self):
        """Those whose reviewer is silent: the day on which the review was due has ended (domain.md §4)."""
        waiting = self.in_review()
        return waiting.filter(where_they_are(waiting, lambda today: Q(round__review_due__lt=today)))

    def accepted(self):
        return self.filter(state=ReportState.ACCEPTED)

    def not_received(self):
        """Asked for and never sent."""
        return self.filter(state__in=[ReportState.ASKED, ReportState.DRAFT])

    def latest_first(self):
        return self.order_by("-round__starts_on", "-pk")


class Report(Tracked):
    """What a party says about one commitment in one round, from draft to accepted."""

    undo_refusal = BY_VERBS
    is_private = True
    history_label = ("commitment", "round")
    history_skips = {"search"}
    history_indexes = [["commitment"]]

    TYPED = ("execution", "percent", "narrative", "done_on", "forecast_on", "confidence", "audience",
             "without_document", "nothing_to_report")  # fmt: skip

    commitment = models.ForeignKey(
        "roadmaps.Commitment", models.PROTECT, related_name="reports", verbose_name=_("party's part")
    )
    round = models.ForeignKey("progress.Round", models.PROTECT, related_name="reports", verbose_name=_("round"))
    state = models.CharField(
        _("state"), max_length=9, choices=ReportState.choices, default=ReportState.ASKED, editable=False
    )
    execution = models.CharField(
        _("state of execution"), max_length=12, choices=Execution.choices, default=Execution.NOT_STARTED
    )
    percent = models.PositiveSmallIntegerField(_("percent"), default=0)
    narrative = models.TextField(_("what was done in this round"), blank=True, max_length=4000)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    forecast_on = models.DateField(_("forecast"), null=True, blank=True)
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence.choices, blank=True)
    audience = models.CharField(_("who reads it"), max_length=3, choices=Audience.choices, default=Audience.ALL)
    without_document = models.BooleanField(_("declared without a document"), default=False)
    nothing_to_report = models.BooleanField(_("nothing to report"), default=False)

    submitted_at = models.DateTimeField(_("submitted at"), null=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("submitted by"),
    )
    endorsed_at = models.DateTimeField(_("endorsed at"), null=True, editable=False)
    endorsed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("endorsed by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("decided by"),
    )
    correct_by = models.DateField(_("correct by"), null=True, editable=False)
    late_until = models.DateField(_("taken late until"), null=True, editable=False)  # after its round has closed
    is_confirmed = models.BooleanField(_("document checked"), default=False, editable=False)
    search = models.TextField(editable=False, default="")

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-round__starts_on", "commitment"]
        constraints = [
            models.UniqueConstraint(fields=["commitment", "round"], name="report_once_per_round"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="report_percent_is_a_percent"),
        ]
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="report_by_state"),
            models.Index(fields=["state", "-decided_at"], name="report_lately_decided"),
        ]

    def __str__(self):
        return f"{self.commitment}, {self.round}"

    def get_absolute_url(self):
        return reverse("report", args=[self.pk])

    def settle(self):
        self.search = fold(self.narrative)

    @property
    def is_with_the_party(self):
        return self.state in WITH_THE_PARTY

    @property
    def is_lost(self):
        """Not sent before its round closed, nor by the day until which it is taken late: carried into the next."""
        return self.state in rollup.NOT_RECEIVED and not self.is_still_taken

    @property
    def is_still_taken(self):
        """Whether its round takes what is sent today: while it is open, or to the day until which it is taken late."""
        if self.round.state != Round.State.CLOSED:
            return True
        return self.late_until is not None and self.late_until >= self.commitment.roadmap.today()

    @property
    def wanted_by(self):
        """The day by which its party is to send it."""
        return self.correct_by or self.late_until or self.round.entry_due

    @property
    def is_in_review(self):
        return self.state in IN_REVIEW

    def held_up(self, verb, *, by):
        """What else than rights keeps this person from the verb: None, or (sentence, the verb of who leads on or None).

        Asked by access.why_not; the verbs below raise the same in time.
        """
        state = self.state
        if self.is_lost:
            return LOST, None
        if verb == "write" and not self.is_with_the_party:
            return {
                ReportState.SUBMITTED: (
                    _("It has been sent for review. To write on, take it back first."),
                    None if access.may(by, "write", self) else "write",
                ),
                ReportState.ENDORSED: (
                    _("It has been endorsed and waits for the reviewer; it can no longer be edited."),
                    "review",
                ),
                ReportState.ACCEPTED: (
                    _("It has been accepted. Only an administrator may reopen it, with a reason."),
                    "reopen",
                ),
            }[state]
        if verb == "endorse" and not self.commitment.roadmap.two_steps:
            return ONE_STEP, None
        if verb in ("endorse", "review") and self.is_with_the_party:
            return _("The report is with its party and has not been sent yet."), "write"
        if verb == "review" and state == ReportState.SUBMITTED and self.commitment.roadmap.two_steps:
            return NOT_ENDORSED, "endorse"
        if verb == "review" and self.is_in_review and self.authors.filter(user=by).exists():
            return OWN_WORDS, "review"
        moves = {"endorse": "endorse", "review": "accept", "reopen": "reopen"}
        if verb in moves and state not in MOVES[moves[verb]].before:
            return self._in_another_state(MOVES[moves[verb]]), None
        return None

    def carrying(self, unsent):
        """Start from the text of a report that was never sent; returns the report."""
        if unsent is not None:
            for field in self.TYPED:
                setattr(self, field, getattr(unsent, field))
        return self

    def missing(self, *, on):
        """What must still be given before it can be sent, by field: {field: sentence}."""
        if self.nothing_to_report:
            return {}
        missing = {}
        if not self.narrative.strip():
            missing["narrative"] = _("Write what was done in this round.")
        if self.execution == Execution.COMPLETED:
            if self.done_on is None:
                missing["done_on"] = _("Give the day on which it was done.")
            elif self.done_on > on:
                missing["done_on"] = _("Give a day that is not in the future.")
            elif self.done_on < self.commitment.roadmap.starts_on:
                missing["done_on"] = _("This day lies before the roadmap begins: is the year right?")
            if not self.without_document and not self.proofs.exists():
                missing["without_document"] = _("Attach a document, or declare completion without one.")
        return missing

    # The verbs of the review. Each is one transaction, guarded by state and version, written with its history.

    def write(self, *, by):
        """Save what was typed as a draft (a returned report stays returned)."""
        with self._moving("save", by):
            if self.state == ReportState.ASKED:
                self.state = ReportState.DRAFT
            self._settle_percent()
            self.save()
            ReportAuthor.objects.get_or_create(report=self, user=by)

    def submit(self, *, by):
        """Send for review. Raises ValidationError, by field, while something is missing."""
        with self._moving("submit", by):
            missing = self.missing(on=self.commitment.roadmap.today())
            if missing:
                raise ValidationError(missing)
            self.submitted_at, self.submitted_by = moment(), by
            self.correct_by = None
            self.save()
            ReportAuthor.objects.get_or_create(report=self, user=by)

    def withdraw(self, *, by):
        """Take back what was sent, to write on; not where it could not be sent again."""
        with self._moving("withdraw", by):
            if not self.is_still_taken:
                raise WrongState(NOT_AGAIN)
            self.submitted_at = self.submitted_by = None
            self.save()

    def endorse(self, *, by):
        """The party's coordinator lets it go to the secretariat, where the roadmap asks for two steps."""
        with self._moving("endorse", by):
            if not self.commitment.roadmap.two_steps:
                raise WrongState(ONE_STEP)
            self.endorsed_at, self.endorsed_by = moment(), by
            self.save()

    def accept(self, *, by, document_checked=False):
        """Take it as the party's state; the commitment and the milestone follow in the same transaction."""
        with self._moving("accept", by):
            self._require_other_eyes(by)
            if self.commitment.roadmap.two_steps and not self.endorsed_at:
                raise WrongState(NOT_ENDORSED)
            self.decided_at, self.decided_by = moment(), by
            self.is_confirmed = bool(document_checked and self.proofs.exists())
            self.save()

    def send_back(self, *, by, remarks, correct_by=None):
        """Return for correction. `remarks` are (field, text) pairs, at least one; fields may be empty."""
        remarks = [(field, text.strip()) for field, text in remarks if text.strip()]
        with self._moving("return", by):
            self._require_other_eyes(by)
            if not remarks:
                raise ValidationError({"text": _("Write at least one remark: what must be corrected, and how.")})
            self._return(by, correct_by)
            Remark.objects.bulk_create(
                [Remark(report=self, field=f, text=t, made_by=by, made_at=moment()) for f, t in remarks]
            )

    def reopen(self, *, by, reason, correct_by=None):
        """Take back an acceptance, with a reason; the commitment falls back to the accepted report before it."""
        if not reason.strip():
            raise ValidationError({"reason": _("Give the reason.")})
        with self._moving("reopen", by, reason=reason):
            self._return(by, correct_by)
            Remark.objects.create(report=self, text=reason, made_by=by, made_at=moment())

    def _return(self, by, correct_by):
        self.decided_at, self.decided_by = moment(), by
        self.endorsed_at = self.endorsed_by = None
        self.is_confirmed = False
        self.correct_by = correct_by or self.commitment.roadmap.today() + timedelta(days=CORRECTION_DAYS)
        self.save()

    @contextmanager
    def _moving(self, verb, by, reason=""):
        """The frame of a verb: right, transaction, lock, state; whatever fails leaves the report as it was."""
        move, before = MOVES[verb], self.__dict__.copy()
        access.require(by, move.right, self)
        try:
            with change_set(by=by, reason=reason):
                # Two verbs on one milestone take turns here (on PostgreSQL; SQLite has one writer anyway).
                Milestone.objects.select_for_update().only("pk").get(pk=self.commitment.milestone_id)
                self._require_state(move)
                if move.to:
                    self.state = move.to
                yield
                if move.to:  # read behind the lock: another report of the milestone may just have been accepted
                    self.commitment = Commitment.objects.select_related("milestone__item__roadmap").get(
                        pk=self.commitment_id
                    )
                    rollup.recompute(self.commitment)
        except BaseException:
            self.__dict__ = before
            raise

    def _require_state(self, move):
        stored = Report.objects.select_related("round", "submitted_by", "decided_by").get(pk=self.pk)
        if stored.state not in move.before:
            raise WrongState(stored._in_another_state(move))
        if stored.is_lost:
            raise WrongState(LOST)

    def _in_another_state(self, move):
        """The refusal of a move that does not begin in this report's state."""
        decided = self.state in (ReportState.ACCEPTED, ReportState.RETURNED)
        who = self.decided_by if decided else self.submitted_by
        return move.refusal % {
            "state": self.get_state_display().lower(),
            "who": _(" by %(person)s") % {"person": who} if who else "",
        }

    def _require_other_eyes(self, by):
        if self.authors.filter(user=by).exists():
            raise NotAllowed(OWN_WORDS, ask=access.whom_to_ask("review", self, apart_from=by))

    def _settle_percent(self):
        if self.execution == Execution.COMPLETED:
            self.percent = 100
        elif self.execution == Execution.NOT_STARTED:
            self.percent = 0
        else:
            self.percent = min(self.percent, 99)
        if self.execution != Execution.COMPLETED:
            self.done_on, self.without_document = None, False
        else:
            self.forecast_on = None


class ReportAuthor(Tracked):
    """Someone who wrote any of a report: they never review it."""

    undo_refusal = BY_VERBS
    is_private = True
    history_label = ("report",)

    report = models.ForeignKey(Report, models.CASCADE, related_name="authors", verbose_name=_("report"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"))

    class Meta:
        verbose_name = _("author of a report")
        verbose_name_plural = _("authors of reports")
        constraints = [models.UniqueConstraint(fields=["report", "user"], name="author_once_per_report")]

    def __str__(self):
        return str(self.user)


class Remark(Tracked):
    """A reviewer's remark on a report, at a field where it can be. Never overwritten."""

    undo_refusal = BY_VERBS
    is_private = True

    class Field(models.TextChoices):
        EXECUTION = "execution", _("State of execution")
        DONE_ON = "done_on", _("Done on")
        NARRATIVE = "narrative", _("Text")
        EVIDENCE = "evidence", _("Document")
        FORECAST = "forecast_on", _("Forecast")

    report = models.ForeignKey(Report, models.PROTECT, related_name="remarks", verbose_name=_("report"))
    field = models.CharField(_("about"), max_length=12, choices=Field.choices, blank=True)
    text = models.TextField(_("remark"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["made_at", "pk"]

    def __str__(self):
        return self.text[:80]
