"""Screenshots of the main pages of a running service: light, dark, phone and Russian.

Usage: python -m scripts.shots http://127.0.0.1:8000 PASSWORD [folder] [page …]
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ROADMAP = "/r/jap-2025-2027/"
PAGES = {
    "sign-in": ("", "/account/login/"),
    "overview": ("reviewer", ROADMAP),
    "status-table": ("reviewer", ROADMAP + "milestones/"),
    "past-day": ("observer", ROADMAP + "milestones/?on=2026-03-01"),
    "marks": ("reviewer", ROADMAP + "milestones/?since=edition-3"),
    "changes": ("reviewer", ROADMAP + "changes/"),
    "edition": ("reviewer", ROADMAP + "editions/3/"),
    "history": ("admin", "/history/item/1/"),
    "items": ("observer", ROADMAP + "items/"),
    "item": ("reviewer", "first item"),
    "rounds": ("admin", ROADMAP + "rounds/"),
    "desk": ("analyst.kz", "/desk/"),
    "report": ("analyst.kz", "first report"),
    "review": ("reviewer", "/review/"),
    "review-list": ("reviewer", "/review/all/"),
    "board": ("admin", ROADMAP + "rounds/4/"),
    "deadlines": ("reviewer", ROADMAP + "deadlines/"),
    "documents": ("observer", ROADMAP + "documents/"),
    "people": ("admin", "/people/"),
    "rights": ("admin", "/rights/"),
    "security": ("admin", "/security/"),
    "account": ("analyst.kz", "/account/"),
    "admin-item": ("admin", "/admin/roadmaps/item/"),
}
LOOKS = {
    "light": {"viewport": {"width": 1440, "height": 900}},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
    "ru": {"viewport": {"width": 1440, "height": 900}, "locale": "ru-RU"},
}
FIRST = {
    "first item": (ROADMAP + "milestones/", "tr.item a"),
    "first report": ("/desk/", "main a[href^='/reports/']"),
}


def sign_in(page, base, who, password):
    page.goto(base + "/account/login/")
    page.fill("#id_login", f"{who}@example.org")
    page.fill("#id_password", password)
    page.click("main button")


def take(base, password, folder, wanted):
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for look, options in LOOKS.items():
            contexts = {}
            for name, (who, address) in PAGES.items():
                if wanted and name not in wanted:
                    continue
                if who not in contexts:
                    contexts[who] = browser.new_context(**options).new_page()
                    contexts[who].on("console", lambda message: print("console:", message.text))
                    if who:
                        sign_in(contexts[who], base, who, password)
                page = contexts[who]
                if address in FIRST:
                    page.goto(base + FIRST[address][0])
                    address = page.locator(FIRST[address][1]).first.evaluate("link => link.href").removeprefix(base)
                page.goto(base + address)
                page.screenshot(path=folder / f"{name}-{look}.png")
                wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                if wide > 0:
                    print(f"{name}-{look}: {wide} px wider than the window")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1], sys.argv[2], Path(sys.argv[3] if len(sys.argv) > 3 else "shots"), sys.argv[4:])
