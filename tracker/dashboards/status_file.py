"""The rows of the status table as a file reads them: 100 000 in seconds, so what a row says comes in one query.

The parts of a milestone come as one text, "3:open:within:in_progress,5:…", which the database joins, and a wording as
the text that is stored: to make an object of each part and of each wording would take most of the time.
"""

import json
from collections import namedtuple
from functools import lru_cache
from itertools import islice

from django.db.models import Aggregate, Case, CharField, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.translation import get_language

from tracker.lib.columns import SLICE
from tracker.lib.texts import Texts
from tracker.progress.status import RULE_OF, SOON, Execution, Span, rule_for
from tracker.roadmaps.models import Commitment
from tracker.roadmaps.models.judged import Outcome
from tracker.roadmaps.models.milestone import Terms

from .status_rows import COMPLETED, executors_of
from .strips import in_words, place, word_of

READ = (
    "pk", "item_id", "area_id", "number", "agreed_text", "agreed_due", "term_text", "due_on", "percent", "execution",
    "state", "done_on", "control_on", "item__number", "wording", "item__wording",
)  # fmt: skip
TEXTS = ("wording", "proof", "item__wording", "item__expected_result", "item__note")
OF_ITEMS = tuple(name for name in TEXTS if name.startswith("item__"))  # the same for all milestones of the item
STORED = "_stored"
NO_DAY = "none"
STRIPS_KEPT, PARTS_KEPT, TEXTS_KEPT = 20_000, 2_000, 2_000  # of one file


class Joined(Aggregate):
    """Texts of a group with a comma between, in no order."""

    function, output_field = "GROUP_CONCAT", TextField()

    def as_postgresql(self, compiler, connection, **context):
        template = "%(function)s(%(expressions)s, ',')"
        return self.as_sql(compiler, connection, function="STRING_AGG", template=template, **context)


def rows_for_file(milestones, names, parties, *, on, with_executors=False):
    """The rows of a query, slice by slice: named tuples of what they read, with what follows from it."""
    names = dict.fromkeys((*READ, *names))
    read = {name: Cast(name, TextField()) for name in names if name in TEXTS}
    stored = [name + STORED if name in TEXTS else name for name in names]
    query = milestones.annotate(
        **{name + STORED: text for name, text in read.items()}, parts_joined=Subquery(parts_joined(on))
    )
    row_class = class_of_rows(stored, parties, on=on)
    records = query.values_list(*stored, "parts_joined").iterator(chunk_size=SLICE)
    while rows := [row_class._make(record) for record in islice(records, SLICE)]:
        if with_executors:
            found = executors_of({row.item_id for row in rows})
            for row in rows:
                row.executors = found.get(row.item_id, [])
        yield from rows


def parts_joined(on):
    """The counting parts of a milestone as one text, each as `party:state:span:execution`."""
    span = Case(
        When(due_on=None, then=Value(NO_DAY)),
        When(due_on__lt=on, then=Value(Span.BEFORE.value)),
        When(due_on__lte=on + SOON, then=Value(Span.WITHIN.value)),
        default=Value(Span.LATER.value),
        output_field=CharField(),
    )
    colon = Value(":")
    party = Cast("party_id", CharField())
    part = Concat(party, colon, "state", colon, span, colon, "execution", output_field=CharField())
    counting = Commitment.objects.counting().filter(milestone=OuterRef("pk")).order_by()
    return counting.values("milestone").annotate(joined=Joined(part)).values("joined")


def class_of_rows(stored, parties, *, on):
    """The class of the rows of one file, in one language; texts, timeliness and strip are made when a column asks."""
    places, language = {str(party.pk): (place, party.code) for place, party in enumerate(parties)}, get_language()[:2]

    @lru_cache(PARTS_KEPT)
    def part_told(part):
        """(its party's place, code, state in words) of one part, or nothing of a party that is not of the roadmap."""
        party, *judged = part.split(":")
        return [(*places[party], word_of(place_in(places[party][1], *judged), language))] if party in places else []

    @lru_cache(STRIPS_KEPT)
    def strip(joined):
        words = {}
        for _place, code, word in sorted([told for part in joined.split(",") for told in part_told(part)]):
            words.setdefault(word, []).append(code)
        return in_words(words)

    def said(stored):
        texts = json.loads(stored)
        return texts.get(language) or str(Texts(texts))

    said_once = lru_cache(TEXTS_KEPT)(said)
    row = namedtuple("FileRow", [*stored, "parts_joined"])
    facts = {
        "timeliness": property(lambda row: rule_for(row, on=on).timeliness),
        "strip": property(lambda row: strip(row.parts_joined or "")),
        **{name: text_property(name, said_once if name in OF_ITEMS else said) for name in TEXTS},
    }
    return type("FileRow", (Terms, Outcome, row), facts)


def text_property(name, say):
    return property(lambda row: say(getattr(row, name + STORED)))


def place_in(code, state, span, execution):
    """The place of a party in the strip by its part as the database tells it."""
    timeliness = RULE_OF[state, None if span == NO_DAY else Span(span)].timeliness
    return place(code, timeliness, Execution.COMPLETED if timeliness in COMPLETED else Execution(execution))
