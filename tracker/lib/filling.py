"""A page with its form filled in again, from what was typed before."""

from html import escape
from html.parser import HTMLParser


def fill(page, typed):
    """The HTML page, its controls set to what was typed: {name: [values]}. Everything else stays as it was.

    Hidden fields keep what the page gives them: tokens and versions are the page's own.
    """
    filler = Filler(typed)
    filler.feed(page)
    filler.close()
    return "".join(filler.out)


class Filler(HTMLParser):
    def __init__(self, typed):
        super().__init__(convert_charrefs=False)
        self.typed, self.out = typed, []
        self.in_post = self.select = self.skipping = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.in_post = attrs.get("method", "").lower() == "post"
        text, name = self.get_starttag_text(), attrs.get("name")
        values = self.typed.get(name) if self.in_post and "disabled" not in attrs else None
        if tag == "option" and self.select is not None:
            text = with_attribute(text, attrs, "selected", attrs.get("value", "") in self.select)
        elif tag in ("input", "textarea", "select") and name:
            text = self.control(tag, attrs, text, values)
        self.out.append(text)
        if tag == "textarea" and values is not None:
            self.out.append("\n" + escape(values[0], quote=False))
            self.skipping = tag

    def control(self, tag, attrs, text, values):
        kind = attrs.get("type", "text").lower()
        if tag == "select":
            self.select = values
        elif tag == "input" and kind in ("checkbox", "radio") and self.in_post and "disabled" not in attrs:
            # A box that was cleared is not sent: a radio tells by its name, a box by the form having been sent
            if kind == "checkbox" or values is not None:
                text = with_attribute(text, attrs, "checked", attrs.get("value", "on") in (values or ()))
        elif tag == "input" and values is not None and kind not in ("hidden", "password", "file", "submit", "button"):
            text = with_attribute(text, attrs, "value", values[0])
        return text

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        if tag == self.skipping:
            self.skipping = None
        if tag == "select":
            self.select = None
        elif tag == "form":
            self.in_post = None
        self.out.append(f"</{tag}>")

    def handle_data(self, data):
        if not self.skipping:
            self.out.append(data)

    def handle_entityref(self, name):
        self.handle_data(f"&{name};")

    def handle_charref(self, name):
        self.handle_data(f"&#{name};")

    def handle_comment(self, data):
        self.out.append(f"<!--{data}-->")

    def handle_decl(self, decl):
        self.out.append(f"<!{decl}>")


def with_attribute(text, attrs, name, value):
    """The tag with the attribute: True and False for one without a value."""
    kept = {key: content for key, content in attrs.items() if key != name}
    if value is not False:
        kept[name] = None if value is True else value
    tag = text[1:].split(None, 1)[0].rstrip("/>")
    parts = [tag, *(key if content is None else f'{key}="{escape(content)}"' for key, content in kept.items())]
    return f"<{' '.join(parts)}>"
