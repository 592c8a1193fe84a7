"""The status table's rows for a file: 100 000 are read in seconds, so all that a row says comes in one query.

The parts of a milestone come as one text, "3:open:1:in_progress;5:…", which the database joins: read one by one they
would cost more than all the rest. Wordings come as text too; those of an item are put into words once for all its rows.
"""

import json
from collections import namedtuple
from functools import lru_cache
from itertools import islice

from django.db.models import Aggregate, Case, CharField, F, IntegerField, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Concat

from tracker.lib.columns import SLICE
from tracker.lib.texts import Texts
from tracker.progress.status import RULE_OF, SOON, Execution, Span, Timeliness, rule_for
from tracker.roadmaps.models import Commitment
from tracker.roadmaps.models.judged import State, Outcome
from tracker.roadmaps.models.milestone import Terms
