"""Published plans, imported as they are. They are not ours to ship: without the folder these tests are skipped."""

import unittest
from datetime import date
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from tests import make
from tracker.history.models import ChangeSet
from tracker.roadmaps.models import Commitment, Milestone, Organisation, Roadmap

from .base import HERE, ImportTestCase

PLANS = settings.BASE_DIR / ".." / "shared" / "data" / "plans"
MAPPINGS = Path(settings.BASE_DIR) / "tracker" / "exchange" / "mappings"
FIRST, SECOND = PLANS / "met_programmazione_v01.csv", PLANS / "met_programmazione_v02.csv"
MANDATES = PLANS / "2021-mandate-commitments.csv"


@unittest.skipUnless(FIRST.exists(), f"the published plans are not at {PLANS}")
class RecoveryPlanTest(ImportTestCase):
    """Italy's recovery plan in two successive versions: the key column renamed, rows gone and new."""

    def import_first(self, **options):
        return self.run_import(FIRST, mapping=MAPPINGS / "pnrr_v01.toml", party="IT", **options)

    def import_second(self, **options):
        return self.run_import(SECOND, mapping=MAPPINGS / "pnrr_v02.toml", party="IT", **options)

    def test_two_versions_one_after_the_other(self):
        self.assertFigures(self.import_first(dry_run=True), items_created=191, created=1642)
        self.assertFalse(Roadmap.objects.filter(slug="pnrr").exists())

        self.assertFigures(self.import_first(), items_created=191, created=1642)
        roadmap = Roadmap.objects.get(slug="pnrr")
        milestones = Milestone.objects.filter(roadmap=roadmap)
        self.assertEqual(milestones.count(), 1642)
        self.assertEqual(milestones.values("number").distinct().count(), 1147)
        self.assertEqual(roadmap.areas.count(), 6)
        self.assertEqual(Commitment.objects.filter(roadmap=roadmap, party__code="IT").count(), 1642)
        self.assertEqual(Organisation.objects.filter(party__code="IT").count(), 25)
        self.assertEqual(set(milestones.values_list("term_kind", flat=True)), {"quarter"})
        one = milestones.get(source_key="M1C1I2.02.05|M1C1-00-ITA-1")
        self.assertEqual((one.agreed_text, one.due_on, one.area.code), ("Q2 2026", date(2026, 6, 30), "pnrr-m1"))

        self.assertFigures(self.import_first(), unchanged=1642)
        self.assertEqual(ChangeSet.objects.filter(source="import").count(), 1)

        kept = milestones.get(source_key="M1C3I4.02.01|M1C3-22").commitments.get()  # not in the second version
        report = make.report(commitment_=kept, state="draft", narrative="Scritto nel frattempo")
        self.assertFigures(self.import_second(), items_changed=3, created=16, changed=53, unchanged=1420, absent=169)
        self.assertEqual(milestones.count(), 1658)
        self.assertEqual(list(kept.reports.all()), [report])
        self.assertFigures(self.import_second(), unchanged=1489, absent=169)

    def test_wrong_mapping_names_the_renamed_column(self):
        said = self.refusal(SECOND, mapping=MAPPINGS / "pnrr_v01.toml", party="IT")
        self.assertIn("Row 1 has no column “Codice univoco Milestone-Target”", said)
        self.assertIn("Nr. Seq. M&T", said)

    def test_submeasures_can_be_the_items_instead(self):
        """Two lines of the mapping decide; each item then has one body, and each milestone once."""
        text = (MAPPINGS / "pnrr_v01.toml").read_text("utf-8").replace('slug = "pnrr"', 'slug = "m"')
        text = text.replace('number = "{measure}"', 'number = "{submeasure}"')
        text = text.replace('wording = "{measure_name}"', 'wording = "{submeasure_name}"')
        mapping = self.folder / "submeasures.toml"
        mapping.write_text(text, "utf-8")
        self.assertFigures(self.run_import(FIRST, mapping=mapping, party="IT"), items_created=285, created=1642)

    def test_other_tables_are_refused(self):
        for name in ("bandi_e_avvisi.csv", "met_attuazione_2021-T4.csv", "1-4-1.csv", "4.4.1.xlsx", MANDATES.name):
            with self.subTest(name):
                self.assertIn("Found: ", self.refusal(PLANS / name, mapping=MAPPINGS / "pnrr_v01.toml", party="IT"))


@unittest.skipUnless(MANDATES.exists(), f"the published plans are not at {PLANS}")
class MandatesTest(ImportTestCase):
    """Commitments with several executors in one cell and no terms."""

    def test_it_works(self):
        mapping = HERE / "mandates.toml"
        self.assertFigures(self.run_import(MANDATES, mapping=mapping, party="CA"), items_created=760, created=760)
        milestone = Milestone.objects.get(roadmap__slug="mandates-2021", number="105")
        self.assertEqual((milestone.term_kind, milestone.due_on), ("unknown", None))
        executors = milestone.item.participations.get().executors.all()
        self.assertEqual(
            [str(one) for one in executors],
            ["Deputy Prime Minister and Minister of Finance", "Minister of National Revenue"],
        )
        self.assertFigures(self.run_import(MANDATES, mapping=mapping, party="CA"), unchanged=760)
        call_command("recount")
