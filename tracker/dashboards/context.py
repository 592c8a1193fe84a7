"""What every page shows around its content."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracker.history.as_of import current_as_of
from tracker.jobs.models import UNDER_WAY, Job
from tracker.lib.dates import short
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
    """`frame`: the roadmap at hand, its sections, the person's own pages, the languages, the banner of a past day."""
    user = getattr(request, "user", None)
    found = {"languages": settings.LANGUAGES, "language": get_language()}
    if user is not None and user.is_authenticated and not request.path.startswith("/admin/"):
        roadmap = getattr(request, "roadmap", None) or Roadmap.objects.visible_to(user).first()
        found |= {
            "roadmap": roadmap,
            "sections": sections(request, roadmap) if roadmap else [],
            "own_pages": own_pages(request, user),
            "day_banner": day_banner(request),
        }
    return {"frame": found, "on_query": on_query(request)}


def on_query(request):
    """The part of an address that stays on the day looked at; empty on today's pages."""
    if getattr(request, "is_live", True):
        return ""
    return f"?on={request.day:%Y-%m-%d}"


def day_banner(request):
    if getattr(request, "is_live", True):
        return ""
    day = request.day
    if day > request.today:
        return _("Judged on %(day)s, a day to come, by what is known today.") % {"day": short(day)}
    return _("As of %(day)s.") % {"day": short(day)}


def sections(request, roadmap):
    named = getattr(request.resolver_match, "url_name", "")
    return [
        Link(label, reverse(name, args=[roadmap.slug]) + on_query(request), name == named or named in also)
        for name, label, also in (
            ("overview", _("Overview"), ()),
            ("status_table", _("Status table"), ()),
            ("items", _("Items"), ("item", "why", "control_item", "control_milestone", "replace_milestones")),
            ("rounds", _("Rounds"), ("round", "round_new", "round_edit", "round_reports")),
            ("deadlines", _("Deadlines"), ("deadline", "deadline_propose", "amendments")),
            ("documents", _("Documents"), ("document_attach",)),
            ("roadmap_parties", _("Parties"), ("party_join", "party_leave")),
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
