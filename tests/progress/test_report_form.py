from datetime import date, timedelta

from tests import make
from tests.base import TrackerTestCase
from tracker.history.models import ChangeSet
from tracker.progress.models import Evidence, Report, ReportAuthor, Round
from tracker.roadmaps.models import Commitment, Role

TYPED = {
    "execution": "in_progress",
    "percent": "40",
    "narrative": "Проект формата согласован частично.",
    "audience": "all",
}


class ReportPageTest(TrackerTestCase):
    def setUp(self):
        self.round = make.round_(self.roadmap)
        self.report = make.report(commitment_=self.kz_commitment, round__=self.round)
        self.url = f"/reports/{self.report.pk}/"
        self.client.force_login(self.kz_analyst)

    def post(self, verb="save", version=None, **typed):
        self.report.refresh_from_db()
        version = self.report.version if version is None else version
        response = self.client.post(self.url, TYPED | {"verb": verb, "version": version} | typed)
        self.report = Report.objects.get(pk=self.report.pk)
        return response

    def completed(self, **typed):
        return {"execution": "completed", "percent": "100", "done_on": "20.03.2026", "without_document": "on"} | typed


class SaveTest(ReportPageTest):
    def test_it_works(self):
        response = self.post(forecast_on="1 декабря 2026 г.", confidence="medium")
        self.assertRedirects(response, self.url)
        self.assertEqual(
            (self.report.state, self.report.percent, self.report.forecast_on, self.report.confidence),
            ("draft", 40, date(2026, 12, 1), "medium"),
        )
        self.assertEqual(self.report.authors.get().user, self.kz_analyst)
        self.assertContains(self.client.get(self.url), "Проект формата согласован частично.")

    def test_it_is_recorded(self):
        self.post()
        change = ChangeSet.objects.latest("pk")
        self.assertEqual((change.person, change.source), (self.kz_analyst, "page"))
        self.assertEqual(Report.history.model.objects.filter(id=self.report.pk, change_set=change).count(), 1)

    def test_who_may_not(self):
        for user, status in (
            (self.ru_analyst, 404), (self.reviewer, 404), (self.observer, 404), (self.stranger, 404),
            (self.administrator, 404), (self.coordinator, 403),
        ):  # fmt: skip
            self.client.force_login(user)
            self.assertEqual(self.post().status_code, status, user)
        self.assertEqual((self.report.state, self.report.narrative), ("asked", ""))

    def test_an_analyst_of_another_organisation_reads_and_does_not_write(self):
        narrow = make.user()
        make.grant(
            narrow,
            Role.ANALYST,
            roadmap=self.roadmap,
            party=self.kazakhstan,
            organisation=make.organisation(party=self.kazakhstan),
        )
        self.client.force_login(narrow)
        self.assertContains(self.client.get(self.url), "Only an analyst of this party")
        self.assertEqual(self.post().status_code, 403)

    def test_wrong_method(self):
        self.assertEqual(self.client.put(self.url).status_code, 405)

    def test_hostile_addresses_are_not_found(self):
        for pk in (0, 10**30, 999_999):
            self.assertEqual(self.client.get(f"/reports/{pk}/").status_code, 404)

    def test_days_are_read_as_people_write_them(self):
        for text in ("20.03.2026", "2026-03-20", "20/03/2026", "20 марта 2026 г.", "20 March 2026", " 20.3.2026 "):
            self.assertEqual(self.post(**self.completed(done_on=text)).status_code, 302, text)
            self.assertEqual(self.report.done_on, date(2026, 3, 20), text)

    def test_what_is_valid_is_kept_and_what_is_not_stands_marked_as_it_was_typed(self):
        for field, text, sentence in (
            ("percent", "400", "Give a whole number from 0 to 100."),
            ("percent", "сорок", "Give a whole number from 0 to 100."),
            ("percent", "9" * 5000, "Give a whole number from 0 to 100."),
            ("done_on", "31.02.2026", "is not a day"),
            ("done_on", "вчера", "is not a day"),
            ("forecast_on", "1" * 100_000, "is not a day"),
            ("execution", "готово", "Select a valid choice"),
            ("execution", "", "Choose the state of execution."),
            ("confidence", "\x00", "Select a valid choice"),
            ("narrative", "я" * 4001, "at most 4000 characters"),
            ("narrative", "нуль\x00байт", "Null characters are not allowed."),
        ):
            with self.subTest(field=field, text=text[:20]):
                response = self.post(
                    **self.completed(narrative=f"Текст рядом с {field}", percent="100") | {field: text}
                )
                self.assertContains(response, sentence, status_code=400)
                self.assertContains(
                    response, 'aria-invalid="true"' if field != "execution" else "error", status_code=400
                )
                if field not in ("narrative", "execution"):
                    self.assertEqual(self.report.narrative, f"Текст рядом с {field}")
                    self.assertEqual(response.context["form"][field].value(), text)

    def test_the_day_of_completion_is_not_in_the_future_where_the_plan_runs(self):
        today = self.roadmap.today()
        response = self.post(**self.completed(done_on=f"{today + timedelta(days=1):%d.%m.%Y}"))
        self.assertContains(response, "Give a day that is not in the future", status_code=400)
        self.assertEqual(self.post(**self.completed(done_on=f"{today:%d.%m.%Y}")).status_code, 302)

    def test_a_day_without_completion_is_not_dropped_silently(self):
        response = self.post(done_on="20.03.2026")
        self.assertContains(response, "Only what is completed has this day", status_code=400)
        self.assertContains(self.post(percent="100"), "100 percent means completed", status_code=400)

    def test_what_the_page_did_not_send_is_left_as_it_is(self):
        self.post()
        self.client.post(self.url, {"version": self.report.version, "execution": "partly"})
        stored = Report.objects.get()
        self.assertEqual((stored.execution, stored.narrative), ("partly", TYPED["narrative"]))

    def test_line_ends_count_once(self):
        self.assertEqual(self.post(narrative="а\r\n" * 1999).status_code, 302)
        self.assertEqual(self.report.narrative, ("а\n" * 1999).strip())

    def test_what_is_typed_is_escaped(self):
        self.post(narrative="<script>alert(1)</script>")
        self.assertNotContains(self.client.get(self.url), "<script>alert(1)")

    def test_a_closed_round_keeps_the_text_and_says_so(self):
        Round.objects.update(state=Round.State.CLOSED)
        self.assertContains(self.client.get(self.url), "goes into the next round")
        response = self.post(narrative="Опоздавший текст")
        self.assertContains(response, "The round is closed", status_code=409)
        self.assertContains(response, "Опоздавший текст", status_code=409)


class SubmitTest(ReportPageTest):
    def test_it_works(self):
        self.assertRedirects(self.post("submit"), "/desk/")
        self.assertEqual((self.report.state, self.report.submitted_by), ("submitted", self.kz_analyst))

    def test_what_is_missing_stands_at_its_field_and_the_rest_is_kept(self):
        response = self.post("submit", execution="completed", narrative="")
        self.assertContains(response, "Write what was done in this round.", status_code=400)
        self.assertContains(response, "Give the day on which it was done.", status_code=400)
        self.assertContains(response, "declare completion without one", status_code=400)
        self.assertEqual((self.report.state, self.report.execution), ("draft", "completed"))
        self.assertEqual(self.post("submit", **self.completed()).status_code, 302)

    def test_an_invalid_field_keeps_it_from_being_sent(self):
        self.assertEqual(self.post("submit", percent="400").status_code, 400)
        self.assertEqual((self.report.state, self.report.narrative), ("draft", TYPED["narrative"]))

    def test_twice_is_once(self):
        version = self.report.version
        self.post("submit", version=version)
        moment = self.report.submitted_at
        self.assertRedirects(self.post("submit", version=version), "/desk/")  # the button was pressed twice
        self.assertEqual((self.report.state, self.report.submitted_at), ("submitted", moment))
        submitted = Report.history.model.objects.filter(id=self.report.pk, state="submitted")
        self.assertEqual(submitted.count(), 1)

    def test_a_text_typed_while_another_sent_it_is_not_lost(self):
        version = self.report.version
        self.post("submit")
        response = self.post("save", version=version, narrative="Мой другой текст")
        self.assertContains(response, "Мой другой текст", status_code=409)
        self.assertEqual(self.report.narrative, TYPED["narrative"])

    def test_nothing_to_report_needs_no_text(self):
        self.assertEqual(self.post("submit", narrative="", nothing_to_report="on").status_code, 302)

    def test_returned_shows_every_remark_at_its_field_and_goes_again(self):
        self.post("submit")
        self.report.send_back(
            by=self.reviewer, remarks=[("narrative", "Назовите орган."), ("evidence", "Нет подписи.")]
        )
        self.post("submit")
        self.report.send_back(by=self.reviewer, remarks=[("", "И ещё раз.")])
        page = self.client.get(self.url)
        for text in ("Назовите орган.", "Нет подписи.", "И ещё раз.", "Correct and send again by"):
            self.assertContains(page, text)
        self.assertEqual([remark.text for remark in page.context["form"]["narrative"].remarks], ["Назовите орган."])
        self.assertEqual(self.post("submit", narrative="Орган назван").status_code, 302)
        self.assertEqual(self.report.state, "submitted")


class StaleSaveTest(ReportPageTest):
    def setUp(self):
        super().setUp()
        self.colleague = make.user(name="Данияр Ахметов")
        make.grant(self.colleague, Role.ANALYST, roadmap=self.roadmap, party=self.kazakhstan)
        self.post()
        self.seen = self.report.version
        stored = Report.objects.get()
        stored.narrative, stored.percent = "Текст коллеги", 60
        stored.write(by=self.colleague)

    def test_both_texts_stand_side_by_side_and_saving_again_merges(self):
        response = self.post(version=self.seen, narrative="Мой текст", confidence="low")
        self.assertContains(response, "Мой текст", status_code=409)
        self.assertContains(response, "Текст коллеги", status_code=409)
        self.assertContains(response, "Данияр Ахметов saved this report at", status_code=409)
        self.assertEqual((self.report.narrative, self.report.percent), ("Текст коллеги", 60))
        form = response.context["form"]
        self.assertEqual(form["narrative"].value(), "Мой текст")
        self.assertFalse(form["narrative"].theirs.taken)
        # What only the colleague changed is taken over.
        self.assertEqual(form["percent"].value(), "60" if isinstance(form["percent"].value(), str) else 60)
        self.assertTrue(form["percent"].theirs.taken)
        # What only this person changed needs no word.
        self.assertEqual((form["confidence"].value(), form["confidence"].theirs), ("low", None))
        again = {
            name: form[name].value() or ""
            for name in ("execution", "percent", "narrative", "confidence", "audience", "version")
        }
        self.assertEqual(self.client.post(self.url, again | {"verb": "save"}).status_code, 302)
        stored = Report.objects.get()
        self.assertEqual((stored.narrative, stored.percent, stored.confidence), ("Мой текст", 60, "low"))
        versions = Report.history.model.objects.filter(id=stored.pk).order_by("version")
        self.assertEqual([v.narrative for v in versions][-3:], [TYPED["narrative"], "Текст коллеги", "Мой текст"])

    def test_ticks_are_taken_over_too(self):
        stored = Report.objects.get()
        stored.nothing_to_report = True
        stored.write(by=self.colleague)
        response = self.post(version=self.seen, narrative="Мой текст")
        self.assertTrue(response.context["form"]["nothing_to_report"].value())

    def test_without_a_version_nothing_is_overwritten(self):
        for version in ("", "чепуха", -1, 10**30):
            response = self.post(version=version, narrative="Мой текст")
            self.assertEqual(response.status_code, 409, version)
        self.assertEqual(self.report.narrative, "Текст коллеги")

    def test_the_same_text_twice_is_no_conflict(self):
        response = self.post(version=self.seen, narrative="Текст коллеги", percent="60")
        self.assertRedirects(response, self.url)


class ReportsBesideTest(ReportPageTest):
    def test_the_last_round_stands_beside_and_can_be_taken_as_a_start(self):
        before = make.round_(self.roadmap, starts_on=date(2025, 10, 1), state="closed")
        make.report(
            commitment_=self.kz_commitment, round__=before, state="accepted", narrative="Текст прошлого периода",
            execution="in_progress", percent=30, forecast_on=date(2026, 2, 25), confidence="medium",
        )  # fmt: skip
        page = self.client.get(self.url)
        self.assertContains(page, "Текст прошлого периода")
        self.assertContains(page, "25.02.2026")
        self.post("carry", narrative="")
        self.assertEqual(self.report.narrative, "Текст прошлого периода")
        self.post("carry", narrative="Своё")
        self.assertEqual(self.report.narrative, "Своё")

    def test_the_next_report_of_the_desk_is_one_click_away(self):
        other = make.milestone(self.item, number="1.1.7").commitments.get(party=self.kazakhstan)
        following = make.report(commitment_=other, round__=self.round)
        self.assertContains(self.client.get(self.url), f'href="/reports/{following.pk}/"')

    def test_query_count(self):
        make.evidence(self.report)
        with self.assertNumQueries(16):
            self.client.get(self.url)


class ReadingTest(ReportPageTest):
    def setUp(self):
        super().setUp()
        Report.objects.update(state="submitted", narrative="Отправленный текст")
        ReportAuthor.objects.create(report=self.report, user=self.kz_analyst)

    def test_the_party_reads_why_it_cannot_be_edited(self):
        page = self.client.get(self.url)
        self.assertContains(page, "Отправленный текст")
        self.assertContains(page, "To write on, take it back first.")

    def test_the_reviewer_is_led_to_the_review(self):
        self.client.force_login(self.reviewer)
        self.assertContains(self.client.get(self.url), f"/review/{self.report.pk}/")

    def test_accepted_is_read_by_all_without_the_remarks(self):
        make.grant(self.observer, Role.OBSERVER, roadmap=self.roadmap, party=self.russia)
        report = Report.objects.get()
        report.send_back(by=self.reviewer, remarks=[("", "Внутреннее замечание")])
        report.submit(by=self.kz_analyst)
        report.accept(by=self.reviewer)
        for user, sees in (
            (self.observer, False),
            (self.ru_analyst, False),
            (self.kz_analyst, True),
            (self.reviewer, True),
        ):
            self.client.force_login(user)
            page = self.client.get(self.url)
            self.assertContains(page, "Отправленный текст")
            self.assertEqual("Внутреннее замечание" in page.content.decode(), sees, user)

    def test_a_text_for_the_own_party_is_not_shown_to_others(self):
        Report.objects.update(state="accepted", audience="own")
        evidence = make.evidence(self.report)
        self.client.force_login(self.ru_analyst)
        page = self.client.get(self.url)
        self.assertNotContains(page, "Отправленный текст")
        self.assertNotContains(page, evidence.title)


class ReopenTest(ReportPageTest):
    def setUp(self):
        super().setUp()
        self.post("submit", **self.completed())
        self.report.accept(by=self.reviewer)
        self.client.force_login(self.administrator)

    def reopen(self, **data):
        return self.client.post(
            f"{self.url}reopen/", {"version": self.report.version, "reason": "Протокол не подписан."} | data
        )

    def test_it_takes_the_acceptance_back_with_a_reason(self):
        self.assertContains(self.client.get(self.url), "Reopen and return to the party")
        self.assertEqual(self.reopen().status_code, 302)
        report = Report.objects.get()
        self.assertEqual((report.state, report.remarks.get().text), ("returned", "Протокол не подписан."))
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).execution, "not_started")
        self.assertEqual(ChangeSet.objects.latest("pk").reason, "Протокол не подписан.")

    def test_it_needs_a_reason(self):
        self.assertContains(self.reopen(reason="  "), "This field is required", status_code=400)
        self.assertEqual(Report.objects.get().state, "accepted")

    def test_only_an_administrator_may(self):
        for user, status in ((self.reviewer, 403), (self.kz_analyst, 403), (self.observer, 403), (self.stranger, 404)):
            self.client.force_login(user)
            for reason in ("причина", ""):
                self.assertEqual(self.reopen(reason=reason).status_code, status, user)

    def test_wrong_state_and_method(self):
        self.assertEqual(self.client.get(f"{self.url}reopen/").status_code, 405)
        Report.objects.update(state="submitted")
        self.assertEqual(self.reopen(version=self.report.version + 1).status_code, 409)


class ProofsInTheFormTest(ReportPageTest):
    def attach(self, **document):
        return self.post(
            "attach",
            **{f"document-{name}": value for name, value in {"kind": "minutes", "audience": "all", **document}.items()},
        )

    def test_an_address_is_attached_and_the_text_kept(self):
        response = self.attach(address="https://минэнерго.example.org/протокол", number="4", dated_on="20.03.2026")
        self.assertRedirects(response, f"{self.url}#documents", fetch_redirect_response=False)
        document = self.report.proofs.get().evidence
        self.assertEqual(
            (document.title, document.party, document.added_by, document.dated_on),
            ("https://минэнерго.example.org/протокол", self.kazakhstan, self.kz_analyst, date(2026, 3, 20)),
        )
        self.assertEqual(self.report.narrative, TYPED["narrative"])

    def test_every_button_attaches_what_was_filled_in(self):
        response = self.post("submit", **self.completed(without_document=""), **{
            "document-address": "https://example.org/a", "document-kind": "minutes", "document-audience": "all",
        })  # fmt: skip
        self.assertRedirects(response, "/desk/")
        self.assertEqual(self.report.proofs.count(), 1)

    def test_twice_is_once(self):
        version = self.report.version
        for _time in range(2):
            self.post("attach", version=version, **{
                "document-address": "https://example.org/a", "document-kind": "minutes", "document-audience": "all",
            })  # fmt: skip
        self.assertEqual((self.report.proofs.count(), Evidence.objects.count()), (1, 1))

    def test_a_bad_document_leaves_the_text_saved_and_its_own_words_in_place(self):
        for address in ("javascript:alert(1)", "ftp://example.org/a", "просто текст", "https://"):
            response = self.attach(address=address, title="Протокол")
            self.assertContains(response, "Give a full address", status_code=400)
            self.assertContains(response, 'value="Протокол"', status_code=400)
        self.assertEqual((self.report.narrative, Evidence.objects.count()), (TYPED["narrative"], 0))
        self.assertContains(self.attach(), "Choose a file, give its address", status_code=400)

    def test_one_of_the_partys_own_is_chosen_again_and_no_others(self):
        other = make.report(commitment_=self.ru_commitment, round__=self.round)
        foreign, own = make.evidence(other), make.evidence(self.report, title="Общий протокол")
        self.report.proofs.all().delete()
        second = make.milestone(self.item, number="1.1.8").commitments.get(party=self.kazakhstan)
        own.prove(make.report(commitment_=second, round__=self.round, state="draft"))
        self.assertContains(self.client.get(self.url), "Общий протокол")
        for pk in (foreign.pk, 10**30, "чепуха"):
            self.assertEqual(self.attach(known=pk).status_code, 400)
        self.assertEqual(self.attach(known=own.pk).status_code, 302)
        self.assertEqual(self.report.proofs.get().evidence, own)
        self.assertContains(self.client.get(self.url), "already in another report")

    def test_a_proof_is_removed_and_the_text_kept(self):
        proof = make.evidence(self.report).proofs.get()
        for value in ("чепуха", "9" * 40, "0"):
            self.client.post(self.url, TYPED | {"remove": value, "version": Report.objects.get().version})
        self.assertTrue(self.report.proofs.exists())
        self.client.post(
            self.url, TYPED | {"remove": proof.pk, "version": Report.objects.get().version, "narrative": "Новый"}
        )
        self.report.refresh_from_db()
        self.assertEqual((self.report.proofs.count(), self.report.narrative), (0, "Новый"))

    def test_the_proof_of_another_report_is_not_removed(self):
        other = make.report(commitment_=self.ru_commitment, round__=self.round)
        proof = make.evidence(other).proofs.get()
        self.client.post(self.url, TYPED | {"remove": proof.pk, "version": self.report.version})
        self.assertTrue(other.proofs.exists())
