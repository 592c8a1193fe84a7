from collections import Counter
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, Min
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.history.as_of import current_as_of
from tracker.history.models import ChangeSet
from tracker.history.timeline import history_of
from tracker.lib.addresses import looking
from tracker.lib.dates import short
from tracker.lib.errors import Conflict, WrongState
from tracker.lib.listing import listing
from tracker.progress.board import MARKS, Ball, Kind, Tally, board_of, moment_of, placed, preview_of
from tracker.progress.board_list import BoardFilter, BoardTable
from tracker.progress.models import Report, Round
from tracker.progress.reminding import AlreadyReminded, remind, remind_all
from tracker.progress.round_forms import LateForm, RoundForm
from tracker.progress.workflow import ReportState
from tracker.roadmaps import access
from tracker.roadmaps.access import why_not
from tracker.roadmaps.models import Commitment, Party, PriorityArea, Roadmap

from .report import version_in

# The list


@require_safe
@on_a_day
def rounds(request, roadmap):
    """The roadmap's rounds, each with how many reports are in which state.

    States are counted of the reports that the reader may see; the others are one number, so that all add up.
    """
    shown = {}
    commitments = Commitment.objects.visible_to(request.user).filter(roadmap=roadmap)
    reports = Report.objects.filter(round__roadmap=roadmap, commitment__in=commitments)
    for round_, state, count in (
        reports.visible_to(request.user).order_by().values_list("round", "state").annotate(Count("pk"))
    ):
        shown.setdefault(round_, {})[state] = count
    all_ = dict(reports.order_by().values_list("round").annotate(Count("pk")))
    rows = [
        (
            one,
            [(state, shown.get(one.pk, {}).get(state, 0)) for state in ReportState],
            all_.get(one.pk, 0) - sum(shown.get(one.pk, {}).values()),
            all_.get(one.pk, 0),
        )
        for one in roadmap.rounds.order_by("-starts_on")
    ]
    context = {"rows": rows, "states": ReportState, "obstacle": why_not(request.user, "plan", roadmap)}
    return render(request, "progress/rounds.html", context)


# One round


@require_safe
@on_a_day
def round_(request, roadmap, pk):
    """How a round stands; of one that is planned, what opening it would ask."""
    return page(request, find_in(roadmap, pk))


@require_safe
@on_a_day
@opens_with_views
def round_reports(request, roadmap, pk):
    """The reports behind a number of the board."""
    found = find_in(roadmap, pk)
    reports = placed(found, request.user, on=request.day).order_by(
        "commitment__milestone__area_position", "commitment__milestone__number_key", "commitment__party__position", "pk"
    )
    listed = listing(request, reports, BoardFilter, BoardTable, roadmap=roadmap)
    if file := file_asked(request, listed, title=found.name):
        return file
    return render(request, "progress/round_reports.html", listed | {"round": found})


def find_in(roadmap, pk):
    found = get_object_or_404(Round, roadmap=roadmap, pk=pk)
    found.roadmap = roadmap
    return found


def find(request, pk):
    """The round of a verb; its roadmap becomes the page's, today."""
    found = get_object_or_404(Round.objects.visible_to(request.user).select_related("roadmap"), pk=pk)
    request.roadmap = found.roadmap
    request.day = request.today = found.roadmap.today()
    request.is_live = True
    return found


def page(request, found, late=None, status=200):
    user, roadmap = request.user, found.roadmap
    areas = list(PriorityArea.objects.filter(pk__in=roadmap.areas.values("area")).order_by("position"))
    parties = roadmap.parties_in_order
    obstacle = why_not(user, "plan", roadmap)
    context = {
        "round": found,
        "is_planned": found.state == Round.State.PLANNED,
        "is_closed": found.state == Round.State.CLOSED,
        "obstacle": obstacle,
        "may_plan": request.is_live and obstacle is None,
        "parts": parts_in_words(found),
        "told": history_of(found, limit=20),
    }
    if found.state == Round.State.PLANNED:
        return render(request, "progress/round.html", context | preview(found, user, areas, parties), status=status)
    context |= board(request, found, areas, parties)
    if context["may_plan"]:
        missing = missing_by_party(found)
        context |= {
            "missing": [(party, missing[party.pk]) for party in parties if missing[party.pk]],
            "missing_total": missing.total(),
            "late": late or LateForm(missing=missing, today=request.today),
        }
    if found.state == Round.State.CLOSED:
        context["reopened"] = reopened(found)
    return render(request, "progress/round.html", context, status=status)


def parts_in_words(round_):
    """What the round asks about, one line a part; empty where that is everything."""
    return [str(part) for part in round_.scope.select_related("area", "party")]


def preview(round_, user, areas, parties):
    counted = preview_of(round_, user)
    rows = [(area, [counted[area.pk, party.pk] for party in parties]) for area in areas]
    return {
        "parties": parties,
        "rows": [(area, counts, sum(counts)) for area, counts in rows],
        "by_party": [sum(column) for column in zip(*(counts for _area, counts in rows), strict=True)],
        "total": counted.total(),
    }


@dataclass
class Line:
    """A number of the board, what it counts, and the address of its rows."""

    label: str
    count: int
    url: str
    look: str = ""
    icon: str = ""
    days: int | None = None
    ball: str = ""


def board(request, round_, areas, parties):
    """The board as the template draws it: each cell a total with its lines, every number with its address."""
    user, day = request.user, request.day
    found, now = board_of(round_, user, on=day), moment_of(day, round_.roadmap.time_zone)

    def cell(tally, **place):
        return {
            "total": Line("", tally.total, address(request, round_, **place)),
            "kinds": [
                Line(kind.label, tally.kinds[kind], address(request, round_, **place, state=kind.value), *MARKS[kind])
                for kind in Kind
                if tally.kinds[kind]
            ],
            "late": Line(_("came late"), tally.late, address(request, round_, **place, late="on"), "risk"),
            "balls": [
                Line(ball.label, tally.balls[ball], address(request, round_, **place, ball=ball.value),
                     days=tally.days(ball, now=now), ball=ball)
                for ball in Ball
                if tally.balls[ball]
            ],
        }  # fmt: skip

    def row(area):
        return [cell(found.cells.get((area.pk, one.pk), Tally()), area=area.code, party=one.code) for one in parties]

    last = last_reminders(round_)
    by_party = [cell(found.parties.get(one.pk, Tally()), party=one.code) for one in parties]
    return {
        "parties": parties,
        "rows": [(area, row(area), cell(found.areas.get(area.pk, Tally()), area=area.code)) for area in areas],
        "by_party": by_party,
        "all": cell(found.all),
        "answered": Line(_("answered"), found.all.answered, address(request, round_, answered="on")),
        "awaited": [
            (one, waiting, last.get(one.pk))
            for one, column in zip(parties, by_party, strict=True)
            if (waiting := [line for line in column["balls"] if line.ball != Ball.REVIEWER])
        ],
    }


def address(request, round_, **chosen):
    """The address of the rows behind a number, on the day of the page."""
    chosen |= looking(request.GET)
    base = reverse("round_reports", args=[round_.roadmap.slug, round_.pk])
    return f"{base}?{urlencode(chosen)}" if chosen else base


def last_reminders(round_):
    """{party id: the last reminder that went out}."""
    found = {}
    for reminder in round_.reminders.filter(people__gt=0).select_related("sent_by").order_by("sent_at", "pk"):
        found[reminder.party_id] = reminder
    return found


def missing_by_party(round_):
    """How many of the round's reports each party has not sent: what closing counts as not received."""
    missing = round_.reports.not_received().order_by().values_list("commitment__party").annotate(Count("pk"))
    return Counter(dict(missing))


def reopened(round_):
    """(party, until, the change set that said so) of what was taken late by the day of the page, the latest first."""
    versions = Report.history.model.objects.filter(round=round_.pk, late_until__isnull=False)
    if moment := current_as_of():
        versions = versions.filter(history_date__lt=moment)
    by_party = versions.order_by().values_list("commitment__party", "late_until")
    allowed = list(by_party.annotate(first=Min("change_set")))
    sets = ChangeSet.objects.select_related("person").in_bulk([first for _party, _until, first in allowed])
    parties = Party.objects.in_bulk([party for party, _until, _first in allowed])
    told = [(parties[party], until, sets[first]) for party, until, first in allowed]
    return sorted(told, key=lambda row: row[2].at, reverse=True)


# Planning one


@require_http_methods(["GET", "HEAD", "POST"])
def round_new(request, slug):
    """Plan the next round; the form suggests it."""
    roadmap = roadmap_to_plan(request, slug)
    return edited(request, Round.suggested(roadmap, on=roadmap.today()))


@require_http_methods(["GET", "HEAD", "POST"])
def round_edit(request, slug, pk):
    """Change a round that is planned."""
    found = find_in(roadmap_to_plan(request, slug), pk)
    if found.state != Round.State.PLANNED:
        raise WrongState(_("Only a planned round can be changed; this one is %(state)s.") % {
            "state": found.get_state_display()
        })  # fmt: skip
    return edited(request, found)


def roadmap_to_plan(request, slug):
    roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
    request.roadmap = roadmap
    access.require(request.user, "plan", roadmap)
    return roadmap


def edited(request, found):
    """The form of a round; what was typed comes back with what is wrong, or with what someone else saved meanwhile."""
    form = form_of(found, request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return editing(request, form)
    if not form.is_valid():
        same = planned_so(form)
        return redirect(same) if same else editing(request, form, status=400)
    planned = form.instance
    if planned.pk:
        planned.version = form.cleaned_data["version"] or 0
    try:
        planned.plan(by=request.user, parts=form.cleaned_data["parts"], seen=form.cleaned_data["seen"])
    except Conflict as conflict:
        same = planned_so(form)
        if same:
            return redirect(same)
        messages.error(request, str(conflict))
        stored = find_in(found.roadmap, found.pk)
        form.data = form.data.copy()  # what was typed, over what is stored now
        form.data["version"], form.data["seen"] = stored.version, form_of(stored).initial["seen"]
        return editing(request, form, status=Conflict.status)
    messages.success(request, _("Saved. Look at what it would ask, then open it."))
    return redirect(planned)


def form_of(round_, data=None):
    roadmap = round_.roadmap
    areas = list(PriorityArea.objects.filter(pk__in=roadmap.areas.values("area")).order_by("position"))
    return RoundForm(data, instance=round_, areas=areas, parties=roadmap.parties_in_order)


def editing(request, form, status=200):
    return render(request, "progress/round_form.html", {"form": form, "round": form.instance}, status=status)


def planned_so(form):
    """The planned round that is exactly what was typed: a form that was sent twice has one effect."""
    if form.errors and not (len(form.errors) == 1 and form.has_error("starts_on", "overlap")):
        return None
    typed = form.instance
    days = {name: getattr(typed, name) for name in RoundForm.Meta.fields if name != "name"}
    stored = Round.objects.filter(roadmap=typed.roadmap, state=Round.State.PLANNED, **days).first()
    is_same = stored is not None and stored.name == typed.name and stored.parts() == form.cleaned_data["parts"]
    return stored if is_same else None


# The verbs


@require_POST
def turn_round(request, pk, verb):
    """Open or close a round."""
    found, seen = find(request, pk), version_in(request)
    if seen:
        found.version = seen
    try:
        count = found.open(by=request.user) if verb == "open" else found.close(by=request.user)
    except (Conflict, WrongState):
        if seen and is_turned(pk, verb, seen, by=request.user):
            return redirect(found)
        raise
    if verb == "open":
        words = ngettext(
            "The round is open: %(count)d report asked for.", "The round is open: %(count)d reports asked for.", count
        )
    else:
        words = ngettext(
            "The round is closed: %(count)d report not received.",
            "The round is closed: %(count)d reports not received.",
            count,
        )
    messages.success(request, words % {"count": count})
    return redirect(found)


def is_turned(pk, verb, seen, *, by):
    """Whether this person has just done this from the page they saw: a double click has one effect."""
    stored = Round.objects.get(pk=pk)
    wanted = Round.State.OPEN if verb == "open" else Round.State.CLOSED
    if (stored.state, stored.version) != (wanted, seen + 1):
        return False
    last = Round.history.model.objects.filter(id=pk).select_related("change_set").latest("history_date", "history_id")
    return last.change_set.person_id == by.pk


@require_POST
def round_remind(request, pk):
    """Remind one party, or all that are awaited; a second time on the same day only when that is confirmed."""
    found = find(request, pk)
    access.require(request.user, "plan", found)
    site, code = request.build_absolute_uri("/").rstrip("/"), request.POST.get("party", "")
    if not code:
        outcomes, passed = remind_all(found, site=site, by=request.user)
        tell(request, outcomes)
        if passed:
            names = ", ".join(str(party) for party in passed)
            messages.info(request, _("Reminded today already: %(names)s.") % {"names": names})
        elif not outcomes:
            messages.info(request, _("Nothing is awaited from anybody in this round."))
        return redirect(found)
    party = get_object_or_404(Party, pk__in=found.roadmap.parties.values("party"), code=code)
    known, over = (number_in(request, name) for name in ("known", "over"))
    try:
        tell(request, [remind(found, party, site=site, by=request.user, over=over)])
    except AlreadyReminded as refusal:
        before = refusal.reminder
        if before.sent_by_id == request.user.pk and before.pk not in (known, over):
            return redirect(found)  # the second of two clicks
        context = {"round": found, "party": party, "before": before}
        return render(request, "progress/round_remind.html", context, status=refusal.status)
    return redirect(found)


def tell(request, outcomes):
    """Say what came of reminding each party."""
    for outcome in outcomes:
        named = {"party": outcome.party}
        count = len(outcome.letters) - len(outcome.unsent)
        if count:
            words = ngettext("%(party)s: %(count)d person reminded.", "%(party)s: %(count)d people reminded.", count)
            messages.success(request, words % (named | {"count": count}))
        if outcome.unsent:
            names = ", ".join(person.email for person in outcome.unsent)
            words = _("%(party)s: the mail server did not take the message to %(names)s. Try again later.")
            messages.error(request, words % (named | {"names": names}))
        if outcome.alone:
            words = ngettext(
                "%(party)s: %(count)d report has nobody to write it; give somebody a grant.",
                "%(party)s: %(count)d reports have nobody to write them; give somebody a grant.",
                outcome.alone,
            )
            messages.warning(request, words % (named | {"count": outcome.alone}))


def number_in(request, name):
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


@require_POST
def round_late(request, pk):
    """Take what one party had not sent when the round closed, till a day."""
    found = find(request, pk)
    access.require(request.user, "plan", found)
    if found.state != Round.State.CLOSED:
        raise WrongState(_("Only a closed round is reopened for a party; this one is %(state)s.") % {
            "state": found.get_state_display()
        })  # fmt: skip
    form = LateForm(request.POST, missing=missing_by_party(found), today=request.today)
    if not form.is_valid():
        return page(request, found, late=form, status=400)
    party, until = form.cleaned_data["party"], form.cleaned_data["until"]
    count = found.allow_late(party, until=until, reason=form.cleaned_data["reason"], by=request.user)
    words = ngettext(
        "%(party)s may send %(count)d report until %(day)s, inclusive.",
        "%(party)s may send %(count)d reports until %(day)s, inclusive.",
        count,
    )
    messages.success(request, words % {"party": party, "count": count, "day": short(until)})
    return redirect(found)
