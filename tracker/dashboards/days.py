"""Pages of a roadmap on a day: `?on=` judges on that day and shows what was recorded by its end (domain.md §5)."""

from functools import wraps

from django.contrib import messages
from django.shortcuts import get_object_or_404

from tracker.history.as_of import as_of
from tracker.lib.dates import day_from, end_of
from tracker.roadmaps.models import Roadmap


def on_a_day(view):
    """Give the view its roadmap in place of the slug, and run it as of the day asked for.

    Sets `request.roadmap`, `request.today`, `request.day` and `request.is_live` (today: things may be changed). On an
    earlier day every query of the view and its templates sees what was recorded by the end of that day in the
    roadmap's time zone. A text that is no day is answered in words, with today's page.
    """

    @wraps(view)
    def judged(request, slug, **kwargs):
        roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
        request.roadmap, request.today = roadmap, roadmap.today()
        try:
            request.day = day_from(request.GET.get("on")) or request.today
        except ValueError as error:
            messages.error(request, str(error))
            request.day = request.today
        request.is_live = request.day == request.today
        with as_of(end_of(request.day, roadmap.time_zone) if request.day < request.today else None):
            return view(request, roadmap, **kwargs)

    return judged
