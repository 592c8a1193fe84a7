"""What one change did, and taking it back."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.change_set import (
    in_words,
    may_undo,
    page_of,
    preview,
    roadmap_of,
    touched_by,
    undo_in_background,
)
from tracker.history.models import ChangeSet
from tracker.history.undo import AT_ONCE, in_order, size_of, undo
from tracker.jobs.models import Job
from tracker.lib.errors import NotAllowed
from tracker.roadmaps.access import whom_to_ask

TOLD = 20  # of what was refused; the preview has told of all
WHO_UNDOES = gettext_lazy("Only who made the change, or an administrator, may undo it.")


@require_safe
def change_set(request, pk):
    """What one request, import or command did."""
    done, found, is_own = read(request, pk)
    page = page_of(found.rows, done, request.GET.get("page"))
    context = {"done": done, "touched": found, "page": page, "may_undo": is_own and found.has_own}
    return render(request, "dashboards/change_set.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def change_set_undo(request, pk):
    """Look at what undoing would put back; then do it, in the background where it is much."""
    done, _found, is_own = read(request, pk)
    if not is_own:
        raise NotAllowed(WHO_UNDOES, ask=whom_to_ask("plan"))
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


def read(request, pk):
    """(the set, what of it the person is told, whether they may undo it); 404 where there is nothing to tell."""
    user = request.user
    done = get_object_or_404(ChangeSet.objects.select_related("person"), pk=pk)
    is_own = may_undo(user, done)
    found = touched_by(done, reader=None if is_own else user)
    if not (is_own or found.rows):
        raise Http404
    request.roadmap = roadmap_of(found, user)
    return done, found, is_own


def job_of(done, user):
    """The job that undoes it; asked for twice, it is one."""
    arguments = {"change_set": done.pk}
    title = _("Undo: %(what)s") % {"what": done.reason or done}
    waiting = Job.objects.visible_to(user).unfinished().filter(title=title[:300], arguments=arguments)
    return waiting.first() or Job.objects.start(
        undo_in_background, by=user, title=title, arguments=arguments, back=done.get_absolute_url()
    )
