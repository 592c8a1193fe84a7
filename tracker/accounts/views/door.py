"""The reader's own account, and what is answered at the door."""

import logging

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import remove_webauthn
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.lib.errors import NotAllowed, Refusal, refused
from tracker.roadmaps.access import RIGHTS, WORDS, needs_second_factor

log = logging.getLogger(__name__)


@require_safe
def account(request):
    """Who I am here, how I sign in, and what I may do."""
    user = request.user
    factors = {}
    for factor in Authenticator.objects.filter(user=user):
        factors.setdefault(factor.type, []).append(factor.wrap())
    codes = factors.get("recovery_codes")
    context = {
        "has_app": "totp" in factors,
        "passkeys": factors.get("webauthn", []),
        "codes_left": len(codes[0].get_unused_codes()) if codes else None,
        "needs_factor": settings.REQUIRE_MFA and needs_second_factor(user),
        "sessions": UserSession.objects.purge_and_list(user),
        "elsewhere": SocialAccount.objects.filter(user=user),
        "grants": grants_in_words(user, on=timezone.now().date()),
    }
    return render(request, "account/account.html", context)


def grants_in_words(user, *, on):
    """The person's grants: what each means, where it holds, until when, and whether that day has passed."""
    return [
        {
            "role": grant.get_role_display(),
            "means": [WORDS[verb] for verb, roles in RIGHTS.items() if grant.role in roles],
            "places": [place for place in (grant.roadmap, grant.area, grant.party, grant.organisation) if place],
            "until": grant.until,
            "is_over": not grant.is_in_force(on=on),
        }
        for grant in user.grants.select_related("roadmap", "area", "party", "organisation")
    ]


@require_POST
def session_end(request, pk):
    """Sign out in another browser."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    end_sessions(request, [session])
    messages.success(request, _("That session is ended."))
    return redirect("usersessions_list")


def passkey_remove(request, pk):
    """Take a passkey away, as allauth does; unless it is the last factor of who must have one."""
    factor = get_object_or_404(Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN)
    if not get_adapter().can_delete_authenticator(factor):
        raise NotAllowed(get_adapter().error_messages["cannot_delete_authenticator"])
    return remove_webauthn(request, pk=pk)


class NoAnswer(Refusal):
    status = 502
    title = gettext_lazy("The outside provider does not answer")


@login_not_required
def outside_login(request, provider_id):
    """Go to the outside provider, as allauth does."""
    return answered(openid_connect.login, request, provider_id)


@login_not_required
def outside_callback(request, provider_id):
    """Come back from there."""
    return answered(openid_connect.callback, request, provider_id)


def answered(view, request, provider_id):
    """What the view answers; the provider is asked on the way, and may be out of order."""
    try:
        return view(request, provider_id)
    except RequestException as error:
        log.error("the outside provider %s did not answer: %s", provider_id, error)
        return refused(request, NoAnswer(_("Sign in with your password, or try again later.")))


class TooMany(Refusal):
    status = 429
    title = gettext_lazy("Too many attempts")


def too_many(request):
    """What allauth answers when a limit is reached, in our words."""
    record(Event.Kind.LOCKED, request=request, detail=request.path)
    return refused(request, TooMany(_("There were too many attempts from your network. Wait a few minutes.")))
