from django.http import FileResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.lib.errors import Refusal
from tracker.progress.models import Evidence

INERT = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


class FileMissing(Refusal):
    """The record is there, its file is not: a restored database without its media, a lost disk."""

    status = 404
    title = _("The file is not here")


@require_safe
def evidence(request, pk):
    """A document: its file to download, never to be shown by the browser; or a page with its address."""
    found = get_object_or_404(Evidence.objects.visible_to(request.user).select_related("roadmap", "party"), pk=pk)
    request.roadmap = found.roadmap
    if not found.file:
        return render(request, "progress/evidence.html", {"document": found})
    try:
        file = found.file.open("rb")
    except FileNotFoundError as error:
        raise FileMissing(
            _("The record of this document is kept, but its file is missing. Tell the administrator.")
        ) from error
    name = found.file_name or found.title
    record(Event.Kind.DOWNLOADED, detail=f"{found.pk} {name}")
    return FileResponse(file, as_attachment=True, filename=name, content_type=found.content_type, headers=INERT)
