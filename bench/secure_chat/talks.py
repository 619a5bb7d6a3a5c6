"""How long is a message on its way to the other side? Both sides talk, as the pages do.

A resident's page waits for news; a console hears of it over its one line, reads the conversation,
and reads the queue anew, one question at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from bench.secure_chat.seed import Desk, Talk, bearer
from bench.secure_chat.wire import Wire
from tests.securechat import making
from tests.securechat.making import Person
from wijkbot.securechat.encoding import NO_HASH, RESIDENT, b64
from wijkbot.web.secure.sessions import csrf_of

PACE_SECONDS = 5.0
"""Each side of each conversation says something so often."""
TEXT = "Dat is goed, ik kom morgen om tien uur langs."


class Talks:
    """Conversations that go on. ``taken``: seconds on the way; ``queues``: those of a queue."""

    def __init__(self, port: int, desks: list[Desk], talks: list[Talk], pause: float) -> None:
        self._port = port
        self._pause = pause
        self._desks, self._talks = desks, talks
        self._of = {b64(talk.conv): talk for talk in talks}
        self._heard: dict[str, int] = dict.fromkeys(self._of, 0)
        self._sent: dict[tuple[str, str, int], float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.taken: list[float] = []
        self.queues: list[float] = []

    async def begin(self) -> None:
        """All open their pages, and talk until :meth:`end`."""
        work: list[Coroutine[Any, Any, None]] = [self._console(desk) for desk in self._desks]
        for number, talk in enumerate(self._talks):
            late = PACE_SECONDS * number / len(self._talks)
            work += [self._resident(talk), self._say_as_resident(talk, late)]
            work.append(self._say_as_worker(talk, late + PACE_SECONDS / 2))
        self._tasks = [asyncio.create_task(one) for one in work]

    async def during(self, seconds: float) -> None:
        """Forget what was measured, and measure that long."""
        self.taken.clear()
        self.queues.clear()
        done, _ = await asyncio.wait(
            self._tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
        )
        for one in done:
            one.result()

    async def end(self) -> None:
        """Nobody says anything more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _resident(self, talk: Talk) -> None:
        wire, conv = Wire(self._port, **bearer(talk)), b64(talk.conv)
        after, version = 0, 0
        while True:
            path = f"/api/c/messages?after={after}&version={version}&wait=25"
            told = await wire.ask("GET", path)
            after, version = told["last_seq"], told["version"]
            self._arrived(conv, told["messages"], is_resident=True)

    async def _console(self, desk: Desk) -> None:
        stale = asyncio.Event()
        headers = worker_headers(desk, self._port)
        listens, reads = Wire(self._port, **headers), Wire(self._port, **headers)
        reading = asyncio.create_task(self._read_queue(desk, stale))
        try:
            async for kind, told in listens.events("/api/w/events"):
                if kind in {"queue", "conversation"}:
                    stale.set()
                conv = told.get("conv", "")
                talk = self._of.get(conv)
                if talk is not None and talk.desk is desk:
                    path = f"/api/w/conversations/{conv}/messages?after={self._heard[conv]}"
                    news = await reads.ask("GET", path)
                    self._heard[conv] = news["last_seq"]
                    self._arrived(conv, news["messages"], is_resident=False)
            raise RuntimeError("the line of a console broke")
        finally:
            reading.cancel()

    async def _read_queue(self, desk: Desk, stale: asyncio.Event) -> None:
        wire = Wire(self._port, **worker_headers(desk, self._port))
        while True:
            await stale.wait()
            stale.clear()
            began = time.perf_counter()
            await wire.ask("GET", "/api/w/queue")
            self.queues.append(time.perf_counter() - began)
            await asyncio.sleep(self._pause)

    async def _say_as_resident(self, talk: Talk, late: float) -> None:
        wire = Wire(self._port, **bearer(talk))
        await self._say(wire, talk, talk.resident, "/api/c/messages", late)

    async def _say_as_worker(self, talk: Talk, late: float) -> None:
        assert talk.desk is not None
        wire = Wire(self._port, **worker_headers(talk.desk, self._port))
        path = f"/api/w/conversations/{b64(talk.conv)}/messages"
        await self._say(wire, talk, talk.desk.person, path, late)

    async def _say(self, wire: Wire, talk: Talk, who: Person, path: str, late: float) -> None:
        conv, sender, n, prev = b64(talk.conv), b64(who.id), 0, NO_HASH
        at = time.perf_counter() + late
        while True:
            await asyncio.sleep(max(at - time.perf_counter(), 0))
            at, n = at + PACE_SECONDS, n + 1
            envelope = making.envelope(talk.conv, who, talk.key, TEXT, n=n, prev=prev)
            self._sent[conv, sender, n] = time.perf_counter()
            await wire.ask("POST", path, {"envelope": envelope})
            prev = making.hash_of(envelope, talk.conv)

    def _arrived(self, conv: str, messages: list[making.Json], *, is_resident: bool) -> None:
        now = time.perf_counter()
        for one in messages:
            if (one["by"] == b64(RESIDENT)) is not is_resident:
                self.taken.append(now - self._sent.pop((conv, one["by"], one["n"])))


def worker_headers(desk: Desk, port: int) -> dict[str, str]:
    """What a console sends along."""
    return {
        "Cookie": f"wb={desk.cookie}",
        "Origin": f"http://127.0.0.1:{port}",
        "X-WB-CSRF": csrf_of(desk.cookie),
    }
