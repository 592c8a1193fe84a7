from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker.accounts.filters import EventFilter
from tracker.accounts.models import Event
from tracker.accounts.tables import EventTable
from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.lib.listing import listing
from tracker.roadmaps.access import Role, require_administrator


@require_safe
@opens_with_views(read_by=(Role.ADMINISTRATOR,))
def security(request):
    """Who came in, who tried to, whose rights changed, what was taken out: the latest first."""
    require_administrator(request.user)
    events = Event.objects.all()
    found = listing(request, events, EventFilter, EventTable)
    if file := file_asked(request, found, title=_("Security log")):
        return file
    return render(request, "accounts/security.html", found | {"total": events.count()})
