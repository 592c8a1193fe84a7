from datetime import date

from django.core.management import CommandError, call_command

from tests import make
from tracker.exchange.applying import apply
from tracker.exchange.mapping import Mapping
from tracker.exchange.preview import preview
from tracker.history.models import ChangeSet
from tracker.lib.errors import Conflict
from tracker.lib.texts import Texts
from tracker.progress.models import DeadlineChange
from tracker.roadmaps.models import Commitment, Control, Executor, Milestone, Organisation, Party, PriorityArea, Roadmap

from .base import HEADER, HERE, ROWS, ImportTestCase


def milestone(number="1.1"):
    return Milestone.objects.get(roadmap__slug="import", number=number)


class FirstImportTest(ImportTestCase):
    def test_it_works(self):
        self.assertFigures(self.run_import(), items_created=2, created=3)
        roadmap = Roadmap.objects.get(slug="import")
        self.assertEqual((roadmap.state, roadmap.adopted_on), (Roadmap.State.ADOPTED, date(2025, 10, 9)))
        self.assertEqual([str(place.area.name["ru"]) for place in roadmap.areas.all()], ["Энергетика", "Транспорт"])
        first = milestone()
        self.assertEqual(first.first, first.agreed)
        self.assertEqual(first.current, first.agreed)
        self.assertEqual((first.agreed_text, first.due_on), ("II квартал 2026 г.", date(2026, 6, 30)))
        self.assertEqual((first.source_key, first.weight, first.counting), ("1|1", 2, 1))
        self.assertEqual(first.proof["ru"], "Протокол")
        self.assertFalse(milestone("2.1").proof)

    def test_the_party_leads_and_each_milestone_has_its_part(self):
        self.run_import()
        parts = Commitment.objects.filter(roadmap__slug="import")
        self.assertEqual({(part.party.code, part.role) for part in parts}, {("KZ", "lead")})
        self.assertEqual(parts.count(), 3)
        executors = milestone().item.participations.get().executors.all()
        self.assertEqual([str(one) for one in executors], ["Минэнерго", "Минфин"])

    def test_known_organisations_are_found_by_folded_and_by_former_names(self):
        energy = make.organisation("  МИНЭНЕРГО", party=self.kazakhstan)
        roads = make.organisation("Минтранс", party=self.kazakhstan)
        roads.name = Texts(ru="Министерство транспорта")
        roads.save()
        self.run_import()
        self.assertEqual(milestone().item.participations.get().executors.first().organisation, energy)
        self.assertEqual(milestone("2.1").item.participations.get().executors.get().organisation, roads)

    def test_new_party_is_named_by_its_code(self):
        self.run_import(party="IT")
        party = Party.objects.get(code="IT")
        self.assertEqual((party.name["ru"], party.name["en"], party.is_partner), ("Италия", "Italy", False))

    def test_it_is_recorded(self):
        self.run_import(by=self.administrator.email)
        made = ChangeSet.objects.filter(source="import").get()
        self.assertEqual(made.person, self.administrator)
        self.assertRegex(made.reason, r"план\.csv, SHA-256 [0-9a-f]{64}")
        self.assertEqual(Milestone.history.filter(change_set=made).count(), 3)

    def test_dry_run_writes_nothing(self):
        before = self.everything()
        self.assertFigures(self.run_import(dry_run=True), items_created=2, created=3)
        self.assertEqual(self.everything(), before)

    def everything(self):
        models = (Roadmap, PriorityArea, Party, Organisation, Milestone, Commitment, ChangeSet, Executor)
        return [model.objects.count() for model in models]

    def test_who_may_not(self):
        self.assertIn("Only an administrator", self.refusal(by=self.kz_analyst.email))
        self.assertIn("no person", self.refusal(by="nobody@example.org"))
        self.assertFalse(Roadmap.objects.filter(slug="import").exists())

    def test_unknown_term_is_kept_and_told(self):
        self.assertFigures(
            self.run_import(self.changed(0, "Срок", "к празднику")), items_created=2, created=3, noticed=1
        )
        self.assertEqual((milestone().term_kind, milestone().term_text), ("unknown", "к празднику"))

    def test_columns_may_move_and_be_named_otherwise(self):
        places = [8, 7, 6, 5, 4, 3, 2, 1, 0]
        header = [HEADER[place].replace("Контрольная точка", "наименование  Точки ") for place in places]
        path = self.write([[row[place] for place in places] for row in ROWS], header=header)
        self.assertFigures(self.run_import(path), items_created=2, created=3)

    def test_title_rows_may_stand_above_and_blank_rows_between(self):
        path = self.write([["План мероприятий"], [], HEADER, ROWS[0], [], *ROWS[1:]], header=["Приложение 1"])
        self.assertIn("row 5: 1.1", self.run_import(path))

    def test_repeats_are_folded_and_contradictions_rejected(self):
        other = [*ROWS[0][:6], "31.12.2026", *ROWS[0][7:]]
        printed = self.run_import([*ROWS, ROWS[1], other])
        self.assertFigures(printed, items_created=2, created=2, rejected=2, repeated=1)
        self.assertIn("row 5: 1.2  the same as row 3", printed)
        self.assertIn("the key 1|1 stands in rows 2, 6, which differ in: term", printed)

    def test_rejected_rows_name_the_column(self):
        wrong = [
            ["", "3", "Без направления", "1", "x", "", "", "", ""],
            ["Энергетика", "4", "", "1", "x", "", "", "", ""],
            ["Энергетика", "5", "м", "1", "x", "", "", "", "много"],
            ["Энергетика", "6" * 61, "м", "1", "x", "", "", "", ""],
            ["Энергетика", "7", "м", "1", "x", "", "", "", "", "лишняя"],
        ]
        printed = self.run_import([*ROWS, *wrong])
        self.assertFigures(printed, items_created=2, created=3, rejected=5)
        for said in (
            "row 5: 3|1  “Направление” is empty",
            "row 6: 4|1  “Мероприятие” is empty",
            "row 7: 5|1  “Вес” is “много”",
            "“№” is 61 characters long",
            "it has 10 cells and the header 9",
        ):
            self.assertIn(said, printed)


class AgainTest(ImportTestCase):
    def setUp(self):
        super().setUp()
        self.run_import()

    def test_the_same_file_changes_nothing(self):
        before = ChangeSet.objects.count()
        self.assertFigures(self.run_import(), unchanged=3)
        self.assertEqual(ChangeSet.objects.count(), before)

    def test_changed_wording_is_applied_and_other_languages_stay(self):
        first = milestone()
        first.wording = first.wording | {"en": "Draft agreed"}
        first.save()
        printed = self.run_import(self.changed(0, "Контрольная точка", "Проект согласован всеми"))
        self.assertFigures(printed, changed=1, unchanged=2)
        self.assertIn("row 2: 1.1  wording", printed)
        wording = milestone().wording
        self.assertEqual((wording["ru"], wording["en"]), ("Проект согласован всеми", "Draft agreed"))
        self.assertTrue(wording.is_stale("en", "ru"))
        call_command("recount")

    def test_empty_cells_erase_nothing(self):
        rows = self.changed(0, "Подтверждение", "")
        rows[0][HEADER.index("Срок")] = rows[0][HEADER.index("Исполнители")] = rows[0][HEADER.index("Вес")] = ""
        rows[1][HEADER.index("Исполнители")] = ""
        self.assertFigures(self.run_import(rows), unchanged=3)

    def test_changed_executors_are_applied(self):
        printed = self.run_import(self.changed(2, "Исполнители", "Минфин; Минтранс"))
        self.assertFigures(printed, items_changed=1, unchanged=3)
        executors = milestone("2.1").item.participations.get().executors.all()
        self.assertEqual([str(one) for one in executors], ["Минфин", "Минтранс"])
        self.assertEqual(Organisation.objects.filter(name__ru="Минфин").count(), 1)

    def test_handed_over_organisation_stays_handed_over(self):
        heir = make.organisation("Министерство транспорта", party=self.kazakhstan)
        roads = Organisation.objects.get(name__ru="Минтранс")
        roads.ended_on, roads.successor = date(2026, 1, 1), heir
        roads.save()
        executor = Executor.objects.get(organisation=roads)
        executor.organisation = heir
        executor.save()
        self.assertFigures(self.run_import(), unchanged=3)

    def test_changed_area_is_carried_down(self):
        rows = self.changed(0, "Направление", "Недра")
        rows[1][0] = "Недра"
        rows[0][HEADER.index("Контрольная точка")] = "Иначе"
        self.assertFigures(self.run_import(rows), items_changed=1, changed=1, unchanged=2)
        area = PriorityArea.objects.get(name__ru="Недра")
        for number in ("1.1", "1.2"):
            self.assertEqual(milestone(number).area, area)
            self.assertEqual(milestone(number).commitments.get().area, area)
        call_command("recount")

    def test_new_rows_are_created_and_asked_for(self):
        printed = self.run_import([*ROWS, [*ROWS[2][:3], "2", "Вторая точка", "", "2027", "Минтранс", ""]])
        self.assertFigures(printed, created=1, unchanged=3)
        self.assertEqual(milestone("2.2").commitments.count(), 1)
        call_command("recount")

    def test_milestone_in_another_item_takes_its_parts_along(self):
        mapping = self.folder / "иначе.toml"
        mapping.write_text((HERE / "plan.toml").read_text().replace('key = ["item", "point"]', 'key = ["name"]'))
        self.run_import(mapping=mapping, roadmap="other")
        before = Commitment.objects.get(roadmap__slug="other", milestone__number="1.2")
        rows = self.changed(1, "№", "2")
        rows[1][0], rows[1][2], rows[1][3], rows[1][7] = "Транспорт", "Открыть коридор", "2", "Минтранс"
        self.assertFigures(self.run_import(rows, mapping=mapping, roadmap="other"), changed=1, unchanged=2)
        moved = Milestone.objects.get(roadmap__slug="other", number="2.2")
        self.assertEqual((moved.item.number, moved.commitments.get()), ("2", before))
        call_command("recount")

    # Terms

    def test_moves_wait_for_an_amendment(self):
        printed = self.run_import(self.changed(1, "Срок", "31.12.2027"))
        self.assertFigures(printed, moved=1, unchanged=2)
        self.assertIn("needs an amendment", printed)
        self.assertIn("row 3: 1.2  30.06.2027 → 31.12.2027", printed)
        self.assertEqual(milestone("1.2").agreed_due, date(2027, 6, 30))

    def test_amendment_moves_agreed_terms_and_keeps_the_register(self):
        printed = self.run_import(
            self.changed(1, "Срок", "31.12.2027"), amendment="№ 3, 18.05.2026", by=self.administrator.email
        )
        self.assertFigures(printed, moved=1, unchanged=2)
        second = milestone("1.2")
        self.assertEqual(
            (second.first_due, second.agreed_due, second.due_on),
            (date(2027, 6, 30), date(2027, 12, 31), date(2027, 12, 31)),
        )
        self.assertEqual(second.commitments.get().due_on, date(2027, 12, 31))
        row = DeadlineChange.objects.get(milestone=second)
        self.assertEqual(
            (row.before_text, row.after_text, row.decided_by), ("30.06.2027", "31.12.2027", self.administrator)
        )
        self.assertEqual((row.amendment.number, row.amendment.signed_on), ("3", date(2026, 5, 18)))
        self.assertFigures(
            self.run_import(self.changed(1, "Срок", "31.12.2027"), amendment="3, 18.05.2026"), unchanged=3
        )
        self.assertIn("with another date: 18.05.2026", self.refusal(amendment="3, 19.05.2026"))

    def test_amendment_does_not_take_back_a_later_current_term(self):
        change = DeadlineChange.propose(milestone("1.2"), "01.03.2028", by=self.administrator)
        make.grant(self.reviewer, "reviewer", roadmap=Roadmap.objects.get(slug="import"))
        change.approve(by=self.reviewer)
        self.run_import(self.changed(1, "Срок", "31.12.2027"), amendment="3, 18.05.2026")
        self.assertEqual((milestone("1.2").agreed_due, milestone("1.2").due_on), (date(2027, 12, 31), date(2028, 3, 1)))

    def test_term_written_otherwise_is_no_move(self):
        rows = self.changed(0, "Срок", "Q2 2026")
        rows[1][HEADER.index("Срок")] = "2027-06-30"
        self.assertFigures(self.run_import(rows), unchanged=3)

    def test_terms_of_a_draft_are_free(self):
        roadmap = Roadmap.objects.get(slug="import")
        roadmap.state = Roadmap.State.DRAFT
        roadmap.save()
        self.assertFigures(self.run_import(self.changed(1, "Срок", "31.12.2027")), changed=1, unchanged=2)
        second = milestone("1.2")
        self.assertEqual({second.first_due, second.agreed_due, second.due_on}, {date(2027, 12, 31)})
        self.assertEqual(DeadlineChange.objects.count(), 0)

    # What was entered in between

    def test_what_was_entered_in_between_stays(self):
        first, commitment = milestone(), milestone().commitments.get()
        report = make.report(
            commitment_=commitment, state="accepted", narrative="Сделано", execution="in_progress", percent=40
        )
        document = make.evidence(report)
        commitment.execution, commitment.percent, commitment.answer = "in_progress", 40, "reported"
        commitment.save()
        first.carry_down()
        change = DeadlineChange.propose(milestone("1.2"), "01.03.2028", by=self.administrator)
        dropped = milestone("2.1")
        dropped.decide_control(
            Control.DROPPED, basis="Протокол № 2", by=self.administrator, on=date(2026, 4, 1), reason="cancelled"
        )
        rows = [[cell.replace("согласован", "утверждён") for cell in row] for row in ROWS]
        self.assertFigures(self.run_import(rows), changed=1, unchanged=2)
        first, commitment = milestone(), milestone().commitments.get()
        self.assertEqual((first.execution, first.percent, commitment.percent), ("in_progress", 40, 40))
        self.assertEqual((list(commitment.reports.all()), report.proofs.get().evidence), ([report], document))
        self.assertEqual(milestone("1.2").deadline_changes.get(), change)
        self.assertEqual((milestone("2.1").control, milestone("2.1").drop_reason), (Control.DROPPED, "cancelled"))
        call_command("recount")

    def test_weight_edited_here_stays_where_the_file_has_none(self):
        third = milestone("2.1")
        third.weight = 7
        third.save()
        self.assertFigures(self.run_import(), unchanged=3)
        self.assertEqual(milestone("2.1").weight, 7)

    def test_absent_rows_are_only_listed(self):
        printed = self.run_import(ROWS[:1])
        self.assertFigures(printed, unchanged=1, absent=2)
        self.assertIn("stored: 1.2  1|2", printed)
        self.assertEqual(Milestone.objects.filter(roadmap__slug="import", control=Control.ON).count(), 3)

    def test_rejected_rows_are_not_absent(self):
        self.assertFigures(self.run_import(self.changed(0, "Вес", "x")), unchanged=2, rejected=1)

    def test_milestone_entered_by_hand_is_recognised_by_its_number(self):
        Milestone.objects.filter(roadmap__slug="import", number="1.1").update(source_key="")
        self.assertFigures(self.run_import(), changed=1, unchanged=2)
        self.assertEqual(milestone().source_key, "1|1")

    def test_what_changed_after_the_preview_is_not_overwritten(self):
        path = self.write(self.changed(0, "Контрольная точка", "Иначе"))
        found = preview(path, Mapping.load(HERE / "plan.toml"), party="KZ")
        first = milestone()
        first.wording = Texts(ru="Поправлено рукой")
        first.save()
        with self.assertRaises(Conflict):
            apply(found)
        self.assertEqual(milestone().wording["ru"], "Поправлено рукой")

    def test_closed_roadmap_is_refused(self):
        Roadmap.objects.filter(slug="import").update(state=Roadmap.State.CLOSED)
        self.assertIn("is closed", self.refusal())

    def test_another_party_joins_the_same_plan(self):
        self.assertFigures(self.run_import(party="RU"), items_changed=2, unchanged=3)
        self.assertEqual(milestone().counting, 2)
        self.assertEqual({part.party.code for part in milestone().commitments.all()}, {"KZ", "RU"})


class RefusalTest(ImportTestCase):
    """Each is one sentence, and nothing is written."""

    def tearDown(self):
        self.assertFalse(Roadmap.objects.filter(slug="import").exists())
        super().tearDown()

    def test_missing_column_is_named_with_those_found(self):
        path = self.write([row[:6] + row[7:] for row in ROWS], header=[*HEADER[:6], *HEADER[7:]])
        said = self.refusal(path)
        self.assertIn("Row 1 has no column “Срок”", said)
        self.assertIn("Found: Направление; №;", said)

    def test_doubled_column_is_refused(self):
        path = self.write([[*row, "x"] for row in ROWS], header=[*HEADER, "Срок"])
        self.assertIn("Two columns are called “Срок”", self.refusal(path))

    def test_not_a_plan(self):
        self.assertIn("none of its columns", self.refusal(self.write([["1", "2"]], header=["a", "b"])))
        self.assertIn("no rows under it", self.refusal([]))
        self.assertIn("Row 2: “Направление” is empty", self.refusal([["", "1", "м", "1", "т", "", "", "", ""]]))

    def test_open_quotation_mark(self):
        path = self.write(ROWS)
        path.write_text(path.read_text("utf-8") + 'Транспорт;3;"Открыть', "utf-8")
        self.assertIn("Row 5, column 3: a quotation mark", self.refusal(path))

    def test_bad_options(self):
        for options, said in (
            ({"party": "Казахстан"}, "not the code of a party"),
            ({"amendment": "завтра"}, "not an amendment"),
            ({"amendment": "3"}, "not an amendment"),
            ({"roadmap": "план"}, "cannot be the address"),
            ({"mapping": "нет.toml"}, "no mapping file"),
        ):
            with self.subTest(options):
                self.assertIn(said, self.refusal(**options))

    def test_bad_mappings(self):
        good = (HERE / "plan.toml").read_text("utf-8")
        path = self.folder / "карта.toml"
        for change, said in (
            (("[columns]", "[columms]"), "[columms]: there is no such section"),
            (('term = "{term}"', 'terms = "{term}"'), "milestone.terms: there is no such key"),
            (('term = "{term}"', 'term = "{srok}"'), "milestone.term: “srok” is not among the columns"),
            (('key = ["item", "point"]', 'key = "item"'), "milestone.key"),
            (("2025-01-01", '"вчера"'), "roadmap.starts_on: a day"),
            (('slug = "import"', 'slug = "план"'), "roadmap.slug"),
            (('number = "{item}"', ""), "item.number: it is missing"),
            (('"weight", "organisations"', '"вес"'), "reading.optional"),
            (('language = "ru"', 'language = "ru"\ntime_zone = "Mars"'), "no such time zone"),
            (("starts_on = 2025-01-01", ""), "does not say enough to make it: roadmap.starts_on"),
            (("[area]", "[area"), "is not TOML"),
        ):
            with self.subTest(said):
                self.assertIn(change[0], good)
                path.write_text(good.replace(*change), "utf-8")
                self.assertIn(said, self.refusal(mapping=path))

    def test_the_command_exits_with_an_error(self):
        with self.assertRaises(CommandError):
            call_command("import_plan", "/нет/такого.csv", mapping=str(HERE / "plan.toml"), party="KZ")
