from contextlib import contextmanager

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.errors import WrongState
from tracker.roadmaps.access import Role


class GrantQuerySet(TrackedQuerySet):
    def in_force(self, *, on):
        return self.filter(Q(until=None) | Q(until__gte=on))

    def administering(self):
        """The grants by which somebody who may sign in administers today."""
        return self.in_force(on=timezone.now().date()).filter(role=Role.ADMINISTRATOR, user__is_active=True)


class Grant(Tracked):
    """A role given to a person within a scope. The dimensions of one grant narrow it; several grants add up."""

    shadowed = False  # rights are always today's, on past pages too
    undo_refusal = _("Rights are given and ended at the person, never by undo.")
    is_private = True
    history_label = ("role", "roadmap", "area", "party", "organisation")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="grants", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=14, choices=Role.choices)
    roadmap = models.ForeignKey(
        "roadmaps.Roadmap", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("roadmap")
    )
    area = models.ForeignKey(
        "roadmaps.PriorityArea", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("area")
    )
    party = models.ForeignKey(
        "roadmaps.Party", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("party")
    )
    organisation = models.ForeignKey(
        "roadmaps.Organisation", models.CASCADE, related_name="+", null=True, blank=True, verbose_name=_("organisation")
    )
    until = models.DateField(_("until"), null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["user", "role"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role__in=[Role.ANALYST, Role.COORDINATOR]) | Q(party__isnull=False),
                name="who_reports_speaks_for_a_party",
                violation_error_message=_("An analyst or a coordinator speaks for one party: choose it."),
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.REVIEWER) | Q(party=None, organisation=None),
                name="who_reviews_speaks_for_no_party",
                violation_error_message=_("A reviewer's scope is a roadmap and an area, never a party."),
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.ADMINISTRATOR) | Q(roadmap=None, area=None, party=None, organisation=None),
                name="who_administers_has_no_scope",
                violation_error_message=_("An administrator has no scope: leave it empty."),
            ),
            models.UniqueConstraint(
                "user",
                "role",
                *(Coalesce(part, 0) for part in ("roadmap", "area", "party", "organisation")),
                name="grant_once",
                violation_error_message=_("This person has exactly this grant already."),
            ),
        ]

    def __str__(self):
        return f"{self.user}: {self.in_words()}"

    def is_in_force(self, *, on):
        return self.until is None or self.until >= on

    def in_words(self):
        """The role, its scope and its end."""
        scope = [str(part) for part in (self.roadmap, self.area, self.party, self.organisation) if part]
        words = self.get_role_display() + (f" ({', '.join(scope)})" if scope else "")
        return f"{words} – {self.until:%d.%m.%Y}" if self.until else words


@contextmanager
def administrators_kept():
    """Around a change of rights, inside its transaction: nobody can give back what nobody has.

    An administrator without an end remains; where there was none before, one in force. Two such changes take turns.
    """
    list(Grant.objects.filter(role=Role.ADMINISTRATOR).order_by("pk").select_for_update().values_list("pk"))
    lasting = Grant.objects.administering().filter(until=None)
    had_lasting = lasting.exists()
    yield
    remaining = lasting if had_lasting else Grant.objects.administering()
    if not remaining.exists():
        raise WrongState(
            _("This would leave nobody to administer without an end date: give the role to another person first.")
        )
