"""How the milestones of the status table stand together, and the subtotals of each group."""

from functools import cached_property

from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.columns import Group, Grouping
from tracker.lib.dates import quarter_bounds, quarter_of
from tracker.lib.terms import Kind, Term
from tracker.progress.status import Timeliness, counts, with_status
from tracker.roadmaps.models import Execution

from .status_rows import COMPLETED

SUBTOTALS = (Timeliness.OVERDUE, Timeliness.AT_RISK, Timeliness.DUE_SOON)
NO_DAY = "none"


def subtotals(tally):
    """The counts beside a group's name, which add up: completed, those to look at, dropped, the rest."""
    completed = sum(tally[timeliness] for timeliness in COMPLETED)
    named = [(timeliness, tally[timeliness]) for timeliness in SUBTOTALS if tally[timeliness]]
    total = sum(tally.values())
    return {
        "total": total,
        "completed": completed,
        "named": named,
        "dropped": tally[Timeliness.DROPPED],
        "other": total - completed - sum(count for timeliness, count in named) - tally[Timeliness.DROPPED],
    }


def counts_by_area(milestones, *, on):
    """{area id: {Timeliness: n}} of all the milestones."""
    return {area: tally for (area,), tally in counts(milestones, on=on, by=("area_id",)).items()}


def total_of(tallies):
    """Several tallies added up."""
    tallies = list(tallies)
    return {timeliness: sum(tally[timeliness] for tally in tallies) for timeliness in Timeliness}


class StatusGrouping(Grouping):
    """A grouping of milestones by columns of their own: `by` are those that the database counts by."""

    by = ()

    @cached_property
    def tally(self):
        """{Timeliness: n} of all the groups together."""
        return total_of(self.tallies.values())

    @cached_property
    def tallies(self):
        """{values of `by`: {Timeliness: n}}."""
        return counts(self.table.matching, on=self.table.day, by=self.by)

    def groups(self):
        tallies = {}
        for values, tally in self.tallies.items():
            tallies.setdefault(self.key(*values), []).append(tally)
        groups = []
        for key, label in self.labels(tallies):
            tally = total_of(tallies[key])
            groups.append(Group(str(key), label, sum(tally.values()), subtotals(tally)))
        return groups

    def key(self, *values):
        """The key of the group to which rows with these values belong."""
        return values[0]

    def labels(self, tallies):
        """(key, label) of each group that has rows, in the order of the rows."""
        raise NotImplementedError

    def query(self, group):
        """What an address says to find exactly the rows of a group."""
        raise NotImplementedError


class ByArea(StatusGrouping):
    label, named_by = gettext_lazy("Area"), "area"
    by = ("area_id",)

    def order(self, rows):
        inner = rows.query.order_by
        return rows if inner[:1] == ("area_position",) else rows.order_by("area_position", *inner)

    def key(self, area):
        return self.table.areas[area].code

    def labels(self, tallies):
        return [(area.code, area.name) for area in self.table.areas.values() if area.code in tallies]

    def without(self, rows, keys):
        return rows.exclude(area__in=[area.pk for area in self.table.areas.values() if area.code in keys])

    def query(self, group):
        return {"area": group.key}


class ByQuarter(StatusGrouping):
    """By the quarter in which the current term ends."""

    label, named_by = gettext_lazy("Quarter of the term"), "quarter"
    by = ("due_on",)

    def order(self, rows):
        return rows.order_by(F("due_on").asc(nulls_last=True), *rows.query.order_by)

    def key(self, due_on):
        return quarter_key(due_on)

    def labels(self, tallies):
        for key in sorted(tallies, key=lambda key: (key == NO_DAY, key)):
            yield key, quarter_in_words(key)

    def without(self, rows, keys):
        folded = Q(pk__in=[])
        for key in keys:
            if key == NO_DAY:
                folded |= Q(due_on=None)
            else:
                folded |= Q(due_on__range=bounds(key))
        return rows.exclude(folded)

    def query(self, group):
        if group.key == NO_DAY:
            return {"empty": "due_on"}
        first, last = bounds(group.key)
        return {"due_from": first.isoformat(), "due_to": last.isoformat()}


def quarter_key(due_on):
    return "{}-{}".format(*quarter_of(due_on)) if due_on else NO_DAY


def quarter_in_words(key):
    return _("No day") if key == NO_DAY else Term("", Kind.QUARTER, *bounds(key)).in_words()


def bounds(quarter):
    """The first and the last day of a quarter by its key: "2026-2"."""
    return quarter_bounds(*map(int, quarter.split("-")))


class ByTimeliness(StatusGrouping):
    """What needs a look first comes first."""

    label, named_by = gettext_lazy("Timeliness"), "timeliness"

    def order(self, rows):
        return with_status(rows, on=self.table.day).order_by("severity", *rows.query.order_by)

    @cached_property
    def tally(self):
        return counts(self.table.matching, on=self.table.day)

    def groups(self):
        tally = self.tally
        return [Group(one.value, one.label, tally[one], {"total": tally[one]}) for one in Timeliness if tally[one]]

    def without(self, rows, keys):
        return with_status(rows, on=self.table.day).exclude(timeliness__in=keys)

    def query(self, group):
        return {"timeliness": group.key}


class ByExecution(StatusGrouping):
    label, named_by = gettext_lazy("Execution"), "execution"
    by = ("execution",)

    def order(self, rows):
        places = [When(execution=one, then=Value(place)) for place, one in enumerate(Execution)]
        return rows.order_by(Case(*places), *rows.query.order_by)

    def labels(self, tallies):
        return [(one.value, one.label) for one in Execution if one.value in tallies]

    def without(self, rows, keys):
        return rows.exclude(execution__in=keys)

    def query(self, group):
        return {"execution": group.key}


GROUPINGS = {"area": ByArea, "quarter": ByQuarter, "timeliness": ByTimeliness, "execution": ByExecution}
