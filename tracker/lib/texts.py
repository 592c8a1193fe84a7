"""One text in several languages: a JSON column `{"ru": "…", "en": "…"}`, and how it is searched.

A translation remembers which original it was made from: beside `"en"` stands `"~en"` with the digests of the
translation and of its original (domain.md §1). A changed original makes it stale; a changed translation renews it.
"""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2s

from django import forms
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import get_language, pgettext

MARK = "~"
CODE = re.compile(r"~?[a-z]{2,3}")


def fold(*parts):
    """The text as search compares it: letter case, ё/е, spacing and look-alike forms do not matter."""
    return " ".join(letters(" ".join(str(part) for part in parts if part)).split())


def letters(text):
    return unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")


def quoted(text):
    """The text in the quotation marks of the reader's language."""
    return pgettext("a quotation", "“%(text)s”") % {"text": text}


def search_words(text):
    """The words of a search, folded, each once; more than a person would type are left out."""
    return list(dict.fromkeys(fold(text.replace("\x00", "")[:500]).split()))[:10]


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; whether it is what was searched for."""

    text: str
    is_found: bool = False


def passage(text, words, *, around=None):
    """The text as pieces, in its own letters, with what the folded words of a search find in it.

    `around` is how many characters are shown before and after the first find; without it, all are.
    """
    finds = found_in(text, words)
    begin, end = window(text, finds[0] if finds else (0, 0), around) if around else (0, len(text))
    pieces, done = ([Piece("… ")] if begin else []), begin
    for first, last in finds:
        if last <= end:
            pieces += [Piece(text[done:first]), Piece(text[first:last], is_found=True)]
            done = last
    pieces += [Piece(text[done:end]), *([Piece(" …")] if end < len(text) else [])]
    return [piece for piece in pieces if piece.text]


def found_in(text, words):
    """Where the words stand in the text: (first, last), in order; what touches is one."""
    folded, begins, ends = with_places(text)
    found = []
    for first, last in sorted((begins[at], ends[at + len(word) - 1]) for word in words for at in starts(folded, word)):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def with_places(text):
    """The text in the letters that search compares, and where in the text each of these begins and ends."""
    folded = letters(text)
    if len(folded) == len(text) and unicodedata.is_normalized("NFKC", text):
        return folded, range(len(text)), range(1, len(text) + 1)
    whole, begins, ends = "", [], []
    for cluster in re.finditer(r".[\u0300-\u036f]*", text, re.DOTALL):  # a letter with the marks that are put on it
        own = letters(cluster[0])
        whole += own
        begins += [cluster.start()] * len(own)
        ends += [cluster.end()] * len(own)
    return whole, begins, ends


def starts(folded, word):
    at = folded.find(word)
    while at >= 0:
        yield at
        at = folded.find(word, at + len(word))


def window(text, find, around):
    """Where to cut a long text so that the find stands in it, between words."""
    first, last = max(0, find[0] - around), find[1] + around
    if first:
        first = text.find(" ", first, find[0]) + 1 or first
    if last < len(text):
        cut = text.rfind(" ", find[1], last)
        last = cut if cut >= 0 else last
    return first, min(last, len(text))


def digest(text):
    return blake2s(text.encode(), digest_size=6).hexdigest()


class Texts(dict):
    """A text by language code. `str()` is the reader's language, or the nearest there is."""

    def __str__(self):
        return self.spoken()[0]

    def __bool__(self):
        return any(self.languages())

    def languages(self):
        """The codes of the languages that have a text, in the order they were entered."""
        return [code for code, text in self.items() if text and not code.startswith(MARK)]

    def spoken(self, language=None):
        """(text, language) in the given or the reader's language, else in Russian, English or whatever there is."""
        wanted = (language or get_language() or settings.LANGUAGE_CODE)[:2]
        for code in (wanted, "ru", "en", *self.languages()):
            if self.get(code):
                return self[code], code
        return "", wanted

    def all(self):
        """Every wording, for search: Russian first, then by code, for a database may keep another order."""
        return [self[code] for code in sorted(self.languages(), key=lambda code: (code != "ru", code))]

    def mark(self, authentic):
        """Remember for each new or changed translation which original it was made from."""
        original = digest(self.get(authentic, ""))
        for code in self.languages():
            own = digest(self[code])
            if code != authentic and not self.get(MARK + code, "").startswith(own):
                self[MARK + code] = f"{own}:{original}"

    def is_stale(self, language, authentic):
        """Whether the original has changed since this translation was made."""
        made_from = self.get(MARK + language, "").partition(":")[2]
        return bool(made_from and self.get(language) and made_from != digest(self.get(authentic, "")))


class TextsAttribute(DeferredAttribute):
    """A plain dict that is set becomes `Texts`."""

    def __set__(self, instance, value):
        instance.__dict__[self.field.attname] = Texts(value) if type(value) is dict else value


class TextsField(models.JSONField):
    """A column of `Texts`."""

    descriptor_class = TextsAttribute

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("default", Texts)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value, expression, connection):
        value = super().from_db_value(value, expression, connection)
        return Texts(value) if isinstance(value, dict) else value  # a key transform (wording__ru) is a plain string

    def to_python(self, value):
        return Texts(value) if isinstance(value, dict) else super().to_python(value)

    def formfield(self, **kwargs):
        kwargs.pop("encoder", None)
        kwargs.pop("decoder", None)
        kwargs.setdefault("widget", TextsInput)
        # no hidden copy of the initial text, which Django would add for a default that is called
        return models.Field.formfield(self, **{"form_class": TextsFormField, "show_hidden_initial": False, **kwargs})


class TextsInput(forms.Widget):
    """One field a language: the interface's languages and those that the text already has."""

    template_name = "components/texts_input.html"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        text = Texts(value or {})
        names = dict(settings.LANGUAGES)
        codes = [*names, *(code for code in text.languages() if code not in names)]
        context["widget"]["texts"] = [
            {"code": code, "label": names.get(code, code), "value": text.get(code, "")} for code in codes
        ]
        context["widget"]["marks"] = [
            {"code": code, "value": value} for code, value in text.items() if code.startswith(MARK)
        ]
        return context

    def value_from_datadict(self, data, files, name):
        prefix = f"{name}:"
        found = {
            key.removeprefix(prefix): data[key].replace("\x00", "").strip() for key in data if key.startswith(prefix)
        }
        return Texts({code: text for code, text in found.items() if text and CODE.fullmatch(code)})

    def value_omitted_from_data(self, data, files, name):
        return not any(key.startswith(f"{name}:") for key in data)


class TextsFormField(forms.Field):
    """At least one language, where the text is required."""

    widget = TextsInput

    def clean(self, value):
        value = Texts(value or {})
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return value

    def has_changed(self, initial, data):
        return Texts(initial or {}) != Texts(data or {})
