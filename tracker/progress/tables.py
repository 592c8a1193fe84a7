from django.utils.translation import gettext_lazy as _

from tracker.lib.columns import Column, ListTable, by_day


class DeadlineTable(ListTable):
    """The columns of the register of moves."""

    number = Column(verbose_name=_("No."), order_by=("milestone__area_position", "milestone__number_key", "pk"))
    wording = Column(verbose_name=_("Milestone"), order_by=("milestone__search", "pk"))
    before = Column(verbose_name=_("From"))
    after = Column(verbose_name=_("To"))
    days = Column(verbose_name=_("By how much"))
    reason = Column(verbose_name=_("Why"), order_by=("reason", "pk"))
    proposed = Column(verbose_name=_("Proposed"))
    decided = Column(verbose_name=_("Decided"))

    def order_before(self, rows, is_descending):
        return by_day(rows, "before_due", is_descending), True

    def order_after(self, rows, is_descending):
        return by_day(rows, "after_due", is_descending), True

    def order_days(self, rows, is_descending):
        return by_day(rows, "days", is_descending), True

    def order_proposed(self, rows, is_descending):
        return by_day(rows, "proposed_at", is_descending), True

    def order_decided(self, rows, is_descending):
        return by_day(rows, "decided_at", is_descending), True


class DocumentTable(ListTable):
    """The columns of the register of documents."""

    title = Column(verbose_name=_("Document"), order_by=("title", "pk"))
    kind = Column(verbose_name=_("Kind"), order_by=("kind", "pk"))
    dated_on = Column(verbose_name=_("Date"))
    issued_by = Column(verbose_name=_("Issued by"), order_by=("issued_by", "pk"))
    party = Column(verbose_name=_("Party"), order_by=("party__position", "party__code", "pk"))
    proves = Column(verbose_name=_("Proves"), empty_values=(), orderable=False)
    size = Column(verbose_name=_("File"), order_by=("size", "pk"))

    def order_dated_on(self, rows, is_descending):
        return by_day(rows, "dated_on", is_descending), True
