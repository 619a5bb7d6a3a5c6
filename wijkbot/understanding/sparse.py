"""How are tables that are nearly empty kept? Line by line, only what is in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wijkbot.understanding.features import Floats, Ints

Places = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Sparse:
    """The entries of line ``n`` stand from ``starts[n]`` up to ``starts[n + 1]``.

    ``places`` says where in its line each entry stands, in rising order.
    """

    starts: Ints
    places: Places
    values: Floats

    @classmethod
    def of(cls, line: Ints, place: Ints, value: Floats, shape: tuple[int, int]) -> Sparse:
        """A table of so many lines and places; each place of a line is given at most once."""
        lines, width = shape
        order = np.argsort(line * width + place)
        sizes = np.bincount(line, minlength=lines)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return cls(starts, place[order].astype(np.int32), value[order])

    @property
    def lines(self) -> int:
        """How many there are, empty ones included."""
        return len(self.starts) - 1

    def runs(self, starts: Ints, sizes: Ints) -> tuple[Places, Floats]:
        """The entries from each of these (one at least), so many, one run after the other."""
        ends = (starts + sizes).tolist()
        spans = [slice(start, end) for start, end in zip(starts.tolist(), ends, strict=True)]
        places = np.concatenate([self.places[span] for span in spans])
        return places, np.concatenate([self.values[span] for span in spans])

    def turned(self, width: int) -> Sparse:
        """The same table with a line for each of its ``width`` places."""
        line_of = np.repeat(np.arange(self.lines), np.diff(self.starts))
        return Sparse.of(self.places.astype(np.int64), line_of, self.values, (width, self.lines))
