"""The register of moves: its totals as the database counts them, and what is said beside its rows."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from tracker.progress.models import DeadlineChange

State, Term, Reason = DeadlineChange.State, DeadlineChange.Term, DeadlineChange.Reason


@dataclass
class Tally:
    """So many rows with a value, and what else is known of them."""

    value: object
    label: str
    count: int
    milestones: int = 0


@dataclass
class Moved:
    """What was decided about one kind of term: how many moves of how many milestones, by how many days."""

    moves: int = 0
    milestones: int = 0
    days: int = 0
    median: float | None = None  # of the moves that have both days


@dataclass
class Totals:
    all: int
    open: int
    states: list
    terms: list
    reasons: list
    times: list  # approved moves of current terms by how often their milestone has moved
    moved: dict  # {Term: Moved}, approved only


def totals_of(rows):
    """The totals of the rows (annotated by `as_moves`), in three queries whatever their number."""
    plain, approved = rows.order_by(), rows.order_by().approved()
    states, terms, reasons = {}, {}, {}
    for state, term, reason, count in plain.values_list("state", "term", "reason").annotate(Count("pk")):
        for tally, value in ((states, state), (terms, term), (reasons, reason)):
            tally[value] = tally.get(value, 0) + count
    moved, times = {term: Moved() for term in Term}, []
    by_times = approved.values_list("term", "milestone__moves").annotate(Count("pk"), Count("milestone", distinct=True))
    for term, moves, count, milestones in sorted(by_times):
        moved[term].moves += count
        moved[term].milestones += milestones
        if term == Term.CURRENT:
            times.append(Tally(moves, times_in_words(moves), count, milestones))
    by_days = {}
    dated = approved.filter(days__isnull=False)
    for term, days, count in dated.values_list("term", "days").annotate(Count("pk")).order_by("term", "days"):
        by_days.setdefault(term, []).append((days.days, count))
    for term, tally in by_days.items():
        moved[term].days = sum(days * count for days, count in tally)
        moved[term].median = median_of(tally)
    return Totals(
        all=sum(states.values()),
        open=states.get(State.PROPOSED, 0),
        states=counted(State, states),
        terms=counted(Term, terms),
        reasons=counted(Reason, reasons),
        times=times,
        moved=moved,
    )


def counted(choices, tally):
    return [Tally(value.value, value.label, tally.get(value, 0)) for value in choices]


def times_in_words(times):
    if times == 1:
        return _("once")
    return _("twice") if times == 2 else _("%(times)d times") % {"times": times}


def median_of(tally):
    """The median of (value, how many) pairs in order."""
    total = sum(count for _value, count in tally)
    places = ((total - 1) // 2, total // 2)
    found, passed = [], 0
    for value, count in tally:
        found += [value for place in places if passed <= place < passed + count]
        passed += count
    return sum(found) / 2


def notes_on(changes):
    """{id: the note of who decided}, of the changes that are closed."""
    closed = [change.pk for change in changes if not change.is_open and change.term == Term.CURRENT]
    if not closed:
        return {}
    versions = DeadlineChange.history.model.objects.filter(id__in=closed).exclude(state=State.PROPOSED)
    versions = versions.exclude(change_set__reason="").select_related("change_set").order_by("history_date")
    return {version.id: version.change_set.reason for version in versions}


def days_in_words(change):
    """ "+123 d", as the slip is written; empty where one of the terms has no day."""
    days = change.days_between
    return "" if days is None else _("%(days)+d d") % {"days": days}
