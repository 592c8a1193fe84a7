"""Saved views of lists, by their short links; and how a list opens for a person where its address says nothing."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.accounts.forms import SavedViewForm
from tracker.accounts.models import SavedView, User
from tracker.accounts.models.view import kept_query
from tracker.dashboards.opening import list_at, may_change, views_open_to
from tracker.history.changes import change_set
from tracker.lib.addresses import NO_VIEW, address_of
from tracker.lib.arranging import DENSITIES, PLACE
from tracker.lib.errors import Conflict, NotAllowed, Refusal
from tracker.progress.views.report import version_in

MOST_COLUMNS, LONGEST_NAME = 50, 40
LONGEST = 3000  # so long an address still passes every server on its way


@require_safe
def view(request, code):
    """The short link: leads to the list as the view shows it."""
    found, _place = find(request.user, code)
    return redirect(found.address)


def find(user, code):
    """A saved view and its list; 404 outside its scope, and where this person may not read the list."""
    found = get_object_or_404(SavedView.objects.select_related("owner"), code=code)
    place = list_at(found.address, user)
    if not views_open_to(user, place.roadmap).filter(pk=found.pk).exists():
        raise Http404
    return found, place


def find_to_change(user, code):
    found, place = find(user, code)
    if not may_change(user, found):
        raise NotAllowed(
            _("Only its owner, or an administrator, may change this view. Save a copy for yourself."),
            ask=_("Its owner: %(name)s.") % {"name": found.owner},
        )
    return found, place


@require_http_methods(["GET", "HEAD", "POST"])
def view_new(request):
    """Give a name to a list as its address shows it."""
    place = list_at(given(request, "address"), request.user)
    query = kept_query(place.asked)
    new = SavedView(owner=request.user, path=place.path, query=query)
    return edited(request, new, place)


def given(request, name):
    return (request.POST if request.method == "POST" else request.GET).get(name, "")


@require_http_methods(["GET", "HEAD", "POST"])
def view_edit(request, code):
    """Another name, other people, other places for a view."""
    return edited(request, *find_to_change(request.user, code))


def edited(request, view, place):
    """The form of a view; what was typed comes back with what is wrong."""
    request.roadmap = place.roadmap
    may_share = place.may_share(request.user)
    if request.method != "POST":
        return editing(request, SavedViewForm(instance=view, may_share=may_share), place)
    form = SavedViewForm(request.POST, instance=view, may_share=may_share)
    if len(view.query) > LONGEST:
        form.add_error(None, _("So many filters and columns fit into no address: choose fewer of them."))
    if not form.is_valid():
        return editing(request, form, place, status=400)
    is_new = view.pk is None
    if not is_new:
        view.version = form.cleaned_data["version"] or 0
    try:
        with change_set():
            User.objects.select_for_update().get(pk=view.owner_id)  # two saves under one name take turns
            if twin := view.twins().filter(name=view.name).first():
                raise Taken(_("There is a view of this list with this name. Give it another one."))
            view.keep()
    except Refusal as refusal:
        stored = twin or SavedView.objects.get(pk=view.pk)
        if is_same(view, stored) and (is_new or stored.pk == view.pk):
            return redirect(stored.address)  # the button was pressed twice
        form.add_error("name" if twin else None, str(refusal))
        form.data = form.data.copy()  # what was typed, over what is stored now
        form.data["version"] = stored.version
        return editing(request, form, place, status=refusal.status)
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": view.name})
    return redirect(view.address)


class Taken(Refusal):
    """The name is another view's."""

    status = 400


def is_same(view, other):
    names = ("name", "query", "scope", "role", "is_default", "is_pinned")
    return all(getattr(view, name) == getattr(other, name) for name in names)


def editing(request, form, place, status=200):
    view = form.instance
    context = {
        "form": form,
        "stored": SavedView.objects.filter(pk=view.pk).first() if view.pk else None,
        "link": request.build_absolute_uri(view.get_absolute_url()),
        "address": f"{place.path}?{place.asked.urlencode()}",
    }
    return render(request, "accounts/view.html", context, status=status)


@require_POST
def view_keep(request, code):
    """Keep in the view what its list shows now."""
    found, place = find_to_change(request.user, code)
    shown = list_at(given(request, "address"), request.user)
    if shown.path != place.path:
        raise Http404
    query = kept_query(shown.asked)
    if query != found.query:  # else the button was pressed twice
        found.query, found.version = query, version_in(request)
        found.keep()
    messages.success(request, _("The view “%(name)s” is saved.") % {"name": found.name})
    return redirect(found.address)


@require_POST
def view_delete(request, code):
    """Delete the view; its short link leads nowhere any more."""
    gone = SavedView.history.filter(code=code, history_type="-", owner=request.user).first()
    if gone is not None:  # the button was pressed twice
        return redirect(without_view(gone.path))
    found, _place = find_to_change(request.user, code)
    if found.version != version_in(request):
        raise Conflict(_("“%(name)s” was saved after you opened it. Look at it again.") % {"name": found.name})
    found.delete()
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": found.name})
    return redirect(without_view(found.path))


def without_view(path):
    return f"{path}?{urlencode({'view': NO_VIEW})}"


@require_POST
def list_remember(request):
    """Let the list open for this person with the columns and the density that its address shows."""
    place = list_at(given(request, "address"), request.user)
    liking = request.user.list_preference(place.name)
    density = place.asked.get("density") or liking.get("density", "")
    columns = place.asked.getlist("column") or liking.get("columns", ())
    kept = [name for name in columns if name.isidentifier() and len(name) <= LONGEST_NAME][:MOST_COLUMNS]
    request.user.prefer(place.name, {"columns": kept, "density": density if density in DENSITIES else ""})
    messages.success(request, _("This list now opens so for you."))
    return redirect(without_place(place))


@require_POST
def list_forget(request):
    """Let the list open for this person as for everybody."""
    place = list_at(given(request, "address"), request.user)
    request.user.prefer(place.name, None)
    messages.success(request, _("This list opens as for everybody again."))
    return redirect(without_place(place))


def without_place(place):
    """The list at its address, with columns and density as they are remembered."""
    asked = place.asked.copy()
    for name in PLACE:
        asked.pop(name, None)
    return place.path + address_of(asked)
