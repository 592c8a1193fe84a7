from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.texts import TextsField, fold


class OrganisationQuerySet(TrackedQuerySet):
    def at_work(self):
        """Those that have not ended."""
        return self.filter(ended_on=None)

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
        if self.pk and self.is_led_to_by(self.parent, "parent"):
            raise ValidationError({"parent": _("An organisation cannot be part of itself.")})
        if self.successor_id:
            self._check_successor()

    def is_led_to_by(self, other, link):
        """Whether the chain of the other's parents, or successors, comes back to this one."""
        seen = set()
        while other is not None and other.pk not in seen:
            if other.pk == self.pk:
                return True
            seen.add(other.pk)
            other = getattr(other, link)
        return False

    def _check_successor(self):
        if self.pk and self.is_led_to_by(self.successor, "successor"):
            raise ValidationError({"successor": _("The chain of successors would lead back to this organisation.")})
        if not self.ended_on:
            raise ValidationError({"ended_on": _("Give the day on which it ended.")})
        if self.successor.party_id not in (None, self.party_id):
            raise ValidationError(
                {
                    "successor": _("“%(organisation)s” belongs to %(its)s: another party's cannot take over.")
                    % {"organisation": self.successor, "its": self.successor.party}
                }
            )

    def settle(self):
        self.search = fold(*self.name.all(), *self.abbreviation.all())
