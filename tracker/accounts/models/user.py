from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.lib.texts import fold


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        """A person entered by us, who vouch for the address; without a password nobody can sign in as them."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        user.vouch_for_address()
        return user

    def entered(self, email, **fields):
        """The person with this address, entered now if they are not known."""
        return self.filter(email__iexact=email).first() or self.create_user(email, **fields)

    def naming(self, word):
        """The people in whose name or e-mail the folded word stands; there are hundreds of them, not thousands."""
        found = [pk for pk, *names in self.values_list("pk", "name", "email") if word in fold(*names)]
        return self.filter(pk__in=found)

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """A person who signs in by e-mail. What they may do is in their grants, never here."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=200, blank=True)
    position = models.CharField(pgettext_lazy("of a person", "position"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=5, blank=True, choices=settings.LANGUAGES)
    lists = models.JSONField(default=dict, editable=False)  # how lists open for the person, by their URLs' names
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(_("entered on"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "email"]
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self):
        return self.name or self.email

    def vouch_for_address(self):
        """Make the person's e-mail the one they sign in with, as an administrator who entered it says it is theirs."""
        EmailAddress.objects.filter(user=self).exclude(email__iexact=self.email).delete()
        EmailAddress.objects.update_or_create(
            user=self, email=self.email.lower(), defaults={"verified": True, "primary": True}
        )

    def list_preference(self, name):
        """How the list of this URL name opens for the person: {"columns": […], "density": "…"} (lib/listing.py)."""
        return self.lists.get(name, {})

    def prefer(self, name, preference):
        """Let the list of this URL name open so for the person; None: as for everybody."""
        self.lists = {one: kept for one, kept in self.lists.items() if one != name}
        if preference:
            self.lists[name] = preference
        self.save(update_fields=["lists"])

    # Django's admin asks these; the answer comes from the grants (accounts/backends.py).
    def has_perm(self, permission, obj=None):
        return any(backend.has_perm(self, permission, obj) for backend in get_backends())

    def has_perms(self, permissions, obj=None):
        return all(self.has_perm(permission, obj) for permission in permissions)

    def has_module_perms(self, app_label):
        return self.has_perm(f"{app_label}.")
