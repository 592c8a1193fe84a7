from contextlib import nullcontext

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tracker.history.changes import change_set
from tracker.history.checks import differences
from tracker.progress.recount import recount


class Command(BaseCommand):
    help = (
        "Compute again from the reports what commitments and milestones carry, and check the history. "
        "Lists every row that differs; --fix writes them."
    )

    def add_arguments(self, parser):
        parser.add_argument("--fix", action="store_true", help="write what was computed")

    def handle(self, *, fix, **options):
        count = 0
        with change_set(reason=_("Recount")) if fix else nullcontext():
            for row, names in recount(fix=fix):
                count += 1
                self.stdout.write(f"{row._meta.verbose_name} {row.pk} ({row}): {', '.join(names)}")
        broken = differences()
        for sentence in broken:
            self.stdout.write(sentence)
        if broken:
            raise CommandError(_("The history does not hold. Restore a backup, or ask the developers."))
        if count and not fix:
            raise CommandError(_("Rows that differ: %(count)s. With --fix they are written.") % {"count": count})
        self.stdout.write(
            _("Rows written: %(count)s.") % {"count": count} if count else _("Everything is as computed.")
        )
