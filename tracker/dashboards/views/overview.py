from django.shortcuts import render
from django.views.decorators.http import require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.overview import overview_of
from tracker.roadmaps.models import Milestone


@require_safe
@on_a_day
def overview(request, roadmap):
    milestones = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap)
    return render(request, "dashboards/overview.html", overview_of(request.user, roadmap, milestones, on=request.day))
