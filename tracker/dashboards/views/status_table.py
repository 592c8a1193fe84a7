"""The status table, the heart; and why a milestone is judged so."""

from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language, override
from django.views.decorators.http import require_safe

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.dashboards.days import on_a_day
from tracker.dashboards.status_page import status_page
from tracker.history.as_of import carried
from tracker.lib.formats.csv import csv_response
from tracker.lib.listing import wants_fragment
from tracker.progress.status import rule_for, why
from tracker.roadmaps.models import Milestone


@require_safe
@on_a_day
def status_table(request, roadmap):
    found = status_page(request, roadmap)
    if request.GET.get("export") == "csv":
        record(Event.Kind.EXPORTED, detail=request.get_full_path())
        return csv_of(found["table"], found["rows"], f"{roadmap.slug}-{request.day:%Y-%m-%d}.csv")
    template = "dashboards/_status_table.html" if wants_fragment(request) else "dashboards/status_table.html"
    return render(request, template, found)


def csv_of(table, rows, file_name):
    """The table as it is seen, all pages, streamed: in the language and on the day of the page."""
    language = get_language()

    def stream():
        with override(language):
            yield [str(column.header) for column in table.file_columns()]
            yield from table.file_rows(rows)

    return csv_response(carried(stream()), file_name)


@require_safe
@on_a_day
def milestone_why(request, roadmap, pk):
    """Why a milestone is judged so: a fragment where it was asked, a page without JavaScript."""
    visible = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("item")
    milestone = get_object_or_404(visible, pk=pk)
    milestone.item.roadmap = roadmap
    context = {
        "milestone": milestone,
        "timeliness": rule_for(milestone, on=request.day).timeliness,
        "in_its_place": [one.new for one in milestone.replaced_by.select_related("new__item__roadmap")],
        "in_place_of": [one.old for one in milestone.replaces.select_related("old__item__roadmap")],
        "sentences": why(milestone, milestone.commitments.select_related("party"), on=request.day),
    }
    return render(request, "dashboards/_why.html" if request.htmx else "dashboards/why.html", context)
