from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.jobs.models import Job
from tracker.lib.errors import NotAllowed, WrongState
from tracker.progress.models import Round
from tracker.progress.status import Timeliness
from tracker.roadmaps import access
from tracker.roadmaps.access import Part, why_not
from tracker.roadmaps.models import Roadmap

from .compare import differences
from .forms import SealForm
from .models import Edition
from .reading import AT_ONCE, PRINTED, Said, open_today, reads_all
from .seal import seal_in_background

PER_PAGE = 50
LISTED = 200  # differences of an area on one page
DIGITS = 9  # of a number; nobody seals more editions
SHOWN = ("corrects", "corrected_by")
UNREAD = ("data", "corrects__data", "corrected_by__data")  # much, where only the titles are shown


@require_safe
def editions(request, slug):
    roadmap = roadmap_or_404(request, slug)
    found = Edition.objects.visible_to(request.user).filter(roadmap=roadmap).select_related(*SHOWN).defer(*UNREAD)
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "obstacle": None if sealable(request.user, roadmap) else why_not(request.user, "seal", roadmap),
    }
    return render(request, "editions/editions.html", context)


@require_safe
def edition(request, slug, number):
    """What was sealed, an area at a time where it is much."""
    found = edition_or_404(request, slug, number)
    said = Said.of_edition(found, request.user)
    pages = paged(request, areas_asked(request, said.areas), said.items, PER_PAGE)
    others = Edition.objects.visible_to(request.user).filter(roadmap=found.roadmap).exclude(place=found.place)
    context = {
        "edition": found,
        "said": said,
        "heads": {name: said.head(name) for name in said.data["heads"]},
        "timeliness": said.tally("timeliness"),
        "execution": said.tally("execution"),
        "by_area": said.by_area(),
        "areas": said.areas,
        "shown": [(area, page, [said.item(item) for item in page]) for area, page in pages],
        "others": others.defer("data")[:PER_PAGE],
        "may_correct": may_correct(request.user, found),
    }
    return render(request, "editions/edition.html", context)


@require_safe
def edition_file(request, slug, number):
    """The very bytes that were sealed, for who may read all of them."""
    found = edition_or_404(request, slug, number)
    if not reads_all(found, request.user):
        raise NotAllowed(_("The file holds areas that you may not read; the page shows those that you may."))
    record(Event.Kind.DOWNLOADED, detail=request.path)
    name = f"{found.roadmap.slug}-{found.number}.json"
    return StreamingHttpResponse(
        found.file(),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


@require_safe
def edition_compare(request, slug, number):
    """What differs from another edition, or from the plan as it stands: an area at a time where it is much."""
    one, asked = edition_or_404(request, slug, number), request.GET.get("with", "today")
    other = None if asked == "today" else edition_or_404(request, slug, number_in(asked))
    older, newer = sorted((one, other), key=lambda edition: edition.place) if other else (one, None)
    old = Said.of_edition(older, request.user)
    if newer:
        new = Said.of_edition(newer, request.user)
        areas = united(old.areas, new.areas)
        shown = areas_asked(request, areas)
    else:
        areas = united(old.areas, open_today(request.user, older))
        shown = areas_asked(request, areas)
        new = Said.of_today(older.roadmap, [area.pk for area in shown])
    context = {
        "edition": older,
        "other": newer,
        "areas": areas,
        "query": f"with={newer.number if newer else 'today'}&",
        "shown": list(paged(request, shown, lambda area: differences(old, new, area), LISTED)),
    }
    return render(request, "editions/compare.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edition_seal(request, slug):
    """An edition is ordered: looked at with its counts, then sealed, in the background where it is much."""
    roadmap, user = roadmap_or_404(request, slug), request.user
    areas = sealable(user, roadmap)
    if not areas:
        access.require(user, "seal", roadmap)
        raise WrongState(_("There is nothing to seal yet: the plan has no areas."))
    asked = {
        "roadmap": roadmap,
        "areas": areas,
        "may_seal_all": access.may(user, "seal", Part(roadmap.pk)),
        "corrects": corrected(request, roadmap),
    }
    if request.method != "POST":
        return seal_page(request, SealForm(initial=first_suggestion(roadmap, asked["corrects"]), **asked))
    form = SealForm(request.POST, **asked)
    if not form.is_valid():
        return seal_page(request, form, status=400)
    order = form.order()
    try:
        order.require(user)
        if request.POST.get("verb") != "seal":
            form.keep_moment()
            return seal_page(request, form, order=order)
        if order.is_long():
            return redirect(job_of(order, user))
        sealed = order.seal(by=user)
    except ValidationError as error:
        form.add_error(None, error)
        return seal_page(request, form, status=400)
    except WrongState as refusal:
        form.add_error(None, str(refusal))
        return seal_page(request, form, status=refusal.status)
    messages.success(request, _("Sealed as edition No. %(number)s.") % {"number": sealed.number})
    return redirect(sealed)


@login_not_required
@require_safe
def edition_known(request, sha256):
    """That an edition with this digest exists, and nothing of what it says: to anyone who holds a copy."""
    found = Edition.objects.filter(sha256=sha256.lower()).first()
    context = {"edition": found, "roadmap": found and found.said_of("roadmap"), "sha256": sha256}
    return render(request, "editions/known.html", context, status=200 if found else 404)


def roadmap_or_404(request, slug):
    request.roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
    return request.roadmap


def edition_or_404(request, slug, number):
    roadmap = roadmap_or_404(request, slug)
    visible = Edition.objects.visible_to(request.user).select_related(*SHOWN).defer(*UNREAD[1:])
    found = get_object_or_404(visible, roadmap=roadmap, number=number)
    found.roadmap = roadmap
    return found


def areas_asked(request, areas):
    """Those of the areas that the page shows: the one asked for, or all where they are few; else the first."""
    asked, size = request.GET.get("area", ""), sum(area.milestones for area in areas)
    if size <= (PRINTED if asked == "all" else 0 if asked else AT_ONCE):
        return areas
    return [area for area in areas if area.code == asked] or areas[:1]


def paged(request, areas, rows_of, per_page):
    """(area, page of its rows) of each area that is shown: one alone by pages, several with all their rows."""
    for area in areas:
        rows = rows_of(area)
        yield area, Paginator(rows, per_page if len(areas) == 1 else len(rows) or 1).get_page(request.GET.get("page"))


def united(areas, others):
    return [*areas, *(area for area in others if area.pk not in {one.pk for one in areas})]


def number_in(text):
    """The number that an address gives; nothing else leads anywhere."""
    if not text.isdecimal() or len(text) > DIGITS:
        raise Http404
    return int(text)


def sealable(user, roadmap):
    """The areas of the roadmap that this person may seal."""
    return [area for area in roadmap.areas_in_order if access.may(user, "seal", Part(roadmap.pk, area.pk))]


def may_correct(user, edition):
    """Whether this person may seal another one in its place: of the same areas, as long as there is none."""
    areas = [None] if edition.is_whole else edition.chapters.values_list("area", flat=True)
    parts = [Part(edition.roadmap_id, area) for area in areas]
    return not hasattr(edition, "corrected_by") and all(access.may(user, "seal", part) for part in parts)


def corrected(request, roadmap):
    """The edition that is to be corrected, if the address names one."""
    number = request.GET.get("corrects")
    return edition_or_404(request, roadmap.slug, number_in(number)) if number else None


def first_suggestion(roadmap, corrects):
    if corrects:
        return {"judged_on": corrects.judged_on, "title": corrects.title}
    today = roadmap.today()
    ended = Round.objects.filter(roadmap=roadmap, ends_on__lte=today).exclude(state=Round.State.PLANNED)
    last = ended.order_by("-ends_on").first()
    return {"judged_on": last.ends_on if last else today}


def seal_page(request, form, *, order=None, status=200):
    context = {"form": form, "order": order, "heads": Timeliness}
    if order:
        rows = [(area, [tally.get(one, 0) for one in Timeliness]) for area, tally in order.preview()]
        context["preview"] = [(area, counts, sum(counts)) for area, counts in rows]
    return render(request, "editions/seal.html", context, status=status)


def job_of(order, user):
    """The job that seals it; asked for twice, it is one."""
    arguments = order.packed()
    waiting = Job.objects.visible_to(user).unfinished().filter(arguments=arguments)
    title = _("Seal: %(title)s") % {"title": order.title}
    return waiting.first() or Job.objects.start(
        seal_in_background,
        by=user,
        title=title,
        arguments=arguments,
        back=reverse("editions", args=[order.roadmap.slug]),
    )
