"""How do Telegram's numbers become the ids of the seam, and how do we read them back?

Event ids are ``chat:message:sender`` with more parts behind them where one message gives more
than one event. So an answer can find the message it replies to without a table.
"""

from __future__ import annotations

import re

MAX_CHOICE_BYTES = 64
"""Bytes of UTF-8 that fit in ``callback_data`` (core.telegram.org/bots/api, Aug 2026)."""

_BELOW_SUPERGROUPS = -(10**12)
"""The id of a supergroup is this minus its own number; small groups lie above it."""

_MARKED = re.compile(r"@(\d*)\|(.*)", re.DOTALL)
_USER = re.compile(r"\d+")
_CHAT = re.compile(r"-?\d+")


def event_id(chat: int, message: int, sender: str, *more: object) -> str:
    """The id of an event; ``message`` is 0 where there is nothing to reply to."""
    return ":".join(str(part) for part in (chat, message, sender, *more))


def reply_target(answer_to: str, chat: str) -> int | None:
    """The message to reply to, when that event happened in this chat."""
    where, _, rest = answer_to.partition(":")
    number = rest.partition(":")[0]
    if where != chat or not number.isdecimal():
        return None
    return int(number) or None


def user_of(asker: str) -> str:
    """Who asked, when that is a user; "" for an anonymous admin, a channel or nobody."""
    return asker if _USER.fullmatch(asker) else ""


def pack_choice(choice_id: str, addressee_id: str = "") -> str | None:
    """The data of a button, with whom it is for; None when it does not fit on a button."""
    is_bare = not addressee_id and not choice_id.startswith("@")
    data = choice_id if is_bare else f"@{addressee_id}|{choice_id}"
    return data if 1 <= len(data.encode()) <= MAX_CHOICE_BYTES else None


def unpack_choice(data: str) -> tuple[str, str]:
    """The choice's id, and the user it is for ("" is everybody)."""
    marked = _MARKED.fullmatch(data)
    return (marked[2], marked[1]) if marked else (data, "")


def is_group(chat: str) -> bool:
    """Groups have negative ids, people positive ones."""
    return chat.startswith("-")


def supergroup_number(chat: str) -> int | None:
    """The number of a supergroup as it stands in a link; None for any other chat."""
    number = _BELOW_SUPERGROUPS - int(chat) if _CHAT.fullmatch(chat) else 0
    return number if number > 0 else None
