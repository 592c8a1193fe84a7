from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked
from tracker.lib.errors import WrongState
from tracker.lib.texts import TextsField


class Party(Tracked):
    """A state, or an outside partner, that takes part. The six come with a migration."""

    code = models.CharField(_("code"), max_length=8, unique=True, help_text=_("ISO 3166 code where there is one."))
    name = TextsField(_("short name"))
    official_name = TextsField(_("official name"), blank=True)
    is_partner = models.BooleanField(_("outside partner"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["is_partner", "position", "code"]

    def __str__(self):
        return str(self.name) or self.code


class RoadmapParty(Tracked):
    """A party to a roadmap, in protocol order."""

    history_label = ("party",)

    roadmap = models.ForeignKey("roadmaps.Roadmap", models.CASCADE, related_name="parties", verbose_name=_("roadmap"))
    party = models.ForeignKey(Party, models.PROTECT, related_name="+", verbose_name=_("party"))
    position = models.PositiveSmallIntegerField(_("protocol position"), default=0)
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("party to the roadmap")
        verbose_name_plural = _("parties to the roadmap")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["roadmap", "party"], name="party_once_per_roadmap")]

    def __str__(self):
        return str(self.party)

    def take_back(self, *, by):
        if self.party.participations.filter(item__roadmap=self.roadmap_id).exists():
            raise WrongState(_("The party takes part in items."))
        self.delete()
