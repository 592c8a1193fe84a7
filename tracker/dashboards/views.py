from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.views.decorators.http import require_POST, require_safe

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.history.as_of import as_of, current_as_of
from tracker.lib.formats.csv import csv_response
from tracker.lib.listing import listing
from tracker.progress.status import rule_for, why, with_status
from tracker.roadmaps.access import Role, grants_of, is_administrator
from tracker.roadmaps.models import Item, Milestone, Roadmap

from .days import on_a_day
from .filters import ItemFilter, StatusFilter
from .item_page import item_page
from .overview import overview_of
from .standing import standings
from .status_rows import counts_by_area, csv_rows, executors_of, roadmap_parties, rows_of, subtotals, total_of
from .tables import ItemTable, StatusTable


@require_safe
def start(request):
    """Everyone begins where their work is: analysts at the desk, the others at a roadmap's overview."""
    roadmap = Roadmap.objects.visible_to(request.user).first()
    if roadmap is None:
        return render(request, "dashboards/start.html", {"may_administer": is_administrator(request.user)})
    if grants_of(request.user, Role.ANALYST, Role.COORDINATOR):
        return redirect("desk")
    return redirect(roadmap)


@login_not_required
@require_POST
def set_language(request):
    """Keep the chosen language in the cookie, and in the profile of who is signed in."""
    language, after = request.POST.get("language", ""), request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}, require_https=request.is_secure()):
        after = reverse("start")
    response = HttpResponseRedirect(after)
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 24 * 3600, samesite="Lax", secure=settings.HTTPS
        )
        if request.user.is_authenticated and request.user.language != language:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


@require_safe
@on_a_day
def overview(request, roadmap):
    milestones = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap)
    return render(request, "dashboards/overview.html", overview_of(request.user, roadmap, milestones, on=request.day))


@require_safe
@on_a_day
def status_table(request, roadmap):
    day, parties = request.day, roadmap_parties(roadmap)
    milestones = with_status(Milestone.objects.visible_to(request.user).filter(roadmap=roadmap), on=day)
    found = listing(request, milestones.in_plan_order(), StatusFilter, StatusTable, on=day, roadmap=roadmap)
    if request.GET.get("export") == "csv":
        record(Event.Kind.EXPORTED, detail=request.get_full_path())
        return csv_of(found["rows"], roadmap, on=day, parties=parties)
    grouped = not found["is_sorted"]
    areas = counts_by_area(found["filter"].qs, on=day) if grouped else None
    page = list(found["page"].object_list.select_related("item", "area"))
    context = {
        "rows": rows_of(page, on=day, parties=parties, areas=areas),
        "figures": subtotals(total_of(areas)) if grouped else None,
        "all": milestones.count() if found["chips"] else found["page"].paginator.count,
    }
    template = "dashboards/_status_table.html" if request.htmx else "dashboards/status_table.html"
    return render(request, template, found | context)


def csv_of(milestones, roadmap, *, on, parties):
    """The table as it is seen, all pages, streamed: in the language and on the day of the page."""
    moment, language = current_as_of(), get_language()

    def stream():
        with as_of(moment), override(language):
            yield from csv_rows(milestones, on=on, parties=parties)

    return csv_response(stream(), f"{roadmap.slug}-{on:%Y-%m-%d}.csv")


@require_safe
@on_a_day
def items(request, roadmap):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).order_by("number_key")
    found = listing(request, visible, ItemFilter, ItemTable, roadmap=roadmap)
    page = list(found["page"].object_list.select_related("area"))
    ids = [item.pk for item in page]
    standing, executors = standings(ids, on=request.day), executors_of(ids)
    rows = [(item, standing[item.pk], executors.get(item.pk, [])) for item in page]
    return render(request, "dashboards/items.html", found | {"rows": rows, "total": visible.count()})


@require_safe
@on_a_day
def item(request, roadmap, pk):
    visible = Item.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("area")
    found = get_object_or_404(visible, pk=pk)
    found.roadmap = roadmap
    return render(request, "dashboards/item.html", item_page(found, request.user, on=request.day))


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
