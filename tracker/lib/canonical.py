"""Data spelled in exactly one way, so that two spellings can be compared byte by byte, and its digest."""

import json
from datetime import UTC, date, datetime
from hashlib import sha256

from django.utils.functional import Promise


def canonical(data) -> str:
    """The JSON text of the data: keys in order, no spaces, every letter as itself."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=spelled)


def digest(text: str) -> str:
    """The SHA-256 of the text in UTF-8, 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def spelled(value):
    """A day or a moment (in UTC) as ISO 8601 writes it; a translated word as it is read now."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical spelling")
