"""A real browser on a real server: Debian's chromium through playwright."""

import os
import shutil
import unittest
from datetime import UTC, datetime

import pytest
from django.contrib.staticfiles.testing import StaticLiveServerTestCase

from tests import make
from tests.base import Cast
from tracker.history.changes import change_set

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.mark.browser
@unittest.skipUnless(CHROMIUM, "chromium is not installed: apt-get install chromium")
class BrowserTestCase(Cast, StaticLiveServerTestCase):
    """The cast of TrackerTestCase, each of whom may open pages; console errors fail the test."""

    @classmethod
    def setUpClass(cls):
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
            "true"  # playwright runs a loop in this thread; the database is ours alone
        )
        super().setUpClass()
        from playwright.sync_api import sync_playwright

        cls.playwright = sync_playwright().start()
        cls.browser = cls.playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cls.addClassCleanup(cls.playwright.stop)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        with change_set(at=datetime(2026, 1, 1, tzinfo=UTC)):
            self.enter_cast()
        for person in (self.kz_analyst, self.reviewer, self.administrator, self.observer):
            person.set_password(make.PASSWORD)
            person.save()
        self.complaints = []

    def tearDown(self):
        self.assertEqual(self.complaints, [], "the browser complained")
        super().tearDown()

    def hear(self, message):
        """A refused form is no complaint; everything else that the console calls an error is."""
        if message.type == "error" and "status of 400" not in message.text:
            self.complaints.append(message.text)

    def open(self, person=None, **options):
        """A new window, signed in as the person through the page."""
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if person:
            page.goto(f"{self.live_server_url}/account/login/")
            page.fill("#id_login", person.email)
            page.fill("#id_password", make.PASSWORD)
            page.click("main button[type=submit], main .button--main")
        return page
