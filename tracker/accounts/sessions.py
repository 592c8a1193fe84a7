"""How long a session lasts: marks of its beginning and its last use, and what they allow."""

from time import time

from django.conf import settings

BEGAN, SEEN = "began", "seen"  # seconds since 1970
SEEN_EVERY = 5 * 60  # how exactly the last use is known; each mark is a write


def begin(session):
    """Mark a session that starts now."""
    session[BEGAN] = session[SEEN] = int(time())


def is_over(session):
    """Whether the session was left alone too long, or has had its whole time."""
    now, seen = time(), session.get(SEEN)
    if seen is None:
        return False
    return now - seen > settings.SESSION_IDLE.total_seconds() or now - session[BEGAN] > settings.SESSION_COOKIE_AGE


def mark_use(session):
    """Note that the session is used now; returns whether that was worth a write."""
    if SEEN not in session:  # it began before such marks were made
        begin(session)
        return True
    if time() - session[SEEN] <= SEEN_EVERY:
        return False
    session[SEEN] = int(time())
    return True
