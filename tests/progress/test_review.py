from datetime import date, timedelta

from django.test import SimpleTestCase

from tests import make
from tests.base import TrackerTestCase
from tracker.history.models import ChangeSet
from tracker.progress.diff import marked, word_difference
from tracker.progress.models import Report, ReportAuthor
from tracker.roadmaps.models import Commitment, Milestone, Role

OLD = "Проект формата данных согласован частично. Протокол будет подписан после четвёртого заседания."
NEW = "Формат данных согласован полностью. Протокол подписан 29 апреля 2026 г."


class ReviewTestCase(TrackerTestCase):
    def setUp(self):
        self.round = make.round_(self.roadmap)
        self.report = self.submitted(self.kz_commitment)
        self.client.force_login(self.reviewer)

    def submitted(self, commitment, **fields):
        """A completion sent by Kazakhstan's analyst, declared without a document."""
        claim = {"execution": "completed", "percent": 100, "done_on": date(2026, 4, 29), "narrative": NEW}
        report = make.report(
            commitment_=commitment, round__=self.round, state="draft", author=self.kz_analyst,
            without_document=True, **claim | fields,
        )  # fmt: skip
        report.submit(by=self.kz_analyst)
        return report

    def another(self, number):
        commitment = make.milestone(self.item, number=number).commitments.get(party=self.kazakhstan)
        return self.submitted(commitment)

    def accept(self, report=None, **data):
        report = report or self.report
        return self.client.post(f"/reports/{report.pk}/accept/", {"version": report.version} | data)

    def send_back(self, report=None, **data):
        report = report or self.report
        typed = {"version": report.version, "remark0-field": "narrative", "remark0-text": "Назовите орган."} | data
        return self.client.post(f"/reports/{report.pk}/return/", typed)

    def state(self):
        return Report.objects.get(pk=self.report.pk).state


class QueueTest(ReviewTestCase):
    def test_the_oldest_opens_first_with_its_age(self):
        later = self.another("1.1.2")
        Report.objects.filter(pk=self.report.pk).update(submitted_at=self.report.submitted_at - timedelta(days=4))
        page = self.client.get("/review/")
        self.assertEqual(page.context["report"], self.report)
        self.assertEqual([(one.pk, age) for one, age in page.context["around"]], [(self.report.pk, 4), (later.pk, 0)])
        self.assertContains(page, f'href="/review/{later.pk}/" data-key="n"')
        self.assertEqual(self.client.get(f"/review/{later.pk}/").context["place"], 2)

    def test_nothing_waits(self):
        self.report.withdraw(by=self.kz_analyst)
        self.assertContains(self.client.get("/review/"), "Nothing waits for review")

    def test_who_may_not(self):
        for user, queue, page in (
            (self.kz_analyst, 403, 403), (self.coordinator, 403, 403), (self.ru_analyst, 403, 404),
            (self.observer, 403, 404), (self.administrator, 403, 403), (self.stranger, 403, 404),
        ):  # fmt: skip
            self.client.force_login(user)
            self.assertEqual(self.client.get("/review/").status_code, queue, user)
            self.assertEqual(self.client.get(f"/review/{self.report.pk}/").status_code, page, user)

    def test_scope(self):
        elsewhere = make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        self.client.force_login(elsewhere)
        self.assertContains(self.client.get("/review/"), "Nothing waits for review")
        for response in (self.client.get(f"/review/{self.report.pk}/"), self.accept(), self.send_back()):
            self.assertEqual(response.status_code, 404)

    def test_two_steps_wait_for_the_coordinator(self):
        self.roadmap.two_steps = True
        self.roadmap.save()
        self.assertContains(self.client.get("/review/"), "Nothing waits for review")
        self.assertContains(self.accept(), "has not endorsed", status_code=409)

    def test_endorsed_and_submitted_stand_in_one_queue(self):
        two_steps = make.roadmap("two", parties=("KZ",))
        two_steps.two_steps = True
        two_steps.save()
        make.grant(self.reviewer, Role.REVIEWER, roadmap=two_steps)
        self.client.force_login(self.reviewer)
        sent, commitment = self.report.submitted_at, make.milestone(make.item(two_steps)).commitments.get()
        endorsed = make.report(commitment_=commitment, state="endorsed", narrative="Текст", submitted_at=sent)
        latest = self.another("1.1.2")
        order = [self.report, endorsed, latest]
        for days, report in enumerate(order):
            Report.objects.filter(pk=report.pk).update(submitted_at=sent + timedelta(days=days))
        self.assertEqual(self.client.get("/review/").context["report"], self.report)
        for report, following in zip(order, [*order[1:], order[0]], strict=True):
            page = self.client.get(f"/review/{report.pk}/")
            self.assertContains(page, f'href="/review/{following.pk}/" data-key="n"')

    def test_several_roadmaps_are_told_apart(self):
        other = make.roadmap("other", parties=("KZ",))
        make.grant(self.reviewer, Role.REVIEWER, roadmap=other)
        make.grant(self.kz_analyst, Role.ANALYST, roadmap=other, party=self.kazakhstan)
        self.client.force_login(self.reviewer)
        commitment = make.milestone(make.item(other)).commitments.get()
        report = make.report(commitment_=commitment, state="draft", author=self.kz_analyst, narrative="Текст")
        report.submit(by=self.kz_analyst)
        page = self.client.get("/review/?roadmap=other")
        self.assertEqual((page.context["report"], page.context["total"]), (report, 1))
        self.assertEqual(self.client.get("/review/").context["total"], 2)
        self.assertEqual(self.client.get("/review/?roadmap=нет").context["total"], 2)
        self.assertRedirects(self.accept(report, roadmap="other"), "/review/?roadmap=other")

    def test_a_decided_one_leads_back_to_the_queue(self):
        self.report.accept(by=self.second_reviewer)
        page = self.client.get(f"/review/{self.report.pk}/", follow=True)
        self.assertContains(page, "is not in review any more: accepted, Второй проверяющий")

    def test_hostile_addresses(self):
        for pk in (0, 10**30):
            self.assertEqual(self.client.get(f"/review/{pk}/").status_code, 404)
            self.assertEqual(self.client.post(f"/reports/{pk}/accept/").status_code, 404)

    def test_query_count(self):
        make.evidence(self.report)
        self.another("1.1.2")
        with self.assertNumQueries(25):
            self.client.get(f"/review/{self.report.pk}/")
        for number in range(30):
            self.another(f"7.{number}")
        with self.assertNumQueries(25):
            self.client.get(f"/review/{self.report.pk}/")


class ClaimTest(ReviewTestCase):
    def setUp(self):
        super().setUp()
        before = make.round_(self.roadmap, starts_on=date(2025, 10, 1), state="closed")
        report = make.report(
            commitment_=self.kz_commitment, round__=before, state="draft", narrative=OLD, execution="in_progress",
            percent=50, forecast_on=date(2026, 2, 25), confidence="medium",
        )  # fmt: skip
        Report.objects.filter(pk=report.pk).update(state="accepted")

    def page(self, query=""):
        return self.client.get(f"/review/{self.report.pk}/{query}")

    def test_the_claim_stands_beside_what_is_accepted(self):
        page = self.page()
        self.assertContains(page, "<ins>полностью</ins>")
        self.assertContains(page, "<del>частично</del>")
        self.assertContains(page, "+ 50")
        self.assertContains(page, "62 days before the current term")
        self.assertNotContains(self.page("?marks=0"), "<ins>")

    def test_it_says_where_else_the_document_stands(self):
        document = make.evidence(self.report)
        self.assertContains(self.page(), "not in another report")
        document.prove(self.another("1.1.2"))
        self.assertContains(self.page(), "already in another report")

    def test_the_effect_is_what_accepting_then_does(self):
        page = self.page()
        effect = page.context["effect"]
        before, after = effect.commitment
        self.assertEqual((before.execution, after.execution, after.state), ("not_started", "completed", "done_on_time"))
        self.assertEqual([m.completed for m in effect.milestone], [0, 1])
        self.assertEqual([party.code for party in effect.waiting], ["RU"])
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).execution, "not_started")
        self.accept()
        stored, milestone = Commitment.objects.get(pk=self.kz_commitment.pk), Milestone.objects.get()
        for name in ("execution", "percent", "done_on", "confirmation", "state", "answer"):
            self.assertEqual(getattr(after, name), getattr(stored, name), name)
        for name in ("execution", "percent", "done_on", "completed", "counting", "state"):
            self.assertEqual(getattr(effect.milestone[1], name), getattr(milestone, name), name)

    def test_the_last_party_completes_milestone_and_item(self):
        Commitment.objects.filter(pk=self.ru_commitment.pk).update(
            execution="completed", percent=100, done_on=date(2026, 4, 1)
        )
        effect = self.page().context["effect"]
        self.assertEqual([str(t) for t in effect.timeliness][1], "on_time")
        self.assertEqual([standing.percent for standing in effect.item], [0, 100])
        self.assertEqual(effect.waiting, [])

    def test_looking_writes_nothing(self):
        sets = ChangeSet.objects.count()
        self.page()
        self.assertEqual(ChangeSet.objects.count(), sets)


class AcceptTest(ReviewTestCase):
    def test_it_works_and_goes_on_to_the_next(self):
        following = self.another("1.1.2")
        response = self.accept()
        self.assertRedirects(response, f"/review/{following.pk}/")
        report = Report.objects.get(pk=self.report.pk)
        self.assertEqual((report.state, report.decided_by, report.is_confirmed), ("accepted", self.reviewer, False))
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).execution, "completed")
        self.assertRedirects(self.accept(following), "/review/")

    def test_the_tick_confirms_only_where_there_is_a_document(self):
        self.accept(document_checked="on")
        self.assertFalse(Report.objects.get().is_confirmed)

    def test_the_tick_confirms(self):
        make.evidence(self.report)
        self.accept(document_checked="on")
        self.assertEqual(Commitment.objects.get(pk=self.kz_commitment.pk).confirmation, "confirmed")

    def test_it_is_recorded(self):
        self.accept()
        change = ChangeSet.objects.latest("pk")
        self.assertEqual(change.person, self.reviewer)
        for model in (Report, Commitment, Milestone):
            self.assertTrue(model.history.model.objects.filter(change_set=change).exists(), model)

    def test_who_may_not(self):
        for user, status in (
            (self.kz_analyst, 403), (self.coordinator, 403), (self.administrator, 403), (self.ru_analyst, 404),
            (self.observer, 404), (self.stranger, 404),
        ):  # fmt: skip
            self.client.force_login(user)
            self.assertEqual((self.accept().status_code, self.send_back().status_code), (status, status), user)
        self.assertEqual(self.state(), "submitted")

    def test_an_author_sees_why_not_and_is_refused(self):
        ReportAuthor.objects.create(report=self.report, user=self.reviewer)
        page = self.client.get(f"/review/{self.report.pk}/")
        self.assertContains(page, "You wrote part of this report: another reviewer must decide on it.")
        self.assertNotContains(page, "/accept/")
        self.assertContains(self.accept(), "another reviewer must decide", status_code=403)
        self.assertEqual(self.send_back().status_code, 403)
        self.assertEqual(self.state(), "submitted")

    def test_the_second_reviewer_is_told_who_was_first(self):
        seen = self.report.version
        self.client.force_login(self.second_reviewer)
        self.accept()
        moment = Report.objects.get().decided_at
        self.client.force_login(self.reviewer)
        response = self.accept(version=seen)
        self.assertContains(response, "already accepted by Второй проверяющий", status_code=409)
        response = self.send_back(version=seen, **{"remark0-text": "Моё замечание"})
        self.assertContains(response, "already accepted by Второй проверяющий", status_code=409)
        self.assertContains(response, "Моё замечание", status_code=409)
        self.assertEqual(Report.objects.get().decided_at, moment)
        self.assertEqual(Report.objects.get().remarks.count(), 0)

    def test_a_text_sent_again_since_is_looked_at_again(self):
        seen = self.report.version
        self.report.withdraw(by=self.kz_analyst)
        self.report.narrative = "Совсем другой текст"
        self.report.submit(by=self.kz_analyst)
        for version in (seen, "", "чепуха", 10**30, -1):
            response = self.accept(version=version)
            self.assertContains(response, "Совсем другой текст", status_code=409)
            self.assertContains(response, "saved by someone else", status_code=409)
        response = self.send_back(version=seen, **{"remark0-text": "Моё замечание"})
        self.assertContains(response, "Моё замечание", status_code=409)
        self.assertEqual(self.state(), "submitted")
        self.assertEqual(self.accept(version=response.context["decision"]["version"].value()).status_code, 302)

    def test_a_remark_is_not_lost_by_accepting(self):
        response = self.accept(**{"remark1-text": "Уточните число."})
        self.assertContains(response, "Уточните число.", status_code=400)
        self.assertContains(response, "You wrote a remark.", status_code=400)
        self.assertEqual(self.state(), "submitted")

    def test_withdrawn_meanwhile(self):
        self.report.withdraw(by=self.kz_analyst)
        response = self.accept()
        self.assertContains(response, "already draft", status_code=409)
        self.assertNotContains(response, NEW[:20], status_code=409)

    def test_it_rejects_get(self):
        for verb in ("accept", "return"):
            self.assertEqual(self.client.get(f"/reports/{self.report.pk}/{verb}/").status_code, 405)


class ReturnTest(ReviewTestCase):
    def test_it_works(self):
        day = self.roadmap.today() + timedelta(days=3)
        response = self.send_back(
            correct_by=f"{day:%d.%m.%Y}", **{"remark1-field": "evidence", "remark1-text": "Нет подписи."}
        )
        self.assertRedirects(response, "/review/")
        report = Report.objects.get()
        self.assertEqual((report.state, report.correct_by), ("returned", day))
        self.assertEqual(
            [(r.field, r.text, r.made_by) for r in report.remarks.all()],
            [("narrative", "Назовите орган.", self.reviewer), ("evidence", "Нет подписи.", self.reviewer)],
        )

    def test_it_needs_a_remark(self):
        response = self.send_back(**{"remark0-text": " \r\n "})
        self.assertContains(response, "Write at least one remark", status_code=400)
        self.assertEqual(self.state(), "submitted")

    def test_bad_input_stands_at_its_field_and_the_remark_is_kept(self):
        for field, value, sentence in (
            ("correct_by", "вчера", "is not a day"),
            ("correct_by", "01.01.2020", "Give a day that is still to come."),
            ("remark0-field", "чепуха", "Select a valid choice"),
            ("remark1-text", "я" * 4001, "at most 4000 characters"),
            ("remark1-text", "нуль\x00байт", "Null characters"),
        ):
            with self.subTest(field=field, value=value[:20]):
                response = self.send_back(**{field: value})
                self.assertContains(response, sentence, status_code=400)
                self.assertContains(response, "Назовите орган.", status_code=400)
        self.assertEqual((self.state(), self.report.remarks.count()), ("submitted", 0))

    def test_twice_is_once(self):
        self.send_back()
        self.assertRedirects(self.send_back(), "/review/")  # the button was pressed twice
        self.assertEqual(self.report.remarks.count(), 1)


class DifferenceTest(SimpleTestCase):
    def test_words_are_marked_and_spaces_stay_outside(self):
        self.assertEqual(
            marked("The draft is agreed in part.", "The text is agreed in full."),
            "The <del>draft</del> <ins>text</ins> is agreed in <del>part</del> <ins>full</ins>.",
        )

    def test_short_words_between_changes_join_them(self):
        self.assertEqual(marked("will be then signed", "has now be long signed").count("<del>"), 1)

    def test_a_sentence_end_does_not_join(self):
        self.assertEqual(marked("раз. два", "три. четыре").count("<ins>"), 2)

    def test_nothing_changed_and_all_new(self):
        self.assertEqual(marked("Ёлка, мост", "Ёлка, мост"), "Ёлка, мост")
        self.assertEqual(marked("", "Новый текст"), "<ins>Новый текст</ins>")
        self.assertEqual(marked("Старый текст", ""), "<del>Старый текст</del>")

    def test_both_texts_can_be_read_back(self):
        for old, new in ((OLD, NEW), ("а б в", "в б а"), ("один\nдва", "один\n\nтри два"), ("", "")):
            stretches = word_difference(old, new)
            before = "".join(taken for taken, _put in stretches)
            after = "".join(taken if put is None else put for taken, put in stretches)
            self.assertEqual(("".join(before.split()), after), ("".join(old.split()), new))

    def test_it_is_escaped(self):
        self.assertEqual(marked("a", "<script>&"), "<del>a</del> <ins>&lt;script&gt;&amp;</ins>")

    def test_a_hostile_text_takes_no_time(self):
        one, other = "а " * 2000, "б " + "а " * 1998 + "в"
        self.assertIn("<ins>", marked(one, other))
        self.assertIn("<ins>", marked("!" * 4000, "?" * 4000))
