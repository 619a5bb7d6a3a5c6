"""How do many pieces of work go on side by side, so that a slow one holds up no other?"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from wijkbot.app.doorway import Doorway


class Crew:
    """At most so many pieces of work at once. What one of them raises is raised by who asks.

    They begin one after another, with room for everything else in between: reading 32 messages
    without a pause would keep a webhook waiting for a tenth of a second. Webhooks that are there
    by then go first.
    """

    def __init__(self, size: int, doorway: Doorway) -> None:
        self._size = size
        self._doorway = doorway
        self._busy: set[asyncio.Task[None]] = set()
        self._failed: BaseException | None = None
        self._freed = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def room(self) -> int:
        """How many more can begin now."""
        return self._size - len(self._busy)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a piece of work."""
        task = asyncio.create_task(self._in_turn(work))
        self._busy.add(task)
        task.add_done_callback(self._ended)

    async def pause(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait until there is a reason to look again: a wake-up, new room, or the time.

        Raises:
            Exception: what a piece of work raised since the last pause.
        """
        was_full = not self.room
        self._freed.clear()
        waiting = {asyncio.create_task(wake.wait())}
        if was_full:
            waiting.add(asyncio.create_task(self._freed.wait()))
        try:
            if self._failed is None:
                await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    async def finish(self) -> None:
        """Wait for what is under way."""
        if self._busy:
            await asyncio.wait(set(self._busy))

    async def dismiss(self) -> None:
        """Cut off what is under way."""
        for task in self._busy:
            task.cancel()
        await self.finish()

    async def _in_turn(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with self._turn:
                await asyncio.sleep(0)
                await self._doorway.let_pass()
        except asyncio.CancelledError:
            work.close()
            raise
        await work

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self._freed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed = self._failed or error
