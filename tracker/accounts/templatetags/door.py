from django import template
from django.conf import settings

from tracker.lib.browsers import named

register = template.Library()
register.filter("browser", named)


@register.simple_tag
def registration_is_open():
    return settings.OPEN_REGISTRATION
