"""Where in a text do reviewed phrases stand, typing errors included?

A phrase is a row of words. ``…`` stands for at most four words in between, ``niet/nie/ni`` for
one of these words, and ``zelfmoord*`` for every word that begins so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from rapidfuzz import process
from rapidfuzz.distance import OSA

from wijkbot.understanding.normalise import plain

GAP = "…"
GAP_WORDS = 4
"""Most words that "…" stands for."""
WORDS_READ = 400
"""Words of a message that are searched."""
FUZZY_FROM = 5
"""Letters from which a word is also found with a typing error."""
FUZZY_TWICE_FROM = 10
"""Letters from which two typing errors are forgiven."""
PREFIX_FROM = 3

_SPELLINGS = {
    "nie": "niet",
    "ni": "niet",
    "nit": "niet",
    "neit": "niet",
    "niey": "niet",
    "nt": "niet",
    "mer": "meer",
    "mr": "meer",
    "meerr": "meer",
    "leve": "leven",
    "levn": "leven",
    "gene": "geen",
    "gen": "geen",
    "gn": "geen",
    "et": "het",
    "mn": "mijn",
    "mijne": "mijn",
    "mijnen": "mijn",
}
"""Chat spelling of the small words that carry a phrase: too short to recognise as errors."""

_ARABIC_ARTICLES = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ب", "ل", "ف", "ع")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in a phrase: the words that fit, and whether a gap may stand before it."""

    words: frozenset[str]
    prefixes: frozenset[str]
    after_gap: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase stands from word ``start`` up to and including word ``end``."""

    phrase: int
    start: int
    end: int


def usual(words: Iterable[str]) -> list[str]:
    """These plain words, with the chat spelling of small words made usual."""
    return [_SPELLINGS.get(word, word) for word in words]


@lru_cache(maxsize=50_000)
def _plain_words(alternative: str) -> tuple[str, ...]:
    """The same few words stand in thousands of phrases."""
    return tuple(usual(plain(alternative).split()))


@lru_cache(maxsize=50_000)
def compile_phrase(phrase: str) -> tuple[tuple[Slot, ...], ...]:
    """The rows of slots a phrase means; more than one when an alternative has two words.

    Raises:
        ValueError: the phrase has no words, or a beginning shorter than three letters.
    """
    options: list[list[list[Slot]]] = []
    after_gap = False
    for part in phrase.replace("...", GAP).split():
        if part == GAP:
            after_gap = True
            continue
        options.append(_options(part, after_gap, phrase))
        after_gap = False
    if not options:
        raise ValueError(f"a phrase without words: {phrase!r}")
    return tuple(tuple(slot for option in row for slot in option) for row in product(*options))


def _options(part: str, after_gap: bool, phrase: str) -> list[list[Slot]]:
    """Alternatives of one word share a slot; one that becomes two words has its own row."""
    words: set[str] = set()
    prefixes: set[str] = set()
    rows: list[list[Slot]] = []
    for alternative in part.split("/"):
        found = _plain_words(alternative)
        if not found:
            raise ValueError(f"nothing to look for in {part!r} of {phrase!r}")
        if alternative.endswith("*") and len(found) == 1:
            if len(found[0]) < PREFIX_FROM:
                raise ValueError(f"{alternative!r} is too short a beginning in {phrase!r}")
            prefixes.add(found[0])
        elif len(found) == 1:
            words.add(found[0])
        else:
            last = len(found) - 1
            is_open = alternative.endswith("*")
            rows.append(
                [
                    Slot(
                        frozenset() if is_open and place == last else frozenset({word}),
                        frozenset({word}) if is_open and place == last else frozenset(),
                        after_gap and place == 0,
                    )
                    for place, word in enumerate(found)
                ]
            )
    if words or prefixes:
        rows.append([Slot(frozenset(words), frozenset(prefixes), after_gap)])
    return rows


class PhraseFinder:
    """Finds many phrases in one pass; phrases are numbered in the order they are given."""

    def __init__(self, phrases: Sequence[str], known_words: Iterable[str] = ()) -> None:
        self._words: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[str, list[int]] = defaultdict(list)
        self._anchored: dict[int, list[tuple[int, tuple[Slot, ...], tuple[int, ...]]]]
        self._anchored = defaultdict(list)
        self._number: dict[tuple[frozenset[str], frozenset[str]], int] = {}
        rows = [(i, row) for i, text in enumerate(phrases) for row in compile_phrase(text)]
        numbered = [(i, row, tuple(self._slot(slot) for slot in row)) for i, row in rows]
        uses: dict[int, int] = defaultdict(int)
        for _, _, slots in numbered:
            for slot in set(slots):
                uses[slot] += 1
        for i, row, slots in numbered:
            rarest = min(slots, key=lambda slot: uses[slot])
            self._anchored[rarest].append((i, row, slots))
        self._prefix_sizes = sorted({len(prefix) for prefix in self._prefixes})
        self._alike = _buckets(self._words)
        self._beginnings = _buckets(self._prefixes)
        self._known = frozenset(known_words) | frozenset(self._words)
        self._seen: dict[str, tuple[int, ...]] = {}

    def _slot(self, slot: Slot) -> int:
        key = (slot.words, slot.prefixes)
        if key not in self._number:
            number = self._number[key] = len(self._number)
            for word in slot.words:
                self._words[word].append(number)
            for prefix in slot.prefixes:
                self._prefixes[prefix].append(number)
        return self._number[key]

    def find(self, words: Sequence[str]) -> list[Found]:
        """Every phrase that stands in these words (plain form), at its first place."""
        places: dict[int, list[int]] = defaultdict(list)
        read = usual(words[:WORDS_READ])
        for place, word in enumerate(read):
            slots = set(self._slots_of(word))
            if place + 1 < len(read):
                slots.update(self._words.get(word + read[place + 1], ()))
            for slot in slots:
                places[slot].append(place)
        found = []
        for slot in places:
            for number, row, slots_of_row in self._anchored.get(slot, ()):
                span = _stand(row, slots_of_row, places)
                if span:
                    found.append(Found(number, *span))
        return sorted(found, key=lambda f: (f.phrase, f.start))

    def _slots_of(self, word: str) -> tuple[int, ...]:
        slots: list[int] = list(self._words.get(word, ()))
        for size in self._prefix_sizes:
            if size <= len(word):
                slots += self._prefixes.get(word[:size], ())
        if "\u0600" <= word[:1] <= "\u06ff":
            for article in _ARABIC_ARTICLES:
                if word.startswith(article) and len(word) - len(article) > 1:
                    bare = word[len(article) :]
                    slots += self._words.get(bare, ())
                    for size in self._prefix_sizes:
                        slots += self._prefixes.get(bare[:size], ())
        if slots or word in self._known or len(word) < FUZZY_FROM:
            return tuple(slots)
        return tuple(slot for near in self._meant(word) for slot in self._all_slots(near))

    def _all_slots(self, word: str) -> list[int]:
        return [*self._words.get(word, ()), *self._prefixes.get(word, ())]

    def _meant(self, word: str) -> list[str]:
        """The listed words this unknown word may be a typing error of."""
        found: set[str] = set()
        for first in {word[0], word[1]}:
            for length in range(max(FUZZY_FROM, len(word) - 2), len(word) + 3):
                found.update(_near(word, self._alike.get((first, length), ())))
            for length in self._prefix_sizes:
                if FUZZY_FROM <= length < len(word):
                    found.update(_near(word[:length], self._beginnings.get((first, length), ())))
        return [near for near in found if self._is_typo(word, near)]

    def _is_typo(self, word: str, near: str) -> bool:
        if near in self._prefixes and near not in self._words:
            word = word[: len(near)]
        if word[0] != near[0] and word[:2] != near[1::-1]:
            return False
        if min(len(word), len(near)) == FUZZY_FROM and len(word) == len(near):
            return sorted(word) == sorted(near)
        allowed = 2 if len(near) >= FUZZY_TWICE_FROM else 1
        return OSA.distance(word, near, score_cutoff=allowed) <= allowed


def _near(word: str, candidates: Sequence[str]) -> Iterable[str]:
    """Those within two typing errors."""
    if not candidates:
        return ()
    rows = process.extract(
        word, candidates, scorer=OSA.distance, score_cutoff=2, limit=None, processor=None
    )
    return [near for near, _, _ in rows]


def _buckets(words: Iterable[str]) -> dict[tuple[str, int], tuple[str, ...]]:
    """Words long enough to recognise with an error, by first letter and length."""
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for word in words:
        if len(word) >= FUZZY_FROM:
            found[word[0], len(word)].append(word)
    return {key: tuple(some) for key, some in found.items()}


def _stand(
    row: Sequence[Slot], slots: Sequence[int], places: dict[int, list[int]]
) -> tuple[int, int] | None:
    """The first span in which the slots follow each other, or None."""
    if any(slot not in places for slot in slots):
        return None
    later = [frozenset(places[slot]) for slot in slots]
    for start in places[slots[0]]:
        reached = {start}
        for step in range(1, len(row)):
            reach = GAP_WORDS + 1 if row[step].after_gap else 1
            reached = {p + d for p in reached for d in range(1, reach + 1)} & later[step]
            if not reached:
                break
        if reached:
            return start, min(reached)
    return None
