"""What must an adapter offer, and what does it get? This module is the whole seam.

An adapter (a package ``wijkbot_<platform>`` found through the entry point group
``wijkbot.adapters``) translates between one platform and the words below. It imports this
module and nothing else of wijkbot; wijkbot imports no adapter. The entry point is a function
``create(config: ChannelConfig) -> Adapter``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from wijkbot.adapter_words import (
    ActResult,
    Approval,
    Attachment,
    Capabilities,
    Choice,
    Photo,
    Queued,
    Reason,
    Refused,
    SendResult,
    Sent,
    Template,
    TemplateState,
    TemplateText,
    Unknown,
    Unsupported,
    Urgency,
)
from wijkbot.without import without

# What this module only passes on; all that it defines itself is part of the seam as well.
__all__ = [
    "ActResult", "Approval", "Attachment", "Capabilities", "Choice", "Photo", "Queued", "Reason",
    "Refused", "SendResult", "Sent", "Template", "TemplateState", "TemplateText", "Unknown",
    "Unsupported", "Urgency", "without",
]  # fmt: skip


class ConfigError(Exception):
    """The channel's configuration is wrong: which key, and what to do about it."""

    def __init__(self, key: str, remedy: str) -> None:
        super().__init__(f"{key}: {remedy}")
        self.key = key
        self.remedy = remedy


class EventKind(StrEnum):
    """What came in."""

    MESSAGE = "message"
    CHOICE = "choice"
    START = "start"
    BOT_JOINED = "bot_joined"
    BOT_LEFT = "bot_left"
    MEMBER_LEFT = "member_left"
    UNREADABLE = "unreadable"
    DELIVERY = "delivery"
    REKEYED = "rekeyed"


class SenderKind(StrEnum):
    """Who wrote: only a resident can have a personal dialog."""

    RESIDENT = "resident"
    ANONYMOUS_ADMIN = "anonymous_admin"
    BOT = "bot"
    CHANNEL = "channel"


PLATFORM_OPT_OUT, PLATFORM_OPT_IN = "platform_opt_out", "platform_opt_in"
"""Payload of a STOP, a START that the platform confirmed by itself: obeyed in silence."""


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One thing that happened on the platform.

    ``event_id`` is the platform's own stable id (it stops duplicates). ``chat`` and ``sender``
    are the platform's addresses; they are sealed or hashed before anything is stored.
    ``addressed`` is true in a private chat and when the bot was named, replied to or commanded
    in a group; the bot's name is already taken out of ``text``. ``received_at`` is aware (UTC).
    ``payload`` is the start token of a deep link, without its prefix. ``edits`` is the
    ``event_id`` of the message that an edit changes, where the platform tells. ``is_admin`` is
    for the house to fill in, by asking :meth:`Adapter.is_admin`; an adapter leaves it alone.

    ``EventKind.UNREADABLE``: somebody wrote in an encrypted chat and the key did not come, however
    long the adapter waited; its ``event_id`` is not that of the message, which may still follow.

    ``alias`` is another address of the same chat and sender, where a platform knows one person
    by two (a number and an id): from then on both mean ``chat``. ``refused``: what a failed
    delivery means, in the same words as a refused send.
    """

    kind: EventKind
    event_id: str
    chat: str
    is_private: bool
    sender: str
    received_at: datetime
    text: str = ""
    choice_id: str = ""
    choice_ref: str = ""
    addressed: bool = False
    sender_kind: SenderKind = SenderKind.RESIDENT
    sender_name: str = ""
    edited: bool = False
    edits: str = ""
    thread: str = ""
    payload: str = ""
    language: str = ""
    delivery_id: str = ""
    delivery_status: str = ""
    delivery_code: str = ""
    new_chat: str = ""
    invited_by: str = ""
    chat_title: str = ""
    is_admin: bool = False
    alias: str = ""
    refused: Refused | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out to one chat. ``text`` is plain, final and in one language.

    The adapter shows ``choices`` as its platform can: buttons, a list, or numbered lines.
    ``key`` is the outbox row's id: where the platform can, sending twice under one key shows
    one message. ``answer_to`` is a platform event id to show as a reply, empty where the rule
    forbids that. ``expires_at``: after it the message must not be shown any more. ``asker`` is
    the address of who was answered in a group: where the platform can, only they can press its
    choices. ``only_asker``: where the chat can, nobody else sees the message.

    ``heard_at`` is when the resident of a private chat wrote last, None when that is not known:
    a platform with a reply window (``Capabilities.reply_window_hours``) counts from there.
    ``is_shut``: the platform itself said that the window is shut. Outside the window
    ``template`` goes instead of the text, and without one the send is refused with
    ``Reason.NEEDS_TEMPLATE``. ``unsure_since``: it was tried before and may be there since that
    moment, so it is looked for first (``Capabilities.can_look_up``).

    ``photo`` and ``attachment`` come on top of what the text says: a platform without pictures
    shows ``photo.alt`` below it (:meth:`in_words`). ``is_silent``: ring no bell, if that can be.

    ``is_harmless``: the content says that which of its choices is picked may be read by the
    platform itself, as a reaction in an encrypted room is. False for everything else.
    """

    key: str
    text: str
    choices: tuple[Choice, ...] = ()
    urgency: Urgency = Urgency.REPLY
    answer_to: str = ""
    thread: str = ""
    language: str = "nl"
    expires_at: datetime | None = None
    photo: Photo | None = None
    attachment: Attachment | None = None
    is_silent: bool = False
    asker: str = ""
    only_asker: bool = False
    heard_at: datetime | None = None
    is_shut: bool = False
    template: Template | None = None
    unsure_since: datetime | None = None
    is_harmless: bool = False

    def in_words(self) -> Message:
        """The same message for a platform that shows text only."""
        alt = self.photo.alt if self.photo else ""
        text = f"{self.text}\n[{alt}]" if alt else self.text
        return replace(self, text=text, photo=None, attachment=None)


class Audience(StrEnum):
    """Who is shown a list of commands; whoever is in none of the others is everybody."""

    EVERYBODY = "everybody"
    PRIVATE = "private"
    GROUP = "group"
    ADMINS = "admins"


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """An HTTP request at ``/hooks/<channel>/<rest>``, free of any web framework.

    ``url`` is the public URL as configured (``organisation.public_url`` + path + raw query);
    header names are lower case.
    """

    method: str
    url: str
    rest: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What to answer. ``events`` are stored first; the reply goes out after the commit."""

    status: int
    events: tuple[IncomingEvent, ...] = ()
    body: bytes = b""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Health:
    """Is the channel well? ``remedy`` says what to do when it is not."""

    ok: bool
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One ``[channels.<name>]`` section. ``options`` are its keys that are not wijkbot's own.

    ``public_url`` is without a trailing slash. ``now`` is the only clock an adapter uses.
    """

    name: str
    organisation: str
    public_url: str
    data_dir: str
    options: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], datetime] | None = None


@runtime_checkable
class Port(Protocol):
    """What the house gives to an adapter."""

    async def accept(self, events: Sequence[IncomingEvent], cursor: str | None = None) -> None:
        """Store events and the sync cursor in one transaction; returns after the commit.

        Duplicates (by ``event_id``) and group messages that are not for the bot are dropped
        inside. Raises when the database is away: the adapter then tries again later.
        """

    async def cursor(self) -> str | None:
        """The cursor of the last accepted batch, or None."""

    async def keep(self, name: str, value: bytes) -> None:
        """Keep a secret of the adapter, sealed on disk."""

    async def kept(self, name: str) -> bytes | None:
        """What was kept under that name, or None."""

    async def alter(self, name: str, change: Callable[[bytes | None], bytes]) -> None:
        """Keep what ``change`` makes of what was kept; no other process writes in between.

        ``change`` does nothing but compute: it may be called again.
        """

    async def caught_up(self) -> None:
        """What came in while nobody listened was accepted, as far as it can be had.

        Of the home's own door, once after each ``start``, by who has
        ``Capabilities.catches_up``: until then the house sends nothing unasked.
        """


@runtime_checkable
class Adapter(Protocol):
    """One account on one platform."""

    name: str
    """The adapter's own name, the same as its entry point: "telegram"."""

    sends_from_home: bool
    """True when only the process that receives may send (Matrix)."""

    async def start_sending(self, port: Port) -> None:
        """Get ready to send and to read webhooks; returns when ready.

        Every process of the channel does this first. It fetches nothing and registers nothing
        on the platform: that is for the one process that is the channel's home. Where only
        the home sends there may be nothing to do.
        """

    async def start(self, port: Port) -> None:
        """Connect and begin to receive (own tasks); returns when ready.

        This process is the channel's home from now on. ``port`` is the home's own door: when
        another process takes over, its ``accept`` raises and stores nothing. Works with and
        without ``start_sending`` before it, and again after ``stop_receiving``.
        """

    async def stop_receiving(self) -> None:
        """Stop at once, within 5 seconds, what ``start`` began; sending and webhooks go on.

        Another process may be the home already. Nothing happens when nothing was started.
        """

    async def stop(self) -> None:
        """Stop receiving and close everything, within 5 seconds."""

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """Check and translate a webhook; 403 for a bad signature, 404 where there is none."""

    def capabilities(self, chat: str) -> Capabilities:
        """What that chat can do."""

    def message_link(self, event: IncomingEvent) -> str:
        """A link for staff that opens that message of a group; "" where there is none."""

    def private_link(self, token: str) -> str:
        """A link that opens the private chat with the bot; ``token`` "" is the fixed link."""

    async def send(self, chat: str, message: Message) -> SendResult:
        """Send one message. Never raises for platform trouble."""

    async def edit(self, chat: str, message_id: str, message: Message) -> ActResult:
        """Replace the text of a message of the bot, and the attachment if it has one.

        ``Reason.MISSING``: it is not there any more. Doing it twice is the same as once.
        """

    async def withdraw(self, chat: str, message_id: str) -> ActResult:
        """Delete a message of the bot with its photo and attachment; gone already is fine.

        ``Reason.EXPIRED``: the platform does not let go of it any more.
        """

    async def remove(self, event: IncomingEvent) -> ActResult:
        """Delete a resident's message in a group, where the bot has the right to."""

    async def pin(self, chat: str, message_id: str) -> ActResult:
        """Pin a message of the bot."""

    async def leave(self, chat: str) -> ActResult:
        """Leave a group."""

    async def is_admin(self, chat: str, sender: str) -> bool:
        """Is that member an admin of the group now? Asked of the platform, never cached."""

    async def fetch_media(self, reference: str) -> bytes | Unsupported:
        """The bytes behind a media reference."""

    async def set_commands(
        self,
        commands: Mapping[str, Mapping[str, str]],
        audience: Audience = Audience.EVERYBODY,
    ) -> ActResult:
        """Publish a command list: language → (command → description)."""

    async def answer_choice(self, choice_ref: str, text: str) -> ActResult:
        """Tell the platform that a button press was seen (``IncomingEvent.choice_ref``)."""

    async def health(self) -> Health:
        """Asked by ``doctor`` and ``/health``."""

    def secrets(self) -> tuple[str, ...]:
        """Values that must never appear in a log."""


CreateAdapter = Callable[[ChannelConfig], Adapter]


@runtime_checkable
class Mounted(Protocol):
    """An adapter with pages of its own (the sandbox) also offers an ASGI application.

    It is mounted at ``/sandbox`` for the channel; other adapters have no pages.
    """

    def asgi(self) -> Any:
        """The ASGI application to mount."""


@runtime_checkable
class Templated(Protocol):
    """An adapter of a platform that lets one write unasked by approved templates only."""

    async def template_states(self, wanted: Sequence[TemplateText]) -> Sequence[TemplateState]:
        """How far each of these is, in their order; asked of the platform now.

        Raises:
            ConfigError: the platform cannot be asked; the remedy says what to do.
        """


@dataclass(frozen=True, slots=True)
class Clockwork:
    """The demo's clock, given to a sandbox only: ``shift`` moves it by seconds."""

    now: Callable[[], datetime]
    shift: Callable[[float], None]
    reset: Callable[[], None]
