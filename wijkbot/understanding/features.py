"""Which features does a text have? Letter groups within words, stems, and pairs of near stems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import Stemmer

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHORTEST, LONGEST = 2, 4
"""Letters in a group."""
FARTHEST = 3
"""Words from one stem of a pair to the other, at most; which comes first is no matter."""

MANY = 5_000
"""Features from which they are numbered before they are sorted."""
STEMS = 5_000
"""Words of which the stem is remembered: the usual ones of all languages. Residents and their
typing errors bring new ones without end, and each takes a quarter of a kB.
"""

_SNOWBALL = {
    "nl": "dutch",
    "fr": "french",
    "en": "english",
    "tr": "turkish",
    "ar": "arabic",
    "pl": "polish",
    "es": "spanish",
    "de": "german",
}
_PRIMES = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
    ],
    dtype=np.uint64,
)
_MASK = 0xFFFFFFFFFFFFFFFF
_START = 0xCBF29CE484222325


@dataclass(frozen=True, slots=True)
class Counted:
    """Features of many texts: row, key and how often, in parallel arrays."""

    rows: Ints
    keys: Keys
    counts: Floats

    def of_rows(self, chosen: Ints) -> Counted:
        """Only these rows, numbered anew in the order given; each at most once."""
        place = np.full(int(self.rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        inside = chosen < len(place)
        place[chosen[inside]] = np.flatnonzero(inside)
        rows = place[self.rows]
        kept = rows >= 0
        return _count(rows[kept], self.keys[kept], self.counts[kept])

    def followed_by(self, other: Counted, start: int) -> Counted:
        """These rows, and behind them those of another, numbered from ``start``."""
        return Counted(
            np.concatenate([self.rows, other.rows + start]),
            np.concatenate([self.keys, other.keys]),
            np.concatenate([self.counts, other.counts]),
        )


@dataclass(frozen=True, slots=True)
class Features:
    """The three kinds of features of the same texts."""

    letters: Counted
    words: Counted
    pairs: Counted

    @classmethod
    def of(cls, texts: Sequence[str], languages: Sequence[str]) -> Features:
        """Those of plain texts, each stemmed as its language says."""
        rows, keys = _keyed(texts, languages)
        return cls(letter_groups(texts), _count(rows, keys), _pairs(rows, keys))

    def of_rows(self, chosen: Ints) -> Features:
        """As :meth:`Counted.of_rows`, for each kind."""
        return Features(*(kind.of_rows(chosen) for kind in self.kinds))

    def followed_by(self, other: Features, start: int) -> Features:
        """As :meth:`Counted.followed_by`, for each kind."""
        both = zip(self.kinds, other.kinds, strict=True)
        return Features(*(one.followed_by(more, start) for one, more in both))

    @property
    def kinds(self) -> tuple[Counted, Counted, Counted]:
        """Letters, words, pairs."""
        return self.letters, self.words, self.pairs


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    name = _SNOWBALL.get(language)
    if name is None or name not in Stemmer.algorithms():
        return None
    return Stemmer.Stemmer(name, maxCacheSize=0)


def stems(words: Sequence[str], language: str) -> list[str]:
    """The stems of words; the words themselves where no stemmer knows the language."""
    stemmer = _stemmer(language)
    return list(words) if stemmer is None else list(stemmer.stemWords(list(words)))


def letter_groups(texts: Sequence[str]) -> Counted:
    """All groups of 2 to 5 letters inside words, a word's edges included, of plain texts."""
    padded = [f" {text.replace(' ', '  ')} " if text else "" for text in texts]
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32)
    points = points.astype(np.uint64)
    row_of = np.repeat(np.arange(len(texts)), [len(text) for text in padded])
    space = points == np.uint64(32)
    # Between words stand two spaces: the first closes a word, the second opens the next.
    word_of = np.cumsum(space & np.concatenate([[True], space[:-1]])[: len(space)])
    rows: list[Ints] = []
    keys: list[Keys] = []
    key = np.full(len(points), _START, dtype=np.uint64)
    for length in range(1, LONGEST + 1):
        last = len(points) - length + 1
        if last <= 0:
            break
        # a group is mixed from the group that is one letter shorter
        key = (key[:last] ^ points[length - 1 :]) * _PRIMES[length]
        key ^= key >> np.uint64(29)
        if length >= SHORTEST:
            inside = word_of[:last] == word_of[length - 1 :]
            rows.append(row_of[:last][inside])
            keys.append(key[inside])
    if not rows:
        return _nothing()
    return _count(np.concatenate(rows), np.concatenate(keys))


def word_keys(words: Sequence[str]) -> Keys:
    """One key for each of these stems."""
    return np.array([_key_of(word) for word in words], dtype=np.uint64)


def _keyed(texts: Sequence[str], languages: Sequence[str]) -> tuple[Ints, Keys]:
    """The row and the key of every stem, in the order in which they stand."""
    rows: list[int] = []
    keys: list[int] = []
    for row, (text, language) in enumerate(zip(texts, languages, strict=True)):
        words = text.split()
        keys += [_stem_key(word, language) for word in words]
        rows += [row] * len(words)
    return np.array(rows, dtype=np.int64), np.array(keys, dtype=np.uint64)


@lru_cache(maxsize=STEMS)
def _stem_key(word: str, language: str) -> int:
    return _key_of(stems((word,), language)[0])


def _pairs(rows: Ints, keys: Keys) -> Counted:
    distances = range(1, FARTHEST + 1)
    row = np.concatenate([rows[:-distance] for distance in distances])
    same = row == np.concatenate([rows[distance:] for distance in distances])
    one = np.concatenate([keys[:-distance] for distance in distances])
    other = np.concatenate([keys[distance:] for distance in distances])
    mixed = np.minimum(one, other) * _PRIMES[0] + np.maximum(one, other)
    mixed ^= mixed >> np.uint64(31)
    return _count(row[same], mixed[same])


def _key_of(word: str) -> int:
    """FNV-1a of a word: the same in every process, unlike ``hash``."""
    key = _START
    for byte in word.encode():
        key = ((key ^ byte) * 0x100000001B3) & _MASK
    return key


def _nothing() -> Counted:
    return Counted(
        np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.float64)
    )


def numbered(keys: Keys) -> tuple[Keys, Ints]:
    """The different keys, sorted, and for every key its number among them."""
    order = np.argsort(keys)
    sorted_ = keys[order]
    first = np.concatenate([[True], sorted_[1:] != sorted_[:-1]])[: len(keys)]
    number = np.empty(len(keys), dtype=np.int64)
    number[order] = np.cumsum(first) - 1
    return sorted_[first], number


def _order(rows: Ints, keys: Keys) -> Ints:
    """By row and by key within it. One sort of numbers is much faster where there are many, or
    where all are of one row.
    """
    if not rows.any():
        return keys.argsort()
    if len(rows) < MANY:
        return np.lexsort((keys, rows))
    known, number = numbered(keys)
    return np.argsort(rows * len(known) + number, kind="stable")


def _count(rows: Ints, keys: Keys, times: Floats | None = None) -> Counted:
    if not len(rows):
        return _nothing()
    order = _order(rows, keys)
    rows, keys = rows[order], keys[order]
    new = np.concatenate([[True], (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])])
    firsts = np.flatnonzero(new)
    each = np.ones(len(rows)) if times is None else times[order]
    return Counted(rows[firsts], keys[firsts], np.add.reduceat(each, firsts))
