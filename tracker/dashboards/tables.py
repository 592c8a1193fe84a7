from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tracker.lib.columns import Column, ListTable


class StatusTable(ListTable):
    """The columns of the status table as officials know it. Rows are drawn by dashboards/_rows.html."""

    number = Column(verbose_name=_("No."), order_by=("area_position", "number_key", "pk"))
    wording = Column(verbose_name=_("Item / milestone"), order_by=("search", "pk"))
    parties = Column(verbose_name=_("Executors · state by party"), empty_values=(), orderable=False)
    agreed = Column(verbose_name=_("Agreed term"))
    current = Column(verbose_name=_("Current term"))
    percent = Column(verbose_name=_("Progress"), order_by=("percent", "pk"))
    execution = Column(verbose_name=_("Execution"), order_by=("percent", "execution", "pk"))
    timeliness = Column(verbose_name=_("Timeliness"), order_by=("severity", "due_on", "pk"))

    class Meta:
        sequence = ("number", "wording", "parties", "agreed", "current", "percent", "execution", "timeliness")

    def order_agreed(self, rows, is_descending):
        return by_day(rows, "agreed_due", is_descending), True

    def order_current(self, rows, is_descending):
        return by_day(rows, "due_on", is_descending), True


def by_day(rows, column, is_descending):
    """In order of a day; rows without one stand last both ways, on every database."""
    day = F(column)
    return rows.order_by(day.desc(nulls_last=True) if is_descending else day.asc(nulls_last=True), "pk")


class ItemTable(ListTable):
    """The columns of the list of items."""

    number = Column(verbose_name=_("No."), order_by=("number_key", "pk"))
    wording = Column(verbose_name=_("Item"), order_by=("search", "pk"))
    area = Column(verbose_name=_("Area"), order_by=("area__position", "number_key", "pk"))
    executors = Column(verbose_name=_("Executors"), empty_values=(), orderable=False)
    standing = Column(verbose_name=_("Milestones completed"), empty_values=(), orderable=False)
    timeliness = Column(verbose_name=_("Timeliness"), empty_values=(), orderable=False)
