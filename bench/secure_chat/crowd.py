"""What do residents do who say nothing? Their pages wait for news, and ask again after 25 s."""

from __future__ import annotations

import asyncio

from bench.secure_chat.seed import Talk, bearer
from bench.secure_chat.wire import Wire

WAIT_SECONDS = 25


class Crowd:
    """Pages that wait, ever more of them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks: list[asyncio.Task[None]] = []
        self.polls = 0
        """How many questions were answered so far."""

    async def grow(self, talks: list[Talk], seconds: float) -> None:
        """These come in too within so many seconds, evenly, and wait."""
        late = (seconds * number / len(talks) for number in range(len(talks)))
        await asyncio.gather(*map(self._come, talks, late))

    async def go(self) -> None:
        """All leave."""
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    async def _come(self, talk: Talk, late: float) -> None:
        await asyncio.sleep(late)
        wire = Wire(self._port, **bearer(talk))
        told = await wire.ask("GET", "/api/c/messages?after=0")
        self._tasks.append(asyncio.create_task(self._wait(wire, told["version"])))

    async def _wait(self, wire: Wire, version: int) -> None:
        try:
            while True:
                path = f"/api/c/messages?after=0&version={version}&wait={WAIT_SECONDS}"
                version = (await wire.ask("GET", path))["version"]
                self.polls += 1
        finally:
            wire.close()
