"""The cells of the status table as HTML, written by hand: 500 templates would take most of the time of a page.

Every text goes through `escape` or `text`; what ends in `_cell` returns a whole cell. A page of them is read over slow
lines: addresses are relative to the table's own, /r/<roadmap>/milestones/, and what HTML does not need is left out,
the end tags of cells and the quotes around our own words and numbers.
"""

from html import escape

from django.utils.html import conditional_escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.lib.columns import Kind
from tracker.lib.dates import short
from tracker.lib.templatetags.tracker import icon, said
from tracker.progress.inline import OF_A_MILESTONE, OF_AN_ITEM
from tracker.progress.status import TIMELINESS_MARKS
from tracker.progress.templatetags.status import mark
from tracker.roadmaps.models import Control, Milestone

from .status_rows import slip_in_words, timeliness_note

FIELDS = OF_A_MILESTONE | OF_AN_ITEM
NOTHING = '<span class="none">—</span>'


def text(texts):
    """A text in the reader's language, as lists show it."""
    return conditional_escape(said(texts))


def sub(words, look="sub"):
    """A smaller line under what a cell says; nothing where there are no words."""
    return f'<span class="{look}">{escape(words)}</span>' if words else ""


def day(value):
    return f"<time datetime={value:%Y-%m-%d}>{short(value)}</time>" if value else NOTHING


def progress(percent):
    if percent is None:
        return ""
    return f"{percent} %<progress value={percent} max=100></progress>"


def executors(found):
    """The responsible executor; the others open in place."""
    if not found:
        return f'<span class="none">{_("No executor")}</span>'
    first, *others = found
    told = f"<b>{escape(first.code)}</b> {text(first.organisation)}"
    if others:
        words = ngettext("%(n)s co-executor", "%(n)s co-executors", len(others)) % {"n": len(others)}
        rest = "".join(
            f'<li><abbr title="{escape(str(one.party))}">{escape(one.code)}</abbr>{text(one.organisation)}</li>'
            for one in others
        )
        told += f"<details><summary>{words}</summary><ul>{rest}</ul></details>"
    return told


def control_in_words(row):
    """How a milestone stands that is no longer on control, and why it was dropped."""
    if row.control == Control.ON:
        return ""
    words = str(Control(row.control).label)
    return f"{words}: {Milestone.DropReason(row.drop_reason).label}" if row.drop_reason else words


def item_link(row, table):
    sample = f' <span class="sample">{_("sample")}</span>' if table.request.roadmap.is_sample else ""
    return f'<a href="../items/{row.item_id}/{table.on_query}">{text(row.item__wording)}</a>{sample}'


def edit(row, field, table):
    """The way to change a field of the milestone, or of its item, in place, where the reader may."""
    if field in table.item_fields(row):
        address, number = f"../items/{row.item_id}", row.item__number
    elif field in table.milestone_fields(row):
        address, number = row.pk, row.number
    else:
        return ""
    what = _("Change: %(field)s, %(number)s") % {"field": FIELDS[field], "number": number}
    return f'<a class="edit" href="{address}/edit/{field}/" aria-label="{escape(what)}">{icon("edit")}</a>'


def labelled(name, content, table, look=""):
    """A cell that says on a phone which column it is; what is more than a text stands together there."""
    inner = f"<div>{content}</div>" if "<" in content else content
    return f'<td{look} data-label="{table.labels[name]}">{inner}'


def number_cell(row, table):
    number = escape(row.number)
    if not table.may_select:
        return f"<th scope=row class=no>{number}"
    # The box is of the form below the table (templates/components/selection.html)
    box = f"<input type=checkbox name=row value={row.pk} form=selection>"
    return f"<th scope=row class=no><label>{box}{number}</label>"


def wording_cell(row, table):
    address = f"../items/{row.item_id}/{table.on_query}#m{row.pk}"
    return f'<td class=what><a href="{address}">{text(row.wording)}</a>'


def parties_cell(row, table):
    return f"<td>{row.strip.html}"


def agreed_cell(row, table):
    return labelled("agreed", escape(row.agreed.in_words()) or "—", table)


def current_cell(row, table):
    """The current term, quiet where it stands as agreed, with its slip under it."""
    term = short(row.due_on) if row.due_on else escape(row.term_text) or "—"
    look = " class=none" if row.due_on is None or row.due_on == row.agreed_due else ""
    unread = _("the term could not be read") if row.term_kind == "unknown" and row.term_text else ""
    notes = sub(unread, "sub risk") + sub(slip_in_words(row), "sub slip")
    is_over = row.is_completed or row.control != Control.ON  # its term moves no more
    return labelled("current", term + ("" if is_over else edit(row, "term", table)) + notes, table, look)


def percent_cell(row, table):
    return f"<td>{progress(row.percent)}"


def execution_cell(row, table):
    return f"<td>{mark('execution', row.execution)}{sub(control_in_words(row))}"


def timeliness_cell(row, table):
    """The mark, the few words under it, and "Why?", which is fetched when asked for (static/js/why.js)."""
    note = sub(timeliness_note(row, row.parts, row.timeliness, on=table.day), TIMELINESS_MARKS[row.timeliness][0])
    why = f'<a class=why href="{row.pk}/why/{table.on_query}">{_("Why?")}<i> {escape(row.number)}</i></a>'
    return f"<td>{mark('timeliness', row.timeliness)}<span class=sub>{note} {why}</span>"


def item_cell(row, table):
    return labelled("item", item_link(row, table), table)


def executors_cell(row, table):
    return labelled("executors", executors(row.executors) + edit(row, "executors", table), table)


def control_cell(row, table):
    return labelled("control", escape(table.value_control(row)), table)


def proof_cell(row, table):
    return labelled("proof", text(row.proof) + edit(row, "proof", table), table)


def expected_cell(row, table):
    return labelled("expected", text(row.item__expected_result), table)


def note_cell(row, table):
    return labelled("note", text(row.item__note) + edit(row, "note", table), table)


def weight_cell(row, table):
    return labelled("weight", f"{row.weight}{edit(row, 'weight', table)}", table)


def value_cell(column, row, table):
    """A cell of a column that is no more than its value."""
    value = table.value(column, row)
    if column.column.kind == Kind.DAY:
        return labelled(column.name, day(value), table)
    return labelled(column.name, NOTHING if value in (None, "") else escape(str(value)), table)
