"""The people of the sample programme, and their one password."""

import os
import secrets

from django.conf import settings
from django.utils.translation import gettext as _

from tracker.accounts.models import User
from tracker.history.changes import change_set
from tracker.roadmaps.models import Grant, Party, Role

ANALYSTS = {
    "kz": "Аналитик, Казахстан",
    "kg": "Аналитик, Кыргызстан",
    "ru": "Аналитик, Россия",
    "tj": "Аналитик, Таджикистан",
    "tm": "Аналитик, Туркменистан",
    "uz": "Аналитик, Узбекистан",
}
OTHERS = {
    "admin": ("Администратор", Role.ADMINISTRATOR),
    "reviewer": ("Секретариат, проверяющий", Role.REVIEWER),
    "observer": ("Наблюдатель", Role.OBSERVER),
}


def address(name):
    return f"{name}@example.org"


def enter_people():
    """The sample accounts by name, made where they are missing; nobody can sign in with a new one yet."""
    names = {name: title for name, (title, _role) in OTHERS.items()}
    names |= {f"analyst.{code}": title for code, title in ANALYSTS.items()}
    return {name: User.objects.entered(address(name), name=title) for name, title in names.items()}


def grant_admin(admin, *, at):
    """The administrator's role, which has no scope: the plan is entered by right."""
    with change_set(by=admin, at=at):
        Grant.objects.get_or_create(user=admin, role=Role.ADMINISTRATOR)


def grant_roles(people, roadmap, *, at):
    """The others' roles in the sample programme."""
    with change_set(by=people["admin"], at=at):
        for name, (_title, role) in OTHERS.items():
            if role != Role.ADMINISTRATOR:
                Grant.objects.get_or_create(user=people[name], role=role, roadmap=roadmap)
        for code in ANALYSTS:
            party = Party.objects.get(code=code.upper())
            Grant.objects.get_or_create(user=people[f"analyst.{code}"], role=Role.ANALYST, roadmap=roadmap, party=party)


def set_passwords(people, given):
    """Give all the password that is given, else the new ones the kept one; returns what to say of it.

    A password that somebody has set stays: `make run` comes here at every start.
    """
    if given:
        for user in people.values():
            if not (user.has_usable_password() and user.check_password(given)):
                set_password(user, given)
        kept_at().unlink(missing_ok=True)
        return _("as given")
    for user in people.values():
        if not user.has_usable_password():
            set_password(user, kept_password())
    return kept_password() if kept_at().exists() else _("as given before")


def set_password(user, password):
    user.set_password(password)
    user.save(update_fields=["password"])


def kept_at():
    return settings.DATA_DIR / "demo_password"


def kept_password():
    """The password made at the first start, kept beside the database for its owner only."""
    try:
        descriptor = os.open(kept_at(), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return kept_at().read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        password = "-".join(secrets.token_hex(2) for _part in range(4))
        file.write(password)
    return password
