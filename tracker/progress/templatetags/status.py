"""Marks: a status as word, icon and colour."""

from django import template

from tracker.progress import status
from tracker.progress.workflow import ReportState

register = template.Library()

REPORT_MARKS = {
    ReportState.ASKED: ("", "none"),
    ReportState.DRAFT: ("", "half"),
    ReportState.SUBMITTED: ("", "soon"),
    ReportState.ENDORSED: ("", "soon"),
    ReportState.ACCEPTED: ("", "tick"),
    ReportState.RETURNED: ("risk", "say"),
}
MARKS = {
    "timeliness": (status.Timeliness, status.TIMELINESS_MARKS),
    "execution": (status.Execution, status.EXECUTION_MARKS),
    "control": (status.Control, status.CONTROL_MARKS),
    "report": (ReportState, REPORT_MARKS),
}


@register.inclusion_tag("components/mark.html")
def mark(axis, value):
    """{% mark "timeliness" "overdue" %}: the mark of a value on an axis."""
    choices, marks = MARKS[axis]
    look, icon = marks[choices(value)]
    return {"word": choices(value).label, "look": look, "icon": icon}


@register.filter
def look(timeliness):
    """The class that gives a timeliness its colour."""
    return status.TIMELINESS_MARKS[timeliness][0]
