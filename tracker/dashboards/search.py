"""Finding across all that a person may read: numbers, wordings, organisations, texts of reports, documents.

Each section counts all that it finds, roadmap by roadmap, and shows the first of them; the one at hand comes first.
"""

from dataclasses import dataclass, field
from functools import cached_property

from django.core.paginator import Paginator
from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tracker.history.as_of import current_as_of, present
from tracker.history.remembered import remembered
from tracker.lib.dates import short
from tracker.lib.ordering import number_key
from tracker.lib.searching import PIECE, holds, scanning
from tracker.lib.texts import letters, passage, search_words
from tracker.progress.models import Evidence, Report
from tracker.roadmaps import access
from tracker.roadmaps.models import Executor, Item, Milestone, Organisation
from tracker.roadmaps.searching import item_holds, milestone_holds

from .status_rows import executors_of

SHOWN, PAGE = 10, 50  # hits of each section; hits on a page of one section
FEW = 100  # hits among so many times more are found soonest by going through the rows in their order
COUNTED = 10_000  # reports; nobody looks through more, and to count them all would take a second
EXACT = 5  # things of exactly the number that was typed
AROUND = 120  # characters of a long text before and after what was found


@dataclass
class Hit:
    """Something that was found: its name and where it stands as pieces (lib/texts.py), its address."""

    name: list
    url: str
    place: str = ""
    passages: list = field(default_factory=list)  # (label, pieces): where else the words stand
    links: list = field(default_factory=list)  # (label, address)


class Search:
    """One search by one person over the roadmaps that they may read, the first of which is the one at hand.

    `seen_from` is what addresses say that lead on to pages seen from the same day ({} today).
    """

    def __init__(self, user, text, roadmaps, seen_from):
        self.user, self.text, self.seen_from = user, text.strip(), seen_from
        self.words = search_words(text)
        self.roadmaps = {roadmap.pk: roadmap for roadmap in roadmaps}

    def address(self, url, **asked):
        """An address of ours that stays on the day."""
        path, _hash, place = url.partition("#")
        query = urlencode(asked | self.seen_from)
        return f"{path}{f'?{query}' if query else ''}{f'#{place}' if place else ''}"

    @property
    def is_too_short(self):
        """Whether no word is long enough for the index: a number may still be one exactly."""
        return not any(len(word) >= PIECE for word in self.words)

    @cached_property
    def sections(self):
        return [] if self.is_too_short else [section(self) for section in SECTIONS]

    @property
    def found(self):
        return [section for section in self.sections if section.total]

    def section(self, name):
        """The section of this name; None if there is none."""
        return next((section for section in self.sections if section.name == name), None)

    @cached_property
    def exact(self):
        """Items and milestones of exactly this number."""
        if len(self.words) != 1 or not any(letter.isdigit() for letter in self.words[0]):
            return []
        key = number_key(self.words[0])
        hits = []
        for section in (Items(self), Milestones(self)):
            rows = section.visible().filter(number_key=key).order_by(self.place_of("roadmap"), "pk")
            hits += section.draw(rows.select_related(*section.related)[: EXACT - len(hits)])
        return hits

    def place_of(self, path):
        """The place of a row's roadmap, as a database expression to sort by."""
        return Case(*(When(**{path: pk}, then=Value(place)) for place, pk in enumerate(self.roadmaps)))

    def pieces(self, text):
        return passage(str(text), self.words)

    def passages_of(self, name, texts):
        """Of (label, text) pairs, (label, pieces) of as many as show the words that the name does not."""
        missing, found = hidden(self.words, name), []
        for label, text in texts:
            pieces = passage(text, missing, around=AROUND)
            left = hidden(missing, pieces)
            if left != missing:
                found.append((label, pieces))
                missing = left
        return found


def hidden(words, pieces):
    """Those of the words that the pieces do not mark."""
    shown = letters(" ".join(piece.text for piece in pieces if piece.is_found))
    return [word for word in words if word not in shown]


class Section:
    """One kind of things found. `path` leads from a row to its roadmap, `list_name` is the page that lists all."""

    name, label = "", ""
    path, list_name, order = "roadmap", None, ()
    related = ()

    def __init__(self, search):
        self.search = search

    def visible(self):
        """All that the person may read, found or not."""
        raise NotImplementedError

    def holds(self, word):
        """The condition that a row holds a word."""
        raise NotImplementedError

    def draw(self, rows):
        """The hits of these rows."""
        raise NotImplementedError

    @property
    def rows(self):
        return self.visible().filter(*map(self.holds, self.search.words))

    def open_today(self, rows):
        """Of what was found on a past day, what may be read today too: up to as many as are counted."""
        if current_as_of() is None:
            return rows
        found = list(rows.order_by().values_list("pk", flat=True)[:COUNTED])
        with present():
            readable = list(self.visible().filter(pk__in=found).values_list("pk", flat=True))
        return rows.filter(pk__in=readable)

    @cached_property
    def counts(self):
        """{roadmap id: how many were found in it}, in the order of the roadmaps."""
        counted = dict(remembered(self.rows.order_by().values_list(self.path).annotate(Count("pk"))))
        return {pk: counted[pk] for pk in self.search.roadmaps if pk in counted}

    @property
    def total(self):
        return sum(self.counts.values())

    @property
    def amount(self):
        """The total in words."""
        return str(self.total)

    @cached_property
    def hits(self):
        """The first of them: from as many roadmaps as it takes."""
        needed, sure = [], 0
        for pk, count in self.counts.items():
            needed.append(pk)
            sure += count
            if sure >= SHOWN:
                break
        return self.drawn(self.in_order(needed)[:SHOWN], SHOWN) if needed else []

    def in_order(self, roadmaps):
        if len(roadmaps) == 1:
            return self.rows.filter(**{self.path: roadmaps[0]}).order_by(*self.order)
        rows = self.rows.filter(**{f"{self.path}__in": roadmaps})
        return rows.order_by(self.search.place_of(self.path), *self.order)

    def page(self, number):
        """A page of all hits."""
        paginator = Paginator(self.in_order(list(self.counts)), PAGE)
        paginator.count = self.total
        page = paginator.get_page(number)
        page.object_list = self.drawn(page.object_list, page.end_index())
        return page

    def drawn(self, rows, reach):
        """The hits of rows that reach so far into all that were found; their keys are found first, which is light."""
        with scanning(reach * FEW <= self.total):
            keys = list(rows.values_list("pk", flat=True))
        found = rows.model.objects.select_related(*self.related).in_bulk(keys)
        return list(self.draw([found[key] for key in keys]))

    def place(self, row, *parts):
        """Where a row stands, in words; its roadmap, where there are several."""
        roadmap = self.search.roadmaps[row.roadmap_id] if len(self.search.roadmaps) > 1 else ""
        return " · ".join(str(part) for part in (roadmap, *parts) if part)

    @property
    def links(self):
        """(label, address) of where all stand: the list of each roadmap, or a page of this search."""
        asked = {"q": self.search.text}
        if self.list_name is None:
            all_ = (_("All: %(count)s") % {"count": self.amount}, self.search.address("", **asked, **{"in": self.name}))
            return [all_] if self.total > SHOWN else []
        links = []
        for pk, count in self.counts.items():
            label = _("All %(count)d in the list") % {"count": count}
            roadmap = self.search.roadmaps[pk]
            if len(self.search.roadmaps) > 1:
                label = _("%(roadmap)s: all %(count)d in the list") % {"roadmap": roadmap, "count": count}
            links.append((label, self.search.address(reverse(self.list_name, args=[roadmap.slug]), **asked)))
        return links


class Items(Section):
    name, label = "items", gettext_lazy("Items")
    list_name, order, related = "items", ("number_key",), ("area",)

    def visible(self):
        return Item.objects.visible_to(self.search.user)

    def holds(self, word):
        return item_holds(word)

    def draw(self, items):
        executors = executors_of([item.pk for item in items])
        for item in items:
            item.roadmap = self.search.roadmaps[item.roadmap_id]
            name = self.search.pieces(item)
            texts = [*translations(item.wording), *named(executors.get(item.pk, ()))]
            place = self.place(item, str(item.area))
            address = self.search.address(item.get_absolute_url())
            yield Hit(name, address, place, self.search.passages_of(name, texts))


class Milestones(Section):
    name, label = "milestones", gettext_lazy("Milestones")
    list_name, order, related = "status_table", ("area_position", "number_key", "pk"), ("item",)

    def visible(self):
        return Milestone.objects.visible_to(self.search.user)

    def holds(self, word):
        return milestone_holds(word)

    def draw(self, milestones):
        executors = executors_of([milestone.item_id for milestone in milestones])
        for milestone in milestones:
            item = milestone.item
            item.roadmap = self.search.roadmaps[milestone.roadmap_id]
            name = self.search.pieces(milestone)
            of_item = [(_("Item"), str(item)), *translations(item.wording), *named(executors.get(item.pk, ()))]
            passages = self.search.passages_of(name, [*translations(milestone.wording), *of_item])
            address = self.search.address(milestone.get_absolute_url())
            yield Hit(name, address, self.place(milestone), passages)


class WithoutList(Section):
    """Things of which no roadmap has a list: counted once for all roadmaps, up to `counted`."""

    counted = None

    @cached_property
    def counts(self):
        count = self.rows.order_by()[: self.counted and self.counted + 1].count()
        return {None: count} if count else {}

    @property
    def amount(self):
        if self.counted and self.total > self.counted:
            return _("more than %(count)d") % {"count": self.counted}
        return super().amount

    def in_order(self, roadmaps):
        return self.rows.order_by(*self.order)


class Organisations(WithoutList):
    """Those that carry out anything that the person may read."""

    name, label = "organisations", gettext_lazy("Organisations")
    order, related = ("search", "pk"), ("party",)

    def executing(self):
        paths = {"roadmap": "participation__item__roadmap", "area": "participation__item__area"}
        return Executor.objects.filter(access.scope(self.search.user, "read", **paths)).order_by()

    @property
    def rows(self):
        named = Organisation.objects.filter(*map(self.holds, self.search.words)).order_by()
        executing = self.executing().filter(organisation__in=named.values("pk"))
        return Organisation.objects.filter(pk__in=executing.values("organisation"))

    def holds(self, word):
        return Q(search__contains=word)

    def draw(self, organisations):
        where = self.executing().filter(organisation__in=organisations)
        where = where.values_list("organisation", "participation__item__roadmap")
        counts = {(pk, roadmap): n for pk, roadmap, n in where.annotate(Count("participation__item", distinct=True))}
        for one in organisations:
            name = self.search.pieces(one)
            texts = [*translations(one.name), *((_("Abbreviation"), text) for text in one.abbreviation.all())]
            hit = Hit(name, "", str(one.party or ""), self.search.passages_of(name, texts))
            for pk, roadmap in self.search.roadmaps.items():
                if count := counts.get((one.pk, pk)):
                    label = ngettext("%(roadmap)s: %(count)d item", "%(roadmap)s: %(count)d items", count)
                    address = self.search.address(reverse("items", args=[roadmap.slug]), organisation=one.pk)
                    hit.links.append((label % {"roadmap": roadmap, "count": count}, address))
            yield hit


class Reports(WithoutList):
    """Those whose text the person may open, latest first."""

    name, label = "reports", gettext_lazy("Reports")
    order, counted = ("-pk",), COUNTED
    related = ("commitment__milestone", "commitment__party", "round")

    def visible(self):
        return Report.objects.visible_to(self.search.user).with_open_text(self.search.user).filter(text_is_open=True)

    def holds(self, word):
        return holds(Report, word)

    @property
    def rows(self):
        """What may be read is asked of each one found: by an index of what may, all of it would be looked through."""
        found = Report.objects.filter(*map(self.holds, self.search.words))
        return self.open_today(found.filter(Exists(self.visible().filter(pk=OuterRef("pk")))))

    def draw(self, reports):
        for report in reports:
            part = report.commitment
            name = passage(str(part.milestone), ())
            place = self.place(part, str(part.party), str(report.round.name), report.get_state_display())
            said = passage(report.narrative, self.search.words, around=AROUND)
            yield Hit(name, report.get_absolute_url(), place, [("", said)])


class Documents(Section):
    name, label = "documents", gettext_lazy("Documents")
    list_name, order, related = "documents", ("-pk",), ("party",)

    def visible(self):
        return Evidence.objects.visible_to(self.search.user)

    @property
    def rows(self):
        return self.open_today(super().rows)

    def holds(self, word):
        return Q(search__contains=word)

    def draw(self, documents):
        for document in documents:
            name = self.search.pieces(document.title)
            day = document.dated_on and short(document.dated_on)
            place = self.place(document, document.get_kind_display(), document.number, day, str(document.party))
            texts = [
                (_("Number"), document.number),
                (_("Issued by"), document.issued_by),
                (_("File"), document.file_name),
                (_("Address"), document.address),
            ]
            yield Hit(name, document.get_absolute_url(), place, self.search.passages_of(name, texts))


SECTIONS = (Items, Milestones, Organisations, Reports, Documents)


def translations(texts):
    """(language, text) of what a text says in other languages than the reader's."""
    _text, spoken = texts.spoken()
    return [(code.upper(), texts[code]) for code in texts.languages() if code != spoken]


def named(executors):
    return [(_("Executor"), text) for executor in executors for text in executor.organisation.all()]
