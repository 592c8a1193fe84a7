"""Items, with who takes part and by when."""

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.history.admin import (
    ReasonedForm,
    SearchedChoice,
    TrackedAdmin,
    TrackedForm,
    TrackedStack,
    TrackedTable,
    is_value_of,
    texts_column,
)
from tracker.lib.dates import short
from tracker.lib.terms import parse
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import (
    Commitment,
    Control,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
)

from .common import (
    CONTROL,
    DECISION,
    TermField,
    WordedTerm,
    ask_the_parties,
    decide,
    is_open_to_deletion,
    leave_to_the_verb,
    warn_of_unknown,
)


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
        value = [one for one in value if is_value_of(self.field.target_field, one)]
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
        widget=SearchedChoice(Executor._meta.get_field("organisation"), admin.site),
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
        there = set(self.instance.executors.values_list("organisation", flat=True)) if self.instance.pk else set()
        for organisation in self.executors():
            if organisation.ended_on and organisation.pk not in there:
                raise ValidationError(
                    _("“%(organisation)s” ended on %(day)s: choose its successor.")
                    % {"organisation": organisation, "day": short(organisation.ended_on)}
                )
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


class ParticipationFormSet(forms.BaseInlineFormSet):
    """Who takes part in an item is a party to its roadmap; one that was before may stay."""

    def clean(self):
        super().clean()
        if not self.instance.roadmap_id:
            return
        parties = set(self.instance.roadmap.parties.values_list("party", flat=True))
        for form in self.forms:
            party = form.cleaned_data.get("party") if hasattr(form, "cleaned_data") else None
            if party and "party" in form.changed_data and party.pk not in parties:
                form.add_error("party", _("%(party)s is not a party to this roadmap.") % {"party": party})


class ParticipationTable(TrackedTable):
    model = Participation
    form = ParticipationForm
    formset = ParticipationFormSet
    fields = ("party", "role", "responsible", "others", "since", "until", "contact")
    verbose_name = gettext_lazy("party")
    verbose_name_plural = gettext_lazy("parties, their roles and executors")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("party").prefetch_related("executors__organisation")


class MilestoneRowForm(WordedTerm, TrackedForm):
    term = TermField(error_messages={"required": gettext_lazy("Write the term as it stands in the document.")})


NUMBERED_TWICE = gettext_lazy("Another milestone of this item has this number.")


class MilestoneFormSet(forms.BaseInlineFormSet):
    """An item has at least one milestone, or the term of its own one."""

    def clean(self):
        super().clean()
        given = [form for form in self.forms if form.instance.pk or form.has_changed()]
        numbers = [form.cleaned_data["number"] for form in given if form.cleaned_data.get("number")]
        for form in given:
            number = form.cleaned_data.get("number")
            if number and "number" in form.changed_data and numbers.count(number) > 1:
                form.add_error("number", NUMBERED_TWICE)
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
