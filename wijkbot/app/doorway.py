"""Who goes first when more comes in than can be answered? Who stands at the door.

A platform waits for its webhook to be answered, and slows down or gives up where that takes
long; an answer to a resident has time. So what is about to be read or sent lets webhooks pass.
In a rush, when more comes in than one process can answer, it does so each time: what is stored
now is answered later, and what is answered now would keep the next from being stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

PATIENCE_SECONDS = 0.03
"""So long a piece of work lets others pass: 30 of them begin in a second whatever comes in, as
many as a platform lets one account answer."""
RUSH_COUNT, RUSH_SECONDS = 30, 0.3
"""So many webhooks in so short a time are a rush: 100 a second, more than one process answers."""


class Doorway:
    """The webhooks that are being stored now, in this process."""

    def __init__(self) -> None:
        self._inside = 0
        self._is_free = asyncio.Event()
        self._is_free.set()
        self._came: deque[float] = deque(maxlen=RUSH_COUNT)

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Somebody is in the doorway for as long as this lasts."""
        self._inside += 1
        self._is_free.clear()
        self._came.append(monotonic())
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._is_free.set()

    async def let_pass(self) -> None:
        """Wait until nobody is in the doorway, but not for long; in a rush just so long."""
        if self._is_rush:
            await asyncio.sleep(PATIENCE_SECONDS)
            return
        if self._is_free.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._is_free.wait()

    @property
    def _is_rush(self) -> bool:
        came = self._came
        return len(came) == RUSH_COUNT and monotonic() - came[0] < RUSH_SECONDS
