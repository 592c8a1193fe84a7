"""The registers of progress as tables: moves of terms, documents."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from tracker.dashboards.status_rows import slip_in_words
from tracker.lib.columns import Column, Kind, ListTable
from tracker.lib.groups import ByChoice
from tracker.roadmaps.grouping import ByArea

from .documents import rows_of
from .models import DeadlineChange, Evidence
from .register import days_in_words, notes_on

MOVE, DOCUMENT = "progress/_deadline_cells.html", "progress/_document_cells.html"


def optional(label, **options):
    """A column that is there when it is chosen, and in every file unless it says otherwise."""
    return Column(**{"verbose_name": label, "by_default": False, "in_files": True, "orderable": False} | options)


@dataclass
class Move:
    """A row of the register of moves with what is said beside it."""

    change: DeadlineChange
    days: str
    slip: str  # of the milestone as it stands now
    note: str
    is_to_decide: bool

    @property
    def pk(self):
        return self.change.pk


def moves_of(changes, roadmap, to_decide=()):
    notes = notes_on(changes)
    for change in changes:
        change.milestone.item.roadmap = roadmap
    return [
        Move(
            change,
            days=days_in_words(change),
            slip=slip_beyond(change),
            note=notes.get(change.pk, ""),
            is_to_decide=change.pk in to_decide,
        )
        for change in changes
    ]


def slip_beyond(change):
    """How the milestone stands now, where that is more than this very move says."""
    milestone = change.milestone
    is_all = (
        change.term == DeadlineChange.Term.CURRENT
        and change.state == DeadlineChange.State.APPROVED
        and milestone.moves == 1
    )
    if is_all and change.days_between == milestone.slip and milestone.first_due == milestone.agreed_due:
        return ""
    return slip_in_words(milestone)


class MovesByArea(ByArea):
    column = "milestone__area"


class MovesByState(ByChoice):
    label, column, parameter, choices = _("State"), "state", "state", DeadlineChange.State


class DeadlineTable(ListTable):
    """The register of moves. Set `to_decide` (the ids that wait for the reader) before it is drawn."""

    kept_first = ("number",)
    row_prefix = "c"
    related = ("milestone__item", "milestone__area", "party", "proposed_by", "decided_by", "amendment")
    to_decide = ()
    groupings, opens_grouped = {"area": MovesByArea, "state": MovesByState}, False

    number = Column(
        verbose_name=_("No."), accessor="change__milestone__number", template=MOVE, look="no", width=10,
        order_by=("milestone__area_position", "milestone__number_key", "pk"),
    )  # fmt: skip
    wording = Column(
        verbose_name=_("Milestone"), order_by=("milestone__search", "pk"), template=MOVE, look="what", width=60
    )
    before = Column(verbose_name=_("From"), by_day="before_due", width=18)
    after = Column(verbose_name=_("To"), by_day="after_due", template=MOVE, width=18)
    days = Column(verbose_name=_("By how much"), by_day="days", template=MOVE, kind=Kind.NUMBER, width=12)
    reason = Column(verbose_name=_("Why"), order_by=("reason", "pk"), template=MOVE, width=30)
    proposed = Column(
        verbose_name=_("Proposed"), accessor="change__proposed_at", by_day="proposed_at", template=MOVE,
        kind=Kind.DAY, width=12,
    )  # fmt: skip
    decided = Column(
        verbose_name=_("Decided"), accessor="change__decided_at", by_day="decided_at", template=MOVE,
        kind=Kind.DAY, width=12,
    )  # fmt: skip

    area = optional(_("Area"), accessor="change__milestone__area", width=30)
    item_number = optional(_("Item No."), accessor="change__milestone__item__number", width=10)
    term = optional(_("Which term"), accessor="change__get_term_display", width=14)
    before_due = optional(_("From, due day"), accessor="change__before_due", kind=Kind.DAY, width=12)
    after_due = optional(_("To, due day"), accessor="change__after_due", kind=Kind.DAY, width=12)
    text = optional(_("Explanation"), accessor="change__text", width=60)
    basis = optional(_("Basis document"), accessor="change__basis", width=40)
    amendment = optional(_("Amendment"), accessor="change__amendment", width=30)
    party = optional(_("On behalf of"), accessor="change__party", width=20)
    proposed_by = optional(_("Proposed by"), accessor="change__proposed_by", width=30)
    state = optional(_("State"), accessor="change__get_state_display", width=14)
    decided_by = optional(_("Decided by"), accessor="change__decided_by", width=30)
    slip = optional(
        _("Slip of the milestone now, days"), accessor="change__milestone__slip", kind=Kind.NUMBER, width=12
    )
    moves = optional(_("Times moved"), accessor="change__milestone__moves", kind=Kind.NUMBER, width=10)
    address = optional(_("Address"), drawn=False, kind=Kind.ADDRESS, width=40)

    def prepare(self, records):
        return moves_of(records, self.request.roadmap, self.to_decide)

    def value_wording(self, move):
        return str(move.change.milestone.wording)

    def value_before(self, move):
        return move.change.before.in_words()

    def value_after(self, move):
        return move.change.after.in_words()

    def value_days(self, move):
        return move.change.days_between

    def value_reason(self, move):
        return move.change.get_reason_display()

    def value_address(self, move):
        return self.request.build_absolute_uri(move.change.get_absolute_url())


class DocumentsByKind(ByChoice):
    label, column, parameter, choices = _("Kind"), "kind", "kind", Evidence.Kind


class DocumentTable(ListTable):
    """The register of documents."""

    kept_first = ("title",)
    row_prefix = "d"
    related = ("party",)
    groupings, opens_grouped = {"kind": DocumentsByKind}, False

    title = Column(
        verbose_name=_("Document"), accessor="document__title", order_by=("title", "pk"), template=DOCUMENT,
        look="what", width=50,
    )  # fmt: skip
    kind = Column(verbose_name=_("Kind"), accessor="document__get_kind_display", order_by=("kind", "pk"), width=16)
    dated_on = Column(verbose_name=_("Date"), accessor="document__dated_on", by_day="dated_on", kind=Kind.DAY, width=12)
    issued_by = Column(
        verbose_name=_("Issued by"), accessor="document__issued_by", order_by=("issued_by", "pk"), width=30
    )
    party = Column(
        verbose_name=_("Party"), accessor="document__party", order_by=("party__position", "party__code", "pk"), width=20
    )
    proves = Column(verbose_name=_("Proves"), orderable=False, template=DOCUMENT, width=40)
    size = Column(
        verbose_name=_("File"), accessor="document__file_name", order_by=("size", "pk"), template=DOCUMENT, width=30
    )

    number = optional(_("No."), accessor="document__number", width=14)
    audience = optional(_("Read by"), accessor="document__get_audience_display", width=30)
    checksum = optional("SHA-256", accessor="document__checksum", in_files=False, width=66)
    address = optional(_("Address"), drawn=False, kind=Kind.ADDRESS, width=40)

    def prepare(self, records):
        request = self.request
        return rows_of(records, request.user, request.roadmap, is_live=request.is_live)

    def value_proves(self, row):
        return "; ".join(milestone.number for milestone in row.milestones)

    def value_address(self, row):
        return self.request.build_absolute_uri(row.document.get_absolute_url())
