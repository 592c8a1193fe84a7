"""The address of a list that asks for something; every state of a list is in it (listing.py)."""

NO_VIEW = "none"
# From where a page is seen; kept from page to page, whatever else is asked
LOOKING = ("on", "known", "since")


def looking(asked):
    """{name: value} of what an address (a QueryDict) says of where its page is seen from."""
    return {name: asked[name] for name in LOOKING if asked.get(name)}


def as_live(asked):
    """What an address asks, without where its page is seen from: of the plan as it stands."""
    left = asked.copy()
    for name in LOOKING:
        left.pop(name, None)
    return left


def address_of(asked):
    """The address that asks for this (a QueryDict); one that asks for nothing would open the list with its view."""
    if not {name for name, values in asked.lists() if any(values)} - {*LOOKING}:
        asked["view"] = NO_VIEW
    return f"?{asked.urlencode()}"
