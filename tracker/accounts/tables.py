from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.lib.columns import Column, Kind, ListTable

EVENT, PERSON = "accounts/_event_cells.html", "accounts/_person_cells.html"


class EventTable(ListTable):
    """The columns of the security log."""

    kept_first = ("at",)
    row_prefix = "e"
    related = ("person", "about")

    at = Column(verbose_name=_("At"), order_by=("at", "pk"), template=EVENT, kind=Kind.MOMENT, width=20)
    kind = Column(verbose_name=pgettext_lazy("of an event", "What"), template=EVENT, width=22)
    person = Column(
        verbose_name=_("By whom"), order_by=("person__name", "person__email", "pk"), template=EVENT, width=30
    )
    about = Column(
        verbose_name=_("Concerning"), order_by=("about__name", "about__email", "pk"), template=EVENT, width=30
    )
    ip = Column(verbose_name=_("From where"), order_by=("ip", "pk"), template=EVENT, width=18)
    detail = Column(verbose_name=_("Detail"), orderable=False, width=60)
    email = Column(
        verbose_name=_("E-mail"), accessor="person__email", order_by=("person__email", "pk"), by_default=False,
        in_files=True, width=30,
    )  # fmt: skip
    browser = Column(verbose_name=_("Browser"), orderable=False, by_default=False, in_files=True, width=60)

    def value_kind(self, event):
        return event.get_kind_display()


class PeopleTable(ListTable):
    """The columns of the list of people, with what accounts/views/people.with_standing() adds to them."""

    kept_first = ("name",)
    row_prefix = "p"

    name = Column(verbose_name=_("Person"), order_by=("name", "email", "pk"), template=PERSON, look="what", width=40)
    grants = Column(verbose_name=_("May do"), orderable=False, template=PERSON, width=60)
    last_login = Column(verbose_name=_("Last sign-in"), order_by=("last_login", "pk"), kind=Kind.DAY, width=14)
    factor = Column(verbose_name=_("Second factor"), order_by=("has_factor", "pk"), template=PERSON, width=14)
    state = Column(verbose_name=_("Account"), order_by=("is_active", "last_login", "pk"), template=PERSON, width=16)
    email = Column(verbose_name=_("E-mail"), order_by=("email", "pk"), by_default=False, in_files=True, width=30)
    position = Column(
        verbose_name=pgettext_lazy("of a person", "Position"), orderable=False, by_default=False, width=40
    )
    date_joined = Column(
        verbose_name=_("Entered on"), order_by=("date_joined", "pk"), by_default=False, kind=Kind.DAY, width=14
    )

    def value_name(self, person):
        return str(person)

    def value_grants(self, person):
        return "; ".join(grant.in_words() for grant in person.in_force)

    def value_factor(self, person):
        return _("yes") if person.has_factor else _("no")

    def value_state(self, person):
        if not person.is_active:
            return pgettext_lazy("of an account", "closed")
        return pgettext_lazy("of an account", "open") if person.last_login else _("not yet in")
