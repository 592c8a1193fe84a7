"""What an administrator types about people and their rights, turned into clean data."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.lib.texts import search_words
from tracker.progress.forms import DayField
from tracker.roadmaps.access import Role
from tracker.roadmaps.models import Grant, Organisation

from .models import SavedView, User

OFFERED = 20  # organisations among which one is chosen


class Reason(forms.CharField):
    """Why something is done; it stands in the history, or in the security log."""

    def __init__(self, **options):
        widget = forms.Textarea(attrs={"rows": 2})
        super().__init__(**{"label": _("Reason"), "widget": widget, "max_length": 400} | options)
        self.widget.attrs.pop("maxlength", None)


class ReasonForm(forms.Form):
    use_required_attribute = False

    reason = Reason(error_messages={"required": _("Give the reason.")})


class NewPersonForm(forms.ModelForm):
    use_required_attribute = False

    class Meta:
        model = User
        fields = ("email", "name", "position", "language")
        labels = {"name": pgettext_lazy("of a person", "Name"), "position": pgettext_lazy("of a person", "Position")}

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.fields["name"].required = True
        self.fields["language"].choices = [("", _("as their browser asks")), *User._meta.get_field("language").choices]
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def clean_email(self):
        """In small letters, as people sign in; once in the whole installation."""
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("A person with this e-mail is entered already."))
        return email


class GrantForm(forms.ModelForm):
    """A grant of one person. The organisation is looked for by its words: there may be thousands."""

    use_required_attribute = False
    prefix = "grant"

    organisation = forms.CharField(
        label=_("Organisation"),
        required=False,
        max_length=300,
        help_text=_("A few words of its name. Empty: every organisation of the party."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    chosen = forms.CharField(
        label=_("Which of these?"), required=False, widget=forms.RadioSelect
    )  # read by organisation
    until = DayField(label=_("Until"), help_text=_("The last day. Empty: without an end."))
    reason = Reason(required=False, help_text=_("Stands in the history beside your name."))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)  # what the preview was of

    class Meta:
        model = Grant
        fields = ("role", "roadmap", "area", "party", "until")
        labels = {"role": _("Role"), "roadmap": _("Roadmap"), "area": _("Area"), "party": _("Party")}

    def __init__(self, data=None, *, person, grant=None, **options):
        self.existing, self.offered = None, []
        self.person = person
        grant = grant or Grant(user=person)
        super().__init__(data, instance=grant, **options)
        self.initial |= {"organisation": str(grant.organisation or ""), "version": grant.version}
        for name, empty in (("roadmap", _("all")), ("area", _("all")), ("party", _("none"))):
            self.fields[name].empty_label = empty
        self.fields["role"].error_messages["required"] = _("Choose the role.")

    @property
    def values(self):
        """What is to be given, as one text: a preview holds for exactly this."""
        names = ("role", "roadmap", "area", "party", "organisation", "until")
        return "|".join(str(getattr(self.instance, self.instance._meta.get_field(n).attname) or "") for n in names)

    @property
    def is_seen(self):
        return self.cleaned_data.get("seen") == self.values

    def clean(self):
        super().clean()
        self.instance.organisation = self.meant()
        return self.cleaned_data

    def meant(self):
        """The organisation that the words mean: the only one, or the one that was chosen among several."""
        words = search_words(self.cleaned_data.get("organisation") or "")
        kept = Organisation.objects.filter(pk=self.instance.organisation_id).first()
        if not words:
            return None
        if kept and str(kept) == self.cleaned_data["organisation"]:
            return kept
        found = Organisation.objects.select_related("party")
        if self.cleaned_data.get("party"):
            found = found.filter(party=self.cleaned_data["party"]) | found.filter(party=None)
        for word in words:
            found = found.filter(search__contains=word)
        several = list(found[: OFFERED + 1])
        if len(several) == 1:
            return several[0]
        picked = self.data.get(self.add_prefix("chosen"), "")
        for one in several:
            if str(one.pk) == picked:
                self.offer(several[:OFFERED])
                return one
        if not several:
            self.add_error("organisation", _("No organisation of this party has these words in its name."))
        elif len(several) > OFFERED:
            self.add_error("organisation", _("More than %(n)s have these words: give more of them.") % {"n": OFFERED})
        else:
            self.offer(several)
            self.add_error("organisation", _("Several organisations have these words: choose one below."))
        return None

    def offer(self, organisations):
        self.offered = organisations
        self.fields["chosen"].widget.choices = [(one.pk, str(one)) for one in organisations]

    def _get_validation_exclusions(self):
        """The person is known, and part of the rules: nobody has the same grant twice."""
        excluded = super()._get_validation_exclusions()
        return excluded - {"user", "organisation"} if self.instance.user_id else excluded - {"organisation"}

    def _post_clean(self):
        super()._post_clean()
        if self.instance.user_id and self.errors:
            same = {f"{n}_id": getattr(self.instance, f"{n}_id") for n in ("roadmap", "area", "party", "organisation")}
            others = Grant.objects.filter(user=self.person, role=self.instance.role, **same).exclude(
                pk=self.instance.pk
            )
            self.existing = others.first()


class SavedViewForm(forms.ModelForm):
    """The name of a saved view and for whom it is; for others, where `may_share`."""

    use_required_attribute = False

    audience = forms.ChoiceField(label=_("For whom"))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = SavedView
        fields = ("name", "is_default", "is_pinned")
        labels = {"name": _("Name of the view")}
        error_messages = {"name": {"required": _("Give the view a name.")}}

    def __init__(self, *args, may_share, **options):
        super().__init__(*args, **options)
        view, scope = self.instance, SavedView.Scope
        self.fields["name"].widget.attrs.pop("maxlength", None)  # what is too long is said, not cut off
        self.initial |= {"audience": f"{view.scope}:{view.role}", "version": view.version}
        self.fields["audience"].choices = [
            (f"{one}:{role}", label)
            for one, role, label in (
                (scope.ME, "", scope.ME.label),
                *((scope.ROLE, role.value, _("everyone with the role: %s") % role.label) for role in Role),
                (scope.EVERYONE, "", scope.EVERYONE.label),
            )
            if may_share or one == scope.ME or (one, role) == (view.scope, view.role)
        ]

    def clean(self):
        super().clean()
        self.instance.scope, _colon, self.instance.role = self.cleaned_data.get("audience", "me:").partition(":")
        return self.cleaned_data
