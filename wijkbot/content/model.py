"""Which kinds of content are there, and what does each one hold?"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, field_validator

from wijkbot.content.model_parts import (
    LANGUAGES,
    Country,
    ItemId,
    LangLists,
    LangMap,
    Part,
    Whole,
    known_languages,
)
from wijkbot.engine.commands import Command

# What this module only passes on; all that it defines itself can be taken from it as well.
__all__ = ["LANGUAGES", "Country", "LangLists", "LangMap"]

Purpose = Literal[
    "contact", "info", "announcement", "referral", "crisis", "odd_job", "service", "staff"
]


class Pack(Whole):
    """The pack itself: its languages, main consultation hour and vocabulary."""

    kind: Literal["pack"]
    title: LangMap
    licence: str
    languages: tuple[str, ...]
    main_hours: str
    main_hours_by_country: dict[Country, str] = Field(default_factory=dict)
    words: dict[str, LangMap] = Field(default_factory=dict)


class Organisation(Whole):
    """Facts of the organisation; an overlay replaces it for a neighbourhood."""

    kind: Literal["organisation"]
    country: Country
    name: str
    bot: str = "wijkbot"
    phone: str
    address: str
    url: str = ""
    shelter: str = ""
    complaint_url: str = ""
    chat_hours: LangMap = Field(default_factory=dict)


class TitledChoice(Part):
    """One answer to pick: a title in every language and other forms that are understood."""

    id: ItemId
    title: LangMap
    also: LangLists = Field(default_factory=dict)
    goto: str = ""


class Text(Whole):
    """A fixed text. ``reviewed`` languages are required for a crisis text."""

    kind: Literal["text"]
    purpose: Purpose
    title: LangMap = Field(default_factory=dict)
    text: LangMap
    private_text: LangMap | None = None
    choices: tuple[TitledChoice, ...] = ()
    reviewed: dict[str, bool] = Field(default_factory=dict)


class Ready(Whole):
    """A text that a worker puts in a secure talk; ``boundary``: it says how far that goes.

    The bot itself has no way to it: see :func:`wijkbot.content.book.to_book`.
    """

    kind: Literal["ready"]
    title: LangMap
    text: LangMap
    boundary: bool = False


class TemplateFile(Whole):
    """A text that a platform approves beforehand, for who did not just write.

    ``places`` say what fills {{1}}, {{2}} and so on; a text that is too long for its place ends
    with ``more_online`` and the website, or with ``more_by_phone`` and the telephone number.
    """

    kind: Literal["template"]
    category: Literal["utility", "marketing"]
    places: tuple[Literal["organisation", "text"], ...]
    text: LangMap
    examples: LangLists
    more_online: LangMap = Field(default_factory=dict)
    more_by_phone: LangMap = Field(default_factory=dict)


class Card(Whole):
    """The sentences of which the card of a consultation hour is made, by part."""

    kind: Literal["card"]
    parts: dict[str, LangMap]


class Faq(Whole):
    """A question residents ask, its answer, and ways to ask it. ``hours``: from the schedule."""

    kind: Literal["faq"]
    title: LangMap
    answer: LangMap | None = None
    hours: str = ""
    link: str | LangMap = ""
    audience: tuple[str, ...] = ("all",)
    sensitive: bool = False
    examples: LangLists


class HoursRule(Part):
    """One recurring block, with an RFC 5545 rule."""

    rrule: str
    begins: time = Field(alias="from")
    ends: time = Field(alias="until")
    starts: date = date(2026, 1, 1)


class HoursHolidays(Part):
    """Which public holidays count."""

    country: str = ""
    subdivision: str = ""
    extra: tuple[date, ...] = ()
    without: tuple[date, ...] = Field(default=(), alias="not")


class HoursClosed(Part):
    """A closed period, both days included."""

    first: date = Field(alias="from")
    last: date = Field(alias="until")
    reason: LangMap = Field(default_factory=dict)


class HoursChange(Part):
    """One day that differs from the rule."""

    date: date
    cancelled: bool = False
    begins: time | None = Field(default=None, alias="from")
    ends: time | None = Field(default=None, alias="until")
    place: str = ""
    reason: LangMap = Field(default_factory=dict)


class Hours(Whole):
    """A consultation hour with everything its card must show."""

    kind: Literal["hours"]
    country: Country
    title: LangMap
    place: str
    who: LangMap
    what_for: LangMap
    appointment: Literal["none", "possible", "required"]
    price: Literal["free"] | LangMap
    bring_someone: bool = True
    timezone: str
    rules: tuple[HoursRule, ...] = Field(min_length=1)
    on_holiday: Literal["skip", "next_week", "open"] = "skip"
    holidays: HoursHolidays = HoursHolidays()
    closed: tuple[HoursClosed, ...] = ()
    changes: tuple[HoursChange, ...] = ()
    last_checked: date


class Category(Whole):
    """A kind of odd job, and what is allowed."""

    kind: Literal["category"]
    title: LangMap
    examples: LangLists = Field(default_factory=dict)
    rule: LangMap


class Helpline(Whole):
    """A line that people in need can call. ``roles`` say which field it fills."""

    kind: Literal["helpline"]
    country: Literal["NL", "BE", "both"]
    languages: tuple[str, ...]
    roles: tuple[str, ...]
    name: str
    phone: str
    sms: str = ""
    chat_url: str = ""
    hours: str | LangMap = ""
    cost: str | LangMap = ""
    audience: str | LangMap = ""
    wording: Literal["hulplijn", "meldpunt", "nood"]
    source: str
    last_checked: date
    expires: date
    confidence: Literal["checked", "unchecked"]


class If(Part):
    """A condition of a branch: on a slot or on the place."""

    slot: str = ""
    is_in: tuple[str, ...] = Field(default=(), alias="in")
    not_in: tuple[str, ...] = ()
    place: Literal["G", "P", ""] = ""


class Next(Part):
    """Where to go when all conditions hold."""

    conditions: tuple[If, ...] = Field(default=(), alias="if")
    goto: str


class DialogStep(Part):
    """One thing the bot says and the answer it waits for.

    ``harmless``: what is picked here says nothing about anybody, so the platform may read it.
    """

    ask: LangMap
    type: Literal["none", "choice", "yes_no", "own_words", "number", "word"] = "none"
    slot: str = ""
    choices: tuple[TitledChoice, ...] = ()
    choices_from: Literal["category", ""] = ""
    harmless: bool = False
    min: int = 0
    max: int = 0
    invalid: LangMap | None = None
    place: Literal["G", "P", ""] = ""
    do: Literal[
        "note_odd_job",
        "erase",
        "stop",
        "agree_news",
        "agree_jobs",
        "refuse_news",
        "refuse_jobs",
        "",
    ] = ""
    purpose: Purpose | None = None
    next: str | tuple[Next, ...] = ""
    end: bool = False


class DialogFile(Whole):
    """A dialog of several steps."""

    kind: Literal["dialog"]
    title: LangMap
    starts_on: tuple[str, ...] = ()
    timeout_minutes: int = Field(default=1440, ge=1, le=10080)
    purpose: Purpose = "odd_job"
    first: str
    steps: dict[str, DialogStep] = Field(min_length=1)


class ExampleTurn(Part):
    """One turn: what a resident types or picks, or the text that the bot says then."""

    resident: str | None = None
    choice: str | None = None
    bot: str | None = None


class Example(Part):
    """One conversation that must go exactly so."""

    title: str
    place: Literal["group", "private"] = "private"
    language: str = "nl-BE"
    country: Country = "BE"
    turns: tuple[ExampleTurn, ...] = Field(min_length=1)


class ExampleFile(Part):
    """The example conversations beside a dialog."""

    kind: Literal["example"]
    dialog: str
    examples: tuple[Example, ...] = Field(min_length=1)
    path: str = ""
    lines: dict[str, int] = Field(default_factory=dict)

    def line_of(self, example: Example, turn: int) -> int:
        """The line of a turn, for messages."""
        index = self.examples.index(example)
        return self.lines.get(f"{index}.{turn}", 1)


class Alarm(Whole):
    """Reviewed phrases that speak for one label."""

    kind: Literal["alarm"]
    label: str
    phrases: LangLists
    not_when: LangLists = Field(default_factory=dict)
    needs_first_person: LangLists = Field(default_factory=dict)


class CuesFile(Whole):
    """Words that tell who is meant and that it is now."""

    kind: Literal["cues"]
    first_person: LangLists
    now: LangLists = Field(default_factory=dict)


CommandName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
CommandNote = Annotated[str, Field(min_length=1, max_length=256)]


class ShownCommand(Part):
    """One line of the list that an app shows behind its menu button, and to whom."""

    to: tuple[Literal["everybody", "private", "group", "admins"], ...]
    name: Annotated[dict[str, CommandName], AfterValidator(known_languages)]
    about: Annotated[dict[str, CommandNote], AfterValidator(known_languages)]


class CommandWords(Whole):
    """The fixed words for each thing that somebody can have the bot do, whole messages only.

    ``shown`` is the list of commands that an app offers beside the text field.
    """

    kind: Literal["commands"]
    words: dict[str, LangLists]
    shown: tuple[ShownCommand, ...] = ()

    @field_validator("words")
    @classmethod
    def _known_commands(cls, value: dict[str, LangLists]) -> dict[str, LangLists]:
        unknown = [name for name in value if name not in set(Command)]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no command; use one of {', '.join(Command)}")
        return value


class Labels(Whole):
    """Invented messages and the label they should get."""

    kind: Literal["labels"]
    label: str
    examples: LangLists


Item = (
    Pack
    | Organisation
    | Text
    | Ready
    | TemplateFile
    | Card
    | Faq
    | Hours
    | Category
    | Helpline
    | DialogFile
    | Alarm
    | CuesFile
    | CommandWords
    | Labels
)

KINDS: dict[str, type[BaseModel]] = {
    "pack": Pack,
    "organisation": Organisation,
    "text": Text,
    "ready": Ready,
    "template": TemplateFile,
    "card": Card,
    "faq": Faq,
    "hours": Hours,
    "category": Category,
    "helpline": Helpline,
    "dialog": DialogFile,
    "alarm": Alarm,
    "cues": CuesFile,
    "commands": CommandWords,
    "labels": Labels,
    "example": ExampleFile,
}
