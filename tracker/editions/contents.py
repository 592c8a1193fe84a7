"""What an edition says: all that the consolidated report shows, as plain data, read from one standpoint.

One function serves sealing and comparing with today. What it says of an area stands apart from the others, so that a
reader of one area gets no more, and a page reads no more than it shows. Only what every reader of the roadmap may read
today is taken in: of reports and documents, those that are open to all parties.
"""

from collections import Counter, defaultdict
from itertools import islice

from django.utils.translation import gettext as _

from tracker.history.as_of import present
from tracker.lib.canonical import canonical
from tracker.lib.errors import WrongState
from tracker.lib.texts import Texts
from tracker.progress.models import DeadlineChange, Proof, Report
from tracker.progress.status import facts_of, rule_for
from tracker.progress.workflow import Audience, ReportState
from tracker.roadmaps.models import (
    Commitment,
    Control,
    Executor,
    Item,
    Milestone,
    Participation,
    Party,
    PriorityArea,
    Roadmap,
)

from .words import heads, in_languages, labels, rules

FORMAT = 1
PART = 100  # items read at a time

OF_ROADMAP = ("slug", "title", "short_title", "starts_on", "ends_on", "adopted_on", "adopted_by", "source",
              "authentic_language", "time_zone", "state", "is_sample")  # fmt: skip
OF_ITEM = ("number", "wording", "expected_result", "form_of_completion", "funding", "note", "source", "rule", "control",
           "control_on", "control_basis")  # fmt: skip
OF_MILESTONE = ("number", "wording", "proof", "weight", "moves", "slip", "execution", "percent", "done_on",
                "forecast_on", "confidence", "control", "control_on", "control_basis", "drop_reason", "counting",
                "completed")  # fmt: skip
OF_PART = ("role", "released_on", "execution", "percent", "done_on", "forecast_on", "confidence", "confirmation",
           "freshness", "silent_rounds")  # fmt: skip
OF_REPORT = ("execution", "percent", "done_on", "forecast_on", "confidence", "narrative", "decided_at")
OF_MOVE = ("term", "before_text", "before_due", "after_text", "after_due", "reason", "text", "basis", "decided_at")
OF_DOCUMENT = ("title", "kind", "number", "dated_on", "issued_by", "language", "checksum", "address")
OF_PARTY = ("code", "name", "official_name", "is_partner")
OF_ROUND = ("id", "name", "starts_on", "ends_on", "state")
OF_AMENDMENT = ("number", "signed_on", "meeting", "document")


def in_parts(rows, total, size):
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part


def contents(roadmap, standpoint, *, areas=None, slices=in_parts):
    """([(area id, canonical text)], canonical text of the rest), of these area ids or of all.

    `slices` cuts the work and may tell how far it is (`Work.slices`).
    """
    with standpoint.read():
        then, shown = roadmap_then(roadmap, areas)
        places = {area.pk: place for place, area in enumerate(shown)}
        keys = Item.objects.filter(roadmap=then, area__in=places).values_list("area", "number_key", "pk")
        keys = sorted(keys, key=lambda key: (places[key[0]], *key[1:]))
        reader, texts = Reader(then, standpoint.day), {area.pk: [] for area in shown}
        for part in slices([pk for _area, _key, pk in keys], total=len(keys), size=PART):
            for item, text in reader.items(part):
                texts[item.area_id].append(text)
        said = [(area, f'{{"items":[{",".join(items)}]}}') for area, items in texts.items()]
        return said, canonical(reader.rest(shown))


def roadmap_then(roadmap, chosen):
    """The roadmap as it was at the moment being read, and its areas: of the chosen ids, or all; never none.

    Its areas come in its order, and after them any other in which it has items.
    """
    if then := Roadmap.objects.filter(pk=roadmap.pk).first():
        own = then.areas_in_order
        others = PriorityArea.objects.filter(pk__in=then.items.values("area")).exclude(pk__in=[a.pk for a in own])
        if areas := [area for area in [*own, *others] if chosen is None or area.pk in chosen]:
            return then, areas
    raise WrongState(_("By then nothing of these areas had been entered."))


class Reader:
    """Reads a roadmap's items, some at a time, and keeps count of them."""

    def __init__(self, roadmap, day):
        self.roadmap, self.day = roadmap, day
        places = {party.pk: place for place, party in enumerate(roadmap.parties_in_order)}
        everyone = sorted(Party.objects.all(), key=lambda party: (places.get(party.pk, len(places)), party.pk))
        self.parties = {party.pk: party for party in everyone}  # those of the roadmap first, in protocol order
        self.place = {pk: place for place, pk in enumerate(self.parties)}
        self.taking_part = set(places)
        self.counts = defaultdict(lambda: defaultdict(Counter))

    def rest(self, areas):
        """All that is not said of one area."""
        return {
            "format": FORMAT,
            "judged_on": self.day,
            "roadmap": of(self.roadmap, OF_ROADMAP),
            "parties": [of(party, OF_PARTY) for pk, party in self.parties.items() if pk in self.taking_part],
            "areas": [of(area, ("id", "code", "name")) | {"counts": self.counts[area.pk]} for area in areas],
            "rounds": [of(round_, OF_ROUND) for round_ in self.roadmap.rounds.order_by("starts_on", "pk")],
            "amendments": [of(one, OF_AMENDMENT) for one in self.roadmap.amendments.order_by("signed_on", "pk")],
            "labels": labels(),
            "heads": heads(),
            "rules": rules(),
        }

    def items(self, ids):
        """(item, what is said of it as canonical text) of each, in a bounded number of queries."""
        found = Item.objects.in_bulk(ids)
        taking_part = grouped(Participation.objects.filter(item__in=ids), "item_id")
        executors = Executor.objects.filter(participation__item__in=ids).select_related("organisation")
        executors = grouped(executors.order_by("position", "pk"), "participation_id")
        milestones = grouped(Milestone.objects.filter(item__in=ids).in_plan_order(), "item_id")
        said = self.milestones([m for own in milestones.values() for m in own])
        for pk in ids:
            item, parts = found[pk], self.in_protocol_order(taking_part[pk])
            own = milestones[pk]
            self.count(item, own, said)
            yield item, canonical(of(item, OF_ITEM) | {
                "id": pk,
                "parties": [
                    of(part, ("role", "since", "until"))
                    | {"party": self.code(part.party_id)}
                    | {"executors": [of(e.organisation, ("id", "name", "abbreviation")) for e in executors[part.pk]]}
                    for part in parts
                ],
                "milestones": [said[milestone.pk] for milestone in own],
            })  # fmt: skip

    def milestones(self, milestones):
        """{id: what is said of it}."""
        ids = [milestone.pk for milestone in milestones]
        parts = grouped(Commitment.objects.filter(milestone__in=ids), "milestone_id")
        of_parts = [part.pk for own in parts.values() for part in own]
        reports, documents = self.reports(of_parts), self.documents(of_parts)
        moves = DeadlineChange.objects.approved().filter(milestone__in=ids).select_related("amendment")
        moves = grouped(moves.order_by("decided_at", "pk"), "milestone_id")
        words = in_languages(lambda: {milestone.pk: self.words(milestone) for milestone in milestones})
        return {
            m.pk: of(m, OF_MILESTONE) | {
                "id": m.pk,
                "party": self.code(m.party_id),
                "timeliness": rule_for(m, on=self.day).timeliness,
                "why": {language: said[m.pk]["why"] for language, said in words.items()},
                "terms": {
                    name: term_of(m, name) | {"words": {language: said[m.pk][name] for language, said in words.items()}}
                    for name in ("first", "agreed", "current")
                },
                "parts": [
                    of(part, OF_PART) | {
                        "party": self.code(part.party_id),
                        "timeliness": rule_for(part, on=self.day).timeliness,
                        "report": reports.get(part.pk),
                    }
                    for part in self.in_protocol_order(parts[m.pk])
                ],
                "changes": [
                    of(move, OF_MOVE)
                    | {"party": self.code(move.party_id), "amendment": move.amendment and move.amendment.number}
                    for move in moves[m.pk]
                ],
                "documents": documents[m.pk],
            }
            for m in milestones
        }  # fmt: skip

    def words(self, milestone):
        """What is said of it in the language of the moment."""
        why = rule_for(milestone, on=self.day).sentence % facts_of(milestone, on=self.day)
        terms = {name: getattr(milestone, name).in_words() for name in ("first", "agreed", "current")}
        return {"why": why.strip(), **terms}

    def reports(self, parts):
        """{part id: its accepted report of the latest round}; the text only where it is open to all."""
        accepted = Report.objects.accepted().filter(commitment__in=parts)
        with present():
            still_open = set(accepted.filter(audience=Audience.ALL).values_list("pk", flat=True))
        found = {}
        for report in accepted.select_related("round").latest_first():
            if report.commitment_id not in found:
                is_open = report.audience == Audience.ALL and report.pk in still_open
                said = of(report, OF_REPORT) | {"round": report.round_id, "is_open": is_open}
                found[report.commitment_id] = said if is_open else said | {"narrative": ""}
        return found

    def documents(self, parts):
        """{milestone id: the documents that its accepted reports show to all}."""
        shown = Proof.objects.filter(
            commitment__in=parts,
            evidence__audience=Audience.ALL,
            report__audience=Audience.ALL,
            report__state=ReportState.ACCEPTED,
        )
        with present():
            still_shown = set(shown.all().values_list("pk", flat=True))
        found = defaultdict(dict)
        for proof in shown.select_related("evidence", "commitment").order_by("evidence_id", "pk"):
            if proof.pk in still_shown:
                document = of(proof.evidence, OF_DOCUMENT) | {"party": self.code(proof.evidence.party_id)}
                found[proof.commitment.milestone_id][proof.evidence_id] = document
        return defaultdict(list, {milestone: list(own.values()) for milestone, own in found.items()})

    def count(self, item, milestones, said):
        """Add the item to the counts of its area; what is dropped has no execution (domain.md §3)."""
        counts = self.counts[item.area_id]
        counts["rows"].update(items=1, milestones=len(milestones))
        for milestone in milestones:
            counts["timeliness"][said[milestone.pk]["timeliness"]] += 1
            counts["control"][milestone.control] += 1
            if milestone.control != Control.DROPPED:
                counts["execution"][milestone.execution] += 1

    def in_protocol_order(self, rows):
        return sorted(rows, key=lambda row: (self.place[row.party_id], row.pk))

    def code(self, party):
        """The code of a party by its id, which from now on is one of those that are named."""
        if party is None:
            return None
        self.taking_part.add(party)
        return self.parties[party].code


def grouped(rows, name):
    found = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def of(row, names):
    """The named values of a row, texts without the marks of their translations."""
    values = {name: getattr(row, name) for name in names}
    return {name: texts(value) if isinstance(value, Texts) else value for name, value in values.items()}


def texts(value):
    return {language: value[language] for language in value.languages()}


def term_of(milestone, name):
    term = getattr(milestone, name)
    return {"text": term.text, "kind": term.kind, "from": term.starts_on, "due": term.due_on}
