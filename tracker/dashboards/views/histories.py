"""The history of any object, of one of its fields, and an earlier value put back."""

from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.field_page import RestoreForm, column_of, field_page, require_restorable
from tracker.dashboards.histories import KINDS
from tracker.dashboards.history_page import history_page
from tracker.history.undo import REFUSALS, why
from tracker.history.values import versions_of


def of_a_row(view):
    """Give the view the row that the address names, on the day asked for where it lies in a roadmap."""

    @wraps(view)
    def found(request, kind, pk, **kwargs):
        word, kind = kind, KINDS.get(kind)
        if kind is None:
            raise Http404
        row = get_object_or_404(kind.visible_to(request.user), pk=pk)
        roadmap = kind.roadmap_of(row)
        request.day = request.today = timezone.localdate()
        request.is_live = True

        def seen(request, roadmap=None):
            then = row if request.is_live else get_object_or_404(kind.model, pk=pk)
            context = {"kind": word, "row": then, "what": kind.model._meta.verbose_name, "of": kind.page_of(then)}
            return view(request, kind, roadmap, context, **kwargs)

        return on_a_day(seen)(request, slug=roadmap.slug) if roadmap else seen(request)

    return found


@require_safe
@of_a_row
def history(request, kind, roadmap, context):
    page = history_page(request, kind, context["row"], roadmap)
    return render(request, "dashboards/history.html", context | page)


@require_safe
@of_a_row
def field_history(request, kind, roadmap, context, field):
    page = field_page(request, context["row"], column_of(kind.model, field))
    return render(request, "dashboards/field_history.html", context | page | {"field": field})


@require_http_methods(["GET", "HEAD", "POST"])
@of_a_row
def field_restore(request, kind, roadmap, context, field, version):
    """Look at what putting an earlier value back would do; then do it, over the version that was looked at."""
    column, row = column_of(kind.model, field), context["row"]
    earlier = get_object_or_404(versions_of(kind.model, row.pk).exclude(history_type="-"), pk=version)
    require_restorable(request, row, column)
    data, status = (request.POST, 400) if request.method == "POST" else (None, 200)
    form = RestoreForm(data, row=row, column=column, earlier=earlier)
    context |= {"form": form, "field": field, "label": capfirst(column.verbose_name)}
    try:
        if form.is_vain:
            messages.info(request, _("This value stands."))
            return redirect("field_history", context["kind"], row.pk, field)
        if form.is_valid():
            messages.success(request, form.restore(by=request.user))
            return redirect("field_history", context["kind"], row.pk, field)
        context["told"] = form.preview(by=request.user)
    except REFUSALS as refusal:
        context["refusal"], status = why(refusal), 409
    return render(request, "dashboards/field_restore.html", context, status=409 if form.is_stale else status)
