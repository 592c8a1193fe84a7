from django.core.management.base import BaseCommand

from tracker.history.anchors import anchor


class Command(BaseCommand):
    help = "Store a digest of what has been recorded since the last one: nightly. Twice changes nothing."

    def handle(self, **options):
        last = anchor()
        self.stdout.write(str(last) if last else "Nothing has been recorded yet.")
