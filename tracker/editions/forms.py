"""What is typed when an edition is to be sealed, turned into an order; the order does the work."""

from datetime import datetime

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.dates import moment_from, short
from tracker.lib.texts import Texts, TextsFormField
from tracker.progress.forms import DayField, ParagraphsField

from .seal import Order
from .words import in_languages


class SealForm(forms.Form):
    """The day is judged by all that is known when the form is first looked through, unless a moment is given.

    `asked_at` keeps that moment from the preview to the deed: what was seen is what is sealed, and a second click is
    not a second edition.
    """

    use_required_attribute = False

    judged_on = DayField(
        label=gettext_lazy("Judged on"),
        required=True,
        help_text=gettext_lazy("What was done later counts as not done yet. Usually the last day of a round."),
    )
    known_by = forms.CharField(
        label=gettext_lazy("Known by"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("A day, or a day and an hour: 20.01.2026 14:00. Empty: all that is recorded now."),
    )
    areas = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Areas"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    title = TextsFormField(
        label=gettext_lazy("Title"),
        required=False,
        help_text=gettext_lazy("Empty: “Consolidated report as of”, with the day."),
    )
    reason = ParagraphsField(rows=2, max_length=1000, label=gettext_lazy("Reason or note"))
    asked_at = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, roadmap, areas, may_seal_all, corrects=None, **options):
        super().__init__(*args, **options)
        self.roadmap, self.may_seal_all, self.corrects = roadmap, may_seal_all, corrects
        if corrects:
            del self.fields["areas"]
            self.fields["reason"].required = True
        else:
            self.fields["areas"].choices = [(area.pk, str(area)) for area in areas]
            self.fields["areas"].required = not may_seal_all
            if may_seal_all:
                self.fields["areas"].help_text = _("Choose none to seal the whole plan.")

    def clean_known_by(self):
        try:
            return moment_from(self.cleaned_data["known_by"], self.roadmap.time_zone)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def clean_asked_at(self):
        """The moment of the first look; nonsense, or one to come, is now."""
        now = timezone.now()
        try:
            asked_at = datetime.fromisoformat(self.cleaned_data["asked_at"])
            return min(asked_at, now)
        except (ValueError, TypeError):
            return now

    def keep_moment(self):
        """Have the form say, when it is sent again, which moment it was looked through at."""
        self.data = self.data.copy()
        self.data["asked_at"] = self.cleaned_data["asked_at"].isoformat()

    def order(self):
        """What this form asks for, once it is valid."""
        typed = self.cleaned_data
        day, areas = typed["judged_on"], typed.get("areas") or None
        if self.corrects:
            areas = None if self.corrects.is_whole else sorted(self.corrects.chapters.values_list("area", flat=True))
        return Order(
            roadmap=self.roadmap,
            title=typed["title"] or default_title(day),
            judged_on=day,
            known_by=typed["known_by"] or typed["asked_at"],
            areas=areas,
            reason=typed["reason"],
            corrects=self.corrects,
        )


def default_title(day):
    return Texts(in_languages(lambda: _("Consolidated report as of %(day)s") % {"day": short(day)}))
