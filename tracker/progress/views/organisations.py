"""Organisations that end: a successor takes over what is unfinished (domain.md §8)."""

from dataclasses import dataclass

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tracker.history.rehearsal import rehearse
from tracker.progress.plan_forms import HandOverForm
from tracker.roadmaps import access, changes
from tracker.roadmaps.models import Executor, Organisation

from .plan_changes import READ_AND_SEND, status_of, versions, weighed

LISTED = 50  # parts of a preview that are named; the rest is a number


@dataclass
class Handed:
    """What a hand-over moves: (executor, whether the successor is there already), what stays, what lies under it."""

    moving: list
    staying: int
    below: list
    grants: list
    changes_nothing: bool

    @property
    def shown(self):
        return self.moving[:LISTED]

    @property
    def more(self):
        return max(0, len(self.moving) - LISTED)


@require_http_methods(READ_AND_SEND)
def hand_over(request, pk):
    access.require_administrator(request.user)
    organisation = get_object_or_404(Organisation.objects.select_related("party", "parent", "successor"), pk=pk)
    form = HandOverForm(
        request.POST or None,
        stamp=f"{organisation.version} {versions(changes.executors_to_move(organisation).order_by())}",
        successors=changes.possible_successors(organisation),
        grants=changes.people_scoped_to(organisation),
        today=timezone.localdate(),
        initial={"successor": organisation.successor_id},
    )

    def deed(*, grants=()):
        said = form.cleaned_data
        ended = Organisation.objects.get(pk=organisation.pk)
        ended.version = organisation.version
        changes.hand_over(
            ended,
            said["successor"],
            on=said["ended_on"],
            by=request.user,
            reason=said["basis"],
            grants=grants,
        )

    def effect_of():
        # What the models refuse is said first; without the grants, whose changes are logged at once
        _nothing, is_written = rehearse(deed)
        return handed(organisation, form.cleaned_data, is_written=is_written)

    effect, is_done = weighed(request, form, effect_of, lambda: deed(grants=form.cleaned_data.get("grants", ())))
    if is_done:
        messages.success(
            request,
            _("%(successor)s has taken over from %(organisation)s.")
            % {"successor": form.cleaned_data["successor"], "organisation": organisation},
        )
        return redirect("hand_over", organisation.pk)
    context = {
        "organisation": organisation,
        "form": form,
        "effect": effect,
        "successor": form.cleaned_data["successor"] if effect else organisation.successor,
    }
    return render(request, "progress/handover.html", context, status=status_of(form))


def handed(organisation, said, *, is_written):
    """What the hand-over would move, as far as the parts go named."""
    moving = list(
        changes.executors_to_move(organisation).select_related("participation__item__roadmap", "participation__party")
    )
    there = set(
        Executor.objects.filter(
            participation__in=[executor.participation_id for executor in moving], organisation=said["successor"]
        ).values_list("participation", flat=True)
    )
    return Handed(
        moving=[(executor, executor.participation_id in there) for executor in moving],
        staying=organisation.executions.count() - len(moving),
        below=list(organisation.children.all()),
        grants=list(said.get("grants", ())),
        changes_nothing=not (is_written or said.get("grants")),
    )
