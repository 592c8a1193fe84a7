"""The items of a roadmap, and one of them."""

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.files import file_asked
from tracker.dashboards.filters import ItemFilter
from tracker.dashboards.item_marks import mark_changes
from tracker.dashboards.item_page import history_of_item, item_page
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
    if file := file_asked(request, found, title=_("Items")):
        return file
    return render(request, "dashboards/items.html", found | {"total": visible.count()})


@require_safe
@on_a_day
def item(request, roadmap, pk):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("area")
    found = get_object_or_404(visible, pk=pk)
    found.roadmap = roadmap
    page = item_page(found, request.user, on=request.day)
    if since := request.since:
        with since.standpoint.read():
            if before := visible.filter(pk=pk).first():
                before.roadmap = roadmap
                mark_changes(page, item_page(before, request.user, on=since.standpoint.day))
    return render(request, "dashboards/item.html", page)


@require_safe
@on_a_day
def item_history(request, roadmap, pk):
    """The latest changes of an item, which come right after its page."""
    found = get_object_or_404(Item.objects.visible_to(request.user).filter(roadmap=roadmap), pk=pk)
    return render(request, "dashboards/_item_history.html", {"history": history_of_item(found)})
