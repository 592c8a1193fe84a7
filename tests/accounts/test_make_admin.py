from io import StringIO

from django.core.management import CommandError, call_command
from django.test import TestCase

from tests import make
from tracker.accounts.models import User
from tracker.roadmaps import access


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

    def test_bad_input_is_refused_in_words_and_nobody_is_entered(self):
        for email, password in (
            ("не почта", "очень длинный пароль"),
            ("a@example.org", "12345"),
            ("a@example.org", "password1234"),
        ):
            with self.subTest(email=email, password=password), self.assertRaises(CommandError):
                self.call(email, password)
        self.assertFalse(User.objects.exists())
