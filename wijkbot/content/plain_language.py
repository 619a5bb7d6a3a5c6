"""Can everybody read this Dutch text (level B1)? What is hard in it, and what to do instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from wijkbot.content.officialese import PLAIN_WORDS

LOWEST_SCORE = 70
"""Flesch-Douma; 70 to 80 is "fairly easy"."""
MEAN_WORDS = 12
"""Words of a sentence, over the whole text."""
MOST_WORDS = 20
"""Words of the longest sentence."""
JUDGED_FROM = 20
"""Words a text must have before its score says something: the formula is a hint."""

_SHORT = "dit"
"""Stands for what is read at a glance: a field, a number, a web address."""
_AT_A_GLANCE = re.compile(
    r"(?<!\{)\{[a-z]+\.[A-Za-z0-9_.]+\}"
    r"|https?://[^\s)\]]*[\w/]|www\.[^\s)\]]*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[\w-]+(?:\.[\w-]+)*\.(?:be|nl|brussels|org|com|eu)\b(?:/[^\s)\]]*[\w/])?"
    r"|(?:\(\d+\) ?|\+)?\b\d+(?:[ .,/:-]\d+)*\b"
)
_LIST_NUMBER = re.compile(r"(?m)^([ \t]*\d+)[.)](?=[ \t])")
_ABBREVIATION = re.compile(
    r"\b(?:(?:[A-Za-z]\.){2,}"
    r"|(?:afd|art|bijv|blz|bv|ca|dhr|dr|enz|etc|evt|excl|incl|max|mevr|min|mr|nr|resp|tel|vb)\.)",
    re.IGNORECASE,
)
_END_OF_SENTENCE = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s|$)|\n""")
_WORD = re.compile(r"[^\W_]+(?:['’./-][^\W_]+)*['’]?")
_SYLLABLE = re.compile(
    r"eau|aai|ooi|oei|eeu|ieu|aa|ee|oo|uu|ie|oe|eu|ui|ei|ij|au|ou|ai|oi|[aeiouäëïöü]"
    r"|y(?![aeiou])"
)
_TREMA = "\N{COMBINING DIAERESIS}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that makes a text hard to read, and what would make it easier."""

    what: str
    remedy: str


def findings(text: str, *, is_title: bool = False) -> tuple[Finding, ...]:
    """Everything in a Dutch text that is above B1; of a title only the words are judged."""
    found = [*_hard_words(text)]
    lengths = [len(words_of(sentence)) for sentence in sentences_of(text)]
    if not is_title:
        found += _long_sentences(lengths)
        found += _hard_to_read(text, sum(lengths))
    return tuple(dict.fromkeys(found))


def score(text: str) -> float:
    """Flesch-Douma of a Dutch text: higher is easier, 100 is very easy; 0.0 without words."""
    sentences = [words_of(sentence) for sentence in sentences_of(text)]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    syllables = sum(syllables_of(word) for word in words)
    return 206.84 - 77 * syllables / len(words) - 0.93 * len(words) / len(sentences)


def sentences_of(text: str) -> tuple[str, ...]:
    """The sentences that hold a word. A new line ends one too; an abbreviation does not."""
    flat = _LIST_NUMBER.sub(r"\1", text)
    flat = _AT_A_GLANCE.sub(_SHORT, flat)
    flat = _ABBREVIATION.sub(lambda match: match[0].replace(".", ""), flat)
    return tuple(part.strip() for part in _END_OF_SENTENCE.split(flat) if _WORD.search(part))


def words_of(sentence: str) -> tuple[str, ...]:
    """The words of a sentence; a field, a number or a web address is one word."""
    return tuple(_WORD.findall(_AT_A_GLANCE.sub(_SHORT, sentence)))


def syllables_of(word: str) -> int:
    """How many syllables a Dutch word has: its vowel groups, at least 1.

    "ij", "ui", "oe" and their like are one; a trema begins a new one ("ideeën": 3).
    """
    letters = unicodedata.normalize("NFD", word.casefold().replace("qu", "kw"))
    kept = (c for c in letters if c == _TREMA or not unicodedata.combining(c))
    return max(1, len(_SYLLABLE.findall(unicodedata.normalize("NFC", "".join(kept)))))


def _hard_words(text: str) -> Iterator[Finding]:
    for match in _OFFICIALESE.finditer(text):
        hard = " ".join(match[0].lower().split())
        yield Finding(f"{hard!r} is a word of offices", f"write {PLAIN_WORDS[hard]!r}")


def _long_sentences(lengths: list[int]) -> Iterator[Finding]:
    if not lengths:
        return
    for number, length in enumerate(lengths, start=1):
        if length > MOST_WORDS:
            what = f"sentence {number} has {length} words"
            yield Finding(what, f"make two of it; {MOST_WORDS} is the most")
    mean = sum(lengths) / len(lengths)
    if mean > MEAN_WORDS:
        what = f"a sentence here has {mean:.1f} words on average"
        yield Finding(what, f"make shorter sentences; {MEAN_WORDS} is the most")


def _hard_to_read(text: str, length: int) -> Iterator[Finding]:
    if length < JUDGED_FROM or (reached := score(text)) >= LOWEST_SCORE:
        return
    words = {word for sentence in sentences_of(text) for word in words_of(sentence)}
    longest = sorted(words, key=lambda word: (-syllables_of(word), word))[:3]
    what = f"this reads as {reached:.0f}, and {LOWEST_SCORE} is easy enough (Flesch-Douma)"
    yield Finding(what, f"use shorter words and sentences; the longest: {', '.join(longest)}")


_OFFICIALESE = re.compile(
    r"\b(?:"
    + "|".join(r"\s+".join(term.split()) for term in sorted(PLAIN_WORDS, key=len, reverse=True))
    + r")\b",
    re.IGNORECASE,
)
