"""What the product refuses, in words; one middleware turns each refusal into a page."""

import logging

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DataError
from django.http import HttpResponseNotAllowed
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from tracker.lib.receiving import UploadTooBig

log = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST")


class Refusal(Exception):
    """A verb that may not be done now. `str()` is a sentence for the reader; `status` is the HTTP status."""

    status = 409
    title = _("This cannot be done now")

    def __init__(self, sentence="", *, ask=""):
        super().__init__(sentence)
        self.ask = ask  # whom to ask, a sentence


class NotAllowed(Refusal):
    """The person may see the object but not do this to it."""

    status = 403
    title = _("You may not do this")


class WrongState(Refusal):
    """The object is not in a state from which the verb leads anywhere."""


class Conflict(Refusal):
    """Someone else saved the object since it was read."""

    title = _("Someone else has changed this in the meantime")


class TooMuch(Refusal):
    """More was sent than is taken at once."""

    status = 413
    title = _("Too much was sent at once")


class Refusals:
    """Middleware: a refusal raised by a view becomes its page, 403 or 409, with the sentence."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code == 405 and request.method in METHODS and not response.content:
            page = render(request, "405.html", status=405)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_view(self, request, view_func, view_args, view_kwargs):
        """Pages are read and forms are sent: Django's own classes of views would know more methods."""
        return None if request.method in METHODS else HttpResponseNotAllowed(METHODS)

    def process_exception(self, request, exception):
        if isinstance(exception, Refusal):
            return refused(request, exception)
        if isinstance(exception, OverflowError | DataError):  # a number that no column can hold: nobody has typed it
            log.warning("%s was answered as a bad request", request.path, exc_info=exception)
            return bad_request(request, exception)
        return None


def refused(request, refusal):
    return render(request, "refusal.html", {"refusal": refusal}, status=refusal.status)


def bad_request(request, exception):
    """The page of a request that Django could not take: 413 for too much, 400 for the rest."""
    if isinstance(exception, UploadTooBig):
        limit = filesizeformat(settings.UPLOAD_LIMIT)
        return refused(request, TooMuch(_("A file may have up to %(limit)s.") % {"limit": limit}))
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        limit = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return refused(request, TooMuch(_("A form may hold up to %(limit)s of text.") % {"limit": limit}))
    return render(request, "400.html", status=400)
