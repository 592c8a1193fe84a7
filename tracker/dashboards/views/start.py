"""Where everyone begins, and in which language."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tracker.roadmaps.access import Role, grants_of, is_administrator
from tracker.roadmaps.models import Roadmap


@require_safe
def start(request):
    """Everyone begins where their work is: analysts at the desk, the others at a roadmap's overview."""
    roadmap = Roadmap.objects.visible_to(request.user).first()
    if roadmap is None:
        return render(request, "dashboards/start.html", {"may_administer": is_administrator(request.user)})
    if grants_of(request.user, Role.ANALYST, Role.COORDINATOR):
        return redirect("desk")
    return redirect(roadmap)


@login_not_required
@require_POST
def set_language(request):
    """Keep the chosen language in the cookie, and in the profile of who is signed in."""
    language, after = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, require_https=request.is_secure()):
        after = reverse("start")
    response = HttpResponseRedirect(after)
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax", secure=settings.HTTPS
        )
        if request.user.is_authenticated and request.user.language != language:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response
