"""What the product refuses, in words; one middleware turns each refusal into a page."""

from django.shortcuts import render
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """A verb that may not be done now. `str()` is a sentence for the reader; `status` is the HTTP status."""

    status = 409
    title = _("This cannot be done now")


class NotAllowed(Refusal):
    """The person may see the object but not do this to it."""

    status = 403
    title = _("You may not do this")


class WrongState(Refusal):
    """The object is not in a state from which the verb leads anywhere."""


class Conflict(Refusal):
    """Someone else saved the object since it was read."""

    title = _("Someone else has changed this in the meantime")


class Refusals:
    """Middleware: a refusal raised by a view becomes its page, 403 or 409, with the sentence."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, Refusal):
            return render(request, "refusal.html", {"refusal": exception}, status=exception.status)
        return None
