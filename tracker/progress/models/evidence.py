import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.errors import WrongState
from tracker.lib.texts import fold
from tracker.progress.workflow import BY_VERBS, IN_REVIEW, Audience, ReportState
from tracker.roadmaps import access


def random_name(evidence, filename):
    """A stored name that tells nothing and cannot be guessed; the given name is kept beside it."""
    return f"evidence/{uuid.uuid4().hex}"


class EvidenceQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        """The own party's; under a report in review, for reviewers; under an accepted open one, for all readers."""
        proofs = Proof.objects.filter(evidence=OuterRef("pk"))
        place = {"roadmap": "commitment__roadmap", "area": "commitment__area"}
        in_review = proofs.filter(report__state__in=[*IN_REVIEW, ReportState.ACCEPTED])
        shown = proofs.filter(report__state=ReportState.ACCEPTED, report__audience=Audience.ALL)
        return self.filter(
            access.own_party(user, roadmap="roadmap", party="party")
            | Q(Exists(in_review.filter(access.scope(user, "review", **place))))
            | (Q(audience=Audience.ALL) & Q(Exists(shown.filter(access.scope(user, "read", **place)))))
        )


class Evidence(Tracked):
    """A document that proves what a party reports: a file of ours, or an address."""

    undo_refusal = BY_VERBS
    is_private = True

    class Kind(models.TextChoices):
        TREATY = "treaty", _("treaty")
        DECREE = "decree", _("decree")
        MINUTES = "minutes", _("minutes")
        CONTRACT = "contract", _("contract")
        STATISTICS = "statistics", _("statistics")
        PHOTO = "photo", _("photo")
        LINK = "link", _("link")
        OTHER = "other", _("other")

    history_skips = {"checksum", "size", "content_type", "search"}

    roadmap = models.ForeignKey("roadmaps.Roadmap", models.PROTECT, related_name="evidence", verbose_name=_("roadmap"))
    party = models.ForeignKey("roadmaps.Party", models.PROTECT, related_name="+", verbose_name=_("party"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.OTHER)
    title = models.CharField(_("title"), max_length=300)
    number = models.CharField(_("number"), max_length=60, blank=True)
    dated_on = models.DateField(_("date"), null=True, blank=True)
    issued_by = models.CharField(_("issued by"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True)
    file = models.FileField(_("file"), upload_to=random_name, blank=True)
    file_name = models.CharField(_("file name"), max_length=255, blank=True, editable=False)
    content_type = models.CharField(max_length=100, blank=True, editable=False)
    size = models.PositiveBigIntegerField(_("size"), default=0, editable=False)
    checksum = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    address = models.URLField(_("address"), max_length=1000, blank=True)
    audience = models.CharField(_("who reads it"), max_length=3, choices=Audience.choices, default=Audience.ALL)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("added by"),
    )

    search = models.TextField(editable=False, default="")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["-dated_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(file="") | ~Q(address=""), name="evidence_is_a_file_or_an_address"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("evidence", args=[self.pk])

    def settle(self):
        self.search = fold(self.title, self.number, self.issued_by, self.file_name, self.address)

    @property
    def is_web(self):
        """Whether the address is one that a browser may follow: never a script, whoever entered it."""
        return self.address.startswith(("https://", "http://"))

    def keep_file(self, upload, content_type):
        """Take over an uploaded file: its given name, type, size and checksum are recorded."""
        digest = hashlib.sha256()
        for chunk in upload.chunks():
            digest.update(chunk)
        upload.seek(0)
        self.file, self.file_name, self.size = upload, upload.name[:255], upload.size
        self.content_type, self.checksum = content_type, digest.hexdigest()

    def prove(self, report):
        """Attach to a report and its commitment; attaching twice changes nothing."""
        with change_set():
            return Proof.objects.get_or_create(evidence=self, commitment=report.commitment, report=report)[0]

    def attach(self, report, *, by):
        """Put it under another report that its party is writing; who does so is one of the report's authors."""
        commitment = report.commitment
        if (self.roadmap_id, self.party_id) != (commitment.roadmap_id, commitment.party_id):
            raise WrongState(_("The document belongs to another party or plan."))
        with change_set(by=by):
            report.write(by=by)
            return self.prove(report)


class Proof(Tracked):
    """A document attached to a commitment under a report. One document may prove several."""

    undo_refusal = BY_VERBS
    is_private = True
    history_label = ("evidence",)

    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="proofs", verbose_name=_("document"))
    commitment = models.ForeignKey(
        "roadmaps.Commitment", models.PROTECT, related_name="proofs", verbose_name=_("party's part")
    )
    report = models.ForeignKey("progress.Report", models.PROTECT, related_name="proofs", verbose_name=_("report"))

    class Meta:
        verbose_name = _("proof")
        verbose_name_plural = _("proofs")
        constraints = [models.UniqueConstraint(fields=["evidence", "report"], name="document_once_per_report")]

    def __str__(self):
        return str(self.evidence)
