"""The strip of parties beside a milestone: fixed places in protocol order, so the eye can run down one column."""

from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tracker.progress.status import Execution, Timeliness, rule_for

LOOKS = {
    Execution.NOT_STARTED: "todo",
    Execution.IN_PROGRESS: "half",
    Execution.PARTLY: "part",
    Execution.COMPLETED: "done",
}
OFF = _("Does not take part")


@dataclass(frozen=True, eq=False)  # there is one object for each that there is, so they are told apart quickly
class Place:
    """One party's place: its code, its class in components.css, and its state in words."""

    code: str
    look: str
    word: str

    @property
    def html(self):
        look = format_html(" class={}", self.look) if self.look else ""  # one of our own words
        return format_html("<i{}>{}</i>", look, self.code)


@dataclass(frozen=True, eq=False)
class Strip:
    """There are few different strips, however many milestones: each is put into words and drawn once a language."""

    places: tuple

    def __str__(self):
        """One sentence for a screen reader and for exports: "overdue: KG, TJ; completed: KZ"."""
        return said(self, get_language())

    @property
    def html(self):
        """One image with one sentence."""
        return drawn(self, get_language())


@lru_cache(maxsize=5000)
def said(strip, language):
    words = {}
    for place in strip.places:
        if place.word is not OFF:
            words.setdefault(word_of(place, language), []).append(place.code)
    return in_words(words)


def in_words(words):
    """{state in words: codes of its parties} as a sentence."""
    return "; ".join([f"{word}: {', '.join(codes)}" for word, codes in words.items()])


@lru_cache(maxsize=5000)
def word_of(place, language):
    return str(place.word).lower()


@lru_cache(maxsize=5000)
def drawn(strip, language):
    places = format_html_join("", "{}", ((place.html,) for place in strip.places))
    return format_html('<div class=parties role=img title="{}">{}</div>', said(strip, language), places)


def parties_strip(parts, parties, *, on):
    """The strip of one milestone: `parts` are its commitments, `parties` the roadmap's in protocol order."""
    by_party = {part.party_id: part for part in parts if part.is_counting}
    return strip_of(tuple([place_of(party.code, by_party.get(party.pk), on=on) for party in parties]))


@lru_cache(maxsize=5000)
def strip_of(places):
    return Strip(places)


def place_of(code, part, *, on):
    if part is None:
        return place(code, None, "")
    return place(code, rule_for(part, on=on).timeliness, Execution.COMPLETED if part.is_completed else part.execution)


@lru_cache(maxsize=5000)
def place(code, timeliness, execution):
    """The place of a party by how its part is judged and how far it is; one object for each that there is."""
    if timeliness is None:
        return Place(code, "", OFF)
    if timeliness == Timeliness.DROPPED:
        return Place(code, "", timeliness.label)
    if timeliness == Timeliness.OVERDUE:
        return Place(code, "late", timeliness.label)
    if timeliness == Timeliness.AT_RISK:
        return Place(code, "risk", timeliness.label)
    return Place(code, LOOKS[execution], Execution(execution).label)
