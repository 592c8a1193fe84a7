"""What is typed about terms: proposals, decisions, amendments; and which report a known document goes under."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.lib.dates import short
from tracker.lib.terms import parse
from tracker.lib.texts import digest
from tracker.progress.forms import DayField, DocumentChoice, ParagraphsField
from tracker.progress.models import DeadlineChange, Evidence
from tracker.roadmaps.models import Amendment

SECRETARIAT = ("", _("the secretariat"))
BASIS = 500


class TermField(forms.CharField):
    """A term as a document writes it; `cleaned` it is a lib.terms.Term."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 300} | options)

    def clean(self, value):
        return parse(super().clean(value))


class ProposalForm(forms.Form):
    """Another current term for a milestone."""

    use_required_attribute = False

    party = forms.ChoiceField(label=_("On behalf of"), required=False)
    to = TermField(
        label=_("New term"),
        help_text=_("As a document writes it: 31.10.2026, October 2026, Q4 2026, H2 2026."),
        error_messages={"required": _("Give the new term.")},
    )
    has_passed = forms.BooleanField(label=_("The new day has already passed, and that is meant"), required=False)
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            ("", "—"),
            *((r.value, r.label) for r in DeadlineChange.Reason if r != DeadlineChange.Reason.AMENDMENT),
        ],
        error_messages={"required": _("Choose the reason.")},
    )
    text = ParagraphsField(
        rows=4,
        label=_("Explanation"),
        required=True,
        help_text=_("What holds it up, and why the new day can be kept."),
        error_messages={"required": _("Explain why the term must move.")},
    )
    basis = forms.CharField(
        label=_("Basis document"),
        required=False,
        max_length=BASIS,
        help_text=_("For example: letter of the Ministry of Energy No. 12-04/118 of 14.05.2026."),
    )
    document = DocumentChoice(
        label=_("or one of the party's documents in this plan"),
        queryset=Evidence.objects.none(),
        required=False,
        empty_label="—",
        help_text=_("Its title, number and date are written into the basis, which all parties read."),
    )

    def __init__(self, *args, milestone, today, speakers, documents, **options):
        super().__init__(*args, **options)
        self.milestone, self.today = milestone, today
        self.parties = {party.code: party for party in speakers[0]}
        choices = [(party.code, str(party)) for party in speakers[0]]
        self.fields["party"].choices = [*choices, SECRETARIAT] if speakers[1] else choices
        self.fields["document"].queryset = documents

    @property
    def has_choice_of_party(self):
        return len(self.fields["party"].choices) > 1

    def clean_party(self):
        """The party, None for the secretariat; where there is no choice, the only one there is."""
        return self.parties.get(self.cleaned_data["party"] or self.fields["party"].choices[0][0])

    def clean_to(self):
        term = self.cleaned_data["to"]
        if unfit := DeadlineChange.unfit(term, self.milestone.current):
            raise forms.ValidationError(unfit)
        return term

    def clean(self):
        term = self.cleaned_data.get("to")
        if term and term.due_on and term.due_on < self.today and not self.cleaned_data.get("has_passed"):
            self.add_error(
                "to",
                _("%(day)s has already passed. Give a day to come, or say below that it is meant.")
                % {"day": short(term.due_on)},
            )
        if document := self.cleaned_data.get("document"):
            label = self.fields["document"].label_from_instance(document)
            basis = "; ".join(part for part in (self.cleaned_data.get("basis"), label) if part)
            if len(basis) > BASIS:
                self.add_error("basis", _("Together with the document this is too long."))
            self.cleaned_data["whole_basis"] = basis
        else:
            self.cleaned_data["whole_basis"] = self.cleaned_data.get("basis", "")
        return self.cleaned_data

    @property
    def proposal(self):
        """What DeadlineChange.propose() takes."""
        said = self.cleaned_data
        return {
            "to": said["to"].text,
            "party": said["party"],
            "reason": said["reason"],
            "text": said["text"],
            "basis": said["whole_basis"],
        }


class NoteForm(forms.Form):
    """The note with which a proposal is closed; a rejection needs one."""

    use_required_attribute = False

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    note = ParagraphsField(
        rows=3, max_length=1000, label=_("Note"), help_text=_("Kept in the history; a rejection needs one.")
    )

    def __init__(self, *args, needs_note=False, **options):
        super().__init__(*args, **options)
        self.needs_note = needs_note

    def clean_note(self):
        note = self.cleaned_data["note"].strip()
        if self.needs_note and not note:
            raise forms.ValidationError(_("Say why it is rejected."))
        return note


class AmendmentForm(forms.ModelForm):
    """The signed amendment itself."""

    use_required_attribute = False

    signed_on = DayField(
        label=_("Signed on"), required=True, error_messages={"required": _("Give the day on which it was signed.")}
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Amendment
        fields = ("number", "signed_on", "meeting", "document")
        error_messages = {"number": {"required": _("Give the number of the amendment.")}}

    def clean_signed_on(self):
        day = self.cleaned_data["signed_on"]
        if day > self.instance.roadmap.today():
            raise forms.ValidationError(_("Give a day that is not in the future."))
        return day

    def clean_number(self):
        number = self.cleaned_data["number"]
        if self.instance.roadmap.amendments.filter(number=number).exists():
            raise forms.ValidationError(_("This roadmap has an amendment with this number already."))
        return number


class MoveForm(forms.Form):
    """One agreed term that an amendment moves: which milestone, and the new term as written. Empty ones are passed."""

    use_required_attribute = False

    number = forms.CharField(label=_("Milestone, by its number"), max_length=60, required=False)
    to = TermField(label=_("New agreed term"), required=False)

    def __init__(self, *args, milestones=None, **options):
        super().__init__(*args, **options)
        self.milestones = milestones or {}  # {number: [milestone]}
        self.fields["number"].widget.attrs |= {"list": "milestones", "autocomplete": "off", "class": "short"}

    @property
    def is_filled(self):
        return any((self[name].data or "").strip() for name in self.fields)

    def clean(self):
        number, term = self.cleaned_data.get("number"), self.cleaned_data.get("to")
        if not self.is_filled:
            return self.cleaned_data
        found = self.milestones.get(number, [])
        if not number:
            self.add_error("number", _("Give the number of the milestone."))
        elif not found:
            self.add_error("number", _("This roadmap has no milestone %(number)s.") % {"number": number})
        elif len(found) > 1:
            self.add_error(
                "number",
                _("Several milestones have this number: move them on the amendment's page in the administration."),
            )
        else:
            self.cleaned_data["milestone"] = found[0]
            if unfit := DeadlineChange.unfit(term, found[0].agreed):
                self.add_error("to", unfit)
        return self.cleaned_data


class MovesForm:
    """The moves of an amendment: as many lines as asked for, each milestone once."""

    LINES, MOST = 5, 200

    def __init__(self, roadmap, data=None, *, more=False, first=""):
        self.count = min(self.MOST, self._asked(data) + (self.LINES if more else 0))
        numbers = [data.get(f"move{i}-number", "").strip() for i in range(self.count)] if data else []
        known = {}
        for milestone in roadmap.milestones.filter(number__in={n for n in numbers if n}).select_related("item", "area"):
            milestone.item.roadmap = roadmap
            known.setdefault(milestone.number, []).append(milestone)
        self.forms = [
            MoveForm(data, prefix=f"move{i}", milestones=known, initial={"number": "" if i else first})
            for i in range(self.count)
        ]

    def _asked(self, data):
        value = (data or {}).get("lines", "")
        return int(value) if value.isascii() and value.isdigit() and 0 < len(value) < 4 and int(value) else self.LINES

    def is_valid(self):
        self.error, seen = "", {}
        valid = not [form for form in self.forms if not form.is_valid()]
        for form in self.forms:
            milestone = form.cleaned_data.get("milestone") if form.is_filled else None
            if milestone and seen.setdefault(milestone.pk, form) is not form:
                form.add_error("number", _("This milestone stands here twice."))
                valid = False
        if not any(form.is_filled for form in self.forms):
            self.error, valid = _("Say what it moves: at least one milestone with its new agreed term."), False
        return valid

    @property
    def moves(self):
        """(milestone, new term as Term) of each line that is filled and right."""
        return [
            (form.cleaned_data["milestone"], form.cleaned_data["to"])
            for form in self.forms
            if form.is_filled and "milestone" in form.cleaned_data and "to" in form.cleaned_data
        ]

    @property
    def token(self):
        """What a preview is of: the milestones as they stood, and the terms as typed."""
        return digest("\n".join(f"{m.pk} {m.version} {term.text}" for m, term in self.moves))


class AttachForm(forms.Form):
    """Which of the reports now being written a document goes under."""

    use_required_attribute = False

    report = forms.IntegerField(error_messages={"required": _("Choose a report."), "invalid": _("Choose a report.")})
