"""How near are texts to the examples? Weighted features, an inverted index, one small solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from wijkbot.understanding.features import (
    Counted,
    Floats,
    Ints,
    Keys,
    letter_groups,
    stems,
    word_groups,
)

LETTER_WEIGHT = 0.7
WORD_WEIGHT = 1 - LETTER_WEIGHT
STEEPNESS = 1.5
"""Power of the cosine: far examples count less than in proportion."""
NEIGHBOURS = 64
RIDGE = 0.3


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of feature: the known keys, sorted, and their weights.

    ``unknown`` is the weight of a key no example has; it counts in a text's length, so that
    unknown words lower the likeness.
    """

    keys: Keys
    weights: Floats
    unknown: float
    share: float

    @classmethod
    def of(cls, counted: Counted, item_of: Ints, items: int, share: float) -> Block:
        """Weights from how many items use a key: a key of one item tells most."""
        keys, column = np.unique(counted.keys, return_inverse=True)
        pairs = np.unique(column.astype(np.int64) * items + item_of[counted.rows])
        used_by = np.bincount(pairs // items, minlength=len(keys))
        weights = np.log((1 + items) / (1 + used_by)) + 1
        return cls(keys, weights, float(np.log(1 + items) + 1), share)

    def find(self, keys: Keys) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The column of each key, and whether it is really known there."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return place, self.keys[place] == keys

    def rows(self, counted: Counted, rows: int) -> tuple[Ints, Ints, Floats]:
        """Row, column and value of the known features, each row scaled to length √share."""
        place, known = self.find(counted.keys)
        values = 1 + np.log(counted.counts)
        values = values * np.where(known, self.weights[place], self.unknown)
        squares = np.bincount(counted.rows, weights=values**2, minlength=rows)
        length = np.sqrt(np.maximum(squares, 1e-12)) / np.sqrt(self.share)
        scaled = values / length[counted.rows]
        return counted.rows[known], place[known], scaled[known]


@dataclass(frozen=True, slots=True)
class Space:
    """The feature space of one set of examples, and the examples in it.

    ``examples`` has a row per example; ``by_feature`` is the same matrix by column.
    """

    letters: Block
    words: Block
    examples: sparse.csr_array
    by_feature: sparse.csc_array
    item_of: Ints
    languages: tuple[str, ...]

    @classmethod
    def of(cls, texts: Sequence[str], languages: Sequence[str], item_of: Ints) -> Space:
        """Place plain texts in a new space; ``item_of`` numbers the item of each."""
        items = int(item_of.max()) + 1
        letter, word = letter_groups(texts), word_groups(_stemmed(texts, languages))
        letters = Block.of(letter, item_of, items, LETTER_WEIGHT)
        words = Block.of(word, item_of, items, WORD_WEIGHT)
        examples = _matrix(letters, words, letter, word, len(texts))
        known = tuple(dict.fromkeys(languages))
        return cls(letters, words, examples, examples.tocsc(), item_of, known)

    def place(self, text: str, language: str) -> tuple[Ints, Floats]:
        """Columns and values of one plain text."""
        letter = letter_groups([text])
        word = self._words_of(text.split(), language)
        _, first, values = self.letters.rows(letter, 1)
        _, second, more = self.words.rows(word, 1)
        columns = np.concatenate([first, second + len(self.letters.keys)])
        return columns, np.concatenate([values, more])

    def _words_of(self, words: list[str], language: str) -> Counted:
        """Stemmed as the language says, else as the language whose stems are known best."""
        if language in self.languages:
            return word_groups([stems(words, language)])
        tried = [word_groups([stems(words, known)]) for known in self.languages]
        return max(tried, key=lambda found: int(self.words.find(found.keys)[1].sum()))

    def likeness(self, columns: Ints, values: Floats) -> Floats:
        """Cosine of one placed text with every example."""
        starts, ends = self.by_feature.indptr[columns], self.by_feature.indptr[columns + 1]
        sizes = (ends - starts).astype(np.int64)
        if not sizes.sum():
            return np.zeros(self.examples.shape[0])
        skip = np.repeat(starts - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        entries = skip + np.arange(sizes.sum())
        touched = self.by_feature.indices[entries]
        products = self.by_feature.data[entries] * np.repeat(values, sizes)
        found = np.bincount(touched, weights=products, minlength=self.examples.shape[0])
        return found.astype(np.float64, copy=False)


def _stemmed(texts: Sequence[str], languages: Sequence[str]) -> list[list[str]]:
    return [stems(text.split(), language) for text, language in zip(texts, languages, strict=True)]


def _matrix(
    letters: Block, words: Block, letter: Counted, word: Counted, rows: int
) -> sparse.csr_array:
    row, column, value = letters.rows(letter, rows)
    row2, column2, value2 = words.rows(word, rows)
    shape = (rows, len(letters.keys) + len(words.keys))
    entries = (
        np.concatenate([value, value2]),
        (np.concatenate([row, row2]), np.concatenate([column, column2 + len(letters.keys)])),
    )
    return sparse.csr_array(entries, shape=shape)


def shares(
    space: Space, cosines: Floats, hidden: npt.NDArray[np.bool_] | None = None
) -> tuple[Ints, Floats]:
    """The nearest examples and the part each has in the score; hidden ones do not count."""
    seen = cosines if hidden is None else np.where(hidden, 0.0, cosines)
    count = min(NEIGHBOURS, len(seen))
    near = np.argpartition(seen, len(seen) - count)[len(seen) - count :]
    near = near[seen[near] > 0]
    if not len(near):
        return near, np.empty(0)
    rows = space.examples[near]
    among = np.asarray((rows @ rows.T).todense())
    kernel = np.clip(among, 0, 1) ** STEEPNESS
    kernel[np.diag_indices_from(kernel)] += RIDGE
    part: Floats = np.linalg.solve(kernel, np.clip(seen[near], 0, 1) ** STEEPNESS)
    return near, part
