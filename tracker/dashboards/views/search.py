"""Search across all roadmaps that the reader may read."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracker.dashboards.search import Search
from tracker.roadmaps.models import Roadmap


@require_safe
def search(request):
    """What the text finds, in sections; with `in`, one of them page by page. `roadmap` is the one at hand."""
    at_hand = request.GET.get("roadmap", "")
    roadmaps = sorted(Roadmap.objects.visible_to(request.user), key=lambda roadmap: roadmap.slug != at_hand)
    if roadmaps:
        request.roadmap = roadmaps[0]
    found = Search(request.user, request.GET.get("q", ""), roadmaps)
    if "in" not in request.GET:
        return render(request, "dashboards/search.html", {"search": found})
    section = found.section(request.GET["in"])
    if section is None:
        raise Http404
    context = {"search": found, "section": section, "page": section.page(request.GET.get("page"))}
    return render(request, "dashboards/search_section.html", context)
