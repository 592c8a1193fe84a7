"""What is typed on the pages of the review, turned into clean data; the verbs do the work."""

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from tracker.lib.dates import short
from tracker.lib.terms import Kind, parse
from tracker.progress.models import Evidence, Remark, Report
from tracker.progress.uploads import check_upload
from tracker.roadmaps.models import Confidence, Execution

LONGEST = 4000


class DayField(forms.CharField):
    """A day as people write it: 29.04.2026, 2026-04-29, 29/04/2026, 29 апреля 2026 г."""

    def __init__(self, **options):
        widget = forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"})
        super().__init__(**{"widget": widget, "required": False} | options)

    def prepare_value(self, value):
        return short(value) if hasattr(value, "year") else value

    def to_python(self, value):
        text = super().to_python(value)
        if not text:
            return None
        term = parse(text) if len(text) <= 40 else None
        if term is None or term.kind != Kind.DAY:
            raise forms.ValidationError(
                _("“%(text)s” is not a day. Write it as 29.04.2026.") % {"text": text[:40]}, code="invalid"
            )
        return term.due_on

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)


class PercentField(forms.IntegerField):
    """A whole number from 0 to 100, with or without the sign."""

    default_error_messages = {"invalid": _("Give a whole number from 0 to 100.")}

    def __init__(self, **options):
        widget = forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"})
        super().__init__(**{"widget": widget, "required": False, "min_value": 0, "max_value": 100} | options)
        for validator in self.validators:
            validator.message = self.error_messages["invalid"]

    def to_python(self, value):
        return super().to_python(value.strip().removesuffix("%").strip() if isinstance(value, str) else value)


class ParagraphsField(forms.CharField):
    """Text with line ends as one character, so that the limit is the one the reader counts."""

    def __init__(self, *, rows, **options):
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(**{"widget": widget, "max_length": LONGEST, "required": False, "strip": False} | options)
        # The browser counts in its own way and would cut what is pasted; the sentence says it better.
        self.widget.attrs.pop("maxlength", None)

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n").rstrip()


class FieldInReview(forms.BoundField):
    """A field with what others said about it: remarks, and what someone else saved meanwhile."""

    @property
    def remarks(self):
        return self.form.remarks.get(self.name, [])

    @property
    def theirs(self):
        return self.form.theirs.get(self.name)


class ReportForm(forms.ModelForm):
    """What a party says. Valid fields are kept on the report even when others are not: a draft may be incomplete."""

    bound_field_class = FieldInReview
    use_required_attribute = False

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    execution = forms.ChoiceField(
        label=_("What is the state of execution?"),
        choices=Execution.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the state of execution.")},
    )
    percent = PercentField(label=_("Percent"), help_text=_("Completed is 100, not started is 0."))
    done_on = DayField(
        label=_("Done on"), help_text=_("The day on which it was really done, not the day of this report.")
    )
    narrative = ParagraphsField(
        rows=9,
        label=_("What was done in this round"),
        help_text=_("Three to six sentences: what, by whom, with which result."),
    )
    forecast_on = DayField(label=_("Forecast"), help_text=_("When it will be completed, as you see it now."))

    class Meta:
        model = Report
        fields = Report.TYPED
        labels = {
            "confidence": _("Confidence in the term"),
            "audience": _("Who reads this report"),
            "without_document": _("Declare without a document"),
            "nothing_to_report": _("Nothing to report in this round"),
        }

    def __init__(self, data=None, *, report, today, remarks=None, **options):
        self.today, self.remarks, self.theirs, self.saved_by = today, remarks or {}, {}, None
        initial = {"version": report.version}
        if report.state == "asked" and not report.narrative and not report.nothing_to_report:
            initial |= {"execution": report.commitment.execution, "percent": report.commitment.percent}
        super().__init__(data, instance=report, initial=initial, **options)
        self.fields["confidence"].choices = [("", _("not given")), *Confidence.choices]

    @property
    def general_remarks(self):
        return self.remarks.get("", [])

    @property
    def evidence_remarks(self):
        return self.remarks.get(Remark.Field.EVIDENCE, [])

    def clean_percent(self):
        return self.cleaned_data["percent"] or 0

    def clean_done_on(self):
        day = self.cleaned_data["done_on"]
        if day and day > self.today:
            raise forms.ValidationError(
                _("Give a day that is not in the future, for example %(day)s.") % {"day": short(self.today)}
            )
        return day

    def clean(self):
        execution = self.cleaned_data.get("execution")
        if execution and execution != Execution.COMPLETED:
            if self.cleaned_data.get("done_on") and "done_on" in self.changed_data:
                self.add_error("done_on", _("Only what is completed has this day: choose “Completed”, or clear it."))
            if self.cleaned_data.get("percent") == 100 and "percent" in self.changed_data:
                self.add_error("percent", _("100 percent means completed: choose “Completed”, or give less."))
        # What the page did not send is left as it is.
        for name in [*self.cleaned_data]:
            widget = self.fields[name].widget
            if widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name)):
                del self.cleaned_data[name]
        return self.cleaned_data


class WebAddress(forms.URLField):
    default_validators = [URLValidator(schemes=["http", "https"])]

    def __init__(self, **options):
        super().__init__(**{"assume_scheme": "https", "max_length": 1000, "required": False} | options)
        self.error_messages["invalid"] = _("Give a full address that begins with https:// or http://.")
        for validator in self.validators:
            if isinstance(validator, URLValidator):
                validator.message = self.error_messages["invalid"]


class DocumentChoice(forms.ModelChoiceField):
    def label_from_instance(self, document):
        parts = [document.title, document.number, short(document.dated_on) if document.dated_on else ""]
        return ", ".join(part for part in parts if part)[:120]


class EvidenceForm(forms.ModelForm):
    """A document to attach: a new file or address, or one that the party has in the plan already."""

    use_required_attribute = False
    prefix = "document"

    file = forms.FileField(label=_("File"), required=False)
    address = WebAddress(label=_("or its address"))
    title = forms.CharField(
        label=_("Title"), max_length=300, required=False, help_text=_("Empty: the name of the file.")
    )
    dated_on = DayField(label=_("Date"))
    known = DocumentChoice(
        label=_("Choose one already in the plan"), queryset=Evidence.objects.none(), required=False, empty_label="—"
    )

    class Meta:
        model = Evidence
        fields = ("file", "address", "kind", "title", "number", "dated_on", "issued_by", "audience")
        labels = {"audience": _("Who reads the document")}

    def __init__(self, *args, report, known, **options):
        self.content_type = ""
        commitment = report.commitment
        blank = Evidence(roadmap=commitment.roadmap, party=commitment.party)
        super().__init__(*args, instance=blank, **options)
        self.fields["known"].queryset = known

    @property
    def is_filled(self):
        """Whether there is a document to attach, or the words of one."""
        return any(self[name].data for name in ("file", "address", "title", "number", "dated_on", "issued_by", "known"))

    def clean_file(self):
        upload = self.cleaned_data["file"]
        if upload:
            self.content_type = check_upload(upload)
        return upload

    def clean(self):
        file, address = self.cleaned_data.get("file"), self.cleaned_data.get("address")
        given = [bool(file), bool(address), bool(self.cleaned_data.get("known"))]
        if sum(given) > 1:
            self.add_error("file", _("Attach one document at a time: a file, an address, or one already in the plan."))
        elif not any(given) and not self.errors:
            self.add_error("file", _("Choose a file, give its address, or choose a document already in the plan."))
        if not self.cleaned_data.get("title") and (file or address):
            self.cleaned_data["title"] = (file.name if file else address)[:300]
        return self.cleaned_data

    def _post_clean(self):
        if not self.cleaned_data.get("known"):  # one that is chosen is valid already, and nothing new is made
            super()._post_clean()

    def new_document(self, by):
        """The document that was described, not saved yet."""
        document = self.instance
        document.added_by = by
        if self.cleaned_data.get("file"):
            document.keep_file(self.cleaned_data["file"], self.content_type)
        return document


class RemarkForm(forms.Form):
    """One remark of a reviewer; empty ones are passed over."""

    field = forms.ChoiceField(
        label=_("Field"), choices=[("", _("the whole report")), *Remark.Field.choices], required=False
    )
    text = ParagraphsField(rows=3, label=_("New remark"))

    @property
    def typed(self):
        """The text as it came, valid or not."""
        return (self["text"].value() or "").strip()


class DecisionForm(forms.Form):
    """What a reviewer decides by: the version that was seen, the tick, the day of correction."""

    use_required_attribute = False

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    document_checked = forms.BooleanField(label=_("I have checked the document: mark as confirmed"), required=False)
    correct_by = DayField(label=_("Correct by"))

    def __init__(self, *args, today, **options):
        self.today = today
        super().__init__(*args, **options)

    def clean_correct_by(self):
        day = self.cleaned_data["correct_by"]
        if day and day < self.today:
            raise forms.ValidationError(_("Give a day that is still to come."))
        return day


class ReopenForm(forms.Form):
    use_required_attribute = False

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = ParagraphsField(rows=3, label=_("Reason"), required=True)
