"""The plan, as administrators keep it: the verbs of the models do the work, these forms say what is wrong."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracker.history.admin import (
    ChoicesOnly,
    ReadOnlyAdmin,
    ReadOnlyTable,
    ReasonedForm,
    TrackedAdmin,
    TrackedForm,
    TrackedStack,
    TrackedTable,
    texts_column,
)
from tracker.lib.errors import WrongState
from tracker.lib.terms import Kind, parse
from tracker.progress.models import DeadlineChange, Report

from .models import (
    Amendment,
    Commitment,
    Control,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
    Party,
    PriorityArea,
    Roadmap,
    RoadmapArea,
    RoadmapParty,
)

CONTROL = ("control", "control_on", "control_basis", "drop_reason")
DECISION = gettext_lazy("A decision about the plan: with its day and the document it rests on.")


def is_open_to_deletion(roadmap):
    """Rows go only from a draft roadmap, and only while nothing was reported in it (domain.md §8)."""
    return not roadmap.is_locked and not Report.objects.filter(commitment__roadmap=roadmap).exists()


def ask_the_parties(item, *, by):
    """Commitments as the participations ask for; who joins during an open round is asked in it."""
    item.ask_parties(by=by)
    item.roadmap.rounds.ask_newcomers(Commitment.objects.filter(milestone__item=item))


def warn_of_unknown(request, milestone):
    """A term that no pattern reads is kept as it is written, and said."""
    if milestone.agreed and milestone.agreed_kind == Kind.UNKNOWN:
        messages.warning(
            request,
            _(
                "%(number)s: no date could be read from the term “%(term)s”. It is kept as written; the milestone has "
                "no due day until an amendment gives one."
            )
            % {"number": milestone.number, "term": milestone.agreed.text},
        )


def leave_to_the_verb(row):
    """Put back the columns of the decision on control: `decide_control` alone writes them."""
    stored = type(row)._base_manager.filter(pk=row.pk).first() or type(row)()
    for name in CONTROL:
        if hasattr(row, name):
            setattr(row, name, getattr(stored, name))


def decide(row, form, *, by):
    """What the form says about control, as the decision that it is."""
    if form.typed & set(CONTROL):
        said = form.cleaned_data
        row.decide_control(
            said["control"], basis=said["control_basis"], on=said["control_on"], reason=said["drop_reason"], by=by
        )


class TermField(forms.CharField):
    """A term as the document writes it."""

    def __init__(self, **options):
        super().__init__(
            label=gettext_lazy("Term"),
            max_length=300,
            help_text=gettext_lazy("As in the document: 30.06.2026, II quarter 2026, 2025–2027, annually …"),
            **options,
        )


# Roadmaps


class RoadmapPartyTable(TrackedTable):
    model = RoadmapParty
    fields = ("party", "position", "since", "until")


class RoadmapAreaTable(TrackedTable):
    model = RoadmapArea
    fields = ("area", "position")


@admin.register(Roadmap)
class RoadmapAdmin(TrackedAdmin):
    list_display = (texts_column(Roadmap, "title"), "state", "starts_on", "ends_on", "adopted_on", "is_sample")
    list_filter = ("state", "is_sample")
    search_fields = ("title", "short_title", "slug")
    readonly_fields = ("state",)
    inlines = (RoadmapPartyTable, RoadmapAreaTable)
    actions = ("adopt",)
    fieldsets = (
        (None, {"fields": ("title", "short_title", "slug", "state", ("starts_on", "ends_on"))}),
        (gettext_lazy("Adoption"), {"fields": ("adopted_on", "adopted_by", "source", "authentic_language")}),
        (gettext_lazy("How it is reported on"), {"fields": ("frequency", "two_steps", "time_zone", "is_sample")}),
    )

    def is_deletable(self, roadmap):
        return is_open_to_deletion(roadmap)

    def save_formset(self, request, form, formset, change):
        if formset.model is RoadmapArea:
            for row in formset.deleted_forms:
                require_empty(row.instance)
        super().save_formset(request, form, formset, change)
        if formset.model is RoadmapArea:
            put_in_order(formset.instance)

    @admin.action(description=gettext_lazy("Adopt: from now on terms move only by an amendment"))
    def adopt(self, request, roadmaps):
        self.do(
            request,
            roadmaps,
            lambda roadmap: roadmap.adopt(by=request.user),
            lambda n: ngettext("%(n)s roadmap adopted.", "%(n)s roadmaps adopted.", n) % {"n": n},
        )


def require_empty(place):
    """An area leaves a roadmap only when no item is left in it."""
    if Item.objects.filter(roadmap=place.roadmap_id, area=place.area_id).exists():
        raise WrongState(_("“%(area)s” still has items: move them to another area first.") % {"area": place})


def put_in_order(roadmap):
    """Milestones carry the place of their area: give them the new one."""
    moved = []
    roadmap = Roadmap.objects.get(pk=roadmap.pk)  # its places are read once for each instance
    for area, position in roadmap.area_positions.items():
        moved += Milestone.objects.filter(roadmap=roadmap, area=area).exclude(area_position=position)
    items = Item.objects.in_bulk({milestone.item_id for milestone in moved})
    for milestone in moved:
        milestone.item = items[milestone.item_id]
        milestone.item.roadmap = roadmap
    Milestone.objects.bulk_update(moved, ["area_position"])


# Items, with who takes part and by when


class OrganisationsField(forms.ModelMultipleChoiceField):
    """Organisations in the order in which they were chosen."""

    def clean(self, value):
        found = {str(organisation.pk): organisation for organisation in super().clean(value)}
        return [found[key] for key in dict.fromkeys(map(str, value or []))]

    def has_changed(self, initial, data):
        return [str(key) for key in initial or []] != [str(key) for key in data or []]


class OrganisationsSelect(AutocompleteSelectMultiple):
    """The chosen ones stay in their order when the form is shown again."""

    def optgroups(self, name, value, attr=None):
        groups = super().optgroups(name, value, attr)
        for _name, options, _index in groups:
            options.sort(key=lambda option: value.index(str(option["value"])) if str(option["value"]) in value else 0)
        return groups


class ParticipationForm(TrackedForm):
    """A party's role, and the organisations that carry out its part: the first is the responsible one."""

    responsible = forms.ModelChoiceField(
        Organisation.objects.all(),
        label=gettext_lazy("Responsible executor"),
        required=False,
        widget=AutocompleteSelect(Executor._meta.get_field("organisation"), admin.site),
    )
    others = OrganisationsField(
        Organisation.objects.all(),
        label=gettext_lazy("Further executors"),
        required=False,
        widget=OrganisationsSelect(Executor._meta.get_field("organisation"), admin.site),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            first, *others = [executor.organisation_id for executor in self.instance.executors.all()] or [None]
            self.initial |= {"responsible": first, "others": others}

    def clean(self):
        super().clean()
        party, others = self.cleaned_data.get("party"), self.cleaned_data.get("others", [])
        first = self.cleaned_data.get("responsible")
        if others and not first:
            self.add_error("responsible", _("Say which of the organisations is the responsible one."))
        if first in others:
            self.add_error("others", _("The responsible executor is named already."))
        for organisation in self.executors():
            if party and organisation.party_id not in (None, party.pk):
                raise ValidationError(
                    _("“%(organisation)s” belongs to %(its)s, not to %(party)s.")
                    % {"organisation": organisation, "its": organisation.party, "party": party}
                )

    def executors(self):
        first = self.cleaned_data.get("responsible")
        return [*([first] if first else []), *self.cleaned_data.get("others", [])]

    def save_executors(self):
        """Bring the rows to what was chosen."""
        rows = {executor.organisation_id: executor for executor in self.instance.executors.all()}
        chosen = self.executors()
        before = [o for o, _row in sorted(rows.items(), key=lambda pair: pair[1].position)]
        if before != [organisation.pk for organisation in chosen]:  # a choice made over another one is stale
            Participation.objects.filter(pk=self.instance.pk).update(role=self.instance.role)
        for organisation in rows.keys() - {organisation.pk for organisation in chosen}:
            rows[organisation].delete()
        for position, organisation in enumerate(chosen, 1):
            executor = rows.get(organisation.pk) or Executor(participation=self.instance, organisation=organisation)
            if executor.pk is None or executor.position != position:
                executor.position = position
                executor.save()


class ParticipationTable(TrackedTable):
    model = Participation
    form = ParticipationForm
    fields = ("party", "role", "responsible", "others", "since", "until", "contact")
    verbose_name = gettext_lazy("party")
    verbose_name_plural = gettext_lazy("parties, their roles and executors")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("party").prefetch_related("executors__organisation")


class WordedTerm(forms.ModelForm):
    """A milestone's term, typed while the plan is a draft; afterwards only an amendment moves it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        term = self.fields["term"]
        self.initial["term"] = self.instance.agreed_text
        if self.instance.pk:
            term.required = False
            if self.instance.item.roadmap.is_locked:
                term.disabled = True
                term.help_text = _("The plan is adopted: an amendment or a deadline change moves it.")

    def clean(self):
        super().clean()
        if not self.instance.pk:
            self.instance.agreed = parse(self.cleaned_data.get("term", "").strip())

    def save_term(self):
        if self.instance.pk and "term" in self.changed_data and self.instance.agreed_text != self.cleaned_data["term"]:
            self.instance.word_term(parse(self.cleaned_data["term"]))


class MilestoneRowForm(WordedTerm, TrackedForm):
    term = TermField(error_messages={"required": gettext_lazy("Write the term as it stands in the document.")})


class MilestoneFormSet(forms.BaseInlineFormSet):
    """An item has at least one milestone, or the term of its own one."""

    def clean(self):
        super().clean()
        given = [form for form in self.forms if form.instance.pk or form.has_changed()]
        if not given and not self.data.get("term", "").strip():
            raise ValidationError(
                _(
                    "Enter at least one milestone here, or write the item's own term above: "
                    "it becomes its only milestone."
                )
            )


class MilestoneStack(TrackedStack):
    model = Milestone
    form = MilestoneRowForm
    formset = MilestoneFormSet
    can_delete = False
    show_change_link = True
    view_on_site = False
    fields = (("number", "weight", "party"), "wording", "proof", ("term", "current_term"))
    readonly_fields = ("current_term",)
    classes = ("milestones",)

    @admin.display(description=gettext_lazy("Current term"))
    def current_term(self, milestone):
        return milestone.current.in_words() or self.get_empty_value_display()

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("item__roadmap").in_plan_order()


OWN_TERM = (None, {"fields": ("term",)})  # asked for only while the item has no milestone


class ItemForm(ReasonedForm):
    term = forms.CharField(
        label=gettext_lazy("Term"),
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "As in the document, when the item is not divided into milestones: it then gets one with its own wording. "
            "Leave it empty when you enter milestones below."
        ),
    )
    drop_reason = forms.ChoiceField(
        label=capfirst(Milestone._meta.get_field("drop_reason").verbose_name),
        choices=[("", "---------"), *Milestone.DropReason.choices],
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.control == Control.DROPPED:
            self.initial["drop_reason"] = self.instance.milestones.values_list("drop_reason", flat=True).first()

    def clean(self):
        super().clean()
        is_dropped = self.cleaned_data.get("control") == Control.DROPPED
        if self.typed & set(CONTROL) and is_dropped != bool(self.cleaned_data.get("drop_reason")):
            self.add_error("drop_reason", _("Say why it is dropped, and only then."))


@admin.register(Item)
class ItemAdmin(TrackedAdmin):
    form = ItemForm
    list_display = ("number", texts_column(Item, "wording"), "roadmap", "area", "control")
    list_filter = ("roadmap", "area", "control")
    list_select_related = ("roadmap", "area")
    search_fields = ("search",)
    search_help_text = gettext_lazy("Number or wording, in any language")
    fixed = ("roadmap",)
    inlines = (ParticipationTable, MilestoneStack)

    fieldsets = (
        (None, {"fields": (("roadmap", "area", "number"), "wording")}),
        OWN_TERM,
        (
            gettext_lazy("What comes of it"),
            {
                "fields": ("expected_result", "form_of_completion", "rule", "funding", "note", "source"),
                "classes": ["collapse"],
            },
        ),
        (gettext_lazy("Control"), {"fields": CONTROL, "classes": ["collapse"], "description": DECISION}),
    )

    def get_fieldsets(self, request, obj=None):
        has_milestones = obj is not None and obj.milestones.exists()
        return [one for one in super().get_fieldsets(request, obj) if not (has_milestones and one is OWN_TERM)]

    def is_deletable(self, item):
        return is_open_to_deletion(item.roadmap)

    def get_deleted_objects(self, items, request):
        """With its milestones and the parties' parts, which nothing else would let go."""
        milestones = Milestone.objects.filter(item__in=items)
        moves = DeadlineChange.objects.filter(milestone__in=milestones)
        parts = Commitment.objects.filter(milestone__in=milestones)
        listed = [*map(str, items), [str(milestone) for milestone in milestones]]
        counts = {
            self.opts.verbose_name_plural: len(items),
            Milestone._meta.verbose_name_plural: len(milestones),
            Commitment._meta.verbose_name_plural: parts.count(),
        }
        return listed, counts, set(), [str(move) for move in moves]

    def rows_of(self, item):
        participations = Participation.history.filter(item=item.pk).values("id")
        executors = Executor.history.filter(participation__in=participations).values_list("id", flat=True)
        return [*super().rows_of(item), (Executor, list(executors.distinct()))]

    def delete_model(self, request, item):
        Commitment.objects.filter(milestone__item=item).delete()
        Milestone.objects.filter(item=item).delete()
        item.delete()

    def save_model(self, request, item, form, change):
        leave_to_the_verb(item)
        if not change or form.typed - set(CONTROL):
            item.save()

    def save_formset(self, request, form, formset, change):
        super().save_formset(request, form, formset, change)
        kept = [row for row in formset.forms if row.instance.pk and row not in formset.deleted_forms]
        for row in kept:
            if formset.model is Participation and {"responsible", "others"} & set(row.changed_data):
                row.save_executors()
            if formset.model is Milestone:
                row.save_term()
                if "term" in row.changed_data:
                    warn_of_unknown(request, row.instance)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        item = form.instance
        if not item.milestones.exists():
            warn_of_unknown(request, item.add_milestone_of_its_own(parse(form.cleaned_data["term"].strip())))
        if {"area", "rule"} & form.typed:
            item.carry_down()
        decide(item, form, by=request.user)
        ask_the_parties(item, by=request.user)


class MilestoneForm(WordedTerm, ReasonedForm):
    term = TermField()


class PartsTable(ReadOnlyTable):
    model = Commitment
    fields = ("party", "role", "execution", "percent", "done_on", "released_on")


class MovesTable(ReadOnlyTable):
    model = DeadlineChange
    fields = ("term", "before_text", "after_text", "reason", "text", "state", "decided_by")


@admin.register(Milestone)
class MilestoneAdmin(TrackedAdmin):
    """Milestones are added on their item's page; here one is corrected, closed, dropped or put back on control."""

    form = MilestoneForm
    list_display = ("number", texts_column(Milestone, "wording"), "agreed_text", "term_text", "execution", "percent",
                    "control")  # fmt: skip
    list_filter = ("roadmap", "area", "control", "execution", "term_kind")
    date_hierarchy = "due_on"
    search_fields = ("search",)
    search_help_text = gettext_lazy("Number or wording, in any language")
    inlines = (PartsTable, MovesTable)
    readonly_fields = ("item", "roadmap", "first_text", "term_text", "moves", "execution", "percent", "done_on")
    fieldsets = (
        (None, {"fields": (("item", "roadmap"), ("number", "weight", "party"), "wording", "proof")}),
        (gettext_lazy("Terms"), {"fields": ("term", ("first_text", "term_text", "moves"))}),
        (gettext_lazy("Accepted"), {"fields": (("execution", "percent", "done_on"),)}),
        (
            gettext_lazy("Control"),
            {
                "fields": CONTROL,
                "description": DECISION,
            },
        ),
    )

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("item__roadmap")

    def is_deletable(self, milestone):
        return is_open_to_deletion(milestone.roadmap) and milestone.item.milestones.count() > 1

    def get_deleted_objects(self, milestones, request):
        parts = Commitment.objects.filter(milestone__in=milestones)
        moves = DeadlineChange.objects.filter(milestone__in=milestones)
        counts = {self.opts.verbose_name_plural: len(milestones), Commitment._meta.verbose_name_plural: parts.count()}
        return [*map(str, milestones)], counts, set(), [str(move) for move in moves]

    def delete_model(self, request, milestone):
        milestone.commitments.all().delete()
        milestone.delete()

    def save_model(self, request, milestone, form, change):
        leave_to_the_verb(milestone)
        if form.typed - set(CONTROL):
            milestone.save()
        form.save_term()
        if "term" in form.typed:
            warn_of_unknown(request, milestone)
        decide(milestone, form, by=request.user)
        if form.typed & {"party", "control"}:
            ask_the_parties(milestone.item, by=request.user)


@admin.register(Commitment)
class CommitmentAdmin(ReadOnlyAdmin):
    list_display = ("milestone", "party", "role", "execution", "percent", "done_on", "answer", "silent_rounds")
    list_filter = ("roadmap", "area", "party", "role", "execution", "answer")
    list_select_related = ("milestone", "party")
    search_fields = ("milestone__search",)
    fieldsets = (
        (None, {"fields": ("milestone", "party", "role", "released_on")}),
        (
            gettext_lazy("Accepted"),
            {"fields": ("execution", "percent", "done_on", "forecast_on", "confidence", "confirmation")},
        ),
        (gettext_lazy("Reporting"), {"fields": ("answer", "silent_rounds", "claimed_at", "claimed_done_on")}),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)


# Amendments


class MoveFormSet(forms.BaseInlineFormSet):
    """Agreed terms that the amendment moves, of its own roadmap."""

    def clean(self):
        super().clean()
        for form in self.forms:
            milestone = form.cleaned_data.get("milestone")
            if milestone and milestone.roadmap_id != self.instance.roadmap_id:
                form.add_error("milestone", _("This milestone is of another roadmap."))


class MoveTable(ChoicesOnly, admin.TabularInline):
    model = DeadlineChange
    formset = MoveFormSet
    fields = ("milestone", "before_text", "after_text")
    readonly_fields = ("before_text",)
    autocomplete_fields = ("milestone",)
    extra = 0
    can_delete = False
    verbose_name = gettext_lazy("move of an agreed term")
    verbose_name_plural = gettext_lazy("moves of agreed terms")

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Amendment)
class AmendmentAdmin(TrackedAdmin):
    list_display = ("number", "signed_on", "roadmap", texts_column(Amendment, "meeting"))
    list_filter = ("roadmap",)
    list_select_related = ("roadmap",)
    date_hierarchy = "signed_on"
    search_fields = ("number", "meeting", "document")
    fields = ("roadmap", ("number", "signed_on"), "meeting", "document")
    fixed = ("roadmap",)
    inlines = (MoveTable,)

    def save_formset(self, request, form, formset, change):
        """A move is a verb, not a row that is typed."""
        for row in formset.extra_forms:
            if row.has_changed():
                milestone = Milestone.objects.select_related("item__roadmap").get(pk=row.cleaned_data["milestone"].pk)
                text = row.cleaned_data["after_text"].strip()
                DeadlineChange.amend(milestone, text, amendment=formset.instance, by=request.user)
                warn_of_unknown(request, milestone)


# Parties, areas, organisations


@admin.register(Party)
class PartyAdmin(TrackedAdmin):
    list_display = ("code", texts_column(Party, "name"), texts_column(Party, "official_name"), "is_partner", "position")
    list_filter = ("is_partner",)
    search_fields = ("code", "name", "official_name")
    fields = ("code", "name", "official_name", "is_partner", "position")


@admin.register(PriorityArea)
class PriorityAreaAdmin(TrackedAdmin):
    list_display = (texts_column(PriorityArea, "name"), "code", "position")
    search_fields = ("code", "name")
    fields = ("code", "name", "position")
    fixed = ("code",)


@admin.register(Organisation)
class OrganisationAdmin(TrackedAdmin):
    list_display = (texts_column(Organisation, "name"), texts_column(Organisation, "abbreviation"), "party", "parent",
                    "ended_on")  # fmt: skip
    list_filter = ("party", ("ended_on", admin.EmptyFieldListFilter))
    list_select_related = ("party", "parent")
    search_fields = ("search",)
    search_help_text = gettext_lazy("Name or abbreviation, in any language")
    autocomplete_fields = ("parent", "successor")
    fieldsets = (
        (None, {"fields": ("party", "name", "abbreviation", "parent")}),
        (gettext_lazy("When it ends"), {"fields": ("ended_on", "successor")}),
    )
