"""What goes with a text to a platform, and how did sending it end? Words of the seam.

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
class Sent:
    """The platform took it; ``message_id`` is its id there."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The platform accepted it for later; a DELIVERY event tells the rest."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have arrived (a time-out after the request left).

    ``message_id``: of the part that did arrive, when a message goes out as several.
    """

    detail: str = ""
    message_id: str = ""


class Reason(StrEnum):
    """Why the platform said no."""

    BLOCKED = "blocked"
    GONE = "gone"
    RATE = "rate"
    WINDOW = "window"
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
