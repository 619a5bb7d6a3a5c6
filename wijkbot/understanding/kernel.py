"""How near are texts to the examples? Weighted features, an inverted index, one small solve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
from wijkbot.understanding.sparse import PARTS, Crossed, Places, Sparse, Values

# Matrices as small as ours are multiplied slower by two threads than by one: they wait for each
# other, a hundred times as long where something else wants the processor too.
threadpool_limits(limits=1, user_api="blas")

Counts = npt.NDArray[np.unsignedinteger[Any]]

SHARES = (0.6, 0.25, 0.15)
"""Weight of letters, words and pairs in the likeness of two texts."""
NEIGHBOURS = 64
RIDGE = 0.05
GROUP = 16
"""Examples of which the best stands for all while the nearest are looked for."""
NOT_ALIKE = 0.7
"""Cosine of two texts that have nothing in common, with multilingual-e5-small."""
LOOKED_UP = 300_000
"""Places in the index that are looked up for one text: more than 10,000 examples need."""
COMPARED = 512
"""Examples that are compared in full when there are so many that this bound is passed."""


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of feature: the known keys, sorted, and how many items use each.

    ``weights`` tells for each number of items what a key is worth that so many use: a key of one
    item tells most. A key no example has counts in a text's length, as one that no item uses, so
    that unknown words lower the likeness.
    """

    keys: Keys
    used_by: Counts
    weights: Floats
    share: float

    @classmethod
    def of(cls, counted: Counted, item_of: Places, items: int, share: float) -> Block:
        """The keys of these features."""
        keys, column = numbered(counted.keys)
        pairs = np.sort(column * items + item_of[counted.rows])
        first = np.concatenate([[True], pairs[1:] != pairs[:-1]])[: len(pairs)]
        used_by = np.bincount(pairs[first] // items, minlength=len(keys))
        return cls.known(keys, used_by.astype(counts_to(items)), items, share)

    @classmethod
    def known(cls, keys: Keys, used_by: Counts, items: int, share: float) -> Block:
        """Keys of which it is known how many of all items use them."""
        return cls(keys, used_by, np.log((1 + items) / (1 + np.arange(items + 1))) + 1, share)

    def find(self, keys: Keys) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The column of each key, and whether it is really known there."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.bool_)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return place, self.keys[place] == keys

    def row(self, counted: Counted) -> tuple[Ints, Floats]:
        """As :meth:`rows`, for one text."""
        place, known = self.find(counted.keys)
        values = self._worth(counted, place, known)
        values *= np.sqrt(self.share / max(float(values @ values), 1e-12))
        return place[known], values[known]

    def rows(self, counted: Counted, rows: int) -> tuple[Ints, Ints, Floats]:
        """Row, column and value of the known features, each row scaled to length √share."""
        place, known = self.find(counted.keys)
        values = self._worth(counted, place, known)
        squares = np.bincount(counted.rows, weights=values**2, minlength=rows)
        length = np.sqrt(np.maximum(squares, 1e-12)) / np.sqrt(self.share)
        scaled = values / length[counted.rows]
        return counted.rows[known], place[known], scaled[known]

    def _worth(self, counted: Counted, place: Ints, known: npt.NDArray[np.bool_]) -> Floats:
        """How often each key stands there, less and less for more, times its weight."""
        used_by = self.used_by[place] * known if len(self.used_by) else np.zeros_like(place)
        worth = np.log(counted.counts)
        worth += 1
        worth *= self.weights[used_by]
        return worth


Blocks = tuple[Block, Block, Block]


def counts_to(most: int) -> np.dtype[Any]:
    """The smallest numbers that count so far."""
    return np.min_scalar_type(most)


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

    ``by_feature`` has a line per feature; ``examples`` has one per example, with those features
    that two examples at least have: ``shared`` tells which.
    """

    blocks: Blocks
    examples: Sparse
    by_feature: Sparse
    shared: Places
    item_of: Places
    languages: tuple[str, ...]
    meaning: Meanings | None = None

    @classmethod
    def of(
        cls,
        features: Features,
        languages: Sequence[str],
        item_of: Places,
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
        item_of: Places,
        meaning: Meanings | None = None,
    ) -> Space:
        """A space in which every example has its place already."""
        known = tuple(dict.fromkeys(languages))
        by_line, by_place, shared = crossed.by_line, crossed.by_place, crossed.shared
        return cls(blocks, by_line, by_place, shared, item_of, known, meaning)

    def place(self, features: Features) -> tuple[Ints, Floats]:
        """Columns and values of one text."""
        columns, values = [], []
        start = 0
        for block, counted in zip(self.blocks, features.kinds, strict=True):
            column, value = block.row(counted)
            columns.append(column + start)
            values.append(value)
            start += len(block.keys)
        return np.concatenate(columns), np.concatenate(values)

    def likeness_of(self, row: int) -> Floats:
        """As :meth:`likeness`, for one of the examples with the others."""
        places, values = self.examples.line(row)
        vector = None if self.meaning is None else self.meaning.vectors[row]
        return self.likeness(self.shared[places].astype(np.int64), values, vector)

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
        starts, sizes = self.by_feature.span(columns)
        if int(sizes.sum()) <= LOOKED_UP:
            return self._sum(starts, sizes, values)
        order = np.argsort(sizes)
        is_rare = np.cumsum(sizes[order]) <= LOOKED_UP
        rare, usual = order[is_rare], order[~is_rare]
        found = self._sum(starts[rare], sizes[rare], values[rare])
        first = np.argpartition(found, len(found) - COMPARED)[len(found) - COMPARED :]
        full = np.zeros(len(found))
        full[first] = found[first] + self._compare(first, columns[usual], values[usual])
        return full

    def _sum(self, starts: Places, sizes: Places, values: Floats | Values) -> Floats:
        """For every example the products of the features that begin and reach so far."""
        if not len(starts):
            return np.zeros(self.examples.lines)
        touched, products = self.by_feature.runs(starts, sizes)
        products *= np.repeat(values / PARTS, sizes)
        sums = np.bincount(touched, weights=products, minlength=self.examples.lines)
        return sums.astype(np.float64, copy=False)

    def _letters_among(self, rows: Ints) -> Floats:
        """Products of these rows with each other, over the features that at least two have.

        A dense matrix of those few is multiplied much faster than sparse rows; it has a line for
        each feature.
        """
        row_of, columns, parts = self.examples.entries(rows)
        if not len(columns):
            return np.eye(len(rows))
        order = columns.argsort(kind="stable")  # the rows stand sorted: that is soon merged
        sorted_ = columns[order]
        is_shared = np.empty(len(order) + 1, dtype=np.bool_)
        is_shared[0] = is_shared[-1] = False
        np.equal(sorted_[1:], sorted_[:-1], out=is_shared[1:-1])
        is_first = ~is_shared[:-1]
        is_shared[:-1] |= is_shared[1:]
        chosen = order[is_shared[:-1]]
        number = is_first[is_shared[:-1]].cumsum()
        dense = np.zeros((int(number[-1]) + 1 if len(number) else 1, len(rows)), dtype=np.float32)
        dense.reshape(-1)[number * len(rows) + row_of[chosen]] = parts[chosen]
        among = (dense.T @ dense).astype(np.float64)
        among /= PARTS**2
        among.reshape(-1)[:: len(rows) + 1] = 1.0  # each row is as long as 1
        return among

    def _compare(self, rows: Ints, columns: Ints, values: Floats | Values) -> Floats:
        """Products with these examples alone, of features that two examples at least have."""
        row_of, theirs, parts = self.examples.entries(rows)
        order = np.argsort(columns)
        mine = np.searchsorted(self.shared, columns[order])
        place = np.minimum(np.searchsorted(mine, theirs), len(mine) - 1)
        is_shared = mine[place] == theirs
        products = np.where(is_shared, parts * values[order][place], 0.0) / PARTS
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
    near = _largest(seen, count)
    near = near[seen[near] > 0]
    if not len(near):
        return _NOWHERE
    kernel = _steep(space.among(near))
    kernel.reshape(-1)[:: len(near) + 1] += RIDGE
    sides = np.ones((len(near), 2))
    sides[:, 0] = _steep(seen[near])
    part, alone = np.linalg.solve(kernel, sides).T
    return Nearest(near, part, (1 - part.sum()) * alone / alone.sum())


def _largest(values: Floats, count: int) -> Ints:
    """The places of so many largest values, in rising order; of equal ones the first count.

    The best of each group tell how large the smallest of those is at least; few values are.
    """
    groups = len(values) // GROUP
    if groups < count:
        places = np.arange(len(values))
    else:
        best = values[: groups * GROUP].reshape(GROUP, groups).max(axis=0)
        best.partition(groups - count)
        places = np.flatnonzero(values >= best[groups - count])
    chosen: Ints = places[(-values[places]).argsort(kind="stable")[:count]]
    chosen.sort()
    return chosen


def _steep(cosines: Floats) -> Floats:
    """To the power of 1.5: far examples count less than in proportion."""
    bounded = cosines.clip(0, 1)
    bounded *= np.sqrt(bounded)
    return bounded
