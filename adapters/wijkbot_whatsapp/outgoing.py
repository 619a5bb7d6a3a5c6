"""What do we ask of Twilio to show this message, and what does its no mean? Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wijkbot.adapter_api import Choice, Message, Reason, Refused, Unknown

MAX_TEXT = 1600
"""UTF-16 units in one message: most emoji are two."""

MAX_PIECES = 2
"""One answer is one message: WhatsApp lets one number write to one person about once in six
seconds, and the texts of the house are far shorter than ``MAX_TEXT``. An organisation may write
a longer one of its own: then a second message is better than words that are lost, and a third
is refused, because the text must become shorter."""

WINDOW = timedelta(hours=24)
"""So long after a resident's last message WhatsApp lets us write freely."""

MARGIN = timedelta(minutes=5)
"""So much earlier we stop: a message may wait at Twilio, and clocks differ."""

LONGEST_VALIDITY = 14_400
"""Seconds that Twilio may keep a message waiting: an answer does not come the next morning."""

PAUSE_OF_RATE = 60.0
PAUSE_OF_DAY = 86_400.0
PAUSE_OF_A_FULL_DAY = 900.0
"""Twilio does not say when its own day begins anew: a crisis card must not miss it."""
PAUSE_WITHOUT_ACCOUNT = 300.0
PAUSE_WITHOUT_SERVICE = 15.0

# A dot behind a digit may be a choice's number, or a date's day.
_SENTENCE_END = re.compile(r"(?:[!?…]|(?<!\d)\.)[\"'”’)\]]*(?=\s)")
# A space with a digit on both sides may stand in a telephone number; a no-break space means it.
_WORD_END = re.compile(r"(?<![\d)/]) | (?!\d)")
_LAST_OF_ONE_UNIT = 0xFFFF
_SERVER_ERROR, _TOO_MANY, _UNAVAILABLE = 500, 429, 503
_TAKEN = 400
"""Stands for the status of what failed only afterwards: its code alone says why."""
_NO_ACCESS = frozenset({401, 403})

_PERMANENT = {
    63016: Reason.WINDOW,
    30036: Reason.EXPIRED,
    21211: Reason.GONE,
    21614: Reason.GONE,
    63003: Reason.GONE,
    63024: Reason.GONE,
    21610: Reason.BLOCKED,
    63014: Reason.BLOCKED,
    63033: Reason.BLOCKED,
    21602: Reason.CONTENT,
    21617: Reason.CONTENT,
    63005: Reason.CONTENT,
    63013: Reason.CONTENT,
    63021: Reason.CONTENT,
}
_RATE_OR_TIER, _FULL_DAY = 63018, 63038
_SLOW_DOWN = frozenset({14107, 20429, 21611, 30001, 63017, _RATE_OR_TIER, _FULL_DAY})
_NOT_TODAY = frozenset({63032, 63049})
_NOT_THERE_NOW = frozenset({63010, 63012})
_ACCOUNT = frozenset({20003, 20005, 21606, 21660, 21910, 30002, 63007, 63020, 63051, 63112})


@dataclass(frozen=True, slots=True)
class Post:
    """One message of Twilio. ``validity`` in seconds.

    ``content`` is the sid of a text with places and ``variables`` what fills them, as JSON;
    ``body`` is then what Twilio lists of it afterwards.
    """

    to: str
    body: str
    validity: int
    content: str = ""
    variables: str = ""
    is_template: bool = False


def is_open(message: Message, now: datetime) -> bool:
    """May this resident be written to freely now?"""
    if message.heard_at is None or message.is_shut:
        return False
    return now < message.heard_at + WINDOW - MARGIN


def posts_for(chat: str, message: Message, now: datetime) -> tuple[Post, ...] | Refused:
    """The messages to send, in order, or why they cannot be sent."""
    validity = validity_of(message, now)
    if validity is None:
        return Refused(Reason.EXPIRED, permanent=True, detail="expires_at")
    pieces = split_text(body_of(message))
    if not pieces:
        return Refused(Reason.CONTENT, permanent=True, detail="empty")
    if len(pieces) > MAX_PIECES:
        return Refused(Reason.CONTENT, permanent=True, detail="too long")
    return tuple(Post(chat, piece, validity) for piece in pieces)


def validity_of(message: Message, now: datetime) -> int | None:
    """How many seconds Twilio may try to bring it; None when it is past its time."""
    if message.expires_at is None:
        return LONGEST_VALIDITY
    left = (message.expires_at - now).total_seconds()
    return None if left <= 0 else max(1, min(int(left), LONGEST_VALIDITY))


def without_answers(message: Message) -> tuple[str, tuple[Choice, ...]]:
    """The text with its links below, and the answers apart: they become buttons."""
    links = tuple(choice for choice in message.choices if choice.url)
    answers = tuple(choice for choice in message.choices if not choice.url)
    return body_of(replace(message, choices=links)), answers


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
    The same table says what a failed delivery means (:func:`undelivered`).
    """
    detail = f"code {code}" if code else f"status {status}"
    if code in _PERMANENT:
        return Refused(_PERMANENT[code], permanent=True, detail=detail)
    if code in _NOT_TODAY:
        return Refused(Reason.RATE, False, PAUSE_OF_DAY, detail)
    if code in _SLOW_DOWN or status == _TOO_MANY:
        reason = Reason.TIER if code == _RATE_OR_TIER else Reason.RATE
        pause = PAUSE_OF_A_FULL_DAY if code == _FULL_DAY else PAUSE_OF_RATE
        return Refused(reason, False, pause, detail, whole_account=True)
    if code in _ACCOUNT or status in _NO_ACCESS:
        return Refused(Reason.CONFIG, False, PAUSE_WITHOUT_ACCOUNT, detail, whole_account=True)
    if status == _UNAVAILABLE or code in _NOT_THERE_NOW:
        return Refused(Reason.UNAVAILABLE, False, PAUSE_WITHOUT_SERVICE, detail)
    if status >= _SERVER_ERROR:
        return Unknown(detail)
    return Refused(Reason.CONTENT, permanent=True, detail=detail)


def undelivered(code: str) -> Refused:
    """What it means that Twilio took a message and could not bring it; ``code`` may be ""."""
    verdict = refusal(_TAKEN, int(code) if code.isdecimal() else None)
    if isinstance(verdict, Refused):
        return verdict if code else Refused(Reason.CONTENT, permanent=True, detail="no code")
    return Refused(Reason.CONTENT, permanent=True, detail=f"code {code}")
