"""Change sets: what belongs together, by whom and why, in one transaction and at one moment."""

from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django.utils import timezone

_pending = ContextVar("pending change set", default=None)
_request = ContextVar("request that changes", default=None)


class Pending:
    """A change set under way; its row is written with the first version."""

    def __init__(self, by, reason, source, at):
        self.by, self.reason, self.source, self.at, self.row = by, reason, source, at, None

    def moment(self):
        """The one moment of everything in this set: taken when first asked for, that is after the locks."""
        if self.at is None:
            self.at = timezone.now()
        return self.at

    def stored(self):
        """The row that the versions point to."""
        if self.row is None:
            from .models import ChangeSet

            self.row = ChangeSet.objects.create(
                at=self.moment(), person=self.by or person_asking(), reason=self.reason, source=self.source or source_asking()
            )
        return self.row


@contextmanager
def change_set(*, by=None, reason="", source=None, at=None):
    """One transaction, one moment, one line in the history. Inside another, it joins that one.

    `by` and `source` default to the request's; `at` dates the set (the sample programme, an import of old records).
    """
    outer = _pending.get()
    if outer is not None:
        outer.by, outer.reason, row = outer.by or by, outer.reason or reason, outer.row
        try:
            with transaction.atomic():
                yield outer
        except BaseException:
            outer.row = row  # a row made in here was rolled back
            raise
        return
    token = _pending.set(Pending(by, reason, source, at))
    try:
        with transaction.atomic():
            yield _pending.get()
    finally:
        _pending.reset(token)


def pending():
    """The change set under way; a version is never written outside one."""
    return _pending.get()


def moment():
    """The moment of the change set under way, or now."""
    under_way = _pending.get()
    return under_way.moment() if under_way else timezone.now()


@contextmanager
def asked_by(request):
    """What is changed in here is changed by this request's person."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def person_asking():
    request = _request.get()
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def source_asking():
    from .models import ChangeSet

    request = _request.get()
    if request is None:
        return ChangeSet.Source.COMMAND
    return ChangeSet.Source.ADMIN if request.path.startswith("/admin/") else ChangeSet.Source.PAGE
