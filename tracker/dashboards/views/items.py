"""The items of a roadmap, and one of them."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.filters import ItemFilter
from tracker.dashboards.item_page import item_page
from tracker.dashboards.standing import standings
from tracker.dashboards.status_rows import executors_of
from tracker.dashboards.tables import ItemTable
from tracker.lib.listing import listing
from tracker.roadmaps.models import Item


@require_safe
@on_a_day
def items(request, roadmap):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).order_by("number_key")
    found = listing(request, visible, ItemFilter, ItemTable, roadmap=roadmap)
    page = list(found["page"].object_list.select_related("area"))
    ids = [item.pk for item in page]
    standing, executors = standings(ids, on=request.day), executors_of(ids)
    rows = [(item, standing[item.pk], executors.get(item.pk, [])) for item in page]
    return render(request, "dashboards/items.html", found | {"rows": rows, "total": visible.count()})


@require_safe
@on_a_day
def item(request, roadmap, pk):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("area")
    found = get_object_or_404(visible, pk=pk)
    found.roadmap = roadmap
    return render(request, "dashboards/item.html", item_page(found, request.user, on=request.day))
