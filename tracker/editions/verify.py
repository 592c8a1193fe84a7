"""Is everything as it was recorded and sealed? Finds a change of history, of an anchor or of an edition."""

from django.db.models import Q

from tracker.history import checks
from tracker.history.anchors import broken_history
from tracker.history.chain import Anchor, Chain

from .models import Chapter, Edition


def broken():
    """Sentences about what differs."""
    yield from broken_editions()
    yield from broken_history()
    for model in checks.tracked_models():
        yield from checks.differences_of(model)
    for chain in Chain.objects.exclude(name__in=[Anchor._meta.label, Edition._meta.label]):
        yield f"chain “{chain.name}” is not one of ours"


def broken_editions():
    """Their chain and digests, their numbers, and what they name."""
    yield from Edition.broken()
    numbers = {}
    for place, roadmap, number in Edition.objects.order_by("place").values_list("place", "roadmap", "number"):
        numbers[roadmap] = numbers.get(roadmap, 0) + 1
        if number != numbers[roadmap]:
            yield f"edition {place}: is No. {number} of its roadmap, and should be No. {numbers[roadmap]}"
    anchors = Anchor.objects.values("sha256")
    for place in Edition.objects.exclude(Q(anchor="") | Q(anchor__in=anchors)).values_list("place", flat=True):
        yield f"edition {place}: names an anchor that is not there"
    for edition, area in Chapter.objects.exclude(edition__in=Edition.objects.all()).values_list("edition", "area"):
        yield f"chapter {edition}, {area}: belongs to no edition"
