"""What every page shows around its content."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracker.history.as_of import current_as_of
from tracker.jobs.models import UNDER_WAY, Job
from tracker.lib.addresses import as_live, looking
from tracker.lib.dates import end_of, short
from tracker.progress.models import Report
from tracker.roadmaps.access import Role, grants_of, is_administrator
from tracker.roadmaps.models import Roadmap

NEAR_PEOPLE = ("/people/", "/grants/", "/rights/", "/security/")


@dataclass
class Link:
    label: str
    url: str
    is_current: bool = False
    count: int = 0


def frame(request):
    """`frame`: the roadmap at hand, its sections, the person's pages, the languages, where the page is seen from."""
    user = getattr(request, "user", None)
    found = {"languages": settings.LANGUAGES, "language": get_language()}
    if user is not None and user.is_authenticated and not request.path.startswith("/admin/"):
        roadmap = getattr(request, "roadmap", None) or Roadmap.objects.visible_to(user).first()
        found |= {
            "roadmap": roadmap,
            "sections": sections(request, roadmap) if roadmap else [],
            "own_pages": own_pages(request, user),
            "seen_from": SeenFrom(request) if hasattr(request, "standpoint") else None,
        }
    return {"frame": found, "on_query": on_query(request)}


def on_query(request):
    """The part of an address that stays where the page is seen from; empty on live pages."""
    seen_from = looking(request.GET) if hasattr(request, "standpoint") else {}
    return f"?{urlencode(seen_from)}" if seen_from else ""


class SeenFrom:
    """Where a page is seen from, in words, and how to change that."""

    def __init__(self, request):
        self.request, self.standpoint, self.since = request, request.standpoint, request.since

    @property
    def label(self):
        words = {"day": short(self.standpoint.day), "when": self.since and self.since.words}
        return (_("As of %(day)s, changes since %(when)s") if self.since else _("As of %(day)s")) % words

    @property
    def query(self):
        """What an address says that stays here."""
        return looking(self.request.GET)

    @property
    def banner(self):
        """What a reader must know who takes the page for the plan as it stands: sentences."""
        day, known = short(self.standpoint.day), self.standpoint.known
        if self.standpoint.day > self.request.today:
            yield _("Judged on %(day)s, a day to come, by what is known today.") % {"day": day}
        elif known is not None:
            if known == end_of(self.standpoint.day, self.request.roadmap.time_zone):
                yield _("As of %(day)s: everything is shown as it was recorded by the end of that day.") % {"day": day}
            else:
                by = date_format(timezone.localtime(known, ZoneInfo(self.request.roadmap.time_zone)), "d.m.Y H:i")
                yield _("Judged on %(day)s by what was recorded by %(moment)s.") % {"day": day, "moment": by}
        if self.since:
            yield _("Changes since %(when)s are marked: the old value struck through, the new one beside it.") % {
                "when": self.since.words
            }

    @property
    def live(self):
        """The address of the same page of the plan as it stands."""
        asked = as_live(self.request.GET).urlencode()
        return f"{self.request.path}?{asked}" if asked else self.request.path

    @property
    def chooser(self):
        """The address at which another day is chosen for this page."""
        at = urlencode({"at": self.request.get_full_path()})
        return f"{reverse('days', args=[self.request.roadmap.slug])}?{at}"


def sections(request, roadmap):
    named = getattr(request.resolver_match, "url_name", "")
    return [
        Link(label, reverse(name, args=[roadmap.slug]) + on_query(request), name == named or named in also)
        for name, label, also in (
            ("overview", _("Overview"), ()),
            ("status_table", _("Status table"), ()),
            ("changes", _("Since last time"), ()),
            ("items", _("Items"), ("item", "why", "control_item", "control_milestone", "replace_milestones")),
            ("rounds", _("Rounds"), ("round", "round_new", "round_edit", "round_reports")),
            ("deadlines", _("Deadlines"), ("deadline", "deadline_propose", "amendments")),
            ("documents", _("Documents"), ("document_attach",)),
            ("roadmap_parties", _("Parties"), ("party_join", "party_leave")),
            ("editions", _("Editions"), ("edition", "edition_seal", "edition_compare")),
        )
    ]


def own_pages(request, user):
    """My round, review, administration: as far as the person's grants go."""
    links = []
    if grants_of(user, Role.ANALYST, Role.COORDINATOR):
        links.append(Link(_("My round"), reverse("desk"), request.path.startswith(("/desk/", "/reports/"))))
    if grants_of(user, Role.REVIEWER):
        waiting = 0 if current_as_of() else Report.objects.reviewed_by(user).in_review().count()
        links.append(Link(_("Review"), reverse("review"), request.path.startswith("/review/"), waiting))
    elif is_administrator(user) and not current_as_of():
        past = Report.objects.within("reopen", user).past_review().count()
        if past:  # a reviewer's silence past the review day is an administrator's to break
            address = reverse("review_list") + "?overdue=on"
            links.append(Link(_("Review overdue"), address, request.path.startswith("/review/"), past))
    if is_administrator(user):
        links.append(Link(_("People"), reverse("people"), request.path.startswith(NEAR_PEOPLE)))
        links.append(Link(_("Administration"), reverse("admin:index")))
    if UNDER_WAY in getattr(request, "session", ()):
        waiting = Job.objects.visible_to(user).unfinished().count()
        links.append(Link(_("My jobs"), reverse("jobs"), request.path.startswith("/jobs/"), waiting))
    return links
