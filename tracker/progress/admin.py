"""What is reported, for administrators: rounds are kept here, everything else is looked at and moved by its verbs."""

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracker.history.admin import REASON, ReadOnlyAdmin, ReadOnlyTable, TrackedAdmin, texts_column
from tracker.roadmaps.admin.common import is_open_to_deletion

from .models import DeadlineChange, Evidence, Proof, Remark, Reminder, Report, ReportAuthor, Round, RoundScope

HIDDEN = gettext_lazy("For the own party and the reviewers only.")


class ScopeTable(ReadOnlyTable):
    model = RoundScope
    fields = ("area", "party")


class ReminderTable(ReadOnlyTable):
    model = Reminder
    fields = ("party", "sent_at", "sent_by", "people", "reports")


@admin.register(Round)
class RoundAdmin(TrackedAdmin):
    list_display = (texts_column(Round, "name"), "roadmap", "state", "starts_on", "ends_on", "opens_on", "entry_due",
                    "review_due")  # fmt: skip
    list_filter = ("roadmap", "state")
    list_select_related = ("roadmap",)
    search_fields = ("name",)
    readonly_fields = ("state", "opened_at", "closed_at")
    fixed = ("roadmap",)
    inlines = (ScopeTable, ReminderTable)
    actions = ("open", "close")
    fieldsets = (
        (None, {"fields": ("roadmap", "name", ("starts_on", "ends_on"))}),
        (gettext_lazy("Days"), {"fields": (("opens_on", "entry_due", "review_due"),)}),
        (gettext_lazy("State"), {"fields": (("state", "opened_at", "closed_at"),)}),
    )

    def is_deletable(self, round_):
        return is_open_to_deletion(round_.roadmap)

    @admin.action(description=gettext_lazy("Open: ask the parties for their reports"))
    def open(self, request, rounds):
        self.do(
            request,
            rounds,
            lambda round_: round_.open(by=request.user),
            lambda n: ngettext("%(n)s round opened.", "%(n)s rounds opened.", n) % {"n": n},
        )

    @admin.action(description=gettext_lazy("Close: what was not sent counts as not received"))
    def close(self, request, rounds):
        self.do(
            request,
            rounds,
            lambda round_: round_.close(by=request.user),
            lambda n: ngettext("%(n)s round closed.", "%(n)s rounds closed.", n) % {"n": n},
        )


class AuthorTable(ReadOnlyTable):
    model = ReportAuthor
    fields = ("user",)


class ProofTable(ReadOnlyTable):
    model = Proof
    fields = ("evidence",)


class ReasonForm(forms.Form):
    """Why an acceptance is taken back, and by when the party corrects its report."""

    change_reason = forms.CharField(
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        error_messages={"required": gettext_lazy("Give the reason: the party reads it, and history keeps it.")},
    )


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("commitment", "round", "state", "execution", "percent", "submitted_at", "decided_by")
    list_filter = ("round", "state", "execution", "commitment__party", "commitment__area")
    list_select_related = ("commitment__milestone", "commitment__party", "round", "decided_by")
    date_hierarchy = "submitted_at"
    search_fields = ("commitment__milestone__search",)
    search_help_text = gettext_lazy("Number or wording of the milestone, in any language")
    inlines = (AuthorTable, ProofTable)

    def lookup_allowed(self, lookup, value, request=None):
        """Never the text: an address could guess at what is for the own party only."""
        return not lookup.startswith("narrative") and super().lookup_allowed(lookup, value, request)

    actions = ("accept", "reopen")
    fieldsets = (
        (None, {"fields": ("commitment", "round", "state")}),
        (
            gettext_lazy("What the party says"),
            {"fields": ("execution", "percent", "text", "done_on", "forecast_on", "confidence", "audience")},
        ),
        (
            gettext_lazy("Review"),
            {
                "fields": (
                    "submitted_at",
                    "submitted_by",
                    "endorsed_at",
                    "endorsed_by",
                    "decided_at",
                    "decided_by",
                    "correct_by",
                    "is_confirmed",
                )
            },
        ),
    )

    def get_queryset(self, request):
        reports = super().get_queryset(request).visible_to(request.user).with_open_text(request.user)
        return reports.select_related("commitment__milestone", "commitment__party", "round")

    @admin.display(description=gettext_lazy("what was done in this round"))
    def text(self, report):
        return report.narrative if report.text_is_open else HIDDEN

    def rows_of(self, report):
        return [(Report, [report.pk])]

    def told(self, report):
        """Its moves: what was typed on the way belongs to the party."""
        moves = str(Report._meta.get_field("state").verbose_name)
        told = super().told(report)
        for change in told:
            change.fields = [field for field in change.fields if field[0] == moves]
        return [change for change in told if change.fields or change.kind != "~"]

    @admin.action(description=gettext_lazy("Accept, as a reviewer of the roadmap"))
    def accept(self, request, reports):
        self.do(
            request,
            reports,
            lambda report: report.accept(by=request.user),
            lambda n: ngettext("%(n)s report accepted.", "%(n)s reports accepted.", n) % {"n": n},
        )

    @admin.action(description=gettext_lazy("Reopen what was accepted …"))
    def reopen(self, request, reports):
        """Asks for the reason on a page of its own, then takes the acceptances back."""
        form = ReasonForm(request.POST) if "confirmed" in request.POST else ReasonForm(initial=request.POST.dict())
        if form.is_bound and form.is_valid():
            self.do(
                request,
                reports,
                lambda report: report.reopen(by=request.user, reason=form.cleaned_data[REASON]),
                lambda n: ngettext("%(n)s report reopened.", "%(n)s reports reopened.", n) % {"n": n},
            )
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reopen accepted reports"),
            "form": form,
            "reports": reports,
            "opts": self.opts,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/progress/report/reopen.html", context)


@admin.register(Remark)
class RemarkAdmin(ReadOnlyAdmin):
    """Of the reports whose text the administrator may read."""

    list_display = ("report", "field", "text", "made_by", "made_at")
    list_filter = ("field", "report__round")
    list_select_related = ("report__commitment__milestone", "report__commitment__party", "report__round", "made_by")
    date_hierarchy = "made_at"
    search_fields = ("text", "report__commitment__milestone__number")
    fields = ("report", "field", "text", "made_by", "made_at")

    def get_queryset(self, request):
        reports = Report.objects.visible_to(request.user).with_open_text(request.user).filter(text_is_open=True)
        return super().get_queryset(request).filter(report__in=reports.values("pk"))


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ("title", "kind", "number", "dated_on", "party", "roadmap")
    list_filter = ("kind", "party", "roadmap")
    list_select_related = ("party", "roadmap")
    date_hierarchy = "dated_on"
    search_fields = ("title", "number", "issued_by")
    fields = (
        "title", "kind", "number", "dated_on", "issued_by", "language", "file_name", "size", "checksum", "address",
        "audience", "party", "roadmap", "added_by",
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)


@admin.register(DeadlineChange)
class DeadlineChangeAdmin(ReadOnlyAdmin):
    """The register of moves: proposals are decided by reviewers, agreed terms moved on an amendment's page."""

    list_display = ("milestone", "term", "before_text", "after_text", "reason", "state", "party", "proposed_at")
    list_filter = ("milestone__roadmap", "term", "reason", "state", "party")
    list_select_related = ("milestone", "party")
    date_hierarchy = "proposed_at"
    search_fields = ("milestone__search",)
    search_help_text = gettext_lazy("Number or wording of the milestone, in any language")
    fields = ("milestone", "term", ("before_text", "after_text"), "reason", "text", "basis", "amendment", "party",
              ("proposed_by", "proposed_at"), ("decided_by", "decided_at"), "state")  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)
