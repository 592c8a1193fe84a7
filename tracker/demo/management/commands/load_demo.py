from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from tracker.demo import accounts, programme


class Command(BaseCommand):
    help = "Enter the sample programme with its people and its history. Loading twice changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("--password", help="the password of the sample accounts, set even when they exist")

    def handle(self, *, password, **options):
        people = accounts.enter_people()
        roadmap = programme.load(people)
        said = accounts.set_passwords(people, password)
        self.stdout.write(f"{roadmap.title}: /r/{roadmap.slug}/")
        for user in people.values():
            self.stdout.write(f"  {user.email:26} {user.name}")
        self.stdout.write(_("  password: %(password)s") % {"password": said})
