from datetime import UTC, date, datetime
from io import BytesIO
from unittest.mock import patch

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from openpyxl import load_workbook

from tests import make
from tests.base import TrackerTestCase
from tracker.accounts.models import Event
from tracker.dashboards import files
from tracker.dashboards.files import file_of_list
from tracker.history.changes import change_set
from tracker.jobs.models import Job
from tracker.lib.texts import Texts
from tracker.roadmaps.models import Milestone

TABLE = "/r/plan/milestones/"


class FileTestCase(TrackerTestCase):
    @classmethod
    def setUpTestData(cls):
        with change_set(at=datetime(2026, 1, 10, tzinfo=UTC)):
            super().setUpTestData()
            cls.transport = make.area("transport")
            cls.road = make.item(
                cls.roadmap, number="2.1", area_=cls.transport, parties={"RU": "lead", "TJ": "participant"}
            )
            cls.bridge = make.milestone(
                cls.road, number="2.1.1", term="IV квартал 2027 г.", wording={"ru": "Мост сдан"}
            )
            cls.survey = make.milestone(cls.road, number="2.1.2", term="постоянно", wording={"en": "=1+1"})

    def setUp(self):
        self.client.force_login(self.observer)

    def csv(self, query=""):
        """[{heading: cell}] of the CSV."""
        response = self.client.get(f"{TABLE}?export=csv&{query}")
        text = b"".join(response.streaming_content).decode("utf-8-sig")
        head, *rows = [line.split(";") for line in text.splitlines()]
        return [dict(zip(head, row, strict=False)) for row in rows]

    def book(self, query=""):
        response = self.client.get(f"{TABLE}?export=xlsx&{query}")
        self.assertEqual(response.status_code, 200)
        return load_workbook(BytesIO(b"".join(response.streaming_content)))

    def xlsx(self, query=""):
        head, *rows = self.book(query).worksheets[1].iter_rows()
        return [dict(zip([cell.value for cell in head], row, strict=True)) for row in rows]

    def numbers(self, query):
        """The numbers of the milestones, in order, which both files agree on."""
        found = [row["No."] for row in self.csv(query)]
        self.assertEqual([row["No."].value for row in self.xlsx(query)], found)
        return found


class SameRowsTest(FileTestCase):
    def test_both_files_hold_what_is_seen_in_its_order(self):
        for query, expected in (
            ("", ["1.1.1", "2.1.1", "2.1.2"]),
            ("area=transport", ["2.1.1", "2.1.2"]),
            ("q=МОСТ", ["2.1.1"]),
            ("sort=-current", ["2.1.1", "1.1.1", "2.1.2"]),
            ("fold=*&page=7", ["1.1.1", "2.1.1", "2.1.2"]),
            ("on=01.01.2020", []),
            (f"row={self.bridge.pk}&row={self.milestone.pk}", ["1.1.1", "2.1.1"]),
            (f"row={self.bridge.pk}&area=energy", []),
            ("row=нет&row=99999999999999999999", []),
        ):
            with self.subTest(query):
                self.assertEqual(self.numbers(query), expected)

    def test_the_columns_are_those_chosen_then_those_of_every_file(self):
        head = list(self.csv("column=timeliness&column=moves&group=none")[0])
        self.assertEqual(head[:3], ["No.", "Timeliness", "Times moved"])
        self.assertIn("Address", head)
        self.assertEqual(list(self.xlsx("column=timeliness&column=moves&group=none")[0]), head)

    def test_every_column_that_may_be_chosen_has_its_value(self):
        with change_set(by=self.administrator):
            self.milestone.proof, self.milestone.weight = Texts(en="Signed minutes"), 3
            self.milestone.save()
        executor = make.organisation("Минэнерго", party=self.kazakhstan)
        self.item.participations.get(party=self.kazakhstan).executors.create(organisation=executor)
        names = ("executors", "first", "moves", "forecast", "weight", "counted", "control", "proof", "expected", "note")
        row = self.csv(
            "&".join(f"column={name}" for name in (*names, "quarter", "parties")) + "&area=energy&on=01.07.2099"
        )
        facts = {
            "Executors": "KZ: Минэнерго", "First agreed term": "30.06.2026", "Times moved": "0", "Forecast": "",
            "Weight": "3", "Parts completed": "0 / 2", "Control": "On control",
            "What counts as proof": "Signed minutes",
            "Quarter of the term": "Q2 2026", "Executors · state by party": "overdue: KZ, RU",
        }  # fmt: skip
        self.assertEqual({name: row[0][name] for name in facts}, facts)

    def test_what_the_rows_are_grouped_by_stands_first(self):
        for group, head, first in (
            ("area", "Area", "Energy"),
            ("quarter", "Quarter of the term", "Q2 2026"),
            ("execution", "Execution", "Not started"),
            ("none", "No.", "1.1.1"),
        ):
            with self.subTest(group):
                row = self.csv(f"group={group}")[0]
                self.assertEqual(next(iter(row)), head)
                self.assertIn(first, row[head])

    def test_the_strip_says_the_same_as_the_page(self):
        for day in ("01.06.2026", "01.07.2026", "01.01.2026"):
            page = self.client.get(f"{TABLE}?on={day}").context["list"].page_rows
            self.assertEqual(
                [row["Executors · state by party"] for row in self.csv(f"on={day}")],
                [str(row.strip).partition(";")[0] for row in page],
            )

    def test_the_language_is_the_readers(self):
        self.observer.language = "ru"
        self.observer.save()
        for row in (self.csv("q=мост")[0], {name: cell.value for name, cell in self.xlsx("q=мост")[0].items()}):
            self.assertEqual((row["№ п/п"], row["Исполнение"]), ("2.1.1", "Не начато"))

    def test_a_past_day_is_read_as_it_was_recorded(self):
        with change_set(by=self.administrator):
            self.bridge.wording = Texts(ru="Мост открыт")
            self.bridge.save()
        query = "&column=wording&q=2.1.1"
        for day, words in (("10.02.2026", "Мост сдан"), ("", "Мост открыт")):
            with self.subTest(day):
                self.assertEqual(self.csv(f"on={day}{query}")[0]["Item / milestone"], words)
                self.assertEqual(self.xlsx(f"on={day}{query}")[0]["Item / milestone"].value, words)

    def test_all_rows_come_over_the_slices(self):
        milestones = [Milestone(item=self.item, number=f"5.{n}", wording=Texts(ru="Шаг")) for n in range(2100)]
        Milestone.objects.bulk_create(milestones)
        self.assertEqual(len(self.numbers("")), 2103)


class XlsxTest(FileTestCase):
    def test_the_cells_have_their_kinds(self):
        first, *_others, last = self.xlsx()
        self.assertEqual(first["Due day"].value.date(), date(2026, 6, 30))
        self.assertEqual((first["Progress"].value, first["Progress"].number_format), (0, "0 %"))
        self.assertEqual((first["Slip, days"].value, first["No."].value), (0, "1.1.1"))
        self.assertEqual((last["Item / milestone"].value, last["Item / milestone"].data_type), ("=1+1", "s"))
        address = f"http://testserver/r/plan/items/{self.item.pk}/#m{self.milestone.pk}"
        self.assertEqual(first["Address"].value, f'=HYPERLINK("{address}")')

    def test_the_cover_says_what_it_is(self):
        query = "area=transport&sort=-current&on=01.07.2026"
        cover = {row[0].value: row[1].value for row in self.book(query)["About this file"].iter_rows()}
        self.assertEqual(cover["Roadmap"], str(self.roadmap.title))
        self.assertEqual(cover["Filter: Area"], str(self.transport))
        self.assertEqual(cover["Sorted by"], "Current term, descending")
        self.assertEqual(cover["Judged on"].date(), date(2026, 7, 1))
        self.assertEqual(cover["As recorded by"], datetime(2026, 7, 2))  # noqa: DTZ001 as Excel has it
        self.assertEqual((cover["Rows"], cover["Taken by"]), (2, "Наблюдатель"))
        self.assertEqual(cover["Address"], f"http://testserver{TABLE}?area=transport&sort=-current&on=01.07.2026")
        plain = {
            row[0].value: row[1].value for row in self.book(f"row={self.bridge.pk}")["About this file"].iter_rows()
        }
        self.assertEqual((plain["Grouped by"], plain["Rows"]), ("Area", 1))
        self.assertIn("Selection", plain)
        self.assertNotIn("As recorded by", plain)

    def test_it_has_a_name_in_the_readers_language(self):
        self.observer.language = "ru"
        self.observer.save()
        response = self.client.get(f"{TABLE}?export=xlsx&on=2026-05-18")
        with override("ru"):
            self.assertIn("filename*=utf-8''%D0%", response["Content-Disposition"])
        self.assertTrue(response["Content-Disposition"].startswith("attachment"))
        self.assertTrue(response["Content-Disposition"].endswith("plan%202026-05-18.xlsx"))

    def test_more_than_a_sheet_holds_is_refused_in_words(self):
        with patch.object(files, "ROWS", 2):
            response = self.client.get(f"{TABLE}?export=xlsx")
        self.assertContains(response, "Narrow the list", status_code=409)

    def test_taking_out_is_put_down(self):
        for kind in ("csv", "xlsx"):
            self.client.get(f"{TABLE}?export={kind}&area=energy")
            event = Event.objects.latest("pk")
            self.assertEqual((event.kind, event.person), (Event.Kind.EXPORTED, self.observer))
            self.assertEqual(event.detail, f"{TABLE}?export={kind}&area=energy")

    def test_another_kind_of_file_is_the_page(self):
        self.assertContains(self.client.get(f"{TABLE}?export=exe"), "<html")

    def test_the_query_count_does_not_grow_with_the_rows(self):
        self.book()
        before = self.queries()
        for number in range(20):
            make.milestone(self.road, number=f"2.1.{number + 3}")
        self.client.get(TABLE)  # what is counted anew after a change
        self.assertEqual(self.queries(), before)

    def queries(self):
        with CaptureQueriesContext(connection) as captured:
            self.book()
        return len(captured)


class SelectedTest(FileTestCase):
    address = f"{TABLE}selected/"

    def post(self, **fields):
        return self.client.post(self.address, {"export": "csv", "query": "sort=number&page=2", **fields})

    def test_the_selected_rows_or_all_that_match(self):
        rows = [self.bridge.pk, self.survey.pk]
        keys = "&".join(f"row={pk}" for pk in rows)
        self.assertRedirects(
            self.post(row=rows), f"{TABLE}?sort=number&page=2&export=csv&{keys}", fetch_redirect_response=False
        )
        self.assertRedirects(
            self.post(row=rows, all="on"), f"{TABLE}?sort=number&page=2&export=csv", fetch_redirect_response=False
        )

    def test_nothing_selected_is_no_file(self):
        response = self.client.post(self.address, {"export": "csv", "query": "sort=number"}, follow=True)
        self.assertContains(response, "No rows are selected.")

    def test_it_leads_nowhere_else(self):
        response = self.post(query="https://example.org/?next=//example.org", all="on")
        self.assertTrue(response["Location"].startswith(f"{TABLE}?"))

    def test_it_rejects_get_and_strangers(self):
        self.assertEqual(self.client.get(self.address).status_code, 405)
        self.client.force_login(self.stranger)
        self.assertEqual(self.post(all="on").status_code, 404)


class JobTest(FileTestCase):
    def setUp(self):
        super().setUp()
        self.enterContext(patch.object(files, "AT_ONCE", 2))

    def ask(self, query="sort=number&on=01.07.2026"):
        response = self.client.get(f"{TABLE}?export=xlsx&{query}")
        job = Job.objects.get()
        self.assertRedirects(response, job.get_absolute_url(), fetch_redirect_response=False)
        return job

    def done(self, job):
        file_of_list.call(job_id=job.pk)
        job.refresh_from_db()
        return job

    def test_a_large_file_is_made_in_the_background(self):
        job = self.ask()
        self.assertEqual((job.person, job.total), (self.observer, 3))
        self.assertEqual(job.back, f"{TABLE}?sort=number&on=01.07.2026")
        at_once = self.xlsx(f"sort=number&on=01.07.2026&row={self.milestone.pk}&row={self.bridge.pk}")
        job = self.done(job)
        self.assertEqual((job.state, job.done, job.failure), (Job.State.DONE, 3, ""))
        self.assertTrue(job.file_name.endswith(".xlsx"))
        with job.file.open() as file:
            head, *rows = load_workbook(file)["Table"].iter_rows()
        self.assertEqual([cell.value for cell in head], list(at_once[0]))
        self.assertEqual([cell.value for cell in rows[0]], [cell.value for cell in at_once[0].values()])
        self.assertEqual(len(rows), 3)

    def test_the_columns_are_those_that_were_seen(self):
        self.observer.prefer("status_table", {"columns": ["timeliness"], "density": ""})
        job = self.ask()
        self.observer.prefer("status_table", None)
        with self.done(job).file.open() as file:
            head = next(load_workbook(file)["Table"].iter_rows())
        self.assertEqual([cell.value for cell in head[:2]], ["No.", "Timeliness"])

    def test_asked_for_twice_it_is_one_job(self):
        self.assertEqual(self.ask(), self.ask())
        self.done(Job.objects.get())
        self.client.get(f"{TABLE}?export=xlsx&sort=number&on=01.07.2026")
        self.assertEqual(Job.objects.count(), 2)

    def test_the_rights_are_those_of_the_moment_it_runs(self):
        job = self.ask()
        self.observer.grants.all().delete()
        job = self.done(job)
        self.assertEqual(job.state, Job.State.FAILED)
        self.assertIn("You may no longer read this list", job.failure)
        self.assertFalse(job.file)

    def test_a_closed_account_gets_nothing(self):
        job = self.ask()
        self.observer.is_active = False
        self.observer.save()
        self.assertEqual(self.done(job).state, Job.State.FAILED)

    def test_it_can_be_cancelled(self):
        job = self.ask()
        Job.objects.update(cancel_asked=True)  # as if asked while it was being taken up
        job = self.done(job)
        self.assertEqual(job.state, Job.State.CANCELLED)
        self.assertFalse(job.file)

    def test_the_language_is_the_readers(self):
        self.observer.language = "ru"
        self.observer.save()
        with self.done(self.ask()).file.open() as file:
            head = next(load_workbook(file).worksheets[1].iter_rows())
        self.assertIn("Исполнение", [cell.value for cell in head])

    def test_only_what_is_large(self):
        self.client.get(f"{TABLE}?export=xlsx&area=transport")
        self.client.get(f"{TABLE}?export=csv")
        self.assertFalse(Job.objects.exists())


class OtherListsTest(FileTestCase):
    def test_every_list_has_both_files(self):
        report = make.report(commitment_=self.kz_commitment, state="submitted", submitted_at=timezone.now())
        ru_commitment = self.milestone.commitments.get(party=self.russia)
        make.evidence(make.report(commitment_=ru_commitment, round__=report.round, state="accepted"))
        self.client.force_login(self.administrator)
        for name, args in (
            ("status_table", ["plan"]),
            ("items", ["plan"]),
            ("deadlines", ["plan"]),
            ("documents", ["plan"]),
            ("round_reports", ["plan", report.round_id]),
            ("review_list", []),
            ("people", []),
            ("security", []),
        ):
            address = reverse(name, args=args)
            with self.subTest(name):
                page = self.client.get(address)
                self.assertContains(page, "export=csv")
                self.assertContains(page, "export=xlsx")
                text = b"".join(self.client.get(f"{address}?export=csv").streaming_content).decode("utf-8-sig")
                response = self.client.get(f"{address}?export=xlsx")
                rows = load_workbook(BytesIO(b"".join(response.streaming_content))).worksheets[1].iter_rows()
                self.assertEqual(text.splitlines()[0].split(";"), [cell.value for cell in next(rows)])
                self.assertNotIn("<", text)  # words, not what stands on the screen
                if name != "deadlines":
                    self.assertTrue(list(rows))

    def test_a_file_of_reports_says_no_more_than_their_page(self):
        """Who may not see a report's state is not told it by a file either."""
        report = make.report(commitment_=self.kz_commitment, state="draft")
        address = reverse("round_reports", args=["plan", report.round_id])
        self.client.force_login(self.ru_analyst)
        text = b"".join(self.client.get(f"{address}?export=csv").streaming_content).decode("utf-8-sig")
        self.assertIn("Not shared with you yet", text)
        self.assertNotIn("Draft", text)
