from .event import Event
from .user import User
from .view import SavedView

__all__ = ["Event", "SavedView", "User"]
