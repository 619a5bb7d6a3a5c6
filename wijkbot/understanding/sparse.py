"""How are tables that are nearly empty kept? Line by line, only what is in them.

As small numbers as will do: what is known of the examples is most of what a bot keeps in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wijkbot.understanding.features import Floats, Ints

Places = npt.NDArray[np.integer[Any]]
"""uint16 where that reaches, else int32."""
Values = npt.NDArray[np.float32]
Parts = npt.NDArray[np.uint16]
PARTS = np.iinfo(np.uint16).max
"""A value from 0 to 1 is kept as so many parts of 1: nearer than any score shows."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """The entries of line ``n`` stand from ``starts[n]`` up to ``starts[n + 1]``.

    ``places`` says where in its line each entry stands, in rising order; ``parts`` is its value.
    """

    starts: Places
    places: Places
    parts: Parts

    @classmethod
    def of(cls, line: Ints, place: Ints, value: Floats | Values, shape: tuple[int, int]) -> Sparse:
        """A table of so many lines and places, with values from 0 to 1; each place of a line is
        given at most once.
        """
        parts = np.rint(value * PARTS).astype(np.uint16)
        return cls._of(line, place, parts, shape)

    @classmethod
    def _of(cls, line: Ints, place: Ints, parts: Parts, shape: tuple[int, int]) -> Sparse:
        lines, width = shape
        order = np.argsort(line * width + place)
        sizes = np.bincount(line, minlength=lines)
        starts = np.zeros(lines + 1, dtype=kind_for(len(parts)))
        sizes.cumsum(out=starts[1:])
        return cls(starts, place[order].astype(kind_for(width)), parts[order])

    @property
    def lines(self) -> int:
        """How many there are, empty ones included."""
        return len(self.starts) - 1

    def span(self, lines: Ints) -> tuple[Places, Places]:
        """Where the entries of these lines begin, and how many each has."""
        starts = self.starts[lines]
        return starts, self.starts[lines + 1] - starts

    def runs(self, starts: Places, sizes: Places) -> tuple[Ints, Floats]:
        """Places and parts from each of these (one at least), so many, one run after the other.

        As the numbers that are reckoned with, so that they need not be copied again.
        """
        ends = (starts + sizes).tolist()
        spans = [slice(start, end) for start, end in zip(starts.tolist(), ends, strict=True)]
        return (
            np.concatenate([self.places[span] for span in spans], dtype=np.int64),
            np.concatenate([self.parts[span] for span in spans], dtype=np.float64),
        )

    def entries(self, lines: Ints) -> tuple[Ints, Places, Parts]:
        """All entries of these lines: in the how manieth of them, place and parts.

        Where runs are short they are sooner taken one by one than joined.
        """
        starts, sizes = self.span(lines)
        where = (starts + sizes - sizes.cumsum(dtype=np.int64)).repeat(sizes)
        where += np.arange(len(where))
        number = np.arange(len(lines)).repeat(sizes)
        return number, self.places.take(where), self.parts.take(where)

    def line(self, number: int) -> tuple[Places, Values]:
        """The entries of one line."""
        span = slice(self.starts[number], self.starts[number + 1])
        return self.places[span], self.parts[span].astype(np.float32) / np.float32(PARTS)

    def line_of(self) -> Ints:
        """In which line each entry stands."""
        return np.repeat(np.arange(self.lines), np.diff(self.starts))

    def turned(self, width: int) -> Sparse:
        """The same table with a line for each of its ``width`` places."""
        shape = (width, self.lines)
        return Sparse._of(self.places.astype(np.int64), self.line_of(), self.parts, shape)

    def only(self, places: Ints, width: int) -> Sparse:
        """The same lines with these of all ``width`` places, which are numbered anew."""
        number = np.full(width, -1, dtype=np.int64)
        number[places] = np.arange(len(places))
        new = number[self.places]
        kept = new >= 0
        shape = (self.lines, len(places))
        return Sparse._of(self.line_of()[kept], new[kept], self.parts[kept], shape)

    def in_many(self) -> Ints:
        """The lines that have two entries or more."""
        return np.flatnonzero(np.diff(self.starts) > 1)

    def fits(self, lines: int, width: int) -> bool:
        """Does every entry stand in one of so many lines, at one of so many places?"""
        return (
            self.lines == lines
            and self.starts[0] == 0
            and self.starts[-1] == len(self.places) == len(self.parts)
            and bool((self.starts[1:] >= self.starts[:-1]).all())
            and int(self.places.min(initial=0)) >= 0
            and (not len(self.places) or int(self.places.max()) < width)
        )


@dataclass(frozen=True, slots=True)
class Crossed:
    """One table, by its lines and by its places.

    ``by_line`` has only the ``shared`` places, those that stand in two lines at least, numbered
    in their order: what a line has alone does not make it like another.
    """

    by_line: Sparse
    by_place: Sparse
    shared: Places

    @classmethod
    def of(cls, table: Sparse, width: int) -> Crossed:
        """Turn it; takes longer than to read it from where it was kept."""
        by_place = table.turned(width)
        shared = by_place.in_many()
        return cls(table.only(shared, width), by_place, shared.astype(kind_for(width)))


def kind_for(most: int) -> type[np.int32] | type[np.uint16]:
    """The numbers that reach so far."""
    return np.uint16 if most <= np.iinfo(np.uint16).max else np.int32
