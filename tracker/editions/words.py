"""The words that an edition keeps, in every language: what was called how when it was sealed."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from tracker.progress.models import DeadlineChange, Evidence
from tracker.progress.status import RULES, Timeliness
from tracker.roadmaps.models import Commitment, Confidence, Control, Execution, Item, Milestone, Participation, Roadmap

LABELS = {
    "timeliness": Timeliness,
    "execution": Execution,
    "control": Control,
    "confidence": Confidence,
    "confirmation": Commitment.Confirmation,
    "freshness": Commitment.Freshness,
    "role": Participation.Role,
    "rule": Item.Rule,
    "drop_reason": Milestone.DropReason,
    "term": DeadlineChange.Term,
    "move_reason": DeadlineChange.Reason,
    "document": Evidence.Kind,
    "roadmap_state": Roadmap.State,
}
HEADS = {
    "number": _("No."),
    "wording": _("Wording"),
    "milestone": _("Milestone"),
    "item": _("Item"),
    "executors": _("Executors"),
    "roles": _("Parties and roles"),
    "parts": _("Parties"),
    "first": _("First agreed term"),
    "agreed": _("Agreed term"),
    "current": _("Current term"),
    "slip": _("Slip, days"),
    "moves": _("Times moved"),
    "percent": _("Percent"),
    "weight": _("Weight"),
    "done_on": _("Done on"),
    "forecast_on": _("Forecast"),
    "released_on": _("Released on"),
    "control_on": _("Control decided on"),
    "control_basis": _("Basis of the decision"),
    "proof": _("What counts as proof"),
    "expected_result": _("Expected result"),
    "form_of_completion": _("Form of completion"),
    "funding": _("Funding"),
    "note": _("Note"),
    "source": _("Source"),
    "timeliness": _("Timeliness"),
    "execution": _("Execution"),
    "control": _("Control"),
    "confidence": _("Confidence"),
    "confirmation": _("Confirmation"),
    "freshness": _("Freshness"),
    "role": _("Role"),
    "rule": _("Completed when completed by"),
    "drop_reason": _("Why dropped"),
    "report": _("Report"),
    "documents": _("Documents"),
    "changes": _("Moves of terms"),
}


def in_languages(say):
    """{language: what is said in it}; `say` is called once in each language of the product."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found[code] = say()
    return found


def labels():
    """{axis: [[code, its word by language]]}, in the order in which the values are shown."""
    return {
        axis: [[value.value, in_languages(lambda v=value: str(v.label))] for value in LABELS[axis]] for axis in LABELS
    }


def heads():
    return {name: in_languages(lambda w=words: str(w)) for name, words in HEADS.items()}


def rules():
    """What decided the timeliness: the rules in order, the first that fits."""
    return [
        {
            "timeliness": rule.timeliness,
            "states": rule.states,
            "spans": rule.spans,
            "sentence": in_languages(lambda r=rule: str(r.sentence)),
        }
        for rule in RULES
    ]
