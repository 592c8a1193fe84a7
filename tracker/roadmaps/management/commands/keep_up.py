from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from tracker.roadmaps.changes import keep_up


class Command(BaseCommand):
    help = (
        "Once a day: release the parts of parties whose last day is over, and ask those whose first day has come. "
        "May be run again without harm."
    )

    def handle(self, **options):
        self.stdout.write(_("Parties' parts released or asked: %(count)s.") % {"count": keep_up()})
