"""What an import would do: the rows of a file against what is stored. Reads only; `applying.py` does it.

Rows are matched by the mapping's key columns (domain.md §8). A row is created, changed, moved (its agreed term
differs), unchanged or rejected; what is stored and not in the file is absent, and only listed.
"""

import datetime
import re
from collections import defaultdict
from dataclasses import dataclass, field
from operator import attrgetter

from django.utils.text import slugify
from django.utils.translation import gettext as _

from tracker.lib import dates
from tracker.lib.terms import Kind, Term, parse
from tracker.lib.texts import Texts, digest, fold
from tracker.roadmaps.models import (
    Control,
    Executor,
    Item,
    Milestone,
    Organisation,
    Participation,
    Party,
    PriorityArea,
    Roadmap,
)

from .mapping import TEXTS, ItemWords, Mapping, Rejected, Row
from .reading import Unusable, tables


@dataclass(slots=True)
class Line:
    """A line of the preview: the row of the file (none for what is absent), what it is about, and what of it."""

    row: int | None
    number: str
    what: str = ""


@dataclass(slots=True)
class ItemPlan:
    """An item as the file's rows say it, and how it differs from the stored one, if there is one."""

    words: ItemWords
    row: int
    executors: dict  # {folded name: name}, the responsible one first
    pk: int | None = None
    version: int = 0
    columns: dict = field(default_factory=dict)  # what to write: {column: value}; texts as {column: {language: text}}
    takes_part: bool = False  # the party has a participation already
    new_executors: bool = True


@dataclass(slots=True)
class MilestonePlan:
    """A milestone to write: all of its row if it is new, else the columns that differ and the term it moves to."""

    row: Row
    pk: int | None = None
    version: int = 0
    columns: dict = field(default_factory=dict)
    moves_to: Term | None = None


@dataclass(frozen=True)
class AmendmentGiven:
    """The amendment under which agreed terms move."""

    number: str
    signed_on: datetime.date

    @classmethod
    def read(cls, text):
        """From "number, date"."""
        number, comma, day = text.rpartition(",")
        number = re.sub(r"^\s*(№|No\.?|N)\s*(?=\d)", "", number).strip()
        term = parse(day.strip())
        if not comma or not number or term.kind != Kind.DAY:
            raise Unusable(
                _("“%(text)s” is not an amendment. Write its number and its date, as: 3, 18.05.2026.") % {"text": text}
            )
        if len(number) > 60:
            raise Unusable(_("The number of the amendment is too long: at most 60 characters."))
        return cls(number, term.due_on)


@dataclass
class Preview:
    """What an import would do, in lines for the reader and in plans for `applying.apply`."""

    file: str
    digest: str
    how: str
    mapping: Mapping
    slug: str
    party: str
    amendment: AmendmentGiven | None
    roadmap: Roadmap | None = None  # None: it will be made
    lines: dict = field(default_factory=lambda: {kind: [] for kind in KINDS})
    items: list = field(default_factory=list)
    milestones: list = field(default_factory=list)
    areas: dict = field(default_factory=dict)  # {as in the file: PriorityArea or None}
    organisations: dict = field(default_factory=dict)  # {folded name: Organisation or None}

    def add(self, kind, row, number, what=""):
        self.lines[kind].append(Line(row, number, what))

    def figures(self):
        return {kind: len(lines) for kind, lines in self.lines.items()}

    @property
    def moves_wait(self):
        """Whether there are moves that only an amendment can make."""
        return bool(self.lines["moved"]) and self.amendment is None


# In the order in which they are told. A milestone may be both changed and moved; the rest exclude each other.
KINDS = (
    "created", "changed", "moved", "unchanged", "absent", "rejected", "repeated",
    "items_created", "items_changed", "noticed",
)  # fmt: skip


def preview(path, mapping, *, party, roadmap="", amendment=None) -> Preview:
    """Read the file by the mapping and compare it with what is stored. Raises Unusable with a sentence."""
    slug = roadmap or mapping.slug
    if not slug:
        raise Unusable(_("Say which roadmap is meant: the mapping names none."))
    code = party.strip()
    if not re.fullmatch(r"[A-Za-z0-9-]{2,8}", code):
        raise Unusable(_("“%(code)s” is not the code of a party; IT or KZ would be one.") % {"code": party})
    source = mapping.locate(tables(path, sheet=mapping.sections.get("reading", {}).get("sheet", "")))
    stored = Roadmap.objects.filter(slug=slug).first()
    if stored is None:
        _refuse_incomplete(mapping, slug)
    elif stored.state == Roadmap.State.CLOSED:
        raise Unusable(_("The roadmap “%(slug)s” is closed; nothing can be imported into it.") % {"slug": slug})
    elif amendment is not None:
        given = stored.amendments.filter(number=amendment.number).exclude(signed_on=amendment.signed_on).first()
        if given:
            raise Unusable(
                _("Amendment No. %(number)s is already there with another date: %(day)s.")
                % {"number": given.number, "day": dates.short(given.signed_on)}
            )
    found = Preview(
        file=source.table.path.name, digest=source.table.digest, how=source.table.how, mapping=mapping,
        slug=slug, party=code, amendment=amendment, roadmap=stored,
    )  # fmt: skip
    rows = _stage(source, found)
    _refuse_nothing(rows, source, found)
    _plan_items(rows, found)
    _find_areas(found)
    _find_organisations(found)
    _compare_items(found)
    _compare_milestones(rows, found)
    for lines in found.lines.values():
        lines.sort(key=lambda line: line.row or 0)
    return found


def _refuse_nothing(rows, source, found):
    if any(rows.values()):
        return
    rejected = sorted(found.lines["rejected"], key=attrgetter("row"))
    if not rejected:
        raise Unusable(_("The file has a header in row %(row)s and no rows under it.") % {"row": source.header_row})
    raise Unusable(
        _("None of the %(count)s rows can be taken. Row %(row)s: %(why)s.")
        % {"count": len(rejected), "row": rejected[0].row, "why": rejected[0].what}
    )


def _refuse_incomplete(mapping, slug):
    """What must be known to make the roadmap."""
    if not re.fullmatch(r"[-a-zA-Z0-9_]{1,50}", slug):
        raise Unusable(
            _("“%(slug)s” cannot be the address of a roadmap: Latin letters, digits, - and _ only.") % {"slug": slug}
        )
    if mapping.slug != slug and not mapping.sections.get("roadmap"):
        raise Unusable(_("There is no roadmap “%(slug)s”.") % {"slug": slug})
    missing = [name for name in ("title", "starts_on", "ends_on") if not mapping.roadmap_value(name)]
    if missing:
        raise Unusable(
            _("There is no roadmap “%(slug)s”, and the mapping does not say enough to make it: %(missing)s.")
            % {"slug": slug, "missing": ", ".join(f"roadmap.{name}" for name in missing)}
        )
    if mapping.roadmap_value("starts_on") > mapping.roadmap_value("ends_on"):
        raise Unusable(_("By the mapping, the roadmap ends before it starts."))


def shortened(texts):
    """The first words of a text, for a line."""
    return " ".join(next(iter(texts.values())).split())[:80]


# Within the file


def _stage(source, found):
    """{key: Row} of what can be taken, None where it cannot.

    Identical repeats are folded. Differing ones are all rejected: no one can know which is right.
    """
    rows, doubtful, columns, unread = {}, defaultdict(list), {}, []
    for number, row in source.rows():
        if isinstance(row, Rejected):
            found.add("rejected", number, row.key, str(row))
            unread.append(row.key)
            continue
        first = rows.setdefault(row.key, row)
        if first is row:
            continue
        said, says = first.says(), row.says()
        differing = [name for name in {**said, **says} if said.get(name) != says.get(name)]
        if differing:
            doubtful[row.key].append(row)
            columns.setdefault(row.key, {}).update(dict.fromkeys(differing))
        else:
            found.add("repeated", number, row.number, _("the same as row %(row)s") % {"row": first.row})
    for key, others in doubtful.items():
        repeats = [rows[key], *others]
        numbers = ", ".join(str(row.row) for row in repeats)
        for row in repeats:
            found.add(
                "rejected", row.row, row.number,
                _("the key %(key)s stands in rows %(rows)s, which differ in: %(columns)s")
                % {"key": key, "rows": numbers, "columns": ", ".join(columns[key])},
            )  # fmt: skip
        rows[key] = None
    for key in filter(None, unread):  # known to the file, so not absent
        rows.setdefault(key, None)
    return rows


def _plan_items(rows, found):
    """The items that the rows speak of, each as its first row words it, with the executors of all its rows."""
    items, numbers = {}, {}
    for key, row in rows.items():
        if row is None:
            continue
        words = row.item
        other = numbers.setdefault(words.number, words.key)
        if other != words.key:
            found.add("rejected", row.row, row.number,
                      _("the item number %(number)s already belongs to the item %(key)s")
                      % {"number": words.number, "key": other})  # fmt: skip
            rows[key] = None
            continue
        plan = items.get(words.key)
        if plan is None:
            items[words.key] = ItemPlan(words, row.row, {fold(name): name for name in row.executors})
            continue
        for name in row.executors:
            plan.executors.setdefault(fold(name), name)
        _merge_words(plan, row, found)
    found.items = list(items.values())


def _merge_words(plan, row, found):
    kept, said = plan.words, row.item
    differing = [name for name in ("number", "area") if getattr(kept, name) != getattr(said, name)]
    for name, texts in said.texts.items():
        if name not in kept.texts:
            kept.texts[name] = texts
        elif kept.texts[name] != texts:
            differing.append(name)
    if differing:
        found.add(
            "noticed", row.row, row.number,
            _("the item %(number)s reads otherwise in row %(row)s, which is kept; differing: %(columns)s")
            % {"number": kept.number, "row": plan.row, "columns": ", ".join(differing)},
        )  # fmt: skip


# What is stored: areas and organisations


def area_code(slug, code):
    """The code of an imported area: the roadmap's address and the code in the file, as far as it is Latin."""
    tail = slugify(code) or digest(fold(code))
    return f"{slug}-{tail}" if len(f"{slug}-{tail}") <= 50 else f"{slug[:37]}-{digest(fold(code))}"


def _find_areas(found):
    wanted = {}
    for plan in found.items:
        wanted.setdefault(plan.words.area, plan.words.area_name)
    known = {}
    if found.roadmap:
        places = found.roadmap.areas.select_related("area")
        known = {name: place.area for place in places for name in map(fold, place.area.name.all())}
        known |= {place.area.code: place.area for place in places}
    codes = {code: area_code(found.slug, code) for code in wanted}
    made_before = PriorityArea.objects.in_bulk(list(codes.values()), field_name="code")
    for code, names in wanted.items():
        by_name = next((known[fold(name)] for name in names.values() if fold(name) in known), None)
        found.areas[code] = made_before.get(codes[code]) or known.get(code) or by_name


def _find_organisations(found):
    """Match the names by folded text against the party's organisations, under any name that they have had."""
    names = {name: None for plan in found.items for name in plan.executors}
    party = Party.objects.filter(code__iexact=found.party).first()
    if party is None:
        found.organisations = names
        return
    organisations = {one.pk: one for one in Organisation.objects.filter(party=party).order_by("pk")}
    known = {}
    for pk, name, short in (
        Organisation.history.filter(party=party).order_by("-history_date").values_list("id", "name", "abbreviation")
    ):
        for text in (*Texts(name).all(), *Texts(short).all()):
            known.setdefault(fold(text), pk)
    for one in sorted(organisations.values(), key=lambda one: one.ended_on is None):  # today's names come first
        known.update(dict.fromkeys(map(fold, (*one.name.all(), *one.abbreviation.all())), one.pk))
    for name in names:
        one = organisations.get(known.get(name))
        seen = set()
        while one and one.successor_id in organisations and one.pk not in seen:  # handed over in between
            seen.add(one.pk)
            one = organisations[one.successor_id]
        names[name] = one
    found.organisations = names


# Against what is stored


def _compare_items(found):
    stored, by_number, parts = {}, {}, {}
    keys = {plan.words.key for plan in found.items}
    if found.roadmap:
        for item in Item.objects.filter(roadmap=found.roadmap).defer("search").iterator(chunk_size=500):
            if item.source_key in keys:
                stored[item.source_key] = item
            else:  # entered by hand, or keyed otherwise before
                by_number[item.number] = item
        parts = _executors_of(found)
    taken = {item.number: item.pk for item in (*stored.values(), *by_number.values())}
    for plan in found.items:
        words = plan.words
        item = stored.get(words.key) or by_number.get(words.number)
        if words.number in taken and taken[words.number] != (item.pk if item else None):
            number = item.number if item else _free_number(words.number, taken)
            what = _("the number belongs to another item; this one has %(number)s") % {"number": number}
            found.add("noticed", plan.row, words.number, what)
            words.number = number
        if item is None:
            taken[words.number] = None
            found.add("items_created", plan.row, words.number, shortened(words.texts["wording"]))
            continue
        plan.pk, plan.version = item.pk, item.version
        plan.columns = _text_columns(item, words.texts, TEXTS["item"])
        if item.source_key != words.key:
            plan.columns["source_key"] = words.key
        if item.number != words.number:
            plan.columns["number"] = words.number
            taken[words.number] = item.pk
        area = found.areas[words.area]
        if area is None or area.pk != item.area_id:
            plan.columns["area"] = words.area
        plan.takes_part, executors = parts.get(item.pk, (False, []))
        wanted = [one.pk if (one := found.organisations[name]) else None for name in plan.executors]
        plan.new_executors = bool(wanted) and list(dict.fromkeys(wanted)) != executors
        changed = [
            *plan.columns,
            *(["executors"] if plan.new_executors else []),
            *([] if plan.takes_part else ["party"]),
        ]
        if changed:
            found.add("items_changed", plan.row, words.number, ", ".join(changed))


def _free_number(number, taken):
    count = 2
    while f"{number[:55]} ({count})" in taken:
        count += 1
    return f"{number[:55]} ({count})"


def _executors_of(found):
    """{item id: (whether the party takes part, ids of its executors in order)}."""
    parts = {
        item: (True, [])
        for item in Participation.objects.filter(
            item__roadmap=found.roadmap, party__code__iexact=found.party
        ).values_list("item", flat=True)
    }
    executors = Executor.objects.filter(
        participation__item__roadmap=found.roadmap, participation__party__code__iexact=found.party
    ).order_by("position", "pk")
    for item, organisation in executors.values_list("participation__item", "organisation"):
        parts[item][1].append(organisation)
    return parts


def _text_columns(row, texts, names):
    """{column: {language: text}} of the texts that differ. An empty cell erases nothing, nor another language."""
    columns = {}
    for name in names:
        stored = getattr(row, name)
        differing = {language: text for language, text in texts.get(name, {}).items() if stored.get(language) != text}
        if differing:
            columns[name] = differing
    return columns


def _compare_milestones(rows, found):
    plans = {plan.words.key: plan for plan in found.items}
    item_pks = {plan.pk: plan.words.key for plan in found.items if plan.pk}
    by_hand = {}
    for key, row in rows.items():
        if row is not None:
            by_hand.setdefault((row.item.key, row.number), key)
    known, absent = set(), []
    if found.roadmap:
        stored = Milestone.objects.filter(roadmap=found.roadmap).defer("search")
        keys = set(stored.exclude(source_key="").values_list("source_key", flat=True))
        for milestone in stored.order_by("pk").iterator(chunk_size=500):
            key = milestone.source_key
            if not key:  # entered by hand: the same number in the same item
                key = by_hand.get((item_pks.get(milestone.item_id), milestone.number))
                if key is None or key in keys or key in known:
                    continue
            if key not in rows:
                if milestone.control == Control.ON:
                    absent.append((milestone.area_position, milestone.number_key, milestone.number, key))
                continue
            known.add(key)
            if rows[key] is not None:
                _compare_milestone(milestone, rows[key], plans[rows[key].item.key], found)
                rows[key] = None
    for _position, _order, number, key in sorted(absent):
        found.add("absent", None, number, key)
    for key, row in rows.items():
        if row is not None and key not in known:
            _notice_unread(row, parse(row.term), found)
            found.add("created", row.row, row.number, f"{row.term or '—'}  {shortened(row.texts['wording'])}")
            found.milestones.append(MilestonePlan(row))
    found.milestones.sort(key=attrgetter("row.row"))


def _compare_milestone(milestone, row, item, found):
    plan = MilestonePlan(row, milestone.pk, milestone.version)
    plan.columns = _text_columns(milestone, row.texts, TEXTS["milestone"])
    for name, value in (("number", row.number), ("source_key", row.key), ("weight", row.weight or milestone.weight)):
        if getattr(milestone, name) != value:
            plan.columns[name] = value
    if milestone.item_id != item.pk:
        plan.columns["item"] = item.words.key
    term = parse(row.term)
    if _is_other_term(milestone.agreed, term):
        _notice_unread(row, term, found)
        if not found.roadmap.is_locked:
            plan.columns["term"] = term
        else:
            found.add("moved", row.row, row.number, f"{milestone.agreed.text or '—'} → {term.text}")
            if found.amendment:
                plan.moves_to = term
    if plan.columns:
        found.add("changed", row.row, row.number, ", ".join(plan.columns))
    if plan.columns or plan.moves_to:
        found.milestones.append(plan)
    elif not _is_other_term(milestone.agreed, term):
        found.add("unchanged", row.row, row.number)


def _is_other_term(agreed, term):
    """Whether a term is another, not only otherwise written. No term in the file takes none away."""
    if not term:
        return False
    if term.due_on or agreed.due_on:
        return (term.starts_on, term.due_on) != (agreed.starts_on, agreed.due_on)
    return fold(term.text) != fold(agreed.text)


def _notice_unread(row, term, found):
    if term and term.kind == Kind.UNKNOWN:
        what = _("the term “%(term)s” is not understood; it is kept as it is, without a day") % {"term": term.text}
        found.add("noticed", row.row, row.number, what)
