"""In which language is a text? One of the nine that are read, or "other"."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

from wijkbot.understanding.normalise import plain

READ = ("nl", "fr", "en", "tr", "ar", "pl", "uk", "es", "de")
OTHER = "other"
DEFAULT = "nl"

_STRANGERS = (
    Language.ITALIAN,
    Language.PORTUGUESE,
    Language.ROMANIAN,
    Language.RUSSIAN,
    Language.BULGARIAN,
    Language.PERSIAN,
    Language.ALBANIAN,
    Language.SOMALI,
    Language.HUNGARIAN,
)
"""Languages that are only known in order to say "other"."""

STRANGE = 0.9
"""Certainty from which a text is taken for a language that is not read."""
STRANGE_WORDS = 4
"""Words below which a Latin text is never "other": names and chat spelling look foreign."""
KNOWN_WORDS = 0.85
"""Weight of the words of our own examples beside the letters, which mislead on short texts."""
PRIOR = 0.75
"""Weight of the hint on a text of one word; it halves with every two words more."""

_READ_SCRIPTS = re.compile(r"[a-z\u00c0-\u024f\u0400-\u052f\u0600-\u06ff]", re.IGNORECASE)
_OWN_SCRIPT = re.compile(r"[\u0400-\u052f\u0600-\u06ff]")
_LETTER = re.compile(r"[^\W\d_]")


EVERYBODYS = frozenset({"ok", "oke", "okay", "stop", "sorry", "super"})
"""Words that tell nothing of a language."""
SHORT_WORDS = 4
"""Words up to which known words decide before letters do."""


def _by_words(text: str, before: str, vocabulary: Mapping[str, frozenset[str]]) -> str:
    """The language in which most words are known, if that is at least half; the hint on a tie."""
    words = [word for word in plain(text).split() if word not in EVERYBODYS]
    if not words:
        return before
    counts = Counter(code for word in words for code in vocabulary.get(word, ()))
    best = max(counts.values(), default=0)
    if best == 0 or best * 2 < len(words):
        return ""
    leaders = [code for code in READ if counts[code] == best]
    if before in leaders:
        return before
    return leaders[0] if len(leaders) == 1 else ""


@cache
def _detector() -> LanguageDetector:
    read = [Language.from_iso_code_639_1(code) for code in _iso_codes()]
    builder = LanguageDetectorBuilder.from_languages(*read, *_STRANGERS)
    return builder.with_low_accuracy_mode().build()


def _iso_codes() -> list[IsoCode639_1]:
    return [IsoCode639_1.from_str(code.upper()) for code in READ]


def load_languages() -> None:
    """Load now what the first text in Latin letters would load, and wait for: 20 MB.

    Other scripts are loaded with their first text: most processes meet one script.
    """
    _detector().compute_language_confidence_values("goedemorgen")


def language_of(
    text: str, hint: str = "", vocabulary: Mapping[str, frozenset[str]] | None = None
) -> str:
    """The language of a clean text; ``hint`` (the chat's last one) decides where it is short.

    ``vocabulary``: in which languages a word is known. It decides over a few words, where
    letters alone tell little ("klusje", "i want to die").
    """
    before = hint if hint in READ else DEFAULT
    letters = _LETTER.findall(text)
    if not letters:
        return before
    if sum(_READ_SCRIPTS.match(letter) is not None for letter in letters) * 2 < len(letters):
        return OTHER
    words = len(text.split())
    if vocabulary and words <= SHORT_WORDS and (told := _by_words(text, before, vocabulary)):
        return told
    chances = {
        found.language.iso_code_639_1.name.lower(): found.value
        for found in _detector().compute_language_confidence_values(text[:400])
    }
    mine = {code: chances.get(code, 0.0) for code in READ}
    strange = sum(chances.values()) - sum(mine.values())
    if strange > STRANGE and (words >= STRANGE_WORDS or _OWN_SCRIPT.search(text)):
        return OTHER
    total = sum(mine.values())
    if total <= 0:
        return before
    weight = PRIOR * 0.5 ** ((words - 1) / 2)
    known = _known_words(text, vocabulary or {})
    trust = KNOWN_WORDS if known else 0.0
    mixed = {
        code: (1 - weight) * ((1 - trust) * chance / total + trust * known.get(code, 0.0))
        + weight * (code == before)
        for code, chance in mine.items()
    }
    return max(mixed, key=lambda code: mixed[code])


def _known_words(text: str, vocabulary: Mapping[str, frozenset[str]]) -> dict[str, float]:
    """Each language's share of the words that are known; a word of two languages counts half."""
    shares: dict[str, float] = defaultdict(float)
    for word in plain(text).split():
        codes = frozenset() if word in EVERYBODYS else vocabulary.get(word, frozenset())
        for code in codes:
            shares[code] += 1 / len(codes)
    total = sum(shares.values())
    return {code: share / total for code, share in shares.items()} if total else {}
