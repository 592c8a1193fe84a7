"""Choosing the day that a page of a roadmap is seen on, and what it is compared with."""

from urllib.parse import urlsplit

from django.http import QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from tracker.dashboards.presets import presets
from tracker.lib.addresses import LOOKING, as_live, looking
from tracker.roadmaps.models import Roadmap


@require_safe
def days(request, slug):
    """The choice for the page at `at`: a menu where it was opened, a page without JavaScript."""
    roadmap = request.roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
    at = request.GET.get("at", "")
    if not url_has_allowed_host_and_scheme(at, {request.get_host()}, require_https=request.is_secure()):
        at = roadmap.get_absolute_url()
    at = urlsplit(at)
    asked = as_live(QueryDict(at.query))
    asked.pop("page", None)

    def address(**chosen):
        query = asked.copy()
        query.update({name: value for name, value in (now | chosen).items() if value})
        return f"{at.path}?{query.urlencode()}" if query else at.path

    now = looking(QueryDict(at.query))
    context = {
        "path": at.path,
        "kept": [(name, value) for name, values in asked.lists() for value in values],
        "now": {name: now.get(name, "") for name in LOOKING},
        "today": roadmap.today(),
        "presets": [
            (one.label, address(on=one.on, known=one.known), address(since=one.since))
            for one in presets(roadmap, request.user)
        ],
        "live": address(on="", known="", since=""),
        "changes": reverse("changes", args=[roadmap.slug]),
    }
    return render(request, "dashboards/_days.html" if request.htmx else "dashboards/days.html", context)
