from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EditionsConfig(AppConfig):
    name = "tracker.editions"
    verbose_name = _("What was shown")
