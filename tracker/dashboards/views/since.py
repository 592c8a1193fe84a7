"""Since last time: what has changed since an earlier day, by area and party (domain.md §5)."""

from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.since_page import last_time, since_page


@require_safe
@on_a_day
def changes(request, roadmap):
    """Without an earlier day the last time is named in the address, so that it says what one sees."""
    if not request.GET.get("since"):
        asked = request.GET.copy()
        asked["since"] = last_time(request)
        return redirect(f"{request.path}?{asked.urlencode()}")
    return render(request, "dashboards/changes.html", since_page(request, roadmap) if request.since else {})
