"""Which item does a text ask for, and is that sure enough to say?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from wijkbot.engine.reading import Because
from wijkbot.understanding.features import Features, Floats
from wijkbot.understanding.kernel import Blocks, Meanings, Nearest, Space, nearest
from wijkbot.understanding.known import Example, Known, base_language
from wijkbot.understanding.normalise import clean, plain
from wijkbot.understanding.sparse import Crossed, Places, kind_for

Level = Literal["group", "addressed"]
FLOORS: dict[Level, float] = {"group": 0.45, "addressed": 0.30}
"""Least lead of an answer, however few examples there are."""
FALSE_ANSWERS: dict[Level, float] = {"group": 0.01, "addressed": 0.15}
"""Share of questions without an answer that may get one (the alpha of the conformal quantile)."""
PROBES = 192
"""Examples that are tried with their own item hidden, spread evenly over all."""
LANGUAGE_PROBES = 48
"""So many examples of one language make a threshold of its own."""
LANGUAGE_FLOOR = 0.20
"""Least lead of an answer in a language with a threshold of its own."""
RUNNER_UP = 0.8
"""Part of the second score that is taken from the first: two that are alike make neither sure."""
HINT = 0.5
"""Part of the threshold from which an item is worth a "Bedoel je …?"."""
EXPLAINED = 3
"""Matches of a ranking that tell which examples made them."""
CLEAR = 2.0
"""Best score over second: from here one suggestion is enough."""


@dataclass(frozen=True, slots=True)
class Match:
    """An item, its score (about 0 to 1) and the examples that made it, largest share first."""

    item: str
    score: float
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class Sureness:
    """The least leads that were learned: for each level, and for each language's own examples."""

    thresholds: Mapping[Level, float]
    own: Mapping[str, float]


class Matcher:
    """Finds the item whose examples are most like a text; immutable once fitted."""

    def __init__(
        self,
        examples: Sequence[Example] | Known = (),
        meaning: Meanings | None = None,
        *,
        blocks: Blocks | None = None,
        placed: Crossed | None = None,
        sureness: Sureness | None = None,
    ) -> None:
        """Fit; ``meaning`` is that of the examples, when it is known.

        The others are what an earlier fit of the same examples learned.
        """
        read = examples if isinstance(examples, Known) else Known.of(examples)
        self.known = read
        self._examples = read.examples
        self._items = tuple(dict.fromkeys(example.item for example in self._examples))
        self._languages = [base_language(example.language) for example in self._examples]
        self.space: Space | None = None
        self._sureness = sureness
        self._own: dict[str, float] = dict(sureness.own) if sureness else {}
        if self._examples:
            number = {item: place for place, item in enumerate(self._items)}
            numbers = [number[example.item] for example in self._examples]
            item_of: Places = np.array(numbers, dtype=kind_for(len(self._items)))
            if blocks is None or placed is None:
                self.space = Space.of(read.features, self._languages, item_of, meaning)
            else:
                self.space = Space.placed(blocks, placed, self._languages, item_of, meaning)

    @cached_property
    def thresholds(self) -> Mapping[Level, float]:
        """The least lead of an answer; learned from the examples when it is first asked for."""
        if self._sureness:
            return self._sureness.thresholds
        leads = self._leads_of_others(range(len(self._examples)), PROBES)
        return {
            level: max(FLOORS[level], _quantile(leads, alpha))
            for level, alpha in FALSE_ANSWERS.items()
        }

    def threshold(self, level: Level, language: str = "") -> float:
        """That for a question in this language, addressed to the bot: lower where its own
        examples show that less is enough, because fewer of them stand in each other's way.
        """
        if level == "group":
            return self.thresholds[level]
        if language not in self._own:
            rows = [row for row, own in enumerate(self._languages) if own == language]
            enough = len(rows) >= LANGUAGE_PROBES
            leads = self._leads_of_others(rows, LANGUAGE_PROBES) if enough else [np.inf]
            self._own[language] = max(LANGUAGE_FLOOR, _quantile(leads, FALSE_ANSWERS[level]))
        return min(self.thresholds[level], self._own[language])

    def sureness(self) -> Sureness:
        """The thresholds of all levels and languages; takes about 1 ms for each probe."""
        for language in self.space.languages if self.space else ():
            self.threshold("addressed", language)
        return Sureness(self.thresholds, dict(self._own))

    @classmethod
    def fit(cls, examples: Sequence[Example]) -> Matcher:
        """A matcher over these examples; examples without letters or digits do not count."""
        return cls(examples)

    def refit(self, item: str, examples: Sequence[Example]) -> Matcher:
        """The same with other examples for one item; none at all takes the item away.

        Only the new examples are read; the rest is what :meth:`fit` would give.
        """
        stays = [row for row, known in enumerate(self._examples) if known.item != item]
        return Matcher(self.known.only(stays).followed_by(Known.of(examples)))

    def with_meaning(self, meaning: Meanings) -> Matcher:
        """The same, looking at what :attr:`examples` mean too.

        Its rankings want the vector of the text. The examples have the places they had.
        """
        if self.space is None:
            return self
        space = self.space
        placed = Crossed(space.examples, space.by_feature, space.shared)
        return Matcher(self.known, meaning, blocks=space.blocks, placed=placed)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that count."""
        return self._examples

    def rank(self, text: str, limit: int = 5, language: str = "") -> list[Match]:
        """The likeliest items, best first; empty when nothing is alike at all.

        ``language`` chooses the stemmer; without it the one that knows most words is used.
        """
        return self.rank_plain(plain(clean(text)), limit, language)

    def rank_plain(
        self,
        text: str,
        limit: int = 5,
        language: str = "",
        *,
        features: Features | None = None,
        vector: Floats | None = None,
    ) -> list[Match]:
        """As :meth:`rank`, for a text that is in its plain form already.

        ``features``: those of the text in this language, when they are known; ``vector``: what
        it means, for a matcher that looks at meaning.
        """
        space = self.space
        if space is None or not text:
            return []
        if features is None or language not in space.languages:
            known = language in space.languages
            chosen = language if known else space.likeliest_language(text.split())
            features = Features.of([text], [chosen])
        near = nearest(space, space.likeness(*space.place(features), vector))
        return self._ranked(space, near, limit)

    def left_out(self) -> list[tuple[Example, list[Match]]]:
        """Every example with its ranking (at most three) when only it itself is hidden."""
        space = self.space
        if space is None:
            return []
        found = []
        for row, example in enumerate(self._examples):
            hidden = np.zeros(len(self._examples), dtype=np.bool_)
            hidden[row] = True
            near = nearest(space, space.likeness_of(row), hidden)
            found.append((example, self._ranked(space, near, 3)))
        return found

    def _ranked(self, space: Space, near: Nearest, limit: int) -> list[Match]:
        item_of, count = space.item_of[near.rows], len(self._items)
        scores = np.bincount(item_of, weights=near.part, minlength=count).tolist()
        with_rest = np.bincount(item_of, weights=near.part + near.rest, minlength=count)
        order = (-with_rest).argsort(kind="stable")[: limit + EXPLAINED].tolist()
        chosen = [item for item in order if scores[item] > 0][:limit]
        because = self._because(near, item_of.tolist(), chosen[:EXPLAINED])
        return [Match(self._items[item], scores[item], because.get(item, ())) for item in chosen]

    def answer(self, text: str, level: Level = "group") -> Match | None:
        """The item to answer with, or None when silence is better."""
        return self.sure(self.rank(text, 2), level)

    def sure(self, ranked: Sequence[Match], level: Level, language: str = "") -> Match | None:
        """The best of a ranking (of two or more) when its lead passes the threshold."""
        is_sure = bool(ranked) and lead(ranked) >= self.threshold(level, language)
        return ranked[0] if is_sure else None

    def suggest(self, text: str) -> tuple[Match, ...]:
        """Up to two items for "Bedoel je …?"; empty when an answer is sure, or all are far."""
        return self.near(self.rank(text, 2))

    def near(self, ranked: Sequence[Match], language: str = "") -> tuple[Match, ...]:
        """The suggestions of a ranking."""
        least = self.threshold("addressed", language)
        if not ranked or lead(ranked) >= least or ranked[0].score < least * HINT:
            return ()
        best, rest = ranked[0], ranked[1:2]
        if rest and best.score < rest[0].score * CLEAR:
            return (best, rest[0])
        return (best,)

    def _because(
        self, near: Nearest, item_of: Sequence[int], items: Sequence[int]
    ) -> dict[int, tuple[Because, ...]]:
        """The examples that made each of these items, largest part first."""
        mine: dict[int, list[tuple[float, int]]] = {item: [] for item in items}
        for item, part, row in zip(item_of, near.part.tolist(), near.rows.tolist(), strict=True):
            if part > 0 and item in mine:
                mine[item].append((-part, row))
        return {
            item: tuple(Because(self._examples[row].text, -part) for part, row in sorted(some)[:3])
            for item, some in mine.items()
        }

    def _leads_of_others(self, rows: Sequence[int], count: int) -> list[float]:
        """Ask so many of these examples with their own item hidden, and take the leads.

        So look questions nobody has an answer to; the conformal quantile is the threshold.
        """
        if self.space is None or not rows:
            return []
        chosen = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64))
        return [self._lead_of_others(self.space, rows[place]) for place in chosen]

    def _lead_of_others(self, space: Space, row: int) -> float:
        hidden = space.item_of == space.item_of[row]
        near = nearest(space, space.likeness_of(row), hidden)
        return lead(self._ranked(space, near, 2))


def _quantile(leads: Sequence[float], alpha: float) -> float:
    """The lead that at most this share of them passes; 0 when there are none."""
    if not leads:
        return 0.0
    rank = int(np.ceil((len(leads) + 1) * (1 - alpha)))
    return sorted(leads)[min(rank, len(leads)) - 1]


def lead(ranked: Sequence[Match]) -> float:
    """How far the best is ahead: its score less most of the second's; 0 for an empty ranking."""
    if not ranked:
        return 0.0
    second = max((match.score for match in ranked[1:]), default=0.0)
    return ranked[0].score - RUNNER_UP * second
