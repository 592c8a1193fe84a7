"""One item with all that belongs to it, in a bounded number of queries."""

from django.db.models import Q
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from tracker.history.as_of import present
from tracker.history.timeline import timeline
from tracker.progress.models import DeadlineChange, Evidence, Report, Round
from tracker.progress.workflow import ReportState
from tracker.roadmaps.access import Obstacle, may, own_party, why_not
from tracker.roadmaps.models import Commitment, Control, Executor, Milestone, Participation, Replacement

from .standing import standing_of
from .status_rows import milestone_facts

LATEST = 30
FACTS = ("expected_result", "form_of_completion", "funding", "note", "source")


def item_page(item, user, *, on):
    """The context of an item's page on the day: wording, standing, milestones, parties, reports, evidence, history."""
    parties = item.roadmap.parties_in_order
    milestones = list(item.milestones.in_plan_order())
    commitments = {}
    parts = list(Commitment.objects.filter(milestone__in=[m.pk for m in milestones]).select_related("party"))
    for commitment in parts:
        commitments.setdefault(commitment.milestone_id, []).append(commitment)
    ids = [commitment.pk for commitment in parts]  # spelt out: planners start from them, at any size
    open_texts, documents = readable(user, ids)
    reports = Report.objects.visible_to(user).filter(commitment__in=ids, pk__in=open_texts)
    latest = list(
        reports.with_open_text(user)
        .select_related("commitment__party", "commitment__milestone", "round")
        .latest_first()[:LATEST]
    )
    for report in latest:
        report.text_is_open = report.text_is_open and open_texts[report.pk]
    replaced = replacements_of(milestones)
    changes = DeadlineChange.objects.visible_to(user).filter(milestone__item=item)
    changes = list(changes.select_related("milestone", "party", "proposed_by", "decided_by", "amendment"))
    held_up = proposing(user, item, milestones, parts, changes)
    authentic = item.roadmap.authentic_language
    shown = item.wording.spoken()[1]
    return {
        "item": item,
        "heading": Truncator(item.wording).words(14),
        "authentic": item.wording.get(authentic) if shown != authentic else "",
        "is_stale": item.wording.is_stale(shown, authentic),
        "facts": [
            (capfirst(item._meta.get_field(name).verbose_name), getattr(item, name))
            for name in FACTS
            if getattr(item, name)
        ],
        "plan_obstacle": why_not(user, "plan", item),
        "own_parts": own_parts(user, parts, milestones),
        "write_obstacle": why_not(user, "write", item),
        "standing": standing_of(milestones, on=on),
        "milestones": [
            (
                m,
                milestone_facts(m, commitments, on=on, parties=parties)
                | replaced.get(m.pk, {})
                | {"may_propose": m.pk in held_up, "held_up": held_up.get(m.pk)},
            )
            for m in milestones
        ],
        "participations": participations_of(item, parties),
        "reports": latest,
        "reports_total": reports.count(),
        "evidence": list(
            Evidence.objects.visible_to(user)
            .filter(proofs__commitment__in=ids, pk__in=documents)
            .select_related("party")
            .distinct()[:LATEST]
        ),
        "deadline_changes": changes,
        "history": history_of_item(item, milestones, commitments),
    }


def readable(user, commitments):
    """What the person may read today, and a past page too: {report id: whether its text is open}, document ids."""
    with present():
        reports = Report.objects.visible_to(user).with_open_text(user).filter(commitment__in=commitments)
        documents = Evidence.objects.visible_to(user).filter(proofs__commitment__in=commitments)
        return dict(reports.values_list("pk", "text_is_open")), set(documents.values_list("pk", flat=True))


def replacements_of(milestones):
    """{milestone id: {"in_its_place": …, "in_place_of": …}} of those that were replaced or replace others."""
    ids, found = [milestone.pk for milestone in milestones], {}
    both = Replacement.objects.filter(Q(old__in=ids) | Q(new__in=ids)).select_related("old__item", "new__item")
    for one in both:
        for milestone in (one.old, one.new):
            milestone.item.roadmap = milestones[0].item.roadmap
        found.setdefault(one.old_id, {}).setdefault("in_its_place", []).append(one.new)
        found.setdefault(one.new_id, {}).setdefault("in_place_of", []).append(one.old)
    return found


def proposing(user, item, milestones, parts, changes):
    """{milestone id: why no other term can be proposed now, or ""} of those for which this person may propose one."""
    if may(user, "review", item) or may(user, "plan", item):
        ids = {milestone.pk for milestone in milestones}
    else:
        written = Commitment.objects.written_by(user).counting().filter(pk__in=[part.pk for part in parts])
        ids = set(written.values_list("milestone", flat=True))
    movable = [m for m in milestones if m.control == Control.ON and not m.is_completed]
    waiting = {change.milestone_id: change for change in changes if change.is_open}
    return {m.pk: DeadlineChange.held_up(m, waiting=waiting.get(m.pk, False)) for m in movable if m.pk in ids}


def own_parts(user, parts, milestones):
    """(milestone, party, report asked for or None, obstacle or None) of each part that this person's party has.

    Within one item the answer is the same for all reports of a party in one state, and is asked for once.
    """
    spoken_for = own_party(user, roadmap="roadmap", area="area", party="party")
    ids = set(Commitment.objects.filter(spoken_for, pk__in=[part.pk for part in parts]).values_list("pk", flat=True))
    if not ids:
        return []
    current = Q(round__state=Round.State.OPEN) | Q(state=ReportState.RETURNED)
    reports = Report.objects.filter(current, commitment__in=ids).select_related("round").latest_first()
    asked = {report.commitment_id: report for report in reversed(reports)}
    by_id, known, rows = {milestone.pk: milestone for milestone in milestones}, {}, []
    for part in parts:
        if part.pk not in ids:
            continue
        part.milestone, report = by_id[part.milestone_id], asked.get(part.pk)
        if report is None:
            obstacle = Obstacle(_("No report is asked for on this milestone now."))
        else:
            report.commitment, key = part, (part.party_id, report.state)
            if key not in known:
                known[key] = why_not(user, "write", report)
            obstacle = known[key]
        rows.append((part.milestone, part.party, report, obstacle))
    return rows


def participations_of(item, parties):
    """(party, participation or None, organisations) of each party of the roadmap, partners after."""
    executors = {}
    for executor in (
        Executor.objects.filter(participation__item=item).select_related("organisation").order_by("position", "pk")
    ):
        executors.setdefault(executor.participation_id, []).append(executor.organisation)
    found = {p.party_id: p for p in item.participations.select_related("party")}
    outside = [p.party for p in found.values() if p.party_id not in {party.pk for party in parties}]
    return [
        (party, found.get(party.pk), executors.get(found[party.pk].pk, []) if party.pk in found else [])
        for party in [*parties, *outside]
    ]


def history_of_item(item, milestones, commitments):
    """The latest changes of the item, its parties, milestones and what was accepted on them, newest first."""
    return timeline(
        (type(item), [item.pk]),
        (Participation, [p.pk for p in item.participations.all()]),
        (Milestone, [m.pk for m in milestones]),
        (Commitment, [c.pk for own in commitments.values() for c in own]),
        limit=20,
    )
