"""How a person likes their lists: views with a name, and the columns a list opens with."""

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.history.models import Tracked, TrackedQuerySet


def new_code():
    """A short name for an address that nobody can guess."""
    return secrets.token_urlsafe(6)


class SavedView(Tracked):
    """An address of a list with a name: its filters, sort, grouping, columns."""

    shadowed = False  # today's, on past pages too
    history_label = ("name",)
    history_skips = {"code"}

    class Scope(models.TextChoices):
        ME = "me", _("only me")
        ROLE = "role", _("everyone with a role")
        EVERYONE = "everyone", _("everyone")

    code = models.CharField(_("code"), max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="views", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=100)
    path = models.CharField(_("list"), max_length=200, editable=False)  # of the list page, without the query
    query = models.TextField(_("filters and columns"), blank=True, editable=False)
    scope = models.CharField(_("for whom"), max_length=8, choices=Scope.choices, default=Scope.ME)
    role = models.CharField(_("role"), max_length=14, blank=True)  # a roadmaps.access.Role, where the scope is one
    is_default = models.BooleanField(_("opens with the list"), default=False)
    is_pinned = models.BooleanField(_("stands above the list"), default=False)

    objects = TrackedQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(scope="role") & ~Q(role="")) | (~Q(scope="role") & Q(role="")),
                name="view_of_a_role_names_it",
                violation_error_message=_("Choose the role."),
            ),
            models.UniqueConstraint(
                fields=["path", "owner"], condition=Q(is_default=True, scope="me"), name="default_view_of_mine_once"
            ),
            models.UniqueConstraint(
                fields=["path", "scope", "role"],
                condition=Q(is_default=True) & ~Q(scope="me"),
                name="default_view_of_others_once",
            ),
        ]
        indexes = [models.Index(fields=["path", "scope"], name="view_of_list")]

    def __str__(self):
        return self.name


class ListPreference(models.Model):
    """The columns and the density with which a list opens for a person, where the address says nothing of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="list_preferences")
    list = models.CharField(max_length=60)  # the name of the list's URL
    columns = models.CharField(max_length=500, blank=True)
    density = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "list"], name="preference_once_per_list")]

    def __str__(self):
        return f"{self.user}: {self.list}"
