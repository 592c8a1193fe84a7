"""Which milestones and items a search finds: by number, wording in any language, and who carries them out."""

from django.db.models import F, Q

from tracker.lib.searching import PIECE, Among, Found, holds

from .models import Executor, Milestone, Organisation


def carried_out_by(word):
    """The ids of items of which an executor's name holds the word. It is not copied to them: ministries are renamed."""
    organisations = Organisation.objects.filter(search__contains=word).order_by().values("pk")
    return Executor.objects.filter(organisation__in=organisations).order_by().values("participation__item")


def item_holds(word):
    """The condition on items that number, wording or an executor holds the word."""
    return Q(search__contains=word) | Q(pk__in=carried_out_by(word))


def milestone_holds(word):
    """The condition on milestones that number or wording, the item's too, or an executor holds the word.

    By the index it is one set of keys: beside an "or" no database would take it.
    """
    executing = Q(item__in=carried_out_by(word))
    scanned = Q(search__contains=word) | executing
    if len(word) < PIECE:
        return scanned
    own, theirs = (Milestone.objects.filter(one).order_by().values("pk") for one in (holds(Milestone, word), executing))
    return Q(Found(Among(F("pk"), own.union(theirs).query), scanned))
