"""The items of a roadmap, and one of them."""

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker.dashboards.context import on_query
from tracker.dashboards.days import on_a_day
from tracker.dashboards.files import file_asked
from tracker.dashboards.filters import ItemFilter
from tracker.dashboards.item_page import item_page
from tracker.dashboards.opening import opens_with_views
from tracker.dashboards.tables import ItemTable
from tracker.lib.listing import listing
from tracker.roadmaps.models import Item


@require_safe
@on_a_day
@opens_with_views
def items(request, roadmap):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).order_by("number_key")
    found = listing(request, visible, ItemFilter, ItemTable, roadmap=roadmap)
    found["table"].on_query = on_query(request)
    if file := file_asked(request, found, title=_("Items")):
        return file
    return render(request, "dashboards/items.html", found | {"total": visible.count()})


@require_safe
@on_a_day
def item(request, roadmap, pk):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("area")
    found = get_object_or_404(visible, pk=pk)
    found.roadmap = roadmap
    return render(request, "dashboards/item.html", item_page(found, request.user, on=request.day))
