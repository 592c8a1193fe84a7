"""Plain factories: each makes one thing that is valid, and invents what the test does not name."""

from datetime import date, timedelta
from itertools import count

from django.utils import timezone

from tracker.accounts.models import User
from tracker.editions.seal import Order
from tracker.lib.terms import parse
from tracker.lib.texts import Texts
from tracker.progress.models import DeadlineChange, Evidence, Report, ReportAuthor, Round
from tracker.roadmaps import models
from tracker.roadmaps.models import Participation

numbers = count(1)
DAY = date(2026, 5, 18)
PASSWORD = "длинный пароль 2026"


def user(email=None, *, name="", password=None, **fields):
    return User.objects.create_user(email or f"person{next(numbers)}@example.org", password, name=name, **fields)


def grant(user, role, **scope):
    found = models.Grant.objects.create(user=user, role=role, **scope)
    user.__dict__.pop("_grants", None)
    return found


def party(code):
    """One of the six by code, or a new one."""
    found, _made = models.Party.objects.get_or_create(
        code=code, defaults={"name": Texts(ru=f"Сторона {code}", en=f"Party {code}")}
    )
    return found


def area(code="energy"):
    """One of the seven by code (a transactional test has emptied the table), or a new one."""
    found, _made = models.PriorityArea.objects.get_or_create(code=code, defaults={"name": Texts(ru=code, en=code)})
    return found


def organisation(name="Министерство энергетики", *, party=None, **fields):
    return models.Organisation.objects.create(name=Texts(ru=name), party=party, **fields)


def roadmap(slug=None, *, parties=("KZ", "RU"), areas=("energy", "transport"), **fields):
    number = next(numbers)
    defaults = {
        "title": Texts(ru=f"Дорожная карта {number}", en=f"Roadmap {number}"),
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2027, 12, 31),
        "state": models.Roadmap.State.ADOPTED,
    }
    made = models.Roadmap.objects.create(slug=slug or f"plan-{number}", **defaults | fields)
    for position, code in enumerate(parties, 1):
        models.RoadmapParty.objects.create(roadmap=made, party=party(code), position=position)
    for position, code in enumerate(areas, 1):
        models.RoadmapArea.objects.create(roadmap=made, area=area(code), position=position)
    return made


def item(roadmap_=None, *, area_=None, number=None, wording=None, parties=None, **fields):
    """An item in which the parties take part: {"KZ": "lead", …}; by default all of the roadmap, the first leads."""
    roadmap_ = roadmap_ or roadmap()
    made = models.Item.objects.create(
        roadmap=roadmap_,
        area=area_ or roadmap_.areas.first().area,
        number=number or f"1.{next(numbers)}",
        wording=Texts(wording or {"ru": "Обеспечить обмен сведениями", "en": "To ensure the exchange of data"}),
        **fields,
    )
    if parties is None:
        codes = [place.party.code for place in roadmap_.parties.select_related("party")]
        parties = {code: "co_executor" if codes.index(code) else "lead" for code in codes}
    for code, role in parties.items():
        Participation.objects.create(item=made, party=party(code), role=role)
    return made


def milestone(item_=None, *, term="30.06.2026", number=None, wording=None, **fields):
    """A milestone with its commitments; `term` as a document writes it."""
    item_ = item_ or item()
    made = models.Milestone(
        item=item_,
        number=number or f"{item_.number}.{next(numbers)}",
        wording=Texts(wording or {"ru": "Формат данных согласован", "en": "Data format agreed"}),
        **fields,
    )
    made.agreed = parse(term)
    made.save()
    item_.ask_parties()
    made.refresh_from_db()
    return made


def commitment(*, party="KZ", milestone_=None, **fields):
    return (milestone_ or milestone(**fields)).commitments.get(party__code=party)


def round_(roadmap_, *, starts_on=date(2026, 1, 1), state=Round.State.OPEN, **fields):
    ends_on = starts_on + timedelta(days=89)
    return Round.objects.create(
        roadmap=roadmap_,
        name=Texts(ru=f"Период {starts_on:%m.%Y}", en=f"Round {starts_on:%m.%Y}"),
        starts_on=starts_on,
        ends_on=ends_on,
        opens_on=ends_on,
        entry_due=ends_on + timedelta(days=20),
        review_due=ends_on + timedelta(days=30),
        state=state,
        **fields,
    )


def report(*, commitment_=None, round__=None, state="asked", author=None, **fields):
    """A report of the commitment in an open round, in the given state, as if the verbs had led there."""
    commitment_ = commitment_ or commitment()
    found = round__ or commitment_.roadmap.rounds.first() or round_(commitment_.roadmap)
    made = Report.objects.create(commitment=commitment_, round=found, state=state, **fields)
    if author:
        ReportAuthor.objects.create(report=made, user=author)
    return made


def evidence(report_, **fields):
    """A document with an address, attached to the report."""
    commitment_ = report_.commitment
    defaults = {"title": "Протокол № 4", "kind": Evidence.Kind.MINUTES, "address": "https://example.org/протокол"}
    made = Evidence.objects.create(roadmap=commitment_.roadmap, party=commitment_.party, **defaults | fields)
    made.prove(report_)
    return made


def deadline_change(milestone_, to, *, by, decided_by=None):
    """A proposed move of the current term; approved, if someone decides."""
    made = DeadlineChange.propose(milestone_, to, by=by)
    if decided_by:
        made.approve(by=decided_by)
    return made


def edition(roadmap_, *, by=None, judged_on=None, known_by=None, title=None, at=None, **order):
    """A sealed edition, of the whole roadmap as it stands, unless the test says otherwise."""
    if by is None:
        by = user()
        grant(by, models.Role.REVIEWER, roadmap=roadmap_)
    ordered = Order(
        roadmap=roadmap_,
        title=Texts(title or {"ru": "Сводный отчёт", "en": "Consolidated report"}),
        judged_on=judged_on or roadmap_.today(),
        known_by=known_by or timezone.now(),
        **order,
    )
    return ordered.seal(by=by, at=at)
