"""The review's moves as one table (domain.md §4): from which states, to which, by whose right."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportState(models.TextChoices):
    ASKED = "asked", _("Asked")
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    ENDORSED = "endorsed", _("Endorsed")
    ACCEPTED = "accepted", _("Accepted")
    RETURNED = "returned", _("Returned")


class Audience(models.TextChoices):
    """Who reads the text or the file; status and dates are open to all parties of the roadmap."""

    ALL = "all", _("all parties of the roadmap")
    OWN = "own", _("own party and the reviewers")


@dataclass(frozen=True)
class Move:
    """One verb of the review: `to` None keeps the state; `right` is a verb of roadmaps/access.py."""

    before: frozenset
    to: str | None
    right: str
    refusal: str  # why not, when the report is in another state; may name %(state)s and %(who)s


S = ReportState
IN_REVIEW = frozenset({S.SUBMITTED, S.ENDORSED})
WITH_THE_PARTY = frozenset({S.ASKED, S.DRAFT, S.RETURNED})

BY_VERBS = _("Reports, with their remarks and documents, move only by the verbs of writing and review.")

MOVES = {
    "save": Move(WITH_THE_PARTY, None, "write", _("The report is %(state)s%(who)s; it can no longer be edited.")),
    "submit": Move(
        frozenset({S.DRAFT, S.RETURNED}), S.SUBMITTED, "write", _("The report is already %(state)s%(who)s.")
    ),
    "withdraw": Move(
        frozenset({S.SUBMITTED}),
        S.DRAFT,
        "write",
        _("Only a submitted report can be withdrawn; this one is %(state)s%(who)s."),
    ),
    "endorse": Move(
        frozenset({S.SUBMITTED}),
        S.ENDORSED,
        "endorse",
        _("Only a submitted report can be endorsed; this one is %(state)s%(who)s."),
    ),
    "accept": Move(IN_REVIEW, S.ACCEPTED, "review", _("The report is already %(state)s%(who)s.")),
    "return": Move(IN_REVIEW, S.RETURNED, "review", _("The report is already %(state)s%(who)s.")),
    "reopen": Move(
        frozenset({S.ACCEPTED}),
        S.RETURNED,
        "reopen",
        _("Only an accepted report can be reopened; this one is %(state)s%(who)s."),
    ),
}
