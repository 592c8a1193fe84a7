"""What differs between two editions, or between an edition and the plan as it stands, area by area."""

from dataclasses import dataclass, field
from datetime import date

from tracker.lib.dates import short
from tracker.lib.texts import Texts

OF_ITEM = ("number", "wording", "expected_result", "form_of_completion", "funding", "note", "source", "rule", "control",
           "control_on", "control_basis", "roles", "executors")  # fmt: skip
OF_MILESTONE = ("number", "wording", "proof", "weight", "first", "agreed", "current", "moves", "execution", "percent",
                "timeliness", "done_on", "forecast_on", "confidence", "control", "control_on", "control_basis",
                "drop_reason", "documents")  # fmt: skip
OF_PART = ("role", "execution", "percent", "timeliness", "done_on", "forecast_on", "confidence", "confirmation",
           "released_on", "report")  # fmt: skip


@dataclass
class Row:
    """An item, a milestone or a party's part, to be compared: how it is called, and its values by their heads."""

    level: str
    what: str
    values: dict
    of: tuple = ()  # the key of the row that it belongs to


@dataclass
class Difference:
    """A row that came, went or changed: `fields` are (head, old, new) in words."""

    kind: str  # + came, - gone, ~ changed
    level: str
    what: str
    fields: list = field(default_factory=list)


def differences(old, new, area):
    """What differs in an area between what two of them say (`Said`), in the order of the new one; what went comes last.

    What came or went together with the row that it belongs to is not told apart.
    """
    before, after = rows_of(old, area), rows_of(new, area)
    came, went = after.keys() - before.keys(), before.keys() - after.keys()
    found = []
    for key, row in after.items():
        if key in came:
            if row.of not in came:
                found.append(Difference("+", row.level, row.what))
            continue
        fields = [
            (str(new.head(name)), in_words(old, name, then), in_words(new, name, now))
            for name, now in row.values.items()
            if (then := before[key].values[name]) != now
        ]
        if fields:
            found.append(Difference("~", row.level, row.what, fields))
    gone = [row for key, row in before.items() if key in went and row.of not in went]
    return found + [Difference("-", row.level, row.what) for row in gone]


def rows_of(said, area):
    """{key: Row} of the items of an area with their milestones and the parties' parts."""
    found = {}
    for item in said.items(area):
        own = ("item", item["id"])
        parties = item["parties"]
        values = item | {
            "roles": [f"{part['party']}: {said.word('role', part['role'])}" for part in parties],
            "executors": [str(Texts(one["name"])) for part in parties for one in part["executors"]],
        }
        found[own] = Row("item", f"{item['number']} {Texts(item['wording'])}", picked(values, OF_ITEM))
        for milestone in item["milestones"]:
            key = ("milestone", milestone["id"])
            values = milestone | {name: milestone["terms"][name]["words"] for name in ("first", "agreed", "current")}
            values["documents"] = [document["title"] for document in milestone["documents"]]
            what = f"{milestone['number']} {Texts(milestone['wording'])}"
            found[key] = Row("milestone", what, picked(values, OF_MILESTONE), own)
            for part in milestone["parts"]:
                values = part | {"report": part["report"] and part["report"]["narrative"]}
                what = f"{milestone['number']} · {said.parties[part['party']]}"
                found["part", milestone["id"], part["party"]] = Row("part", what, picked(values, OF_PART), key)
    return found


def picked(values, names):
    return {name: values[name] for name in names}


def in_words(said, name, value):
    """A sealed value as its reader reads it: a code by its word, a day as the product writes it."""
    if value in (None, "", [], {}):
        return "—"
    if name in said.words:
        return str(said.word(name, value))
    if isinstance(value, dict):
        return str(Texts(value))
    if isinstance(value, list):
        return "; ".join(value)
    return short(date.fromisoformat(value)) if name.endswith("_on") else str(value)
