"""Addresses of lists with a name."""

import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.db import IntegrityError, models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracker.history.changes import change_set
from tracker.history.models import Tracked, TrackedQuerySet
from tracker.lib.addresses import LOOKING
from tracker.lib.errors import Conflict

# What an address says of one moment or one answer: no view keeps it
PASSING = {"page", "view", "export", "row", "arrange", *LOOKING}
IN_ORDER = {"column", "sort"}  # of which the order of the values matters


def new_code():
    """A short name for an address that nobody can guess."""
    return secrets.token_urlsafe(6)


def kept_query(asked):
    """What a view keeps of a query (a QueryDict): two addresses that ask for the same give the same text."""
    kept = {}
    for name in sorted(asked.keys() - PASSING):
        values = [value for value in asked.getlist(name) if value]
        kept[name] = values if name in IN_ORDER else sorted(values)
    return urlencode(kept, doseq=True)


class SavedViewQuerySet(TrackedQuerySet):
    def of_list(self, path):
        return self.filter(path=path)

    def open_to(self, user, *, roles):
        """One's own, everyone's, and those of the roles that the person has on this list."""
        scope = SavedView.Scope
        return self.filter(Q(owner=user) | Q(scope=scope.EVERYONE) | Q(scope=scope.ROLE, role__in=roles))


class SavedView(Tracked):
    """An address of a list with a name: its filters, sort, grouping, columns."""

    shadowed = False  # today's, on past pages too
    undo_refusal = _("A saved view is changed by its owner, at the view.")
    is_private = True
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

    objects = SavedViewQuerySet.as_manager()

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

    def get_absolute_url(self):
        """The short link."""
        return reverse("view", args=[self.code])

    @property
    def address(self):
        """The list as the view shows it; `view` marks which one is open."""
        return f"{self.path}?{self.query}{'&' if self.query else ''}view={self.code}"

    @property
    def is_shared(self):
        return self.scope != self.Scope.ME

    def twins(self):
        return SavedView.objects.of_list(self.path).filter(owner=self.owner_id).exclude(pk=self.pk)

    def keep(self):
        """Save it; where it is to open with the list, the one that did so for the same people no longer does."""
        try:
            with change_set():
                if self.is_default:
                    self.rivals().update(is_default=False)
                self.save()
        except IntegrityError:
            raise Conflict(_("Another view was made the one that opens with this list at this moment.")) from None

    def rivals(self):
        """The other views that open with this list for the same people."""
        found = SavedView.objects.of_list(self.path).filter(is_default=True, scope=self.scope, role=self.role)
        if not self.is_shared:
            found = found.filter(owner=self.owner_id)
        return found.exclude(pk=self.pk)
