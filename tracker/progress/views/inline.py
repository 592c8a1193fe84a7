"""One field of a row of the status table: a page of its own, or (htmx) a form in the cell and the table drawn anew."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from tracker.dashboards.days import on_a_day
from tracker.dashboards.status_page import table_fragment
from tracker.history.changes import change_set
from tracker.lib.addresses import looking
from tracker.lib.errors import Conflict, NotAllowed, WrongState
from tracker.progress import inline
from tracker.progress.inline_forms import ProposeTermForm, form_for
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Item, Milestone

from .plan_changes import READ_AND_SEND

ANOTHER_DAY = gettext_lazy("The table shows another day: it can only be read. Go back to today to change something.")


@require_http_methods(READ_AND_SEND)
@on_a_day
def edit_milestone(request, roadmap, pk, field):
    visible = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("item", "area")
    milestone = get_object_or_404(visible, pk=pk)
    milestone.item.roadmap = roadmap
    return edit(request, roadmap, milestone, field, inline.OF_A_MILESTONE)


@require_http_methods(READ_AND_SEND)
@on_a_day
def edit_item(request, roadmap, pk, field):
    item = get_object_or_404(Item.objects.visible_to(request.user).filter(roadmap=roadmap), pk=pk)
    item.roadmap = roadmap
    return edit(request, roadmap, item, field, inline.OF_AN_ITEM)


def edit(request, roadmap, row, field, fields):
    """The form of the field, for who may change it; what stands in the way now is said in its place."""
    if field not in fields:
        raise Http404
    user, address = request.user, list_address(request, roadmap)
    context = {"row": row, "field": field, "label": fields[field], "next": address}
    try:
        inline.require(user, field, row)
    except NotAllowed as refusal:
        if not request.htmx:
            raise
        return form_page(request, context | {"refusal": refusal}, status=refusal.status)
    context["held"] = ANOTHER_DAY if is_another_day(request, address) else inline.held_up(user, field, row)
    context["form"] = form = form_for(field, row, user, request.POST if request.method == "POST" else None)
    is_only_turned = field == "executors" and not form.is_to_save
    if request.method != "POST" or (is_only_turned and not context["held"]):
        return form_page(request, context)
    return save(request, roadmap, context)


def save(request, roadmap, context):
    """Write what was typed; what cannot be written comes back as it was typed, with the reason in words."""
    form, row, field = context["form"], context["row"], context["field"]
    if context["held"]:
        if already_proposed(request.user, row, form):  # the button was pressed twice
            return saved(request, roadmap, context)
        return form_page(request, context, status=409)
    if not form.is_valid():
        return form_page(request, context, status=409 if form.is_stale else 400)
    try:
        with change_set(by=request.user, reason=form.cause) as under_way:
            form.write(by=request.user)
    except Conflict:  # saved by somebody else at this very moment: the same form over what is stored now
        form = form_for(field, fresh(row), request.user, request.POST)
        form.is_valid()
        return form_page(request, context | {"form": form}, status=409)
    except WrongState as refusal:
        return form_page(request, context | {"held": refusal}, status=refusal.status)
    except ValidationError as unfit:
        return form_page(request, context | {"held": " ".join(unfit.messages)}, status=409)
    return saved(request, roadmap, context, under_way.row)


def fresh(row):
    links = ("item__roadmap", "area") if isinstance(row, Milestone) else ("roadmap",)
    return type(row).objects.select_related(*links).get(pk=row.pk)


def already_proposed(user, row, form):
    """Whether this person's own proposal of the very same term waits already."""
    if not isinstance(form, ProposeTermForm) or not form.is_valid():
        return False
    waiting = row.deadline_changes.filter(state=DeadlineChange.State.PROPOSED, proposed_by=user).first()
    return waiting is not None and waiting.after == form.cleaned_data["to"]


def form_page(request, context, *, status=200):
    template = "progress/inline_form.html" if request.htmx else "progress/inline.html"
    return render(request, template, context, status=status)


def saved(request, roadmap, context, changes=None):
    """Back to the list with a word about it: its table drawn anew in the same answer, or the page."""
    words, address = context["form"].said(), context["next"]
    way, label = way_back(context["form"], changes)
    if request.htmx and is_in_table(request, roadmap):
        said = render_to_string("progress/inline_saved.html", {"words": words, "way": way, "label": label})
        answer = HttpResponse(table_fragment(request, roadmap, address) + said)
        return reswap(retarget(answer, "#table"), "innerHTML")
    messages.success(request, format_html('{} <a href="{}">{}</a>', words, way, label) if way else words)
    there = f"{address}#{'i' if context['field'] in inline.OF_AN_ITEM else 'm'}{context['row'].pk}"
    return HttpResponseClientRedirect(there) if request.htmx else redirect(there)


def way_back(form, changes):
    """Where the change can be taken back, and the words of the link; nowhere, if nothing was changed."""
    if proposal := getattr(form, "change", None):
        return proposal.get_absolute_url(), _("See the proposal")
    return (reverse("change_set", args=[changes.pk]), _("Undo")) if changes else ("", "")


def list_address(request, roadmap):
    """The list from which the field was opened: an address of our own, or else the table's."""
    if request.htmx:
        came_from = request.htmx.current_url_abs_path
    else:
        host = f"{request.scheme}://{request.get_host()}"
        asked = request.POST.get("next") or request.GET.get("next")
        came_from = asked or request.META.get("HTTP_REFERER", "").removeprefix(host)
    parts, table = urlsplit(came_from or ""), reverse("status_table", args=[roadmap.slug])
    if parts.scheme or parts.netloc or parts.path not in (table, reverse("items", args=[roadmap.slug])):
        return table
    return parts.path + (f"?{parts.query}" if parts.query else "")


def is_in_table(request, roadmap):
    """Whether the form stands in a cell of the roadmap's table."""
    return urlsplit(request.htmx.current_url_abs_path or "").path == reverse("status_table", args=[roadmap.slug])


def is_another_day(request, address):
    """Whether this page, or the list it was opened from, shows anything but the plan as it stands."""
    return not request.is_live or bool(looking(QueryDict(urlsplit(address).query)))
