"""Amendments: signed changes of the plan, which move agreed terms."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.history.admin import (
    ChoicesOnly,
    TrackedAdmin,
    texts_column,
)
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import (
    Amendment,
    Milestone,
)

from .common import (
    warn_of_unknown,
)


class MoveFormSet(forms.BaseInlineFormSet):
    """Agreed terms that the amendment moves, of its own roadmap."""

    def clean(self):
        super().clean()
        for form in self.extra_forms:
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
