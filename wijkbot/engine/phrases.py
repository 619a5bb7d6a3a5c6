"""Which reviewed words does the alarm listen for? Data that content loads for understanding."""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.engine.words import Label


@dataclass(frozen=True, slots=True)
class PhraseList:
    """Reviewed phrases of one label in one language.

    ``phrases`` speak for the label; ``not_when`` are idioms that silence them ("van het
    lachen"); ``needs_first_person`` phrases count only beside "ik", "mijn", "wij" …;
    ``words`` are the first-person cues of that language (only in the list named "cues").
    """

    label: Label
    language: str
    phrases: tuple[str, ...]
    not_when: tuple[str, ...] = ()
    needs_first_person: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cues:
    """Words of one language that tell who is meant, and that the moment is now."""

    language: str
    first_person: tuple[str, ...]
    now: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledExample:
    """One invented message and the label it should get."""

    label: Label
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class FaqExample:
    """One way to ask for an item."""

    item: str
    language: str
    text: str
