"""Is this text meant for the bot, and what is left of it without the bot's name?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import MessageEntity

_COMMAND = re.compile(r"/(\w{1,32})(?=\s|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Me:
    """The bot's own account; ``username`` is without the @."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A text as the bot hears it: without its name, and without the slash of a command.

    ``command`` is the command's name in lower case, ``text`` still begins with that word.
    """

    text: str
    is_named: bool = False
    command: str = ""


def hear(text: str, entities: Sequence[MessageEntity], me: Me) -> Heard:
    """Read the entities, whose offsets count UTF-16 units, and take the bot's name out."""
    units = text.encode("utf-16-le", "surrogatepass")
    names = sorted(span for entity in entities if (span := _name_span(units, entity, me)))
    left, at = "", 0
    for start, end in names:
        left = _join(left, _text(units[at:start])) if at else _text(units[:start])
        at = max(at, end)
    rest = _text(units[at:])
    bare = (_join(left, rest) if names else rest).strip()
    command = _COMMAND.match(bare)
    return Heard(
        text=bare.removeprefix("/") if command else bare,
        is_named=bool(names),
        command=command[1].casefold() if command else "",
    )


def _name_span(units: bytes, entity: MessageEntity, me: Me) -> tuple[int, int] | None:
    """Where the bot's name stands, in bytes of UTF-16; None when the entity is not about it."""
    start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
    said, name = _text(units[start:end]).casefold(), f"@{me.username.casefold()}"
    if entity.type == MessageEntity.MENTION and said == name:
        return start, end
    if entity.type == MessageEntity.TEXT_MENTION and entity.user and entity.user.id == me.id:
        return start, end
    if entity.type == MessageEntity.BOT_COMMAND and said.endswith(name):
        return end - 2 * len(name), end
    return None


def _join(left: str, right: str) -> str:
    """Close the gap where a name stood: one space at most, none before a comma."""
    if not left.strip():
        return right.lstrip(" \t\r\n,:;")
    head, tail = left.rstrip(" \t"), right.lstrip(" \t")
    if not tail or tail[0] in ",.;:!?)\n" or head.endswith(("\n", "(")):
        return head + tail
    return f"{head} {tail}"


def _text(units: bytes) -> str:
    return units.decode("utf-16-le", errors="replace")
