"""What is done to several rows: the same verb on each, each alone, so that one that is refused leaves the others."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.history.changes import change_set
from tracker.lib.errors import Refusal
from tracker.roadmaps import access

SLICE = 200  # rows in one transaction (spikes.md, C)
TAKEN = gettext_lazy("Somebody changed it at this very moment.")
GONE = gettext_lazy("It is not there any more, or not within your rights.")


@dataclass
class Line:
    """What becomes of one row; `why` only of one that is refused."""

    number: str
    wording: str = ""
    before: str = ""
    after: str = ""
    why: str = ""
    is_changed: bool = False


@dataclass
class Tally:
    """How many rows change, stay as they are, are refused."""

    changed: int = 0
    same: int = 0
    refused: int = 0

    @property
    def all(self):
        return self.changed + self.same + self.refused

    def count(self, lines):
        for line in lines:
            self.changed += line.is_changed
            self.refused += bool(line.why)
            self.same += not (line.is_changed or line.why)


class Deed:
    """A verb on rows of one model. A subclass says which rows, what keeps one from it, and how it is written."""

    model = None
    title = ""  # what the column of before and after is about
    guards_version = True
    shown = 200  # rows done and taken back in the preview; fewer where each is a verb of its own

    def __init__(self, roadmap, by, **said):
        self.roadmap, self.by = roadmap, by
        self.__dict__ |= said

    def targets(self, milestones):
        """The rows that it is about, of these milestones; only such as the person may see."""
        raise NotImplementedError

    def rows(self, keys):
        """Those rows with all that the other words need, in bounded queries."""
        raise NotImplementedError

    def stands(self, rows):
        """{key: how it stands, in words}."""
        raise NotImplementedError

    def name(self, row):
        """(number, wording) of a row."""
        return row.number, str(row.wording)

    def is_same(self, row):
        """Whether the row is as it would be already."""
        return False

    def held(self, row):
        """Why the row is refused as far as that is known without doing it, a sentence; empty where it may go."""
        return ""

    def write(self, rows):
        """Do it to each; returns {key: why it was refused}."""
        raise NotImplementedError


@dataclass
class Weighed:
    """Rows before something is done to them: those to be written, those that stay, and the refused with the reason."""

    rows: list
    todo: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)


def weigh(deed, seen):
    """What would become of these rows, {key: version that was seen}, by reading alone."""
    rows = deed.rows(list(seen))
    found = Weighed(rows)
    for row in rows:
        if deed.is_same(row):
            continue
        if held := deed.held(row):
            found.refused[row.pk] = str(held)
        else:
            found.todo.append(row)
    if deed.guards_version:
        stale = [row for row in found.todo if row.version != seen[row.pk]]
        found.todo = [row for row in found.todo if row.version == seen[row.pk]]
        found.refused |= changed_since(deed.model, stale)
    return found


def carry_out(deed, seen, *, in_words=False):
    """Do it to these rows, {key: version that was seen}; the lines that tell of each, in its order."""
    found = weigh(deed, seen)
    before = deed.stands(found.rows) if in_words else {}
    refused = found.refused | (deed.write(found.todo) if found.todo else {})
    after = deed.stands(deed.rows([row.pk for row in found.rows])) if in_words else {}
    written = {row.pk for row in found.todo} - refused.keys()
    lines = [
        Line(
            *deed.name(row),
            before=before.get(row.pk, ""),
            after=after.get(row.pk, ""),
            why=refused.get(row.pk, ""),
            is_changed=row.pk in written,
        )
        for row in found.rows
    ]
    return lines + [Line("—", why=str(GONE)) for _key in range(len(seen) - len(found.rows))]


def one_by_one(rows, verb):
    """Do the verb to each row, in a part of the change set of its own; returns {key: why it was refused}."""
    refused = {}
    for row in rows:
        try:
            with change_set():
                verb(row)
        except (Refusal, ValidationError, IntegrityError) as refusal:
            refused[row.pk] = why(refusal)
    return refused


def why(refusal):
    """The sentence of what was raised."""
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    return str(TAKEN) if isinstance(refusal, IntegrityError) else str(refusal)


def changed_since(model, rows):
    """{key: who changed the row last, and when}."""
    if not rows:
        return {}
    versions = model.history.model.objects.filter(id__in=[row.pk for row in rows]).select_related("change_set__person")
    last = {version.id: version.change_set for version in versions.order_by("history_id")}
    return {
        key: _("%(person)s changed it on %(at)s.")
        % {
            "person": found.person or found.get_source_display(),
            "at": date_format(timezone.localtime(found.at), "d.m.Y H:i"),
        }
        for key, found in last.items()
    }


def not_planned_by(user, row):
    """Why this person does not change the plan here, a sentence; empty if they may."""
    return "" if access.may(user, "plan", row) else access.REFUSALS["plan"]
