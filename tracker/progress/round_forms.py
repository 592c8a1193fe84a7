"""What is typed on the pages of the rounds, turned into clean data; the verbs do the work."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.progress.forms import DayField, ParagraphsField
from tracker.progress.models import Round
from tracker.progress.models.round import sorted_parts
from tracker.roadmaps.models import Party

ALL_AREAS, ALL_PARTIES = _("all areas"), _("all parties")


class RoundForm(forms.ModelForm):
    """A round that is planned: its period, its days, and the parts of the plan it asks about (none chosen: all)."""

    use_required_attribute = False

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    starts_on = DayField(label=_("Period from"), required=True)
    ends_on = DayField(label=_("Period to"), required=True)
    opens_on = DayField(label=_("Opens on"), required=True, help_text=_("You open it yourself; this is the plan."))
    entry_due = DayField(label=_("Reports due"), required=True, help_text=_("What comes later is marked as late."))
    review_due = DayField(
        label=_("Review due"), required=True, help_text=_("What waits longer is overdue with the reviewer.")
    )
    parts = forms.MultipleChoiceField(
        label=_("What it asks about"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Round
        fields = ("name", "starts_on", "ends_on", "opens_on", "entry_due", "review_due")
        labels = {"name": _("Name")}

    def __init__(self, *args, areas, parties, instance, **options):
        self.areas, self.parties = areas, parties
        chosen = [part_code(part) for part in sorted_parts(instance.parts())]
        initial = {"version": instance.version, "seen": " ".join(chosen), "parts": chosen}
        super().__init__(*args, instance=instance, initial=initial | options.pop("initial", {}), **options)
        rows = [None, *areas]
        columns = [None, *parties]
        self.fields["parts"].choices = [
            (
                part_code((area and area.pk, party and party.pk)),
                f"{area or _('all areas')}, {party or _('all parties')}",
            )
            for area in rows
            for party in columns
            if area or party
        ]

    def clean_parts(self):
        return {part_of(code) for code in self.cleaned_data["parts"]}

    def clean_seen(self):
        """The parts that the page was made with: nonsense is never what is stored."""
        codes = self.cleaned_data["seen"].split()
        return {part_of(code) for code in codes if code in dict(self.fields["parts"].choices)}

    def matrix(self):
        """The boxes as a table: (area or None for all, its boxes by party, the first for all parties)."""
        boxes = {box.data["value"]: box for box in self["parts"]}
        for area in (None, *self.areas):
            codes = [part_code((area and area.pk, party and party.pk)) for party in (None, *self.parties)]
            yield area, [boxes.get(code) for code in codes]


def part_code(part):
    """A part of the plan as a form names it: "3-5", "3-" for all parties, "-5" for all areas."""
    return "-".join(str(pk or "") for pk in part)


def part_of(code):
    return tuple(int(pk) if pk else None for pk in code.split("-"))


class LateForm(forms.Form):
    """One party whose reports of a closed round are taken after all, till a day, for a reason."""

    use_required_attribute = False

    party = forms.ModelChoiceField(label=_("Party"), queryset=Party.objects.none(), to_field_name="code")
    until = DayField(label=_("Taken until"), required=True, help_text=_("To the end of this day, inclusive."))
    reason = ParagraphsField(rows=3, label=_("Reason"), required=True)

    def __init__(self, *args, missing, today, **options):
        super().__init__(*args, **options)
        self.today = today
        self.fields["party"].queryset = Party.objects.filter(pk__in=missing)
        self.fields["party"].label_from_instance = lambda party: f"{party} ({missing[party.pk]})"

    def clean_until(self):
        day = self.cleaned_data["until"]
        if day < self.today:
            raise forms.ValidationError(_("Give a day that is not past yet."))
        return day
