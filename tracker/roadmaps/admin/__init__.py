"""The plan, as administrators keep it: the verbs of the models do the work, these forms say what is wrong."""

from . import amendment, item, milestone, organisation, party, roadmap

__all__ = ["amendment", "item", "milestone", "organisation", "party", "roadmap"]
