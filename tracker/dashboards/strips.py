"""The strip of parties beside a milestone: fixed places in protocol order, so the eye can run down one column."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tracker.progress.status import Execution, Timeliness, rule_for

LOOKS = {
    Execution.NOT_STARTED: "",
    Execution.IN_PROGRESS: "half",
    Execution.PARTLY: "part",
    Execution.COMPLETED: "done",
}
OFF = _("Does not take part")


@dataclass(frozen=True)
class Place:
    """One party's place: its code, its class in components.css, and its state in words."""

    code: str
    look: str
    word: str


@dataclass(frozen=True)
class Strip:
    places: tuple

    def __str__(self):
        """One sentence for a screen reader and for exports: "overdue: KG, TJ; completed: KZ"."""
        words = {}
        for place in self.places:
            words.setdefault(str(place.word), []).append(place.code)
        return "; ".join(f"{word.lower()}: {', '.join(codes)}" for word, codes in words.items())


def parties_strip(commitments, parties, *, on):
    """The strip of one milestone: `commitments` of it, `parties` of the roadmap in protocol order."""
    by_party = {commitment.party_id: commitment for commitment in commitments if commitment.is_counting}
    return Strip(tuple(place_of(party, by_party.get(party.pk), on=on) for party in parties))


def place_of(party, commitment, *, on):
    if commitment is None:
        return Place(party.code, "off", OFF)
    timeliness = rule_for(commitment, on=on).timeliness
    if timeliness == Timeliness.DROPPED:
        return Place(party.code, "off", timeliness.label)
    if timeliness == Timeliness.OVERDUE:
        return Place(party.code, "late", timeliness.label)
    if timeliness == Timeliness.AT_RISK:
        return Place(party.code, "risk", timeliness.label)
    if commitment.is_completed:
        return Place(party.code, "done", Execution.COMPLETED.label)
    return Place(party.code, LOOKS[commitment.execution], Execution(commitment.execution).label)
