"""The budget table of the pages and files, measured over HTTP on a generated programme. Run by `make bench`.

| variable | |
|---|---|
| `MILESTONES` | how large the programme is (10 000; the budgets are for 100 000) |
| `DATA_DIR` | where it is made once and kept, in `bench-<MILESTONES>` |
| `BENCH_MD` | a Markdown file for the results |
| `ONLY` | only lines whose name holds this: `ONLY=CSV make bench` |

Each page is asked for WARM times, then ROUNDS times; then CHANGES times right after a change of the data, when nothing
that was counted holds any more. Searches ask for another word each time. In the same run the same 50 rows are drawn in
the usual ways (scripts/bench_urls.py): figures of two machines say nothing of each other.
"""

import http.client
import os
import platform
import socket
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import quote, urlencode

WARM, ROUNDS, CHANGES, FILES = 3, 20, 7, 3
IDLE = 1.0  # seconds after which the server may have closed the connection
MILESTONES = int(os.environ.get("MILESTONES", 10_000))
BENCH_DIR = Path(os.environ.get("DATA_DIR", "data")).resolve() / f"bench-{MILESTONES}"
READER, REVIEWER = "bench@example.org", "bench-reviewer@example.org"
COMMON = ("согласован", "проект", "утвердить", "обеспечить", "программ", "порядок", "разработать", "соглашени")
RARE = ("кварцитовый", "ёлочный", "путепровод", "гелиоконцентратор", "чертополох", "саженец", "метаданн", "янтарн")
PAST = "2026-03-01"
CSV, XLSX = "CSV of all rows", "XLSX of all rows"
SAVING, ACCEPTING = "saving a report draft", "accepting a report"
CSRF = "b" * 32  # the same in cookie and form is all that the check asks
os.environ |= {
    "DATA_DIR": str(BENCH_DIR), "HTTPS": "0", "REQUIRE_MFA": "0", "DJANGO_SETTINGS_MODULE": "scripts.bench_settings",
    "LOG_LEVEL": "ERROR",
}  # fmt: skip


def manage(*arguments):
    subprocess.run([sys.executable, "manage.py", *arguments], check=True)


def prepare():
    """The data, up to date, and the people who read and review."""
    manage("migrate", "--verbosity", "0")
    if not (BENCH_DIR / "ready").exists():
        manage("generate", "--milestones", str(MILESTONES))
        manage("collectstatic", "--noinput", "--verbosity", "0")
        (BENCH_DIR / "ready").touch()
    import django

    django.setup()


@dataclass
class Place:
    """What the addresses name: the largest roadmap, an item in its middle, its last page."""

    slug: str
    item: int
    last: int
    size: int

    @classmethod
    def largest(cls):
        from django.db.models import Count

        from tracker.roadmaps.models import Milestone, Roadmap

        found = Roadmap.objects.annotate(size=Count("milestones")).order_by("-size").first()
        milestone = Milestone.objects.filter(roadmap=found).order_by("pk")[found.size // 2]
        print(f"{Milestone.objects.count()} milestones, {found.size} of them in {found.slug}")
        return cls(found.slug, milestone.item_id, -(-found.size // 50), found.size)


def person(email, *roles):
    from tracker.accounts.models import User
    from tracker.roadmaps.models import Grant

    user, _made = User.objects.get_or_create(email=email)
    for role in roles:
        Grant.objects.get_or_create(user=user, role=role)
    return user


def cookie_of(user):
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["_auth_user_id"], session["_auth_user_backend"] = str(user.pk), "tracker.accounts.backends.SignIn"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    return f"sessionid={session.session_key}; csrftoken={CSRF}"


# What is measured


@dataclass
class Page:
    """An address, or several that take turns; `budget` in ms, warm, and right after a change if that differs."""

    what: str
    addresses: list
    budget: float | None = None
    after_change: float | None = None
    counts: bool = True  # whether it may be slower right after a change


def pages(place):
    table, roadmap = f"/r/{place.slug}/milestones/", f"/r/{place.slug}/"
    item = f"{roadmap}items/{place.item}/"
    filtered = "area=energy&party=KZ&timeliness=overdue&sort=current"
    yield Page("status table, 50 rows, grouped", [table], 30)
    yield Page("filtered: area, party, overdue, by term", [f"{table}?{filtered}"], 40)
    yield Page("sorted by timeliness", [f"{table}?sort=timeliness"])
    yield Page("search, common words", [f"{table}?q={quote(word)}" for word in COMMON], 120)
    yield Page("search, rare words", [f"{table}?q={quote(word)}" for word in RARE], 120)
    yield Page("subtotals of a filtered grouped table", [f"{table}?party=KZ&execution=in_progress&fold=*"], 300, 300)
    yield Page("last page", [f"{table}?page={place.last}"], 40)
    yield Page("overview", [roadmap], 20, 400)
    yield Page("items", [f"{roadmap}items/"])
    yield Page("item page", [item], 20)
    for what, address, budget in (
        ("status table", f"{table}?", 100),
        ("filtered", f"{table}?{filtered}&", 120),
        ("last page", f"{table}?page={place.last}&", 1000),
        ("overview", f"{roadmap}?", 100),
        ("item page", f"{item}?", 100),
    ):
        yield Page(f"past day: {what}", [f"{address}on={PAST}"], budget, counts=False)


def references(place):
    yield Page("naive django-tables2", [f"/bench/{place.slug}/naive/"], counts=False)
    yield Page("Django's admin", ["/bench/admin/roadmaps/milestone/"], counts=False)
    yield Page("one query and a plain string", [f"/bench/{place.slug}/floor/"], counts=False)


# The server and its client


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """The product as `make run` serves it, with one client that keeps its connection."""

    def __enter__(self):
        self.port = free_port()
        command = [sys.executable, "-m", "gunicorn", "tracker.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(
            [*command, "--workers", "2", "--threads", "4", "--no-control-socket", "--log-level", "warning"]
        )
        for _try in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        self.connection, self.asked_at = http.client.HTTPConnection("127.0.0.1", self.port), 0.0
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait()

    def ask(self, address, cookie, data=None, **headers):
        """(ms, bytes, ms to the first byte, the answer)."""
        body = urlencode(data | {"csrfmiddlewaretoken": CSRF}, doseq=True) if data is not None else None
        headers |= {"Cookie": cookie, "Accept-Language": "ru"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if time.perf_counter() - self.asked_at > IDLE:
            self.connection.close()  # opened again by the next request
        began = time.perf_counter()
        self.connection.request("POST" if body is not None else "GET", address, body, headers)
        response = self.connection.getresponse()
        first = response.read(1)
        to_first = time.perf_counter() - began
        answer = first + response.read()
        self.asked_at = time.perf_counter()
        took = self.asked_at - began
        if response.status not in (200, 302):
            sys.exit(f"{address}: {response.status}")
        return 1000 * took, len(answer), 1000 * to_first, (response, answer)

    def memory(self):
        """MiB that the workers hold."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(held(child, "VmRSS") for child in children)


def held(pid, what):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return 0


class Growth:
    """By how many MiB the server grew at most while something was under way."""

    def __init__(self, server):
        self.server, self.most, self.is_over = server, 0.0, threading.Event()

    def __enter__(self):
        self.before = self.server.memory()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.is_over.wait(0.05):
            self.most = max(self.most, self.server.memory() - self.before)

    def __exit__(self, *error):
        self.is_over.set()
        self.thread.join()


# Measuring


@dataclass
class Line:
    """A line of the results; times in ms."""

    what: str
    p50: float
    p95: float | None = None
    budget: float | None = None
    changed: float | None = None  # p50 right after a change
    changed_budget: float | None = None
    kb: float | None = None
    queries: int | None = None
    note: str = ""

    @property
    def verdict(self):
        over = self.budget and self.p50 > self.budget
        over = over or (self.changed and self.changed_budget and self.changed > self.changed_budget)
        return "over" if over else ("kept" if self.budget else "")


def measured(server, page, cookie, user):
    turn = cycle(page.addresses)
    for _warm in range(max(WARM, len(page.addresses))):
        server.ask(next(turn), cookie)
    asked = [server.ask(next(turn), cookie) for _round in range(ROUNDS)]
    times = sorted(ms for ms, *_others in asked)
    changed = None
    if page.counts:
        from tracker.history.models import DataState

        changed = []
        for _change in range(CHANGES):
            DataState.renew()
            changed.append(server.ask(next(turn), cookie)[0])
        changed = statistics.median(changed)
    return Line(
        page.what, statistics.median(times), times[int(len(times) * 0.95) - 1], page.budget, changed,
        page.after_change, asked[0][1] / 1024, queries_of(page.addresses[0], user),
    )  # fmt: skip


def queries_of(address, user):
    """How many queries the page asks, once it is warm."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"accept-language": "ru"})
    client.force_login(user, backend="tracker.accounts.backends.SignIn")
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def csv_line(server, place, cookie):
    address = f"/r/{place.slug}/milestones/?export=csv"
    server.ask(address, cookie)
    with Growth(server) as growth:
        asked = [server.ask(address, cookie) for _file in range(FILES)]
    times, size = sorted(ms for ms, *_others in asked), asked[0][1]
    first = statistics.median(one[2] for one in asked)
    rows = asked[0][3][1].count(b"\r\n") - 1
    note = f"{rows} rows, first byte {first:.0f} ms (100), memory +{growth.most:.0f} MiB (30)"
    return Line(CSV, statistics.median(times), times[-1], 1500, kb=size / 1024, note=note)


def xlsx_line(server, place, cookie):
    """The file is made by a worker of its own, whose memory is compared with that of one that had nothing to do."""
    from tracker.jobs.models import Job

    idle = work_off()
    server.ask(f"/r/{place.slug}/milestones/?export=xlsx", cookie)
    job = Job.objects.latest("pk")
    most = work_off()
    job.refresh_from_db()
    if job.state != Job.State.DONE:
        sys.exit(f"XLSX: {job.state} {job.failure}")
    took = 1000 * (job.ended_at - job.started_at).total_seconds()
    note = f"{job.done} rows, by the worker, memory +{most - idle:.0f} MiB (60)"
    return Line(XLSX, took, budget=15_000, kb=job.file.size / 1024, note=note)


def work_off():
    """Let a worker do what waits; returns the most MiB that it held."""
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "db_worker", "--batch", "--no-startup-delay", "--verbosity", "0"]
    )
    _pid, status, usage = os.wait4(worker.pid, 0)
    if status:
        sys.exit("the worker failed")
    return usage.ru_maxrss / 1024


def open_reports(place, **state):
    from tracker.progress.models import Report

    reports = Report.objects.filter(round__state="open", commitment__roadmap__slug=place.slug, **state)
    return list(reports.select_related("commitment__party").order_by("?")[:ROUNDS])


def saving_line(server, place, _reviewer):
    """Drafts are saved as the page does by itself, each of another report."""
    from tests.pages import Fields
    from tracker.roadmaps.models import Grant, Role

    author, drafts, times = person("bench-analyst@example.org"), open_reports(place, state="draft"), []
    for party in {draft.commitment.party for draft in drafts}:
        Grant.objects.get_or_create(user=author, role=Role.ANALYST, party=party)
    cookie = cookie_of(author)
    for draft in drafts:
        fields, address = Fields(), f"/reports/{draft.pk}/"
        fields.feed(server.ask(address, cookie)[3][1].decode())
        form = {name: value for name, value in fields.found.items() if "__prefix__" not in name}
        form |= {"verb": "autosave", "narrative": f"Черновик {draft.pk}, {time.time()}"}
        times.append(server.ask(address, cookie, form, **{"HX-Request": "true"})[0])
    return written(SAVING, times, 20)


def accepting_line(server, place, reviewer):
    reports = open_reports(place, state="submitted", endorsed_at=None)
    times = [server.ask(f"/reports/{one.pk}/accept/", reviewer, {"version": one.version})[0] for one in reports]
    return written(ACCEPTING, times, 30)


def written(what, times, budget):
    times.sort()
    return Line(what, statistics.median(times), times[int(len(times) * 0.95) - 1], budget)


# Telling


def shown(value, digits=0):
    return "" if value is None else f"{value:.{digits}f}"


def cells(line):
    budget = shown(line.budget) + (f" / {line.changed_budget:.0f}" if line.changed_budget else "")
    return [
        line.what, shown(line.p50, 1), shown(line.p95, 1), shown(line.changed, 1), budget, shown(line.kb),
        shown(line.queries), " ".join(filter(None, [line.verdict, line.note])),
    ]  # fmt: skip


HEADS = ["page", "p50 ms", "p95 ms", "after a change", "budget", "KB", "queries", ""]


def printed(line):
    what, *numbers, words = cells(line)
    print(f"{what:41}" + "".join(f"{number:>15}" for number in numbers) + f"  {words}", flush=True)


def markdown(place, lines):
    """The results as a page: machine, versions, day, and the table."""
    import django

    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    processor = next(
        (one.split(":")[1].strip() for one in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in one),
        platform.machine(),
    )
    yield f"{time.strftime('%d.%m.%Y')}, {os.cpu_count()} cores ({processor}), {memory:.0f} GiB, Python"
    versions = f"{platform.python_version()}, Django {django.__version__}, SQLite {sqlite3.sqlite_version}"
    yield f"{versions}, 2 gunicorn workers;"
    yield f"{MILESTONES} milestones, {place.size} of them in the roadmap that is read. Budgets are for 100 000."
    yield ""
    for number, row in enumerate([HEADS, *map(cells, lines)]):
        yield f"| {' | '.join(row)} |"
        if not number:
            yield "|---" + "|--:" * (len(HEADS) - 2) + "|---|"


BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def write_into(path, text):
    """Between the marks, if the page has them: what is said around the results stays."""
    page = path.read_text() if path.exists() else f"{BEGIN}\n{END}\n"
    before, _mark, rest = page.partition(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")


def main():
    prepare()
    from tracker.roadmaps.models import Role

    place, reader = Place.largest(), person(READER, Role.OBSERVER)
    cookie, reviewer = cookie_of(reader), cookie_of(person(REVIEWER, Role.REVIEWER))
    lines = []

    def told(line):
        lines.append(line)
        printed(line)

    print(f"{HEADS[0]:41}" + "".join(f"{head:>15}" for head in HEADS[1:-1]))
    only = os.environ.get("ONLY", "")
    with Server() as server:
        for page in [*pages(place), *references(place)]:
            if only in page.what:
                told(measured(server, page, cookie, reader))
        for what, file in ((CSV, csv_line), (XLSX, xlsx_line)):
            if only in what:
                told(file(server, place, cookie))
        for what, writing in ((SAVING, saving_line), (ACCEPTING, accepting_line)):
            if only in what:
                told(writing(server, place, reviewer))
    if target := os.environ.get("BENCH_MD"):
        write_into(Path(target), "\n".join(markdown(place, lines)))


if __name__ == "__main__":
    main()
