"""What `make scan` makes of the scanner's report and the logs; the scan itself takes half an hour."""

import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from unittest import TestCase
from unittest.mock import patch

from scripts import scan

NOTHING = {"vulnerabilities": {}, "anomalies": {}, "additionals": {}}


class FindingsTest(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name)

    def found(self, *, report=NOTHING, said="", asked="", errors=""):
        (self.data / "report.json").write_text(json.dumps(report))
        every = "".join(f"[*] Launching module {name}\n" for name in scan.MODULES)
        (self.data / "wapiti.log").write_text(said or every)
        own = "200 GET /desk/?\n" + "400 POST /reports/7/?\n" * scan.ENOUGH
        (self.data / "access.log").write_text(asked or own)
        (self.data / "server.log").write_text(errors)
        (self.data / "wapiti").mkdir(exist_ok=True)
        with closing(sqlite3.connect(self.data / "wapiti" / "session.db")) as database:
            database.execute("CREATE TABLE IF NOT EXISTS paths (evil, headers)")
        result = scan.Scan("analyst")
        scan.read_report(self.data / "report.json", result)
        scan.read_logs(self.data, result)
        return result.counted

    def test_a_scan_that_saw_its_pages_and_nothing_bad_finds_nothing(self):
        self.assertEqual(self.found(), [])

    def test_what_wapiti_reports_is_a_finding(self):
        for kind in ("vulnerabilities", "anomalies"):
            finding = {"method": "GET", "path": "/r/", "info": "in the parameter q"}
            found = self.found(report=NOTHING | {kind: {"SQL Injection": [finding]}})
            self.assertEqual(found, [("SQL Injection", "GET /r/: in the parameter q")])

    def test_a_usual_method_is_none_and_an_unusual_one_is(self):
        for statuses, times in (("GET (200) OPTIONS (405) PUT (405)", 0), ("GET (200) PUT (200)", 1)):
            note = {"method": "GET", "path": "/", "info": f"Possible interesting methods on /: {statuses}"}
            self.assertEqual(len(self.found(report=NOTHING | {"additionals": {"Methods": [note]}})), times)

    def test_a_server_error_is_a_finding_though_wapiti_is_silent(self):
        own = "200 GET /desk/?\n" + "400 POST /reports/7/?\n" * scan.ENOUGH
        self.assertEqual(
            self.found(asked=own + "500 GET /r/?q=x\n", errors="  File x\nValueError: no number\n"),
            [("Server error", "500 GET /r/?q=x (1 times)"), ("Traceback in the log", "ValueError: no number")],
        )

    def test_a_scan_that_saw_nothing_is_a_finding(self):
        found = self.found(said="[*] Launching module xss\n", asked="302 GET /desk/?\n429 POST /account/login/?\n")
        said = " ".join(text for category, text in found if category == "Nothing scanned")
        for part in ("the module sql did not run", "/desk/ was not visited", "0 times only", "answered with 429"):
            self.assertIn(part, said)

    def test_an_exception_counts_only_for_what_it_names(self):
        with patch.dict(scan.EXCEPTIONS, {("CSP", "style"): "a reason"}):
            result = scan.Scan("analyst")
            result.found("CSP", "style-src is open")
            result.found("CSP", "script-src is open")
            self.assertEqual(result.counted, [("CSP", "script-src is open")])
