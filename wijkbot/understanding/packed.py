"""How is what was learned written as arrays, and made whole again?

The arrays hold numbers, and JSON with the words of the content; nothing in them can be run.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from wijkbot.understanding.alarm import Alarm
from wijkbot.understanding.kernel import SHARES, Block, Space, columns_of, counts_to
from wijkbot.understanding.known import Example, Known
from wijkbot.understanding.learned import Learned, Taught, voters
from wijkbot.understanding.matcher import Matcher, Sureness
from wijkbot.understanding.patterns import Listed, Rows
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
        "thresholds": faq.thresholds,
        "own": faq.own,
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "words": np.frombuffer(json.dumps(words).encode(), dtype=np.uint8)
    }
    for field in fields(Rows):
        arrays[f"rows_{field.name}"] = np.array(getattr(listed.rows, field.name), dtype=np.uint32)
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
    listed = _listed(words, vocabulary, arrays)
    sureness = Sureness(words["thresholds"], words["own"])
    return Learned(
        _matcher("faq", questions, arrays, sureness),
        _matcher("votes", voters(labelled, questions), arrays),
        vocabulary,
        Alarm(taught.phrases, taught.cues, vocabulary, listed),
    )


def _listed(words: Mapping[str, Any], vocabulary: Iterable[str], arrays: Arrays) -> Listed:
    """JSON makes a number, a list of numbers or a word anew each time it stands there; here each
    is one object, which saves a tenth of what a reader takes.
    """
    known: dict[Any, Any] = {word: word for word in vocabulary}

    def one(of: Any) -> Any:
        return known.setdefault(of, of)

    def slots(of: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
        return {
            one(word): one(tuple(one(number) for number in numbers))
            for word, numbers in of.items()
        }

    by_word, by_prefix = slots(words["words"]), slots(words["prefixes"])
    most = max((max(some) for some in chain(by_word.values(), by_prefix.values())), default=-1)
    return Listed(by_word, by_prefix, _rows(arrays, most + 1))


def _rows(arrays: Arrays, slots: int) -> Rows:
    """The rows of the phrases; as with tables, places that do not exist are no rows."""
    of_slot, phrases, starts, in_rows, reach = (
        _as(arrays[f"rows_{field.name}"], np.uint32) for field in fields(Rows)
    )
    is_whole = (
        len(of_slot) == slots + 1
        and _lead_through(of_slot, len(phrases))
        and len(starts) == len(phrases) + 1
        and _lead_through(starts, len(in_rows))
        and len(in_rows) == len(reach)
    )
    if not is_whole:
        raise ValueError("not the rows that were written")
    return Rows(*(array("I", one.tobytes()) for one in (of_slot, phrases, starts, in_rows, reach)))


def _lead_through(starts: npt.NDArray[Any], entries: int) -> bool:
    """Do these lead from the first to the last of so many entries?"""
    return bool(starts[0] == 0 and starts[-1] == entries and (starts[1:] >= starts[:-1]).all())


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
    arrays: dict[str, npt.NDArray[Any]] = {}
    for number, block in enumerate(space.blocks):
        arrays[f"{name}_keys_{number}"] = block.keys
        arrays[f"{name}_used_by_{number}"] = block.used_by
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
    items = len({example.item for example in examples})
    first, second, third = (
        _block(f"{name}_{{}}_{number}", arrays, items, share)
        for number, share in enumerate(SHARES)
    )
    blocks = (first, second, third)
    columns, lines = columns_of(blocks), len(examples)
    by_place = _table(f"{name}_by_place", arrays, columns, lines)
    shared = by_place.in_many()
    by_line = _table(f"{name}_by_line", arrays, lines, len(shared))
    placed = Crossed(by_line, by_place, shared.astype(kind_for(columns)))
    return Matcher(Known(examples), blocks=blocks, placed=placed, sureness=sureness)


def _block(name: str, arrays: Arrays, items: int, share: float) -> Block:
    keys = _as(arrays[name.format("keys")], np.uint64)
    used_by = _as(arrays[name.format("used_by")], counts_to(items))
    if len(keys) != len(used_by) or int(used_by.max(initial=0)) > items:
        raise ValueError("not the keys that were written")
    return Block.known(keys, used_by, items, share)


def _table(name: str, arrays: Arrays, lines: int, width: int) -> Sparse:
    """Places that do not exist would only be found out while a message is read."""
    places = _as(arrays[f"{name}_places"], kind_for(width))
    table = Sparse(
        _as(arrays[f"{name}_starts"], kind_for(len(places))),
        places,
        _as(arrays[f"{name}_parts"], np.uint16),
    )
    if not table.fits(lines, width):
        raise ValueError("not the table that was written")
    return table


def _as(array: npt.NDArray[Any], kind: npt.DTypeLike) -> npt.NDArray[Any]:
    if array.dtype != kind or array.ndim != 1:
        raise ValueError("not the numbers that were written")
    return array
