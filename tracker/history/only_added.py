"""Rows that are only ever added: what was recorded is neither changed nor deleted, from no page and by no mistake."""

from django.db import models

ONLY_ADDED = "such rows are only added"


class OnlyAddedQuerySet(models.QuerySet):
    def update(self, **values):
        raise NotImplementedError(ONLY_ADDED)

    def bulk_update(self, objs, fields, batch_size=None):
        raise NotImplementedError(ONLY_ADDED)

    def delete(self):
        raise NotImplementedError(ONLY_ADDED)

    def _raw_delete(self, using):
        raise NotImplementedError(ONLY_ADDED)


class OnlyAdded(models.Model):
    objects = OnlyAddedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **options):
        if not self._state.adding:
            raise NotImplementedError(ONLY_ADDED)
        super().save(*args, **options)

    def delete(self, *args, **options):
        raise NotImplementedError(ONLY_ADDED)
