from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.overview import compare, overview_of
from tracker.lib.addresses import looking
from tracker.roadmaps.models import Milestone


@require_safe
@on_a_day
def overview(request, roadmap):
    milestones = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap)
    found = overview_of(request.user, roadmap, milestones, on=request.day, seen_from=looking(request.GET))
    if since := request.since:
        with since.standpoint.read():
            day = since.standpoint.day
            compare(found, overview_of(request.user, roadmap, milestones, on=day, seen_from=since.query))
    return render(request, "dashboards/overview.html", found)
