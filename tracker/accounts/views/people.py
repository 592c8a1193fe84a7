"""People and what they may do, as an administrator keeps it."""

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Prefetch, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.accounts import closing
from tracker.accounts.filters import PeopleFilter
from tracker.accounts.forms import GrantForm, NewPersonForm, ReasonForm
from tracker.accounts.invitations import invite
from tracker.accounts.models import Event, User
from tracker.accounts.security import record
from tracker.accounts.tables import PeopleTable
from tracker.dashboards.files import file_asked
from tracker.dashboards.opening import opens_with_views
from tracker.history.changes import change_set
from tracker.history.timeline import timeline
from tracker.lib.errors import Conflict, WrongState
from tracker.lib.listing import listing
from tracker.roadmaps.access import Role, require_administrator
from tracker.roadmaps.models import Grant
from tracker.roadmaps.models.grant import administrators_kept

from .effect import effect_of

SCOPE = ("roadmap", "area", "party", "organisation")
HANDED = "invitation"  # where a link waits in the session to be shown once
FACTORS = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)


def today():
    """The day by which grants are in force (roadmaps/access.py)."""
    return timezone.now().date()


@require_safe
@opens_with_views(read_by=(Role.ADMINISTRATOR,))
def people(request):
    """Everybody who is entered, with what they may do and how far they have come in."""
    require_administrator(request.user)
    found = listing(request, with_standing(User.objects.all()), PeopleFilter, PeopleTable)
    if file := file_asked(request, found, title=_("People")):
        return file
    return render(request, "accounts/people.html", found | {"total": User.objects.count()})


def with_standing(people):
    """The people with `in_force` (their grants), `has_factor` and `invited_at`."""
    grants = Grant.objects.in_force(on=today()).select_related(*SCOPE).order_by("role", "pk")
    invitations = Event.objects.filter(about=OuterRef("pk"), kind=Event.Kind.INVITED).order_by("-at")
    return people.prefetch_related(Prefetch("grants", grants, to_attr="in_force")).annotate(
        has_factor=Exists(FACTORS.filter(user=OuterRef("pk"))), invited_at=Subquery(invitations.values("at")[:1])
    )


@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request):
    """A person with their first grant, in one step: looked at first, then entered and invited."""
    require_administrator(request.user)
    posted = request.POST or None
    new = User()
    form, grant = NewPersonForm(posted, instance=new), GrantForm(posted, person=new)
    effect = None
    if posted is not None and all([form.is_valid(), grant.is_valid()]):
        if posted.get("verb") == "give" and grant.is_seen and entered(form, grant):
            record(Event.Kind.ENTERED, about=new, detail=new.email)
            return invited(request, new)
        effect = effect_of(new, [], [grant.instance])
        look_first(request, grant)
    context = {"form": form, "grant_form": seen(grant, effect), "effect": effect}
    return render(request, "accounts/person_new.html", context, status=status_of(form, grant))


def entered(form, grant):
    """Enter the person and give the grant, both or neither; whether that could be done."""
    try:
        with change_set(reason=grant.cleaned_data["reason"]):
            new = form.save(commit=False)
            new.set_unusable_password()
            new.save()
            new.vouch_for_address()
            grant.instance.user = new
            grant.instance.save()
    except IntegrityError:  # somebody entered the same person at this moment
        form.instance.pk = grant.instance.pk = None
        form.add_error("email", _("A person with this e-mail is entered already."))
        return False
    return True


@require_safe
def person(request, pk):
    require_administrator(request.user)
    return page(request, find(pk))


def find(pk):
    return get_object_or_404(with_standing(User.objects.all()), pk=pk)


def page(request, person, *, status=200, **forms):
    """The person's page; `forms` are those that were filled in wrongly, by the verb."""
    versions = Grant.history.model.objects.filter(user=person)
    ids = list(versions.values_list("id", flat=True).distinct())
    given = {v.id: v for v in versions.filter(history_type="+").select_related("change_set__person")}
    grants = person.grants.select_related(*SCOPE).order_by("role", "pk")
    context = {
        "person": person,
        "grants": [(grant, grant.is_in_force(on=today()), given.get(grant.pk)) for grant in grants],
        "history": timeline((Grant, ids)),
        "factors": FACTORS.filter(user=person).count(),
        "link": handed_link(request, person),
        "close_form": forms.get("close", ReasonForm(prefix="close")),
        "open_form": forms.get("open", ReasonForm(prefix="open")),
        "factors_form": forms.get("factors", ReasonForm(prefix="factors")),
        "is_self": person == request.user,
    }
    return render(request, "accounts/person.html", context, status=status)


def handed_link(request, person):
    """The link of an invitation that could not be mailed: shown once, to who made it."""
    kept = request.session.get(HANDED)
    if not kept or kept["person"] != person.pk:
        return ""
    del request.session[HANDED]
    return kept["link"]


@require_POST
def person_invite(request, pk):
    require_administrator(request.user)
    return invited(request, find(pk))


def invited(request, person):
    """Send the invitation, and say what became of it on the person's page."""
    link = invite(request, person)
    if link:
        request.session[HANDED] = {"person": person.pk, "link": link}
        messages.warning(request, _("No mail was sent: hand the link below to the person yourself."))
    else:
        messages.success(request, _("The invitation was sent to %(email)s.") % {"email": person.email})
    return redirect("person", person.pk)


@require_POST
def person_close(request, pk):
    """Close the account and end its sessions."""
    require_administrator(request.user)
    found, form = find(pk), ReasonForm(request.POST, prefix="close")
    if not found.is_active:
        raise WrongState(_("The account is closed already."))
    if not form.is_valid():
        return page(request, found, status=400, close=form)
    with change_set(), administrators_kept():
        closing.close(found, reason=form.cleaned_data["reason"])
    messages.success(request, _("The account is closed, and its sessions have ended."))
    return redirect("person", found.pk)


@require_POST
def person_open(request, pk):
    require_administrator(request.user)
    found, form = find(pk), ReasonForm(request.POST, prefix="open")
    if found.is_active:
        raise WrongState(_("The account is open already."))
    if not form.is_valid():
        return page(request, found, status=400, open=form)
    closing.reopen(found, reason=form.cleaned_data["reason"])
    messages.success(request, _("The account is open again."))
    return redirect("person", found.pk)


@require_POST
def person_factors(request, pk):
    """Take away second factors, when a phone is lost; one's own are a matter of one's own account."""
    require_administrator(request.user)
    found, form = find(pk), ReasonForm(request.POST, prefix="factors")
    if found == request.user:
        raise WrongState(_("Your own second factors are on the page of your account."))
    if not form.is_valid():
        return page(request, found, status=400, factors=form)
    with change_set():
        count = closing.remove_factors(found, reason=form.cleaned_data["reason"])
    if not count:
        raise WrongState(_("This person has no second factor."))
    messages.success(request, _("The second factors are removed, and the sessions have ended."))
    return redirect("person", found.pk)


# Grants: looked at before they are given, changed or ended


@require_http_methods(["GET", "HEAD", "POST"])
def grant_new(request, pk):
    require_administrator(request.user)
    return give(request, find(pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
def grant(request, pk):
    require_administrator(request.user)
    found = grant_or_404(pk)
    return give(request, found.user, found)


def grant_or_404(pk):
    return get_object_or_404(Grant.objects.select_related("user", *SCOPE), pk=pk)


def give(request, person, stored):
    """The form of a grant: first what it would change, then the deed. Only what was looked at is saved."""
    form = GrantForm(request.POST or None, person=person, grant=stored)
    effect = ending = None
    if form.is_bound and form.is_valid():
        if request.POST.get("verb") == "give" and form.is_seen and saved(form):
            messages.success(request, _("Recorded: %(grant)s.") % {"grant": form.instance.in_words()})
            return redirect("person", person.pk)
        effect, ending = effects(person, stored, form.instance)
        look_first(request, form)
    context = {
        "person": person,
        "grant": stored,
        "stored_words": grant_or_404(stored.pk).in_words() if stored else "",
        "grant_form": seen(form, effect),
        "effect": effect,
        "ending": ending,
        "end_effect": effect_of(person, *without(person, stored)) if stored and effect is None else None,
        "end_form": ReasonForm(prefix="end"),
    }
    return render(request, "accounts/grant.html", context, status=status_of(form))


def effects(person, stored, proposed):
    """What the grant changes today, and what goes when its last day is over."""
    before, others = without(person, stored)
    after = [*others, proposed] if proposed.is_in_force(on=today()) else others
    ending = effect_of(person, after, others) if proposed.until and proposed.is_in_force(on=today()) else None
    return effect_of(person, before, after), ending


def without(person, grant):
    """The person's grants in force, and those that are left without this one."""
    before = list(person.grants.in_force(on=today())) if person.pk else []
    return before, [one for one in before if grant is None or one.pk != grant.pk]


def saved(form):
    """Save the grant as it was looked at; whether that could be done."""
    grant = form.instance
    if grant.pk:
        grant.version = form.cleaned_data["version"] or 0
    try:
        with change_set(reason=form.cleaned_data["reason"]), administrators_kept():
            grant.save()
    except IntegrityError:
        form.add_error(None, _("Something exactly like it is there already. Nothing was saved."))
    except (Conflict, WrongState) as refusal:
        form.add_error(None, str(refusal))
    else:
        return True
    if grant.pk:  # saving again is then deliberate
        form.data = form.data.copy()
        form.data[form.add_prefix("version")] = Grant.objects.values_list("version", flat=True).get(pk=grant.pk)
    return False


def look_first(request, form):
    if request.POST.get("verb") == "give" and not form.errors:
        messages.warning(request, _("This is not what was looked at. Look at what it changes, and give it then."))


def seen(form, effect):
    """The form, which now carries what the preview on this page is of."""
    if effect is not None:
        form.data = form.data.copy()
        form.data[form.add_prefix("seen")] = form.values
    return form


def status_of(*forms):
    return 400 if any(form.is_bound and form.errors for form in forms) else 200


@require_POST
def grant_end(request, pk):
    """End the grant now: it is gone, and stands in the history with the reason."""
    require_administrator(request.user)
    found, form = grant_or_404(pk), ReasonForm(request.POST, prefix="end")
    if not form.is_valid():
        context = {
            "person": found.user,
            "grant": found,
            "stored_words": found.in_words(),
            "grant_form": GrantForm(person=found.user, grant=found),
            "end_effect": effect_of(found.user, *without(found.user, found)),
            "end_form": form,
        }
        return render(request, "accounts/grant.html", context, status=400)
    words = found.in_words()
    with change_set(reason=form.cleaned_data["reason"]), administrators_kept():
        found.delete()
    messages.success(request, _("Ended: %(grant)s.") % {"grant": words})
    return redirect("person", found.user_id)
