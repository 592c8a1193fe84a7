"""Changes of the plan by an administrator, each looked at with its effect before it is done (domain.md §8)."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Count, Max, Min, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from tracker.history.changes import change_set
from tracker.lib.errors import Conflict, WrongState
from tracker.lib.terms import parse
from tracker.progress.plan_forms import ControlForm, NewMilestoneFormSet, ReplaceForm
from tracker.progress.replacing import replace
from tracker.roadmaps import access, changes
from tracker.roadmaps.models import Control, Item, Milestone, Roadmap

from .plan_effects import effect_of_decision, effect_on

READ_AND_SEND = ["GET", "HEAD", "POST"]
CHANGED = gettext_lazy("Something has changed since the preview. Look at the effect again.")


# The steps of all of them


def weighed(request, form, effect_of, deed, *, is_sound=True):
    """(effect, whether it is done): a sound form is looked at first, and done when exactly that was looked at.

    What refuses is a sentence at the form. A deed sent twice finds nothing left to change, and is done.
    """
    if not form.is_bound or not form.is_valid() or not is_sound:
        return None, False
    is_sent = request.POST.get("verb") == "do"
    try:
        if is_sent and form.is_seen:
            deed()
            return None, True
        effect = effect_of()
    except (WrongState, Conflict, IntegrityError) as refusal:
        taken = isinstance(refusal, IntegrityError)  # somebody wrote the same row at this moment
        form.refusal = Conflict(CHANGED) if taken else refusal
        form.add_error(None, str(form.refusal))
        return None, False
    except ValidationError as errors:
        form.add_error(None, errors.messages)
        return None, False
    if is_sent and effect.changes_nothing:
        return effect, True
    if is_sent:
        messages.warning(request, CHANGED)
    form.look()
    return effect, False


def status_of(form, *others):
    if getattr(form, "refusal", None):
        return form.refusal.status
    return 400 if any(one.is_bound and not one.is_valid() for one in (form, *others)) else 200


def roadmap_or_404(request, slug):
    """The roadmap of the page: for who may see it, and change its plan."""
    roadmap = get_object_or_404(Roadmap.objects.visible_to(request.user), slug=slug)
    request.roadmap = roadmap
    return roadmap


def item_or_404(request, slug, pk):
    roadmap = roadmap_or_404(request, slug)
    item = get_object_or_404(Item.objects.visible_to(request.user).filter(roadmap=roadmap), pk=pk)
    item.roadmap = roadmap
    access.require(request.user, "plan", item)
    return item


def versions(rows):
    """How the rows stand, as a text: two of them are equal only if nothing was written between."""
    found = rows.aggregate(n=Count("pk"), s=Sum("version"), first=Min("pk"), last=Max("pk"))
    return "-".join(str(value) for value in found.values())


# Control


@require_http_methods(READ_AND_SEND)
def control_milestone(request, slug, pk):
    """Close a milestone as completed, drop it, or put it back on control."""
    roadmap = roadmap_or_404(request, slug)
    visible = Milestone.objects.visible_to(request.user).filter(roadmap=roadmap).select_related("item")
    milestone = get_object_or_404(visible, pk=pk)
    milestone.item.roadmap = roadmap
    access.require(request.user, "plan", milestone)
    return control(request, milestone, milestone.item, [milestone])


@require_http_methods(READ_AND_SEND)
def control_item(request, slug, pk):
    """The same of an item, with the milestones that stand as it does."""
    item = item_or_404(request, slug, pk)
    return control(request, item, item, item.decided_together())


def control(request, target, item, milestones):
    today = item.roadmap.today()
    stamp = f"{target.version} {[(one.pk, one.version) for one in milestones]}"
    form = ControlForm(request.POST or None, stamp=stamp, today=today, control=target.control)

    def decide():
        decided_on(target, item).decide_control(**form.decision, by=request.user)
        if form.decision["control"] == Control.ON:
            changes.ask(item.roadmap, [item])

    def deed():
        changes.require_going_on(item.roadmap)
        with change_set(by=request.user, reason=form.decision["basis"]):
            decide()

    effect, is_done = weighed(
        request,
        form,
        lambda: effect_of_decision(target, milestones, form.decision, deed, on=today),
        deed,
    )
    if is_done:
        target.refresh_from_db()
        messages.success(
            request,
            _("%(number)s: %(control)s.") % {"number": target.number, "control": target.get_control_display().lower()},
        )
        return redirect(target.get_absolute_url())
    context = {
        "target": target,
        "item": item,
        "milestones": milestones,
        "others": item.milestones.exclude(pk__in=[one.pk for one in milestones]) if target == item else (),
        "form": form,
        "effect": effect,
    }
    return render(request, "progress/control.html", context, status=status_of(form))


def decided_on(target, item):
    """The row anew, in the version that was read: a rehearsal leaves the one of the page as it was."""
    row = type(target).objects.get(pk=target.pk)
    row.version = target.version
    if isinstance(row, Milestone):
        row.item = item
    else:
        row.roadmap = item.roadmap
    return row


# Milestones split and merged


@require_http_methods(READ_AND_SEND)
def replace_milestones(request, slug, pk):
    """Put new milestones, or existing ones, in the place of old ones."""
    item = item_or_404(request, slug, pk)
    today = item.roadmap.today()
    stamp = f"{item.version} {versions(item.roadmap.milestones.all())}"
    chosen = {"olds": request.GET.getlist("old")}
    form = ReplaceForm(request.POST or None, stamp=stamp, item=item, today=today, initial=chosen)
    new = NewMilestoneFormSet(with_more_rows(request), form_kwargs={"item": item}, prefix="new")
    if request.method == "POST" and request.POST.get("verb") == "more":
        form.is_valid()
        return replace_page(request, item, form, new, None, asks_for_more=True)
    if form.is_bound and was_replaced(item, form, new, request.POST):
        return replaced(request, item, request.POST.getlist("olds"))
    is_sound = form.is_bound and form.is_valid() and new.is_valid()
    if is_sound:
        form.check_beside(new)

    def deed():
        said = form.cleaned_data
        olds = list(Milestone.objects.filter(pk__in=said["olds"]).in_plan_order())
        for old in olds:
            old.item = item
        with change_set(by=request.user, reason=said["basis"]):
            replace(
                olds,
                new=new_milestones(item, form, new),
                existing=list(Milestone.objects.filter(pk__in=[m.pk for m in said["existing"]]).select_related("item")),
                basis=said["basis"],
                on=said["on"],
                by=request.user,
                amendment=form.the_amendment() if new.filled else None,
            )

    def effect_of():
        touched = {item, *(milestone.item for milestone in form.cleaned_data["existing"])}
        effect = effect_on(item.roadmap, sorted(touched, key=lambda one: one.number_key), deed, on=today)
        effect.warnings += doubts_about_weights(form, new)
        return effect

    effect, is_done = weighed(request, form, effect_of, deed, is_sound=is_sound and form.is_valid())
    if is_done:
        return replaced(request, item, [str(old.pk) for old in form.cleaned_data["olds"]])
    return replace_page(request, item, form, new, effect)


def replace_page(request, item, form, new, effect, *, asks_for_more=False):
    weight = sum(form.cleaned_data["olds"].values_list("weight", flat=True)) if effect else None
    context = {"item": item, "form": form, "new": new, "effect": effect, "weight": weight}
    status = 200 if asks_for_more else status_of(form, *([new] if form.is_bound else ()))
    return render(request, "progress/control_replace.html", context, status=status)


def with_more_rows(request):
    """What was sent, with empty rows for more new milestones where they were asked for."""
    if request.method != "POST" or request.POST.get("verb") != "more":
        return request.POST or None
    data = request.POST.copy()
    total = data.get("new-TOTAL_FORMS", "")
    data["new-TOTAL_FORMS"] = min(20, int(total) + 2) if total.isascii() and total.isdigit() and len(total) < 3 else 2
    return data


def new_milestones(item, form, new):
    """(milestone, its term) of each row that was filled in."""
    weights = form.weights(new)
    return [
        (
            Milestone(
                item=item,
                number=row.cleaned_data["number"],
                wording=dict(row.cleaned_data["wording"]),
                weight=weight,
                party=row.cleaned_data["party"],
            ),
            parse(row.cleaned_data["term"].strip()),
        )
        for row, weight in zip(new.filled, weights, strict=True)
    ]


def doubts_about_weights(form, new):
    """Whether the new ones together weigh what the old ones did."""
    old = sum(milestone.weight for milestone in form.cleaned_data["olds"])
    weights = form.weights(new)
    if weights and not form.cleaned_data["existing"] and sum(weights) != old:
        yield _(
            "The old ones weigh %(old)d together, the new ones %(new)d: they count differently in the item's progress."
        ) % {"old": old, "new": sum(weights)}
    for row in new.filled:
        if row.cleaned_data["term"] and not parse(row.cleaned_data["term"].strip()).due_on:
            yield _("%(number)s: the term “%(term)s” gives no due day.") % {
                "number": row.cleaned_data["number"],
                "term": row.cleaned_data["term"],
            }


def was_replaced(item, form, new, data):
    """Whether this very form was sent and done before: its old milestones lead to its new numbers already."""
    olds = data.getlist("olds")
    replaced_olds = [
        old
        for old in item.milestones.filter(pk__in=[pk for pk in olds if pk.isascii() and pk.isdigit()])
        if old.drop_reason == Milestone.DropReason.REPLACED
    ]
    if not olds or len(replaced_olds) != len(olds) or data.get("verb") != "do":
        return False
    form.is_valid()
    numbers = {row["number"].value() for row in new.forms if row["number"].value()}
    numbers |= {milestone.number for milestone in form.cleaned_data.get("existing", ())}
    return all({r.new.number for r in old.replaced_by.select_related("new")} == numbers for old in replaced_olds)


def replaced(request, item, olds):
    numbers = ", ".join(item.milestones.filter(pk__in=olds).in_plan_order().values_list("number", flat=True))
    messages.success(request, _("Replaced: %(numbers)s. Accepted reports stay with it.") % {"numbers": numbers})
    return redirect(item)
