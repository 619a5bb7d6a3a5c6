"""What does the engine ask for? Effects are data; the shell performs them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wijkbot.engine.values import Values
from wijkbot.engine.words import Purpose


@dataclass(frozen=True, slots=True)
class Offer:
    """One choice under a text: its id comes back, its title is looked up by the shell.

    ``title_key`` is a key of ``item``, or of the item that is said when ``item`` is empty.
    """

    id: str
    title_key: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Send a published text to the chat of this conversation.

    ``item`` and ``version`` name the published item, ``key`` its text ("text" by default),
    ``values`` fill its fields. ``footers`` are items whose texts follow as last lines of the
    same message, such as the line "I am a computer".
    """

    purpose: Purpose
    item: str
    version: int
    key: str = "text"
    values: Values = ()
    offers: tuple[Offer, ...] = ()
    footers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Wake this conversation after so many seconds (one timer a conversation; last wins)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class StopTimer:
    """No timer any more."""


@dataclass(frozen=True, slots=True)
class BindToken:
    """Remember a one-time token that only this resident can use, for a private dialog."""

    token: str
    dialog: str


@dataclass(frozen=True, slots=True)
class GiveCardCode:
    """Remember a code with which a worker can send this resident an info card, here."""

    code: str


@dataclass(frozen=True, slots=True)
class NoteOddJob:
    """Store an odd job that its resident agreed to. ``kind`` is "request" or "offer"."""

    kind: str
    category: str
    words: str
    area: str
    when: str


class StaffKind(StrEnum):
    """What staff are told: a kind and nothing else."""

    CRISIS = "crisis"
    REFERRAL = "referral"
    COMPLAINT = "complaint"
    WORRY = "worry"
    ABUSE = "abuse"
    PERSONAL_DATA = "personal_data"
    ODD_JOB = "odd_job"


@dataclass(frozen=True, slots=True)
class StaffNotice:
    """Count for staff that something of this kind happened; it has no other field."""

    kind: StaffKind


@dataclass(frozen=True, slots=True)
class OptOut:
    """This resident gets nothing for these purposes any more (sticky).

    ``Purpose.SERVICE`` means that they asked to be ignored: only a crisis is answered.
    """

    purposes: tuple[Purpose, ...] = (Purpose.ANNOUNCEMENT, Purpose.ODD_JOB)


@dataclass(frozen=True, slots=True)
class OptIn:
    """This resident takes back everything they had stopped.

    In a private chat what they had agreed to there before counts again too.
    """


@dataclass(frozen=True, slots=True)
class Agree:
    """This resident wants to be sent something of this purpose, here, without asking each time.

    ``item`` and ``version`` are the published words of the question that they said yes to.
    """

    purpose: Purpose
    item: str
    version: int


@dataclass(frozen=True, slots=True)
class MoveTo:
    """This private chat is from now on one of that neighbourhood."""

    area: str


@dataclass(frozen=True, slots=True)
class BeSilent:
    """Nothing unasked comes in this group for so many hours; 0 ends the silence."""

    hours: int


@dataclass(frozen=True, slots=True)
class LeaveGroup:
    """The bot leaves this group, and forgets it."""


@dataclass(frozen=True, slots=True)
class CastVote:
    """This resident votes on whether the group keeps the bot; the last vote counts."""

    is_yes: bool


@dataclass(frozen=True, slots=True)
class Withheld:
    """Something was not said: for the log of decisions, which knows no person and no text."""

    purpose: Purpose
    rule: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Erase everything of this resident but the keyed HMACs of the opt-out."""


class PlaceChange(StrEnum):
    """What changes about the chat itself."""

    DISCLOSED = "disclosed"
    CRISIS_SHOWN = "crisis_shown"
    REFERRAL_SHOWN = "referral_shown"
    ANSWERED = "answered"
    LIMIT_SHOWN = "limit_shown"
    TIP_SHOWN = "tip_shown"
    ALARM_GROUP = "alarm_group"
    ORDINARY = "ordinary"
    ACTIVATED = "activated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ChangePlace:
    """Change the chat's row; performed under its lock, where the policy decides again."""

    change: PlaceChange


Effect = (
    Say
    | StartTimer
    | StopTimer
    | BindToken
    | GiveCardCode
    | NoteOddJob
    | StaffNotice
    | OptOut
    | OptIn
    | Agree
    | MoveTo
    | BeSilent
    | LeaveGroup
    | CastVote
    | Withheld
    | Erase
    | ChangePlace
)
