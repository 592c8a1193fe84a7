"""The page of one change set: what it did, to whom that is told, and what undoing it would put back."""

from dataclasses import dataclass, field
from itertools import islice

from django.core.paginator import Paginator
from django.utils.translation import gettext as _
from django_tasks import task

from tracker.history.models import ChangeSet
from tracker.history.rehearsal import rehearse
from tracker.history.undo import AT_ONCE, Words, in_order, size_of, steps_of, touched, undo
from tracker.jobs.running import running
from tracker.roadmaps.access import is_administrator
from tracker.roadmaps.models import Roadmap

from .histories import KINDS, WORDS

PER_PAGE = 50
LISTED = 200  # of what a job has refused


def may_undo(user, done):
    """Whether the person may try: their own, an administrator all. Each row then has its own rule."""
    return done.person_id == user.pk or is_administrator(user)


@dataclass
class Touched:
    """The rows that a set wrote: those that are told of one by one, and how many there are of each kind."""

    rows: list = field(default_factory=list)  # (model, kind of step, id)
    counts: list = field(default_factory=list)  # (model's name in plural, number, whether they are told of)

    @property
    def total(self):
        return sum(count for _name, count, _is_told in self.counts)

    @property
    def has_own(self):
        """Whether the set itself decided any of the rows: there may be something to undo."""
        return any(not model.is_derived for model, _kind, _pk in self.rows)


def touched_by(done, *, reader=None):
    """Reports and their like are counted only: who reads their texts is decided on their own pages.

    A reader who did not make the change is told of the rows that they may read, and of no others.
    """
    found = Touched()
    for model, kinds in touched(done):
        if reader is not None:
            kinds = {pk: kinds[pk] for pk in readable(model, done, reader) if pk in kinds}
        if kinds:
            found.counts.append((str(model._meta.verbose_name_plural), len(kinds), not model.is_private))
        if not model.is_private:
            found.rows += [(model, kind, pk) for pk, kind in kinds.items()]
    return found


def readable(model, done, reader):
    """The ids of the rows that the set wrote and the person may read."""
    if model not in WORDS:
        return ()
    written = model.history.model.objects.filter(change_set=done).order_by().values("id")
    return KINDS[WORDS[model]].visible_to(reader).filter(pk__in=written).order_by("pk").values_list("pk", flat=True)


def roadmap_of(found, user):
    """The roadmap around the page: that of the first row which lies in one; None, if the person does not see it."""
    for model, _kind, pk in found.rows:
        if model in WORDS and (way := KINDS[WORDS[model]].roadmap):
            place = model.objects.filter(pk=pk).values(way)
            return Roadmap.objects.visible_to(user).filter(pk__in=place).first()
    return None


def page_of(rows, done, number):
    """A page of the rows, each as (sentences, what has become of it since): a bounded number of queries."""
    page = Paginator(rows, PER_PAGE).get_page(number)
    steps = list(steps_of(done, grouped(page.object_list)))
    words = Words(steps)
    page.told = [(words.sentences(step), step.held) for step in steps]
    return page


def grouped(rows):
    groups = {}
    for model, kind, pk in rows:
        groups.setdefault((model, kind), []).append(pk)
    return [(model, kind, ids) for (model, kind), ids in groups.items()]


@dataclass
class Preview:
    """What undoing would do: rehearsed, or, where it is a job's work, the first rows as far as they are known."""

    restored: list
    refused: list
    total: int  # rows
    is_rehearsed: bool

    @property
    def changes_nothing(self):
        return self.is_rehearsed and not self.restored


def preview(done, *, by):
    groups = in_order(done)
    total = size_of(groups)
    if total <= AT_ONCE:
        undone, _wrote = rehearse(lambda: undo(done, by=by))
        return Preview(undone.restored, undone.refused, total, True)
    steps = list(islice((step for step in steps_of(done, groups) if step.is_own), PER_PAGE))
    words = Words(steps, is_undone=True)
    return Preview(
        [sentence for step in steps if not step.held for sentence in words.sentences(step)],
        [(words.what(step), step.held) for step in steps if step.held],
        total,
        False,
    )


@task
def undo_in_background(job_id):
    with running(job_id) as work:
        done = ChangeSet.objects.get(pk=work.job.arguments["change_set"])
        work.result = result_of(undo(done, by=work.job.person, slices=work.slices))


def result_of(undone):
    """What the page of a job tells of it."""
    found = {"words": in_words(undone), "refused": [{"what": w, "why": y} for w, y in undone.refused[:LISTED]]}
    return found | ({"url": undone.change_set.get_absolute_url()} if undone.change_set else {})


def in_words(undone):
    if not undone.rows:
        return _("Nothing was put back.")
    counts = {"restored": undone.rows, "refused": len(undone.refused)}
    return _("Put back: %(restored)d. Left as it is: %(refused)d.") % counts
