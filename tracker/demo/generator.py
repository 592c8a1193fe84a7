"""Invented programmes of any size, with a history spread over the period; for measuring and for trying things at scale.

Everything goes through the product's own write path, slice by slice, in change sets dated as the events were: what
commitments and milestones carry is computed from the invented reports by the rules of progress/ and roadmaps/.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tracker.accounts.models import User
from tracker.history.changes import change_set
from tracker.lib.terms import parse
from tracker.progress.models import DeadlineChange, Report, Round
from tracker.progress.rollup import from_reports
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import (
    Commitment,
    Confidence,
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
from tracker.roadmaps.rollup import apply, from_commitments

SLICE = 1000  # milestones that live through the whole period before the next ones are begun
ZONE = ZoneInfo("Europe/Moscow")
ENTERED_ON = date(2025, 1, 15)
PARTIES = ("KZ", "KG", "RU", "TJ", "TM", "UZ")
AREAS = ("trade", "energy", "transport", "health", "culture", "environment", "migration")
SHARES = (0.6, 0.2, 0.1, 0.06, 0.04)
# period from, to; opens, due, review due
ROUNDS = [
    ("2025-01-01", "2025-06-30", "2025-06-23", "2025-07-20", "2025-07-31"),
    ("2025-07-01", "2025-12-31", "2025-12-22", "2026-01-20", "2026-01-30"),
    ("2026-01-01", "2026-06-30", "2026-06-22", "2026-07-20", "2026-07-31"),
    ("2026-07-01", "2026-09-30", "2026-09-21", "2026-10-30", "2026-11-20"),
]
MOVED_ON = date(2026, 5, 20)
# Of the milestones in one round, due by its end or later: about four reports to a milestone of three parties.
ASKED_WHEN_DUE, ASKED_BEFORE = 0.62, 0.34
DONE_WHEN_DUE, DONE_BEFORE = (0.96, 0.96, 0.96, 0.4), 0.06  # by a party that was asked; every fourth milestone lags
RARE = 5000

VERBS = (
    "Согласовать Разработать Провести Утвердить Обеспечить Организовать Подготовить Создать Рассмотреть Внедрить"
).split()
THINGS = (
    "порядок обмена сведениями|перечень первоочередных мер|программу подготовки кадров|проект соглашения|"
    "совместный мониторинг|технические условия|единую форму отчётности|план мероприятий|регламент взаимодействия|"
    "методические рекомендации|технико-экономическое обоснование|систему раннего предупреждения"
).split("|")
WHERE = (
    "в приграничных районах|на железнодорожных переходах|между уполномоченными органами|в бассейне реки Сырдарья|"
    "для малых и средних предприятий|в области ядерной безопасности|на рынке сжиженного газа|в сфере миграции|"
    "в учреждениях здравоохранения|с учётом ёмкости существующих сетей"
).split("|")
TAILS = (
    ", включая обмен опытом и подготовку специалистов|, в том числе с участием международных организаций||||"
    " в целях повышения пропускной способности и сокращения времени оформления грузов, следующих транзитом"
).split("|")
MONTHS = "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь".split()
OTHER_TERMS = ("2025–2027 гг.", "постоянно", "ежегодно", "по согласованию", "см. приложение")
BODIES = (
    "Министерство энергетики|Министерство транспорта и коммуникаций|Министерство здравоохранения|Агентство по миграции|"
    "Министерство водных ресурсов, сельского хозяйства и перерабатывающей промышленности|Таможенная служба|"
    "Комитет по охране окружающей среды|Министерство культуры и информации"
).split("|")


@dataclass
class Size:
    """What was made, row by row."""

    items: int = 0
    milestones: int = 0
    commitments: int = 0
    reports: int = 0


def at(day, minute=0):
    return datetime.combine(day, time(10), ZONE) + timedelta(minutes=minute)


def generate(milestones, *, seed=1, roadmaps=5, told=lambda done: None):
    """Invent so many milestones in roadmaps of unequal size (slugs generated-<seed>-…); returns the Size.

    `told` hears after each slice how many milestones are done. Raises ValueError, in words, where the roadmaps exist.
    """
    if Roadmap.objects.filter(slug__startswith=f"generated-{seed}-").exists():
        raise ValueError(f"Programmes of seed {seed} are here already: give another --seed.")
    people, size = enter_people(), Size()
    for number, count in enumerate(parts_of(milestones, roadmaps), 1):
        if count:
            Programme(f"generated-{seed}-{number}", count, Random(f"{seed}/{number}"), people, size, told).tell()
    return size


def enter_people():
    """Those who enter, report and review, by name; nobody can sign in as them."""
    names = ("admin", "analyst", "reviewer")
    return {name: User.objects.entered(f"generated.{name}@example.org") for name in names}


def parts_of(whole, count):
    """The whole in unequal parts: the largest first, nothing lost."""
    shares = SHARES[:count] if count <= len(SHARES) else (*SHARES, *[SHARES[-1]] * (count - len(SHARES)))
    parts = [int(whole * share / sum(shares)) for share in shares]
    parts[0] += whole - sum(parts)
    return parts


class Programme:
    """One roadmap: entered, then lived through slice by slice."""

    def __init__(self, slug, count, dice, people, size, told):
        self.slug, self.count, self.dice, self.people, self.size, self.told = slug, count, dice, people, size, told

    def tell(self):
        with self.on(ENTERED_ON, "admin", reason="Ввод плана"):
            self.enter_frame()
        for start in range(0, self.count, SLICE):
            self.live(start, min(SLICE, self.count - start))
            self.told(self.size.milestones)

    def on(self, day, who, minute=0, reason=""):
        return change_set(by=self.people[who], at=at(day, minute), reason=reason)

    def enter_frame(self):
        """The roadmap with its areas, parties, organisations and rounds."""
        self.roadmap = Roadmap.objects.create(
            slug=self.slug,
            title={"ru": f"Созданная программа {self.slug}", "en": f"Generated programme {self.slug}"},
            starts_on=date(2025, 1, 1),
            ends_on=date(2027, 12, 31),
            adopted_on=ENTERED_ON,
            state=Roadmap.State.ADOPTED,
            is_sample=True,
        )
        self.areas = list(PriorityArea.objects.filter(code__in=AREAS).order_by("position"))
        self.parties = list(Party.objects.filter(code__in=PARTIES).order_by("position"))
        RoadmapArea.objects.bulk_create(
            [RoadmapArea(roadmap=self.roadmap, area=area, position=n) for n, area in enumerate(self.areas, 1)]
        )
        RoadmapParty.objects.bulk_create(
            [RoadmapParty(roadmap=self.roadmap, party=party, position=n) for n, party in enumerate(self.parties, 1)]
        )
        self.bodies = {
            party: Organisation.objects.bulk_create(
                [Organisation(party=party, name={"ru": f"{body}, {party.official_name['ru']}"}) for body in BODIES]
            )
            for party in self.parties
        }
        last = len(ROUNDS)
        self.rounds = [
            Round(
                roadmap=self.roadmap,
                name={"ru": f"Отчётный период {n}", "en": f"Round {n}"},
                starts_on=starts,
                ends_on=ends,
                opens_on=opens,
                entry_due=due,
                review_due=review,
                state=Round.State.OPEN if n == last else Round.State.CLOSED,
                opened_at=at(opens),
                closed_at=None if n == last else at(review),
            )
            for n, (starts, ends, opens, due, review) in enumerate(
                ([date.fromisoformat(day) for day in days] for days in ROUNDS), 1
            )
        ]
        Round.objects.bulk_create(self.rounds)

    def live(self, start, count):
        """A slice of milestones, entered and then reported on, round after round."""
        place = start // SLICE
        with self.on(ENTERED_ON, "admin", 5 + place, reason="Ввод плана"):
            commitments = self.enter(start, count)
        reports = {commitment: [] for own in commitments.values() for commitment in own}
        for number, round_ in enumerate(self.rounds):
            if number == 2:
                with self.on(MOVED_ON, "reviewer", place):
                    self.move(commitments)
                with self.on(MOVED_ON + timedelta(days=1), "admin", place):
                    self.drop(commitments)
            decided_on = round_.entry_due + timedelta(days=2 + place % 8)
            with self.on(decided_on, "reviewer", place):
                self.report(round_, number, decided_on, commitments, reports)
                self.follow(commitments, reports)

    def enter(self, start, count):
        items, milestones = [], []
        while len(milestones) < count:
            number = (start + len(milestones)) // 4
            area = self.areas[number * len(self.areas) * 4 // max(self.count, 4) % len(self.areas)]
            item = Item(
                roadmap=self.roadmap,
                area=area,
                number=f"{self.areas.index(area) + 1}.{number + 1}",
                wording={"ru": self.wording()},
            )
            items.append(item)
            for place in range(1, min(4, count - len(milestones)) + 1):
                milestone = Milestone(item=item, number=f"{item.number}.{place}", wording={"ru": self.wording()})
                milestone.agreed = parse(self.term())
                milestones.append(milestone)
        Item.objects.bulk_create(items)
        self.enter_parties(items)
        Milestone.objects.bulk_create(milestones)
        made = Commitment.objects.ask_for(items)
        entered = {m.pk: m for m in Milestone.objects.filter(item__in=items).select_related("item")}
        commitments = {milestone: [] for milestone in entered.values()}
        for milestone in commitments:
            milestone.item.roadmap = self.roadmap
        for commitment in made:
            commitment.milestone = entered[commitment.milestone_id]
            commitments[commitment.milestone].append(commitment)
        self.size.items += len(items)
        self.size.milestones += len(milestones)
        self.size.commitments += len(made)
        return commitments

    def enter_parties(self, items):
        parts, executors = [], []
        roles = (Participation.Role.LEAD, Participation.Role.CO_EXECUTOR, Participation.Role.PARTICIPANT)
        for item in items:
            chosen = self.dice.sample(self.parties, self.dice.choice((2, 3, 3, 4)))
            for place, party in enumerate(chosen):
                part = Participation(item=item, party=party, role=roles[min(place, 2)])
                parts.append(part)
                if place < 2:
                    body = self.dice.choice(self.bodies[party])
                    executors.append(Executor(participation=part, organisation=body, position=1))
        Participation.objects.bulk_create(parts)
        Executor.objects.bulk_create(executors)

    def wording(self):
        rare = " кварцитовый" if self.dice.randrange(RARE) == 0 else ""
        choose = self.dice.choice
        return f"{choose(VERBS)}{rare} {choose(THINGS)} {choose(WHERE)}{choose(TAILS)}"

    def term(self):
        """A term as documents write it; mostly with a day, within the three years."""
        year, month = self.dice.choice((2025, 2026, 2026, 2027)), self.dice.randint(1, 12)
        kind = self.dice.random()
        if kind < 0.4:
            return f"{self.dice.randint(1, 28):02}.{month:02}.{year}"
        if kind < 0.45:
            return f"{MONTHS[month - 1]} {year} г."
        if kind < 0.75:
            return f"{'I II III IV'.split()[(month - 1) // 3]} квартал {year} г."
        if kind < 0.85:
            return f"{'I' if month < 7 else 'II'} полугодие {year} г."
        return self.dice.choice((f"{year} год", *OTHER_TERMS))

    def move(self, commitments):
        """Every seventh milestone with a day gets a later current term, by an approved change."""
        moved = [m for m in commitments if m.due_on and not m.is_completed and self.dice.randrange(7) == 0]
        changes = []
        for milestone in moved:
            to = parse(f"{milestone.due_on + timedelta(days=self.dice.choice((31, 61, 92, 184))):%d.%m.%Y}")
            change = DeadlineChange(
                milestone=milestone, reason=DeadlineChange.Reason.APPROVAL, state=DeadlineChange.State.APPROVED,
                proposed_at=at(MOVED_ON - timedelta(days=8)), proposed_by=self.people["analyst"],
                decided_at=at(MOVED_ON), decided_by=self.people["reviewer"],
            )  # fmt: skip
            change.before, change.after = milestone.current, to
            milestone.current, milestone.moves = to, milestone.moves + 1
            changes.append(change)
        DeadlineChange.objects.bulk_create(changes)
        Milestone.objects.bulk_update(moved, ["term_text", "term_kind", "starts_on", "due_on", "moves"])
        Commitment.objects.bulk_update([c for m in moved for c in commitments[m]], ["due_on", "term_kind"])

    def drop(self, commitments):
        """Every thirtieth milestone that is not completed is dropped."""
        dropped = [m for m in commitments if not m.is_completed and self.dice.randrange(30) == 0]
        for milestone in dropped:
            milestone.control, milestone.control_on = Control.DROPPED, MOVED_ON + timedelta(days=1)
            milestone.control_basis = "Решение совместной рабочей группы"
            milestone.drop_reason = self.dice.choice(list(Milestone.DropReason))
        Milestone.objects.bulk_update(dropped, ["control", "control_on", "control_basis", "drop_reason"])
        Commitment.objects.bulk_update([c for m in dropped for c in commitments[m]], ["control", "control_on"])

    def report(self, round_, number, decided_on, commitments, reports):
        """Reports of this round on some of the unfinished milestones, in the states in which a round is found."""
        made = []
        for milestone, own in commitments.items():
            is_due = milestone.due_on is not None and milestone.due_on <= round_.ends_on
            is_asked = self.dice.random() < (ASKED_WHEN_DUE if is_due else ASKED_BEFORE)
            if not is_asked or milestone.is_completed or milestone.control != Control.ON:
                continue
            done = self.dice.choice(DONE_WHEN_DUE) if is_due else DONE_BEFORE
            for commitment in own:
                if not commitment.is_completed:
                    report = Report(commitment=commitment, round=round_)
                    self.write(report, number, decided_on, done)
                    report.has_proof = False
                    reports[commitment].append(report)
                    made.append(report)
        Report.objects.bulk_create(made)
        self.size.reports += len(made)

    def write(self, report, number, decided_on, done):
        is_last, dice = number == len(ROUNDS) - 1, self.dice.random()
        if dice < 0.06:
            return
        report.state = ReportState.ACCEPTED
        if is_last and dice < 0.45:
            report.state = (
                ReportState.SUBMITTED if dice < 0.3 else ReportState.RETURNED if dice < 0.34 else ReportState.DRAFT
            )
        report.narrative = f"{self.wording()}. Работа ведётся по плану, {self.dice.randint(1, 9)} этап завершён."
        sent = report.round.entry_due - timedelta(days=self.dice.randint(0, 12))
        if report.state != ReportState.DRAFT:
            report.submitted_at, report.submitted_by = at(sent), self.people["analyst"]
        if report.state in (ReportState.ACCEPTED, ReportState.RETURNED):
            report.decided_at, report.decided_by = at(decided_on), self.people["reviewer"]
        if report.state == ReportState.RETURNED:
            report.correct_by = report.round.review_due
        due_on = report.commitment.due_on
        if self.dice.random() < done:
            report.execution, report.percent, report.without_document = Execution.COMPLETED, 100, True
            report.done_on = min(due_on or sent, sent) + timedelta(days=self.dice.randint(-40, 15))
            report.done_on = min(report.done_on, sent)
            return
        report.execution, report.percent = self.dice.choice(
            (
                (Execution.NOT_STARTED, 0),
                (Execution.IN_PROGRESS, 30),
                (Execution.IN_PROGRESS, 55),
                (Execution.PARTLY, 75),
            )
        )
        report.confidence = self.dice.choice((Confidence.HIGH, Confidence.MEDIUM, Confidence.MEDIUM, Confidence.LOW))
        if due_on and self.dice.random() < 0.15:
            report.forecast_on = due_on + timedelta(days=self.dice.randint(-20, 90))

    def follow(self, commitments, reports):
        """What the reports say, by the rules: first the commitments, then the milestones."""
        touched, names = [], set()
        for own in commitments.values():
            for commitment in own:
                if reports[commitment] and (changed := apply(commitment, from_reports(reports[commitment]))):
                    touched.append(commitment)
                    names |= set(changed)
        Commitment.objects.bulk_update(touched, names)
        rolled, columns = [], set()
        for milestone, own in commitments.items():
            if changed := apply(milestone, from_commitments(milestone.item.rule, own)):
                rolled.append(milestone)
                columns |= set(changed)
        Milestone.objects.bulk_update(rolled, columns)
