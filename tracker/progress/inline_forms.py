"""One field of a milestone or an item, typed in the status table: a form each, written by the verb of its own page.

All answer alike: `is_valid()`, `is_stale` (somebody saved it since it was opened; what is typed is kept, and the next
save writes over that), `now` (what is stored, to be read beside what was typed), `cause`, `write()`, `said()`.
"""

from django import forms
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.history.admin import VersionField, keep_or_replace, since, stale
from tracker.lib.errors import Conflict
from tracker.lib.texts import Texts, search_words
from tracker.progress.deadline_forms import ProposalForm
from tracker.progress.inline import is_worded
from tracker.progress.models import DeadlineChange, Evidence
from tracker.roadmaps.admin.common import TermField, WordedTerm
from tracker.roadmaps.admin.item import ParticipationForm
from tracker.roadmaps.changes import takes_part
from tracker.roadmaps.models import Item, Milestone, Organisation, Participation

MOST = 1000  # that a milestone weighs, as on the page of replacing
FOUND = 8  # organisations shown of a search
AUTO_ID = "edit_%s"  # apart from the fields of the filter on the same page
REASON = gettext_lazy("Stands in the history with your name.")


class ReasonField(forms.CharField):
    def __init__(self):
        super().__init__(
            label=gettext_lazy("Reason of the change"), required=False, max_length=1000, help_text=REASON,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )  # fmt: skip


class OverSeen(forms.Form):
    """Written only over the version that was seen."""

    template, button = "progress/inline_field.html", gettext_lazy("Save")
    use_required_attribute = False
    is_stale = False

    read_version = VersionField(required=False)

    def __init__(self, *args, **options):
        super().__init__(*args, auto_id=AUTO_ID, **options)
        self.initial["read_version"] = self.row.version

    @property
    def row(self):
        return self.instance

    @property
    def main(self):
        """The field itself, without version and reason."""
        return self[self.name]

    @property
    def cause(self):
        """The reason of the change set."""
        return self.cleaned_data.get("change_reason", "")

    @property
    def is_changed(self):
        """Whether something else was typed than what is stored: the same form sent twice changes nothing more."""
        return self.name in self.changed_data

    def clean(self):
        super().clean()
        read = self.cleaned_data.get("read_version")
        if self.is_changed and not self.errors and read != self.row.version:
            self.is_stale = True
            self.data = self.data.copy()
            self.data["read_version"] = self.row.version
            raise forms.ValidationError([stale(), *since(self.row, read or 0)])
        return self.cleaned_data


class ColumnForm(OverSeen, forms.ModelForm):
    """A column of the row, whose own page is in the administration."""

    change_reason = ReasonField()

    @property
    def now(self):
        stored = type(self.row).objects.values_list(self.name, flat=True).get(pk=self.row.pk)
        if isinstance(stored, Texts):
            return "\n".join(f"{code.upper()}: {stored[code]}" for code in stored.languages())
        return stored

    def write(self, *, by):
        self.save()


class WeightForm(ColumnForm):
    name = "weight"

    weight = forms.IntegerField(
        label=gettext_lazy("Weight"),
        min_value=1,
        max_value=MOST,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("How much it counts in its item's progress, beside the other milestones."),
        error_messages={"required": gettext_lazy("Give the weight.")},
    )

    class Meta:
        model = Milestone
        fields = ("weight",)

    def said(self):
        return _("Saved: the weight of %(number)s is now %(value)s.") % {
            "number": self.row.number,
            "value": self.row.weight,
        }


class ProofForm(ColumnForm):
    name = "proof"

    class Meta:
        model = Milestone
        fields = ("proof",)

    def said(self):
        return _("Saved: what counts as proof of %(number)s.") % {"number": self.row.number}


class NoteForm(ColumnForm):
    name = "note"

    class Meta:
        model = Item
        fields = ("note",)

    def said(self):
        return _("Saved: the note of %(number)s.") % {"number": self.row.number}


class WordTermForm(OverSeen, WordedTerm):
    """The term of a draft plan: all three at once, as the document words it."""

    name = "term"

    term = TermField(error_messages={"required": gettext_lazy("Write the term as it stands in the document.")})
    change_reason = ReasonField()

    class Meta:
        model = Milestone
        fields = ()

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["term"].required = True

    @property
    def now(self):
        return Milestone.objects.get(pk=self.row.pk).agreed.in_words()

    def write(self, *, by):
        self.save_term()

    def said(self):
        return _("Saved: the term of %(number)s is now %(value)s.") % {
            "number": self.row.number,
            "value": self.row.agreed.in_words(),
        }


class ProposeTermForm(OverSeen, ProposalForm):
    """Another current term of an adopted plan: proposed here, decided by somebody else."""

    name = "to"
    template, button = "progress/inline_term.html", gettext_lazy("Propose")
    is_changed = True

    def __init__(self, *args, milestone, **options):
        self.milestone = milestone
        super().__init__(*args, milestone=milestone, **options)
        del self.fields["document"]  # hundreds, perhaps: chosen on the page of the proposal
        self.fields["text"].widget.attrs["rows"] = 2

    @property
    def row(self):
        return self.milestone

    @property
    def now(self):
        return self.milestone.current.in_words()

    @property
    def cause(self):
        return ""  # the explanation is the proposal's own

    def write(self, *, by):
        self.change = DeadlineChange.propose(self.milestone, by=by, **self.proposal)

    def said(self):
        return _("Proposed: %(value)s for %(number)s. A reviewer decides; until then the current term stands.") % {
            "number": self.row.number,
            "value": self.cleaned_data["to"].in_words(),
        }


class PartyExecutorsForm(ParticipationForm):
    """The executors of one party, in their order: the administration's form without its other fields."""

    class Meta:
        model = Participation
        fields = ("party",)

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["party"].disabled = True

    @property
    def chosen(self):
        """The ids of the organisations as they stand in the form, the responsible one first."""
        first, others = self["responsible"].value(), self["others"].value() or []
        return [str(pk) for pk in [first, *others] if pk]

    @property
    def key(self):
        return str(self.instance.pk)


class ExecutorsForm:
    """Who carries out the item, party by party; its buttons change what stands in it, and "Save" writes.

    A button says `add-<participation>-<organisation>`, `remove-…` or `first-…`; `find` searches the organisations of
    the party that is chosen.
    """

    name = "executors"
    template, button = "progress/inline_executors.html", gettext_lazy("Save")

    def __init__(self, data=None, *, item):
        self.row, self.data = item, data
        self.is_bound = data is not None
        parts = item.participations.select_related("party").prefetch_related("executors__organisation")
        self.parts = [part for part in parts if takes_part(part)]
        self.verb, *self.aim = (data.get("verb", "") if data else "").split("-")
        typed = self.turned() if self.is_bound else None
        self.forms = [self.form_of(part, typed) for part in self.parts]
        self.about = ReasonForm(data, auto_id=AUTO_ID)

    def form_of(self, part, typed):
        """A party that the page did not show yet is left as it is."""
        is_shown = typed is not None and f"{part.pk}-read_version" in typed
        return PartyExecutorsForm(typed if is_shown else None, instance=part, prefix=str(part.pk))

    def turned(self):
        """What was sent, as the pressed button changes it."""
        data = self.data.copy()
        if self.verb in ("add", "remove", "first") and len(self.aim) == 2:
            part, organisation = self.aim
            chosen = [data.get(f"{part}-responsible", ""), *data.getlist(f"{part}-others")]
            chosen = [pk for pk in chosen if pk and pk != organisation]
            if self.verb != "remove":
                chosen.insert(0 if self.verb == "first" else len(chosen), organisation)
            data[f"{part}-responsible"] = chosen[0] if chosen else ""
            data.setlist(f"{part}-others", chosen[1:])
        return data

    @property
    def is_to_save(self):
        """Whether "Save" was pressed, by a key perhaps; a key pressed in the search searches."""
        return self.verb == "save" and (not self.search or self.search == self.data.get("searched", ""))

    # Searching

    @property
    def search(self):
        is_over = not self.is_bound or self.verb == "add"
        return "" if is_over else self.data.get("q", "").replace("\x00", "").strip()[:200]

    @cached_property
    def party(self):
        """The participation in whose party is searched."""
        asked = self.data.get("part", "") if self.is_bound else ""
        return next((part for part in self.parts if str(part.pk) == asked), self.parts[0] if self.parts else None)

    @cached_property
    def found(self):
        """Organisations of the party that is chosen, or of none, that are at work and not among its executors."""
        words = search_words(self.search)
        if not words or not self.party:
            return []
        rows = Organisation.objects.at_work().filter(Q(party=self.party.party_id) | Q(party=None))
        for word in words:
            rows = rows.filter(search__contains=word)
        chosen = next(form.chosen for form in self.forms if form.instance == self.party)
        return list(rows.exclude(pk__in=[pk for pk in chosen if pk.isdigit()]).order_by("search")[: FOUND + 1])

    @property
    def has_more(self):
        return len(self.found) > FOUND

    # What all forms of a field answer

    @cached_property
    def lines(self):
        """(form, its organisations in order) of each party."""
        ids = {pk for form in self.forms for pk in form.chosen if pk.isascii() and pk.isdigit() and len(pk) < 18}
        known = {str(one.pk): one for one in Organisation.objects.filter(pk__in=ids)}
        return [(form, [known[pk] for pk in form.chosen if pk in known]) for form in self.forms]

    @property
    def changed(self):
        return [form for form in self.forms if form.is_bound and {"responsible", "others"} & set(form.changed_data)]

    def is_valid(self):
        return all(form.is_valid() for form in [self.about, *self.changed])

    @property
    def is_stale(self):
        """Whether the executors of one of the parties were saved by somebody else since."""
        return any(self.data.get(f"{form.key}-read_version") != str(form.instance.version) for form in self.changed)

    def non_field_errors(self):
        said = [error for form in self.changed for errors in form.errors.values() for error in errors]
        return [error for error in dict.fromkeys(said) if error != keep_or_replace()]  # the buttons say that here

    @property
    def now(self):
        """The executors as they are stored."""
        return "; ".join(
            f"{part.party.code}: {', '.join(str(executor.organisation) for executor in part.executors.all())}"
            for part in self.parts
            if part.executors.all()
        )

    @property
    def cause(self):
        return self.about.cleaned_data["change_reason"]

    def write(self, *, by):
        rows = Participation.objects.filter(pk__in=[form.instance.pk for form in self.changed]).order_by("pk")
        stored = dict(rows.select_for_update().values_list("pk", "version"))
        for form in self.changed:
            if stored.get(form.instance.pk) != form.instance.version:
                raise Conflict(stale())
            form.save_executors()

    def said(self):
        return _("Saved: the executors of %(number)s.") % {"number": self.row.number}


class ReasonForm(forms.Form):
    change_reason = ReasonField()


def form_for(field, row, user, data=None):
    """The form of the field of this milestone or item, as this person is asked."""
    if field == "executors":
        return ExecutorsForm(data, item=row)
    if field != "term":
        return {"weight": WeightForm, "proof": ProofForm, "note": NoteForm}[field](data, instance=row)
    if is_worded(user, field, row):
        return WordTermForm(data, instance=row)
    if data and "to" not in data and "term" in data:  # typed while the plan was a draft still
        data = data.copy()
        data["to"] = data["term"]
    return ProposeTermForm(
        data,
        milestone=row,
        today=row.item.roadmap.today(),
        speakers=DeadlineChange.speakers(row, user),
        documents=Evidence.objects.none(),
    )
