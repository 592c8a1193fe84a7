"""People and what they may do."""

from contextlib import contextmanager

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy

from tracker.history.admin import REASON, ReasonedForm, TrackedAdmin, TrackedTable
from tracker.roadmaps.models import Grant
from tracker.roadmaps.models.grant import administrators_kept

from . import closing
from .models import Event, User
from .security import record

# What a person may do is in their grants alone; how they sign in is their own affair, and secret.
admin.site.unregister([Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession])


class RightsAdmin(TrackedAdmin):
    """A page by which rights change: an administrator remains."""

    @contextmanager
    def changing(self, request):
        with super().changing(request), administrators_kept():
            yield


class PersonForm(ReasonedForm):
    def clean_email(self):
        return self.cleaned_data["email"].lower()


class NewPersonForm(PersonForm, BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "position", "language")


class GrantTable(TrackedTable):
    model = Grant
    fields = ("role", "roadmap", "area", "party", "organisation", "until")
    autocomplete_fields = ("organisation",)

    def has_delete_permission(self, request, obj=None):
        return True


@admin.register(User)
class PersonAdmin(RightsAdmin, UserAdmin):
    form = PersonForm
    add_form = NewPersonForm
    list_display = ("name", "email", "position", "is_active", "last_login")
    list_display_links = ("name", "email")
    list_filter = ("is_active", "language", "grants__role", "grants__party")
    search_fields = ("name", "email", "position")
    ordering = ("name", "email")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    inlines = (GrantTable,)
    fieldsets = (
        (None, {"fields": ("email", "name", "position", "language")}),
        (gettext_lazy("Sign-in"), {"fields": ("is_active", ("last_login", "date_joined"))}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "position", "language")}),
        (gettext_lazy("Sign-in"), {"fields": ("password1", "password2")}),
    )

    def get_inlines(self, request, obj):
        return self.inlines

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if "email" in form.changed_data:  # the address of before no longer signs in
            form.instance.vouch_for_address()
        if not change:
            record(Event.Kind.ENTERED, about=form.instance, detail=form.instance.email)
        elif "is_active" in form.changed_data:
            deed = closing.reopen if form.instance.is_active else closing.close
            deed(form.instance, reason=form.cleaned_data[REASON])


@admin.register(Grant)
class GrantAdmin(RightsAdmin):
    list_display = ("user", "role", "roadmap", "area", "party", "organisation", "until")
    list_filter = ("role", "roadmap", "party", "area")
    list_select_related = ("user", "roadmap", "area", "party", "organisation")
    search_fields = ("user__name", "user__email")
    search_help_text = gettext_lazy("Name or e-mail of the person")
    autocomplete_fields = ("user", "organisation")
    fixed = ("user",)
    fieldsets = (
        (None, {"fields": ("user", "role", "until")}),
        (
            gettext_lazy("Scope"),
            {
                "fields": ("roadmap", "area", "party", "organisation"),
                "description": gettext_lazy("Each narrows the grant; leave empty what does not."),
            },
        ),
    )

    def is_deletable(self, grant):
        return True
