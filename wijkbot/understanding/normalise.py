"""In which one form are all texts compared? Lower case, bare letters, bounded length."""

from __future__ import annotations

import re
import unicodedata

TEXT_LIMIT = 2_000
"""Characters that are read of one message; what follows is dropped."""
WORD_LIMIT = 40
"""Characters that are read of one word; longer ones are links or noise."""

LAUGH = "haha"
"""The word that stands for every laughing emoji and every written laugh."""

_LAUGHING = re.compile("[\U0001f602\U0001f923\U0001f606\U0001f605\U0001f639\U0001f480\U0001f601]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)
_COMBINING = re.compile(r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0670]+")
_APOSTROPHES = re.compile("[\u2018\u2019\u201b\u02bc\u00b4`\u2032\u02b9]")
_ELISION = re.compile(r"\b(qu|[cdjlmnst])'(?=[aeiouyh])")
_MENTION = re.compile(r"(?<!\w)@[\w.:-]+")
_REPEATED = re.compile(r"(.)\1{2,}", re.DOTALL)
_NO_WORD = re.compile(r"[\W_]+")
_WRITTEN_LAUGH = re.compile(
    r"\b(?:a?(?:ha|he|hi|ja|je|xa){2,}h?|lo+l|lmf?ao|rofl|mdr+|ptdr|xd+|hh+)\b"
)
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ı": "i",
        "ł": "l",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "đ": "d",
        "ـ": None,
        "ى": "ي",
        "ة": "ه",
        "ٱ": "ا",
        "ی": "ي",
        "ک": "ك",
        "ґ": "г",
    }
)


def clean(text: str) -> str:
    """The text without invisible characters, in NFKC, cut at ``TEXT_LIMIT`` characters.

    Takes bounded time: what lies far behind the limit is never looked at.
    """
    if text.isascii() and text.isprintable():  # most messages: nothing to take away
        return text[:TEXT_LIMIT]
    head = _COMBINING.sub(lambda m: m[0][:2], text[: TEXT_LIMIT * 2])
    visible = _INVISIBLE.sub("", head)
    return unicodedata.normalize("NFKC", visible[:TEXT_LIMIT])[:TEXT_LIMIT]


def plain(text: str) -> str:
    """Lower case words without accents or punctuation, one space between them.

    Laughing becomes the word "haha"; three or more equal characters become two; a mention
    ("@somebody") falls away. Expects what :func:`clean` gave, and is safe with anything.
    """
    bare = _bare(text[:TEXT_LIMIT])
    if "@" in bare:
        bare = _MENTION.sub(" ", bare)
    if "'" in bare:
        bare = _ELISION.sub(r"\1 ", bare).replace("'", "")
    short = _REPEATED.sub(r"\1\1", _NO_WORD.sub(" ", bare))
    words = [word[:WORD_LIMIT] for word in _WRITTEN_LAUGH.sub(LAUGH, short).split()]
    return " ".join(words)[:TEXT_LIMIT]


def _bare(text: str) -> str:
    """Lower case, without accents, one kind of apostrophe; ASCII needs little of that."""
    if text.isascii():
        return text.lower().replace("`", "'")
    lowered = _APOSTROPHES.sub("'", _LAUGHING.sub(f" {LAUGH} ", text)).lower()
    return _COMBINING.sub("", unicodedata.normalize("NFKD", lowered)).translate(_LETTERS)
