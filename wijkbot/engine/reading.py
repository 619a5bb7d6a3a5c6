"""How was a message understood, and why?"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.engine.words import Label


@dataclass(frozen=True, slots=True)
class Because:
    """One reason: the example or cue that spoke, and its share of the score (0 to 1)."""

    what: str
    share: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text means.

    ``faq`` is the item that answers it, or None when the matcher abstains. ``suggestions`` are
    up to two items for "Bedoel je …?". ``language`` is one of the nine, or "other".
    ``is_listed_crisis``: the reviewed phrase list spoke, not only the classifier.
    """

    label: Label
    also: tuple[Label, ...] = ()
    faq: str | None = None
    score: float = 0.0
    language: str = "nl"
    suggestions: tuple[str, ...] = ()
    because: tuple[Because, ...] = ()
    is_listed_crisis: bool = False
