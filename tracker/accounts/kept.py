"""What was typed when a session had ended: kept through signing in again, and put back into its form.

It travels in the sign-in page itself, sealed, so that nobody can fill the database without an account; once the person
is in, it waits in their session until they send a form. Passwords and files are never kept.
"""

from dataclasses import dataclass

from allauth.account.forms import LoginForm
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tracker.lib.filling import fill

FIELD = "kept"
SALT = "tracker.kept"
GOOD_FOR = 12 * 3600  # seconds
LARGEST = 512 * 1024  # characters, sealed
OF_NOBODY = 16 * 1024  # so many are kept before it is known who comes in: while they are at an outside provider
NOT_TYPED = {"csrfmiddlewaretoken", "version", "next", FIELD}


@dataclass
class Kept:
    """A form as it was sent: the address of its page, whose it was (if that is known), and the fields by name."""

    page: str
    person: int | None
    fields: dict
    had_files: bool

    @property
    def texts(self):
        """What was typed, to be read where the page has no place for it any more."""
        return {name: values for name, values in self.fields.items() if any(value.strip() for value in values)}


def sealed(request):
    """The form of this request as a sealed text; empty if nothing was typed, or far too much."""
    if request.path.startswith(reverse("account")) or request.path == reverse("set_language"):
        return ""
    fields = {
        name: values
        for name, values in request.POST.lists()
        if name not in NOT_TYPED and "password" not in name and not name.endswith(("_FORMS", "read_version"))
    }
    if not any(value.strip() for values in fields.values() for value in values):
        return ""
    person = request.user.pk or getattr(request, "ended_for", None)
    content = {"page": page_of(request), "person": person, "fields": fields, "had_files": bool(request.FILES)}
    text = signing.dumps(content, salt=SALT, compress=True)
    return text if len(text) <= LARGEST else ""


def opened(text):
    """What was sealed, or None where it is not ours or too old."""
    try:
        return Kept(**signing.loads(text, salt=SALT, max_age=GOOD_FOR))
    except (signing.BadSignature, TypeError):
        return None


def page_of(request):
    """The address of the page on which the form stood."""
    came_from = request.META.get("HTTP_REFERER", "")
    host = f"{request.scheme}://{request.get_host()}"
    page = came_from.removeprefix(host) if came_from.startswith(f"{host}/") else request.get_full_path()
    return page if url_has_allowed_host_and_scheme(page, None) else reverse("start")  # "//host/" would lead away


def sign_in_first(request):
    """The answer to a form that somebody sends who is not signed in, or no longer."""
    kept, page = sealed(request), page_of(request)
    if not kept:
        return redirect_to_login(page)
    context = {
        "form": LoginForm(request=request),
        "redirect_field_name": "next",
        "redirect_field_value": page,
    }
    request.kept_text = kept
    return render(request, "account/login.html", context, status=403)


def csrf_failure(request, reason=""):
    """A form whose token is out of date, because its session was: filled again, if it is a form of ours."""
    if is_our_own(request) and not request.headers.get("HX-Request"):
        if not request.user.is_authenticated:
            return sign_in_first(request)
        if kept := sealed(request):
            request.session[FIELD] = kept
            return redirect(page_of(request))
    return render(request, "403_csrf.html", status=403)


def is_our_own(request):
    """Whether the browser says that the form stood on a page of this host: no other page can say so."""
    origin = request.META.get("HTTP_ORIGIN") or request.META.get("HTTP_REFERER", "")
    return f"{origin}/".startswith(f"{request.scheme}://{request.get_host()}/")


class KeptForms:
    """Middleware: carries what was kept into the session of who signs in, and puts it back into its page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.kept = self.waiting(request)
        at_the_door = request.path.startswith(reverse("account"))
        request.kept_text = request.POST.get(FIELD, "") if request.method == "POST" and at_the_door else ""
        if request.method == "POST" and not at_the_door and FIELD in request.session:
            del request.session[FIELD]
        response = self.get_response(request)
        if request.method == "POST" and at_the_door:
            self.carry(request, response)
        elif request.kept and response.get("Content-Type", "").startswith("text/html") and not response.streaming:
            response.content = fill(response.content.decode(), request.kept.fields)
        return response

    def waiting(self, request):
        """What waits for this page, if it is this person's."""
        if request.method != "GET" or not request.user.is_authenticated or not request.session.get(FIELD):
            return None
        kept = opened(request.session[FIELD])
        if kept is None or kept.page != request.get_full_path() or kept.person not in (None, request.user.pk):
            return None
        return kept

    def carry(self, request, response):
        """Signing in succeeded, or its first step: from here on the session keeps what the sign-in page brought."""
        text, is_known = request.kept_text, request.user.is_authenticated or LOGIN_SESSION_KEY in request.session
        most = LARGEST if is_known else OF_NOBODY
        if response.status_code == 302 and 0 < len(text) <= most and opened(text):
            request.session[FIELD] = text
