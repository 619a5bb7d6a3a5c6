"""How near are texts to the examples? Weighted features, an inverted index, one small solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from wijkbot.understanding.features import (
    Counted,
    Features,
    Floats,
    Ints,
    Keys,
    numbered,
    stems,
    word_keys,
)
from wijkbot.understanding.sparse import Crossed, Places, Sparse, Values

# Matrices as small as ours are multiplied slower by two threads than by one: they wait for each
# other, a hundred times as long where something else wants the processor too.
threadpool_limits(limits=1, user_api="blas")

SHARES = (0.6, 0.25, 0.15)
"""Weight of letters, words and pairs in the likeness of two texts."""
STEEPNESS = 1.5
"""Power of the cosine: far examples count less than in proportion."""
NEIGHBOURS = 64
RIDGE = 0.05
NOT_ALIKE = 0.7
"""Cosine of two texts that have nothing in common, with multilingual-e5-small."""
LOOKED_UP = 300_000
"""Places in the index that are looked up for one text: more than 10,000 examples need."""
COMPARED = 512
"""Examples that are compared in full when there are so many that this bound is passed."""


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
        keys, column = numbered(counted.keys)
        pairs = np.sort(column * items + item_of[counted.rows])
        first = np.concatenate([[True], pairs[1:] != pairs[:-1]])[: len(pairs)]
        used_by = np.bincount(pairs[first] // items, minlength=len(keys))
        weights = np.log((1 + items) / (1 + used_by)) + 1
        return cls(keys, weights, float(np.log(1 + items) + 1), share)

    def find(self, keys: Keys) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The column of each key, and whether it is really known there."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return place, self.keys[place] == keys

    def rows(self, counted: Counted, rows: int) -> tuple[Ints, Ints, Floats]:
        """Row, column and value of the known features, each row scaled to length √share."""
        place, known = self.find(counted.keys)
        values = 1 + np.log(counted.counts)
        weights = self.weights[place] if len(self.weights) else self.unknown
        values = values * np.where(known, weights, self.unknown)
        squares = np.bincount(counted.rows, weights=values**2, minlength=rows)
        length = np.sqrt(np.maximum(squares, 1e-12)) / np.sqrt(self.share)
        scaled = values / length[counted.rows]
        return counted.rows[known], place[known], scaled[known]


Blocks = tuple[Block, Block, Block]


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the examples mean: a row of length 1 for each, and its part in the likeness."""

    vectors: Floats
    share: float

    def mixed(self, letters: Floats, cosines: Floats) -> Floats:
        """The likeness by letters and words, with that by meaning mixed in."""
        alike = np.clip((cosines - NOT_ALIKE) / (1 - NOT_ALIKE), 0, 1)
        return (1 - self.share) * letters + self.share * alike


@dataclass(frozen=True, slots=True)
class Space:
    """The feature space of one set of examples, and the examples in it.

    ``examples`` has a line per example; ``by_feature`` is the same with a line per feature.
    """

    blocks: Blocks
    examples: Sparse
    by_feature: Sparse
    item_of: Ints
    languages: tuple[str, ...]
    meaning: Meanings | None = None

    @classmethod
    def of(
        cls,
        features: Features,
        languages: Sequence[str],
        item_of: Ints,
        meaning: Meanings | None = None,
    ) -> Space:
        """Place examples in a new space; ``item_of`` numbers the item of each."""
        items = int(item_of.max()) + 1
        first, second, third = (
            Block.of(counted, item_of, items, share)
            for counted, share in zip(features.kinds, SHARES, strict=True)
        )
        blocks = (first, second, third)
        examples = _matrix(blocks, features, len(item_of))
        crossed = Crossed.of(examples, columns_of(blocks))
        return cls.placed(blocks, crossed, languages, item_of, meaning)

    @classmethod
    def placed(
        cls,
        blocks: Blocks,
        crossed: Crossed,
        languages: Sequence[str],
        item_of: Ints,
        meaning: Meanings | None = None,
    ) -> Space:
        """A space in which every example has its place already."""
        known = tuple(dict.fromkeys(languages))
        return cls(blocks, crossed.by_line, crossed.by_place, item_of, known, meaning)

    def place(self, features: Features) -> tuple[Ints, Floats]:
        """Columns and values of one text."""
        _, columns, values = _placed(self.blocks, features, 1)
        return columns, values

    def likeness_of(self, row: int) -> Floats:
        """As :meth:`likeness`, for one of the examples."""
        columns, values = self.examples.line(row)
        vector = None if self.meaning is None else self.meaning.vectors[row]
        return self.likeness(columns.astype(np.int64), values, vector)

    def likeliest_language(self, words: Sequence[str]) -> str:
        """The one whose stems are known best."""
        known = self.blocks[1]
        return max(
            self.languages,
            key=lambda tried: int(known.find(word_keys(stems(words, tried)))[1].sum()),
        )

    def likeness(
        self, columns: Ints, values: Floats | Values, vector: Floats | None = None
    ) -> Floats:
        """Cosine of one placed text with every example; mixed with meaning when that is known."""
        letters = self._likeness(columns, values)
        if self.meaning is None or vector is None:
            return letters
        return self.meaning.mixed(letters, self.meaning.vectors @ vector)

    def among(self, rows: Ints) -> Floats:
        """Likeness of some examples with each other."""
        letters = self._letters_among(rows)
        if self.meaning is None:
            return letters
        means = self.meaning.vectors[rows]
        return self.meaning.mixed(letters, means @ means.T)

    def _likeness(self, columns: Ints, values: Floats | Values) -> Floats:
        """By letters and words alone.

        Among very many examples only the likeliest are compared in full; the others count as 0.
        Which are likeliest is told by the text's rarest features.
        """
        starts = self.by_feature.starts[columns]
        sizes = self.by_feature.starts[columns + 1] - starts
        order = np.argsort(sizes)
        rare = order[np.cumsum(sizes[order]) <= LOOKED_UP]
        found = self._sum(starts[rare], sizes[rare], values[rare])
        if len(rare) == len(columns):
            return found
        first = np.argpartition(found, len(found) - COMPARED)[len(found) - COMPARED :]
        full = np.zeros(len(found))
        full[first] = self._compare(first, columns, values)
        return full

    def _sum(self, starts: Ints, sizes: Ints, values: Floats | Values) -> Floats:
        """For every example the products of the features that begin and reach so far."""
        total, count = int(sizes.sum()), self.examples.lines
        if not total:
            return np.zeros(count)
        touched, products = self.by_feature.runs(starts, sizes)
        products *= np.repeat(values.astype(np.float32), sizes)
        sums = np.bincount(touched, weights=products, minlength=count)
        return sums.astype(np.float64, copy=False)

    def _letters_among(self, rows: Ints) -> Floats:
        """Products of these rows with each other, over the features that at least two have.

        A dense matrix of those few is multiplied much faster than sparse rows.
        """
        row_of, columns, values = self._entries(rows)
        order = np.argsort(columns)
        sorted_ = columns[order]
        again = sorted_[1:] == sorted_[:-1]
        shared = np.concatenate([again, [False]]) | np.concatenate([[False], again])
        chosen, first = order[shared], np.concatenate([[False], ~again])[shared]
        dense = np.zeros((len(rows), int(first.sum()) + 1), dtype=np.float32)
        dense[row_of[chosen], np.cumsum(first)] = values[chosen]
        among = (dense @ dense.T).astype(np.float64)
        among[np.diag_indices_from(among)] = 1.0  # each row is as long as 1
        return among

    def _entries(self, rows: Ints) -> tuple[Ints, Places, Values]:
        """Place among these rows, column and value of all their features."""
        starts = self.examples.starts[rows]
        sizes = self.examples.starts[rows + 1] - starts
        row_of: Ints = np.repeat(np.arange(len(rows)), sizes)
        return row_of, *self.examples.runs(starts, sizes)

    def _compare(self, rows: Ints, columns: Ints, values: Floats | Values) -> Floats:
        """Cosine with these examples alone."""
        row_of, theirs, weights = self._entries(rows)
        order = np.argsort(columns)
        place = np.minimum(np.searchsorted(columns[order], theirs), len(columns) - 1)
        is_shared = columns[order][place] == theirs
        products = np.where(is_shared, weights * values[order][place], 0.0)
        sums = np.bincount(row_of, weights=products, minlength=len(rows))
        return sums.astype(np.float64, copy=False)


def _placed(blocks: Sequence[Block], features: Features, rows: int) -> tuple[Ints, Ints, Floats]:
    """Row, column and value of the known features of all three kinds."""
    parts: list[tuple[Ints, Ints, Floats]] = []
    start = 0
    for block, counted in zip(blocks, features.kinds, strict=True):
        row, column, value = block.rows(counted, rows)
        parts.append((row, column + start, value))
        start += len(block.keys)
    row_of, column_of, value_of = zip(*parts, strict=True)
    return np.concatenate(row_of), np.concatenate(column_of), np.concatenate(value_of)


def _matrix(blocks: Sequence[Block], features: Features, rows: int) -> Sparse:
    row, column, value = _placed(blocks, features, rows)
    return Sparse.of(row, column, value, (rows, columns_of(blocks)))


def columns_of(blocks: Sequence[Block]) -> int:
    """How many features the examples have."""
    return sum(len(block.keys) for block in blocks)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest examples, and the part each has in the score of its item.

    ``rest`` is what the parts leave of 1, given to the examples that are least like others:
    it only decides between items, and is large where nothing is near.
    """

    rows: Ints
    part: Floats
    rest: Floats


_NOWHERE = Nearest(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))


def nearest(space: Space, cosines: Floats, hidden: npt.NDArray[np.bool_] | None = None) -> Nearest:
    """Solve a small ridge regression over the nearest examples; hidden ones do not count."""
    seen = cosines if hidden is None else np.where(hidden, 0.0, cosines)
    count = min(NEIGHBOURS, len(seen))
    near = np.argpartition(seen, len(seen) - count)[len(seen) - count :]
    near = near[seen[near] > 0]
    if not len(near):
        return _NOWHERE
    kernel = np.clip(space.among(near), 0, 1) ** STEEPNESS
    kernel[np.diag_indices_from(kernel)] += RIDGE
    likeness = np.clip(seen[near], 0, 1) ** STEEPNESS
    part, alone = np.linalg.solve(kernel, np.stack([likeness, np.ones(len(near))], axis=1)).T
    return Nearest(near, part, (1 - part.sum()) * alone / alone.sum())
