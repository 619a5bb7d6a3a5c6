"""Which loops carry messages at an even pace? Three that wake each other, as those of the bot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bench.delivery.mailbox import Mailbox

POLL_SECONDS = 0.5


class Loops:
    """Messages of ``chats`` chats, one after the other; ``taken`` is told how long each took.

    The time ends when a message is in the sender's hand: the platform's part is not ours.
    """

    def __init__(
        self, mailbox: Mailbox, per_s: float, chats: int, taken: Callable[[float], None]
    ) -> None:
        self._mailbox = mailbox
        self._per_s = per_s
        self._chats = chats
        self._taken = taken
        self._arrived, self._queued = asyncio.Event(), asyncio.Event()
        self._since: dict[int, float] = {}
        self.claims: list[float] = []

    async def run(self, messages: int) -> None:
        """Until all of them are sent."""
        engine = asyncio.create_task(self._engine())
        await asyncio.gather(self._ingress(messages), self._sender(messages))
        engine.cancel()
        await asyncio.wait({engine})

    async def _ingress(self, messages: int) -> None:
        began = time.perf_counter()
        arriving: set[asyncio.Task[None]] = set()
        for number in range(messages):
            await asyncio.sleep(max(0.0, began + number / self._per_s - time.perf_counter()))
            task = asyncio.create_task(self._arrive(number))
            arriving.add(task)
            task.add_done_callback(arriving.discard)
        if arriving:
            await asyncio.wait(arriving)

    async def _arrive(self, number: int) -> None:
        chat = number % self._chats
        self._since[chat] = time.perf_counter()
        await self._mailbox.accept(f"loop-{number}", chat)
        self._arrived.set()

    async def _engine(self) -> None:
        while True:
            self._arrived.clear()
            began = time.perf_counter()
            claimed = await self._mailbox.claim(20)
            if claimed:
                self.claims.append(time.perf_counter() - began)
                await asyncio.gather(*(self._mailbox.handle(one) for one in claimed))
                self._queued.set()
            else:
                await _woken(self._arrived)

    async def _sender(self, messages: int) -> None:
        count = 0
        while count < messages:
            self._queued.clear()
            rows = await self._mailbox.take(50)
            at = time.perf_counter()
            for row in rows:
                self._taken(at - self._since[int((row.address or "").split("-")[1])])
            count += len(rows)
            if rows:
                await self._mailbox.sent(rows)
            else:
                await _woken(self._queued)


async def _woken(event: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(event.wait(), POLL_SECONDS)
    except TimeoutError:
        return
