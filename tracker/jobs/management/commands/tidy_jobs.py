from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from tracker.jobs.models import Job


class Command(BaseCommand):
    help = (
        "Once a day: delete jobs that ended more than a week ago, with their files and their places in the queue. "
        "May be run again without harm."
    )

    def handle(self, **options):
        self.stdout.write(_("Jobs deleted: %(count)s.") % {"count": Job.objects.tidy()})
