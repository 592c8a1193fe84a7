"""Rows of a roadmap seen from two standpoints at once: those that can be seen otherwise from one than from the other.

Of such a row a version ended in between, or it was added, or days alone judge it anew: the database lays a version
beside the row as it is now, one statement for each of the three. Where a standpoint knows later than its day (domain.md
§5), what was recorded of the few rows that came to their end after it is not what is seen: of these each side is read
by itself; and so of all rows where the earlier day is the better known one.
"""

from typing import NamedTuple

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Exact

from tracker.history.remembered import all_remembered, remembered
from tracker.history.statements import version_model
from tracker.history.versions import OPEN
from tracker.progress.status import SOON, Span, span_of
from tracker.roadmaps.models import Commitment, Milestone, State

# The states that days alone judge anew
LIVE = (State.FORECAST_LATE, State.LOW_CONFIDENCE, State.NOT_STARTED, State.OPEN)
SILENT = Commitment.Freshness.SILENT

# From a version to the row as it is now: a relation for the queries below alone, without a column
for model in (Milestone, Commitment):
    relation = models.ForeignObject(model, models.DO_NOTHING, ["id"], ["id"], related_name="+", null=True)
    relation.contribute_to_class(version_model(model), "now", private_only=True)


class Twice(NamedTuple):
    """A row as it was and as it is, or `count` of them that are alike; a state is None where it was or is not there."""

    area_before: int | None
    state_before: str | None
    span_before: Span | None
    area_after: int | None
    state_after: str | None
    span_after: Span | None
    is_moved: object  # these three are true or false
    is_less: object
    fell_silent: object
    milestone: int | None
    party: int | None
    count: int = 1


def seen_twice(model, roadmap, earlier, now, *, together=False):
    """The rows of the model, tuples as Twice names them; `together`: those that are alike as one."""
    apart = ended_later(model, roadmap, earlier) | ended_later(model, roadmap, now)
    if earlier.known > (now.known or OPEN):
        return compared(model, roadmap, earlier, now, apart | touched(model, roadmap, earlier, now))
    with now.read():
        found = all_remembered(*joined(model, roadmap, earlier, now, together, apart))
    return [row for rows in found for row in rows] + compared(model, roadmap, earlier, now, apart)


def between(model, earlier, now):
    """The versions: valid at the earlier moment; of them, ended in between; begun in between."""
    versions, until = version_model(model).objects.order_by(), now.known or OPEN
    then = versions.filter(history_date__lt=earlier.known, valid_to__gte=earlier.known)
    return (
        then,
        then.filter(valid_to__lt=until),
        versions.filter(history_date__gte=earlier.known, history_date__lt=until),
    )


def of(roadmap):
    """The condition that a version is of the roadmap, not by the index of the plan's order: that reads all of them."""
    return Exact(F("roadmap_id") + 0, roadmap.pk)


def ageing(earlier, now):
    """The condition that days alone may judge a row anew."""
    return Q(state__in=LIVE, due_on__gte=earlier.day, due_on__lte=now.day + SOON)


# Both sides in one statement


def joined(model, roadmap, earlier, now, together, apart):
    then, ended, begun = between(model, earlier, now)
    rows, same = model.objects.filter(roadmap=roadmap).order_by(), {"id": OuterRef("pk")}
    added = rows.filter(~Exists(then.filter(**same)), pk__in=begun.filter(history_type="+").values("id"))
    aged = rows.filter(ageing(earlier, now), ~Exists(begun.filter(**same)))
    for found, before, after in ((ended.filter(of(roadmap)), "", "now__"), (added, None, ""), (aged, "", "")):
        if apart:
            found = found.exclude(among(apart))
        sides = *side(before, earlier.day), *side(after, now.day), *differences(model, before, after)
        if together:
            yield found.values_list(*sides, NOTHING, party_of(model)).annotate(count=Count("pk"))
        else:
            yield found.values_list(*sides, F("milestone_id" if model is Commitment else "id"), party_of(model))


# What is computed is text: of numbers and truth values the ORM would convert each, row by row
NOTHING, NO, YES = (Value(text, models.CharField()) for text in (None, "", "yes"))


def party_of(model):
    return F("party_id") if model is Commitment else NOTHING


def side(way, day):
    """Area, state and span of the row that the way leads to, on the day; None: it was not there."""
    if way is None:
        return [NOTHING] * 3
    return [
        F(f"{way}area_id"),
        F(f"{way}state"),
        Case(
            When(**{f"{way}due_on__lt": day}, then=Value(Span.BEFORE.value)),
            When(**{f"{way}due_on__lte": day + SOON}, then=Value(Span.WITHIN.value)),
            When(**{f"{way}due_on__isnull": False}, then=Value(Span.LATER.value)),
            output_field=models.CharField(),
        ),
    ]


def differences(model, before, after):
    """Whether its terms were moved, less is accepted of it, it fell silent."""
    if before is None or before == after:
        return [NO] * 3
    is_less = when(Q(**{f"{after}percent__lt": F("percent")}))
    if model is Commitment:
        return [NO, is_less, when(Q(**{f"{after}freshness": SILENT}) & ~Q(freshness=SILENT))]
    return [when(same("due_on", after) & same("agreed_due", after), NO, YES), is_less, NO]


def when(condition, so=YES, otherwise=NO):
    return Case(When(condition, then=so), default=otherwise)


def same(column, after):
    both_empty = Q(**{f"{column}__isnull": True, f"{after}{column}__isnull": True})
    return Q(**{f"{after}{column}": F(column)}) | both_empty


# Each side by itself


def ended_later(model, roadmap, standpoint):
    """The keys of rows of which more is known than the day of the standpoint could know: they had not ended yet."""
    if not standpoint.knows_later:
        return set()
    valid = {"history_date__lt": standpoint.known, "valid_to__gte": standpoint.known}
    after = Q(done_on__gt=standpoint.day) | Q(control_on__gt=standpoint.day)
    of_parts = Q(released_on__gt=standpoint.day) | after
    parts = version_model(Commitment).objects.filter(of(roadmap), of_parts, **valid).order_by()
    if model is Commitment:
        return keys_of(parts.values_list("id"))
    own = version_model(Milestone).objects.filter(of(roadmap), after, **valid).order_by()
    return keys_of(parts.values_list("milestone_id"), own.values_list("id"))


def touched(model, roadmap, earlier, now):
    """The keys of rows that can be seen otherwise, whichever of the two is the better known."""
    in_turn = sorted((earlier, now), key=lambda standpoint: standpoint.known or OPEN)
    then, ended, begun = (versions.filter(of(roadmap)) for versions in between(model, *in_turn))
    rows = (then.filter(ageing(earlier, now)), ended, begun.filter(history_type="+"))
    return keys_of(*(versions.values_list("id") for versions in rows))


def keys_of(*queries):
    return {key for found in all_remembered(*queries) for (key,) in found}


def compared(model, roadmap, earlier, now, keys):
    """The rows with these keys."""
    if not keys:
        return []
    before, after = (read(model, roadmap, standpoint, keys) for standpoint in (earlier, now))
    return [twice(before.get(pk), after.get(pk)) for pk in before.keys() | after.keys()]


READ = {
    Milestone: ("id", "area_id", "state", "due_on", "percent", "agreed_due"),
    Commitment: ("milestone_id", "area_id", "state", "due_on", "percent", "party_id", "freshness"),
}


def read(model, roadmap, standpoint, keys):
    """{key: the columns read, with `span`} of the rows as seen from the standpoint."""
    found = model.objects.filter(among(keys), roadmap=roadmap).order_by().values("pk", *READ[model])
    with standpoint.read():
        rows = {row["pk"]: row for row in remembered(found)}
    for row in rows.values():
        row["span"] = span_of(row["due_on"], on=standpoint.day)
    return rows


def twice(before, after):
    seen, before, after = after or before, before or {}, after or {}
    is_moved = any(before.get(term) != after.get(term) for term in ("due_on", "agreed_due"))
    percents = before.get("percent"), after.get("percent")
    return Twice(
        area_before=before.get("area_id"),
        state_before=before.get("state"),
        span_before=before.get("span"),
        area_after=after.get("area_id"),
        state_after=after.get("state"),
        span_after=after.get("span"),
        is_moved="party_id" not in seen and is_moved,
        is_less=None not in percents and percents[1] < percents[0],
        fell_silent=after.get("freshness") == SILENT != before.get("freshness"),
        milestone=seen.get("milestone_id", seen["pk"]),
        party=seen.get("party_id"),
    )


def among(keys):
    """The condition that a row is one of these: any number of keys, more than a statement has parameters."""
    return Q(id__in=RawSQL(",".join(map(str, sorted(map(int, keys)))), ())) if keys else Q(pk__in=[])
