"""Which item does a text ask for, and is that sure enough to say?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wijkbot.engine.reading import Because
from wijkbot.understanding.features import Floats, Ints
from wijkbot.understanding.kernel import Space, shares
from wijkbot.understanding.normalise import clean, plain

Level = Literal["group", "addressed"]
FLOORS: dict[Level, float] = {"group": 0.45, "addressed": 0.30}
"""Least score of an answer, however few examples there are."""
FALSE_ANSWERS: dict[Level, float] = {"group": 0.02, "addressed": 0.10}
"""Share of questions without an answer that may get one (the alpha of MATCHING)."""
PROBES = 192
"""Examples that are tried with their own item hidden, spread evenly over all."""
HINT = 0.5
"""Part of the threshold from which an item is worth a "Bedoel je …?"."""
EXPLAINED = 3
"""Matches of a ranking that tell which examples made them."""
CLEAR = 2.0
"""Best score over second: from here one suggestion is enough."""


@dataclass(frozen=True, slots=True)
class Example:
    """One way to say something, and the item it asks for."""

    item: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Match:
    """An item, its score (about 0 to 1) and the examples that made it, largest share first."""

    item: str
    score: float
    because: tuple[Because, ...] = ()


class Matcher:
    """Finds the item whose examples are most like a text; immutable once fitted."""

    def __init__(self, examples: Sequence[Example] = ()) -> None:
        known = [(example, plain(clean(example.text))) for example in examples]
        self._examples = tuple(example for example, text in known if text)
        self._items = tuple(dict.fromkeys(example.item for example in self._examples))
        self._space: Space | None = None
        self.thresholds: dict[Level, float] = dict(FLOORS)
        if self._examples:
            number = {item: place for place, item in enumerate(self._items)}
            item_of = np.array([number[e.item] for e in self._examples], dtype=np.int64)
            languages = [base_language(e.language) for e in self._examples]
            texts = [text for _, text in known if text]
            self._space = Space.of(texts, languages, item_of)
            self.thresholds = self._learn_thresholds(self._space)

    @classmethod
    def fit(cls, examples: Sequence[Example]) -> Matcher:
        """A matcher over these examples; examples without letters or digits do not count."""
        return cls(examples)

    def rank(self, text: str, limit: int = 5, language: str = "") -> list[Match]:
        """The likeliest items, best first; empty when nothing is alike at all.

        ``language`` chooses the stemmer; without it the one that knows most words is used.
        """
        return self.rank_plain(plain(clean(text)), limit, language)

    def rank_plain(self, text: str, limit: int = 5, language: str = "") -> list[Match]:
        """As :meth:`rank`, for a text that is in its plain form already."""
        space = self._space
        if space is None or not text:
            return []
        near, part = shares(space, space.likeness(*space.place(text, language)))
        scores = np.bincount(space.item_of[near], weights=part, minlength=len(self._items))
        order = [int(i) for i in np.argsort(-scores, kind="stable")[:limit] if scores[i] > 0]
        return [
            Match(
                self._items[i],
                float(scores[i]),
                self._because(space, i, near, part) if place < EXPLAINED else (),
            )
            for place, i in enumerate(order)
        ]

    def answer(self, text: str, level: Level = "group") -> Match | None:
        """The item to answer with, or None when silence is better."""
        return self.sure(self.rank(text, 1), level)

    def sure(self, ranked: Sequence[Match], level: Level) -> Match | None:
        """The best of a ranking when it passes the threshold of this level."""
        return ranked[0] if ranked and ranked[0].score >= self.thresholds[level] else None

    def suggest(self, text: str) -> tuple[Match, ...]:
        """Up to two items for "Bedoel je …?"; empty when an answer is sure, or all are far."""
        return self.near(self.rank(text, 2))

    def near(self, ranked: Sequence[Match]) -> tuple[Match, ...]:
        """The suggestions of a ranking."""
        least = self.thresholds["addressed"]
        if not ranked or ranked[0].score >= least or ranked[0].score < least * HINT:
            return ()
        best, rest = ranked[0], ranked[1:2]
        if rest and best.score < rest[0].score * CLEAR:
            return (best, rest[0])
        return (best,)

    def _because(self, space: Space, item: int, near: Ints, part: Floats) -> tuple[Because, ...]:
        mine = [int(i) for i in np.flatnonzero(space.item_of[near] == item)]
        mine.sort(key=lambda i: -part[i])
        return tuple(
            Because(self._examples[near[i]].text, float(part[i])) for i in mine[:3] if part[i] > 0
        )

    def _learn_thresholds(self, space: Space) -> dict[Level, float]:
        """Ask examples with their own item hidden: so look questions nobody has an answer to.

        The conformal quantile of those scores is the threshold, above a built-in floor.
        """
        count = len(self._examples)
        probes = np.unique(np.linspace(0, count - 1, min(PROBES, count)).astype(np.int64))
        scores = np.sort([self._score_of_others(space, int(row)) for row in probes])
        found: dict[Level, float] = {}
        for level, alpha in FALSE_ANSWERS.items():
            rank = int(np.ceil((len(scores) + 1) * (1 - alpha)))
            score = float(scores[min(rank, len(scores)) - 1])
            found[level] = max(FLOORS[level], score)
        return found

    def _score_of_others(self, space: Space, row: int) -> float:
        start, end = space.examples.indptr[row], space.examples.indptr[row + 1]
        columns = space.examples.indices[start:end].astype(np.int64)
        cosines = space.likeness(columns, space.examples.data[start:end])
        near, part = shares(space, cosines, space.item_of == space.item_of[row])
        if not len(near):
            return 0.0
        return float(np.bincount(space.item_of[near], weights=part).max())


def base_language(tag: str) -> str:
    """The language of a tag: "nl" for "nl-BE"."""
    return tag.split("-", maxsplit=1)[0].lower()
