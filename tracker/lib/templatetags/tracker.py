"""Tags and filters that every template may use; none knows a model."""

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracker.lib.dates import short
from tracker.lib.texts import Texts

register = template.Library()


@register.simple_tag
def icon(name):
    """One of the shapes of static/img/icons.svg, in the colour of its word."""
    return format_html('<i class="i i-{}"></i>', name)


@register.filter
def said(texts):
    """A text in the reader's language; where it exists only in another one, marked with that language."""
    text, language = Texts(texts or {}).spoken()
    if not text:
        return format_html('<span class="none">{}</span>', "—")
    if language == (get_language() or "")[:2]:
        return text
    return format_html(
        '<span lang="{}" title="{}">{}</span>',
        language,
        _("Not translated yet: shown in %(language)s") % {"language": language.upper()},
        text,
    )


@register.filter
def at(found, key):
    """What a mapping holds under a key that only the page knows; None where there is none."""
    return found.get(key) if found else None


@register.filter
def day(value):
    """A day as the product writes it everywhere: 30.06.2026. Moments show their day; nothing shows a dash."""
    if not value:
        return format_html('<span class="none">{}</span>', "—")
    return format_html('<time datetime="{}">{}</time>', f"{value:%Y-%m-%d}", short(value))


@register.filter
def pages_near(paginator, number):
    """Page numbers around one, with None where some are left out."""
    return [
        page if isinstance(page, int) else None
        for page in paginator.get_elided_page_range(number, on_each_side=2, on_ends=1)
    ]
