"""What accepting a report would change, computed by the rules of the acceptance on copies; nothing is written."""

from copy import copy
from dataclasses import dataclass

from django.db import connection, models
from django.db.models import Value
from django.db.models.functions import Cast
from django.db.models.sql import Query
from django.db.models.sql.constants import SINGLE

from tracker.dashboards.standing import standing_of
from tracker.progress.rollup import from_reports, reports_with_proof
from tracker.progress.status import rule_for
from tracker.progress.workflow import ReportState
from tracker.roadmaps.models import Milestone
from tracker.roadmaps.rollup import apply, from_commitments

COLUMNS = ("weight", "control", "control_on", "execution", "done_on", "due_on", "state", "item", "drop_reason")


@dataclass
class Effect:
    """A commitment, its milestone and its item, as they are and as they would be."""

    commitment: tuple
    milestone: tuple
    timeliness: tuple
    item: tuple
    waiting: list  # the parties whose part would still remain

    @property
    def changes_nothing(self):
        return self.commitment[0] is self.commitment[1]


def effect_of(report, *, on):
    commitment, milestone = report.commitment, report.commitment.milestone
    reports = reports_with_proof(commitment.reports.all())
    for one in reports:
        if one.pk == report.pk:
            one.state = ReportState.ACCEPTED
    new_commitment = changed(commitment, from_reports(reports))
    commitments = [
        new_commitment if one.pk == commitment.pk else one for one in milestone.commitments.select_related("party")
    ]
    new_milestone = changed(milestone, from_commitments(milestone.item.rule, commitments))
    milestones = list(Milestone.objects.filter(item=milestone.item_id).only(*COLUMNS))
    new_milestones = [new_milestone if one.pk == milestone.pk else one for one in milestones]
    return Effect(
        commitment=(commitment, new_commitment),
        milestone=(milestone, new_milestone),
        timeliness=tuple(rule_for(row, on=on).timeliness for row in (milestone, new_milestone)),
        item=(standing_of(milestones, on=on), standing_of(new_milestones, on=on)),
        waiting=[c.party for c in commitments if c.is_counting and not c.is_completed],
    )


def changed(row, columns):
    """A copy of the row with other columns and the state that follows; the row itself where nothing changes."""
    new = copy(row)
    if not apply(new, columns):
        return row
    new.state = state_of(new)
    return new


def state_of(row):
    """The state that the database would generate for a row that is not written: its own expression, one query."""
    query = Query(None)
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.DateField) and not field.generated:
            value = Cast(
                Value(getattr(row, field.attname)), output_field=field
            )  # PostgreSQL asks of what type a NULL is
            query.add_annotation(value, field.name, select=False)
    query.add_annotation(row._meta.get_field("state").expression, "found")
    return query.get_compiler(connection=connection).execute_sql(SINGLE)[0]
