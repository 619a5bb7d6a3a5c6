"""Does a table that is kept small say what was written in it?"""

from __future__ import annotations

import numpy as np
import pytest

from wijkbot.understanding.sparse import PARTS, Crossed, Sparse

LINES, WIDTH = 40, 300


@pytest.fixture
def dense() -> np.ndarray:
    """Mostly empty; the first line is, and the first place stands in one line alone."""
    kind = np.random.default_rng(3)
    table = kind.integers(1, PARTS + 1, (LINES, WIDTH)) * (kind.random((LINES, WIDTH)) < 0.05)
    table[0], table[:, 0] = 0, 0
    table[7, 0] = PARTS
    return table


def _sparse(dense: np.ndarray) -> Sparse:
    line, place = np.nonzero(dense)
    return Sparse.of(line, place, dense[line, place] / PARTS, dense.shape)


def _read(table: Sparse, width: int) -> np.ndarray:
    found = np.zeros((table.lines, width), dtype=np.int64)
    line, place, parts = table.entries(np.arange(table.lines))
    found[line, place] = parts
    return found


def test_every_entry_stands_where_it_was_put(dense: np.ndarray) -> None:
    table = _sparse(dense)
    assert (_read(table, WIDTH) == dense).all()
    assert table.fits(LINES, WIDTH)
    assert not table.fits(LINES, WIDTH - 1)
    assert not table.fits(LINES + 1, WIDTH)


def test_some_lines_are_read_in_the_order_in_which_they_are_asked_for(dense: np.ndarray) -> None:
    lines = np.array([9, 0, 3])
    number, place, parts = _sparse(dense).entries(lines)
    expected = [(n, p, dense[line, p]) for n, line in enumerate(lines) for p in range(WIDTH)]
    found = list(zip(number, place, parts, strict=True))
    assert found == [entry for entry in expected if entry[2]]


def test_turned_table_has_the_same_entries_in_the_smallest_numbers(dense: np.ndarray) -> None:
    turned = _sparse(dense).turned(WIDTH)
    assert (_read(turned, LINES) == dense.T).all()
    assert {part.dtype for part in (turned.starts, turned.places, turned.parts)} == {
        np.dtype(np.uint16)
    }


def test_by_line_only_what_two_lines_share_is_kept(dense: np.ndarray) -> None:
    crossed = Crossed.of(_sparse(dense), WIDTH)
    shared = np.flatnonzero((dense > 0).sum(axis=0) > 1)
    assert crossed.shared.tolist() == shared.tolist()
    assert 0 not in crossed.shared
    assert (_read(crossed.by_line, len(shared)) == dense[:, shared]).all()
    assert (_read(crossed.by_place, LINES) == dense.T).all()


def test_starts_of_a_damaged_table_that_go_back_are_seen(dense: np.ndarray) -> None:
    table = _sparse(dense)
    starts = table.starts.copy()
    starts[5], starts[6] = starts[6], starts[5]
    assert not Sparse(starts, table.places, table.parts).fits(LINES, WIDTH)
