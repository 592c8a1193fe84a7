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
    ("2025-10-01", "2025-12-31", "2025-12-22", "2026-01-20", "2026-01-30"),
    ("2026-01-01", "2026-03-31", "2026-03-23", "2026-04-20", "2026-04-30"),
    ("2026-04-01", "2026-06-30", "2026-06-22", "2026-07-20", "2026-07-31"),
    ("2026-07-01", "2026-09-30", "2026-09-21", "2026-10-30", "2026-11-20"),
]
ASKED = 0.36  # of the commitments in one round: about four reports to a milestone of three parties
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
    person, _made = User.objects.get_or_create(email="generated.admin@example.org", defaults={"password": "!"})
    size = Size()
    for number, count in enumerate(parts_of(milestones, roadmaps), 1):
        if count:
            Programme(f"generated-{seed}-{number}", count, Random(f"{seed}/{number}"), person, size, told).tell()
    return size


def parts_of(whole, count):
    """The whole in unequal parts: the largest first, nothing lost."""
    shares = SHARES[:count] if count <= len(SHARES) else (*SHARES, *[SHARES[-1]] * (count - len(SHARES)))
    parts = [int(whole * share / sum(shares)) for share in shares]
    parts[0] += whole - sum(parts)
    return parts


class Programme:
    """One roadmap: entered, then lived through slice by slice."""

    def __init__(self, slug, count, dice, person, size, told):
        self.slug, self.count, self.dice, self.person, self.size, self.told = slug, count, dice, person, size, told

    def tell(self):
        with self.on(ENTERED_ON, reason="Ввод плана"):
            self.enter_frame()
        for start in range(0, self.count, SLICE):
            self.live(start, min(SLICE, self.count - start))
            self.told(self.size.milestones)

    def on(self, day, minute=0, reason=""):
        return change_set(by=self.person, at=at(day, minute), reason=reason)

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
        with self.on(ENTERED_ON, 5 + start // SLICE, reason="Ввод плана"):
            milestones, commitments = self.enter(start, count)
        reports = {commitment: [] for own in commitments.values() for commitment in own}
        for number, round_ in enumerate(self.rounds):
            if number == 2:
                with self.on(date(2026, 5, 20), start // SLICE):
                    self.move(milestones, commitments)
            with self.on(round_.entry_due + timedelta(days=5), start // SLICE):
                self.report(round_, number, commitments, reports)
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
        return list(commitments), commitments

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
        if kind < 0.45:
            return f"{self.dice.randint(1, 28):02}.{month:02}.{year}"
        if kind < 0.75:
            return f"{'I II III IV'.split()[(month - 1) // 3]} квартал {year} г."
        if kind < 0.85:
            return f"{'I' if month < 7 else 'II'} полугодие {year} г."
        return self.dice.choice((f"{year} год", "2025–2027 гг.", "постоянно", "ежегодно", "по согласованию"))

    def move(self, milestones, commitments):
        """Every seventh milestone with a day gets a later current term, by an approved change."""
        moved = [m for m in milestones if m.due_on and self.dice.randrange(7) == 0]
        changes = []
        for milestone in moved:
            to = parse(f"{milestone.due_on + timedelta(days=self.dice.choice((31, 61, 92, 184))):%d.%m.%Y}")
            change = DeadlineChange(
                milestone=milestone, reason=DeadlineChange.Reason.APPROVAL, state=DeadlineChange.State.APPROVED,
                proposed_at=at(date(2026, 5, 12)), decided_at=at(date(2026, 5, 20)), decided_by=self.person,
            )  # fmt: skip
            change.before, change.after = milestone.current, to
            milestone.current, milestone.moves = to, milestone.moves + 1
            changes.append(change)
        DeadlineChange.objects.bulk_create(changes)
        Milestone.objects.bulk_update(moved, ["term_text", "term_kind", "starts_on", "due_on", "moves"])
        Commitment.objects.bulk_update([c for m in moved for c in commitments[m]], ["due_on", "term_kind"])

    def report(self, round_, number, commitments, reports):
        """Reports of this round on some of the unfinished commitments, in the states in which a round is found."""
        made = []
        for own in commitments.values():
            for commitment in own:
                if commitment.is_completed or self.dice.random() > ASKED:
                    continue
                report = Report(commitment=commitment, round=round_)
                self.write(report, number)
                report.has_proof = False
                reports[commitment].append(report)
                made.append(report)
        Report.objects.bulk_create(made)
        self.size.reports += len(made)

    def write(self, report, number):
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
            report.submitted_at, report.submitted_by = at(sent), self.person
        if report.state in (ReportState.ACCEPTED, ReportState.RETURNED):
            report.decided_at, report.decided_by = at(report.round.entry_due + timedelta(days=5)), self.person
        if report.state == ReportState.RETURNED:
            report.correct_by = report.round.review_due
        finished = self.dice.random() < 0.28 + 0.1 * number
        if finished:
            report.execution, report.percent, report.without_document = Execution.COMPLETED, 100, True
            report.done_on = sent - timedelta(days=self.dice.randint(1, 70))
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
        due_on = report.commitment.due_on
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
