from django.contrib.auth.backends import BaseBackend

from tracker.roadmaps import access


class AdminRights(BaseBackend):
    """Answers Django's permission questions from the table of rights: administrators without scope, nobody else."""

    def has_perm(self, user, permission, obj=None):
        return user.is_active and access.is_administrator(user)
