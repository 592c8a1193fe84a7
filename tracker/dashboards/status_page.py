"""The status table as an address asks for it: for its page, and for the answer to a change made in it."""

from copy import copy
from urllib.parse import urlsplit

from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import resolve

from tracker.history.remembered import how_many
from tracker.lib.listing import listing
from tracker.progress.bulk.actions import offered
from tracker.progress.inline import editable
from tracker.roadmaps.models import Milestone

from .filters import StatusFilter
from .grouping import subtotals
from .opening import ListViews
from .tables import StatusTable


def status_page(request, roadmap):
    """The context of the table: a listing, `figures` of all that matches, `all` milestones, `actions` for several."""
    visible = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap)
    found = listing(request, visible.in_plan_order(), StatusFilter, StatusTable, on=request.day, roadmap=roadmap)
    table = found["table"]
    table.may_select, actions = True, []
    if request.is_live:
        table.editable, actions = editable(request.user, roadmap), offered(request.user, roadmap)
    return found | {
        "figures": subtotals(table.tally),
        "all": how_many(visible) if found["chips"] else found["list"].total,
        "actions": actions,
    }


def table_fragment(request, roadmap, address):
    """The table as another address of it asks, drawn anew after a change: for the answer to a htmx request."""
    asking = copy(request)
    asking.GET = QueryDict(urlsplit(address).query)
    asking.path = urlsplit(address).path
    asking.resolver_match = resolve(asking.path)
    asking.list_views = ListViews(asking)
    return render_to_string("dashboards/_status_table.html", status_page(asking, roadmap), asking)
