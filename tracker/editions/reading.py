"""An edition as its reader sees it: from what was sealed alone, in the words of then, in the areas open to them now."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date

from tracker.lib.texts import Texts
from tracker.progress.status import EXECUTION_MARKS, TIMELINESS_MARKS
from tracker.roadmaps import access
from tracker.roadmaps.models import Participation

from .contents import contents

MARKS = {"timeliness": TIMELINESS_MARKS, "execution": EXECUTION_MARKS}
NO_MARK = ("", "none")
AT_ONCE = 150  # milestones of several areas on one page
PRINTED = 2_000  # and if all are asked for, to be printed


def readable(user, roadmap, areas):
    """Those of the area ids in which the person reads this roadmap today."""
    return {area for area in areas if access.may(user, "read", access.Part(roadmap.pk, area))}


def reads_all(edition, user):
    """Whether the person reads today every area of which the edition says something."""
    areas = set(edition.chapters.values_list("area", flat=True))
    return readable(user, edition.roadmap, areas) == areas


@dataclass
class Area:
    """An area as it was called then, with its counts."""

    pk: int
    code: str
    name: Texts
    counts: dict

    @property
    def milestones(self):
        return self.counts.get("rows", {}).get("milestones", 0)


def open_today(user, edition):
    """The areas that the roadmap has today, of those that the edition is about and the person reads."""
    found = [Area(area.pk, area.code, area.name, {}) for area in edition.roadmap.areas_in_order]
    sealed = set(edition.chapters.values_list("area", flat=True))
    open_ = readable(user, edition.roadmap, [area.pk for area in found])
    return [area for area in found if area.pk in open_ and (edition.is_whole or area.pk in sealed)]


class Said:
    """What an edition says, or the plan as it stands: `text_of(area id)` gives what is said of an area."""

    def __init__(self, data, text_of, areas):
        self.data, self.text_of = data, text_of
        self.words = {axis: dict(values) for axis, values in data["labels"].items()}
        self.parties = {party["code"]: Texts(party["name"]) for party in data["parties"]}
        self.rounds = {round_["id"]: Texts(round_["name"]) for round_ in data["rounds"]}
        self.all_areas = [Area(a["id"], a["code"], Texts(a["name"]), a["counts"]) for a in data["areas"]]
        self.areas = [area for area in self.all_areas if area.pk in areas]

    @classmethod
    def of_edition(cls, edition, user):
        """As far as the person may read it."""
        areas = readable(user, edition.roadmap, edition.chapters.values_list("area", flat=True))
        return cls(json.loads(edition.data), lambda area: edition.chapters.get(area=area).text, areas)

    @classmethod
    def of_today(cls, roadmap, areas):
        """The plan as it stands, in these areas."""
        texts, data = contents(roadmap, roadmap.standpoint(), areas=areas)
        return cls(json.loads(data), dict(texts).get, areas)

    @property
    def is_partial(self):
        return len(self.areas) < len(self.all_areas)

    @property
    def milestones(self):
        return sum(area.milestones for area in self.areas)

    def items(self, area):
        """What it says of the items of an area: nothing, where it says nothing of the area to this reader."""
        if area.pk not in {one.pk for one in self.areas}:
            return []
        return json.loads(self.text_of(area.pk))["items"]

    def word(self, axis, code):
        return Texts(self.words[axis].get(code, {})) if code else Texts()

    def head(self, name):
        return Texts(self.data["heads"].get(name, {}))

    def mark(self, axis, code):
        look, icon = MARKS[axis].get(code, NO_MARK)
        return {"word": self.word(axis, code), "look": look, "icon": icon}

    def tally(self, axis):
        """[(mark, count)] of the areas together."""
        total = sum((Counter(area.counts.get(axis, {})) for area in self.areas), Counter())
        return [(self.mark(axis, code), total[code]) for code, _words in self.data["labels"][axis]]

    def by_area(self):
        """(area, [count of each timeliness])."""
        codes = [code for code, _words in self.data["labels"]["timeliness"]]
        return [(area, [area.counts.get("timeliness", {}).get(code, 0) for code in codes]) for area in self.areas]

    def item(self, item):
        """An item as a page draws it."""
        return {
            "id": item["id"],
            "number": item["number"],
            "wording": Texts(item["wording"]),
            "executors": [
                (part["party"], self.word("role", part["role"]), [Texts(e["name"]) for e in part["executors"]])
                for part in item["parties"]
                if part["role"] != Participation.Role.NONE
            ],
            "milestones": [self.milestone(milestone) for milestone in item["milestones"]],
        }

    def milestone(self, milestone):
        terms = milestone["terms"]
        first, agreed = terms["first"]["due"], terms["agreed"]["due"]
        return milestone | {
            "wording": Texts(milestone["wording"]),
            "agreed": Texts(terms["agreed"]["words"]),
            "current": Texts(terms["current"]["words"]),
            "originally": day_of(first) if first and first != agreed else None,
            "timeliness": self.mark("timeliness", milestone["timeliness"]),
            "execution": self.mark("execution", milestone["execution"]),
            "why": Texts(milestone["why"]),
            "parts": [
                part
                | {
                    "name": self.parties[part["party"]],
                    "execution": self.mark("execution", part["execution"]),
                    "confirmation": self.word("confirmation", part["confirmation"]),
                    "done_on": day_of(part["done_on"]),
                    "round": self.rounds.get(part["report"]["round"]) if part["report"] else None,
                }
                for part in milestone["parts"]
            ],
            "documents": [
                document | {"kind": self.word("document", document["kind"]), "dated_on": day_of(document["dated_on"])}
                for document in milestone["documents"]
            ],
            "changes": [
                change | {"decided_on": day_of(change["decided_at"] and change["decided_at"][:10])}
                for change in milestone["changes"]
            ],
        }


def day_of(text):
    return date.fromisoformat(text) if text else None
