"""The address of a list that asks for something; every state of a list is in it (listing.py)."""

NO_VIEW = "none"


def address_of(asked):
    """The address that asks for this (a QueryDict); one that asks for nothing would open the list with its view."""
    if not {name for name, values in asked.lists() if any(values)} - {"on"}:
        asked["view"] = NO_VIEW
    return f"?{asked.urlencode()}"
