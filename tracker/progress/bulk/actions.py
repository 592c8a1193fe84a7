"""Which actions there are on the selected rows, and which of them a person is offered."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tracker.progress.bulk_forms import AcceptForm, DecideForm, EditForm, MoveTermsForm, RemindForm
from tracker.progress.models.deadline import WHO_PROPOSES
from tracker.roadmaps import access
from tracker.roadmaps.access import REFUSALS, Role, grants_of
from tracker.roadmaps.models import Roadmap

State = Roadmap.State


def plans(user, roadmap):
    return roadmap.state != State.CLOSED and access.may(user, "plan", roadmap)


def proposes(user, roadmap):
    grants = grants_of(user, Role.ANALYST, Role.REVIEWER, Role.ADMINISTRATOR)
    return roadmap.state == State.ADOPTED and any(grant.roadmap_id in (None, roadmap.pk) for grant in grants)


def reviews(user, roadmap):
    return access.may(user, "review", roadmap)


@dataclass(frozen=True)
class Action:
    name: str
    label: str  # of its button in the bar
    title: str  # of its page
    verb: str  # of the button that does it
    form: type
    is_offered: Callable
    rule: str  # who may, in words
    note: str = ""
    way_back: str = ""  # of what is not undone as a whole

    @property
    def is_undone(self):
        return not self.way_back


ACTIONS = {
    action.name: action
    for action in (
        Action("edit", _("Edit"), _("Edit several"), _("Change"), EditForm, plans, REFUSALS["plan"]),
        Action(
            "control", _("Control"), _("Decision on control"), _("Decide"), DecideForm, plans, REFUSALS["plan"],
            note=_("A decision about the plan, not about a report: accepted reports stay as they are."),
        ),
        Action(
            "term", _("Propose another term"), _("Propose another term"), _("Propose"), MoveTermsForm, proposes,
            WHO_PROPOSES,
            note=_("A reviewer decides. The agreed term stays as it was signed, and the slip stays in sight."),
        ),
        Action(
            "accept", _("Accept reports"), _("Accept reports"), _("Accept"), AcceptForm, reviews, REFUSALS["review"],
            note=_("The reports in review on the selected milestones."),
            way_back=_("Acceptance is not undone here: an administrator may reopen a report, with the reason."),
        ),
        Action(
            "remind", _("Remind"), _("Remind the parties"), _("Remind"), RemindForm, plans, REFUSALS["plan"],
            note=_("Parties that owe a report on the selected milestones in the open round."),
            way_back=_("A message that was sent cannot be taken back."),
        ),
    )
}  # fmt: skip


def offered(user, roadmap):
    """The actions that this person is offered on rows of the roadmap: asked once for a page, without a query."""
    return [action for action in ACTIONS.values() if action.is_offered(user, roadmap)]
