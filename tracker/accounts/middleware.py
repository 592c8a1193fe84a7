from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tracker.roadmaps.access import needs_second_factor

from .kept import sign_in_first
from .sessions import is_over, mark_use


class SessionLimits:
    """Ends a session that was left alone too long, or has had its whole time; notes when it was last used."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            self.look_at(request)
        return self.get_response(request)

    def look_at(self, request):
        if is_over(request.session):
            self.end(request)
        elif mark_use(request.session):
            UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())

    def end(self, request):
        request.ended_for = request.user.pk  # told apart from signing out (signals.py); what is typed stays theirs
        logout(request)


class ReadersLanguage:
    """The interface in the language the person chose: in the profile, else in the cookie, else as the browser asks."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = (request.user.is_authenticated and request.user.language) or request.COOKIES.get(
            settings.LANGUAGE_COOKIE_NAME
        )
        known = chosen if chosen in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
        with translation.override(known):
            request.LANGUAGE_CODE = known
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", known)
        return response


class SignInFirst(LoginRequiredMiddleware):
    """Closed unless marked: who is not signed in does so first, and finds again what was typed."""

    def handle_no_permission(self, request, view_func):
        if request.headers.get("HX-Request") and request.method == "POST":  # a form that saves itself stays where it is
            return HttpResponse(status=401)
        if request.headers.get("HX-Request"):  # a piece of a page: the whole page goes to sign in
            login = f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
            return HttpResponse(status=204, headers={"HX-Redirect": login})
        if request.method == "POST":
            return sign_in_first(request)
        return super().handle_no_permission(request, view_func)


class SecondFactorFirst:
    """Reviewers and administrators give a second factor before anything else, where REQUIRE_MFA says so."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view_func, args, kwargs):
        if not settings.REQUIRE_MFA or not request.user.is_authenticated:
            return None
        if request.path.startswith(reverse("account")) or request.path == reverse("set_language"):
            return None
        if not needs_second_factor(request.user) or is_mfa_enabled(request.user):
            return None
        messages.warning(request, _("Your role asks for a second factor. Set one up, and then go on."))
        if request.headers.get("HX-Request"):  # a piece of a page: the whole page goes
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("mfa_index")})
        return redirect("mfa_index")
