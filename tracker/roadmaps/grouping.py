from functools import cached_property

from django.utils.translation import gettext_lazy as _

from tracker.lib.groups import ByColumn

from .models import PriorityArea


class ByArea(ByColumn):
    """By priority area, in the order of the areas."""

    label, parameter = _("Area"), "area"

    @property
    def in_order(self):
        return (f"{self.column}__position", f"{self.column}__code")

    @cached_property
    def areas(self):
        return list(PriorityArea.objects.all())

    def values(self):
        return [(area.pk, area.code, area.name) for area in self.areas]
