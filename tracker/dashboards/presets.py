"""The days that readers look back to: the last edition, ends of rounds, a week and a month ago, their last visit."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.accounts.security import previous_visit
from tracker.editions.models import Edition
from tracker.lib.dates import short
from tracker.progress.models import Round

from .days import VISIT

EDITIONS, ROUNDS = 2, 4  # the latest that were sealed, that have ended
DAYS_AGO = (7, 30, 90)


@dataclass
class Preset:
    """A standpoint with a name, as an address says it: seen from there, or what has changed since."""

    label: str
    on: str
    since: str
    known: str = ""


def presets(roadmap, user):
    """What this reader may look back to, the nearest first in each kind."""
    today = roadmap.today()
    editions = Edition.objects.visible_to(user).filter(roadmap=roadmap, corrected_by=None)
    found = [of_edition(edition, roadmap) for edition in editions.order_by("-number")[:EDITIONS]]
    if moment := previous_visit(user):
        then = timezone.localtime(moment, ZoneInfo(roadmap.time_zone))
        label = _("My last visit, %(when)s") % {"when": f"{then:%d.%m.%Y %H:%M}"}
        found.append(Preset(label, f"{then:%Y-%m-%d}", VISIT, f"{then:%Y-%m-%dT%H:%M:%S}"))
    ended = Round.objects.filter(roadmap=roadmap, ends_on__lt=today).exclude(state=Round.State.PLANNED)
    for round_ in ended.order_by("-ends_on")[:ROUNDS]:
        label = _("End of %(round)s, %(day)s") % {"round": round_.name, "day": short(round_.ends_on)}
        found.append(of_a_day(label, round_.ends_on))
    for days in DAYS_AGO:
        day = today - timedelta(days=days)
        label = ngettext("%(n)d day ago, %(day)s", "%(n)d days ago, %(day)s", days) % {"n": days, "day": short(day)}
        found.append(of_a_day(label, day))
    if roadmap.adopted_on and roadmap.adopted_on < today:
        label = _("Adoption of the plan, %(day)s") % {"day": short(roadmap.adopted_on)}
        found.append(of_a_day(label, roadmap.adopted_on))
    return found


def of_edition(edition, roadmap):
    known = timezone.localtime(edition.known_by, ZoneInfo(roadmap.time_zone))
    label = _("%(edition)s, %(day)s") % {"edition": edition, "day": short(edition.judged_on)}
    since = f"edition-{edition.number}"
    return Preset(label, f"{edition.judged_on:%Y-%m-%d}", since, f"{known:%Y-%m-%dT%H:%M:%S}")


def of_a_day(label, day):
    return Preset(label, f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}")
