from datetime import date
from io import StringIO
from unittest.mock import patch

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import TestCase

from tracker.accounts.models import User
from tracker.demo.sample import story_of
from tracker.history.checks import differences
from tracker.history.models import ChangeSet
from tracker.progress.models import DeadlineChange, Evidence, Report, Round
from tracker.progress.recount import recount
from tracker.progress.status import Timeliness, counts
from tracker.roadmaps.models import Commitment, Executor, Grant, Item, Milestone, Roadmap, RoadmapArea

ADDRESS = "/r/jap-2025-2027/"


class LoadDemoTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.said = cls.load(password="пароль для примера")

    @staticmethod
    def load(**options):
        out = StringIO()
        call_command("load_demo", stdout=out, **options)
        return out.getvalue()

    def test_it_is_as_large_and_as_varied_as_said(self):
        self.assertGreaterEqual(Item.objects.count(), 50)
        self.assertGreaterEqual(Milestone.objects.count(), 150)
        self.assertEqual(RoadmapArea.objects.count(), 7)
        self.assertEqual(Round.objects.count(), 4)
        self.assertGreaterEqual(len(set(Milestone.objects.values_list("agreed_kind", flat=True))), 8)
        self.assertEqual(
            set(Report.objects.values_list("state", flat=True)), {"asked", "draft", "submitted", "accepted", "returned"}
        )
        self.assertGreaterEqual(DeadlineChange.objects.count(), 14)
        self.assertTrue(Evidence.objects.exclude(file="").exists())
        tally = counts(Milestone.objects.all(), on=date(2026, 11, 24))
        self.assertTrue(all(tally[timeliness] for timeliness in Timeliness), tally)

    def test_each_item_names_its_source_and_a_real_body_and_is_worded_in_both_languages(self):
        for item in Item.objects.all():
            self.assertTrue(item.source.get("ru") and item.source.get("en"), item)
            self.assertTrue(item.wording.get("ru") and item.wording.get("en"), item)
            self.assertTrue(Executor.objects.filter(participation__item=item).exists(), item)

    def test_what_is_stored_follows_from_the_reports_and_history_holds(self):
        self.assertEqual(list(recount()), [])
        self.assertEqual(differences(), [])

    def test_loading_twice_changes_nothing(self):
        before = ChangeSet.objects.count(), Report.history.model.objects.count(), User.objects.count()
        self.load(password="пароль для примера")
        self.assertEqual(
            (ChangeSet.objects.count(), Report.history.model.objects.count(), User.objects.count()), before
        )

    def test_a_given_password_is_set_even_when_the_people_exist_and_is_not_printed(self):
        self.assertNotIn("пароль для примера", self.said)
        self.load(password="другой пароль 2026")
        self.assertTrue(User.objects.get(email="analyst.kz@example.org").check_password("другой пароль 2026"))
        self.assertTrue(self.client.login(username="analyst.kz@example.org", password="другой пароль 2026"))

    def test_the_people_begin_where_their_work_is_and_see_that_it_is_a_sample(self):
        for name, address in (
            ("analyst.tj", "/desk/"),
            ("reviewer", ADDRESS),
            ("observer", ADDRESS),
            ("admin", ADDRESS),
        ):
            self.client.force_login(User.objects.get(email=f"{name}@example.org"))
            self.assertRedirects(self.client.get("/"), address)
            self.assertContains(self.client.get(ADDRESS + "milestones/"), '<span class="sample">')

    def test_a_past_day_differs_from_today(self):
        self.client.force_login(User.objects.get(email="observer@example.org"))
        completed = {
            on: self.client.get(ADDRESS, {"on": on}).context["headline"][3][0].count
            for on in ("2025-10-08", "2025-11-01", "2026-03-01", "2026-11-24")
        }
        self.assertEqual(list(completed.values()), sorted(completed.values()))
        self.assertEqual(completed["2025-11-01"], 0)
        self.assertLess(completed["2026-03-01"], completed["2026-11-24"])
        self.assertTrue(Roadmap.objects.get().is_sample)

    def test_what_was_set_or_taken_away_since_stays_so_at_the_next_start(self):
        User.objects.filter(email="observer@example.org").update(is_active=False)
        Grant.objects.filter(user__email="admin@example.org").delete()
        self.assertIn("as given before", self.load())
        self.assertTrue(User.objects.get(email="admin@example.org").check_password("пароль для примера"))
        self.assertFalse(Grant.objects.filter(user__email="admin@example.org").exists())
        self.assertFalse(User.objects.get(email="observer@example.org").is_active)

    def test_the_password_made_at_the_first_start_is_kept_for_its_owner(self):
        path = settings.DATA_DIR / "demo_password"
        User.objects.update(password="!")  # as new people have
        first, second = self.load().splitlines()[-1], self.load().splitlines()[-1]
        self.assertEqual(first, second)
        self.assertTrue(User.objects.get(email="reviewer@example.org").check_password(first.split(": ")[1]))
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.load(password="другой пароль 2026")
        self.assertFalse(path.exists())

    def test_each_version_names_who_did_it(self):
        """Parties report, the secretariat decides, the administration plans."""
        history = Report.history.model.objects.select_related("change_set__person", "commitment__party")
        for version in history.filter(state="submitted"):
            name = f"analyst.{version.commitment.party.code.lower()}@example.org"
            self.assertEqual(version.change_set.person.email, name)
            self.assertEqual(version.submitted_at, version.history_date)
        deciders = history.filter(state__in=["accepted", "returned"]).values_list("change_set__person__email")
        self.assertEqual(set(deciders), {("reviewer@example.org",)})
        people = Commitment.history.model.objects.filter(version=1).values_list("change_set__person__email")
        self.assertEqual(set(people), {("admin@example.org",)})

    def test_a_story_that_is_cut_off_is_not_taken_for_the_whole(self):
        with transaction.atomic():
            Roadmap.objects.filter(slug="jap-2025-2027").update(slug="another")
            cut_off = patch("tracker.demo.programme.Telling.tell", side_effect=KeyboardInterrupt)
            with cut_off, self.assertRaises(KeyboardInterrupt):
                self.load()
            self.assertFalse(Roadmap.objects.filter(slug="jap-2025-2027").exists())


class StoryTest(TestCase):
    def test_the_grammar(self):
        story = story_of("started R2 forecast 2026-12-20 low silent R3 silent R4 returned")
        self.assertEqual((story.state, story.since, story.is_low, story.now), ("started", 2, True, "returned"))
        self.assertEqual((story.forecast_on, story.silent), (date(2026, 12, 20), {3, 4}))
        self.assertEqual(story_of("done 2026-03-20 confirmed").proof, "confirmed")

    def test_nonsense_is_refused(self):
        for text in ("", "finished", "done", "started", "none perhaps", "done 2026-03-20 twice"):
            with self.subTest(text), self.assertRaises(ValueError):
                story_of(text)
