from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.lib.columns import Column, ListTable


class EventTable(ListTable):
    """The columns of the security log."""

    at = Column(verbose_name=_("At"), order_by=("at", "pk"))
    kind = Column(verbose_name=pgettext_lazy("of an event", "What"))
    person = Column(verbose_name=_("By whom"), order_by=("person__name", "person__email", "pk"))
    about = Column(verbose_name=_("Concerning"), order_by=("about__name", "about__email", "pk"))
    ip = Column(verbose_name=_("From where"), order_by=("ip", "pk"))
    detail = Column(verbose_name=_("Detail"), orderable=False)


class PeopleTable(ListTable):
    """The columns of the list of people."""

    name = Column(verbose_name=_("Person"), order_by=("name", "email", "pk"))
    grants = Column(verbose_name=_("May do"), orderable=False)
    last_login = Column(verbose_name=_("Last sign-in"), order_by=("last_login", "pk"))
    factor = Column(verbose_name=_("Second factor"), order_by=("has_factor", "pk"))
    state = Column(verbose_name=_("Account"), order_by=("is_active", "last_login", "pk"))
