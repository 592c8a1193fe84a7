import json
from hashlib import sha256

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.history.chain import Link, LinkQuerySet
from tracker.history.only_added import OnlyAdded
from tracker.lib.canonical import canonical
from tracker.lib.errors import WrongState
from tracker.lib.texts import TextsField
from tracker.roadmaps import access


class EditionQuerySet(LinkQuerySet):
    def visible_to(self, user):
        """Those that say something of an area which the person may read today."""
        read = access.scope(user, "read", roadmap="edition__roadmap", area="area")
        return self.filter(Exists(Chapter.objects.filter(read, edition=OuterRef("pk"))))


class Edition(Link):
    """A sealed consolidated report: what was shown, judged on a day by what was known by a moment.

    It is never changed: a correction is a new edition that names the old one. Its digest is that of its data file,
    which holds every column; all editions of the installation are one chain, in the order in which they were sealed.
    """

    sealed = (
        "place", "previous", "number", "roadmap", "is_whole", "title", "judged_on", "known_by", "sealed_at",
        "sealed_by", "sealed_by_name", "reason", "corrects", "rules_version", "contents", "anchor",
    )  # fmt: skip

    roadmap = models.ForeignKey("roadmaps.Roadmap", models.PROTECT, related_name="editions", verbose_name=_("roadmap"))
    number = models.PositiveIntegerField(_("number"))
    title = TextsField(_("title"))
    judged_on = models.DateField(_("judged on"))
    known_by = models.DateTimeField(_("known by"))
    is_whole = models.BooleanField(_("all areas"))
    sealed_at = models.DateTimeField(_("sealed at"))
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("sealed by")
    )
    sealed_by_name = models.CharField(_("sealed by"), max_length=300)
    reason = models.TextField(_("reason"), blank=True)
    corrects = models.OneToOneField(
        "self", models.PROTECT, related_name="corrected_by", null=True, verbose_name=_("corrects")
    )
    rules_version = models.CharField(_("rules"), max_length=64)
    contents = models.CharField(max_length=64)  # the digest of what it says, whoever sealed it and when
    anchor = models.CharField(_("history"), max_length=64, blank=True)  # the digest of the history it was made from
    data = models.TextField()

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["-place"]
        constraints = [
            models.UniqueConstraint(fields=["roadmap", "number"], name="edition_number_once_per_roadmap"),
        ]

    def __str__(self):
        return _("Edition No. %(number)s") % {"number": self.number}

    def get_absolute_url(self):
        return reverse("edition", args=[self.roadmap.slug, self.number])

    def add(self, chapters):
        """Seal: become the last of the chain, with what is said of each area, as (area id, canonical text).

        Returns the edition, or the same one that this person has just sealed, as by a second click.
        """
        self.new_chapters = sorted(chapters)
        with transaction.atomic():
            if (added := super().add()) is self:
                rows = [Chapter(edition=self, area_id=area, text=text) for area, text in self.new_chapters]
                Chapter.objects.bulk_create(rows)
        del self.new_chapters
        return added

    def same(self):
        names = ("roadmap", "is_whole", "known_by", "reason", "corrects", "contents", "sealed_by")
        found = Edition.objects.filter(**{name: getattr(self, name) for name in names})
        return next((edition for edition in found if edition.title == self.title), None)

    def take_place(self):
        if self.corrects:
            self.corrects.require_uncorrected()
        last = Edition.objects.filter(roadmap=self.roadmap_id).aggregate(last=models.Max("number"))["last"]
        self.number = (last or 0) + 1

    def require_uncorrected(self):
        """Raise WrongState if a correction names this edition already."""
        if after := Edition.objects.filter(corrects=self.place).first():
            words = {"number": self.number, "other": after.number}
            raise WrongState(_("No. %(number)s is corrected by No. %(other)s already: correct that one.") % words)

    def digest(self):
        return digest_of(self.file())

    def file(self):
        """The data file, in pieces of bytes: what it says, and who sealed it when."""
        yield from told(self.texts(), self.data)
        yield f',"seal":{canonical(self.columns())}}}'.encode()

    def said_of(self, name):
        """What its data say under a name that stands apart from the areas."""
        return json.loads(self.data)[name]

    def texts(self):
        """(area id, what is said of it), one in memory at a time."""
        if hasattr(self, "new_chapters"):  # on its way into the chain
            return self.new_chapters
        return self.chapters.order_by("area").values_list("area", "text").iterator(chunk_size=1)


def told(texts, data):
    """The beginning of a data file, in pieces of bytes: all but the seal, and the bracket that closes it."""
    yield b'{"areas":['
    for place, (area, text) in enumerate(texts):
        yield f'{"," if place else ""}{{"id":{area},"says":{text}}}'.encode()
    yield f'],"data":{data}'.encode()


def digest_of(pieces):
    found = sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


class Chapter(OnlyAdded):
    """What an edition says of one area."""

    pk = models.CompositePrimaryKey("edition_id", "area_id")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="chapters", verbose_name=_("edition"))
    area = models.ForeignKey("roadmaps.PriorityArea", models.PROTECT, related_name="+", verbose_name=_("area"))
    text = models.TextField()

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")

    def __str__(self):
        return f"{self.edition}: {self.area}"
