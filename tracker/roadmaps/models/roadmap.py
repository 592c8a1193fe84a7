import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.history.changes import change_set, moment
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.history.standpoint import Standpoint
from tracker.lib.dates import end_of, today_in
from tracker.lib.errors import WrongState
from tracker.lib.texts import TextsField
from tracker.roadmaps import access


class RoadmapQuerySet(TrackedQuerySet):
    def visible_to(self, user):
        return self.filter(access.scope(user, "read", roadmap="pk"))


class Roadmap(Tracked):
    """A signed programme that several parties carry out together."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ADOPTED = "adopted", _("adopted")
        CLOSED = "closed", pgettext_lazy("of a roadmap", "closed")

    class Frequency(models.TextChoices):
        MONTHLY = "monthly", _("monthly")
        QUARTERLY = "quarterly", _("quarterly")
        HALF_YEARLY = "half_yearly", _("half-yearly")
        YEARLY = "yearly", _("yearly")

    slug = models.SlugField(_("address"), unique=True)
    title = TextsField(_("title"))
    short_title = TextsField(_("short title"), blank=True)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    adopted_on = models.DateField(_("adopted on"), null=True, blank=True)
    adopted_by = TextsField(_("adopted by"), blank=True, help_text=_("The meeting that adopted it."))
    source = TextsField(_("source"), blank=True)
    authentic_language = models.CharField(_("authentic language"), max_length=5, default="ru")
    time_zone = models.CharField(
        _("time zone"), max_length=50, default="Europe/Moscow", help_text=_("A due day lasts to its end here.")
    )
    frequency = models.CharField(_("reporting"), max_length=12, choices=Frequency.choices, default=Frequency.QUARTERLY)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    two_steps = models.BooleanField(
        _("two steps"), default=False, help_text=_("A party's coordinator endorses its reports before the review.")
    )
    is_sample = models.BooleanField(_("sample"), default=False, help_text=_("Marked as a sample wherever it shows."))

    objects = RoadmapQuerySet.as_manager()

    class Meta:
        verbose_name = _("roadmap")
        verbose_name_plural = _("roadmaps")
        ordering = ["-starts_on", "slug"]
        constraints = [
            models.CheckConstraint(condition=models.Q(starts_on__lte=models.F("ends_on")), name="roadmap_starts_first"),
        ]

    def __str__(self):
        return str(self.short_title or self.title) or self.slug

    def get_absolute_url(self):
        return reverse("overview", args=[self.slug])

    @property
    def is_locked(self):
        """Whether the agreed terms move only by an amendment."""
        return self.state != self.State.DRAFT

    @cached_property
    def areas_in_order(self):
        """The areas of this roadmap, each with its `place` in it, read once for each instance."""
        return _placed(self.areas.select_related("area").order_by("position", "pk"), "area")

    @cached_property
    def parties_in_order(self):
        """The parties of this roadmap in protocol order, each with its `place`, read once for each instance."""
        return _placed(self.parties.select_related("party").order_by("position", "pk"), "party")

    @property
    def area_positions(self):
        """{area id: its place in this roadmap}."""
        return {area.pk: area.place for area in self.areas_in_order}

    def today(self):
        """The day it is where this roadmap's terms run (within a dated change set: the day of that)."""
        return today_in(self.time_zone, moment())

    def standpoint(self, day=None, known=None):
        """This roadmap judged on a day (today) by what was recorded before a moment (by the end of that day)."""
        today, now = self.today(), moment()
        day, known = day or today, known and min(known, now)
        if day >= today:
            return Standpoint(day, None if known == now else known)
        end = end_of(day, self.time_zone)
        return Standpoint(day, known or end, knows_later=known is not None and known > end)

    def clean(self):
        if self.time_zone not in zoneinfo.available_timezones():
            raise ValidationError({"time_zone": _("There is no such time zone.")})
        if self.starts_on and self.ends_on and self.starts_on > self.ends_on:
            raise ValidationError({"ends_on": _("The roadmap ends before it starts.")})

    def settle(self):
        self.title.mark(self.authentic_language)

    def held_from_undo(self, names, *, by):
        if not names:
            return _("A roadmap comes and goes in the administration only.")
        if "state" in names:
            return _("A roadmap is adopted and closed by decision: that is not undone.")
        return super().held_from_undo(names, by=by)

    def adopt(self, *, by):
        """Lock the agreed terms: from now on only an amendment moves them."""
        access.require(by, "plan", self)
        if self.is_locked:
            raise WrongState(_("The roadmap is already %(state)s.") % {"state": self.get_state_display()})
        with change_set(by=by):
            self.state = self.State.ADOPTED
            self.adopted_on = self.adopted_on or self.today()
            self.save()


def _placed(rows, name):
    """What the rows lead to, each with the row's position."""
    found = []
    for row in rows:
        one = getattr(row, name)
        one.place = row.position
        found.append(one)
    return found
