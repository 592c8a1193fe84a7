from .amendment import Amendment
from .area import PriorityArea, RoadmapArea
from .commitment import Commitment
from .grant import Grant, Role
from .item import Executor, Item, Participation
from .judged import Confidence, Control, Execution, State
from .milestone import Milestone, Replacement
from .organisation import Organisation
from .party import Party, RoadmapParty
from .roadmap import Roadmap

__all__ = [
    "Amendment",
    "Commitment",
    "Confidence",
    "Control",
    "Execution",
    "Executor",
    "Grant",
    "Item",
    "Milestone",
    "Organisation",
    "Participation",
    "Party",
    "PriorityArea",
    "Replacement",
    "Roadmap",
    "RoadmapArea",
    "RoadmapParty",
    "Role",
    "State",
]
