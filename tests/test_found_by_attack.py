"""What an attack on the running product found, held so that it stays closed."""

from django.conf import settings
from django.contrib.sessions.models import Session

from tests import make
from tests.base import TrackerTestCase
from tests.pages import typed
from tracker.roadmaps.models import Executor, Grant, Role


class AttackTest(TrackerTestCase):
    def test_two_choices_of_an_executor_do_not_overwrite_each_other(self):
        first, second = (make.organisation(name, party=self.kazakhstan) for name in ("Первое", "Второе"))
        self.client.force_login(self.administrator)
        address = f"/admin/roadmaps/item/{self.item.pk}/change/"
        page = self.client.get(address)
        rows = page.context["inline_admin_formsets"][0].formset.forms
        row = next(form.prefix for form in rows if form.instance.party_id == self.kazakhstan.pk)
        mine, theirs = typed(page), typed(page)
        theirs[f"{row}-responsible"], mine[f"{row}-responsible"] = first.pk, second.pk
        self.assertEqual(self.client.post(address, theirs).status_code, 302)
        self.assertEqual(self.client.post(address, mine).status_code, 200)
        self.assertEqual([executor.organisation for executor in Executor.objects.all()], [first])

    def test_a_grant_that_is_there_already_is_refused_in_words(self):
        self.client.force_login(self.administrator)
        address = f"/admin/accounts/user/{self.observer.pk}/change/"
        data = typed(self.client.get(address))
        data |= {"grants-TOTAL_FORMS": 2, "grants-1-role": Role.OBSERVER, "grants-1-roadmap": self.roadmap.pk}
        response = self.client.post(address, data)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(Grant.objects.filter(user=self.observer).count(), 1)

    def test_a_closed_account_is_told_so(self):
        make.user("closed@example.org", password=make.PASSWORD, is_active=False)
        response = self.client.post(
            "/account/login/", {"login": "closed@example.org", "password": make.PASSWORD}, follow=True
        )
        self.assertContains(response, "You may not sign in at present")

    def test_a_search_of_a_thousand_words_is_a_search(self):
        self.client.force_login(self.administrator)
        words = "+".join(f"слово{number}" for number in range(1300))
        for address in ("/r/plan/milestones/", "/r/plan/items/", "/admin/roadmaps/milestone/"):
            self.assertEqual(self.client.get(f"{address}?q={words}").status_code, 200)

    def test_signing_out_ends_the_session_for_every_process(self):
        """A cache would be each process's own: one process cannot see that, so the engine is held too."""
        self.assertEqual(settings.SESSION_ENGINE, "django.contrib.sessions.backends.db")
        self.client.force_login(self.observer)
        key = self.client.session.session_key
        self.client.post("/account/logout/")
        self.assertFalse(Session.objects.filter(session_key=key).exists())
        self.client.cookies["sessionid"] = key
        self.assertEqual(self.client.get("/r/plan/").status_code, 302)

    def test_a_text_is_not_guessed_through_the_administration(self):
        make.report(commitment_=self.kz_commitment, state="accepted", narrative="Секрет", audience="own")
        self.client.force_login(self.administrator)
        response = self.client.get("/admin/progress/report/?narrative__startswith=Секрет")
        self.assertIn(response.status_code, (302, 400))

    def test_a_made_up_id_in_a_searched_choice_is_refused_in_words(self):
        self.client.force_login(self.administrator)
        for made_up in ("http://example.org/", "9" * 30):
            response = self.client.post("/admin/roadmaps/organisation/add/", {"parent": made_up})
            self.assertContains(response, "Select a valid choice")
