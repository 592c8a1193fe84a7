"""What the attacks share: every address of the site, and what a parsed page would do in a browser."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote

from django.test import Client
from django.urls import get_resolver
from django.urls.exceptions import NoReverseMatch

from tests import make

EVIL = "https://evil.example"


def routes(patterns=None, prefix="/"):
    """(route, name) of every address of the URLconf, the administration's included."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + re.sub(r"^\^|\$$", "", str(pattern.pattern))
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern.name


def parts(route):
    """The names of what changes in an address: <int:pk>, (?P<key>…)."""
    return re.findall(r"<(?:\w+:)?(\w+)>", route)


def address(route, **values):
    """The address of a route, its changing parts filled in."""
    for name in parts(route):
        value = str(values.get(name, values.get("else_", "1")))
        route = re.sub(rf"\(\?P<{name}>(?:[^()]|\([^()]*\))*\)|<(?:\w+:)?{name}>", lambda _match, v=value: v, route)
    if "(" in route or "<" in route:
        raise NoReverseMatch(route)
    return route.replace("\\", "")


def signed_in(person, **options):
    client = Client(**options)
    client.force_login(person)
    return client


def sign_in(client, email, password=make.PASSWORD, **options):
    return client.post("/account/login/", {"login": email, "password": password}, **options)


def plain(response):
    """The text of an answer without what differs every time: tokens of forms, sealed texts."""
    return re.sub(r'value="[A-Za-z0-9]{64}"', "", response.content.decode())


class Looking(HTMLParser):
    """Reads a page as a browser does and notes what could run or lead away."""

    LEADS = {"href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcset", "ping"}
    NEVER = {
        "iframe",
        "object",
        "embed",
        "base",
        "style",
        "applet",
        "q",
    }  # of our pages; the last is what attacks write

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        is_script = tag == "script" and not attrs.get("src") and attrs.get("type") != "application/json"
        if is_script or tag in self.NEVER or (tag == "meta" and "http-equiv" in attrs):
            self.found.append(f"<{tag}>")
        for name, value in attrs.items():
            if name.startswith("on") or name in ("style", "srcdoc") or (tag == "img" and value == "x"):
                self.found.append(f"<{tag} {name}={value!r}>")
            if name in self.LEADS and re.match(
                r"[\x00-\x20]*(javascript|vbscript|data):(?!image/)", unquote(value), re.I
            ):
                self.found.append(f"<{tag} {name}={value!r}>")


def dangers(response):
    """What in the page could run, or lead to an address that runs; empty for a safe page."""
    looking = Looking()
    content = b"".join(response.streaming_content) if response.streaming else response.content
    looking.feed(content.decode())
    looking.close()
    return looking.found
