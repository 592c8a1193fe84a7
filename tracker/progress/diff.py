"""What changed between two texts, word by word, as a reader would mark it on paper."""

import re
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join

WORD = re.compile(r"\w+\s*|[^\w\s]+\s*|\s+")
ISLAND = 3  # an unchanged stretch of so few letters between two changes reads better as part of them
NO_LETTER, SENTENCE_END = re.compile(r"\W"), re.compile(r"[.!?;\n]")


def word_difference(old, new):
    """Stretches of both texts in order: (words taken out, words put in), or (words, None) for those that stayed."""
    before, after = WORD.findall(old), WORD.findall(new)
    matcher = SequenceMatcher(None, [word.strip() for word in before], [word.strip() for word in after])
    stretches = []
    for kind, a, b, c, d in matcher.get_opcodes():
        taken, put = "".join(before[a:b]), "".join(after[c:d])
        stretches.append((put, None) if kind == "equal" else (taken, put))
    return joined(stretches)


def joined(stretches):
    """Without islands: "will be" → "were" is one change, even where "of" stayed between its words."""
    result = []
    for place, (taken, put) in enumerate(stretches):
        if put is None and 0 < place < len(stretches) - 1 and is_island(taken):
            put = taken
        if put is not None and result and result[-1][1] is not None:
            result[-1] = (result[-1][0] + taken, result[-1][1] + put)
        else:
            result.append((taken, put))
    return result


def is_island(words):
    return len(NO_LETTER.sub("", words)) <= ISLAND and not SENTENCE_END.search(words)


def marked(old, new):
    """The new text with `<del>` and `<ins>`; spaces at the end of a stretch stay outside the marks."""
    return format_html_join("", "{}", ((part,) for stretch in word_difference(old, new) for part in marks(*stretch)))


def marks(taken, put):
    if put is None:
        yield taken
        return
    if taken.strip():
        yield format_html("<del>{}</del>", taken.strip())
        yield " " if put.strip() else ""
    if put.strip():
        yield format_html("<ins>{}</ins>", put.strip())
    last = put or taken
    yield last[len(last.rstrip()) :]
