"""What does a process do while it is killed? It accepts, handles and sends, and tells so.

Started by test_power.py: the database url, the key file, and a file with the plan: which
conversations it hears, and from which message on. Every line it writes is something it did:
``ACK conversation number`` after the commit, ``SEND key`` at the moment of sending.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from sqlalchemy import Connection

from wijkbot.app.crew import Crew
from wijkbot.app.doorway import Doorway
from wijkbot.app.ledger import Ledger
from wijkbot.clock import Clock
from wijkbot.engine.words import Purpose
from wijkbot.storage import conversations, heads, inbox, lanes, leases
from wijkbot.storage.conversations import Advance, Claimed, Progress
from wijkbot.storage.database import Database
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.heads import Pace
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.seal import Sealer, load_key_file, rotate

AT_ONCE = 20
NO_PAUSE = Pace(private_gap_ms=0, group_gap_ms=0)


class Worker:
    """One process of a bot whose engine appends the number of each message to its state."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = Clock()
        self._arrived, self._queued = asyncio.Event(), asyncio.Event()

    async def hear(self, name: str, first: int, last: int) -> None:
        """The messages of one conversation, one after the other, as a resident types them."""
        for number in range(first, last):
            payload = json.dumps(number).encode()
            now_ms = self._clock.now_ms()
            one = Arrival("street", f"{name}-{number}", name, True, name, payload, now_ms)
            await self._database.together(self._accept_all, one)
            tell("ACK", name, number)
            self._arrived.set()

    def _accept_all(self, conn: Connection, arrivals: Sequence[Arrival]) -> list[None]:
        inbox.accept(conn, self._sealer, arrivals, self._clock.now_ms())
        return [None] * len(arrivals)

    async def think(self) -> None:
        """Bring conversations on, many side by side."""
        crew = Crew(AT_ONCE, Doorway())
        while True:
            self._arrived.clear()
            now_ms, room = self._clock.now_ms(), crew.room
            claimed = await self._database.write(
                lambda c: conversations.claim(c, self._sealer, now_ms, limit=room)  # noqa: B023
            )
            for one in claimed:
                crew.begin(self._bring_on(one))
            if not claimed:
                await crew.pause(self._arrived, 0.05)

    async def _bring_on(self, claimed: Claimed) -> None:
        messages = claimed.messages
        try:
            for waiting in messages:
                assert waiting.payload is not None
                seen = json.loads(claimed.state or b"[]")
                state = json.dumps([*seen, json.loads(waiting.payload)]).encode()
                progress = Progress(waiting.seq, state, None)
                step = Advance(claimed, progress, keeps=waiting is not messages[-1])
                claimed = await self._database.together(self._take_all, step)
        except LeaseLost:
            return
        self._queued.set()

    def _take_all(self, conn: Connection, steps: Sequence[Advance]) -> list[Claimed]:
        ledger = Ledger(self._sealer, self._clock.now_ms())
        for step in steps:
            ledger.advance(step)
            ledger.send([_answer(step)])
        ledger.write(conn)
        return [ledger.claim_of(step.claimed.id) for step in steps]

    async def send(self) -> None:
        """Send what waits, at most so many at once."""
        while True:
            self._queued.clear()
            rows = await self._claim()
            for row in rows:
                tell("SEND", row.key)
            if rows:
                await asyncio.gather(*(self._settle(row) for row in rows))
            else:
                try:
                    await asyncio.wait_for(self._queued.wait(), 0.05)
                except TimeoutError:
                    continue

    async def _claim(self) -> list[Outgoing]:
        now_ms = self._clock.now_ms()
        return await self._database.write(
            lambda c: lanes.claim(c, self._sealer, "street", now_ms, limit=AT_ONCE, pace=NO_PAUSE)
        )

    async def _settle(self, row: Outgoing) -> None:
        ended = Settlement(row, Status.SENT, f"m-{row.key}")
        try:
            await self._database.together(self._settle_all, ended)
        except LeaseLost:
            return

    def _settle_all(self, conn: Connection, ended: Sequence[Settlement]) -> list[bool]:
        return lanes.settle_many(conn, ended, self._clock.now_ms())


def _answer(step: Advance) -> Draft:
    claimed = step.claimed
    return Draft(
        chat_id=claimed.chat_id,
        lane=Lane.REPLY,
        key=f"{claimed.id}-{step.progress.done_seq}",
        purpose=Purpose.INFO,
        item_id="T08",
        item_version=1,
        language="nl",
        values=b"answer",
        conversation_id=claimed.id,
    )


def tell(*words: object) -> None:
    """Say it with one system call, so that a kill leaves no half line."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def main(url: str, key_file: str, plan_file: str) -> None:
    """Work until killed."""
    plan = json.loads(Path(plan_file).read_text(encoding="utf-8"))
    # short, so that another process follows a killed one while the test looks on
    conversations.LEASE_MS = heads.LEASE_MS = plan["lease_ms"]
    sealer = Sealer(load_key_file(Path(key_file)), Clock().random_bytes)
    database = open_database(url)
    await rotate(database, sealer, Clock().now_ms())
    if database.is_embedded:
        await database.write(lambda c: leases.recover(c, Clock().now_ms()))
    worker = Worker(database, sealer)
    heard = (worker.hear(name, first, plan["each"]) for name, first in plan["hears"].items())
    await asyncio.gather(worker.think(), worker.send(), *heard)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
