"""The administration site: for administrators, through the same door as the product."""

from functools import update_wrapper

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from tracker.lib.errors import NotAllowed


class TrackerAdminSite(admin.AdminSite):
    """Open to administrators; its forms and lists are `TrackedAdmin` (tracker/history/admin.py)."""

    site_header = _("Tracker: administration")
    site_title = _("Tracker")
    index_title = _("What would you like to keep in order?")
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

    @method_decorator(login_not_required)
    def login(self, request, extra_context=None):
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def logout(self, request, extra_context=None):
        return redirect("account_logout")
