"""One item with all that belongs to it, in a bounded number of queries."""

from django.utils.text import Truncator, capfirst

from tracker.history.as_of import present
from tracker.history.timeline import timeline
from tracker.progress.models import DeadlineChange, Evidence, Report
from tracker.roadmaps.access import is_administrator
from tracker.roadmaps.models import Commitment, Executor, Milestone, Participation

from .standing import standing_of
from .status_rows import milestone_facts, roadmap_parties

LATEST = 30
FACTS = ("expected_result", "form_of_completion", "funding", "note", "source")


def item_page(item, user, *, on):
    """The context of an item's page on the day: wording, standing, milestones, parties, reports, evidence, history."""
    parties = roadmap_parties(item.roadmap)
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
    changes = DeadlineChange.objects.visible_to(user).filter(milestone__item=item)
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
        "may_administer": is_administrator(user),
        "standing": standing_of(milestones, on=on),
        "milestones": [(m, milestone_facts(m, commitments, on=on, parties=parties)) for m in milestones],
        "participations": participations_of(item, parties),
        "reports": latest,
        "reports_total": reports.count(),
        "evidence": list(
            Evidence.objects.visible_to(user)
            .filter(proofs__commitment__in=ids, pk__in=documents)
            .select_related("party")
            .distinct()[:LATEST]
        ),
        "deadline_changes": list(
            changes.select_related("milestone", "party", "proposed_by", "decided_by", "amendment")
        ),
        "history": history_of_item(item, milestones, commitments),
    }


def readable(user, commitments):
    """What the person may read today, and a past page too: {report id: whether its text is open}, document ids."""
    with present():
        reports = Report.objects.visible_to(user).with_open_text(user).filter(commitment__in=commitments)
        documents = Evidence.objects.visible_to(user).filter(proofs__commitment__in=commitments)
        return dict(reports.values_list("pk", "text_is_open")), set(documents.values_list("pk", flat=True))


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
