"""The scanner wapiti against a service of its own with the sample programme, as nobody and as three roles.

Usage: python -m scripts.scan <python of the scanner's environment> [folder for the logs]

Each role has its own copy of the sample and its own server, with TLS and the shipped settings, so that what one breaks
is whole for the next. What must not be found makes the command fail, and so does a scan that saw nothing: a page that
the role must reach and was not visited, a module that did not run, a session that did not last to the end.
"""

import json
import os
import re
import secrets
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
VISITING = 240  # seconds for finding pages
ATTACKING = 75  # seconds for each module

# Left out: what needs a list from the network (nikto, wapp, htp, cms, takeover, log4shell) or guesses passwords
# (brute_login_form: tests/security counts those); https_redirect asks the same port without TLS, where nobody answers;
# ssl looks at the TLS of an installation's own proxy.
MODULES = [
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "methods",
    "permanentxss", "redirect", "sql", "ssrf", "timesql", "upload", "xss", "xxe",
]  # fmt: skip

# The person; a page that such a person sees, where the scan begins with the first tasks that stand there; and what must
# have been attacked, or the scan means nothing
ROLES = {  # the longest scan first
    "administrator": ("admin@example.org", "/admin/", r"POST /admin/\w+/\w+/(add|\d+/change)/"),
    "reviewer": ("reviewer@example.org", "/review/", r"POST /(review|reports)/\d+/"),
    "analyst": ("analyst.kz@example.org", "/desk/", r"POST /reports/\d+/\?"),
    "anonymous": (None, "/account/login/", r"POST /account/login/"),
}
ENOUGH = 100  # requests at that
# What would end the scan itself; and of the administrator's many pages those that the others have too
EXCLUDED = ["/account/logout/*", "/admin/logout/*", "/account/sessions/*", "/language/*"]
SEEN_BY_OTHERS = {"administrator": ["/account/*"]}
USUAL_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}

# Findings that are none, with the reason: {(category, pattern of the text): reason}
EXCEPTIONS = {}


@dataclass
class Scan:
    """What one role's scan saw and found."""

    role: str
    pages: int = 0
    requests: int = 0
    modules: list = field(default_factory=list)
    cut_short: list = field(default_factory=list)
    seconds: float = 0
    findings: list = field(default_factory=list)  # (category, text)

    def found(self, category, text):
        self.findings.append((category, " ".join(text.split())))

    @property
    def counted(self):
        return [finding for finding in self.findings if not reason(*finding)]


def reason(category, text):
    """Why this finding is none; nothing if it is one."""
    for (known_category, pattern), why in EXCEPTIONS.items():
        if known_category == category and re.search(pattern, text):
            return why
    return None


class Endpoint(BaseHTTPRequestHandler):
    """The outside address that a server must never be led to ask for; wapiti itself asks it for get_….php only."""

    def do_GET(self):
        if not self.path.startswith("/get_"):
            self.server.calls.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_HEAD = do_PUT = do_GET

    def log_message(self, *_args):
        pass


@contextmanager
def endpoint():
    with ThreadingHTTPServer((HOST, 0), Endpoint) as server:
        server.calls = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def free_port():
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def prepare(folder, password):
    """The sample programme as a fresh installation has it, and a certificate."""
    folder.mkdir(mode=0o700)
    for command in (
        ["migrate", "--verbosity", "0"],
        ["load_demo", "--password", password],
        ["collectstatic", "--noinput", "--verbosity", "0"],
    ):
        command = [sys.executable, "manage.py", *command]
        subprocess.run(command, cwd=ROOT, env=environment(folder), stdout=subprocess.DEVNULL, check=True)
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Tracker"),
            *("-addext", f"subjectAltName=IP:{HOST}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )


def environment(data):
    return os.environ | {
        "DATA_DIR": str(data),
        "DATABASE_URL": "",
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "scripts.scan_settings",
        "HTTPS": "1",
        "LOG_LEVEL": "WARNING",
        "REQUIRE_MFA": "0",  # the sample's reviewer and administrator have no second factor
        "REDIS_URL": "",
        "TRUSTED_PROXIES": "0",
    }


@contextmanager
def service(data, port):
    """The service on its port, with its two logs in the folder of its data."""
    command = [sys.executable, "-m", "gunicorn", "tracker.wsgi", "--bind", f"{HOST}:{port}", "--threads", "4"]
    command += ["--certfile", data / "cert.pem", "--keyfile", data / "key.pem", "--no-control-socket"]
    command += ["--access-logfile", data / "access.log", "--access-logformat", "%(s)s %(m)s %(U)s?%(q)s"]
    with (data / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment(data), stdout=log, stderr=log)
        try:
            for _attempt in range(120):
                with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
                    break
                if server.poll() is not None:
                    sys.exit(f"the service does not start: {(data / 'server.log').read_text()[-2000:]}")
                time.sleep(0.5)
            yield server
        finally:
            server.terminate()
            server.wait(30)


class Visitor:
    """Somebody's browser: cookies, and the certificate it trusts."""

    def __init__(self, base, certificate):
        self.base = base
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate)),
        )

    def get(self, path):
        """The final address and the text of a page."""
        with self.opener.open(self.base + path, timeout=60) as answer:
            return answer.geturl().removeprefix(self.base), answer.read().decode()

    def sign_in(self, email, password):
        door = "/account/login/"
        _address, page = self.get(door)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        sent = urllib.parse.urlencode({"login": email, "password": password, "csrfmiddlewaretoken": token}).encode()
        request = urllib.request.Request(
            self.base + "/account/login/", sent, {"Referer": self.base + "/account/login/"}
        )
        with self.opener.open(request, timeout=60):
            pass

    def sees(self, path):
        """Whether the page is shown to us, and not the sign-in page in its place."""
        with suppress(urllib.error.HTTPError):
            return self.get(path)[0] == path
        return False

    def cookie_file(self, path):
        """What wapiti reads."""
        kept = {
            cookie.name: {"value": cookie.value, "expires": None, "secure": cookie.secure, "port": None, "version": 0}
            for cookie in self.cookies
        }
        path.write_text(json.dumps({HOST: {"/": kept}}))
        path.chmod(0o600)
        return path

    def open_cookies(self):
        """Cookies that lack a flag: wapiti takes those of a cookie file for HttpOnly."""
        for cookie in self.cookies:
            for flag in ("HttpOnly", "SameSite"):
                if not cookie.has_nonstandard_attr(flag):
                    yield f"{flag} is not set in the cookie {cookie.name}"
            if not cookie.secure:
                yield f"Secure is not set in the cookie {cookie.name}"


def scan(role, *, python, fresh, folder, password):
    """One role's scan, from its own copy of the fresh installation."""
    email, own_page, _attacked = ROLES[role]
    result, began = Scan(role), time.monotonic()
    data = folder / role
    shutil.copytree(fresh, data)
    port = free_port()
    base = f"https://{HOST}:{port}"
    with endpoint() as outside, service(data, port):
        visitor = Visitor(base, data / "cert.pem")
        if email:
            visitor.sign_in(email, password)
        if not visitor.sees(own_page):
            result.found("Nothing scanned", f"{own_page} is not shown before the scan")
            return result
        for text in visitor.open_cookies():
            result.found("Cookie flags", text)
        _address, page = visitor.get(own_page)
        tasks = list(dict.fromkeys(re.findall(r'href="(/(?:reports|review)/\d+/)"', page)))[:3]
        cookies = visitor.cookie_file(data / "cookies.json")
        run(
            python,
            base,
            data,
            outside=outside.server_port,
            cookies=cookies,
            starts=[own_page, *tasks],
            excluded=[*EXCLUDED, *SEEN_BY_OTHERS.get(role, [])],
        )
        if not visitor.sees(own_page):
            result.found("Nothing scanned", f"the session did not last to the end of the scan ({own_page})")
        for path in outside.calls:
            result.found("Server-side request", f"the server asked an outside address for {path}")
    read_report(data / "report.json", result)
    read_logs(data, result)
    result.seconds = time.monotonic() - began
    return result


def run(python, base, data, *, outside, cookies, starts, excluded):
    command = [python, ROOT / "scripts" / "scan_wapiti.py", "--url", f"{base}/", "--scope", "folder"]
    command += ["--module", ",".join(MODULES), "--format", "json", "--output", data / "report.json"]
    command += ["--max-scan-time", str(VISITING), "--max-attack-time", str(ATTACKING), "--tasks", "4", "--verbose", "1"]
    command += ["--endpoint", f"http://{HOST}:{outside}/", "--no-bugreport", "--verify-ssl", "0"]
    command += ["--store-session", data / "wapiti", "--store-config", data / "wapiti"]
    command += ["--cookie", cookies, "--skip", "csrfmiddlewaretoken", "--dns-endpoint", "localhost"]
    for address in excluded:
        command += ["--exclude", base + address]
    for path in starts:
        command += ["--start", base + path]
    with (data / "wapiti.log").open("wb") as log:
        own = os.environ | {"HOME": str(data)}
        subprocess.run(command, cwd=data, env=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)


def read_report(path, result):
    report = json.loads(path.read_text())
    for kind in ("vulnerabilities", "anomalies", "additionals"):
        for category, findings in report[kind].items():
            for finding in findings:
                if kind != "additionals" or is_unusual(finding["info"]):
                    result.found(category, f"{finding['method']} {finding['path']}: {finding['info']}")


def visited(sessions):
    """How many pages and forms wapiti has seen; its report counts those that it only knows of too."""
    (kept,) = sessions.glob("*.db")
    with closing(sqlite3.connect(kept)) as database:
        return database.execute("SELECT count(*) FROM paths WHERE NOT evil AND headers IS NOT NULL").fetchone()[0]


def is_unusual(text):
    """Whether the note on the methods of a page, which every page gets, tells of one that should not be answered."""
    answered = {method for method, status in re.findall(r"(\w+) \((\d+)\)", text) if int(status) < 400}
    return bool(answered - USUAL_METHODS) or "TRACE" in text


def read_logs(data, result):
    """How much was asked, what failed at it, and whether it was a scan at all."""
    _email, own_page, attacked = ROLES[result.role]
    said = (data / "wapiti.log").read_text(errors="replace")
    result.modules = re.findall(r"Launching module (\w+)", said)
    result.cut_short = re.findall(r"Max attack time was reached for module (\w+)", said)
    result.pages = visited(data / "wapiti")
    if "Max scan time was reached" in said:
        result.cut_short.insert(0, "finding pages")
    for name in sorted(set(MODULES) - set(result.modules)):
        result.found("Nothing scanned", f"the module {name} did not run")
    asked = (data / "access.log").read_text(errors="replace").splitlines()
    result.requests = len(asked)
    if not any(line.startswith(f"200 GET {own_page}?") for line in asked):
        result.found("Nothing scanned", f"{own_page} was not visited")
    times = sum(bool(re.match(rf"\d+ {attacked}", line)) for line in asked)
    if times < ENOUGH:
        result.found("Nothing scanned", f"{attacked} was sent {times} times only")
    if hidden := sum(line.startswith("429") for line in asked):
        result.found("Nothing scanned", f"{hidden} requests were answered with 429 by a limit that the scan must lift")
    for line, times in Counter(line for line in asked if line.startswith("5")).items():
        result.found("Server error", f"{line} ({times} times)")
    errors = (data / "server.log").read_text(errors="replace")
    for text in sorted(set(re.findall(r"^(?:\w+\.)*\w*(?:Error|Exception)\b.*", errors, re.MULTILINE))):
        result.found("Traceback in the log", text)


def show(result):
    print(f"\n{result.role}: {result.pages} pages and forms visited, {result.requests} requests, "
          f"{result.seconds / 60:.1f} minutes")  # fmt: skip
    print(f"  modules: {', '.join(result.modules)}")
    if result.cut_short:
        print(f"  ended by the clock before the last page: {', '.join(result.cut_short)}")
    for category, times in Counter(category for category, _text in result.counted).items():
        print(f"  {category}: {times}")
        for text in sorted({text for known, text in result.counted if known == category})[:10]:
            print(f"    {text[:300]}")
    for why, times in Counter(filter(None, (reason(*finding) for finding in result.findings))).items():
        print(f"  not counted, {times}: {why}")
    print(f"  findings: {len(result.counted)}", flush=True)


def main(python, folder):
    password = secrets.token_urlsafe(20)
    fresh = folder / "fresh"
    prepare(fresh, password)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        scans = [
            pool.submit(scan, role, python=python, fresh=fresh, folder=folder, password=password) for role in ROLES
        ]
        results = [done.result() for done in scans]
    for result in results:
        show(result)
    found = sum(len(result.counted) for result in results)
    print(f"\n{found} findings in {len(results)} scans")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) > 2:
        kept = Path(sys.argv[2])
        kept.mkdir(parents=True)
        sys.exit(main(Path(sys.argv[1]).absolute(), kept.resolve()))
    with tempfile.TemporaryDirectory(prefix="tracker-scan-") as made:
        sys.exit(main(Path(sys.argv[1]).absolute(), Path(made)))
