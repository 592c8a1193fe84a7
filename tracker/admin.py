"""The administration site: for administrators, through the same door as the product."""

from functools import update_wrapper

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from tracker.lib.errors import NotAllowed

# Django's own sentences with a noun put in, collected with ours: a language of genders and cases words them so that
# any noun fits ("The milestone was changed" is «Запись изменена: контрольная точка»).
FITTING_ANY_NOUN = (
    gettext_noop("Add %s"),
    gettext_noop("Change %s"),
    gettext_noop("View %s"),
    gettext_noop("Select %s to change"),
    gettext_noop("Select %s to view"),
    gettext_noop("Add another %(verbose_name)s"),
    gettext_noop("Cannot delete %(name)s"),
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop("The {name} “{obj}” was added successfully. You may add another {name} below."),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may edit it again below."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    gettext_noop("The %(name)s “%(obj)s” was deleted successfully."),
    gettext_noop("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),
)


class TrackerAdminSite(admin.AdminSite):
    """Open to administrators; its forms and lists are `TrackedAdmin` (tracker/history/admin.py)."""

    site_header = _("Tracker: administration")
    site_title = _("Tracker")
    index_title = _("Administration")
    empty_value_display = "—"
    enable_nav_sidebar = False  # the forms need the width

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.disable_action("delete_selected")

    def has_permission(self, request):
        from tracker.roadmaps import access

        return request.user.is_active and access.is_administrator(request.user)

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        def with_words(request, *args, **kwargs):
            if request.user.is_authenticated and not self.has_permission(request):
                raise NotAllowed(_("Only an administrator may work here."))
            return guarded(request, *args, **kwargs)

        return update_wrapper(with_words, guarded)

    def get_app_list(self, request, app_label=None):
        """In the order of the ladder."""
        order = list(apps.app_configs)
        return sorted(super().get_app_list(request, app_label), key=lambda app: order.index(app["app_label"]))

    @method_decorator(login_not_required)
    def login(self, request, extra_context=None):
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(self, request, extra_context=None):
        return redirect("account_logout")
