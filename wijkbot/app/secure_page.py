"""What is told about a conversation now, and is it new to whoever asks?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from wijkbot.app.secure_known import Around
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import Json, message_json, moments_of
from wijkbot.securechat.encoding import b64
from wijkbot.securechat.states import State
from wijkbot.securechat.timers import Keeps, kept_until
from wijkbot.storage.secure_chats import Conversation


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: a conversation with messages of it, and what is around it.

    ``version`` is what the other side compares with the one it was told before.
    """

    seen: Conversation
    messages: Sequence[Row[Any]]
    around: Around
    version: int

    def is_new(self, after: int, version: int | None) -> bool:
        """Has something come since, or changed since that version?"""
        return self.seen.last_seq > after or (version is not None and version != self.version)

    def told(self, keeps: Keeps) -> Json:
        """As it travels."""
        seen = self.seen
        return {
            "state": seen.state,
            "assigned_to": b64(seen.assigned_to) if seen.assigned_to else None,
            "version": self.version,
            "manifest_version": self.around.team,
            "presence": self.around.presence,
            "purge_at": kept_until(State(seen.state), moments_of(seen), keeps),
            "ahead": self.around.ahead(seen) if seen.state == State.WAITING else 0,
            "messages": [message_json(row) for row in self.messages],
            "last_seq": seen.last_seq,
        }


async def next_page(
    room: SecureRoom,
    conv: bytes,
    look: Callable[[], Awaitable[Page]],
    since: tuple[int, int | None],
    wait: int,
) -> Json:
    """The page as soon as it is new, compared with that place and version; at last after a wait.

    ``wait`` is in seconds. Whatever ``look`` raises ends it.
    """
    with room.wakes.listen(conv) as event:
        page = await look()
        if wait:
            try:
                async with asyncio.timeout(wait):
                    while not page.is_new(*since):
                        await event.wait()
                        event.clear()
                        page = await look()
            except TimeoutError:
                # who is there may be another than when the wait began
                page = await look()
    return page.told(room.keeps)
