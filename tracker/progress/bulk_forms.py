"""What is typed about many rows at once: a form for each action, which says what is then done (`deeds`)."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.texts import TextsFormField, fold, search_words
from tracker.progress.bulk.plan import Decide, Executors, ItemColumns, MilestoneColumns
from tracker.progress.bulk.reports import Accept, Remind
from tracker.progress.bulk.terms import Propose
from tracker.progress.deadline_forms import ProposalForm
from tracker.progress.inline_forms import MOST, ReasonField
from tracker.progress.models import Evidence
from tracker.progress.plan_forms import ControlForm
from tracker.roadmaps import access
from tracker.roadmaps.models import Commitment, Executor, Organisation, Party

OFFERED = 200  # organisations suggested while a name is typed
NAMED = 8  # of those that are meant, perhaps
FURTHEST = 3660  # days that a term is moved by


class EditForm(forms.Form):
    """Columns and executors; only what is ticked is changed."""

    template = "progress/bulk_edit.html"
    use_required_attribute = False

    TICKS = {
        "weight": gettext_lazy("Weight"),
        "proof": gettext_lazy("What counts as proof"),
        "executors": gettext_lazy("An executor"),
        "note": gettext_lazy("Note of the item"),
    }
    ADD, REPLACE, REMOVE = "add", "replace", "remove"
    NEEDS = {"weight": ["weight"], "proof": ["proof"], "note": ["note"], "executors": ["party", "how", "organisation"]}

    change = forms.MultipleChoiceField(
        label=gettext_lazy("What to change"),
        choices=TICKS.items(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick what to change.")},
    )
    weight = forms.IntegerField(
        label=gettext_lazy("New weight"),
        min_value=1,
        max_value=MOST,
        required=False,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
    )
    proof = TextsFormField(label=gettext_lazy("What counts as proof"), required=False)
    party = forms.ModelChoiceField(
        Party.objects.none(), label=gettext_lazy("Executors of the party"), required=False, empty_label="—",
        to_field_name="code",
    )  # fmt: skip
    how = forms.ChoiceField(
        label=gettext_lazy("What happens to them"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (ADD, gettext_lazy("Add an organisation")),
            (REPLACE, gettext_lazy("Put one in the place of another")),
            (REMOVE, gettext_lazy("Remove an organisation")),
        ],
    )
    organisation = forms.CharField(
        label=gettext_lazy("Organisation"), required=False, max_length=300,
        help_text=gettext_lazy("The one that is added, replaced or removed: its name, or a part of it."),
        widget=forms.TextInput(attrs={"list": "organisations", "autocomplete": "off"}),
    )  # fmt: skip
    successor = forms.CharField(
        label=gettext_lazy("In its place"), required=False, max_length=300,
        help_text=gettext_lazy("Only when one is replaced."),
        widget=forms.TextInput(attrs={"list": "organisations", "autocomplete": "off"}),
    )  # fmt: skip
    note = TextsFormField(label=gettext_lazy("Note of the item"), required=False)
    change_reason = ReasonField()

    def __init__(self, data=None, *, about):
        super().__init__(data)
        self.about = about
        self.fields["party"].queryset = Party.objects.filter(pk__in=about.roadmap.parties.values("party"))
        self.fields["change_reason"].required = True
        self.fields["change_reason"].error_messages["required"] = _("Say why: it stands in the history.")

    @property
    def parts(self):
        """(tick, its fields) of each."""
        fields = self.NEEDS | {"executors": [*self.NEEDS["executors"], "successor"]}
        return [(tick, [self[name] for name in fields[tick.data["value"]]]) for tick in self["change"]]

    @property
    def suggested(self):
        """Organisations that carry out the selected items now."""
        items = self.about.milestones.order_by().values("item")
        executing = Executor.objects.filter(participation__item__in=items).values("organisation")
        return Organisation.objects.filter(pk__in=executing).order_by("search")[:OFFERED]

    def clean(self):
        said, ticked = self.cleaned_data, self.cleaned_data.get("change", ())
        for name in ticked:
            for needed in self.NEEDS[name]:
                if needed not in self.errors and not said.get(needed):
                    self.add_error(needed, _("Fill this in, or take the tick away above."))
        if "executors" in ticked and not {"party", "organisation", "how"} & self.errors.keys():
            self.clean_executors(said["how"])
        return said

    def clean_executors(self, how):
        there = Organisation.objects.filter(
            pk__in=Executor.objects.filter(
                participation__party=self.cleaned_data["party"], participation__item__roadmap=self.about.roadmap
            ).values("organisation")
        )
        to_come = Organisation.objects.at_work().filter(Q(party=self.cleaned_data["party"]) | Q(party=None))
        self.find("organisation", to_come if how == self.ADD else there)
        if how == self.REPLACE:
            if not self.cleaned_data["successor"]:
                self.add_error("successor", _("Give the organisation that takes its place."))
            self.find("successor", to_come)

    def find(self, name, rows):
        """Put the organisation itself in the place of what was typed."""
        text = self.cleaned_data.get(name)
        if not text:
            return
        for word in search_words(text):
            rows = rows.filter(search__contains=word)
        found = list(rows.order_by("search", "pk")[: NAMED + 1])
        exact = [one for one in found if fold(text) in [fold(called) for called in (*one.name.all(), one.abbreviation)]]
        if len(exact or found) == 1:
            self.cleaned_data[name] = (exact or found)[0]
        elif not found:
            self.add_error(name, _("No organisation of this party has such a name."))
        else:
            names = "; ".join(str(one) for one in found[:NAMED])
            self.add_error(name, _("Several may be meant: %(names)s. Type more of the name.") % {"names": names})

    @property
    def cause(self):
        return self.cleaned_data["change_reason"]

    def deeds(self, by):
        said, roadmap = self.cleaned_data, self.about.roadmap
        own = {name: said[name] for name in ("weight", "proof") if name in said["change"]}
        if own:
            title = ", ".join(str(self.TICKS[name]) for name in own)
            yield MilestoneColumns(roadmap, by, title=title, values=own)
        if "executors" in said["change"]:
            how = said["how"]
            yield Executors(
                roadmap, by, title=_("Executors"), party=said["party"], organisation=said["organisation"],
                is_added=how == self.ADD, successor=said["successor"] if how == self.REPLACE else None,
            )  # fmt: skip
        if "note" in said["change"]:
            yield ItemColumns(roadmap, by, title=self.TICKS["note"], values={"note": said["note"]})


class DecideForm(ControlForm):
    """One decision about all of them."""

    template = "progress/bulk_decide.html"

    def __init__(self, data=None, *, about):
        super().__init__(data, stamp="", today=about.roadmap.today(), control=None)
        self.about = about
        del self.fields["seen"]

    @property
    def cause(self):
        return self.cleaned_data["basis"]

    def deeds(self, by):
        yield Decide(self.about.roadmap, by, title=_("Control"), **self.decision)


class MoveTermsForm(ProposalForm):
    """The same term for all of them, or each moved by the same number of days."""

    template = "progress/bulk_terms.html"

    days = forms.IntegerField(
        label=gettext_lazy("or move each by days"),
        required=False,
        min_value=-FURTHEST,
        max_value=FURTHEST,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}),
        help_text=gettext_lazy("Counted from the current due day of each; fewer with a minus sign."),
    )

    def __init__(self, data=None, *, about):
        roadmap, user = about.roadmap, about.user
        written = Commitment.objects.written_by(user).counting().filter(milestone__roadmap=roadmap)
        parties = Party.objects.filter(pk__in=written.order_by().values("party")).order_by("position", "code")
        for_all = any(access.may(user, right, roadmap) for right in ("review", "plan"))
        super().__init__(
            data, milestone=None, today=roadmap.today(), speakers=(list(parties), for_all),
            documents=Evidence.objects.none(),
        )  # fmt: skip
        self.about = about
        self.fields["to"].label, self.fields["to"].required = _("To this term"), False
        del self.fields["document"]
        if not self.fields["party"].choices:
            self.fields["party"].choices = [("", "—")]

    def clean_to(self):
        return self.cleaned_data["to"]

    def clean(self):
        super().clean()
        to, days = self.cleaned_data.get("to"), self.cleaned_data.get("days")
        if bool(to) == bool(days) and not {"to", "days"} & self.errors.keys():
            self.add_error("to", _("Give the new term, or by how many days each is moved: one of the two."))
        return self.cleaned_data

    @property
    def cause(self):
        return self.cleaned_data["text"]

    def deeds(self, by):
        said = self.cleaned_data
        yield Propose(
            self.about.roadmap, by, title=_("Current term"), to=said["to"], days=said["days"],
            has_passed=said["has_passed"], party=said["party"], reason=said["reason"], text=said["text"],
            basis=said["whole_basis"],
        )  # fmt: skip


class AcceptForm(forms.Form):
    template = "progress/bulk_said.html"

    change_reason = ReasonField()

    def __init__(self, data=None, *, about):
        super().__init__(data)
        self.about = about

    @property
    def cause(self):
        return self.cleaned_data["change_reason"]

    def deeds(self, by):
        yield Accept(self.about.roadmap, by, title=_("Report"))


class RemindForm(AcceptForm):
    def deeds(self, by):
        yield Remind(self.about.roadmap, by, title=_("Message"), site=self.about.site)
