"""Checks that no linter knows: nothing inline, nothing from outside, nothing untranslated. Part of `make check`."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).parent.parent
COMPLETE = ["ru"]

FORBIDDEN = {
    r"\|safe\b|mark_safe|autoescape off": "unescaped output",
    r"\son[a-z]+=[\"']": "an inline handler",
    r"\sstyle=[\"']": "an inline style",
    r"<script(?![^>]*\bsrc=)": "an inline script",
    r"<style\b": "an inline style sheet",
    r"(?:src|href|action)=[\"']https?://": "an outside address",
    r"@import|url\([\"']?https?:": "an outside address",
}
# Where rows are put together from texts that were escaped one by one; held by test_no_text_is_drawn_unescaped
ESCAPED_BY_HAND = {"tracker/lib/columns.py", "tracker/dashboards/tables.py"}


def forbidden():
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/**/*.css"), *ROOT.glob("static/**/*.js")]
    for path in [*files, *ROOT.glob("tracker/**/*.py")]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for pattern, what in FORBIDDEN.items():
                is_known = what == "unescaped output" and str(path.relative_to(ROOT)) in ESCAPED_BY_HAND
                if re.search(pattern, line) and not is_known:
                    yield f"{path.relative_to(ROOT)}:{number}: {what}"


def untranslated():
    """Strings of the code that a complete language lacks, and its fuzzy ones; needs GNU gettext to collect them."""
    collected = collect() if shutil.which("xgettext") else None
    for language in COMPLETE:
        path = ROOT / "tracker" / "locale" / language / "LC_MESSAGES" / "django.po"
        catalogue = polib.pofile(str(path))
        for entry in catalogue:
            if entry.fuzzy or (not entry.translated() and not entry.obsolete):
                yield f"{language}: not translated: {entry.msgid[:70]!r}"
        if collected is not None:
            known = {(entry.msgctxt, entry.msgid) for entry in catalogue if not entry.obsolete}
            for entry in collected:
                if (entry.msgctxt, entry.msgid) not in known:
                    yield f"{language}: not in the catalogue (make messages): {entry.msgid[:70]!r}"
    if collected is None:
        print("gettext is not installed: new strings were not looked for (apt-get install gettext)")


def collect():
    """The strings that the code marks for translation now."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        for part in ("tracker", "templates"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("locale", "*.pyc", "data"))
        (copy / "locale" / "xx" / "LC_MESSAGES").mkdir(parents=True)
        command = [
            sys.executable,
            "-m",
            "django",
            "makemessages",
            "--locale",
            "xx",
            "--no-location",
            "--verbosity",
            "0",
        ]
        subprocess.run(command, cwd=copy, check=True, capture_output=True)
        return polib.pofile(str(copy / "locale" / "xx" / "LC_MESSAGES" / "django.po"))


if __name__ == "__main__":
    found = [*forbidden(), *untranslated()]
    print("\n".join(found))
    sys.exit(1 if found else 0)
