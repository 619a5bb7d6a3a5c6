"""How is a choice made with a reaction? The bot puts the numbers below its question.

A reaction is clear text, in an encrypted room too: its server and everybody in the room read it.
So only a question that the content calls harmless has any. Which choice a number means stands in
the question's own event (sealed where the room is), so that it is known after a restart as well.
A typed number or title always works.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent, Message
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import Raw, RoomView, content_of, mapping, received_at, text
from wijkbot_matrix.outgoing import CHOICES, choices_part
from wijkbot_matrix.wire import MatrixError, ServerRefusedError, TokenRevokedError

REACTION, REDACTION = "m.reaction", "m.room.redaction"
KINDS = frozenset({REACTION, REDACTION})
_COLOURED = "\N{VARIATION SELECTOR-16}"
_IN_A_BOX = "\N{COMBINING ENCLOSING KEYCAP}"
KEYS = (*(f"{digit}{_COLOURED}{_IN_A_BOX}" for digit in range(1, 10)), "\N{KEYCAP TEN}")
MOST_SEEDS = 6
"""Each seed is an event of its own, and counts in the server's limit as an answer does."""
_SERVER_ERROR = 500
_SPARE_SECONDS = 3600.0
"""So long a server that refused a seed as too much gets none, only answers."""
_log = structlog.get_logger(__name__)


def seeds_of(content: Mapping[str, Any], *, is_private: bool) -> tuple[str, ...]:
    """The reactions that the bot itself puts below that question."""
    part = mapping(content.get(CHOICES))
    ids = part.get("ids")
    count = len(ids) if isinstance(ids, list) and (is_private or part.get("asker")) else 0
    return KEYS[:count] if count <= MOST_SEEDS else ()


def picked(content: Raw, key: str, sender: str, *, is_private: bool) -> str:
    """The choice that this person made with that reaction; "" when it is none of theirs.

    In a group only who was asked chooses.
    """
    part = mapping(content.get(CHOICES))
    ids, number = part.get("ids"), _number(key)
    is_theirs = is_private or (bool(sender) and part.get("asker") == sender)
    if not is_theirs or not isinstance(ids, list) or not 0 < number <= len(ids):
        return ""
    return text(ids[number - 1])


async def read(
    client: MatrixClient, event: Raw, room: RoomView, now: datetime | None
) -> IncomingEvent | None:
    """Translate a reaction, or a message that somebody took back; None for any other one."""
    if event.get("sender") == room.bot.user_id:
        return None
    if event.get("type") == REDACTION:
        return _taken_back(event, room, now)
    relation = mapping(content_of(event).get("m.relates_to"))
    target, key = text(relation.get("event_id")), text(relation.get("key"))
    if relation.get("rel_type") != "m.annotation" or not target or not _number(key):
        return None
    question = await _own_question(client, room, target)
    choice = picked(question, key, text(event.get("sender")), is_private=room.is_private)
    if not choice:
        return None
    return _event(EventKind.CHOICE, event, room, now, choice_id=choice)


async def _own_question(client: MatrixClient, room: RoomView, event_id: str) -> Raw:
    """The content of that message of the bot; empty when it is not one, or gone."""
    path = f"/rooms/{quote(room.room_id, safe='')}/event/{quote(event_id, safe='')}"
    try:
        raw = await client.request("GET", path)
    except TokenRevokedError:
        raise
    except ServerRefusedError as no:
        if no.errcode == "M_LIMIT_EXCEEDED" or no.status >= _SERVER_ERROR:
            raise
        return {}
    if raw.get("sender") != client.user_id:
        return {}
    return content_of(client.readable(room.room_id, raw) or {})


def _taken_back(event: Raw, room: RoomView, now: datetime | None) -> IncomingEvent | None:
    """In a private chat, an edit that leaves nothing: what was said with it is forgotten."""
    # The place changed with room version 11; servers write both.
    target = text(content_of(event).get("redacts")) or text(event.get("redacts"))
    if not room.is_private or not target:
        return None
    return _event(EventKind.MESSAGE, event, room, now, edited=True, edits=target)


def _event(
    kind: EventKind, event: Raw, room: RoomView, now: datetime | None, **more: Any
) -> IncomingEvent:
    return IncomingEvent(
        kind=kind,
        event_id=text(event.get("event_id")),
        chat=room.room_id,
        is_private=room.is_private,
        sender=text(event.get("sender")),
        received_at=received_at(event, now),
        addressed=True,
        chat_title=room.title,
        **more,
    )


def _number(key: str) -> int:
    """Which of the numbers it is, written with or without its colour; 0 for any other reaction."""
    bare = key.replace(_COLOURED, "")
    keys = [one.replace(_COLOURED, "") for one in KEYS]
    return keys.index(bare) + 1 if bare in keys else 0


class Seeds:
    """Puts the numbers below questions, behind everything that is more urgent."""

    def __init__(self, client: MatrixClient) -> None:
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()
        self._spare_until = 0.0

    def plant(self, room: str, message: Message, event_id: str) -> None:
        """Begin to put them there; whether they come is not waited for."""
        view = self._client.view(room)
        is_private = view is not None and view.is_private
        keys = seeds_of(choices_part(message), is_private=is_private)
        if not keys or time.monotonic() < self._spare_until:
            return
        task = asyncio.create_task(self._plant(room, message.key, event_id, keys))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Leave the rest away."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _plant(self, room: str, key: str, event_id: str, keys: tuple[str, ...]) -> None:
        for number, reaction in enumerate(keys, start=1):
            if time.monotonic() < self._spare_until:
                return
            relation = {"rel_type": "m.annotation", "event_id": event_id, "key": reaction}
            path = f"/rooms/{quote(room, safe='')}/send/{REACTION}/{quote(key, safe='')}-{number}"
            try:
                await self._client.request("PUT", path, {"m.relates_to": relation})
            except MatrixError as no:
                if isinstance(no, ServerRefusedError) and no.errcode == "M_LIMIT_EXCEEDED":
                    self._spare_until = time.monotonic() + _SPARE_SECONDS
                # Numbers that are not there can still be typed.
                _log.info("matrix.no_reactions", reason=type(no).__name__)
                return
