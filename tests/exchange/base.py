import csv
import tempfile
from io import StringIO
from pathlib import Path

from django.core.management import CommandError, call_command

from tests.base import TrackerTestCase

HERE = Path(__file__).parent
HEADER = [
    "Направление",
    "№",
    "Мероприятие",
    "Точка",
    "Контрольная точка",
    "Подтверждение",
    "Срок",
    "Исполнители",
    "Вес",
]
EXECUTORS = "Минэнерго; Минфин"
ROWS = [
    ["Энергетика", "1", "Создать рынок", "1", "Проект согласован", "Протокол", "II квартал 2026 г.", EXECUTORS, "2"],
    ["Энергетика", "1", "Создать рынок", "2", "Договор подписан", "Договор", "30.06.2027", EXECUTORS, "1"],
    ["Транспорт", "2", "Открыть коридор", "1", "Ёмкость доведена", "н/д", "постоянно", "Минтранс", ""],
]  # fmt: skip


class ImportTestCase(TrackerTestCase):
    """A plan of three rows, and the command that imports it."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, rows, *, header=HEADER, name="план.csv"):
        path = self.folder / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows([header, *rows])
        return path

    def changed(self, row, column, value):
        """The rows with one cell changed."""
        rows = [list(one) for one in ROWS]
        rows[row][HEADER.index(column)] = value
        return rows

    def run_import(self, rows=ROWS, *, mapping=HERE / "plan.toml", party="KZ", **options):
        """What the command prints; `rows` may be a path."""
        out = StringIO()
        path = rows if isinstance(rows, Path) else self.write(rows)
        call_command("import_plan", str(path), mapping=str(mapping), party=party, stdout=out, **options)
        return out.getvalue()

    def refusal(self, *args, **options):
        with self.assertRaises(CommandError) as caught:
            self.run_import(*args, **options)
        return str(caught.exception)

    def assertFigures(self, printed, **wanted):
        """The figures that are not 0, by the first words of their titles."""
        titles = {
            "milestones created": "created", "milestones changed": "changed", "milestones moved": "moved",
            "milestones unchanged": "unchanged", "milestones absent": "absent", "rows rejected": "rejected",
            "rows that repeat": "repeated", "items created": "items_created", "items changed": "items_changed",
            "remarks": "noticed",
        }  # fmt: skip
        found = {}
        for line in printed.splitlines():
            for title, kind in titles.items():
                figure, _space, text = line.strip().partition("  ")
                if text.startswith(title) and figure != "0":
                    found[kind] = int(figure)
        self.assertEqual(found, wanted, printed)
