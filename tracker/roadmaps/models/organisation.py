from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.texts import TextsField, fold


class OrganisationQuerySet(TrackedQuerySet):
    def within(self, organisations):
        """The ids of the given organisations and of everything under them."""
        found, level = set(), set(organisations)
        while level:
            found |= level
            level = set(self.filter(parent__in=level).values_list("pk", flat=True)) - found
        return found


class Organisation(Tracked):
    """A ministry, agency or company of a party; without a party, a joint body."""

    history_skips = {"search"}

    party = models.ForeignKey(
        "roadmaps.Party", models.PROTECT, related_name="organisations", null=True, blank=True, verbose_name=_("party")
    )
    name = TextsField(_("official name"))
    abbreviation = TextsField(_("abbreviation"), blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="children", null=True, blank=True, verbose_name=_("part of")
    )
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("successor")
    )
    search = models.TextField(editable=False, default="")

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["search"]

    def __str__(self):
        return str(self.name)

    def clean(self):
        above = self.parent
        while above is not None:
            if above.pk == self.pk:
                raise ValidationError({"parent": _("An organisation cannot be part of itself.")})
            above = above.parent

    def settle(self):
        self.search = fold(*self.name.all(), *self.abbreviation.all())
