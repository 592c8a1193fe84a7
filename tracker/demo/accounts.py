"""The people of the sample programme, and their one password."""

import os
import secrets

from django.conf import settings

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
    return {
        name: User.objects.get_or_create(email=address(name), defaults={"name": title, "password": "!"})[0]
        for name, title in names.items()
    }


def grant_admin(admin):
    """The administrator's role, which has no scope: the plan is entered by right."""
    with change_set(by=admin):
        Grant.objects.get_or_create(user=admin, role=Role.ADMINISTRATOR)


def grant_roles(people, roadmap):
    """The others' roles in the sample programme."""
    with change_set(by=people["admin"]):
        for name, (_title, role) in OTHERS.items():
            if role != Role.ADMINISTRATOR:
                Grant.objects.get_or_create(user=people[name], role=role, roadmap=roadmap)
        for code in ANALYSTS:
            party = Party.objects.get(code=code.upper())
            Grant.objects.get_or_create(user=people[f"analyst.{code}"], role=Role.ANALYST, roadmap=roadmap, party=party)


def set_passwords(people, password):
    """Give all the same password, where it is not theirs already."""
    for user in people.values():
        if not (user.has_usable_password() and user.check_password(password)):
            user.set_password(password)
            user.save(update_fields=["password"])


def kept_password():
    """The password made at the first start, kept beside the database for its owner only."""
    path = settings.DATA_DIR / "demo_password"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        password = "-".join(secrets.token_hex(2) for _part in range(4))
        file.write(password)
    return password
