"""The sample programme, entered as if it had happened: each event in a change set of its own day and person.

Reports of a party are written, sent and decided on together, in bulk; what follows from them is computed by the same
rule as for any report (progress/recount.py), so that `manage.py recount` finds nothing to correct.
"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify

from tracker.editions.seal import Order
from tracker.history.changes import change_set, moment
from tracker.lib.planner import look_again
from tracker.lib.terms import parse
from tracker.lib.texts import Texts
from tracker.progress.models import DeadlineChange, Evidence, Proof, Remark, Report, ReportAuthor, Round
from tracker.progress.recount import recount
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import (
    Amendment,
    Commitment,
    Control,
    Execution,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
    Party,
    PriorityArea,
    Roadmap,
    RoadmapArea,
    RoadmapParty,
)

from . import sample
from .accounts import grant_admin, grant_roles

SLUG = "jap-2025-2027"
ZONE = ZoneInfo("Europe/Moscow")
ADOPTED_ON = date(2025, 10, 9)
PARTIES = ("KZ", "KG", "RU", "TJ", "TM", "UZ")
PARTNERS = {
    "IR": ("Иран", "Iran"),
    "CN": ("Китай", "China"),
    "AF": ("Афганистан", "Afghanistan"),
    "PK": ("Пакистан", "Pakistan"),
    "EDB": ("ЕАБР", "EDB"),
    "CSTO": ("ОДКБ", "CSTO"),
}
# name ru, en; period from, to; opens on, reports due, review due; sent on, decided on, closed on
ROUNDS = [
    ("IV квартал 2025 г.", "Q4 2025", "2025-10-01", "2025-12-31",
     "2025-12-22", "2026-01-20", "2026-01-30", "2026-01-16", "2026-01-26", "2026-02-05"),
    ("I квартал 2026 г.", "Q1 2026", "2026-01-01", "2026-03-31",
     "2026-03-23", "2026-04-20", "2026-04-30", "2026-04-16", "2026-04-27", "2026-05-06"),
    ("II квартал 2026 г.", "Q2 2026", "2026-04-01", "2026-06-30",
     "2026-06-22", "2026-07-20", "2026-07-31", "2026-07-16", "2026-07-27", "2026-08-05"),
    ("III квартал 2026 г.", "Q3 2026", "2026-07-01", "2026-09-30",
     "2026-09-21", "2026-10-30", "2026-11-20", "2026-10-26", "2026-11-09", None),
]  # fmt: skip
LAST = len(ROUNDS)


def day(text):
    return date.fromisoformat(text)


def at(on, hour=10, minute=0):
    """A moment of a working day in Moscow."""
    return datetime.combine(on, time(hour, minute), ZONE)


def load(people):
    """Enter the sample programme with its history and its roles, wholly or not at all, where it is not there yet."""
    found = Roadmap.objects.filter(slug=SLUG).first()
    if found is not None:
        return found
    with transaction.atomic():  # a story that was cut off would be taken for the whole one at the next start
        grant_admin(people["admin"], at=at(ADOPTED_ON, 14))
        with change_set(by=people["admin"], at=at(ADOPTED_ON, 15), reason="Ввод плана (пример)"):
            roadmap = enter_plan()
        grant_roles(people, roadmap, at=at(ADOPTED_ON, 15, 30))
        Telling(roadmap, people).tell()
        seal_editions(roadmap, people["reviewer"])
    look_again()
    return roadmap


def seal_editions(roadmap, reviewer):
    """A consolidated report of each round that was closed: judged on its last day, by what was accepted until then."""
    for ru, en, _starts_on, ends_on, *_days, closed_on in ROUNDS:
        if closed_on:
            closed = at(day(closed_on), 12)
            title = Texts(ru=f"Сводный отчёт, {ru} (пример)", en=f"Consolidated report, {en} (sample)")
            order = Order(roadmap, title, judged_on=day(ends_on), known_by=closed)
            order.seal(by=reviewer, at=closed + timedelta(hours=3))


def enter_plan():
    """The roadmap, its areas, parties, organisations, items and milestones, as adopted."""
    roadmap = Roadmap.objects.create(
        slug=SLUG,
        title={
            "ru": "План совместных действий на 2025–2027 годы (пример)",
            "en": "Joint Action Plan 2025–2027 (sample)",
        },
        short_title={"ru": "ПСД 2025–2027", "en": "JAP 2025–2027"},
        starts_on=date(2025, 1, 1),
        ends_on=date(2027, 12, 31),
        adopted_on=ADOPTED_ON,
        adopted_by={
            "ru": "второй саммит «Центральная Азия – Россия», Душанбе",
            "en": "second Central Asia–Russia summit, Dushanbe",
        },
        source={
            "ru": "Факт принятия: ТАСС 25302565, 09.10.2025. Текст Плана не опубликован; мероприятия условные.",
            "en": "Adoption: TASS 25302565, 9 October 2025. The text of the Plan is not public: sample items.",
        },
        state=Roadmap.State.ADOPTED,
        is_sample=True,
    )
    areas = {area.code: area for area in PriorityArea.objects.filter(code__in=sample.AREAS)}
    RoadmapArea.objects.bulk_create(
        [RoadmapArea(roadmap=roadmap, area=areas[code], position=n) for n, code in enumerate(sample.AREAS, 1)]
    )
    parties = enter_parties(roadmap)
    organisations = enter_organisations(parties)
    items = [(areas[code], told) for code in sample.AREAS for told in sample.items_of(code)]
    enter_items(roadmap, items, parties, organisations)
    return roadmap


def enter_parties(roadmap):
    for position, (code, (ru, en)) in enumerate(PARTNERS.items(), 50):
        Party.objects.get_or_create(
            code=code, defaults={"name": {"ru": ru, "en": en}, "is_partner": True, "position": position}
        )
    parties = {party.code: party for party in Party.objects.all()}
    RoadmapParty.objects.bulk_create(
        [RoadmapParty(roadmap=roadmap, party=parties[code], position=n) for n, code in enumerate(PARTIES, 1)]
    )
    return parties


def enter_organisations(parties):
    told = sample.read("organisations")["organisation"]
    rows = Organisation.objects.bulk_create(
        [
            Organisation(party=parties.get(one["party"]), name=one["name"], abbreviation=one["abbreviation"])
            for one in told
        ]
    )
    found = {one["key"]: row for one, row in zip(told, rows, strict=True)}
    children = [(found[one["key"]], found[one["parent"]]) for one in told if one.get("parent")]
    for child, parent in children:
        child.parent = parent
    Organisation.objects.bulk_update([child for child, _parent in children], ["parent"])
    return found


def enter_items(roadmap, items, parties, organisations):
    texts = ("wording", "expected_result", "form_of_completion", "funding", "note", "source")
    rows = Item.objects.bulk_create(
        [
            Item(
                roadmap=roadmap,
                area=area,
                number=told["number"],
                rule=told["rule"],
                **{name: told[name] for name in texts if name in told},
            )
            for area, told in items
        ]
    )
    parts, milestones, executors = [], [], []
    for row, (_area, told) in zip(rows, items, strict=True):
        for group, role in sample.ROLES.items():
            for code, keys in told.get(group, {}).items():
                part = Participation(item=row, party=parties[code], role=role)
                parts.append(part)
                executors += [
                    Executor(participation=part, organisation=organisations[key], position=place)
                    for place, key in enumerate(keys, 1)
                ]
        for one in told["milestone"]:
            milestone = Milestone(
                item=row,
                number=one["number"],
                wording=one["wording"],
                proof=one["proof"],
                weight=one.get("weight", 1),
                party=parties[one["party"]] if "party" in one else None,
            )
            milestone.agreed = parse(one["term"])
            milestones.append(milestone)
    Participation.objects.bulk_create(parts)
    Executor.objects.bulk_create(executors)
    Milestone.objects.bulk_create(milestones)
    Commitment.objects.ask_for(rows)


class Telling:
    """The events after the adoption, gathered and then told in the order in which they happened."""

    def __init__(self, roadmap, people):
        self.roadmap, self.people, self.events = roadmap, people, []
        self.phrases = sample.read("phrases")
        self.milestones = {m.number: m for m in Milestone.objects.filter(roadmap=roadmap)}
        parts = Commitment.objects.filter(roadmap=roadmap).select_related("milestone__item", "party")
        self.parts = {(part.milestone.number, part.party.code): part for part in parts}
        self.stories, self.bodies = {}, {}
        for code in sample.AREAS:
            for item in sample.items_of(code):
                for told in item["milestone"]:
                    for party, text in told["story"].items():
                        self.stories[told["number"], party] = sample.story_of(text)
        for executor in (
            Executor.objects.filter(participation__item__roadmap=roadmap)
            .order_by("-position")
            .select_related("organisation", "participation__party", "participation__item")
        ):
            part = executor.participation
            self.bodies[part.item.number, part.party.code] = executor.organisation

    def tell(self):
        self.plan_rounds()
        self.plan_moves()
        self.plan_drops()
        for when, who, reason, happen in sorted(self.events, key=lambda event: event[0]):
            with change_set(by=self.people[who], at=when, reason=reason):
                happen()

    def add(self, when, who, happen, reason=""):
        self.events.append((when, who, reason, happen))

    # Rounds and reports

    def plan_rounds(self):
        for number, (ru, en, *days_) in enumerate(ROUNDS, 1):
            starts, ends, opens, entry, review, sent, decided, closed = (day(d) if d else None for d in days_)
            round_ = Round(
                roadmap=self.roadmap, name={"ru": ru, "en": en}, starts_on=starts, ends_on=ends, opens_on=opens,
                entry_due=entry, review_due=review,
            )  # fmt: skip
            self.add(at(ADOPTED_ON, 16, number), "admin", round_.save)
            self.add(at(opens, 9), "admin", lambda round_=round_: round_.open(by=self.people["admin"]))
            for place, party in enumerate(PARTIES):
                self.plan_reports(
                    number, round_, party, sent + timedelta(days=place % 3), decided + timedelta(days=place % 4)
                )
            if closed:
                self.add(at(closed, 18), "admin", lambda round_=round_: round_.close(by=self.people["admin"]))

    def plan_reports(self, number, round_, party, sent, decided):
        """A party's reports of one round: written and sent, then accepted or returned; late completions follow."""
        analyst = f"analyst.{party.lower()}"
        batches = defaultdict(list)  # the day they are sent on → keys
        for key, story in self.stories.items():
            if key[1] == party and number not in story.silent:
                late = number == LAST and story.done_on and story.done_on >= sent
                batches[story.done_on + timedelta(days=2) if late else sent].append(key)
        for on, keys in batches.items():
            self.add(
                at(on, 11, 5 * PARTIES.index(party)),
                analyst,
                lambda keys=keys: self.send(round_, number, analyst, keys),
            )
            deciding = max(decided, on + timedelta(days=3))
            self.add(
                at(deciding, 15, 5 * PARTIES.index(party)),
                "reviewer",
                lambda keys=keys: self.decide(round_, number, keys),
            )

    def reports(self, round_, keys):
        """The reports asked on these parts, with the key of each; parts that are finished were not asked."""
        wanted = {self.parts[key].pk: key for key in keys if key in self.parts}
        asked = Report.objects.filter(round=round_, commitment__in=wanted).order_by("pk")
        return [(wanted[report.commitment_id], report) for report in asked]

    def send(self, round_, number, analyst, keys):
        analyst, sent, unsent, proofs = self.people[analyst], [], [], []
        for key, report in self.reports(round_, keys):
            story = self.stories[key]
            self.write(report, story, key, number)
            if number == LAST and story.now == "draft":
                report.state = ReportState.DRAFT
                unsent.append(report)
                continue
            report.state, report.submitted_at, report.submitted_by = ReportState.SUBMITTED, moment(), analyst
            sent.append(report)
            if report.execution == Execution.COMPLETED and story.proof:
                proofs.append((report, self.document(report, key)))
        Evidence.objects.bulk_create([document for _report, document in proofs])
        Report.objects.bulk_update([*sent, *unsent], [*Report.TYPED, "state", "submitted_at", "submitted_by"])
        ReportAuthor.objects.bulk_create([ReportAuthor(report=report, user=analyst) for report in [*sent, *unsent]])
        Proof.objects.bulk_create(
            [Proof(evidence=document, report=report, commitment_id=report.commitment_id) for report, document in proofs]
        )
        self.follow(sent)

    def decide(self, round_, number, keys):
        reviewer, accepted, returned, remarks = self.people["reviewer"], [], [], []
        for key, report in self.reports(round_, keys):
            story = self.stories[key]
            if report.state != ReportState.SUBMITTED or (number == LAST and story.now == "submitted"):
                continue
            report.decided_at, report.decided_by = moment(), reviewer
            if number == LAST and story.now == "returned":
                report.state, report.correct_by = ReportState.RETURNED, moment().date() + timedelta(days=10)
                returned.append(report)
                said = self.dice(key, number).choice(self.phrases["returns"])
                remarks.append(
                    Remark(report=report, field=said["field"], text=said["ru"], made_by=reviewer, made_at=moment())
                )
            else:
                report.state = ReportState.ACCEPTED
                report.is_confirmed = report.execution == Execution.COMPLETED and story.proof == "confirmed"
                accepted.append(report)
        Report.objects.bulk_update(
            [*accepted, *returned], ["state", "decided_at", "decided_by", "correct_by", "is_confirmed"]
        )
        Remark.objects.bulk_create(remarks)
        self.follow([*accepted, *returned])

    def follow(self, reports):
        """What the commitments and milestones carry follows from their reports, as always."""
        commitments = {report.commitment_id for report in reports}
        for _corrected in recount(Commitment.objects.filter(pk__in=commitments), fix=True):
            pass

    def write(self, report, story, key, number):
        """What the party says in this round, as its story has come so far."""
        dice = self.dice(key, number)
        done = story.state == "done" and story.done_on <= moment().astimezone(ZONE).date()
        if done:
            said, report.execution, report.percent, report.done_on = "done", Execution.COMPLETED, 100, story.done_on
            report.without_document = not story.proof
            report.forecast_on = None
        elif story.state == "partly" and number >= story.since:
            said, report.execution = "partly", Execution.PARTLY
            report.percent = min(95, 60 + 10 * (number - story.since))
        elif self.has_begun(story, number):
            said, report.execution = "started", Execution.IN_PROGRESS
            report.percent = min(80, 20 + 15 * number + dice.randrange(-5, 6))
        else:
            said, report.execution, report.percent = "none", Execution.NOT_STARTED, 0
        if not done and number >= LAST - 1:
            report.forecast_on = story.forecast_on
        report.confidence = "low" if story.is_low else dice.choice(("medium", "high", "high"))
        report.nothing_to_report = number == LAST and story.now == "nothing"
        body = self.bodies[self.parts[key].milestone.item.number, key[1]]
        language = "en" if dice.random() < 0.12 else "ru"
        name = body.abbreviation.get(language) or body.name.get(language) or str(body.name)
        phrase = dice.choice(self.phrases[said])[language].format(organisation=name)
        report.narrative = "" if report.nothing_to_report else phrase

    def has_begun(self, story, number):
        if story.state == "started":
            return number >= story.since
        if story.state == "partly":
            return True
        return story.state == "done" and day(ROUNDS[number - 1][3]) >= story.done_on - timedelta(days=120)

    def document(self, report, key):
        """A document of the party that proves it: an address, or every eighth time a small file of ours."""
        dice = self.dice(key, "document")
        kind = dice.choice(list(self.phrases["titles"]))
        told, number = dice.choice(self.phrases["titles"][kind]), dice.randrange(11, 480)
        part = self.parts[key]
        body = self.bodies[part.milestone.item.number, key[1]]
        document = Evidence(
            roadmap=self.roadmap, party=part.party, kind=kind, title=f"{told['ru']} (пример)",
            number=told["number"].format(n=number), dated_on=report.done_on, issued_by=body.name["ru"][:300],
            language="ru", added_by=report.submitted_by,
        )  # fmt: skip
        if number % 8:
            document.address = f"https://example.org/documents/{slugify(key[0])}-{key[1].lower()}"
        else:
            text = f"{document.title}\n№ {document.number} от {report.done_on:%d.%m.%Y}\n{body.name['ru']}\n"
            document.keep_file(ContentFile(text.encode(), name=f"{told['ru']} {key[0]}.txt"), "text/plain")
        return document

    def dice(self, *key):
        """The same choices at every load."""
        return Random(repr(key))

    # Moves, the amendment, dropped items

    def plan_moves(self):
        for told in sample.read("moves")["move"]:
            party, proposed = told["party"], []
            analyst = f"analyst.{party.lower()}"

            def propose(told=told, analyst=analyst, proposed=proposed):
                change = DeadlineChange.propose(
                    self.fresh(told["milestone"]), told["to"], by=self.people[analyst],
                    party=Party.objects.get(code=told["party"]), reason=told["reason"], text=told["text"]["ru"],
                    basis=told["basis"]["ru"],
                )  # fmt: skip
                proposed.append(change)

            def decide(told=told, proposed=proposed):
                verb = proposed[0].approve if told["decision"] == "approved" else proposed[0].reject
                verb(by=self.people["reviewer"])

            self.add(at(told["proposed_on"], 12), analyst, propose)
            if "decided_on" in told:
                self.add(at(told["decided_on"], 12, 30), "reviewer", decide)
        amendment = sample.read("amendment")["amendment"]

        def amend():
            signed = Amendment.objects.create(
                roadmap=self.roadmap,
                number=amendment["number"],
                signed_on=amendment["signed_on"],
                meeting=amendment["meeting"],
            )
            for move in amendment["move"]:
                DeadlineChange.amend(
                    self.fresh(move["milestone"]), move["to"], amendment=signed, by=self.people["admin"]
                )

        self.add(at(amendment["signed_on"], 17), "admin", amend)

    def plan_drops(self):
        for code in sample.AREAS:
            for told in sample.items_of(code):
                if "control" in told:
                    self.add(at(told["control"]["on"], 16), "admin", lambda told=told: self.drop(told))

    def drop(self, told):
        decision, admin = told["control"], self.people["admin"]
        item = Item.objects.select_related("roadmap").get(roadmap=self.roadmap, number=told["number"])
        item.decide_control(
            Control.DROPPED, basis=decision["basis"]["ru"], by=admin, on=decision["on"], reason=decision["reason"]
        )

    def fresh(self, number):
        return Milestone.objects.select_related("item__roadmap").get(pk=self.milestones[number].pk)
