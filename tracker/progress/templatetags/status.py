"""Marks: a status as word, icon and colour."""

from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.translation import get_language

from tracker.progress import status
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Commitment

register = template.Library()

REPORT_MARKS = {
    ReportState.ASKED: ("", "none"),
    ReportState.DRAFT: ("", "half"),
    ReportState.SUBMITTED: ("", "soon"),
    ReportState.ENDORSED: ("", "soon"),
    ReportState.ACCEPTED: ("", "tick"),
    ReportState.RETURNED: ("risk", "say"),
}
CONFIRMATION_MARKS = {
    Commitment.Confirmation.DECLARED: ("", "say"),
    Commitment.Confirmation.DOCUMENTED: ("", "doc"),
    Commitment.Confirmation.CONFIRMED: ("done", "seal"),
}
MARKS = {
    "timeliness": (status.Timeliness, status.TIMELINESS_MARKS),
    "execution": (status.Execution, status.EXECUTION_MARKS),
    "control": (status.Control, status.CONTROL_MARKS),
    "confirmation": (Commitment.Confirmation, CONFIRMATION_MARKS),
    "report": (ReportState, REPORT_MARKS),
}


@register.simple_tag
def mark(axis, value):
    """{% mark "timeliness" "overdue" %}: the mark of a value on an axis."""
    return drawn(axis, str(value), get_language())


@cache  # a page of 50 rows draws some 200 marks, of a few dozen kinds
def drawn(axis, value, language):
    choices, marks = MARKS[axis]
    look, icon = marks[choices(value)]
    return render_to_string("components/mark.html", {"word": choices(value).label, "look": look, "icon": icon})


@register.filter
def look(timeliness):
    """The class that gives a timeliness its colour."""
    return status.TIMELINESS_MARKS[timeliness][0]
