"""Numbers as people count them: 1.2 before 1.10."""

import re


def number_key(number):
    """A sort key for "2.14" or "M1C1-10": each run of digits padded to six places."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(6), number.strip().casefold())[:120]
