"""What may be changed in the status table itself: which fields, by whom, and what keeps one from being changed now.

Asked twice: for a whole page of rows in principle (`editable`, cheap), and for the one row before it is changed
(`require`, `held_up`). Each write is the verb of the field's own page (inline_forms.py).
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import NotAllowed
from tracker.progress.models import DeadlineChange
from tracker.progress.models.deadline import WHO_PROPOSES
from tracker.roadmaps import access
from tracker.roadmaps.access import Role, grants_of
from tracker.roadmaps.models import Roadmap

OF_A_MILESTONE = {"weight": _("weight"), "term": _("current term"), "proof": _("what counts as proof")}
OF_AN_ITEM = {"executors": _("executors"), "note": _("note")}
NONE = frozenset()
CLOSED = _("The roadmap is closed: its plan no longer changes.")


@dataclass(frozen=True)
class Editable:
    """The fields that a person may edit in principle; empty (false) for most readers."""

    plans: bool = False  # administers: every field
    proposes: tuple = ()  # (area, party) of each grant that lets propose another term; None: any

    def __bool__(self):
        return self.plans or bool(self.proposes)

    def milestone_fields(self, area, parties=None):
        """The fields of a milestone in the area with this id; `parties` are the ids of those that have a part in it."""
        if self.plans:
            return OF_A_MILESTONE.keys()
        reached = any(a in (None, area) and (p is None or parties is None or p in parties) for a, p in self.proposes)
        return {"term"} if reached else NONE

    def item_fields(self, area):
        return OF_AN_ITEM.keys() if self.plans else NONE


def editable(user, roadmap):
    """What this person may edit in the roadmap's table today: asked once for a page, without a query."""
    if roadmap.state == Roadmap.State.CLOSED:
        return Editable()
    if access.may(user, "plan", roadmap):
        return Editable(plans=True)
    if roadmap.state == Roadmap.State.DRAFT:
        return Editable()
    grants = grants_of(user, Role.ANALYST, Role.REVIEWER)
    return Editable(proposes=tuple((g.area_id, g.party_id) for g in grants if g.roadmap_id in (None, roadmap.pk)))


def require(user, field, row):
    """Raise NotAllowed unless this person may edit the field of the milestone or item."""
    if field != "term":
        access.require(user, "plan", row)
    elif not any(DeadlineChange.speakers(row, user)):
        raise NotAllowed(WHO_PROPOSES, ask=access.whom_to_ask("write", row, apart_from=user))


def is_worded(user, field, milestone):
    """Whether the term is written with the plan: in a draft, by who administers."""
    return field == "term" and not milestone.item.roadmap.is_locked and access.may(user, "plan", milestone)


def held_up(user, field, row):
    """Why the field of this row is edited by nobody now, a sentence; empty where it may be."""
    roadmap = row.roadmap if field in OF_AN_ITEM else row.item.roadmap
    if roadmap.state == Roadmap.State.CLOSED:
        return CLOSED
    if field == "term" and not is_worded(user, field, row):
        return DeadlineChange.held_up(row)
    return ""
