"""Search across all roadmaps that the reader may read."""

from contextlib import nullcontext

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracker.dashboards.days import look_from
from tracker.dashboards.search import Search
from tracker.lib.addresses import looking
from tracker.roadmaps.models import Roadmap


@require_safe
def search(request):
    """What the text finds, in sections; with `in`, one of them page by page.

    `roadmap` is the one at hand; on a past day all are read as they were when that day ended for it.
    """
    at_hand = request.GET.get("roadmap", "")
    roadmaps = sorted(Roadmap.objects.visible_to(request.user), key=lambda roadmap: roadmap.slug != at_hand)
    if roadmaps:
        look_from(request, roadmaps[0])
    with request.standpoint.read() if roadmaps else nullcontext():
        found = Search(request.user, request.GET.get("q", ""), roadmaps, looking(request.GET))
        if "in" not in request.GET:
            return render(request, "dashboards/search.html", {"search": found})
        section = found.section(request.GET["in"])
        if section is None:
            raise Http404
        context = {"search": found, "section": section, "page": section.page(request.GET.get("page"))}
        return render(request, "dashboards/search_section.html", context)
