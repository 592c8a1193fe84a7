"""The queue has no pages in the administration: they would show the arguments and the inside of what failed."""

from django.contrib import admin
from django_tasks_db.models import DBTaskResult

admin.site.unregister(DBTaskResult)
