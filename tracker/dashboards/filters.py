"""The axes of the status table and of the list of items."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_filters import CharFilter

from tracker.accounts.security import previous_visit
from tracker.history.versions import versions_now
from tracker.lib.dates import short, start_of
from tracker.lib.filters import MINE, NONE, SOUGHT, ChoicesFilter, DayFilter, SaidFilter, SearchInput
from tracker.lib.periods import SPELLINGS, Period, day_said, period_said, relative_in_words
from tracker.lib.terms import Kind
from tracker.lib.texts import search_words
from tracker.progress.models import Evidence, Proof, Report, Round
from tracker.progress.status import Timeliness, is_judged
from tracker.progress.workflow import ReportState
from tracker.roadmaps.filters import PlaceFilter
from tracker.roadmaps.models import (
    Commitment,
    Control,
    Execution,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
)
from tracker.roadmaps.searching import item_holds, milestone_holds

from .days import VISIT
from .executing import executing, found_among
from .seen_twice import among
from .since import News, Since

DIGITS = 18  # of a key; no column holds more
MANY = 100  # organisations chosen at once; more are left out
CHANGES = [(kind.value, kind.label) for kind in News if kind not in (News.SILENT, News.REMOVED)]
PART_CHANGES = [
    (kind.value, kind.label)
    for kind in (News.COMPLETED, News.OVERDUE, News.AT_RISK, News.WORSENED, News.SILENT, News.ADDED)
]
NO_PARTY = (NONE, pgettext_lazy("a filter", "no party"))
YES_OR_NO = [("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]


class RoadmapFilter(PlaceFilter):
    """What lists of a roadmap's plan have in common; `item_path` leads from a row to its item."""

    item_path = "item"

    organisation = ChoicesFilter(
        label=gettext_lazy("Organisation"), choices="organisation_choices", condition="of_organisations"
    )

    def party_choices(self):
        return [*super().party_choices(), NO_PARTY]

    @cached_property
    def organisations(self):
        """The chosen ones, as far as they are known here; asked only where there are any."""
        keys = (one for one in self.data.getlist("organisation") if one.isascii() and one.isdecimal())
        keys = [int(one) for one in dict.fromkeys(keys) if len(one) <= DIGITS][:MANY]
        return list(executing(self.request.user, self.roadmap).filter(pk__in=keys)) if keys else []

    @property
    def own_organisations(self):
        return {grant.organisation_id for grant in self.own_grants if grant.organisation_id}

    def organisation_choices(self):
        own = [(MINE, _("my organisation"))] if self.offers_mine("organisation", self.own_organisations) else []
        return [*own, *((str(one.pk), str(one)) for one in self.organisations), (NONE, _("no organisation"))]

    def of_organisations(self, values):
        chosen = {one.pk for one in self.organisations if str(one.pk) in values}
        within = Organisation.objects.within(chosen | (self.own_organisations if MINE in values else set()))
        found = Q(**{f"{self.item_path}__in": items_of(Executor.objects.filter(organisation__in=within))})
        return found | self.without_executor() if NONE in values else found

    def without_executor(self):
        return ~Q(Exists(Executor.objects.filter(participation__item=OuterRef(self.item_path))))

    def menu(self, name):
        """Organisations are searched for: what was chosen is shown, then what was found, never all."""
        menu = super().menu(name)
        if name == "organisation":
            menu.search = self.data.get(f"{name}{SOUGHT}", "").replace("\x00", "")[:MANY]
            menu.address = reverse("organisation_suggestions", args=[self.roadmap.slug])
            if search_words(menu.search):
                chosen = {str(one.pk) for one in self.organisations}
                found = found_among(executing(self.request.user, self.roadmap), menu.search)
                menu.values += [(one.pk, str(one), False) for one in found if str(one.pk) not in chosen]
                menu.is_vain = not found
        return menu


def items_of(executors):
    return executors.order_by().values("participation__item")


@dataclass(frozen=True)
class Moment:
    """A moment since which something changed, and how it was said."""

    moment: datetime
    words: str

    def __str__(self):
        return self.words


class StatusFilter(RoadmapFilter):
    """The axes of the status table; `on` is the day that timeliness is judged on.

    Party, role, freshness, confirmation and report are those of one and the same party's part.
    """

    of_a_part = ("party", "role", "freshness", "confirmation", "report")
    in_more = (
        "role", "freshness", "report", "confirmation", "control", "drop_reason", "term_kind", "slipped", "moved",
        "change", "part_change",
    )  # fmt: skip
    never_excepted = ("slipped", "moved")  # yes and no are each other's opposite
    BLANKS = {
        "due_on": (gettext_lazy("due day"), Q(due_on=None)),
        "forecast_on": (gettext_lazy("forecast"), Q(forecast_on=None)),
        "done_on": (gettext_lazy("done on"), Q(done_on=None)),
        "proof": (gettext_lazy("what counts as proof"), Q(proof={})),
        "note": (gettext_lazy("note"), Q(item__note={})),
        "expected_result": (gettext_lazy("expected result"), Q(item__expected_result={})),
        "executor": (gettext_lazy("executor"), "without_executor"),
        "evidence": (gettext_lazy("documents"), "without_evidence"),
        "confirmation": (gettext_lazy("confirmation"), "without_confirmation"),
    }

    timeliness = ChoicesFilter(
        label=gettext_lazy("Timeliness"), choices=Timeliness.choices, condition="judged", is_whole=True
    )
    execution = ChoicesFilter(label=gettext_lazy("Execution"), choices=Execution.choices, is_whole=True)
    role = ChoicesFilter(
        label=gettext_lazy("Role of the party"),
        choices=[(role.value, role.label) for role in Participation.COUNTING],
    )
    freshness = ChoicesFilter(label=gettext_lazy("Freshness"), choices=Commitment.Freshness.choices)
    confirmation = ChoicesFilter(label=gettext_lazy("Confirmation"), choices=Commitment.Confirmation.choices)
    report = ChoicesFilter(
        label=gettext_lazy("Report of the round"),
        choices=[*ReportState.choices, (NONE, gettext_lazy("no report"))],
        condition="reported",
    )
    control = ChoicesFilter(label=gettext_lazy("Control"), choices=Control.choices, is_whole=True)
    drop_reason = ChoicesFilter(
        label=gettext_lazy("Why dropped"),
        choices=[*Milestone.DropReason.choices, (NONE, gettext_lazy("not dropped"))],
        is_whole=True,
    )
    term_kind = ChoicesFilter(label=gettext_lazy("Kind of term"), choices=Kind.choices, is_whole=True)
    slipped = ChoicesFilter(label=gettext_lazy("Later than agreed"), choices=YES_OR_NO, condition="that_slipped")
    moved = ChoicesFilter(label=gettext_lazy("Term was moved"), choices=YES_OR_NO, condition="that_moved")
    change = ChoicesFilter(label=gettext_lazy("What changed"), choices=CHANGES, condition="that_changed")
    part_change = ChoicesFilter(
        label=gettext_lazy("What changed for the party"), choices=PART_CHANGES, condition="whose_part_changed"
    )
    due = SaidFilter(
        label=gettext_lazy("Term within"),
        reader="period",
        method="due_within",
        offers="periods",
        example=gettext_lazy("next quarter"),
    )
    due_from = DayFilter(label=gettext_lazy("Term from"), field_name="due_on", lookup_expr="gte")
    due_to = DayFilter(label=gettext_lazy("Term to"), field_name="due_on", lookup_expr="lte")
    changed = SaidFilter(
        label=gettext_lazy("Changed since"),
        reader="since",
        method="changed_since",
        offers="moments",
        example=gettext_lazy("today-7"),
    )
    q = CharFilter(label=gettext_lazy("Text"), method="with_text", widget=SearchInput)

    def __init__(self, *args, request, **options):
        compared = () if getattr(request, "since", None) else ("change", "part_change")
        super().__init__(*args, request=request, without=compared, **options)

    @property
    def offers(self):
        return super().offers | {
            "periods": Period.choices,
            "moments": [
                (VISIT, _("my last visit")),
                (Period.ROUND.value, Period.ROUND.label),
                *((day, relative_in_words(day)) for day in ("today-7", "today-30")),
            ],
        }

    # A party's part

    @property
    def parts(self):
        return Commitment.objects.counting().filter(milestone=OuterRef("pk"))

    def narrow(self, rows, asked):
        of_parts = {name: asked[name] for name in self.of_a_part if asked.get(name)}
        others = {name: value for name, value in asked.items() if name not in self.of_a_part}
        return super().narrow(rows, others).filter(*self.of_parts(of_parts))

    def of_parts(self, asked):
        """The conditions that one part is as asked, and that none is as what is turned round; of the chosen parties."""
        conditions = {name: self.filters[name].condition_of(values) for name, values in asked.items()}
        others = {name: conditions.pop(name) for name in self.excepted & asked.keys()}
        if conditions:
            found = Q(Exists(self.parts.filter(*conditions.values())))
            is_none_asked = conditions.keys() == {"party"} and NONE in asked["party"]
            yield found | self.without_parts() if is_none_asked else found
        of_parties = self.parts.filter(conditions.get("party", Q()))
        for name, condition in others.items():
            yield ~Q(Exists((self.parts if name == "party" else of_parties).filter(condition)))
        if "party" in others and NONE in asked["party"]:
            yield ~self.without_parts()

    def without_parts(self):
        return ~Q(Exists(self.parts))

    def of_parties(self, codes):
        return Q(party__in=self.ids_of(codes))

    def reported(self, states):
        """Of a part: its report of the current round, as far as the reader sees one, is in one of the states."""
        reports = Report.objects.visible_to(self.request.user).filter(
            round=self.current_round, commitment=OuterRef("pk")
        )
        found = Q(Exists(reports.filter(state__in=states)))
        return found | ~Q(Exists(reports)) if NONE in states else found

    @cached_property
    def current_round(self):
        """The latest open round, else the latest that was; None before there is any."""
        rounds = Round.objects.filter(roadmap=self.roadmap).order_by("-starts_on")
        return rounds.filter(state=Round.State.OPEN).first() or rounds.exclude(state=Round.State.PLANNED).first()

    # What has changed since

    @cached_property
    def since(self):
        """Of the roadmap, from the standpoint that the page is compared with."""
        return Since(self.request.user, self.roadmap, self.request.since.standpoint, self.request.standpoint)

    def that_changed(self, kinds):
        return among(self.since.ids_of(kinds))

    def whose_part_changed(self, kinds):
        """Of one of the chosen parties; of any, where none is chosen."""
        codes = self.data.getlist("party")
        parties = self.ids_of(codes) if codes else [party.pk for party in self.roadmap.parties_in_order]
        return among(self.since.ids_of(kinds, of_parties={*parties}))

    # The milestone itself

    def judged(self, timeliness):
        return is_judged(*timeliness, on=self.on)

    def that_slipped(self, answers):
        return yes_or_no(Q(due_on__isnull=False, agreed_due__isnull=False, due_on__gt=F("agreed_due")), answers)

    def that_moved(self, answers):
        return yes_or_no(Q(moves__gt=0), answers)

    def without_evidence(self):
        """No document that the reader may see proves a part of it."""
        user = self.request.user
        proofs = Proof.objects.filter(
            commitment__milestone=OuterRef("pk"),
            report__in=Report.objects.visible_to(user),
            evidence__in=Evidence.objects.visible_to(user),
        )
        return ~Q(Exists(proofs))

    def without_confirmation(self):
        return ~Q(Exists(self.parts.exclude(confirmation="")))

    # Days

    def read_period(self, text):
        return period_said(text, on=self.on, round_bounds=self.round_bounds)

    def round_bounds(self):
        found = self.current_round
        return (found.starts_on, found.ends_on) if found else None

    def due_within(self, rows, name, period):
        return rows.filter(due_on__range=(period.first, period.last))

    def read_since(self, text):
        """A day, the reader's visit before this one, or the beginning of the current round."""
        said = (text or "").strip().lower()
        if said == VISIT:
            moment = previous_visit(self.request.user)
            if moment is None:
                raise ValueError(_("This is your first visit: there is no earlier one to compare with."))
            return Moment(moment, _("my last visit"))
        if SPELLINGS[Period.ROUND].fullmatch(said):
            found = self.current_round
            if found is None:
                raise ValueError(_("There has been no round yet."))
            return Moment(found.opened_at or self.start_of(found.opens_on), _("the current round"))
        day = day_said(text, on=self.on)
        return day and Moment(self.start_of(day), relative_in_words(text) or short(day))

    def start_of(self, day):
        return start_of(day, self.roadmap.time_zone)

    def changed_since(self, rows, name, since):
        """Of the milestone, its item, a party's part or its executors, the present version is younger."""

        def younger(model, column):
            return versions_now(model).filter(history_date__gte=since.moment).values(column)

        return rows.filter(
            Q(pk__in=younger(Milestone, "id"))
            | Q(pk__in=younger(Commitment, "milestone"))
            | Q(item__in=younger(Item, "id"))
            | Q(item__in=younger(Participation, "item"))
            | Q(item__in=younger(Executor, "participation__item"))
        )

    def with_text(self, rows, name, text):
        """Every word in the number or wording, the item or an executor; in any language, blind to case and ё/е."""
        for word in search_words(text):
            rows = rows.filter(milestone_holds(word))
        return rows


def yes_or_no(condition, answers):
    return Q(*(condition if answer == "yes" else ~condition for answer in answers), _connector=Q.OR)


class ItemFilter(RoadmapFilter):
    item_path = "pk"

    control = ChoicesFilter(label=gettext_lazy("Control"), choices=Control.choices, is_whole=True)
    q = CharFilter(label=gettext_lazy("Text"), method="with_text", widget=SearchInput)

    def of_parties(self, codes):
        counting = Participation.objects.counting().filter(item=OuterRef("pk"))
        found = Q(Exists(counting.filter(party__in=self.ids_of(codes))))
        return found | ~Q(Exists(counting)) if NONE in codes else found

    def with_text(self, rows, name, text):
        for word in search_words(text):
            rows = rows.filter(item_holds(word))
        return rows
