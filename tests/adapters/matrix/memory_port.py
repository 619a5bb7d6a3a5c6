"""What does the house look like to an adapter under test? A port that remembers in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from wijkbot.adapter_api import EventKind, IncomingEvent


class MemoryPort:
    """Accepts events, drops those it saw before, and can be made to fail ``failures`` times."""

    def __init__(self) -> None:
        self.events: list[IncomingEvent] = []
        self.failures = 0
        self.repeated: list[str] = []
        self.without_news = 0
        self._position: str | None = None
        self._secrets: dict[str, bytes] = {}
        self._changed = asyncio.Condition()

    async def accept(self, events: Sequence[IncomingEvent], cursor: str | None = None) -> None:
        """Store, or raise as a database that is away does."""
        if self.failures and events:
            self.failures -= 1
            raise ConnectionError("the database is away")
        async with self._changed:
            self.without_news += not events
            known = {event.event_id for event in self.events}
            self.repeated += [event.event_id for event in events if event.event_id in known]
            self.events += [event for event in events if event.event_id not in known]
            self._position = cursor if cursor is not None else self._position
            self._changed.notify_all()

    async def cursor(self) -> str | None:
        """The position of the last accepted batch."""
        return self._position

    async def keep(self, name: str, value: bytes) -> None:
        """Keep a secret."""
        self._secrets[name] = value

    async def kept(self, name: str) -> bytes | None:
        """Give a secret back."""
        return self._secrets.get(name)

    async def alter(self, name: str, change: Callable[[bytes | None], bytes]) -> None:
        """Keep what becomes of a secret."""
        self._secrets[name] = change(self._secrets.get(name))

    async def caught_up(self) -> None:
        """Nobody here waits for it."""

    def rewind(self, position: str | None) -> None:
        """Act as a house that crashed before its last commits."""
        self._position = position

    def texts(self, room: str) -> list[str]:
        """What was said in a room, in the order in which it was accepted."""
        return [
            event.text
            for event in self.events
            if event.kind is EventKind.MESSAGE and event.chat == room
        ]

    async def wait(
        self, wanted: Callable[[IncomingEvent], bool], seconds: float = 20.0
    ) -> IncomingEvent:
        """Return the first event that fits, waiting for it."""
        async with asyncio.timeout(seconds), self._changed:
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                await self._changed.wait()

    async def said(self, text: str, seconds: float = 20.0) -> IncomingEvent:
        """Wait for a message with exactly that text."""
        return await self.wait(
            lambda event: event.kind is EventKind.MESSAGE and event.text == text, seconds
        )

    async def joined(self, room: str) -> IncomingEvent:
        """Wait until the bot is in that room."""
        return await self.wait(
            lambda event: event.kind is EventKind.BOT_JOINED and event.chat == room
        )
