"""What can a chat take, what goes with a text, how did sending end? Words of the seam.

Adapters take them from ``wijkbot.adapter_api``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that goes with a text: checked, turned upright, without any data about it.

    ``alt`` says in words what is on it, for who does not see it. ``width`` and ``height`` in
    pixels. It is a JPEG of at most 5 MB whatever it was before.
    """

    data: bytes = field(repr=False)
    alt: str
    width: int
    height: int
    mime_type: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A small file that goes with a text, such as a consultation hour for a calendar."""

    data: bytes = field(repr=False)
    name: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a resident can pick: ``id`` comes back in ``IncomingEvent.choice_id``.

    ``url`` makes it a link instead of an answer.
    """

    id: str
    title: str
    url: str = ""


class Urgency(StrEnum):
    """Which lane a message takes; a crisis card overtakes everything in its own chat."""

    CRISIS = "crisis"
    REPLY = "reply"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one chat can do. Numbers are limits of the platform; 0 means "not at all".

    What is about the account is the same for every chat, also for the chat "". ``gap_ms`` and
    ``group_gap_ms`` lie between two messages to one private chat and to one group.
    ``account_per_s`` messages may leave for all chats together, and ``account_burst`` at once
    after a rest; 0 a second is no limit that we know of. ``counts_arrivals``: the platform counts
    when a message reaches it, which may be at any moment until it answers; so all these times
    begin with the answer, and no second may hold more than both numbers together.
    ``unasked_per_day``: to so many different residents a template may go in 24 hours; 0 is no
    limit of ours. ``has_aliases``: one person may write from two addresses
    (``IncomingEvent.alias``). ``can_look_up``: what was sent without an answer is found again on
    the platform (``Message.unsure_since``). ``catches_up``: after each start the adapter asks
    for what came in meanwhile, and then says so (``Port.caught_up``); before that nothing
    unasked goes out.
    """

    max_text: int = 4096
    max_buttons: int = 0
    has_links_in_buttons: bool = False
    can_edit: bool = False
    can_withdraw: bool = False
    can_pin: bool = False
    can_thread: bool = False
    has_photos: bool = False
    has_attachments: bool = False
    can_show_to_one: bool = False
    has_receipts: bool = False
    is_idempotent: bool = False
    reply_window_hours: int = 0
    gap_ms: int = 1000
    group_gap_ms: int = 1000
    account_per_s: float = 0.0
    account_burst: int = 1
    counts_arrivals: bool = False
    unasked_per_day: int = 0
    can_look_up: bool = False
    has_aliases: bool = False
    catches_up: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """A text that a platform approved beforehand, for who may not be written to freely.

    ``name`` is that of the content item, the same in every language; ``values`` fill in its
    places {{1}}, {{2}} and so on, each on one line.
    """

    name: str
    language: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template as it is to be approved: its body has places {{1}}, {{2}} and so on.

    ``category`` is the platform's word for what it is for; ``examples`` shows each place filled.
    """

    name: str
    language: str
    category: str
    body: str
    examples: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


class Approval(StrEnum):
    """How far a template is with its platform."""

    APPROVED = "approved"
    WAITS = "waits"
    REJECTED = "rejected"
    MISSING = "missing"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class TemplateState:
    """How far one template is; ``detail`` says what differs or why it was rejected."""

    name: str
    language: str
    approval: Approval
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform took it; ``message_id`` is its id there."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The platform accepted it for later; a DELIVERY event tells the rest.

    ``by_template``: the message's template went out, not its text.
    """

    message_id: str
    by_template: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have arrived (a time-out after the request left).

    ``message_id``: of the part that did arrive, when a message goes out as several.
    """

    detail: str = ""
    message_id: str = ""


class Reason(StrEnum):
    """Why the platform said no.

    TIER: of a template, that we wrote first to as many people as a day allows; of anything else
    the same as RATE, where a platform has one word for both.
    """

    BLOCKED = "blocked"
    GONE = "gone"
    RATE = "rate"
    TIER = "tier"
    WINDOW = "window"
    NEEDS_TEMPLATE = "needs_template"
    CONTENT = "content"
    REKEYED = "rekeyed"
    EXPIRED = "expired"
    MISSING = "missing"
    CONFIG = "config"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Refused:
    """The platform said no. ``retry_after`` in seconds, with ``permanent`` false.

    ``whole_account``: the refusal holds for every chat of the channel (a rate limit of the
    account). ``new_chat``: the address to use from now on (``Reason.REKEYED``).
    """

    reason: Reason
    permanent: bool
    retry_after: float = 0.0
    detail: str = ""
    whole_account: bool = False
    new_chat: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """This platform (or this chat) has no such thing."""

    what: str


SendResult = Sent | Queued | Unknown | Refused
ActResult = Sent | Queued | Unknown | Refused | Unsupported
