from django.contrib.admin.apps import AdminConfig


class TrackerAdminConfig(AdminConfig):
    pass
