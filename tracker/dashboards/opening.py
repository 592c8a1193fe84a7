"""How a list opens: the saved views that the reader may take, and the one with which the list begins."""

from dataclasses import dataclass
from functools import cached_property, partial, wraps
from urllib.parse import urlsplit

from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tracker.accounts.models import SavedView
from tracker.accounts.models.view import kept_query
from tracker.lib.addresses import LOOKING, NO_VIEW, looking
from tracker.roadmaps import access
from tracker.roadmaps.access import Role, grants_of, is_administrator
from tracker.roadmaps.models import Roadmap


def opens_with_views(view=None, *, read_by=tuple(Role)):
    """Give a list its saved views as `request.list_views`; asked for nothing, it opens with the reader's default.

    `read_by` are the roles that may read a list that is of no roadmap.
    """
    if view is None:
        return partial(opens_with_views, read_by=read_by)

    @wraps(view)
    def opened(request, *args, **kwargs):
        request.list_views = ListViews(request)
        if not request.GET.keys() - {*LOOKING} and (default := request.list_views.default):
            seen_from = urlencode(looking(request.GET))
            return redirect(default.address + (f"&{seen_from}" if seen_from else ""))
        return view(request, *args, **kwargs)

    opened.read_by = read_by
    return opened


@dataclass
class ListPlace:
    """A list by its address: its path, what the address asks, its URL's name, the roadmap (None: of all)."""

    path: str
    asked: QueryDict
    name: str
    roadmap: Roadmap | None

    def may_share(self, user):
        """Whether this person saves views of the list for others."""
        if self.roadmap is not None:
            return access.may(user, "share", self.roadmap)
        return bool(grants_of(user, *access.RIGHTS["share"]))


def list_at(address, user):
    """The list at an address of ours; 404 where there is none, and where this person may not read it."""
    parts = urlsplit(address)
    try:
        match = resolve(parts.path)
    except Resolver404:
        raise Http404 from None
    readers = getattr(match.func, "read_by", None)
    if readers is None or parts.scheme or parts.netloc or not grants_of(user, *readers):
        raise Http404
    roadmap = None
    if slug := match.kwargs.get("slug"):
        roadmap = get_object_or_404(Roadmap.objects.visible_to(user), slug=slug)
    return ListPlace(parts.path, QueryDict(parts.query), match.url_name, roadmap)


def roles_on(user, roadmap):
    """The roles of this person on a roadmap (None: anywhere), the weightiest first."""
    held = {grant.role for grant in grants_of(user) if roadmap is None or grant.roadmap_id in (None, roadmap.pk)}
    return [role.value for role in reversed(Role) if role in held]


def views_open_to(user, roadmap):
    """The saved views that this person may open, of lists of this roadmap; an administrator, those of every role."""
    roles = list(Role) if is_administrator(user) else roles_on(user, roadmap)
    return SavedView.objects.open_to(user, roles=roles)


class ListViews:
    """The saved views of the list that is read: those offered, the one that is open, and whether it was changed."""

    def __init__(self, request):
        self.request, self.user, self.path, self.asked = request, request.user, request.path, request.GET
        self.roadmap = getattr(request, "roadmap", None) if "slug" in request.resolver_match.kwargs else None

    @cached_property
    def offered(self):
        found = views_open_to(self.user, self.roadmap).of_list(self.path)
        return list(found.select_related("owner"))

    @property
    def pinned(self):
        return [one for one in self.offered if one.is_pinned]

    @property
    def others(self):
        return [one for one in self.offered if not one.is_pinned]

    @property
    def default(self):
        """The view with which the list opens: one's own, else of the weightiest of one's roles, else everyone's."""
        found = {(one.scope, one.role): one for one in self.offered if one.is_default}
        roles = [(SavedView.Scope.ROLE, role) for role in roles_on(self.user, self.roadmap)]
        order = [(SavedView.Scope.ME, ""), *roles, (SavedView.Scope.EVERYONE, "")]
        return next((found[place] for place in order if place in found), None)

    @cached_property
    def open(self):
        """The view that the address names; None where it names none that the reader may open."""
        code = self.asked.get("view")
        return next((one for one in self.offered if one.code == code), None)

    @property
    def is_changed(self):
        """Whether the list shows something else than the open view keeps."""
        return self.open is not None and kept_query(self.asked) != self.open.query

    @property
    def may_keep(self):
        """Whether the reader may keep in the open view what the list shows now."""
        return may_change(self.user, self.open)

    @property
    def link(self):
        """The short link to the open view, to be copied."""
        return self.request.build_absolute_uri(self.open.get_absolute_url())

    @property
    def audience(self):
        """For whom the open view is, in words."""
        if self.open.scope == SavedView.Scope.ROLE:
            return _("Opens for everyone with the role: %(role)s.") % {"role": Role(self.open.role).label}
        return _("Opens for everyone who reads this list.") if self.open.is_shared else _("Opens for you only.")

    @property
    def plain(self):
        """The list without a view, on the same day."""
        return f"?{urlencode({'view': NO_VIEW} | looking(self.asked))}"

    @property
    def address(self):
        """The address of the list as it is shown."""
        return f"{self.path}?{self.asked.urlencode()}"

    @property
    def save_as(self):
        return f"{reverse('view_new')}?{urlencode({'address': self.address})}"


def may_change(user, view):
    """Whether this person may change or delete a saved view: its owner, and of a shared one an administrator."""
    return view.owner_id == user.pk or (view.is_shared and is_administrator(user))
