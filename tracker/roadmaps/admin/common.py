"""What the pages of the plan share: the decision on control, terms, deletion, asking the parties."""

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.terms import Kind, parse
from tracker.progress.models import Report
from tracker.roadmaps.models import Commitment

CONTROL = ("control", "control_on", "control_basis", "drop_reason")
DECISION = gettext_lazy("A decision about the plan: with its day and the document it rests on.")


def is_open_to_deletion(roadmap):
    """Rows go only from a draft roadmap, and only while nothing was reported in it (domain.md §8)."""
    return not roadmap.is_locked and not Report.objects.filter(commitment__roadmap=roadmap).exists()


def ask_the_parties(item, *, by):
    """Commitments as the participations ask for; who joins during an open round is asked in it."""
    item.ask_parties(by=by)
    item.roadmap.rounds.ask_newcomers(Commitment.objects.filter(milestone__item=item))


def warn_of_unknown(request, milestone):
    """A term that no pattern reads is kept as it is written, and said."""
    if milestone.agreed and milestone.agreed_kind == Kind.UNKNOWN:
        messages.warning(
            request,
            _(
                "%(number)s: no date could be read from the term “%(term)s”. It is kept as written; the milestone has "
                "no due day until an amendment gives one."
            )
            % {"number": milestone.number, "term": milestone.agreed.text},
        )


def leave_to_the_verb(row):
    """Put back the columns of the decision on control: `decide_control` alone writes them."""
    stored = type(row)._base_manager.filter(pk=row.pk).first() or type(row)()
    for name in CONTROL:
        if hasattr(row, name):
            setattr(row, name, getattr(stored, name))


def decide(row, form, *, by):
    """What the form says about control, as the decision that it is."""
    if form.typed & set(CONTROL):
        said = form.cleaned_data
        row.decide_control(
            said["control"], basis=said["control_basis"], on=said["control_on"], reason=said["drop_reason"], by=by
        )


class TermField(forms.CharField):
    """A term as the document writes it."""

    def __init__(self, **options):
        super().__init__(
            label=gettext_lazy("Term"),
            max_length=300,
            help_text=gettext_lazy("As in the document: 30.06.2026, II quarter 2026, 2025–2027, annually …"),
            **options,
        )


class WordedTerm(forms.ModelForm):
    """A milestone's term, typed while the plan is a draft; afterwards only an amendment moves it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        term = self.fields["term"]
        self.initial["term"] = self.instance.agreed_text
        if self.instance.pk:
            term.required = False
            if self.instance.item.roadmap.is_locked:
                term.disabled = True
                term.help_text = _("The plan is adopted: an amendment or a deadline change moves it.")

    def clean(self):
        super().clean()
        if not self.instance.pk:
            self.instance.agreed = parse(self.cleaned_data.get("term", "").strip())

    def save_term(self):
        if self.instance.pk and "term" in self.changed_data and self.instance.agreed_text != self.cleaned_data["term"]:
            self.instance.word_term(parse(self.cleaned_data["term"]))
