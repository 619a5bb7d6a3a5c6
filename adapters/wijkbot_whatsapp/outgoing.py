"""What do we ask of Twilio to show this message, and what does its no mean? Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from wijkbot.adapter_api import Message, Reason, Refused, Unknown

MAX_TEXT = 1600
"""UTF-16 units in one message: most emoji are two."""

MAX_PIECES = 2
"""One resident gets about one message each 6 seconds: a longer text is refused, not cut up."""

LONGEST_VALIDITY = 14_400
"""Seconds that Twilio may keep a message waiting: an answer does not come the next morning."""

PAUSE_OF_RATE = 60.0
PAUSE_OF_DAY = 86_400.0
PAUSE_WITHOUT_ACCOUNT = 300.0
PAUSE_WITHOUT_SERVICE = 15.0

# A dot behind a digit may be a choice's number, or a date's day.
_SENTENCE_END = re.compile(r"(?:[!?…]|(?<!\d)\.)[\"'”’)\]]*(?=\s)")
# A space with a digit on both sides may stand in a telephone number; a no-break space means it.
_WORD_END = re.compile(r"(?<![\d)/]) | (?!\d)")
_LAST_OF_ONE_UNIT = 0xFFFF
_SERVER_ERROR, _TOO_MANY, _UNAVAILABLE = 500, 429, 503
_NO_ACCESS = frozenset({401, 403})

_PERMANENT = {
    63016: Reason.WINDOW,
    21211: Reason.GONE,
    21614: Reason.GONE,
    63003: Reason.GONE,
    63024: Reason.GONE,
    21610: Reason.BLOCKED,
    63014: Reason.BLOCKED,
    21602: Reason.CONTENT,
    21617: Reason.CONTENT,
    63005: Reason.CONTENT,
    63013: Reason.CONTENT,
    63021: Reason.CONTENT,
}
_SLOW_DOWN = frozenset({14107, 20429, 21611, 30001, 63017, 63018})
_NOT_TODAY = frozenset({63032, 63049})
_ACCOUNT = frozenset({20003, 20005, 21606, 21660, 21910, 30002, 63007})


@dataclass(frozen=True, slots=True)
class Post:
    """One message of Twilio. ``validity`` in seconds."""

    to: str
    body: str
    validity: int


def posts_for(chat: str, message: Message, now: datetime) -> tuple[Post, ...] | Refused:
    """The messages to send, in order, or why they cannot be sent."""
    validity = LONGEST_VALIDITY
    if message.expires_at is not None:
        left = (message.expires_at - now).total_seconds()
        if left <= 0:
            return Refused(Reason.EXPIRED, permanent=True, detail="expires_at")
        validity = max(1, min(int(left), LONGEST_VALIDITY))
    pieces = split_text(body_of(message))
    if not pieces:
        return Refused(Reason.CONTENT, permanent=True, detail="empty")
    if len(pieces) > MAX_PIECES:
        return Refused(Reason.CONTENT, permanent=True, detail="too long")
    return tuple(Post(chat, piece, validity) for piece in pieces)


def body_of(message: Message) -> str:
    """The text with its choices below: numbered answers, links as ``title: address``."""
    lines: list[str] = []
    number = 0
    for choice in message.choices:
        if choice.url:
            lines.append(f"{choice.title}: {choice.url}" if choice.title else choice.url)
        else:
            number += 1
            lines.append(f"{number}. {choice.title}")
    return "\n".join([message.text.strip(), *([""] if lines else []), *lines]).strip()


def split_text(text: str, limit: int = MAX_TEXT) -> list[str]:
    """Cut a text into pieces of at most ``limit`` UTF-16 units: at a sentence, line or word.

    Only white space at a cut is lost. A number stays whole where a word's end is near.
    """
    pieces = []
    rest = text.strip()
    while (fitting := _fitting(rest, limit)) < len(rest):
        end = _cut(rest, fitting)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def _fitting(text: str, limit: int) -> int:
    """How many characters from the start fit into so many UTF-16 units."""
    units = 0
    for count, character in enumerate(text):
        units += 2 if ord(character) > _LAST_OF_ONE_UNIT else 1
        if units > limit:
            return count
    return len(text)


def _cut(text: str, limit: int) -> int:
    """The last place to cut within ``limit`` characters, not before half of it if that can be."""
    half = limit // 2
    ends = [found.end() for found in _SENTENCE_END.finditer(text, 0, limit + 1)]
    ends.append(text.rfind("\n", 0, limit + 1))
    best = max(end for end in ends if end <= limit)
    if best >= half:
        return best
    spaces = [found.start() for found in _WORD_END.finditer(text, half, limit + 2)]
    return max((space for space in spaces if space <= limit), default=limit)


def refusal(status: int, code: int | None) -> Refused | Unknown:
    """What an error answer means, by Twilio's own code before the HTTP status.

    An unknown code is permanent: a human has to look. ``Unknown``: it may have been sent.
    """
    detail = f"code {code}" if code else f"status {status}"
    if code in _PERMANENT:
        return Refused(_PERMANENT[code], permanent=True, detail=detail)
    if code in _NOT_TODAY:
        return Refused(Reason.RATE, False, PAUSE_OF_DAY, detail)
    if code in _SLOW_DOWN or status == _TOO_MANY:
        return Refused(Reason.RATE, False, PAUSE_OF_RATE, detail, whole_account=True)
    if code in _ACCOUNT or status in _NO_ACCESS:
        return Refused(Reason.CONFIG, False, PAUSE_WITHOUT_ACCOUNT, detail, whole_account=True)
    if status == _UNAVAILABLE:
        return Refused(Reason.UNAVAILABLE, False, PAUSE_WITHOUT_SERVICE, detail)
    if status >= _SERVER_ERROR:
        return Unknown(detail)
    return Refused(Reason.CONTENT, permanent=True, detail=detail)
