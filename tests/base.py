"""The named cast that the tests share, and the check that history holds after each of them."""

from django.core.cache import caches
from django.test import TestCase

from tests import make
from tracker.history.checks import differences
from tracker.roadmaps.models import Role


class Cast:
    """A roadmap of Kazakhstan and Russia, one person in each role; `self.item` and `self.milestone` belong to both."""

    @classmethod
    def enter_cast(cls):
        cls.kazakhstan, cls.russia, cls.tajikistan = make.party("KZ"), make.party("RU"), make.party("TJ")
        cls.roadmap = make.roadmap("plan", parties=("KZ", "RU", "TJ"))
        cls.item = make.item(cls.roadmap, number="1.1", parties={"KZ": "lead", "RU": "co_executor"})
        cls.milestone = make.milestone(cls.item, number="1.1.1", term="30.06.2026")
        cls.kz_commitment = cls.milestone.commitments.get(party=cls.kazakhstan)
        cls.ru_commitment = cls.milestone.commitments.get(party=cls.russia)
        cls.kz_analyst = make.user("analyst.kz@example.org", name="Айгуль Сериккызы")
        cls.ru_analyst = make.user("analyst.ru@example.org", name="Семён Щёголев")
        cls.reviewer = make.user("reviewer@example.org", name="Секретариат")
        cls.second_reviewer = make.user("reviewer2@example.org", name="Второй проверяющий")
        cls.coordinator = make.user("coordinator.kz@example.org", name="Координатор")
        cls.observer = make.user("observer@example.org", name="Наблюдатель")
        cls.administrator = make.user("admin@example.org", name="Администратор")
        cls.stranger = make.user("stranger@example.org", name="Посторонний")
        make.grant(cls.kz_analyst, Role.ANALYST, roadmap=cls.roadmap, party=cls.kazakhstan)
        make.grant(cls.ru_analyst, Role.ANALYST, roadmap=cls.roadmap, party=cls.russia)
        make.grant(cls.reviewer, Role.REVIEWER, roadmap=cls.roadmap)
        make.grant(cls.second_reviewer, Role.REVIEWER, roadmap=cls.roadmap)
        make.grant(cls.coordinator, Role.COORDINATOR, roadmap=cls.roadmap, party=cls.kazakhstan)
        make.grant(cls.observer, Role.OBSERVER, roadmap=cls.roadmap)
        make.grant(cls.administrator, Role.ADMINISTRATOR)


class TrackerTestCase(Cast, TestCase):
    """The cast, entered once for each class; after every test the current rows equal their open versions."""

    @classmethod
    def setUpTestData(cls):
        cls.enter_cast()

    def tearDown(self):
        self.assertEqual(differences(), [], "a current row differs from its open version")
        caches["local"].clear()  # a moment that is over is remembered for good, but this one is taken back
        super().tearDown()
