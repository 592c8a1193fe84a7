"""The page of what has changed since an earlier day: figures by area and party that add up, and the rows themselves."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from statistics import median

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.history.remembered import remembered
from tracker.lib.addresses import looking
from tracker.lib.dates import short
from tracker.progress.models import DeadlineChange, Report, Round
from tracker.progress.status import Timeliness
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Execution, Milestone

from .context import on_query
from .grouping import counts_by_area, total_of
from .seen_twice import among
from .since import News, Since
from .status_rows import READ, prepared, timeliness_note

LISTED = 15  # rows of one kind of news; the others are where its figure leads
DAYS_AGO = timedelta(days=30)
OF_A_MILESTONE = [kind for kind in News if kind != News.SILENT]
OF_A_PART = [News.COMPLETED, News.OVERDUE, News.AT_RISK, News.WORSENED, News.SILENT]
DECIDED = [ReportState.ACCEPTED, ReportState.RETURNED]
PHRASES = {
    News.COMPLETED: gettext_lazy("%(n)d newly completed"),
    News.OVERDUE: gettext_lazy("%(n)d newly overdue"),
    News.AT_RISK: gettext_lazy("%(n)d newly at risk"),
    News.MOVED: gettext_lazy("%(n)d with a moved term"),
    News.RELIEVED: gettext_lazy("%(n)d no longer overdue, though not completed"),
    News.WORSENED: gettext_lazy("%(n)d worsened"),
    News.ADDED: gettext_lazy("%(n)d added"),
    News.DROPPED: gettext_lazy("%(n)d dropped"),
    News.REMOVED: gettext_lazy("%(n)d removed"),
}


@dataclass
class Figure:
    """How many there are of what, and the address of exactly these rows."""

    of: str
    count: int
    url: str


def last_time(request):
    """From when on someone who does not say it wants to know what has changed, as an address says it.

    Since the last edition, else the end of the last round, else for a month.
    """
    roadmap, day, known = request.roadmap, min(request.day, request.today), request.standpoint.known
    editions = roadmap.editions.visible_to(request.user).filter(corrected_by=None, judged_on__lte=day)
    if edition := (editions.filter(known_by__lt=known) if known else editions).order_by("-number").first():
        return f"edition-{edition.number}"
    ended = Round.objects.filter(roadmap=roadmap, ends_on__lt=day).exclude(state=Round.State.PLANNED)
    last = ended.order_by("-ends_on").values_list("ends_on", flat=True).first() or day - DAYS_AGO
    return f"{last:%Y-%m-%d}"


@dataclass
class Line:
    """A milestone and what is new about it, in words; without an address where it is there no more."""

    number: str
    wording: dict
    url: str
    parties: str
    words: str


@dataclass
class Section:
    """The first rows of one kind of news, by area."""

    figure: Figure
    note: str = ""
    areas: list = field(default_factory=list)  # (area, lines)

    @property
    def is_whole(self):
        return sum(len(lines) for _area, lines in self.areas) == self.figure.count

    def add(self, area, line):
        if not self.areas or self.areas[-1][0] != area:
            self.areas.append((area, []))
        self.areas[-1][1].append(line)


def since_page(request, roadmap):
    """The context of the page."""
    return SincePage(request, roadmap).context()


class SincePage:
    def __init__(self, request, roadmap):
        self.request, self.roadmap, self.day = request, roadmap, request.day
        self.earlier, self.now = request.since.standpoint, request.standpoint
        self.since = Since(request.user, roadmap, self.earlier, self.now)
        self.milestones = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap)
        self.parties = roadmap.parties_in_order

    def context(self):
        by_area = tally_by(self.since.milestones, "area")
        total = sum(by_area.values(), Counter())
        kinds = [kind for kind in OF_A_MILESTONE if total[kind]]
        return {
            "then": self.request.since.words,
            "now": _("today") if self.day == self.request.today else short(self.day),
            "was": f"{reverse('overview', args=[self.roadmap.slug])}?{urlencode(self.request.since.query)}",
            "kinds": kinds,
            "headline": [(self.news(kind, total), PHRASES[kind] % {"n": total[kind]}) for kind in kinds],
            "total": [self.news(kind, total) for kind in kinds],
            "areas": [
                (area, [self.news(kind, by_area[area.pk], area=area.code) for kind in kinds])
                for area in self.areas.values()
                if area.pk in by_area
            ],
            "part_kinds": [*OF_A_PART, *DECIDED],
            "by_party": list(self.by_party()),
            "balance": list(self.balance()),
            "sections": list(self.sections(kinds, total)),
            "returned": self.decided.filter(state=ReportState.RETURNED)
            .select_related("commitment__milestone", "commitment__party", "round")
            .order_by("-decided_at", "pk"),
        }

    @cached_property
    def areas(self):
        """{key: area} in the order of the roadmap."""
        places = self.roadmap.area_positions
        return dict(sorted(self.since.areas.items(), key=lambda pair: places.get(pair[0], len(places) + 1)))

    # Addresses

    def table(self, seen_from, **asked):
        """The address of rows of the status table."""
        return f"{reverse('status_table', args=[self.roadmap.slug])}?{urlencode(seen_from | asked)}"

    def news(self, kind, tally, **asked):
        """How many milestones are news of the kind, and the way to them; what was removed is listed here alone."""
        rows = self.table(looking(self.request.GET), change=kind.value, **asked)
        return Figure(kind, tally[kind], "#removed" if kind == News.REMOVED else rows)

    # Figures

    def by_party(self):
        """In protocol order: (party, news of its parts, with reports decided on in between)."""
        tallies, seen_from = tally_by(self.since.parts_together, "party"), looking(self.request.GET)
        reports = self.decided.values_list("commitment__party", "state").annotate(Count("pk"))
        for party, state, count in remembered(reports):
            tallies[party][state] = count
        addresses = {ReportState.ACCEPTED: "", ReportState.RETURNED: "#returned"}
        for party in self.parties:
            if tally := tallies.get(party.pk):
                for kind in OF_A_PART:
                    addresses[kind] = self.table(seen_from, part_change=kind.value, party=party.code)
                yield party, [Figure(kind, tally[kind], addresses[kind]) for kind in (*OF_A_PART, *DECIDED)]

    @cached_property
    def decided(self):
        """The reports that were accepted or returned in between, and are so at the page's standpoint."""
        reports = Report.objects.visible_to(self.request.user).filter(
            commitment__roadmap=self.roadmap, state__in=DECIDED, decided_at__gte=self.earlier.known
        )
        return (reports.filter(decided_at__lt=self.now.known) if self.now.known else reports).order_by()

    def balance(self):
        """By timeliness: (how many were, came, left, are); were + came - left = are."""
        then, now = self.request.since.query, looking(self.request.GET)
        now.pop("since")
        with self.earlier.read():
            were = total_of(counts_by_area(self.milestones, on=self.earlier.day).values())
        are = total_of(counts_by_area(self.milestones, on=self.day).values())
        for timeliness, (came, left) in self.since.flows().items():
            if were[timeliness] or are[timeliness] or came:
                was, is_now = (
                    Figure(timeliness, tally[timeliness], self.table(seen_from, timeliness=timeliness.value))
                    for tally, seen_from in ((were, then), (are, now))
                )
                yield was, came, left, is_now

    # Rows

    def sections(self, kinds, total):
        """The first rows of each kind of news, in the order of the plan; what was removed, all of it."""
        keys = {kind: set() for kind in kinds}
        for shift in self.since.milestones:
            for kind in shift.news & keys.keys():
                keys[kind].add(shift.milestone)
        before, after = self.described(keys)
        reasons = self.reasons(keys.get(News.MOVED, set()) & after.keys())
        for kind, found in keys.items():
            section = Section(self.news(kind, total))
            if kind == News.MOVED:
                section.note = self.moves_together(found)
            rows = before if kind == News.REMOVED else after
            for pk in [pk for pk in rows if pk in found][: None if kind == News.REMOVED else LISTED]:
                words = IN_WORDS[kind](rows[pk], before.get(pk), self.day)
                because = reasons.get(pk, "") if kind == News.MOVED else ""
                section.add(self.areas[rows[pk].area_id], self.line(rows[pk], pk in after, words, because))
            yield section

    def described(self, keys):
        """The milestones that will be listed, as they were and as they are: {key: row} in the order of the plan."""
        removed = keys.get(News.REMOVED, set())
        there = self.milestones.filter(among(set().union(*keys.values()) - removed))
        ordered, listed = list(there.in_plan_order().values_list("pk", flat=True)), set()
        for found in keys.values():
            listed |= {*[pk for pk in ordered if pk in found][:LISTED]}
        with self.earlier.read():
            before = self.rows(listed | removed, on=self.earlier.day)
        return before, self.rows(listed, on=self.day)

    def moves_together(self, moved):
        """By how many days these terms were moved, in the middle and together, in words."""
        due = self.milestones.filter(among(moved), due_on__isnull=False).values_list("pk", "due_on")
        with self.earlier.read():
            were = dict(due)
        days = [(day - were[pk]).days for pk, day in due.all() if were.get(pk, day) != day]
        if not days:
            return ""
        return _("median %(median)+d d, together %(sum)+d d") % {"median": median(days), "sum": sum(days)}

    def rows(self, keys, *, on):
        records = self.milestones.filter(among(keys)).in_plan_order().values(*READ, "control_basis")
        return {row.pk: row for row in prepared(records, on=on, parties=self.parties)}

    def reasons(self, moved):
        """{milestone: why its term was moved in between, the last time}."""
        changes = DeadlineChange.objects.approved().filter(milestone__in=moved, decided_at__gte=self.earlier.known)
        if self.now.known:
            changes = changes.filter(decided_at__lt=self.now.known)
        return {
            change.milestone_id: ": ".join(
                filter(None, [change.get_reason_display(), str(change.amendment or change.basis or change.text)])
            )
            for change in changes.select_related("amendment").order_by("decided_at", "pk")
        }

    def line(self, row, is_there, *words):
        taking_part = {part.party_id for part in row.parts if part.is_counting}
        codes = ", ".join(party.code for party in self.parties if party.pk in taking_part)
        page = reverse("item", args=[self.roadmap.slug, row.item_id])
        url = f"{page}{on_query(self.request)}#m{row.pk}" if is_there else ""
        return Line(row.number, row.wording, url, codes, "; ".join(filter(None, words)))


def tally_by(shifts, place):
    """{area or party: how many of its shifts are news of each kind}."""
    found = defaultdict(Counter)
    for shift in shifts:
        for kind in shift.news:
            found[getattr(shift, place)][kind] += shift.count
    return found


# What is new, in words, on the day: of a row as it is, and as it was


def completed(row, before, day):
    words = _("done on %(day)s") % {"day": short(row.finished_on)}
    if row.timeliness == Timeliness.LATE:
        words += ", " + _("%(days)d d late") % {"days": (row.finished_on - row.due_on).days}
    return words


def due(row, before, day):
    note = timeliness_note(row, row.parts, row.timeliness, on=day)
    return _("due %(day)s: %(note)s") % {"day": short(row.due_on), "note": note}


def moved(row, before, day):
    name = "current" if before.current != row.current else "agreed"
    words = f"{getattr(before, name).in_words()} → {getattr(row, name).in_words()}"
    if name == "agreed":
        words = _("agreed term: %(terms)s") % {"terms": words}
    days = (row.due_on - before.due_on).days if row.due_on and before.due_on else 0
    return f"{words}, {_('%(days)+d d') % {'days': days}}" if days else words


def relieved(row, before, day):
    if before.current == row.current:
        return str(row.timeliness.label)
    return _("only because the term was moved: %(terms)s") % {"terms": moved(row, before, day)}


def worsened(row, before, day):
    if before.is_completed and not row.is_completed:
        return _("was completed, now: %(execution)s") % {"execution": Execution(row.execution).label}
    return f"{before.percent} % → {row.percent} %"


def dropped(row, before, day):
    reason = str(Milestone.DropReason(row.drop_reason).label) if row.drop_reason else ""
    return "; ".join(filter(None, [short(row.control_on), reason, row.control_basis]))


def term(row, before, day):
    return row.current.in_words() if row.current else _("no day")


IN_WORDS = {
    News.COMPLETED: completed,
    News.OVERDUE: due,
    News.AT_RISK: due,
    News.MOVED: moved,
    News.RELIEVED: relieved,
    News.WORSENED: worsened,
    News.ADDED: term,
    News.DROPPED: dropped,
    News.REMOVED: term,
}
