"""Inviting a person who was entered without a password: a link with which they set one, and are in.

The link is allauth's own for a new password: it works once, within PASSWORD_RESET_TIMEOUT. The address needs no further
confirmation: an administrator vouches for it, and who follows the link reads its mail.
"""

import logging
from smtplib import SMTPException

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tracker.lib.errors import WrongState

from .models import Event
from .security import record

log = logging.getLogger(__name__)


def invite(request, person):
    """Send the person their link; returns it where it must be handed over, for want of mail, else an empty text.

    Sent again, it makes the link of before useless: the token hangs on the unusable password, which is drawn anew.
    """
    if not person.is_active:
        raise WrongState(_("The account is closed: open it before you invite the person."))
    if person.has_usable_password():
        raise WrongState(_("This person has set a password already. A new one is asked for on the sign-in page."))
    person.set_unusable_password()
    person.save(update_fields=["password"])
    link = link_for(request, person)
    record(Event.Kind.INVITED, about=person, detail=person.email)
    return "" if settings.EMAIL_HOST and is_sent(request, person, link) else link


def link_for(request, person):
    key = f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}"
    uidb36, _dash, token = key.partition("-")
    address = reverse("account_reset_password_from_key", kwargs={"uidb36": uidb36, "key": token})
    return request.build_absolute_uri(address)


def is_sent(request, person, link):
    """Send the mail in the person's language; whether the server took it."""
    context = {
        "request": request,
        "person": person,
        "inviter": request.user,
        "link": link,
        "days": settings.PASSWORD_RESET_TIMEOUT // (24 * 60 * 60),
    }
    with translation.override(person.language or settings.LANGUAGE_CODE):
        message = get_adapter().render_mail("account/email/invitation", person.email, context)
    try:
        message.send()
    except (SMTPException, OSError) as error:
        log.error("the invitation of person %s was not sent: %s", person.pk, error)
        record(Event.Kind.MAIL_FAILED, about=person, detail="invitation")
        return False
    return True
