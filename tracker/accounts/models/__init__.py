from .event import Event
from .user import User

__all__ = ["Event", "User"]
