"""Which examples are known, and what is there in each of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from wijkbot.understanding.features import Features
from wijkbot.understanding.normalise import clean, plain


@dataclass(frozen=True, slots=True)
class Example:
    """One way to say something, and the item it asks for."""

    item: str
    text: str
    language: str


class Known:
    """Examples with letters or digits, their plain texts and their features."""

    def __init__(
        self,
        examples: Sequence[Example],
        texts: tuple[str, ...] | None = None,
        features: Features | None = None,
    ) -> None:
        """Texts and features that are not given are made when somebody asks for them."""
        self.examples = tuple(examples)
        self._texts, self._features = texts, features

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Known:
        """Read them; those without letters or digits fall away."""
        read = [(example, plain(clean(example.text))) for example in examples]
        kept = [(example, text) for example, text in read if text]
        return cls([example for example, _ in kept], tuple(text for _, text in kept))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Their plain texts."""
        if self._texts is not None:
            return self._texts
        return tuple(plain(clean(example.text)) for example in self.examples)

    @cached_property
    def features(self) -> Features:
        """A row for each."""
        if self._features is not None:
            return self._features
        languages = [base_language(example.language) for example in self.examples]
        return Features.of(self.texts, languages)

    def only(self, rows: Sequence[int]) -> Known:
        """Some of them, in this order."""
        chosen = np.array(rows, dtype=np.int64)
        return Known(
            [self.examples[row] for row in rows],
            tuple(self.texts[row] for row in rows),
            self.features.of_rows(chosen),
        )

    def followed_by(self, other: Known) -> Known:
        """Both, one after the other."""
        return Known(
            (*self.examples, *other.examples),
            (*self.texts, *other.texts),
            self.features.followed_by(other.features, len(self.texts)),
        )

    def as_item(self, item: str) -> Known:
        """The same examples, but all of one item."""
        examples = [replace(one, item=item) for one in self.examples]
        return Known(examples, self.texts, self.features)


@lru_cache(maxsize=100)
def base_language(tag: str) -> str:
    """The language of a tag: "nl" for "nl-BE"; one object for all examples in it."""
    return tag.split("-", maxsplit=1)[0].lower()
