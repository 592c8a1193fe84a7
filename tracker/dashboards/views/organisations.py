"""Organisations found while one types in the filter of a list."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from tracker.dashboards.filters import ItemFilter
from tracker.roadmaps.models import Item, Roadmap


@require_safe
def organisation_suggestions(request, slug):
    """The boxes of those chosen and of those that a search finds, among the executors of what the reader may see."""
    roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
    found = ItemFilter(request.GET, queryset=Item.objects.visible_to(request.user), request=request, roadmap=roadmap)
    return render(request, "components/_boxes.html", {"menu": found.menu("organisation")})
