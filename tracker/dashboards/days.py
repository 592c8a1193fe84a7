"""From where the pages of a roadmap are seen (domain.md §5): `?on=` judged on a day, `known=` by what was recorded by a
moment (the end of that day), `since=` with what has changed since an earlier one marked.
"""

import re
from dataclasses import dataclass
from functools import wraps
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.accounts.security import previous_visit
from tracker.history.standpoint import Standpoint
from tracker.lib.dates import day_from, moment_from, short, today_in
from tracker.roadmaps.models import Roadmap

VISIT = "visit"
EDITION = re.compile(r"edition-(?P<number>\d{1,6})", re.ASCII)


@dataclass(frozen=True)
class Earlier:
    """The standpoint that a page is compared with, how it is called, and what an address seen from there says."""

    standpoint: Standpoint
    words: str
    query: dict


def on_a_day(view):
    """Give the view its roadmap in place of the slug, and run it as seen from where the address says (`look_from`).

    Every query of the view and its templates sees what was recorded by then.
    """

    @wraps(view)
    def judged(request, slug, **kwargs):
        look_from(request, get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug))
        with request.standpoint.read():
            return view(request, request.roadmap, **kwargs)

    return judged


def look_from(request, roadmap):
    """Set `request.roadmap`, `today`, `standpoint`, its `day`, `since` (Earlier or None) and `is_live`.

    Live is the plan as it stands today, without marks: only there may something be changed. What cannot be read is
    answered in words, as if it had not been asked.
    """
    request.roadmap, request.today = roadmap, roadmap.today()
    day = said(request, "on", day_from)
    known = said(request, "known", lambda text: moment_from(text, roadmap.time_zone))
    request.standpoint = roadmap.standpoint(day, known)
    request.day = request.standpoint.day
    request.since = said(request, "since", lambda text: earlier(text, request))
    request.is_live = request.since is None and request.standpoint == roadmap.standpoint()


def said(request, name, read):
    """What the address says under the name, read; None, with a sentence on the page, where it cannot be."""
    try:
        return read(request.GET.get(name))
    except ValueError as error:
        messages.error(request, str(error))
        return None


def earlier(text, request):
    """What `since=` names: a day, `edition-3`, or the reader's last `visit`. Raises ValueError in words."""
    roadmap, text = request.roadmap, (text or "").strip()
    if text == VISIT:
        moment = previous_visit(request.user)
        if moment is None:
            raise ValueError(_("This is your first visit: there is no earlier one to compare with."))
        found = known_by(moment, roadmap, today_in(roadmap.time_zone, moment), _("your last visit"))
    elif match := EDITION.fullmatch(text):
        edition = roadmap.editions.visible_to(request.user).filter(number=match["number"]).first()
        if edition is None:
            raise ValueError(_("There is no edition No. %(number)s.") % match.groupdict())
        found = known_by(edition.known_by, roadmap, edition.judged_on, str(edition))
    elif day := day_from(text):
        found = Earlier(roadmap.standpoint(day), short(day), {"on": f"{day:%Y-%m-%d}"})
    else:
        return None
    if found.standpoint.day > request.day or found.standpoint.known is None:
        raise ValueError(_("What changes are shown since must lie before the day of the page."))
    return found


def known_by(moment, roadmap, day, words):
    """The plan judged on the day by what was recorded by the moment, as something to compare with."""
    local = timezone.localtime(moment, ZoneInfo(roadmap.time_zone))
    return Earlier(
        roadmap.standpoint(day, moment), words, {"on": f"{day:%Y-%m-%d}", "known": f"{local:%Y-%m-%dT%H:%M:%S}"}
    )
