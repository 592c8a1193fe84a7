from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "tracker.accounts"
    verbose_name = _("People")

    def ready(self):
        from . import signals  # noqa: F401
