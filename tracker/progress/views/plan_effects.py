"""What a change of the plan would do: the change is done by its own verb, looked at, and taken back."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.dashboards.standing import standing_of
from tracker.history.rehearsal import rehearse
from tracker.lib.dates import short
from tracker.progress.models import Report, Round
from tracker.progress.plan_forms import SINGLY
from tracker.progress.status import Timeliness, counts, rule_for
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Commitment, Control, Execution, Item, Milestone

LISTED = 30  # rows of a preview that are named; the rest is a number


@dataclass
class Line:
    """A number before and after."""

    label: str
    before: object
    after: object

    @property
    def is_changed(self):
        return self.before != self.after


@dataclass
class Effect:
    """`milestones` are (before or None, after) of those that change, `items` (item, before, after) standings."""

    lines: list
    milestones: list = field(default_factory=list)
    items: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    more: int = 0
    changes_nothing: bool = False


@dataclass(frozen=True)
class Look:
    """A milestone as it stands at one moment of a rehearsal."""

    number: str
    wording: object
    term: str
    weight: int
    control: str
    control_on: object
    basis: str
    drop_reason: str
    execution: str
    timeliness: str
    counting: int
    completed: int

    @property
    def dropped_because(self):
        return Milestone.DropReason(self.drop_reason).label if self.drop_reason else ""


def look_at(milestone, *, on):
    return Look(
        milestone.number, str(milestone.wording), str(milestone.current.in_words()), milestone.weight,
        milestone.control, milestone.control_on, milestone.control_basis, milestone.drop_reason, milestone.execution,
        rule_for(milestone, on=on).timeliness, milestone.counting, milestone.completed,
    )  # fmt: skip


@dataclass
class Picture:
    """The milestones of some items, and the totals of their roadmap."""

    milestones: dict
    standings: dict
    totals: list
    asked: int


def picture_of(roadmap, items, *, on):
    milestones = list(Milestone.objects.filter(item__in=items).order_by("number_key", "pk"))
    standings = {item: standing_of([m for m in milestones if m.item_id == item], on=on) for item in items}
    return Picture(
        {milestone.pk: look_at(milestone, on=on) for milestone in milestones},
        standings,
        totals_of(roadmap, on=on),
        Report.objects.filter(round__roadmap=roadmap, round__state=Round.State.OPEN).count(),
    )


def totals_of(roadmap, *, on):
    """(label, number) of the roadmap's milestones: what counts, what is completed, and what is dropped, apart."""
    milestones = Milestone.objects.filter(roadmap=roadmap)
    tally = counts(milestones, on=on)
    replaced = milestones.filter(drop_reason=Milestone.DropReason.REPLACED).count()
    dropped = tally[Timeliness.DROPPED]
    return [
        (_("Milestones that count"), sum(tally.values()) - dropped),
        (_("of them completed"), tally[Timeliness.ON_TIME] + tally[Timeliness.LATE]),
        (_("of them overdue"), tally[Timeliness.OVERDUE]),
        (_("Dropped, apart from those replaced"), dropped - replaced),
        (_("Replaced"), replaced),
    ]


def effect_on(roadmap, items, deed, *, on):
    """The effect of a deed on the milestones of the items and on the totals of the roadmap."""
    ids = [item.pk for item in items]
    before = picture_of(roadmap, ids, on=on)

    def done():
        deed()
        return picture_of(roadmap, ids, on=on)

    after, is_written = rehearse(done)
    changed = [(before.milestones.get(pk), look) for pk, look in after.milestones.items()]
    changed = [(old, new) for old, new in changed if old != new]
    lines = [Line(label, old, new) for (label, old), (_l, new) in zip(before.totals, after.totals, strict=True)]
    lines.append(Line(_("Reports asked for in open rounds"), before.asked, after.asked))
    return Effect(
        lines,
        milestones=changed[:LISTED],
        items=[(item, before.standings[item.pk], after.standings[item.pk]) for item in items],
        more=max(0, len(changed) - LISTED),
        changes_nothing=not is_written,
    )


# Control


def effect_of_decision(target, milestones, decision, decide, *, on):
    """Of a decision on control about the target, which takes these milestones along."""
    item = target if isinstance(target, Item) else target.item
    effect = effect_on(item.roadmap, [item], decide, on=on)
    if decision["control"] == Control.CLOSED:
        effect.warnings += [doubt for milestone in milestones for doubt in doubts_about_closing(milestone, decision)]
    elif decision["control"] == Control.ON:
        effect.warnings.append(_("Its parties' unfinished parts count again, and open rounds ask for reports on them."))
    if decision["control"] != Control.ON and (waiting := reports_at_work(milestones)):
        effect.warnings.append(
            ngettext(
                "%(n)d report about it is being written or reviewed. It stays as it is.",
                "%(n)d reports about it are being written or reviewed. They stay as they are.",
                waiting,
            )
            % {"n": waiting}
        )
    return effect


def doubts_about_closing(milestone, decision):
    """What the reports do not bear out."""
    if milestone.execution != Execution.COMPLETED:
        parts = milestone.commitments.counting().exclude(execution=Execution.COMPLETED).select_related("party")
        names = ", ".join(str(part.party) for part in parts)
        yield _(
            "%(number)s: accepted reports do not show it as completed; %(done)d of %(all)d parties have completed "
            "their part. Closed, it counts as completed on %(day)s all the same."
        ) % {
            "number": milestone.number,
            "done": milestone.completed,
            "all": milestone.counting,
            "day": short(decision["on"]),
        } + (" " + _("Not completed: %(names)s.") % {"names": names} if names else "")
        if milestone.due_on and milestone.due_on < decision["on"]:
            yield _("%(number)s: the day of the decision lies after the current term %(due)s: completed late.") % {
                "number": milestone.number,
                "due": short(milestone.due_on),
            }


def reports_at_work(milestones):
    states = (ReportState.DRAFT, ReportState.RETURNED, ReportState.SUBMITTED, ReportState.ENDORSED)
    return Report.objects.filter(commitment__milestone__in=milestones, state__in=states).count()


# Parties


@dataclass
class PartyEffect:
    """What joining or leaving does: numbers, the items with (role or mark) and a count of parts, sentences."""

    lines: list
    rows: list
    warnings: list = field(default_factory=list)
    changes_nothing: bool = False

    @property
    def shown(self):
        return self.rows[:SINGLY]

    @property
    def more(self):
        return max(0, len(self.rows) - SINGLY)


def parts_of(roadmap, party):
    """Numbers of the party's parts and reports in the roadmap."""
    parts = Commitment.objects.filter(roadmap=roadmap, party=party).exclude(control=Control.DROPPED)
    reports = Report.objects.filter(commitment__roadmap=roadmap, commitment__party=party)
    return [
        (_("Parts that count"), parts.counting().count()),
        (_("of them unfinished"), parts.unfinished().count()),
        (_("Released parts"), parts.filter(released_on__isnull=False).count()),
        (_("Reports asked for in open rounds"), reports.filter(round__state=Round.State.OPEN).count()),
        (_("Reports in all"), reports.count()),
        (
            _("Milestones of the roadmap without an executor"),
            Milestone.objects.filter(roadmap=roadmap, counting=0, control=Control.ON).count(),
        ),
    ]


def counting_by_item(roadmap, party):
    """{item id: counting parts of the party}."""
    parts = Commitment.objects.filter(roadmap=roadmap, party=party).exclude(control=Control.DROPPED)
    parts = parts.counting().order_by()
    return dict(parts.values_list("milestone__item").annotate(Count("pk")))


def effect_on_party(roadmap, party, items, deed, *, moment=None):
    """The effect of a deed on the party's parts; `moment` looks at the day when it will have taken effect."""
    before, own = parts_of(roadmap, party), counting_by_item(roadmap, party)

    def done():
        deed()
        return parts_of(roadmap, party), counting_by_item(roadmap, party)

    (after, new), is_written = rehearse(done, at=moment)
    lines = [Line(label, old, now) for (label, old), (_l, now) in zip(before, after, strict=True)]
    rows = [(item, own.get(item.pk, 0), new.get(item.pk, 0)) for item in items]
    return PartyEffect(lines, rows, changes_nothing=not is_written)


def reports_left(roadmap, party, items):
    """How many of the party's reports on these items stand in which state, as a sentence each."""
    reports = Report.objects.filter(commitment__milestone__item__in=items, commitment__party=party)
    tally = reports.aggregate(
        at_work=Count("pk", filter=~Q(state__in=[ReportState.ASKED, ReportState.ACCEPTED])),
        accepted=Count("pk", filter=Q(state=ReportState.ACCEPTED)),
    )
    if tally["at_work"]:
        yield ngettext(
            "%(n)d report is being written or reviewed. It stays as it is.",
            "%(n)d reports are being written or reviewed. They stay as they are.",
            tally["at_work"],
        ) % {"n": tally["at_work"]}
    if tally["accepted"]:
        yield ngettext("%(n)d accepted report stays.", "%(n)d accepted reports stay.", tally["accepted"]) % {
            "n": tally["accepted"]
        }


def first_moment_after(day, roadmap):
    """When a day is over everywhere that counts: participations end by the day in UTC, terms in the roadmap's zone."""
    return datetime.combine(day + timedelta(days=2), time.min, ZoneInfo(roadmap.time_zone))
