"""The budget table of the pages, measured over HTTP on a generated programme. Run by `make bench` (MILESTONES=10000).

The data is made once and kept in DATA_DIR/bench; each page is asked for WARM times, then ROUNDS times; p50 counts.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

WARM, ROUNDS = 3, 20
MILESTONES = int(os.environ.get("MILESTONES", 10_000))
BENCH_DIR = Path(os.environ.get("DATA_DIR", "data")).resolve() / f"bench-{MILESTONES}"
os.environ |= {"DATA_DIR": str(BENCH_DIR), "HTTPS": "0", "DJANGO_SETTINGS_MODULE": "tracker.settings"}


def manage(*arguments):
    subprocess.run([sys.executable, "manage.py", *arguments], check=True)


def prepare():
    """The data, and the cookie of a reader who may read everything."""
    if not (BENCH_DIR / "ready").exists():
        manage("migrate", "--verbosity", "0")
        manage("generate", "--milestones", str(MILESTONES))
        manage("collectstatic", "--noinput", "--verbosity", "0")
        (BENCH_DIR / "ready").touch()
    import django

    django.setup()
    from django.contrib.sessions.backends.db import SessionStore
    from django.db.models import Count

    from tracker.accounts.models import User
    from tracker.roadmaps.models import Grant, Milestone, Roadmap, Role

    user, made = User.objects.get_or_create(email="bench@example.org")
    if made:
        Grant.objects.create(user=user, role=Role.OBSERVER)
    session = SessionStore()
    session["_auth_user_id"], session["_auth_user_backend"] = str(user.pk), "tracker.accounts.backends.SignIn"
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    largest = Roadmap.objects.annotate(size=Count("milestones")).order_by("-size").first()
    milestone = Milestone.objects.filter(roadmap=largest).order_by("pk")[largest.size // 2]
    print(f"{Milestone.objects.count()} milestones, {largest.size} of them in {largest.slug}")
    return f"sessionid={session.session_key}", largest.slug, milestone.item_id, largest.size // 50


def pages(slug, item, last):
    """(what, address, budget in ms or None)."""
    table = f"/r/{slug}/milestones/"
    yield "status table, 50 rows, grouped", table, 150
    yield (
        "filtered: area, party, overdue, by term",
        f"{table}?area=energy&party=KZ&timeliness=overdue&sort=current",
        150,
    )
    yield "sorted by timeliness", f"{table}?sort=timeliness", None
    yield "search, common word", f"{table}?q=%D1%81%D0%BE%D0%B3%D0%BB%D0%B0%D1%81", 150
    yield "search, rare text", f"{table}?q=%D0%BA%D0%B2%D0%B0%D1%80%D1%86%D0%B8%D1%82%D0%BE%D0%B2%D1%8B%D0%B9", 150
    yield "last page", f"{table}?page={last}", 150
    yield "overview", f"/r/{slug}/", 150
    yield "items", f"/r/{slug}/items/", 150
    yield "item page", f"/r/{slug}/items/{item}/", 150
    for what, address in (
        ("status table", table + "?"),
        ("filtered", f"{table}?area=energy&party=KZ&timeliness=overdue&sort=current&"),
        ("last page", f"{table}?page={last}&"),
        ("overview", f"/r/{slug}/?"),
        ("item page", f"/r/{slug}/items/{item}/?"),
    ):
        yield f"past day: {what}", f"{address}on=2026-03-01", None


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def serve(port):
    command = [sys.executable, "-m", "gunicorn", "tracker.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    return subprocess.Popen([*command, "--threads", "4", "--no-control-socket", "--log-level", "warning"])


def ask(connection, address, cookie):
    began = time.perf_counter()
    connection.request("GET", address, headers={"Cookie": cookie, "Accept-Language": "ru"})
    response = connection.getresponse()
    first = time.perf_counter() - began
    size = len(response.read())
    if response.status != 200:
        sys.exit(f"{address}: {response.status}")
    return time.perf_counter() - began, size, first


def main():
    cookie, slug, item, last = prepare()
    port = free_port()
    server = serve(port)
    try:
        for _try in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        print(f"{'page':45}{'p50 ms':>9}{'p95 ms':>9}{'budget':>9}{'KB':>8}")
        for what, address, budget in pages(slug, item, last):
            for _warm in range(WARM):
                ask(connection, address, cookie)
            asked = [ask(connection, address, cookie) for _round in range(ROUNDS)]
            times = sorted(1000 * seconds for seconds, _size, _first in asked)
            p50, p95 = statistics.median(times), times[int(len(times) * 0.95) - 1]
            over = " over" if budget and p50 > budget else ""
            print(f"{what:45}{p50:9.1f}{p95:9.1f}{budget or '':>9}{asked[0][1] / 1024:8.0f}{over}")
        seconds, size, first = ask(connection, f"/r/{slug}/milestones/?export=csv", cookie)
        print(f"CSV of all rows: {seconds:.2f} s, first byte {1000 * first:.0f} ms, {size / 2**20:.1f} MB")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
