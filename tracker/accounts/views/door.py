"""The reader's own account, and what is answered at the door."""

from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.lib.errors import Refusal, refused


@require_safe
def account(request):
    """Who I am here, how I sign in, and what I may do."""
    return render(request, "account/account.html", {"grants": request.user.grants.all()})


class TooMany(Refusal):
    status = 429
    title = _("Too many attempts")


def too_many(request):
    """What allauth answers when a limit is reached, in our words."""
    record(Event.Kind.LOCKED, request=request, detail=request.path)
    return refused(request, TooMany(_("There were too many attempts from your network. Wait a few minutes.")))
