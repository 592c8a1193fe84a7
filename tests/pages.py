"""Forms as a browser sends them."""

from html.parser import HTMLParser


class Fields(HTMLParser):
    """The names and values of the controls of a page's forms, as they stand."""

    def __init__(self):
        super().__init__()
        self.found, self.select, self.area = {}, None, None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        name, is_on = attrs.get("name"), "checked" in attrs or attrs.get("type") not in ("checkbox", "radio")
        if "disabled" in attrs:
            return
        if tag == "input" and name and is_on and attrs.get("type") != "submit":
            self.found[name] = attrs.get("value") or ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in attrs:
            self.found.setdefault(self.select, []).append(attrs.get("value", ""))
        elif tag == "textarea":
            self.area = name
            self.found[name] = ""

    def handle_endtag(self, tag):
        if tag == "select":
            self.select = None
        elif tag == "textarea":
            self.area = None

    def handle_data(self, data):
        if self.area:
            self.found[self.area] += data


def typed(response, **changes):
    """What the page's form would send, with some fields typed anew (`__` in a name stands for `-`)."""
    fields = Fields()
    fields.feed(response.content.decode())
    found = {name: value for name, value in fields.found.items() if "__prefix__" not in name}
    # A browser puts no line break before the text of a textarea, Django's template does
    found = {name: value.lstrip("\n") if isinstance(value, str) else value for name, value in found.items()}
    return found | {name.replace("__", "-"): value for name, value in changes.items()}


def sentences(response):
    """Everything that the page says is wrong, and its messages."""
    context = response.context
    said = [str(message) for message in context["messages"]]
    if "errors" in context:
        for errors in context["errors"]:
            said += [errors] if isinstance(errors, str) else errors
    return said
