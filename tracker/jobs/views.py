"""A person's own jobs: how far each is, what came of it, how to leave it off."""

import mimetypes

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.lib.errors import Refusal

from .models import KEPT, UNDER_WAY, Job

PER_PAGE = 50
INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


class FileGone(Refusal):
    """The job is there, its file is not."""

    status = 404
    title = gettext_lazy("The file is not here")


def own(request):
    """The reader's jobs, those marked whose worker has died."""
    found = Job.objects.visible_to(request.user)
    found.mark_lost()
    return found


def note(request, is_under_way):
    if is_under_way != (UNDER_WAY in request.session):
        if is_under_way:
            request.session[UNDER_WAY] = True
        else:
            del request.session[UNDER_WAY]


@require_safe
def jobs(request):
    found = own(request)
    note(request, found.unfinished().exists())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "jobs/jobs.html", {"page": page, "days": KEPT.days})


@require_safe
def job(request, pk):
    """One job. While it goes on, htmx asks every second for how far it is; when it has ended, for the whole page."""
    found = get_object_or_404(own(request), pk=pk)
    if request.htmx:
        if found.is_finished:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return HttpResponse(render_to_string("jobs/_progress.html", {"job": found}))
    if not found.is_finished:
        note(request, True)
    return render(request, "jobs/job.html", {"job": found, "days": KEPT.days})


@require_POST
def job_cancel(request, pk):
    found = get_object_or_404(own(request), pk=pk)
    if found.cancel():
        messages.success(request, _("It will be left off. What was done until then stands."))
    else:
        messages.info(request, _("It had ended before."))
    return redirect(found)


@require_safe
def job_file(request, pk):
    """The file that a job has made, to download, never to be shown by the browser."""
    found = get_object_or_404(Job.objects.visible_to(request.user).exclude(file=""), pk=pk)
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise FileGone(_("The file is kept for some days only, and is gone. Have it made anew.")) from error
    record(Event.Kind.DOWNLOADED, detail=f"job {found.pk} {found.file_name}")
    kind = mimetypes.guess_type(found.file_name)[0] or "application/octet-stream"
    return FileResponse(file, as_attachment=True, filename=found.file_name, content_type=kind, headers=INERT)
