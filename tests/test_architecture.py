"""The ladder (README): models point down it, views look anywhere, nobody imports views; helpers know no model."""

import ast
from pathlib import Path

from django.test import SimpleTestCase

ROOT = Path(__file__).parent.parent / "tracker"
LADDER = ["lib", "history", "accounts", "jobs", "roadmaps", "progress", "editions", "dashboards", "exchange", "demo"]
# What shows things to people looks anywhere; so do the commands, which stand beside the views.
SURFACES = {
    "views", "forms", "admin", "urls", "middleware", "backends", "adapter", "context", "commands", "tables", "filters",
}  # fmt: skip


def imports(path):
    """The modules of ours that a file imports at its top or inside."""
    package = ["tracker", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("tracker"))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module.startswith("tracker"):
                yield from (f"{module}.{name.name}" for name in node.names)


def files():
    return [path for path in ROOT.rglob("*.py") if "migrations" not in path.parts and path.parent != ROOT]


def climbs(path):
    """The imports of a file that point up the ladder."""
    app = path.relative_to(ROOT).parts[0]
    for module in imports(path):
        other = module.split(".")[1]
        if other in LADDER and LADDER.index(other) > LADDER.index(app):
            yield module


class LadderTest(SimpleTestCase):
    def test_models_point_down(self):
        found = [
            f"{path.relative_to(ROOT)} imports {module}"
            for path in files()
            if not SURFACES & {path.stem, *path.relative_to(ROOT).parts}
            for module in climbs(path)
        ]
        self.assertEqual(found, [])

    def test_every_app_has_its_place(self):
        self.assertEqual({path.parent.name for path in ROOT.glob("*/__init__.py")}, set(LADDER))

    def test_nobody_imports_views(self):
        found = [
            f"{path.relative_to(ROOT)} imports {module}"
            for path in files()
            if path.name != "urls.py"
            for module in imports(path)
            if "views" in module.split(".")[2:-1] and "views" not in path.parts
        ]
        self.assertEqual(found, [])

    def test_a_climb_is_seen(self):
        """The control: the check finds what it is for."""
        seen = list(climbs(ROOT / "accounts" / "backends.py"))
        self.assertIn("tracker.roadmaps.access", seen)
