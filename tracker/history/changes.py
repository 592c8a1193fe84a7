"""Change sets: what belongs together, by whom and why, in one transaction and at one moment."""

import weakref
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django.utils import timezone

_pending = ContextVar("pending change set", default=None)
_request = ContextVar("request that changes", default=None)
_worked_for = ContextVar("person that work is done for", default=None)


class Pending:
    """A change set under way; its row is written with the first version."""

    def __init__(self, by, reason, source, at, row=None):
        self.by, self.reason, self.source, self.at, self.row = by, reason, source, at, row
        self.connection = transaction.get_connection()
        self.savepoints = ()  # those under which the row was written
        self.before = []  # (row, its attributes, whether it was new) before each write, for a rollback

    def moment(self):
        """The one moment of everything in this set: taken when first asked for, that is after the locks."""
        if self.at is None:
            self.at = timezone.now()
        return self.at

    def stored(self):
        """The row that the versions point to."""
        from .models import ChangeSet

        savepoints = tuple(self.connection.savepoint_ids)
        if self.row is not None and savepoints[: len(self.savepoints)] != self.savepoints:
            # The block in which it was written is left: by a rollback, perhaps.
            self.row = ChangeSet.objects.filter(pk=self.row.pk).first()
            self.savepoints = savepoints
        if self.row is None:
            self.row = ChangeSet.objects.create(
                at=self.moment(),
                person=self.by or person_asking(),
                reason=self.reason,
                source=self.source or source_asking(),
            )
            self.savepoints = savepoints
        return self.row

    def remember(self, row):
        """Keep what the write of this row changes on the object, to put it back if the write is rolled back."""
        kept = {name: row.__dict__.get(name) for name in ("version", row._meta.pk.attname, "_loaded")}
        self.before.append((weakref.ref(row), kept, row._state.adding))

    def forget(self, mark):
        """Put the objects back to what they were when `mark` writes had been made."""
        while len(self.before) > mark:
            reference, kept, adding = self.before.pop()
            if (row := reference()) is not None:
                row.__dict__.update(kept)
                row._state.adding = adding

    @contextmanager
    def part(self, by, reason):
        """A nested set: it joins this one, lends it person and reason where it has none, and fails alone."""
        kept, mark = (self.by, self.reason, self.row, self.savepoints), len(self.before)
        try:
            with transaction.atomic():
                self.by, self.reason = self.by or by, self.reason or reason
                if self.row is not None and (self.by, self.reason) != kept[:2]:
                    self._lend()
                yield self
        except BaseException:
            self.by, self.reason, self.row, self.savepoints = kept
            self.forget(mark)
            raise

    def _lend(self):
        """The row is written already: give it the person and the reason that came after it."""
        self.stored().lend(self.by, self.reason)


@contextmanager
def change_set(*, by=None, reason="", source=None, at=None, into=None):
    """One transaction, one moment, one line in the history. Inside another, it joins that one.

    `by` and `source` default to the request's; `at` dates the set (the sample programme, an import of old records).
    `into` is the stored set that this transaction goes on with: long work is committed slice by slice, each with its
    own moment, so that others may write in between.
    """
    outer = pending()
    if outer is not None:
        if into is not None:
            raise RuntimeError("a further slice of a change set is a transaction of its own")
        with outer.part(by, reason):
            yield outer
        return
    before, own = _pending.get(), Pending(by, reason, source, at, into)
    _pending.set(own)
    try:
        with transaction.atomic():
            yield own
            if own.row is not None:
                _renew_state()
    except BaseException:
        own.forget(0)
        raise
    finally:
        _pending.set(before)


def _renew_state():
    from .models import DataState

    DataState.renew()


@contextmanager
def one_write():
    """The change set of a single write: the one under way, without a savepoint of its own, or one made for it."""
    under_way = pending()
    if under_way is None:
        with change_set() as own:
            yield own
        return
    mark = len(under_way.before)
    try:
        yield under_way
    except BaseException:
        under_way.forget(mark)
        raise


def pending():
    """The change set under way on this connection (a context copied into another thread has another connection)."""
    under_way = _pending.get()
    if under_way is None:
        return None
    connection = transaction.get_connection()
    return under_way if under_way.connection is connection and connection.in_atomic_block else None


def moment():
    """The moment of the change set under way, or now."""
    under_way = pending()
    return under_way.moment() if under_way else timezone.now()


@contextmanager
def asked_by(request):
    """What is changed in here is changed by this request's person."""
    before = _request.get()
    _request.set(request)
    try:
        yield
    finally:
        _request.set(before)


@contextmanager
def working_for(person):
    """What is changed in here, after the request that asked for it, is changed by this person."""
    before = _worked_for.get()
    _worked_for.set(person)
    try:
        yield
    finally:
        _worked_for.set(before)


def request_asking():
    """The request at work, or None in a command."""
    return _request.get()


def person_asking():
    request = _request.get()
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else _worked_for.get()


def source_asking():
    from .models import ChangeSet

    request = _request.get()
    if request is None:
        return ChangeSet.Source.PAGE if _worked_for.get() else ChangeSet.Source.COMMAND
    place = request.path.split("/", 2)[1]
    return {"admin": ChangeSet.Source.ADMIN, "api": ChangeSet.Source.API}.get(place, ChangeSet.Source.PAGE)
