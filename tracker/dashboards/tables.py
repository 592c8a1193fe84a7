from django.utils.translation import gettext_lazy as _
from django_tables2 import Column, Table



class StatusTable(Table):
    """The columns of the status table as officials know it. Rows are drawn by dashboards/_rows.html."""

    number = Column(verbose_name=_("No."), order_by=("area_position", "number_key", "pk"))
    wording = Column(verbose_name=_("Item / milestone"), order_by=("search", "pk"))
    parties = Column(verbose_name=_("Executors · state by party"), empty_values=(), orderable=False)
    agreed = Column(verbose_name=_("Agreed term"), order_by=("agreed_due", "pk"))
    current = Column(verbose_name=_("Current term"), order_by=("due_on", "pk"))
    percent = Column(verbose_name=_("Progress"), order_by=("percent", "pk"))
    execution = Column(verbose_name=_("Execution"), order_by=("percent", "execution", "pk"))
    timeliness = Column(verbose_name=_("Timeliness"), order_by=("severity", "due_on", "pk"))

    class Meta:
        sequence = ("number", "wording", "parties", "agreed", "current", "percent", "execution", "timeliness")


class ItemTable(Table):
    """The columns of the list of items."""

    number = Column(verbose_name=_("No."), order_by=("number_key", "pk"))
    wording = Column(verbose_name=_("Item"), order_by=("search", "pk"))
    area = Column(verbose_name=_("Area"), order_by=("area__position", "number_key", "pk"))
    executors = Column(verbose_name=_("Executors"), empty_values=(), orderable=False)
    standing = Column(verbose_name=_("Milestones completed"), empty_values=(), orderable=False)
    timeliness = Column(verbose_name=_("Timeliness"), empty_values=(), orderable=False)
