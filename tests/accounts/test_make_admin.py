from datetime import date
from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.test import TestCase

from tests import make
from tracker.accounts.models import User
from tracker.history.checks import differences
from tracker.roadmaps import access
from tracker.roadmaps.models import Grant, Role

COMMAND = "tracker.accounts.management.commands.make_admin"


class MakeAdminTest(TestCase):
    def call(self, email="first@example.org", password="очень длинный пароль"):
        out = StringIO()
        call_command("make_admin", email=email, password=password, stdout=out)
        return out.getvalue()

    def test_the_first_administrator_may_sign_in_and_administer(self):
        self.assertIn("may now sign in", self.call())
        user = User.objects.get()
        self.assertTrue(access.is_administrator(user))
        self.assertTrue(user.check_password("очень длинный пароль"))

    def test_twice_changes_nothing(self):
        self.call()
        self.assertIn("already", self.call(password="другой длинный пароль"))
        self.assertTrue(User.objects.get().check_password("очень длинный пароль"))

    def test_a_person_who_is_there_keeps_the_password(self):
        make.user("first@example.org", password="прежний пароль 2026")
        self.call()
        self.assertTrue(User.objects.get().check_password("прежний пароль 2026"))
        self.assertTrue(access.is_administrator(User.objects.get()))

    def test_a_person_who_could_not_sign_in_now_can(self):
        make.user("first@example.org", is_active=False)
        self.call()
        user = User.objects.get()
        self.assertTrue(user.is_active and user.check_password("очень длинный пароль"))
        self.assertTrue(access.is_administrator(user))

    def test_a_role_that_has_ended_is_renewed(self):
        user = make.user("first@example.org", password="прежний пароль 2026")
        make.grant(user, Role.ADMINISTRATOR, until=date(2026, 1, 31))
        self.assertIn("may now sign in", self.call())
        self.assertIsNone(Grant.objects.get().until)
        self.assertEqual(differences(), [])

    def test_it_asks_for_what_is_not_given_and_the_password_twice(self):
        with patch("builtins.input", return_value=" First@Example.org "), patch(f"{COMMAND}.getpass") as asked:
            asked.return_value = "очень длинный пароль"
            self.call(email=None, password=None)
        self.assertEqual(asked.call_count, 2)
        self.assertTrue(access.is_administrator(User.objects.get(email="first@example.org")))

    def test_two_different_passwords_change_nothing(self):
        typed = patch(f"{COMMAND}.getpass", side_effect=["очень длинный пароль", "очень длинный порало"])
        with typed, self.assertRaisesMessage(CommandError, "differ"):
            self.call(password=None)
        self.assertFalse(User.objects.exists())

    def test_bad_input_is_refused_in_words_and_nobody_is_entered(self):
        for email, password in (
            ("не почта", "очень длинный пароль"),
            ("a@example.org", "12345"),
            ("a@example.org", "password1234"),
        ):
            with self.subTest(email=email, password=password), self.assertRaises(CommandError):
                self.call(email, password)
        self.assertFalse(User.objects.exists())
