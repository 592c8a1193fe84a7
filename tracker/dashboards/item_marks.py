"""What has changed on an item's page since it was seen from an earlier standpoint: what stood there, in words."""

from django.utils.translation import gettext as _

from tracker.progress.status import Control, Execution, Timeliness


def mark_changes(page, then):
    """Give an item's page (item_page.py) what it said `then`, the same page of then: `was` and rows that left.

    Of the item and of each milestone `was` is {what: words}, as far as that is not what the page says now.
    """
    page["was"] = differing(in_words(then), in_words(page))
    page["facts_gone"] = [(label, text) for label, text in then["facts"] if label not in dict(page["facts"])]
    earlier = {milestone.pk: milestone_in_words(milestone, facts) for milestone, facts in then["milestones"]}
    for milestone, facts in page["milestones"]:
        before = earlier.pop(milestone.pk, None)
        facts["was"] = differing(before or {}, milestone_in_words(milestone, facts))
        facts["is_new"] = before is None
    page["milestones_gone"] = list(earlier.values())
    roles = {party.pk: role_in_words(*rest) for party, *rest in then["participations"]}
    page["roles_were"] = {
        party.pk: roles[party.pk]
        for party, *rest in page["participations"]
        if party.pk in roles and roles[party.pk] != role_in_words(*rest)
    }


def differing(before, now):
    return {name: words for name, words in before.items() if words != now.get(name)}


def in_words(page):
    """{what: words} of the item itself; each further fact by its label."""
    item, standing = page["item"], page["standing"]
    percent = "" if standing.percent is None else f", {standing.percent} %"
    return {
        "wording": str(item.wording),
        "timeliness": str(Timeliness(standing.worst).label),
        "execution": f"{Execution(standing.execution).label}{percent}",
        "control": str(Control(item.control).label),
        **{label: str(text) for label, text in page["facts"]},
    }


def milestone_in_words(milestone, facts):
    return {
        "number": milestone.number,
        "wording": str(milestone.wording),
        "proof": str(milestone.proof),
        "parties": str(facts["strip"]),
        "agreed": milestone.agreed.in_words() or "—",
        "current": milestone.current.in_words() or "—",
        "execution": str(Execution(milestone.execution).label),
        "control": str(Control(milestone.control).label),
        "timeliness": str(Timeliness(facts["timeliness"]).label),
    }


def role_in_words(participation, organisations):
    if participation is None:
        return _("does not take part")
    role = participation.get_role_display()
    if participation.until:
        role = _("%(role)s, until %(day)s") % {"role": role, "day": f"{participation.until:%d.%m.%Y}"}
    return ": ".join(part for part in (role, "; ".join(map(str, organisations))) if part)
