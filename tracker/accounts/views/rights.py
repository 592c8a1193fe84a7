"""Who may do what in which area of a roadmap, cell by cell, by the grants in force."""

from dataclasses import dataclass, field

from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from tracker.accounts.filters import PeopleFilter
from tracker.accounts.models import User
from tracker.lib.chips import chips
from tracker.lib.columns import PER_PAGE
from tracker.roadmaps.access import RIGHTS, WORDS, grants_of, reaches, require_administrator
from tracker.roadmaps.models import Grant, Roadmap, Role

from .people import SCOPE, today

LETTERS = {
    "read": pgettext_lazy("one letter: reads", "R"),
    "write": pgettext_lazy("one letter: writes", "W"),
    "endorse": pgettext_lazy("one letter: endorses", "E"),
    "review": pgettext_lazy("one letter: reviews", "V"),
    "plan": pgettext_lazy("one letter: administers", "A"),
}


@dataclass
class Right:
    """One right in one cell: for a party, where it is bound to one; within organisations, where it is."""

    verb: str
    party: object = None
    organisations: list = field(default_factory=list)  # empty: the whole party

    @property
    def letter(self):
        return f"{LETTERS[self.verb]} {self.party.code}" if self.party else str(LETTERS[self.verb])

    @property
    def words(self):
        words = str(WORDS[self.verb])
        if self.party:
            words = f"{words}: {self.party}"
        if self.organisations:
            names = ", ".join(str(one) for one in self.organisations)
            words = f"{words}, {_('only for')} {names}"
        return words


@require_safe
def rights(request):
    """The matrix of people and areas of one roadmap; below it, the table of roles and rights."""
    require_administrator(request.user)
    roadmaps = list(Roadmap.objects.all())
    asked = request.GET.get("roadmap", "")
    roadmap = next((one for one in roadmaps if one.slug == asked), roadmaps[0] if roadmaps else None)
    grants = Grant.objects.in_force(on=today()).select_related(*SCOPE)
    here = grants.filter(Q(roadmap=None) | Q(roadmap=roadmap))
    people = User.objects.filter(is_active=True, grants__in=here).distinct()
    filterset = PeopleFilter(request.GET, queryset=people, request=request, without=("roadmap", "state"))
    page = Paginator(filterset.qs.prefetch_related(Prefetch("grants", grants, to_attr="_grants")), PER_PAGE).get_page(
        request.GET.get("page")
    )
    areas = [place.area for place in roadmap.areas.select_related("area")] if roadmap else []
    request.roadmap = roadmap
    context = {
        "roadmap": roadmap,
        "roadmaps": roadmaps,
        "areas": areas,
        "page": page,
        "rows": [(person, [(area, rights_in(person, roadmap, area)) for area in areas]) for person in page],
        "total": people.count(),
        "filter": filterset,
        "chips": list(chips(request, filterset)),
        "legend": [(letter, WORDS[verb]) for verb, letter in LETTERS.items()],
        "roles": Role,
        "table": [(WORDS[verb], [role in roles for role in Role]) for verb, roles in RIGHTS.items()],
    }
    return render(request, "accounts/rights.html", context)


def rights_in(person, roadmap, area):
    """What the person may do in the area: as access.may answers for each of its items, parts and reports."""
    found, place = [], {"roadmap": roadmap.pk, "area": area.pk}
    for verb in LETTERS:
        grants = [grant for grant in grants_of(person, *RIGHTS[verb]) if reaches(grant, place)]
        if verb in ("write", "endorse"):
            found += [bound(verb, party, grants) for party in {g.party_id: g.party for g in grants}.values()]
        elif grants:
            found.append(Right(verb))
    return found


def bound(verb, party, grants):
    """The right to speak for a party: for all of it, as soon as one grant names no organisation."""
    own = [grant for grant in grants if grant.party_id == party.pk]
    is_whole = any(grant.organisation_id is None for grant in own)
    return Right(verb, party, [] if is_whole else [grant.organisation for grant in own])
