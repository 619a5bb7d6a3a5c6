"""What may stand in an outgoing text besides the published words? Only these typed values.

A value is a name of something, never a sentence: the shell looks it up and writes it in the
resident's language. The one exception, :class:`OwnWords`, exists for odd jobs alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

OWN_WORDS_LIMIT = 120
"""Most characters of a resident's own words, such as the text of an odd job."""
CODE_DIGITS = 6
"""Digits of a code for an info card: short enough to read aloud."""


@dataclass(frozen=True, slots=True)
class FieldOf:
    """A field of a published item ("title", "phone", "url" …) in the reader's language."""

    item: str
    field: str


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day."""

    day: date


@dataclass(frozen=True, slots=True)
class Begin:
    """The moment (aware, in the zone of the neighbourhood) at which something begins."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class PackWord:
    """A word of the published vocabulary, as "open" in the reader's language."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number."""

    number: int


@dataclass(frozen=True, slots=True)
class CardCode:
    """A code of six digits, for an info card; written in two groups of three."""

    code: str

    def __post_init__(self) -> None:
        if not (len(self.code) == CODE_DIGITS and self.code.isascii() and self.code.isdigit()):
            raise ValueError("a code for a card is six digits")


@dataclass(frozen=True, slots=True)
class Link:
    """A link the shell makes: "private", "secure", "complaint", or "job" with a token."""

    kind: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class NextHour:
    """The next opening of a consultation hour, computed when the text is rendered.

    ``item`` "" means the organisation's main one for this neighbourhood.
    """

    item: str = ""


@dataclass(frozen=True, slots=True)
class HelplineOf:
    """A helpline of the reader's country and language by role: "suicide", "listen" …"""

    role: str


@dataclass(frozen=True, slots=True)
class OrganisationField:
    """A field of the organisation: "name", "phone", "shelter"."""

    field: str


@dataclass(frozen=True, slots=True)
class ChoiceTitle:
    """The title of a choice made earlier: dialog, step and choice id."""

    dialog: str
    step: str
    choice: str


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A resident's own words: ≤ 120 characters, filtered, shown back; odd jobs only."""

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > OWN_WORDS_LIMIT:
            raise ValueError("own words are longer than 120 characters")


Value = (
    FieldOf
    | Day
    | Begin
    | PackWord
    | Number
    | CardCode
    | Link
    | NextHour
    | HelplineOf
    | OrganisationField
    | ChoiceTitle
    | OwnWords
)
Values = tuple[tuple[str, Value], ...]
