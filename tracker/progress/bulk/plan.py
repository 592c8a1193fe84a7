"""What an administrator changes of many rows of the plan: columns, executors, the decision on control."""

from django.core.exceptions import ValidationError

from tracker.history.changes import change_set
from tracker.lib.errors import Conflict
from tracker.lib.texts import Texts
from tracker.progress.inline import CLOSED
from tracker.progress.inline_forms import PartyExecutorsForm
from tracker.progress.status import rule_for
from tracker.roadmaps.changes import ask, takes_part
from tracker.roadmaps.models import Commitment, Control, Item, Milestone, Participation, Replacement, Roadmap

from .deed import Deed, not_planned_by, one_by_one


class OfThePlan(Deed):
    """A change of the plan: by who administers it, while it goes on."""

    def held(self, row):
        if self.roadmap.state == Roadmap.State.CLOSED:
            return CLOSED
        return not_planned_by(self.by, row)


class OfMilestones(OfThePlan):
    model = Milestone

    def targets(self, milestones):
        return milestones

    def rows(self, keys):
        visible = Milestone.objects.visible_to(self.by).filter(roadmap=self.roadmap, pk__in=keys)
        rows = list(visible.select_related("item", "area").in_plan_order())
        for row in rows:
            row.item.roadmap = self.roadmap
        return rows


class OfItems(OfThePlan):
    model = Item

    def targets(self, milestones):
        return Item.objects.visible_to(self.by).filter(pk__in=milestones.order_by().values("item"))

    def rows(self, keys):
        visible = Item.objects.visible_to(self.by).filter(roadmap=self.roadmap, pk__in=keys)
        rows = list(visible.select_related("area").order_by("number_key", "pk"))
        for row in rows:
            row.roadmap = self.roadmap
        return rows


class Columns(Deed):
    """Columns of the row take values, {name: value}, in one write; of a text, the languages that were typed."""

    values = {}

    def wanted(self, row, name):
        stored, value = getattr(row, name), self.values[name]
        return Texts(stored | value) if isinstance(stored, Texts) else value

    def is_same(self, row):
        return all(getattr(row, name) == self.wanted(row, name) for name in self.values)

    def stands(self, rows):
        return {row.pk: "\n".join(in_words(getattr(row, name)) for name in self.values) for row in rows}

    def write(self, rows):
        for row in rows:
            for name in self.values:
                setattr(row, name, self.wanted(row, name))
        try:
            with change_set():
                self.model.objects.bulk_update(rows, list(self.values))
        except Conflict:  # somebody saved one of them at this moment: the others go on
            return one_by_one(rows, lambda row: row.save())
        return {}


class MilestoneColumns(Columns, OfMilestones):
    """Weight and proof."""


class ItemColumns(Columns, OfItems):
    """The note."""


def in_words(value):
    """A column as it stands, each language of a text with its code."""
    if not isinstance(value, Texts):
        return str(value)
    return "\n".join(f"{code.upper()}: {value[code]}" for code in value.languages()) or "—"


class Executors(OfThePlan):
    """An organisation joins the executors of a party, leaves them, or another one takes its place."""

    model = Participation
    party, organisation, successor = None, None, None  # with a successor it is replaced
    is_added, shown = False, 50

    def targets(self, milestones):
        items = Item.objects.visible_to(self.by).filter(pk__in=milestones.order_by().values("item"))
        parts = Participation.objects.within_their_days().exclude(role=Participation.Role.NONE)
        return parts.filter(item__in=items, party=self.party)

    def rows(self, keys):
        items = Item.objects.visible_to(self.by).filter(roadmap=self.roadmap)
        parts = Participation.objects.filter(pk__in=keys, item__in=items).select_related("item__area", "party")
        rows = list(parts.prefetch_related("executors__organisation").order_by("item__number_key", "pk"))
        for row in rows:
            row.item.roadmap = self.roadmap
            row.chosen = [executor.organisation for executor in row.executors.all()]
        return rows

    def name(self, row):
        return row.item.number, f"{row.party}: {row.item.wording}"

    def stands(self, rows):
        return {row.pk: "; ".join(map(str, row.chosen)) or "—" for row in rows}

    def wanted(self, row):
        if self.is_added:
            return row.chosen if self.organisation in row.chosen else [*row.chosen, self.organisation]
        if self.organisation not in row.chosen:
            return row.chosen
        put = [] if self.successor is None or self.successor in row.chosen else [self.successor]
        at = row.chosen.index(self.organisation)
        return [*row.chosen[:at], *put, *row.chosen[at + 1 :]]

    def is_same(self, row):
        return self.wanted(row) == row.chosen

    def held(self, row):
        return super().held(row.item)

    def write(self, rows):
        return one_by_one([row for row in rows if takes_part(row)], self.write_one)

    def write_one(self, row):
        first, *others = [str(organisation.pk) for organisation in self.wanted(row)] or [""]
        data = {"responsible": first, "others": others, "read_version": row.version}
        form = PartyExecutorsForm(_Typed(data), instance=row)
        if not form.is_valid():
            raise Conflict(" ".join(error for errors in form.errors.values() for error in errors))
        form.save_executors()


class _Typed(dict):
    """Values as a form reads them of a request."""

    def getlist(self, name):
        return self.get(name, [])


class Decide(OfMilestones):
    """Close as completed, drop, or put back on control."""

    control, basis, on, reason = None, "", None, ""

    def is_same(self, row):
        return (row.control, row.drop_reason) == (self.control, self.reason)

    def stands(self, rows):
        today = self.roadmap.today()
        return {row.pk: f"{control_in_words(row)}; {rule_for(row, on=today).timeliness.label.lower()}" for row in rows}

    def write(self, rows):
        """By the verb where something stands in the place of a row; the others, of whom it only decides, together."""
        replaced = set(Replacement.objects.filter(old__in=rows).values_list("old", flat=True))
        plain = [row for row in rows if row.pk not in replaced and row.drop_reason != Milestone.DropReason.REPLACED]
        try:
            with change_set():
                self.write_together(plain)
            refused = {}
        except (Conflict, ValidationError):  # one of them is refused: which, and why, its own verb says
            plain = self.rows([row.pk for row in plain])
            refused = one_by_one(plain, self.write_one)
        refused |= one_by_one([row for row in rows if row.pk not in {one.pk for one in plain}], self.write_one)
        if self.control == Control.ON:
            items = {row.item_id: row.item for row in rows if row.pk not in refused}
            ask(self.roadmap, list(items.values()))
        return refused

    def write_together(self, rows):
        """What Milestone.decide_control() does to each, in few statements."""
        for row in rows:
            row.control, row.control_basis, row.drop_reason = self.control, self.basis, self.reason
            row.control_on = None if self.control == Control.ON else self.on
            row.clean()
        Milestone.objects.bulk_update(rows, ["control", "control_basis", "drop_reason", "control_on"])
        by_key = {row.pk: row for row in rows}
        parts = list(Commitment.objects.filter(milestone__in=rows).order_by("pk"))
        for part in parts:
            part.milestone = by_key[part.milestone_id]
        Commitment.objects.bulk_update(parts, ["control", "control_on"])

    def write_one(self, row):
        row.decide_control(self.control, basis=self.basis, on=self.on, reason=self.reason, by=self.by)


def control_in_words(row):
    words = str(Control(row.control).label)
    return f"{words}: {Milestone.DropReason(row.drop_reason).label}" if row.drop_reason else words
