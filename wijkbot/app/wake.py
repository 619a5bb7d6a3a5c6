"""Who is told that there is work? The loops of this process, and those of the others.

Within a process an event is set. With PostgreSQL the other processes are rung too. All of it
only saves waiting: every loop also looks by itself, twice a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from wijkbot.app.loops import Loop
from wijkbot.storage import wake as notify


class Ringing(asyncio.Event):
    """Setting it wakes loops here, and rings elsewhere. It is only ever set."""

    def __init__(self, here: Iterable[asyncio.Event], ring: Callable[[], None]) -> None:
        super().__init__()
        self._here = tuple(here)
        self._ring = ring

    def set(self) -> None:
        """Wake them all."""
        for event in self._here:
            event.set()
        self._ring()


class Wakes:
    """The wake-ups of one process.

    ``engine`` and ``senders`` are what its loops wait on. ``arrived`` and ``queued`` are what
    is set by who makes work for the engine, and for the senders of any channel.
    """

    def __init__(self, channels: Iterable[str], url: str = "") -> None:
        """``url`` is that of a PostgreSQL database; "" rings nowhere."""
        self.engine = asyncio.Event()
        self.senders = {name: asyncio.Event() for name in channels}
        self._bell = notify.Bell(url, self._heard) if url else None
        self.arrived = Ringing([self.engine], lambda: self._ring(notify.IN))
        self.queued = Ringing(self.senders.values(), lambda: self._ring(notify.OUT))

    def loops(self) -> list[Loop]:
        """What must run for processes to hear each other."""
        return [] if self._bell is None else [self._bell.listen, self._bell.tell]

    def _ring(self, name: str) -> None:
        if self._bell is not None:
            self._bell.ring(name)

    def _heard(self, name: str, payload: str) -> None:
        if name in {notify.IN, ""}:
            self.engine.set()
        if name in {notify.OUT, ""}:
            for channel, event in self.senders.items():
                if payload in {channel, ""}:
                    event.set()
