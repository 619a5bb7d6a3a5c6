"""How is what was learned written as arrays, and made whole again?

The arrays hold numbers, and JSON with the words of the content; nothing in them can be run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wijkbot.understanding.alarm import Alarm
from wijkbot.understanding.features import Floats
from wijkbot.understanding.kernel import SHARES, Block, Space, columns_of
from wijkbot.understanding.known import Example, Known
from wijkbot.understanding.learned import Learned, Taught, voters
from wijkbot.understanding.matcher import Matcher, Sureness
from wijkbot.understanding.patterns import Listed, Row
from wijkbot.understanding.sparse import Crossed, Sparse, kind_for

Arrays = Mapping[str, npt.NDArray[Any]]


def pack(learned: Learned, taught: Taught) -> dict[str, npt.NDArray[Any]]:
    """All that takes long to learn; with the content itself it is made whole again."""
    listed, faq = learned.alarm.listed, learned.faq.sureness()
    words = {
        "silent": [
            _silent(taught.as_questions(), learned.faq.examples),
            _silent(taught.as_votes(), learned.votes.examples),
        ],
        "vocabulary": _by_languages(learned.vocabulary),
        "words": listed.words,
        "prefixes": listed.prefixes,
        "rows": listed.rows,
        "thresholds": faq.thresholds,
        "own": faq.own,
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "words": np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)
    }
    for name, matcher in (("faq", learned.faq), ("votes", learned.votes)):
        if matcher.space is not None:
            arrays |= _of_space(name, matcher.space)
    return arrays


def unpack(arrays: Arrays, taught: Taught) -> Learned:
    """What :func:`pack` was given, for the same content.

    Raises:
        Exception: of many kinds, when the arrays are not what that function gave.
    """
    words = json.loads(arrays["words"].tobytes())
    questions = _heard(taught.as_questions(), words["silent"][0])
    labelled = _heard(taught.as_votes(), words["silent"][1])
    vocabulary = {
        word: codes
        for codes, group in ((frozenset(k.split()), v) for k, v in words["vocabulary"].items())
        for word in group
    }
    listed = _listed(words)
    sureness = Sureness(words["thresholds"], words["own"])
    return Learned(
        _matcher("faq", questions, arrays, sureness),
        _matcher("votes", voters(labelled, questions), arrays),
        vocabulary,
        Alarm(taught.phrases, taught.cues, vocabulary, listed),
    )


def _listed(words: Mapping[str, Any]) -> Listed:
    """JSON makes a number or a list of numbers anew each time it stands there; here each is one
    object, which saves a tenth of what a reader takes.
    """
    known: dict[Any, Any] = {}

    def one(of: Any) -> Any:
        return known.setdefault(of, of)

    def numbers(of: Sequence[int]) -> tuple[int, ...]:
        found: tuple[int, ...] = one(tuple(one(number) for number in of))
        return found

    return Listed(
        {word: numbers(slots) for word, slots in words["words"].items()},
        {word: numbers(slots) for word, slots in words["prefixes"].items()},
        [
            Row(one(a), one(b), numbers(slots), numbers(reach))
            for a, b, slots, reach in words["rows"]
        ],
    )


def _silent(given: Sequence[Example], read: Sequence[Example]) -> list[int]:
    """The places of examples without letters or digits."""
    rest = iter(read)
    waiting = next(rest, None)
    silent = []
    for place, example in enumerate(given):
        if example == waiting:
            waiting = next(rest, None)
        else:
            silent.append(place)
    return silent


def _heard(given: Sequence[Example], silent: Sequence[int]) -> list[Example]:
    without = frozenset(silent)
    return [example for place, example in enumerate(given) if place not in without]


def _by_languages(vocabulary: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    """The words of each group of languages: there are few groups, and many words."""
    groups: dict[frozenset[str], list[str]] = {}
    for word, codes in vocabulary.items():
        groups.setdefault(codes, []).append(word)
    return {" ".join(sorted(codes)): words for codes, words in groups.items()}


def _of_space(name: str, space: Space) -> dict[str, npt.NDArray[Any]]:
    arrays: dict[str, npt.NDArray[Any]] = {
        f"{name}_unknown": np.array([block.unknown for block in space.blocks])
    }
    for number, block in enumerate(space.blocks):
        arrays[f"{name}_keys_{number}"] = block.keys
        arrays[f"{name}_weights_{number}"] = block.weights
    for side, table in (("by_line", space.examples), ("by_place", space.by_feature)):
        arrays[f"{name}_{side}_starts"] = table.starts
        arrays[f"{name}_{side}_places"] = table.places
        arrays[f"{name}_{side}_parts"] = table.parts
    return arrays


def _matcher(
    name: str, examples: Sequence[Example], arrays: Arrays, sureness: Sureness | None = None
) -> Matcher:
    if not examples:
        return Matcher((), sureness=sureness)
    unknown = _floats(arrays[f"{name}_unknown"])
    first, second, third = (
        Block(
            _as(arrays[f"{name}_keys_{number}"], np.uint64),
            _floats(arrays[f"{name}_weights_{number}"]),
            float(unknown[number]),
            share,
        )
        for number, share in enumerate(SHARES)
    )
    blocks = (first, second, third)
    columns, lines = columns_of(blocks), len(examples)
    placed = Crossed(
        _table(f"{name}_by_line", arrays, lines, columns),
        _table(f"{name}_by_place", arrays, columns, lines),
    )
    if not all(len(block.keys) == len(block.weights) for block in blocks):
        raise ValueError("not the keys that were written")
    return Matcher(Known(examples), blocks=blocks, placed=placed, sureness=sureness)


def _table(name: str, arrays: Arrays, lines: int, width: int) -> Sparse:
    """Places that do not exist would only be found out while a message is read."""
    table = Sparse(
        _as(arrays[f"{name}_starts"], np.int64),
        _as(arrays[f"{name}_places"], kind_for(width)),
        _as(arrays[f"{name}_parts"], np.uint16),
    )
    if not table.fits(lines, width):
        raise ValueError("not the table that was written")
    return table


def _as(array: npt.NDArray[Any], kind: type[Any]) -> npt.NDArray[Any]:
    if array.dtype != kind or array.ndim != 1:
        raise ValueError("not the numbers that were written")
    return array


def _floats(array: npt.NDArray[Any]) -> Floats:
    return _as(array, np.float64)
