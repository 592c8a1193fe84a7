from .event import Event
from .user import User
from .view import ListPreference, SavedView

__all__ = ["Event", "ListPreference", "SavedView", "User"]
