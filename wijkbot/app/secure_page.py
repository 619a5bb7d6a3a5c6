"""What is told about a conversation now, and is it new to whoever asks?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import Json, message_json, moments_of
from wijkbot.securechat.encoding import b64
from wijkbot.securechat.states import State
from wijkbot.securechat.timers import kept_until
from wijkbot.storage import secure_chats, secure_messages
from wijkbot.storage.secure_chats import Conversation
from wijkbot.storage.staff_sessions import presence


@dataclass(frozen=True, slots=True)
class Page:
    """One answer; ``last_seq`` and ``version`` are those of the conversation now."""

    told: Json
    last_seq: int
    version: int

    def is_new(self, after: int, version: int | None) -> bool:
        """Has something come since, or changed since that version?"""
        return self.last_seq > after or (version is not None and version != self.version)


async def next_page(
    room: SecureRoom,
    conv: bytes,
    look: Callable[[Connection], Page],
    since: tuple[int, int | None],
    wait: int,
) -> Page:
    """The page as soon as it is new, compared with that place and version; at last after a wait.

    ``wait`` is in seconds. Whatever ``look`` raises ends it.
    """
    read = room.house.database.read
    with room.wakes.listen(conv) as event:
        page = await read(look)
        if not wait:
            return page
        try:
            async with asyncio.timeout(wait):
                while not page.is_new(*since):
                    await event.wait()
                    event.clear()
                    page = await read(look)
        except TimeoutError:
            # who is there may be another than when the wait began
            page = await read(look)
    return page


def page_of(
    conn: Connection, room: SecureRoom, seen: Conversation, after: int, version: int
) -> Page:
    """The messages after that place, and how the conversation stands."""
    team = room.team.newest(conn)
    messages = secure_messages.page_after(conn, seen.id, after) if seen.last_seq > after else ()
    told: Json = {
        "state": seen.state,
        "assigned_to": b64(seen.assigned_to) if seen.assigned_to else None,
        "version": version,
        "manifest_version": team.kept.version if team else 0,
        "presence": presence(conn, room.now),
        "purge_at": kept_until(State(seen.state), moments_of(seen), room.keeps),
        "ahead": secure_chats.ahead(conn, seen) if seen.state == State.WAITING else 0,
        "messages": [message_json(row) for row in messages],
        "last_seq": seen.last_seq,
    }
    return Page(told, seen.last_seq, version)
