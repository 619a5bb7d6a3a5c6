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
PARTS = np.iinfo(np.uint16).max
"""A value from 0 to 1 is kept as so many parts of 1: nearer than any score shows."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """The entries of line ``n`` stand from ``starts[n]`` up to ``starts[n + 1]``.

    ``places`` says where in its line each entry stands, in rising order; ``parts`` is its value.
    """

    starts: Ints
    places: Places
    parts: npt.NDArray[np.uint16]

    @classmethod
    def of(cls, line: Ints, place: Ints, value: Floats | Values, shape: tuple[int, int]) -> Sparse:
        """A table of so many lines and places, with values from 0 to 1; each place of a line is
        given at most once.
        """
        parts = np.rint(value * PARTS).astype(np.uint16)
        return cls._of(line, place, parts, shape)

    @classmethod
    def _of(
        cls, line: Ints, place: Ints, parts: npt.NDArray[np.uint16], shape: tuple[int, int]
    ) -> Sparse:
        lines, width = shape
        order = np.argsort(line * width + place)
        sizes = np.bincount(line, minlength=lines)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return cls(starts, place[order].astype(kind_for(width)), parts[order])

    @property
    def lines(self) -> int:
        """How many there are, empty ones included."""
        return len(self.starts) - 1

    def runs(self, starts: Ints, sizes: Ints) -> tuple[Places, Values]:
        """The entries from each of these (one at least), so many, one run after the other."""
        ends = (starts + sizes).tolist()
        spans = [slice(start, end) for start, end in zip(starts.tolist(), ends, strict=True)]
        places = np.concatenate([self.places[span] for span in spans])
        return places, _values(np.concatenate([self.parts[span] for span in spans]))

    def line(self, number: int) -> tuple[Places, Values]:
        """The entries of one line."""
        span = slice(self.starts[number], self.starts[number + 1])
        return self.places[span], _values(self.parts[span])

    def turned(self, width: int) -> Sparse:
        """The same table with a line for each of its ``width`` places."""
        line_of = np.repeat(np.arange(self.lines), np.diff(self.starts))
        return Sparse._of(self.places.astype(np.int64), line_of, self.parts, (width, self.lines))

    def fits(self, lines: int, width: int) -> bool:
        """Does every entry stand in one of so many lines, at one of so many places?"""
        return (
            self.lines == lines
            and self.starts[0] == 0
            and self.starts[-1] == len(self.places) == len(self.parts)
            and bool((np.diff(self.starts) >= 0).all())
            and int(self.places.min(initial=0)) >= 0
            and (not len(self.places) or int(self.places.max()) < width)
        )


@dataclass(frozen=True, slots=True)
class Crossed:
    """One table, by its lines and by its places."""

    by_line: Sparse
    by_place: Sparse

    @classmethod
    def of(cls, table: Sparse, width: int) -> Crossed:
        """Turn it; takes longer than to read it from where it was kept."""
        return cls(table, table.turned(width))


def kind_for(width: int) -> type[np.int32] | type[np.uint16]:
    """The numbers that reach every place of so wide a table."""
    return np.uint16 if width <= np.iinfo(np.uint16).max else np.int32


def _values(parts: npt.NDArray[np.uint16]) -> Values:
    values = parts.astype(np.float32)
    values /= np.float32(PARTS)
    return values
