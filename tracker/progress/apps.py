from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from tracker.lib.planner import look_again
from tracker.lib.searching import keep_words


class ProgressConfig(AppConfig):
    name = "tracker.progress"
    verbose_name = _("What is reported")

    def ready(self):
        post_migrate.connect(keep_index_of_words, sender=self)


def keep_index_of_words(sender, using, plan=(), **kwargs):
    keep_words(sender.get_model("Report"), connections[using])
    if plan:  # a table that was rebuilt is unknown to the planner
        look_again(connections[using])
