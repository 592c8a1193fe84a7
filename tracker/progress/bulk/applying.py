"""Doing what was seen: one change set, written slice by slice; at once, or as a job where it is much."""

from dataclasses import dataclass, field
from itertools import islice

from django.http import QueryDict
from django.utils.translation import gettext as _
from django_tasks import task

from tracker.history.changes import change_set
from tracker.jobs.running import running
from tracker.lib.errors import WrongState
from tracker.roadmaps.models import Milestone, Roadmap

from .actions import ACTIONS
from .choice import Choice
from .deed import SLICE, Tally, carry_out

AT_ONCE = 200  # rows done while the person waits
TOLD = 500  # refused rows told of


@dataclass
class About:
    """What a form is about: whose, in which roadmap, on which milestones."""

    user: object
    roadmap: Roadmap
    milestones: object
    site: str = ""


@dataclass
class Done:
    """What came of it."""

    tally: Tally = field(default_factory=Tally)
    changed: list = field(default_factory=list)  # (number, wording)
    refused: list = field(default_factory=list)  # (number, wording, why)
    changes: int | None = None  # the key of the change set

    @property
    def result(self):
        """As a job, or the session, keeps it."""
        tally = self.tally
        refused = [{"what": f"{number} {words}".strip(), "why": why} for number, words, why in self.refused[:TOLD]]
        words = _("Changed: %(changed)d. Left as it was: %(same)d. Refused: %(refused)d.")
        return {
            "words": words % {"changed": tally.changed, "same": tally.same, "refused": tally.refused},
            "refused": refused,
        } | ({"url": f"/changes/{self.changes}/"} if self.changes else {})


def deeds_of(choice, by, roadmap):
    """(the form that was seen, its deeds); what was typed may fit no longer, as when an organisation has ended."""
    milestones = Milestone.objects.visible_to(by).filter(roadmap=roadmap)
    form = ACTIONS[choice.action].form(QueryDict(choice.typed), about=About(by, roadmap, milestones, choice.site))
    if not form.is_valid():
        raise WrongState(" ".join(error for errors in form.errors.values() for error in errors))
    return form, list(form.deeds(by))


def apply(choice, by, roadmap, *, slices, done):
    """Do each deed on the rows that were seen; `slices` cuts them into transactions, `done` is told after each."""
    form, deeds = deeds_of(choice, by, roadmap)
    work = [(deed, key, seen[key]) for deed, seen in zip(deeds, choice.seen, strict=True) for key in seen]
    row = None
    for part in slices(work):
        with change_set(by=by, reason=form.cause, into=row) as under_way:
            for deed in deeds:
                seen = {key: version for of, key, version in part if of is deed}
                if seen:
                    tell(done, carry_out(deed, seen))
        row = under_way.row or row
        done.changes = row.pk if row else None


def tell(done, lines):
    done.tally.count(lines)
    done.changed += [(line.number, line.wording) for line in lines if line.is_changed]
    done.refused += [(line.number, line.wording, line.why) for line in lines if line.why]


def is_large(choice):
    return choice.count > AT_ONCE


def in_slices(rows):
    rest = iter(rows)
    while part := list(islice(rest, SLICE)):
        yield part


@task()
def apply_in_background(job_id):
    """Slice by slice, each a transaction; what was done until it is cancelled remains, and is told."""
    with running(job_id) as work:
        choice, by, done = Choice.unpacked(work.job.arguments), work.job.person, Done()

        def slices(rows):
            for part in work.slices(rows):
                yield part
                work.result = done.result

        apply(choice, by, Roadmap.objects.get(pk=choice.roadmap), slices=slices, done=done)
