"""Many rows of the status table at once: what is to be done, what would come of it, what came of it."""

from dataclasses import asdict, dataclass

from django.contrib import messages
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.dashboards.days import on_a_day
from tracker.dashboards.filters import StatusFilter
from tracker.jobs.models import Job
from tracker.lib.errors import NotAllowed, WrongState
from tracker.progress.bulk.actions import ACTIONS, offered
from tracker.progress.bulk.applying import About, Done, apply, apply_in_background, in_slices, is_large
from tracker.progress.bulk.choice import Choice
from tracker.progress.bulk.deed import Tally
from tracker.progress.bulk.preview import preview
from tracker.roadmaps import access
from tracker.roadmaps.models import Milestone

from .inline import ANOTHER_DAY, is_another_day
from .plan_changes import READ_AND_SEND

OWN_NAMES = ("csrfmiddlewaretoken", "verb", "action", "row", "all", "query", "matched", "choice")
DIGITS = 18  # of a key; no column holds more
KEPT = 5  # results that a session remembers


@dataclass
class Selection:
    """The rows that were ticked, or all that match the table's query: found anew each time it is asked."""

    request: object
    roadmap: object
    rows: list
    query: str
    matched: str = ""  # how many there were when they were chosen

    @classmethod
    def asked(cls, request, roadmap, asked):
        query = asked.get("query", "")[:4000]
        if "all" in asked:
            return cls(request, roadmap, [], query, asked.get("matched", ""))
        return cls(request, roadmap, [int(pk) for pk in asked.getlist("row") if is_key(pk)] or None, query)

    @property
    def is_empty(self):
        return self.rows is None

    @cached_property
    def milestones(self):
        visible = Milestone.objects.visible_to(self.request.user).filter(roadmap=self.roadmap).in_plan_order()
        if self.rows:
            return visible.filter(pk__in=self.rows)
        options = {"request": self.request, "on": self.request.today, "roadmap": self.roadmap}
        found = StatusFilter(QueryDict(self.query), queryset=visible, **options)
        if found.form.errors:  # on the page the other filters hold; here that would take more rows than were meant
            raise WrongState(_("A filter of the list cannot be read. Correct it, and then take all that match."))
        return found.qs

    @cached_property
    def count(self):
        return self.milestones.count()

    @property
    def is_another_number(self):
        return self.matched != "" and self.matched != str(self.count)

    @property
    def fields(self):
        """What a form sends along to choose the same again."""
        chosen = [("row", pk) for pk in self.rows] if self.rows else [("all", "on"), ("matched", self.matched)]
        return [("query", self.query), *chosen]

    @property
    def address(self):
        """The table that it was chosen in."""
        return reverse("status_table", args=[self.roadmap.slug]) + (f"?{self.query}" if self.query else "")


@require_http_methods(READ_AND_SEND)
@on_a_day
def bulk(request, roadmap):
    """The form of an action, then its preview, then the deed: each says the rows anew, and who may is asked anew."""
    asked = request.POST or request.GET
    if "choice" in asked:
        return of_choice(request, roadmap, asked)
    selection = Selection.asked(request, roadmap, asked)
    if is_another_day(request, selection.address):
        raise WrongState(ANOTHER_DAY)
    action = None if selection.is_empty else action_for(request, roadmap, asked.get("action", ""))
    if selection.is_empty or not selection.count:
        messages.warning(request, _("No rows are selected."))
        return redirect(selection.address)
    if request.POST.get("verb") != "preview":
        return form_page(request, selection, action, action.form(about=about(request, selection)))
    form = action.form(request.POST, about=about(request, selection))
    if not form.is_valid():
        return form_page(request, selection, action, form, status=400)
    return preview_page(request, selection, action, form)


def is_key(text):
    return text.isascii() and text.isdigit() and len(text) <= DIGITS


def action_for(request, roadmap, name):
    """The action of this name, for whom it is offered."""
    if name not in ACTIONS:
        raise Http404
    action = ACTIONS[name]
    if action not in offered(request.user, roadmap):
        raise NotAllowed(action.rule, ask=access.whom_to_ask("plan", roadmap, apart_from=request.user))
    return action


def about(request, selection):
    site = request.build_absolute_uri("/").rstrip("/")
    return About(request.user, selection.roadmap, selection.milestones, site)


def form_page(request, selection, action, form, *, status=200):
    context = {"selection": selection, "action": action, "form": form}
    return render(request, "progress/bulk.html", context, status=status)


def preview_page(request, selection, action, form):
    parts, seen = preview(list(form.deeds(request.user)), selection.milestones)
    typed = request.POST.copy()
    for name in OWN_NAMES:
        typed.pop(name, None)
    choice = Choice(
        request.user.pk, selection.roadmap.pk, action.name, typed.urlencode(), selection.query, selection.rows or [],
        seen, about(request, selection).site,
    )  # fmt: skip
    tally = Tally(*(sum(getattr(part.tally, name) for part in parts) for name in ("changed", "same", "refused")))
    context = {
        "selection": selection,
        "action": action,
        "form": form,
        "parts": parts,
        "tally": tally,
        "choice": choice.sealed(),
        "is_large": is_large(choice),
    }
    return render(request, "progress/bulk_preview.html", context)


# From the preview on


def of_choice(request, roadmap, asked):
    """What the preview sends: back to its form, or do it; pressed twice, it is done once."""
    choice = Choice.opened(asked["choice"], user=request.user, roadmap=roadmap)
    action = action_for(request, roadmap, choice.action)
    selection = Selection(request, roadmap, choice.rows, choice.query)
    if not request.is_live:
        raise WrongState(ANOTHER_DAY)
    if request.POST.get("verb") != "apply":
        form = action.form(QueryDict(choice.typed), about=about(request, selection))
        return form_page(request, selection, action, form)
    job = Job.objects.filter(person=request.user, arguments__once=choice.once).first()
    if job is None and is_large(choice):
        job = Job.objects.start(
            apply_in_background, by=request.user, title=f"{action.title}: {roadmap}", arguments=choice.packed(),
            total=choice.count, back=selection.address,
        )  # fmt: skip
    if job:
        return redirect(job)
    if choice.once not in request.session.get("bulk", {}):
        done = Done()
        apply(choice, request.user, roadmap, slices=in_slices, done=done)
        remember(request, choice, selection, done)
    return redirect("bulk_done", roadmap.slug, choice.once)


def remember(request, choice, selection, done):
    """Keep the result for its page, with the latest others."""
    others = list(request.session.get("bulk", {}).items())[1 - KEPT :]
    result = {"action": choice.action, "address": selection.address, "tally": asdict(done.tally)}
    result |= {"changed": done.changed, "refused": done.refused, "changes": done.changes}
    request.session["bulk"] = dict(others) | {choice.once: result}


@require_safe
@on_a_day
def bulk_done(request, roadmap, once):
    """What came of it, as the session remembers; afterwards the history has it."""
    result = request.session.get("bulk", {}).get(once)
    if result is None:
        raise Http404
    return render(request, "progress/bulk_done.html", result | {"action": ACTIONS[result["action"]]})
