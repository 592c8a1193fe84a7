from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tracker.accounts.models import User
from tracker.history.changes import change_set
from tracker.roadmaps import access
from tracker.roadmaps.models import Grant, Role


class Command(BaseCommand):
    help = "Enter an administrator: the first one of an empty installation, or one who takes over."

    def add_arguments(self, parser):
        parser.add_argument("--email", help="asked for, if not given")
        parser.add_argument("--password", help="asked for twice, if not given")

    def handle(self, *, email, password, **options):
        email = (email or input(_("E-mail: "))).strip().lower()
        self._check(validate_email, email)
        user = User.objects.filter(email__iexact=email).first() or User(email=email)
        if user.pk and access.is_administrator(user):
            self.stdout.write(_("%(email)s is an administrator already.") % {"email": email})
            return
        if not user.pk or not user.has_usable_password():
            password = password or self._asked()
            self._check(validate_password, password, user)
            user.set_password(password)
        with change_set(by=user if user.pk else None, reason=_("First administrator")):
            user.is_active = True
            user.save()
            user.vouch_for_address()
            Grant.objects.update_or_create(user=user, role=Role.ADMINISTRATOR, defaults={"until": None})
        self.stdout.write(_("%(email)s may now sign in and administer.") % {"email": email})

    def _asked(self):
        password = getpass(_("Password: "))
        if password != getpass(_("Password again: ")):
            raise CommandError(_("The two passwords differ. Nothing was changed."))
        return password

    def _check(self, check, *values):
        try:
            check(*values)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
