"""Who will read a report: named before it is written (domain.md §6)."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from tracker.roadmaps.access import Role
from tracker.roadmaps.models import Grant


@dataclass
class Readers:
    """The people whom a report's text reaches, by the reason why; nobody stands in two groups."""

    own: list  # of the party: from the first draft
    reviewers: list  # from the moment it is sent
    others: list  # once it is accepted, unless the audience is the own party


def readers_of(report):
    """The readers of a report on its commitment, by today's grants, in the order of their names."""
    commitment = report.commitment
    grants = list(
        Grant.objects.in_force(on=timezone.now().date())
        .filter(
            Q(roadmap=None) | Q(roadmap=commitment.roadmap_id),
            Q(area=None) | Q(area=commitment.area_id),
            user__is_active=True,
        )
        .select_related("user")
        .order_by("user__name", "user__email")
    )
    own = {grant.user: None for grant in grants if grant.party_id == commitment.party_id}
    reviewers = {grant.user: None for grant in grants if grant.role == Role.REVIEWER and grant.user not in own}
    others = {grant.user: None for grant in grants if grant.user not in own and grant.user not in reviewers}
    return Readers(list(own), list(reviewers), list(others))
