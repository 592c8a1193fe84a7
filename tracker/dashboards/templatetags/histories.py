"""The way to a history page, for templates of every app."""

from django import template
from django.urls import reverse

from tracker.dashboards.histories import WORDS

register = template.Library()


@register.filter
def history_address(row):
    """Where the history of the row is read; nowhere, if it has no page."""
    word = WORDS.get(type(row))
    return reverse("history", args=[word, row.pk]) if word else ""
