from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker.accounts.filters import EventFilter
from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.accounts.tables import EventTable
from tracker.lib.formats.csv import csv_response
from tracker.lib.listing import listing
from tracker.roadmaps.access import require_administrator


@require_safe
def security(request):
    """Who came in, who tried to, whose rights changed, what was taken out: the latest first."""
    require_administrator(request.user)
    events = Event.objects.select_related("person", "about")
    found = listing(request, events, EventFilter, EventTable)
    if request.GET.get("export") == "csv":
        record(Event.Kind.EXPORTED, detail=request.get_full_path())
        return csv_response(csv_rows(found["rows"]), "security.csv")
    return render(request, "accounts/security.html", found | {"total": events.count()})


def csv_rows(events):
    yield [_("At"), _("What"), _("By whom"), _("E-mail"), _("Concerning"), _("From where"), _("Browser"), _("Detail")]
    for event in events.iterator(chunk_size=2000):
        yield [
            f"{localtime(event.at):%Y-%m-%d %H:%M:%S}",
            event.get_kind_display(),
            event.person,
            event.person and event.person.email,
            event.about,
            event.ip,
            event.browser,
            event.detail,
        ]
