from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.change_set import in_words, page_of, preview, readable_by, touched_by, undo_in_background
from tracker.history.undo import AT_ONCE, in_order, size_of, undo
from tracker.jobs.models import Job

TOLD = 20  # of what was refused; the preview has told of all


@require_safe
def change_set(request, pk):
    """What one request, import or command did: to its author and to administrators."""
    done = get_object_or_404(readable_by(request.user), pk=pk)
    found = touched_by(done)
    page = page_of(found.rows, done, request.GET.get("page"))
    return render(request, "dashboards/change_set.html", {"done": done, "touched": found, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def change_set_undo(request, pk):
    """Look at what undoing would put back; then do it, in the background where it is much."""
    done = get_object_or_404(readable_by(request.user), pk=pk)
    if request.method != "POST":
        context = {"done": done, "preview": preview(done, by=request.user)}
        return render(request, "dashboards/change_set_undo.html", context)
    if size_of(in_order(done)) > AT_ONCE:
        return redirect(job_of(done, request.user))
    undone = undo(done, by=request.user)
    tell = messages.success if undone.restored else messages.info
    tell(request, in_words(undone))
    for what, why in undone.refused[:TOLD]:
        messages.warning(request, f"{what}: {why}")
    return redirect(undone.change_set or done)


def job_of(done, user):
    """The job that undoes it; asked for twice, it is one."""
    arguments = {"change_set": done.pk}
    title = _("Undo: %(what)s") % {"what": done.reason or done}
    waiting = Job.objects.visible_to(user).unfinished().filter(title=title[:300], arguments=arguments)
    return waiting.first() or Job.objects.start(
        undo_in_background, by=user, title=title, arguments=arguments, back=done.get_absolute_url()
    )
