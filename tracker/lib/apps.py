from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "tracker.lib"
    label = "lib"
