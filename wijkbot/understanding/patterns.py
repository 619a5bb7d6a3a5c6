"""Where in a text do reviewed phrases stand, typing errors included?

A phrase is a row of words. ``…`` stands for at most four words in between, ``niet/nie/ni`` for
one of these words, and ``zelfmoord*`` for every word that begins so.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, product
from operator import attrgetter
from typing import NamedTuple

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
_REACH = {False: 1, True: GAP_WORDS + 1}

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


class Slot(NamedTuple):
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
    options: list[tuple[tuple[Slot, ...], ...]] = []
    after_gap = False
    for part in phrase.replace("...", GAP).split():
        if part == GAP:
            after_gap = True
            continue
        try:
            options.append(_options(part, after_gap))
        except ValueError as error:
            raise ValueError(f"{error} in {phrase!r}") from None
        after_gap = False
    if not options:
        raise ValueError(f"a phrase without words: {phrase!r}")
    return tuple(tuple(chain.from_iterable(row)) for row in product(*options))


@lru_cache(maxsize=50_000)
def _options(part: str, after_gap: bool) -> tuple[tuple[Slot, ...], ...]:
    """Alternatives of one word share a slot; one that becomes two words has its own row."""
    words: set[str] = set()
    prefixes: set[str] = set()
    rows: list[tuple[Slot, ...]] = []
    for alternative in part.split("/"):
        found = _plain_words(alternative)
        if not found:
            raise ValueError(f"nothing to look for at {part!r}")
        is_open = alternative.endswith("*")
        if len(found) > 1:
            rows.append(_row(found, is_open, after_gap))
        elif not is_open:
            words.add(found[0])
        elif len(found[0]) < PREFIX_FROM:
            raise ValueError(f"{alternative!r} is too short a beginning")
        else:
            prefixes.add(found[0])
    if words or prefixes:
        rows.append((Slot(frozenset(words), frozenset(prefixes), after_gap),))
    return tuple(rows)


def _row(words: Sequence[str], is_open: bool, after_gap: bool) -> tuple[Slot, ...]:
    """A slot for each of these words; the last is a beginning when the row is open."""
    slots = [Slot(frozenset({word}), frozenset(), after_gap=False) for word in words]
    if is_open:
        slots[-1] = Slot(frozenset(), frozenset({words[-1]}), after_gap=False)
    return (slots[0]._replace(after_gap=after_gap), *slots[1:])


class Row(NamedTuple):
    """One row of numbered slots of a phrase; it is looked up by the rarest of them.

    ``reach``: how many words further each slot may stand than the one before it.
    """

    rarest: int
    phrase: int
    slots: Sequence[int]
    reach: Sequence[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """Many rows by their rarest slot; as numbers behind each other, since objects take ten times
    as much memory.

    Those of slot ``n`` stand from ``of_slot[n]`` up to ``of_slot[n + 1]``; the slots of row ``n``
    from ``starts[n]`` up to ``starts[n + 1]``.
    """

    of_slot: array[int]
    phrases: array[int]
    starts: array[int]
    slots: array[int]
    reach: array[int]

    @classmethod
    def of(cls, rows: Sequence[Row], slots: int) -> Rows:
        """Put them behind each other; there are so many slots."""
        in_order = sorted(rows, key=attrgetter("rarest"))
        uses = Counter(row.rarest for row in rows)
        return cls(
            array("I", accumulate((uses[slot] for slot in range(slots)), initial=0)),
            array("I", (row.phrase for row in in_order)),
            array("I", accumulate((len(row.slots) for row in in_order), initial=0)),
            array("I", chain.from_iterable(row.slots for row in in_order)),
            array("I", chain.from_iterable(row.reach for row in in_order)),
        )

    def found(self, places: Mapping[int, Sequence[int]]) -> Iterator[Found]:
        """The rows that stand in a text of which the words at these places fit these slots."""
        of_slot, starts, all_slots = self.of_slot, self.starts, self.slots
        for slot in places:
            for row in range(of_slot[slot], of_slot[slot + 1]):
                start, end = starts[row], starts[row + 1]
                slots = all_slots[start:end]
                if all(map(places.__contains__, slots)):
                    span = _stand(slots, self.reach[start:end], places)
                    if span:
                        yield Found(self.phrases[row], *span)


@dataclass(frozen=True, slots=True)
class Listed:
    """Many phrases as one index: which slots each word, and each beginning, fits."""

    words: Mapping[str, Sequence[int]]
    prefixes: Mapping[str, Sequence[int]]
    rows: Rows

    @classmethod
    def of(cls, phrases: Sequence[str]) -> Listed:
        """Compile them.

        Raises:
            ValueError: as :func:`compile_phrase`.
        """
        number: dict[tuple[frozenset[str], frozenset[str]], int] = {}
        rows = [
            (i, [number.setdefault(slot[:2], len(number)) for slot in row], row)
            for i, text in enumerate(phrases)
            for row in compile_phrase(text)
        ]
        words: dict[str, list[int]] = defaultdict(list)
        prefixes: dict[str, list[int]] = defaultdict(list)
        for (fitting, beginnings), slot in number.items():
            for word in fitting:
                words[word].append(slot)
            for beginning in beginnings:
                prefixes[beginning].append(slot)
        uses = Counter(slot for _, slots, _ in rows for slot in set(slots))
        numbered = [
            Row(min(slots, key=uses.__getitem__), i, slots, [_REACH[s.after_gap] for s in row])
            for i, slots, row in rows
        ]
        by_word, by_prefix = (
            {word: tuple(slots) for word, slots in some.items()} for some in (words, prefixes)
        )
        return cls(by_word, by_prefix, Rows.of(numbered, len(number)))


class PhraseFinder:
    """Finds many phrases in one pass; phrases are numbered in the order they are given."""

    def __init__(self, phrases: Sequence[str] | Listed, known_words: Container[str] = ()) -> None:
        listed = phrases if isinstance(phrases, Listed) else Listed.of(phrases)
        self._words, self._prefixes = listed.words, listed.prefixes
        self._rows = listed.rows
        self._prefix_sizes = sorted({len(prefix) for prefix in self._prefixes})
        self._alike = _buckets(self._words)
        self._beginnings = _buckets(self._prefixes)
        self._known = known_words

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
        return sorted(self._rows.found(places), key=lambda f: (f.phrase, f.start))

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
        if slots or len(word) < FUZZY_FROM or word in self._words or word in self._known:
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
    slots: Sequence[int], reach: Sequence[int], places: Mapping[int, Sequence[int]]
) -> tuple[int, int] | None:
    """The first span in which the slots follow each other, or None."""
    later = [frozenset(places[slot]) for slot in slots]
    for start in places[slots[0]]:
        reached = {start}
        for step in range(1, len(slots)):
            farthest = reach[step]
            reached = {p + d for p in reached for d in range(1, farthest + 1)} & later[step]
            if not reached:
                break
        if reached:
            return start, min(reached)
    return None
