from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked
from tracker.lib.texts import TextsField


class Amendment(Tracked):
    """A signed change of the plan: the only thing that moves an agreed term."""

    undo_refusal = _("A signed amendment is taken back only by another one.")

    roadmap = models.ForeignKey(
        "roadmaps.Roadmap", models.PROTECT, related_name="amendments", verbose_name=_("roadmap")
    )
    number = models.CharField(_("number"), max_length=60)
    signed_on = models.DateField(_("signed on"))
    meeting = TextsField(_("meeting"), blank=True)
    document = models.CharField(_("document"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        ordering = ["-signed_on"]
        constraints = [models.UniqueConstraint(fields=["roadmap", "number"], name="amendment_once_per_roadmap")]

    def __str__(self):
        return _("Amendment No. %(number)s of %(day)s") % {
            "number": self.number,
            "day": self.signed_on.strftime("%d.%m.%Y"),
        }
