"""Which features does a text have? Letter groups within words, stems, and pairs of stems."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import Stemmer

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHORTEST, LONGEST = 2, 5
"""Letters in a group."""

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
_LENGTH_SALT = 0xE7037ED1A0B428DB


@dataclass(frozen=True, slots=True)
class Counted:
    """Features of many texts: row, key and how often, in parallel arrays."""

    rows: Ints
    keys: Keys
    counts: Floats


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    name = _SNOWBALL.get(language)
    if name is None or name not in Stemmer.algorithms():
        return None
    return Stemmer.Stemmer(name, maxCacheSize=20_000)


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
    for length in range(SHORTEST, LONGEST + 1):
        last = len(points) - length + 1
        if last <= 0:
            break
        inside = word_of[:last] == word_of[length - 1 :]
        key = np.full(last, length * _LENGTH_SALT & _MASK, dtype=np.uint64)
        for offset in range(length):
            key = (key ^ points[offset : offset + last]) * _PRIMES[offset]
            key ^= key >> np.uint64(29)
        rows.append(row_of[:last][inside])
        keys.append(key[inside])
    if not rows:
        return _nothing()
    return _count(np.concatenate(rows), np.concatenate(keys))


def word_groups(words_of: Iterable[Sequence[str]]) -> Counted:
    """Single words and neighbouring pairs of already stemmed texts."""
    rows: list[int] = []
    keys: list[int] = []
    known: dict[str, int] = {}
    for row, words in enumerate(words_of):
        for word in words:
            if word not in known:
                known[word] = _key_of(word)
        numbers = [known[word] for word in words]
        pairs = [(a * 31 + b) & _MASK for a, b in itertools.pairwise(numbers)]
        keys += numbers
        keys += pairs
        rows += [row] * (len(numbers) + len(pairs))
    if not rows:
        return _nothing()
    return _count(np.array(rows, dtype=np.int64), np.array(keys, dtype=np.uint64))


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


def _count(rows: Ints, keys: Keys) -> Counted:
    order = np.lexsort((keys, rows))
    rows, keys = rows[order], keys[order]
    new = np.concatenate([[True], (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])])
    firsts = np.flatnonzero(new)
    counts = np.diff(np.concatenate([firsts, [len(rows)]])).astype(np.float64)
    return Counted(rows[firsts], keys[firsts], counts)
