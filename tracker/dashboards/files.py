"""A list as a file: what is seen or selected, with the same columns, in the same order, on the same day.

A list's view asks one question before it draws its page:

    found = listing(request, rows, …)
    if file := file_asked(request, found, title=_("Items")):
        return file

`export=csv` is streamed. `export=xlsx` is made at once, or by a job where it is large: the job asks the same address
again as the same person, so that rights, filters and columns are those of the view, whichever list it is. Rows that
were selected come as `row=<pk>`, repeated. Every file is put down in the security log.
"""

from io import BytesIO
from itertools import chain, islice
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

from django.contrib.messages.storage import default_storage
from django.core.handlers.wsgi import WSGIRequest
from django.http import FileResponse, Http404
from django.shortcuts import redirect
from django.urls import resolve
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django_tasks import task

from tracker.accounts.models import Event
from tracker.accounts.security import record
from tracker.history.as_of import carried, current_as_of, present
from tracker.jobs.models import Job
from tracker.jobs.running import running
from tracker.lib.columns import SLICE, Kind
from tracker.lib.errors import NotAllowed, WrongState
from tracker.lib.formats.csv import csv_response
from tracker.lib.formats.xlsx import ROWS, Cover, Head, write_xlsx

AT_ONCE = 5_000  # rows of XLSX made while the reader waits: about a second
DIGITS = 18  # of a key; no column holds more


def file_asked(request, found, *, title):
    """The answer with the list as a file, where the address asks for one; `found` is a listing, `title` its name."""
    kind = request.GET.get("export")
    if kind not in ("csv", "xlsx"):
        return None
    work, rows, table = getattr(request, "work", None), found["rows"], found["table"]
    selected = [pk for pk in request.GET.getlist("row") if pk.isdecimal() and len(pk) <= DIGITS]
    if "row" in request.GET:
        rows = rows.filter(pk__in=selected)
    if not work:
        record(Event.Kind.EXPORTED, detail=request.get_full_path())
    if kind == "csv":
        return as_csv(request, table, rows, name_of(request, title, kind))
    count = rows.count() if "row" in request.GET else found["list"].total
    if count > ROWS:
        raise WrongState(
            _("A sheet of Excel holds up to %(rows)s rows. Narrow the list, or take it as CSV.") % {"rows": ROWS}
        )
    if count > AT_ONCE and not work:
        return redirect(job_for(request, found, title, count))
    lines = work.steps(in_slices(table, rows), total=count) if work else table.file_rows(rows)
    lines = chain(lines, left_of(request, table))
    file = NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 closed by the response
    write_xlsx(file, heads_of(table), lines, cover=cover_of(request, found, title), frozen=frozen_of(table))
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name_of(request, title, kind))


def as_csv(request, table, rows, name):
    """Streamed after the view has ended, so it takes the page's day and language along."""

    def lines():
        yield [head.label for head in heads_of(table)]
        yield from table.file_rows(rows)
        yield from left_of(request, table)

    response = csv_response(lines(), name)
    response.streaming_content = as_on_page(response.streaming_content)
    return response


def as_on_page(chunks):
    return carried(spoken(iter(chunks), get_language()))


def spoken(chunks, language):
    """The chunks, each made in the language."""
    while True:
        with override(language):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


def in_slices(table, rows):
    """The rows of the file, each slice read to its end: while a read is open, SQLite would not let a job tell how far
    it is, nor see that it was cancelled."""
    keys = iter(list(rows.values_list("pk", flat=True)))
    while part := list(islice(keys, SLICE)):
        yield from list(table.file_rows(rows.filter(pk__in=part)))


def left_of(request, table):
    """The rows that left the list since the day it is compared with, after those that are there; not in a selection."""
    return () if "row" in request.GET else table.file_rows_left()


def heads_of(table):
    heads = [Head(str(one.header), one.column.kind, one.column.width) for one in table.file_columns()]
    if marks := table.listing.marks:
        heads.append(Head(_("Since %(when)s") % {"when": marks.words}, width=18))
    return heads


def frozen_of(table):
    """How many columns stay in sight: up to the one that names the row."""
    places = [place for place, one in enumerate(table.file_columns(), 1) if one.name in table.kept_first]
    return max(places, default=1)


def name_of(request, title, extension):
    """ "Status table plan 2026-05-18.xlsx", in the reader's language."""
    roadmap, day = getattr(request, "roadmap", None), getattr(request, "day", None) or timezone.localdate()
    words = [title, roadmap.slug if roadmap else "", f"{day:%Y-%m-%d}"]
    return f"{' '.join(str(word).replace('/', '-') for word in words if word)}.{extension}"


# The cover


def cover_of(request, found, title):
    """What the file holds, told on its first sheet: of what, what was chosen, on which day, who took it when."""
    table, arranged, roadmap = found["table"], found["list"], getattr(request, "roadmap", None)
    lines = []
    if roadmap:
        sample = f" ({_('sample')})" if roadmap.is_sample else ""
        lines.append((_("Roadmap"), f"{roadmap.title}{sample}", Kind.TEXT))
    for chip in found["chips"]:
        lines.append((_("Filter: %(label)s") % {"label": chip.label}, chip.value, Kind.TEXT))
    if not found["chips"]:
        lines.append((_("Filter"), _("none: all rows"), Kind.TEXT))
    if "row" in request.GET:
        lines.append((_("Selection"), _("only the rows that were selected"), Kind.TEXT))
    if table.order_by:
        lines.append((_("Sorted by"), order_in_words(table), Kind.TEXT))
    if arranged.grouping:
        lines.append((_("Grouped by"), str(arranged.grouping.label), Kind.TEXT))
    if hasattr(request, "day"):
        lines.append((_("Judged on"), request.day, Kind.DAY))
    if known := current_as_of():
        lines.append((_("As recorded by"), known, Kind.MOMENT))
    if marks := arranged.marks:
        told = _("old values struck through, since %(when)s") % {"when": marks.words}
        lines.append((_("Changes marked"), told, Kind.TEXT))
    address = request.build_absolute_uri(request.path + arranged.address(export=[], row=[]))
    return Cover(
        title=str(title),
        author=str(request.user),
        lines=[
            *lines,
            (_("Taken at"), timezone.now(), Kind.MOMENT),
            (_("Taken by"), str(request.user), Kind.TEXT),
            (_("Address"), address, Kind.ADDRESS),
        ],
    )


def order_in_words(table):
    words = []
    for name in table.order_by:
        header = str(table.columns[name.bare].header)
        words.append(_("%(column)s, descending") % {"column": header} if name.is_descending else header)
    return "; ".join(words)


# As a job


def job_for(request, found, title, count):
    """The job that makes the file; asked for twice while it is under way, it is one."""
    columns = [column.name for column in found["table"].shown]  # as they are now, if they were remembered
    address = request.path + found["list"].address(column=columns)
    arguments = {"address": address, "site": request.build_absolute_uri("/")}
    back = request.path + found["list"].address(export=[], row=[])
    with present():  # a file of a past day is asked for today
        mine = Job.objects.visible_to(request.user).unfinished().filter(arguments=arguments)
        return mine.first() or Job.objects.start(
            file_of_list,
            by=request.user,
            title=name_of(request, title, "xlsx"),
            arguments=arguments,
            total=count,
            back=back,
        )


@task
def file_of_list(job_id):
    with running(job_id) as work:
        response = ask_again(work.job, work)
        work.keep(response.file_to_stream.name, response.filename)
        response.file_to_stream.close()  # not the response: that would end a request, and with it the connection


def ask_again(job, work):
    """The view's answer to the address that the job is for, as its person may see it now."""
    site, address = urlsplit(job.arguments["site"]), urlsplit(job.arguments["address"])
    request = WSGIRequest({
        "REQUEST_METHOD": "GET",
        "PATH_INFO": address.path,
        "QUERY_STRING": address.query,
        "HTTP_HOST": site.netloc,
        "SERVER_NAME": site.hostname,
        "SERVER_PORT": str(site.port or ""),
        "wsgi.url_scheme": site.scheme,
        "wsgi.input": BytesIO(),
    })  # fmt: skip
    request.user, request.htmx, request.session, request.work = job.person, False, {}, work
    request._messages = default_storage(request)
    request.resolver_match = match = resolve(address.path)
    try:
        if not job.person.is_active:
            raise Http404
        return match.func(request, *match.args, **match.kwargs)
    except Http404:
        raise NotAllowed(_("You may no longer read this list, or it is gone.")) from None
