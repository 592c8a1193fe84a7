"""The sample programme as it stands in data/: items, milestones and the stories of how they went (data/README.md)."""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

DATA = Path(__file__).parent / "data"
AREAS = ("trade", "energy", "transport", "health", "culture", "environment", "migration")
ROLES = {
    "leads": "lead",
    "co_executors": "co_executor",
    "participants": "participant",
    "observers": "observer",
    "partners": "observer",
}
NOW = ("returned", "submitted", "draft", "nothing")
STORY = re.compile(
    r"(?P<state>none|started R(?P<since>\d)|partly R(?P<partly>\d)|done (?P<done>\d{4}-\d\d-\d\d))"
    r"(?: (?P<proof>confirmed|documented))?(?P<rest>.*)"
)


def read(name):
    return tomllib.loads((DATA / f"{name}.toml").read_text())


def items_of(area):
    return read(f"items_{area}")["item"]


@dataclass(frozen=True)
class Story:
    """How one party's part in a milestone went; rounds are numbered from 1."""

    state: str  # none, started, partly, done
    since: int = 0
    done_on: date | None = None
    proof: str = ""
    forecast_on: date | None = None
    is_low: bool = False
    silent: frozenset = field(default_factory=frozenset)
    now: str = ""  # where the report of the last round stands, if it has not been accepted


def story_of(text):
    """The story that a text of the data tells; ValueError if it follows no grammar."""
    found = STORY.fullmatch(text.strip())
    rest = found["rest"] if found else "?"
    silent = frozenset(int(number) for number in re.findall(r" silent R(\d)", rest))
    forecast = re.search(r" forecast (\d{4}-\d\d-\d\d)", rest)
    words = re.sub(r" silent R\d| forecast \S+", "", rest).split()
    now = next((word for word in words if word in NOW), "")
    if not found or set(words) - {"low", now}:
        raise ValueError(f"not a story: {text!r}")
    return Story(
        state=found["state"].split()[0],
        since=int(found["since"] or found["partly"] or 0),
        done_on=date.fromisoformat(found["done"]) if found["done"] else None,
        proof=found["proof"] or "",
        forecast_on=date.fromisoformat(forecast[1]) if forecast else None,
        is_low="low" in words,
        silent=silent,
        now=now,
    )
