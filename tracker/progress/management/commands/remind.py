from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.progress.models import Round
from tracker.progress.reminding import letters_to, remind_all, silent_parties


class Command(BaseCommand):
    help = (
        "Remind the parties of the reports that open rounds await, so many days before and after these are due. "
        "Run it once a day; again on the same day it sends nothing twice."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--before", type=int, nargs="*", default=[7, 1], metavar="DAYS", help="days before they are due (7 1)"
        )
        parser.add_argument(
            "--after", type=int, nargs="*", default=[1, 7], metavar="DAYS", help="days after they were due (1 7)"
        )
        parser.add_argument("--site", default=own_address(), help="the address of this installation, for the links")
        parser.add_argument("--dry-run", action="store_true", help="only say who would be reminded of how much")

    def handle(self, *, before, after, site, dry_run, **options):
        wanted = {*(-days for days in before), *after}
        for round_ in Round.objects.open().select_related("roadmap"):
            if (round_.roadmap.today() - round_.entry_due).days not in wanted:
                continue
            if dry_run:
                for party in silent_parties(round_):
                    for letter in letters_to(round_, party):
                        self.say(round_, party, f"{letter.person.email}, {len(letter.reports)}")
                continue
            outcomes, passed = remind_all(round_, site=site.rstrip("/"))
            for outcome in outcomes:
                count = len(outcome.letters) - len(outcome.unsent)
                self.say(
                    round_, outcome.party, ngettext("%(count)d person", "%(count)d people", count) % {"count": count}
                )
                for person in outcome.unsent:
                    self.say(round_, outcome.party, _("not sent: %(person)s") % {"person": person.email})
            for party in passed:
                self.say(round_, party, _("reminded today already"))

    def say(self, round_, party, what):
        self.stdout.write(f"{round_.roadmap.slug} · {round_} · {party}: {what}")


def own_address():
    """The first host that this installation answers to."""
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    return f"{'https' if settings.HTTPS else 'http'}://{hosts[0] if hosts else 'localhost'}"
