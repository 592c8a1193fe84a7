"""Which organisations carry out what a reader may see of a roadmap: thousands, so they are searched for."""

from django.db.models import Exists, OuterRef, Q

from tracker.lib.texts import search_words
from tracker.roadmaps import access
from tracker.roadmaps.models import Executor, Organisation

OFFERED = 20  # shown of a search


def executing(user, roadmap):
    seen = access.scope(user, "read", roadmap="participation__item__roadmap", area="participation__item__area")
    executors = Executor.objects.filter(seen, organisation=OuterRef("pk"), participation__item__roadmap=roadmap)
    return Organisation.objects.filter(Exists(executors))


def found_among(organisations, text):
    """The first of the organisations whose names hold every word; none without a word."""
    words = search_words(text)
    held = Q(*(("search__contains", word) for word in words))
    return list(organisations.filter(held)[:OFFERED]) if words else []
