"""The status table, the heart; and why a milestone is judged so."""

from django.contrib import messages
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.dashboards.status_page import status_page
from tracker.lib.listing import wants_fragment
from tracker.progress.status import rule_for, why
from tracker.roadmaps.models import Milestone, Roadmap


@require_safe
@on_a_day
@opens_with_views
def status_table(request, roadmap):
    found = status_page(request, roadmap)
    if file := file_asked(request, found, title=_("Status table")):
        return file
    template = "dashboards/_status_table.html" if wants_fragment(request) else "dashboards/status_table.html"
    return render(request, template, found)


@require_POST
def selected_file(request, slug):
    """To the file of the rows that were selected, or of all that match: the table's own address, with their keys."""
    roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
    asked = QueryDict(request.POST.get("query", ""), mutable=True)
    rows = [] if "all" in request.POST else request.POST.getlist("row")
    if rows or "all" in request.POST:
        asked["export"] = request.POST.get("export", "")
        asked.setlist("row", rows)
    else:
        messages.warning(request, _("No rows are selected."))
    return redirect(f"{reverse('status_table', args=[roadmap.slug])}?{asked.urlencode()}")


@require_safe
@on_a_day
def milestone_why(request, roadmap, pk):
    """Why a milestone is judged so: a fragment where it was asked, a page without JavaScript."""
    visible = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("item")
    milestone = get_object_or_404(visible, pk=pk)
    milestone.item.roadmap = roadmap
    context = {
        "milestone": milestone,
        "timeliness": rule_for(milestone, on=request.day).timeliness,
        "in_its_place": [one.new for one in milestone.replaced_by.select_related("new__item__roadmap")],
        "in_place_of": [one.old for one in milestone.replaces.select_related("old__item__roadmap")],
        "sentences": why(milestone, milestone.commitments.select_related("party"), on=request.day),
    }
    return render(request, "dashboards/_why.html" if request.htmx else "dashboards/why.html", context)
