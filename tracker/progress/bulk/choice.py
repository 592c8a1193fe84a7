"""What was chosen and seen, carried from the preview to the deed: signed, so that nothing else is done than that."""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from django.core import signing
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import WrongState

SALT = "bulk"
HOLDS = timedelta(days=1)
OLD = _("This preview is too old. Select the rows again.")


@dataclass
class Choice:
    """An action as it was typed, and for each of its deeds the rows, {key: version}, that the preview was of."""

    user: int
    roadmap: int
    action: str
    typed: str  # the form, as a query
    query: str  # of the table, to go back to it and to choose anew
    rows: list = field(default_factory=list)  # selected; empty if all that match were
    seen: list = field(default_factory=list)
    site: str = ""
    once: str = field(default_factory=lambda: secrets.token_urlsafe(9))  # pressed twice, it is the same

    @property
    def count(self):
        return sum(len(rows) for rows in self.seen)

    def packed(self):
        """As plain data; the keys as steps from one to the next, which hardly take space."""
        return asdict(self) | {
            "seen": [[steps(sorted(rows)), [rows[key] for key in sorted(rows)]] for rows in self.seen]
        }

    @classmethod
    def unpacked(cls, data):
        seen = [dict(zip(sums(keys), versions, strict=True)) for keys, versions in data["seen"]]
        return cls(**data | {"seen": seen})

    def sealed(self):
        return signing.dumps(self.packed(), salt=SALT, compress=True)

    @classmethod
    def opened(cls, text, *, user, roadmap):
        """The choice of this person in this roadmap; another text, or an old one, is refused."""
        try:
            found = cls.unpacked(signing.loads(text, salt=SALT, max_age=HOLDS))
        except signing.BadSignature:
            raise WrongState(OLD) from None
        if (found.user, found.roadmap) != (user.pk, roadmap.pk):
            raise WrongState(OLD)
        return found


def steps(keys):
    return [key - before for before, key in zip([0, *keys], keys, strict=False)]


def sums(numbers):
    total = 0
    for number in numbers:
        total += number
        yield total
