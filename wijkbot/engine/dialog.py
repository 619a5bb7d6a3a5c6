"""What is a dialog? The typed form of a dialog file: steps, choices, slots, conditions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wijkbot.engine.words import Place


class SlotType(StrEnum):
    """What kind of answer a step takes."""

    NONE = "none"
    CHOICE = "choice"
    YES_NO = "yes_no"
    OWN_WORDS = "own_words"
    NUMBER = "number"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds when a slot has one of the values, or the chat is one of the places."""

    slot: str = ""
    is_in: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    is_not: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """Where to go when all conditions hold; without conditions it always holds."""

    goto: str
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class DialogChoice:
    """One answer to pick. ``titles``: language → every form that is understood, shown first.

    ``goto`` overrides the step's own branches.
    """

    id: str
    titles: tuple[tuple[str, tuple[str, ...]], ...]
    goto: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing the bot says, and the answer it waits for.

    ``slot_type`` NONE is a step that only speaks: it goes on by ``branches`` or ends the dialog.
    ``does`` names what is done on entry ("note_odd_job", "erase", "stop", "agree_news" …).
    ``place`` is where it may be asked: a private step reached in a group sends its private link
    instead.
    ``limits``: least and most number, or most characters (0 = the type's own).
    ``has_invalid_text``: the item has a text for a wrong answer; else the standard one is said.
    """

    id: str
    slot_type: SlotType = SlotType.NONE
    slot: str = ""
    choices: tuple[DialogChoice, ...] = ()
    branches: tuple[Branch, ...] = ()
    place: Place | None = None
    does: str = ""
    limits: tuple[int, int] = (0, 0)
    has_invalid_text: bool = False
    purpose: str = "odd_job"


@dataclass(frozen=True, slots=True)
class Dialog:
    """A whole dialog. Its texts are keys of the item with the same id:

    ``<step>.ask``, ``<step>.invalid``, ``<step>.<choice>``. ``starts_on`` are labels.
    ``timeout_minutes``: after it the dialog ends politely.
    """

    id: str
    first: str
    steps: tuple[Step, ...]
    starts_on: tuple[str, ...] = ()
    timeout_minutes: int = 1440

    def step(self, step_id: str) -> Step | None:
        """The step of that name, or None when this version has none."""
        return next((step for step in self.steps if step.id == step_id), None)
