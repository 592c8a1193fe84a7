from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked
from tracker.lib.errors import WrongState
from tracker.lib.texts import TextsField


class PriorityArea(Tracked):
    """A field of cooperation. The seven of the Joint Action Plan come with a migration."""

    code = models.SlugField(_("code"), unique=True)
    name = TextsField(_("name"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("priority area")
        verbose_name_plural = _("priority areas")
        ordering = ["position", "code"]

    def __str__(self):
        return str(self.name) or self.code


class RoadmapArea(Tracked):
    """An area that a roadmap has, and its place there."""

    history_label = ("area",)

    roadmap = models.ForeignKey("roadmaps.Roadmap", models.CASCADE, related_name="areas", verbose_name=_("roadmap"))
    area = models.ForeignKey(PriorityArea, models.PROTECT, related_name="+", verbose_name=_("area"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("area of the roadmap")
        verbose_name_plural = _("areas of the roadmap")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["roadmap", "area"], name="area_once_per_roadmap")]

    def __str__(self):
        return str(self.area)

    def take_back(self, *, by):
        if self.roadmap.items.filter(area=self.area_id).exists():
            raise WrongState(_("There are items in this area."))
        self.delete()
