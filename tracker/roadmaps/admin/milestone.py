"""Milestones and the parties' parts in them."""

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from tracker.history.admin import (
    ReadOnlyAdmin,
    ReadOnlyTable,
    ReasonedForm,
    TrackedAdmin,
    texts_column,
)
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import (
    Commitment,
    Milestone,
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
from .item import NUMBERED_TWICE


class MilestoneForm(WordedTerm, ReasonedForm):
    term = TermField()

    def clean_number(self):
        number = self.cleaned_data["number"]
        twins = self.instance.item.milestones.filter(number=number).exclude(pk=self.instance.pk)
        if "number" in self.changed_data and twins.exists():
            raise ValidationError(NUMBERED_TWICE)
        return number


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
