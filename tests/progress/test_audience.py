"""Who reads a report: what its form says before, what pages, counts and files show after."""

from datetime import date

from tests import make
from tests.base import TrackerTestCase
from tracker.progress.audience import readers_of
from tracker.progress.models import Report
from tracker.roadmaps.models import Role


class ReadersTest(TrackerTestCase):
    def readers(self, **fields):
        report = make.report(commitment_=self.kz_commitment, author=self.kz_analyst, **fields)
        found = readers_of(report)
        return report, set(found.own), set(found.reviewers), set(found.others)

    def test_each_person_stands_once_by_the_first_reason(self):
        make.grant(self.coordinator, Role.REVIEWER, roadmap=self.roadmap)
        _report, own, reviewers, others = self.readers()
        self.assertEqual(own, {self.kz_analyst, self.coordinator})
        self.assertEqual(reviewers, {self.reviewer, self.second_reviewer})
        self.assertEqual(others, {self.ru_analyst, self.observer, self.administrator})

    def test_another_area_a_closed_account_and_an_ended_grant_read_nothing(self):
        elsewhere, closed, ended = make.user(), make.user(is_active=False), make.user()
        make.grant(elsewhere, Role.REVIEWER, roadmap=self.roadmap, area=make.area("transport"))
        make.grant(closed, Role.REVIEWER, roadmap=self.roadmap)
        make.grant(ended, Role.OBSERVER, roadmap=self.roadmap, until=date(2020, 1, 1))
        _report, own, reviewers, others = self.readers()
        self.assertFalse({elsewhere, closed, ended} & (own | reviewers | others))

    def test_who_is_named_is_who_reads(self):
        """The names before are the readers after, in each state and for both audiences."""
        people = [self.kz_analyst, self.ru_analyst, self.reviewer, self.coordinator, self.observer, self.administrator,
                  self.stranger]  # fmt: skip
        for state, audience, groups in (
            ("draft", "all", ("own",)),
            ("returned", "all", ("own",)),
            ("submitted", "own", ("own", "reviewers")),
            ("accepted", "own", ("own", "reviewers")),
            ("accepted", "all", ("own", "reviewers", "others")),
        ):
            Report.objects.all().delete() if Report.objects.exists() else None
            report = make.report(commitment_=self.kz_commitment, state=state, audience=audience)
            named = {person for group in groups for person in getattr(readers_of(report), group)}
            reading = {
                person
                for person in people
                if Report.objects.visible_to(person).with_open_text(person).filter(text_is_open=True).exists()
            }
            self.assertEqual(reading, named & set(people), (state, audience))

    def test_the_form_names_them(self):
        report, *_groups = self.readers(state="draft")
        self.client.force_login(self.kz_analyst)
        response = self.client.get(report.get_absolute_url())
        self.assertContains(response, "Who that is: own party 2, reviewers 2, all others 3")
        self.assertContains(response, "Секретариат")


class CountsTest(TrackerTestCase):
    """Counts, search and files cover what the reader may see."""

    def test_rounds_count_the_states_one_may_see_and_the_rest_as_one(self):
        round_ = make.round_(self.roadmap)
        make.report(commitment_=self.kz_commitment, round__=round_, state="returned")
        make.report(commitment_=self.ru_commitment, round__=round_, state="accepted")
        for person, states, hidden in (
            (self.kz_analyst, {"returned": 1, "accepted": 1}, 0),
            (self.ru_analyst, {"accepted": 1}, 1),
            (self.observer, {"accepted": 1}, 1),
            (self.reviewer, {"accepted": 1}, 1),
        ):
            self.client.force_login(person)
            ((_round, counts, rest, total),) = self.client.get("/r/plan/rounds/").context["rows"]
            self.assertEqual(({str(state): n for state, n in counts if n}, rest, total), (states, hidden, 2), person)

    def test_a_text_of_the_own_party_is_in_no_page_or_file_of_others(self):
        make.report(
            commitment_=self.kz_commitment, state="accepted", audience="own", narrative="Только для своих", percent=40
        )
        for person in (self.ru_analyst, self.observer, self.administrator):
            self.client.force_login(person)
            for address in (
                "/r/plan/",
                f"/r/plan/items/{self.item.pk}/",
                "/r/plan/milestones/?q=своих",
                "/r/plan/rounds/",
            ):
                self.assertNotContains(self.client.get(address), "Только для своих")
            file = self.client.get("/r/plan/milestones/?export=csv")
            self.assertNotIn("Только для своих", b"".join(file.streaming_content).decode())
