"""Doing what a preview says: one transaction, one change set, bounded numbers of statements.

Nothing is deleted but the executors that the file replaces; what is absent from the file stays as it is. Reports,
evidence, proposals and decisions are never touched.
"""

from collections import defaultdict

from babel import Locale
from django.db.models import Max
from django.utils.translation import gettext as _

from tracker.history.changes import change_set
from tracker.history.models import ChangeSet
from tracker.lib.errors import Conflict, NotAllowed
from tracker.lib.terms import parse
from tracker.lib.texts import Texts
from tracker.progress.models import DeadlineChange
from tracker.roadmaps import access, rollup
from tracker.roadmaps.models import (
    Amendment,
    Commitment,
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

from .preview import Preview, area_code

SLICE = 250


def apply(found: Preview, *, by=None, tick=lambda done, total: None) -> Roadmap:
    """Write what the preview says, using up its plans. Raises Conflict if what is stored has changed since."""
    require_right(found, by)
    reason = _("Import of %(file)s, SHA-256 %(digest)s") % {"file": found.file, "digest": found.digest}
    with change_set(by=by, reason=reason, source=ChangeSet.Source.IMPORT):
        return _Writing(found, by, tick).run()


def require_right(found, by):
    """Without a person it is the operator of the machine who imports."""
    if by is None:
        return
    if found.roadmap is not None:
        access.require(by, "plan", found.roadmap)
    elif not access.is_administrator(by):
        raise NotAllowed(access.REFUSALS["plan"])


class _Writing:
    """One import under way: what it has made and found so far, by the keys of the file."""

    def __init__(self, found, by, tick):
        self.found, self.by, self.tick = found, by, tick
        self.items, self.moved_items, self.to_ask = {}, [], set()
        self.total, self.done = len(found.items) + len(found.milestones), 0
        self.new = [plan for plan in found.milestones if plan.pk is None]
        self.changed = [plan for plan in found.milestones if plan.pk]
        found.milestones.clear()

    def run(self):
        self.roadmap = self._roadmap()
        self.party = self._party()
        self.areas = self._areas()
        self.organisations = self._organisations()
        self._write_items()
        self._write_parts()
        self._create_milestones()
        self._change_milestones()
        self._carry_areas()
        self._ask()
        return self.roadmap

    def _step(self, count):
        self.done += count
        self.tick(self.done, self.total)

    # The roadmap and what belongs to it

    def _roadmap(self):
        found, mapping = self.found, self.found.mapping
        if found.roadmap:
            return Roadmap.objects.select_for_update().get(pk=found.roadmap.pk)
        if Roadmap.objects.filter(slug=found.slug).exists():
            raise Conflict(
                _("The roadmap “%(slug)s” was made after the preview. Look at the preview again.")
                % {"slug": found.slug}
            )
        adopted_on = mapping.roadmap_value("adopted_on")
        return Roadmap.objects.create(
            slug=found.slug,
            **{name: Texts(mapping.roadmap_text(name)) for name in ("title", "short_title", "adopted_by", "source")},
            starts_on=mapping.roadmap_value("starts_on"),
            ends_on=mapping.roadmap_value("ends_on"),
            adopted_on=adopted_on,
            state=Roadmap.State.ADOPTED if adopted_on else Roadmap.State.DRAFT,
            authentic_language=mapping.language,
            time_zone=mapping.roadmap_value("time_zone", "Europe/Moscow"),
            frequency=mapping.roadmap_value("frequency", Roadmap.Frequency.QUARTERLY),
            is_sample=mapping.roadmap_value("is_sample", False),
        )

    def _party(self):
        code = self.found.party
        party = Party.objects.filter(code__iexact=code).first()
        if party is None:
            position = (Party.objects.aggregate(last=Max("position"))["last"] or 0) + 1
            party = Party.objects.create(code=code, name=party_name(code), position=position)
        if not self.roadmap.parties.filter(party=party).exists():
            position = (self.roadmap.parties.aggregate(last=Max("position"))["last"] or 0) + 1
            RoadmapParty.objects.create(roadmap=self.roadmap, party=party, position=position)
        return party

    def _areas(self):
        """{as in the file: PriorityArea}, each of them one of the roadmap's."""
        areas, names = dict(self.found.areas), {}
        for plan in self.found.items:
            names.setdefault(plan.words.area, plan.words.area_name)
        missing = [code for code, area in areas.items() if area is None]
        last = PriorityArea.objects.aggregate(last=Max("position"))["last"] or 0
        made = PriorityArea.objects.bulk_create(
            PriorityArea(
                code=area_code(self.roadmap.slug, code),
                name=Texts(names[code] or {self.found.mapping.language: code}),
                position=position,
            )
            for position, code in enumerate(missing, last + 1)
        )
        areas |= dict(zip(missing, made, strict=True))
        places = self.roadmap.area_positions
        new = [area for area in dict.fromkeys(areas.values()) if area.pk not in places]
        RoadmapArea.objects.bulk_create(
            RoadmapArea(roadmap=self.roadmap, area=area, position=position)
            for position, area in enumerate(new, max(places.values(), default=0) + 1)
        )
        if new:
            del self.roadmap.areas_in_order
        return areas

    def _organisations(self):
        organisations = dict(self.found.organisations)
        names = {folded: name for plan in self.found.items for folded, name in plan.executors.items()}
        missing = [folded for folded, one in organisations.items() if one is None]
        made = Organisation.objects.bulk_create(
            Organisation(party=self.party, name=Texts({self.found.mapping.language: names[folded]}))
            for folded in missing
        )
        return organisations | dict(zip(missing, made, strict=True))

    # Items

    def _write_items(self):
        for part in slices(self.found.items):
            stored = self._stored(Item, part)
            new, changed = [], []
            for plan in part:
                item = stored.get(plan.pk)
                if item is None:
                    words = plan.words
                    item = Item(
                        number=words.number,
                        source_key=words.key,
                        area=self.areas[words.area],
                        **{name: Texts(texts) for name, texts in words.texts.items()},
                    )
                    new.append(item)
                elif plan.columns:
                    self._set(item, plan.columns)
                    if "area" in plan.columns:
                        item.area = self.areas[plan.columns["area"]]
                    changed.append((item, plan.columns))
                item.roadmap = self.roadmap
                self.items[plan.words.key] = item
            Item.objects.bulk_create(new)
            self._update(Item, changed)
            self.moved_items += [item for item, columns in changed if "area" in columns]
            self.to_ask |= {item.pk for item in new}
            self._step(len(part))

    def _carry_areas(self):
        """Milestones and commitments carry their item's area, whether the file names them or not."""
        for part in slices(self.moved_items, 100):
            by_id = {item.pk: item for item in part}
            milestones = list(Milestone.objects.filter(item__in=part))
            for milestone in milestones:
                milestone.item = by_id[milestone.item_id]
            self._carry_down([(milestone, {}) for milestone in milestones])

    def _carry_down(self, changed):
        """Write milestones with the columns that changed; their commitments carry the same, and are rolled up."""
        by_id = {milestone.pk: milestone for milestone, _columns in changed}
        mine, stale, copies = defaultdict(list), [], set()
        for commitment in Commitment.objects.filter(milestone__in=list(by_id)):
            mine[commitment.milestone_id].append(commitment)
        for milestone, columns in changed:
            columns |= dict.fromkeys(milestone.settled())
            for commitment in mine[milestone.pk]:
                commitment.milestone = milestone
                if names := commitment.settled():
                    stale.append(commitment)
                    copies |= names
            said = rollup.from_commitments(milestone.item.rule, mine[milestone.pk])
            columns |= dict.fromkeys(rollup.apply(milestone, said))
        self._update(Milestone, [(milestone, columns) for milestone, columns in changed if columns])
        Commitment.objects.bulk_update(stale, copies)

    def _write_parts(self):
        """The party takes part in every item of the file, as lead where it did not yet, with the file's executors."""
        plans = {self.items[plan.words.key].pk: plan for plan in self.found.items}
        for part in slices(list(plans)):
            parts = {one.item_id: one for one in Participation.objects.filter(item__in=part, party=self.party)}
            made = Participation.objects.bulk_create(
                Participation(item_id=item, party=self.party, role=Participation.Role.LEAD)
                for item in part
                if item not in parts
            )
            self.to_ask |= {one.item_id for one in made}
            parts |= {one.item_id: one for one in made}
            self._write_executors([(parts[item], plans[item]) for item in part if plans[item].new_executors])

    def _write_executors(self, pairs):
        stored = defaultdict(dict)
        for executor in Executor.objects.filter(participation__in=[one.pk for one, _plan in pairs]):
            stored[executor.participation_id][executor.organisation_id] = executor
        new, moved, gone = [], [], []
        for participation, plan in pairs:
            before = stored[participation.pk]
            wanted = list(dict.fromkeys(self.organisations[name] for name in plan.executors))
            for position, organisation in enumerate(wanted):
                executor = before.pop(organisation.pk, None)
                if executor is None:
                    new.append(Executor(participation=participation, organisation=organisation, position=position))
                elif executor.position != position:
                    executor.position = position
                    moved.append(executor)
            if wanted:
                gone += [executor.pk for executor in before.values()]
        Executor.objects.bulk_create(new)
        Executor.objects.bulk_update(moved, ["position"])
        Executor.objects.filter(pk__in=gone).delete()

    # Milestones

    def _create_milestones(self):
        counting = defaultdict(int)
        for item in Participation.objects.counting().filter(item__roadmap=self.roadmap).values_list("item", flat=True):
            counting[item] += 1
        for part in drained(self.new):
            keys = [plan.row.key for plan in part]
            if self.roadmap.milestones.filter(source_key__in=keys).exists():
                raise Conflict(_("Another import was faster. Look at the preview again."))
            milestones = []
            for plan in part:
                row, item = plan.row, self.items[plan.row.item.key]
                milestone = Milestone(
                    item=item,
                    number=row.number,
                    source_key=row.key,
                    weight=row.weight or 1,
                    counting=counting[item.pk],
                    **{name: Texts(texts) for name, texts in row.texts.items()},
                )
                milestone.agreed = parse(row.term)
                milestones.append(milestone)
                self.to_ask.add(item.pk)
            Milestone.objects.bulk_create(milestones)
            self._step(len(part))

    def _change_milestones(self):
        amendment = self._amendment() if any(plan.moves_to for plan in self.changed) else None
        for part in drained(self.changed):
            stored = self._stored(Milestone, part)
            items = Item.objects.in_bulk([milestone.item_id for milestone in stored.values()])
            changed, register = [], []
            for plan in part:
                milestone = stored[plan.pk]
                milestone.item = items[milestone.item_id]
                milestone.item.roadmap = self.roadmap
                columns = dict(plan.columns)
                if "item" in columns:
                    self.to_ask.add(milestone.item_id)
                    milestone.item = self.items[columns["item"]]
                    self.to_ask.add(milestone.item_id)
                if term := columns.pop("term", None):
                    milestone.first = milestone.agreed = milestone.current = term
                    columns |= dict.fromkeys(TERM_COLUMNS)
                self._set(milestone, columns)
                if plan.moves_to:
                    register.append(DeadlineChange.amending(milestone, plan.moves_to, amendment=amendment, by=self.by))
                    columns |= dict.fromkeys(TERM_COLUMNS)
                changed.append((milestone, columns))
            self._carry_down(changed)
            DeadlineChange.objects.bulk_create(register)
            self._step(len(part))

    def _amendment(self):
        given = self.found.amendment
        return Amendment.objects.get_or_create(
            roadmap=self.roadmap, number=given.number, defaults={"signed_on": given.signed_on}
        )[0]

    # Commitments

    def _ask(self):
        for part in slices(sorted(self.to_ask), 100):
            items = list(Item.objects.filter(pk__in=part))
            for item in items:
                item.roadmap = self.roadmap
            Commitment.objects.ask_for(items)
            self.roadmap.rounds.ask_newcomers(Commitment.objects.filter(milestone__item__in=items))

    # Rows

    def _stored(self, model, plans):
        """{id: row} of those to change, which must still be as the preview saw them."""
        wanted = [plan.pk for plan in plans if plan.pk]
        stored = model.objects.filter(pk__in=wanted).in_bulk()
        for plan in plans:
            if plan.pk and (plan.pk not in stored or stored[plan.pk].version != plan.version):
                what = stored.get(plan.pk) or plan.pk
                raise Conflict(
                    _("“%(what)s” was changed after the preview was made. Look at the preview again.")
                    % {"what": str(what)[:120]}
                )
        return stored

    def _set(self, row, columns):
        """Texts get the languages that the file has and keep the others; `area`, `item` are set by who knows them."""
        for name, value in columns.items():
            if isinstance(value, dict):
                getattr(row, name).update(value)
            elif name in ("number", "source_key", "weight"):
                setattr(row, name, value)

    def _update(self, model, changed):
        """Write rows with the columns that changed in any of them."""
        names = {name for _row, columns in changed for name in columns}
        model.objects.bulk_update([row for row, _columns in changed], names)


TERM_COLUMNS = (
    "first_text", "first_kind", "first_from", "first_due", "agreed_text", "agreed_kind", "agreed_from", "agreed_due",
    "term_text", "term_kind", "starts_on", "due_on",
)  # fmt: skip


def drained(plans):
    """Slices of a list that is emptied on the way: long texts are let go as soon as they are written."""
    plans.reverse()
    while plans:
        part = plans[-SLICE:][::-1]
        del plans[-SLICE:]
        yield part


def slices(rows, size=SLICE):
    return (rows[start : start + size] for start in range(0, len(rows), size))


def party_name(code):
    """The name of a state by its ISO code, in the languages that the interface speaks; else the code."""
    names = {language: Locale(language).territories.get(code.upper()) for language in ("ru", "en")}
    return Texts({language: name or code for language, name in names.items()})
