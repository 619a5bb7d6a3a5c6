"""What can happen to a conversation? Every event carries the facts of its moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from wijkbot.engine.reading import Reading
from wijkbot.engine.words import Purpose

LATE_AFTER = timedelta(minutes=10)
"""What waited longer than this since the platform took it was sent to a bot that was away."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the shell knows at this moment; the engine has no clock and no database.

    ``local_now`` is aware, in the neighbourhood's zone. ``random_token`` is a fresh one-time
    token for this event, ``random_code`` six fresh digits where a code for a card is asked for.
    ``is_secure_chat_open``: somebody is there who takes a new conversation;
    False when nobody is there, None when it is not known or they are all busy.
    ``secure_chat_opens_at`` (aware): when somebody is there again, when that is known.
    ``is_admin``: the platform said so just now. ``has_stopped`` and
    ``has_stopped_jobs``: no announcements, no odd jobs any more. ``is_ignored``: the resident
    asked not to be answered. ``agreed``: what they said yes to being sent unasked, ``lapsed``
    what of it a STOP had ended, ``news_since`` the local day of the yes to announcements.
    ``mine_open_jobs`` counts the resident's own open odd jobs.
    ``received_at`` is aware: when the platform took the event, None when nobody sent it.
    """

    local_now: datetime
    is_holiday: bool = False
    is_secure_chat_open: bool | None = None
    secure_chat_opens_at: datetime | None = None
    is_admin: bool = False
    has_stopped: bool = False
    has_stopped_jobs: bool = False
    is_ignored: bool = False
    agreed: frozenset[Purpose] = frozenset()
    lapsed: frozenset[Purpose] = frozenset()
    news_since: date | None = None
    mine_open_jobs: int = 0
    pending_dialog: str = ""
    random_token: str = ""
    random_code: str = ""
    received_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Was the bot away when this came? A moment in the future is a wrong clock: not late."""
        return self.received_at is not None and self.local_now - self.received_at > LATE_AFTER


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """Somebody wrote, or changed what they wrote.

    ``message`` names this message, and ``edits`` the one that an edit changes, by keyed
    pseudonyms that only serve to find the slot it filled. ``is_platform_stop``: the platform
    itself took it for a STOP, and blocks us from now on.
    """

    text: str
    reading: Reading
    facts: Facts
    is_addressed: bool = True
    is_edit: bool = False
    message: str = ""
    edits: str = ""
    is_platform_stop: bool = False


@dataclass(frozen=True, slots=True)
class ChoiceMade:
    """Somebody pressed a button or picked from a list; ``choice`` is the id we gave out."""

    choice: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class ChatStarted:
    """Somebody opened the private chat; ``dialog`` names what the start link was for.

    ``dialog`` is empty for the ordinary start, and for a token that was not this person's.
    ``word`` is what else the link said: a neighbourhood, or that they want to subscribe.
    ``is_platform_start``: the platform itself took it for a START after a STOP.
    """

    facts: Facts
    dialog: str = ""
    word: str = ""
    is_platform_start: bool = False


@dataclass(frozen=True, slots=True)
class BotJoined:
    """The bot was added to a group.

    ``is_alarm_group``: its title says that neighbours warn each other of danger there.
    """

    facts: Facts
    is_alarm_group: bool = False


@dataclass(frozen=True, slots=True)
class BotLeft:
    """The bot was removed from a group, or a resident blocked it."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """A member left: their open dialog in this chat ends, and in private it is a STOP."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class NotOpened:
    """Somebody wrote in an encrypted chat, and the key of their message did not come."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The conversation's own timer rang."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class DeliveryReported:
    """The platform told how a message of this conversation fared."""

    facts: Facts
    is_delivered: bool
    reason: str = field(default="")


Event = (
    MessageArrived
    | ChoiceMade
    | ChatStarted
    | BotJoined
    | BotLeft
    | MemberLeft
    | NotOpened
    | TimePassed
    | DeliveryReported
)
