"""What an administrator types to change the plan: each form is looked at with its effect before it is done."""

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tracker.lib.dates import short
from tracker.lib.texts import TextsFormField, digest
from tracker.progress.forms import DayField, ParagraphsField
from tracker.progress.replacing import shares
from tracker.roadmaps.models import (
    Amendment,
    Control,
    Grant,
    Milestone,
    Organisation,
    Participation,
    Party,
    PriorityArea,
)

LONGEST = 1000
SINGLY = 200  # items whose roles are chosen one by one


class LookedAtForm(forms.Form):
    """Only what was looked at is done: `seen` names what the preview was of, and how things stood then (`stamp`)."""

    use_required_attribute = False
    beside = ()  # how names begin that are sent along with the fields

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data=None, *, stamp, **options):
        self.stamp = stamp
        super().__init__(data, **options)

    @property
    def token(self):
        own = [name for name in self.data if name in self.fields or name.startswith(self.beside)]
        typed = sorted(
            (name, self.data.getlist(name)) for name in own if name != "seen" and any(self.data.getlist(name))
        )
        return digest(f"{self.stamp} {typed}")

    @property
    def is_seen(self):
        return self.cleaned_data.get("seen") == self.token

    def look(self):
        """The form now carries what the preview on its page is of."""
        self.data = self.data.copy()
        self.data["seen"] = self.token


class Basis(ParagraphsField):
    """The document or decision on which a change rests; it stands in the history."""

    def __init__(self, **options):
        defaults = {
            "rows": 2,
            "label": _("Basis"),
            "required": True,
            "max_length": LONGEST,
            "help_text": _("The decision or document: its number and date. It stands in the history with your name."),
            "error_messages": {"required": _("Give the basis of the decision.")},
        }
        super().__init__(**defaults | options)


class PastDay(DayField):
    """A day that has come already, by the clock of the roadmap; empty: today."""

    def __init__(self, *, today=None, **options):
        self.today = today
        super().__init__(**options)

    def clean(self, value):
        day = super().clean(value)
        if day and self.today and day > self.today:
            raise forms.ValidationError(
                _("Give a day that is not in the future, for example %(day)s.") % {"day": short(self.today)}
            )
        return day or self.today


class ControlForm(LookedAtForm):
    """The decision about a milestone or an item."""

    CHOICES = {
        Control.CLOSED: _("Close as completed: it needs no further reports"),
        Control.DROPPED: _("Drop: it leaves the plan and every total"),
        Control.ON: _("Restore: put it back on control"),
    }

    control = forms.ChoiceField(
        label=_("Decision"), widget=forms.RadioSelect, error_messages={"required": _("Choose the decision.")}
    )
    drop_reason = forms.ChoiceField(
        label=_("Why it is dropped"),
        required=False,
        choices=[
            ("", "—"),
            *((reason, reason.label) for reason in Milestone.DropReason if reason != Milestone.DropReason.REPLACED),
        ],
        help_text=_("Only when it is dropped."),
    )
    on = PastDay(label=_("Day of the decision"))
    basis = Basis()

    def __init__(self, data=None, *, today, control, **options):
        super().__init__(data, **options)
        self.fields["control"].choices = [
            (value, words) for value, words in self.CHOICES.items() if value != Control.ON or control != Control.ON
        ]
        self.fields["on"].today = today
        self.initial.setdefault("on", today)

    def clean(self):
        is_dropped = self.cleaned_data.get("control") == Control.DROPPED
        if "control" in self.cleaned_data and is_dropped != bool(self.cleaned_data.get("drop_reason")):
            self.add_error("drop_reason", _("Say why it is dropped, and only then."))
        return self.cleaned_data

    @property
    def decision(self):
        said = self.cleaned_data
        return {"control": said["control"], "basis": said["basis"], "on": said["on"], "reason": said["drop_reason"]}


# Replacing milestones


class WordedMilestones(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, milestone):
        return f"{milestone.number} {milestone.wording}, {milestone.agreed.in_words() or '—'}"


class NewMilestoneForm(forms.Form):
    """One new milestone; a row without a number, wording and term is passed over."""

    use_required_attribute = False

    number = forms.CharField(label=_("Number"), max_length=60, required=False)
    wording = TextsFormField(label=_("Wording"), required=False)
    term = forms.CharField(
        label=_("Term"),
        max_length=300,
        required=False,
        help_text=_("As in the document: 30.06.2026, II quarter 2026, 2025–2027, annually …"),
    )
    weight = forms.IntegerField(
        label=_("Weight"),
        min_value=1,
        max_value=1000,
        required=False,
        widget=forms.TextInput(attrs={"class": "short", "inputmode": "numeric"}),
        help_text=_("Empty: its share of what the old ones weigh."),
    )
    party = forms.ModelChoiceField(
        label=_("One party only"), queryset=Party.objects.none(), required=False, empty_label=_("of every party")
    )

    def __init__(self, *args, item, **options):
        self.item = item
        super().__init__(*args, **options)
        self.fields["number"].widget.attrs["class"] = "short"
        self.fields["party"].queryset = Party.objects.filter(pk__in=item.roadmap.parties.values("party"))

    @property
    def is_filled(self):
        said = self.cleaned_data
        return bool(said.get("number") or said.get("wording") or said.get("term"))

    def clean(self):
        if self.is_filled:
            for name, sentence in (
                ("number", _("Give the number.")),
                ("wording", _("Give the wording in at least one language.")),
                ("term", _("Write the term as it stands in the document.")),
            ):
                if not self.cleaned_data.get(name) and name not in self.errors:
                    self.add_error(name, sentence)
            number = self.cleaned_data.get("number")
            if number and self.item.milestones.filter(number=number).exists():
                self.add_error("number", _("The item has a milestone with this number already."))
        return self.cleaned_data


class NewMilestones(forms.BaseFormSet):
    def clean(self):
        numbers = [form.cleaned_data["number"] for form in self.filled if form.cleaned_data.get("number")]
        if len(numbers) != len(set(numbers)):
            raise forms.ValidationError(_("Two of the new milestones have one number."))

    @property
    def filled(self):
        return [form for form in self.forms if hasattr(form, "cleaned_data") and form.is_filled]


NewMilestoneFormSet = forms.formset_factory(NewMilestoneForm, formset=NewMilestones, extra=2, max_num=20)


class ReplaceForm(LookedAtForm):
    """Which milestones are replaced, by which existing ones, and on what basis; new ones are a formset beside it."""

    beside = ("new-",)

    olds = WordedMilestones(
        label=_("Milestones that are replaced"),
        queryset=Milestone.objects.none(),
        error_messages={"required": _("Choose the milestones that are replaced.")},
    )
    existing = forms.CharField(
        label=_("Milestones of this plan that take their place"),
        required=False,
        max_length=300,
        help_text=_("Their numbers, with commas; empty where all are new."),
    )
    amendment = forms.ModelChoiceField(
        label=_("Amendment of the plan"), queryset=Amendment.objects.none(), required=False, empty_label="—"
    )
    amendment_number = forms.CharField(label=_("or a new one: its number"), max_length=60, required=False)
    amendment_signed_on = PastDay(label=_("signed on"))
    on = PastDay(label=_("Day of the decision"))
    basis = Basis()

    def __init__(self, data=None, *, item, today, **options):
        super().__init__(data, **options)
        self.item = item
        self.fields["olds"].queryset = item.milestones.exclude(control=Control.DROPPED).in_plan_order()
        self.fields["on"].today = today
        self.initial.setdefault("on", today)
        if item.roadmap.is_locked:
            self.fields["amendment"].queryset = item.roadmap.amendments.all()
            self.fields["amendment_number"].widget.attrs["class"] = "short"
            self.today = today
        else:
            for name in ("amendment", "amendment_number", "amendment_signed_on"):
                del self.fields[name]

    def clean_existing(self):
        numbers = [number.strip() for number in self.cleaned_data["existing"].split(",") if number.strip()]
        found = {}
        for milestone in self.item.roadmap.milestones.filter(number__in=numbers).exclude(control=Control.DROPPED):
            found.setdefault(milestone.number, []).append(milestone)
        for number in numbers:
            if len(found.get(number, ())) != 1:
                sentence = (
                    _("More than one milestone of the plan has the number %(number)s.")
                    if number in found
                    else _("The plan has no milestone %(number)s that is not dropped.")
                )
                raise forms.ValidationError(sentence % {"number": number})
        return [found[number][0] for number in dict.fromkeys(numbers)]

    def clean(self):
        both = set(self.cleaned_data.get("olds", ())) & set(self.cleaned_data.get("existing", ()))
        if both:
            self.add_error("existing", _("A milestone does not take its own place."))
        number, signed = self.cleaned_data.get("amendment_number"), self.cleaned_data.get("amendment_signed_on")
        if number and not signed and "amendment_signed_on" not in self.errors:
            self.add_error("amendment_signed_on", _("Give the day on which it was signed."))
        if signed and signed > self.today:
            self.add_error("amendment_signed_on", _("Give a day that is not in the future."))
        if number and self.cleaned_data.get("amendment"):
            self.add_error("amendment_number", _("Choose an amendment, or enter a new one."))
        if number and self.item.roadmap.amendments.filter(number=number).exists():
            self.add_error("amendment_number", _("This amendment is entered already: choose it above."))
        return self.cleaned_data

    def check_beside(self, new):
        """The rules about the form and its new milestones together."""
        existing = self.cleaned_data.get("existing", [])
        if not new.filled and not existing:
            self.add_error(None, _("Enter the new milestones, or give the numbers of those that take the place."))
        has_amendment = self.cleaned_data.get("amendment") or self.cleaned_data.get("amendment_number")
        if new.filled and self.item.roadmap.is_locked and not has_amendment:
            self.add_error("amendment", _("The plan is adopted: a new milestone enters it only under an amendment."))

    def the_amendment(self):
        """The amendment under which new milestones enter, made if it is new; None in a draft."""
        if number := self.cleaned_data.get("amendment_number"):
            signed_on = self.cleaned_data["amendment_signed_on"]
            return Amendment.objects.create(roadmap=self.item.roadmap, number=number, signed_on=signed_on)
        return self.cleaned_data.get("amendment")

    def weights(self, new):
        """A weight for each new milestone: as typed, or its share of what is left of the old ones' weight."""
        typed = [form.cleaned_data.get("weight") for form in new.filled]
        empty = typed.count(None)
        left = sum(old.weight for old in self.cleaned_data["olds"]) - sum(weight or 0 for weight in typed)
        shared = iter(shares(left, empty) if empty else ())
        return [weight or next(shared) for weight in typed]


# Parties


class AreaChoices(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options):
        super().__init__(
            queryset=PriorityArea.objects.none(),
            required=False,
            label=_("Areas"),
            help_text=_("None chosen: all areas."),
            **options,
        )


class JoinForm(LookedAtForm):
    """A party takes part in the items of some areas, or of all; the role is one for all or chosen item by item."""

    beside = ("role-",)

    party = forms.ModelChoiceField(
        label=_("Party"), queryset=Party.objects.none(), error_messages={"required": _("Choose the party.")}
    )
    since = DayField(
        label=_("Takes part since"),
        required=True,
        help_text=_("A day still to come is allowed: the parts are then asked for when it has come."),
        error_messages={"required": _("Give the day.")},
    )
    areas = AreaChoices()
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[choice for choice in Participation.Role.choices if choice[0] != Participation.Role.NONE],
        initial=Participation.Role.PARTICIPANT,
        help_text=_("For all items; below, after the preview, each item may have another."),
    )
    basis = Basis(label=_("Reason and basis"))

    def __init__(self, data=None, *, roadmap, today, **options):
        super().__init__(data, **options)
        self.roadmap = roadmap
        self.fields["party"].queryset = Party.objects.all()
        self.fields["areas"].queryset = PriorityArea.objects.filter(pk__in=roadmap.areas.values("area"))
        self.initial.setdefault("since", today)

    @cached_property
    def items(self):
        """The items on control of the chosen areas in which the party does not take part yet."""
        said = self.cleaned_data
        items = self.roadmap.items.filter(control=Control.ON).order_by("number_key", "pk")
        if said["areas"]:
            items = items.filter(area__in=said["areas"])
        there = Participation.objects.within_their_days().filter(party=said["party"], until=None)
        there = there.exclude(role=Participation.Role.NONE)
        return list(items.exclude(pk__in=there.values("item")))

    @property
    def is_singly(self):
        return len(self.items) <= SINGLY

    def role_in(self, item):
        role = self.data.get(f"role-{item.pk}") if self.is_singly else None
        return role if role in Participation.Role.values else self.cleaned_data["role"]

    @property
    def chosen_roles(self):
        """{item: its role}; an item that was set to “does not take part” is left out."""
        roles = {item: self.role_in(item) for item in self.items}
        return {item: role for item, role in roles.items() if role != Participation.Role.NONE}

    def look(self):
        """The page will send a role for each item that it shows."""
        self.data = self.data.copy()
        if self.is_singly:
            for item in self.items:
                self.data[f"role-{item.pk}"] = self.role_in(item)
        super().look()


class LeaveForm(LookedAtForm):
    """A party leaves the roadmap, or the items of some areas, after a day."""

    until = DayField(
        label=_("Last day of taking part"),
        required=True,
        help_text=_(
            "The parts are released when this day is over. A day that is past releases them at once; "
            "today, or a day still to come, overnight when it ends."
        ),
        error_messages={"required": _("Give the day.")},
    )
    areas = AreaChoices()
    basis = Basis(label=_("Reason and basis"))

    def __init__(self, data=None, *, roadmap, party, **options):
        super().__init__(data, **options)
        self.roadmap, self.party = roadmap, party
        self.fields["areas"].help_text = _("None chosen: the party leaves the whole roadmap.")
        self.fields["areas"].queryset = PriorityArea.objects.filter(pk__in=roadmap.areas.values("area"))

    @property
    def is_for_good(self):
        return not self.cleaned_data["areas"]

    @cached_property
    def items(self):
        """The items in which the party takes part, of the chosen areas."""
        items = self.roadmap.items.filter(participations__party=self.party).order_by("number_key", "pk")
        if self.cleaned_data["areas"]:
            items = items.filter(area__in=self.cleaned_data["areas"])
        return list(items)


# Organisations


class OrganisationChoice(forms.ModelChoiceField):
    def label_from_instance(self, organisation):
        short_name = f" ({organisation.abbreviation})" if organisation.abbreviation else ""
        return f"{organisation.name}{short_name}"


class GrantChoices(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, grant):
        return f"{grant.user}: {grant.in_words()}"

    def clean(self, value):
        """Those that have moved meanwhile are passed over: the same form may come twice."""
        still = {str(pk) for pk in self.queryset.values_list("pk", flat=True)}
        return super().clean([pk for pk in value or () if str(pk) in still])


class HandOverForm(LookedAtForm):
    """Who takes over from an organisation that ended, and since when."""

    successor = OrganisationChoice(
        label=_("Successor"),
        queryset=Organisation.objects.none(),
        help_text=_("An organisation of the same party, or a joint body, that is at work."),
        error_messages={"required": _("Choose the organisation that takes over.")},
    )
    ended_on = PastDay(label=_("Ended on"))
    grants = GrantChoices(label=_("People whose grants move to the successor"), queryset=Grant.objects.none(),
                          required=False)  # fmt: skip
    basis = Basis(label=_("Reason and basis"))

    def __init__(self, data=None, *, successors, grants, today, **options):
        super().__init__(data, **options)
        self.fields["successor"].queryset = successors
        self.fields["grants"].queryset = grants
        self.fields["ended_on"].today = today
        self.initial |= {"ended_on": today, "grants": [grant.pk for grant in grants]}
        if not grants:
            del self.fields["grants"]
