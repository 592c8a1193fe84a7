"""Prints docs/rights.md: who may do what, and who gets in where. `make docs` writes it, `make check` compares it."""

import os
import re

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
django.setup()

from django.utils.translation import override  # noqa: E402

from tests.rights import ANSWERS, AREAS, OBJECTS, ROLES, addresses  # noqa: E402
from tracker.roadmaps.access import RIGHTS, WORDS, Role  # noqa: E402

PAGE = """\
# Who may do what, and who gets in where

Made by `make docs` of the two tables that hold: the rights of the roles (`tracker/roadmaps/access.py`) and the answers
of the addresses (`tests/rights.py`). The tests ask every address in every role and compare.

## Roles and rights

A role is given to a person by a grant and holds within its scope: a roadmap, an area, a party, an organisation, and
until a day. What a grant does not name does not narrow it; several grants of one person add up.

{rights}
## What the answers mean

{meanings}
## Addresses

GET reads; POST sends a form, here an empty one. **Bold** are those who get in. An address knows no other method than
those listed (405; who is not signed in goes to sign in). What stands in ‹› is an object:

{objects}
An object of another roadmap answers exactly as one that does not exist: the same status, headers and text.

{areas}
### The administration

Every address under `/admin/` is open to administrators alone: others are refused (403), and who is not signed in goes
to sign in (302).
"""


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def rights():
    rows = [[str(WORDS[verb]), *("yes" if role in RIGHTS[verb] else "" for role in Role)] for verb in RIGHTS]
    return table(["", *(str(role.label) for role in Role)], rows)


def area(rows, routes):
    lines = []
    for row in rows:
        known = {method: list(answers(row, method)) for method in ("GET", "POST") if row.knows(method)}
        if row.get == row.post:
            known = {"GET, POST": known["GET"]}
        path = in_words(routes[row.name], row.of)
        lines += [[f"`{path}`", row.what, method, *statuses] for method, statuses in known.items()]
    return table(["address", "", "", *ROLES.values()], lines)


def answers(row, method):
    """The statuses of an address, one for each role."""
    for role in ROLES:
        status = row.answer(role, method)
        yield f"**{status}**" if row.lets_in(role, method) else str(status)


def in_words(route, objects):
    """The route with words for its parameters: /r/<slug:slug>/ is /r/‹roadmap›/."""
    words = iter(objects)
    return re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]+>", lambda _found: f"‹{next(words)}›", route.replace("^", "").rstrip("$"))


def page():
    routes = {name: route for route, name in addresses()}
    return PAGE.format(
        rights=rights(),
        meanings=table(["", ""], [[str(status), words] for status, words in ANSWERS.items()]),
        objects=table(["", ""], [[f"‹{word}›", words] for word, words in OBJECTS.items()]),
        areas="\n".join(f"### {name}\n\n{area(rows, routes)}" for name, rows in AREAS.items()),
    )


if __name__ == "__main__":
    with override("en"):
        print(page(), end="")
