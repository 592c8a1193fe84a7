"""One item with all that belongs to it, in a bounded number of queries."""

from django.db.models import Exists, F, OuterRef, Q
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from tracker.history.as_of import current_as_of, present
from tracker.history.timeline import timeline
from tracker.progress.models import DeadlineChange, Evidence, Proof, Report, Round
from tracker.progress.workflow import ReportState
from tracker.roadmaps.access import Obstacle, may, own_party, why_not
from tracker.roadmaps.models import Commitment, Control, Milestone, Participation, Replacement

from .standing import standing_of
from .status_rows import milestone_facts

LATEST = 30
FACTS = ("expected_result", "form_of_completion", "funding", "note", "source")
# What most items have none of is asked for only where there is some
IS_MOVED = Exists(DeadlineChange.objects.filter(milestone=OuterRef("pk")))
IS_EXCHANGED = Exists(Replacement.objects.filter(Q(old=OuterRef("pk")) | Q(new=OuterRef("pk"))))
IS_PROVEN = Exists(Proof.objects.filter(commitment=OuterRef("pk")))


def item_page(item, user, *, on):
    """The context of an item's page on the day: wording, standing, milestones, parties, reports, evidence."""
    parties = item.roadmap.parties_in_order
    milestones = list(item.milestones.in_plan_order().annotate(is_moved=IS_MOVED, is_exchanged=IS_EXCHANGED))
    by_id, commitments = {milestone.pk: milestone for milestone in milestones}, {}
    found = Commitment.objects.filter(milestone__in=by_id).annotate(is_proven=IS_PROVEN).select_related("party")
    parts = {part.pk: part for part in found}  # their ids are spelt out below: planners start from them, at any size
    for part in parts.values():
        part.milestone = by_id[part.milestone_id]
        commitments.setdefault(part.milestone_id, []).append(part)
    reports, documents, closed_today = readable(user, parts, [part.pk for part in parts.values() if part.is_proven])
    latest = list(reports.select_related("round").latest_first()[:LATEST])
    for report in latest:
        report.commitment = parts[report.commitment_id]
        report.text_is_open = report.text_is_open and report.pk not in closed_today
    replaced = replacements_of([m for m in milestones if m.is_exchanged])
    changes = changes_of(user, [m for m in milestones if m.is_moved])
    held_up = proposing(user, item, milestones, parts, changes)
    authentic = item.roadmap.authentic_language
    shown, own = item.wording.spoken()[1], own_parts(user, parts)
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
        "own_parts": own,
        "write_obstacle": None if own else why_not(user, "write", item),
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
        "reports_total": len(latest) if len(latest) < LATEST else reports.count(),
        "evidence": list(documents.select_related("party").distinct()[:LATEST]),
        "deadline_changes": changes,
    }


def readable(user, commitments, proven):
    """The reports of these parts and the documents of those proven that the person may read.

    On a past day, of what may be read today too; and the ids of the reports of which today the text may not be read.
    """
    reports = Report.objects.visible_to(user).with_open_text(user).filter(commitment__in=commitments)
    documents = Evidence.objects.visible_to(user).filter(proofs__commitment__in=proven)
    if not current_as_of():
        return reports, documents, ()
    with present():
        is_open = dict(reports.values_list("pk", "text_is_open"))
        readable_documents = list(documents.values_list("pk", flat=True))
    closed = {report for report, is_open_today in is_open.items() if not is_open_today}
    return reports.filter(pk__in=is_open), documents.filter(pk__in=readable_documents), closed


def changes_of(user, moved):
    """The moves of the terms of these milestones."""
    if not moved:
        return []
    changes = DeadlineChange.objects.visible_to(user).filter(milestone__in=moved)
    return list(changes.select_related("milestone", "party", "proposed_by", "decided_by", "amendment"))


def replacements_of(milestones):
    """{milestone id: {"in_its_place": …, "in_place_of": …}} of those that were replaced or replace others."""
    ids, found = [milestone.pk for milestone in milestones], {}
    if not ids:
        return found
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
        written = Commitment.objects.written_by(user).counting().filter(pk__in=parts)
        ids = set(written.values_list("milestone", flat=True))
    movable = [m for m in milestones if m.control == Control.ON and not m.is_completed]
    waiting = {change.milestone_id: change for change in changes if change.is_open}
    return {m.pk: DeadlineChange.held_up(m, waiting=waiting.get(m.pk, False)) for m in movable if m.pk in ids}


def own_parts(user, parts):
    """(milestone, party, report asked for or None, obstacle or None) of each part that this person's party has.

    Within one item the answer is the same for all reports of a party in one state, and is asked for once.
    """
    spoken_for = own_party(user, roadmap="roadmap", area="area", party="party")
    ids = set(Commitment.objects.filter(spoken_for, pk__in=parts).values_list("pk", flat=True))
    if not ids:
        return []
    current = Q(round__state=Round.State.OPEN) | Q(state=ReportState.RETURNED)
    reports = Report.objects.filter(current, commitment__in=ids).select_related("round").latest_first()
    asked = {report.commitment_id: report for report in reversed(reports)}
    known, rows = {}, []
    for part in parts.values():
        if part.pk not in ids:
            continue
        report = asked.get(part.pk)
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
    """(party, participation or None, names of its organisations) of each party of the roadmap, partners after."""
    read = item.participations.select_related("party").annotate(organisation=F("executors__organisation__name"))
    found, organisations = {}, {}
    for participation in read.order_by("party__position", "party__code", "executors__position", "executors"):
        found.setdefault(participation.party_id, participation)
        if participation.organisation:
            organisations.setdefault(participation.party_id, []).append(participation.organisation)
    outside = [p.party for p in found.values() if p.party_id not in {party.pk for party in parties}]
    return [(party, found.get(party.pk), organisations.get(party.pk, ())) for party in [*parties, *outside]]


def history_of_item(item):
    """The latest changes of the item, its parties, milestones and what was accepted on them, newest first."""
    milestones = list(item.milestones.values_list("pk", flat=True))
    return timeline(
        (type(item), [item.pk]),
        (Participation, list(item.participations.values_list("pk", flat=True))),
        (Milestone, milestones),
        (Commitment, list(Commitment.objects.filter(milestone__in=milestones).values_list("pk", flat=True))),
        limit=20,
    )
