import resource
import time

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tracker.demo.generator import SHARES, generate
from tracker.lib.planner import look_again

BYTES = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    "postgresql": "SELECT pg_database_size(current_database())",
}


class Command(BaseCommand):
    help = (
        "Invent programmes of any size, with a history spread over the period, for measuring and for trying at scale."
    )

    def add_arguments(self, parser):
        parser.add_argument("--milestones", type=int, required=True, help="how many in all")
        parser.add_argument("--seed", type=int, default=1, help="the same seed invents the same (default 1)")
        parser.add_argument("--roadmaps", type=int, default=len(SHARES), help="in how many roadmaps (default 5)")

    def handle(self, *, milestones, seed, roadmaps, **options):
        if milestones < 1 or roadmaps < 1:
            raise CommandError("Give at least one milestone and one roadmap.")
        began = time.monotonic()
        try:
            size = generate(
                milestones, seed=seed, roadmaps=roadmaps, told=lambda done: self.stdout.write(f"{done} of {milestones}")
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        look_again()
        with connection.cursor() as cursor:
            cursor.execute(BYTES[connection.vendor])
            stored = cursor.fetchone()[0] >> 20
        seconds, memory = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        self.stdout.write(
            f"{size.items} items, {size.milestones} milestones, {size.commitments} parties' parts, "
            f"{size.reports} reports in {seconds:.0f} s; database {stored} MB, memory {memory} MB at most"
        )
