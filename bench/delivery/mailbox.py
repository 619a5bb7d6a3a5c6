"""Which database do all parts work on, and in which words?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from wijkbot.app.ledger import Ledger
from wijkbot.clock import Clock
from wijkbot.engine.words import Purpose
from wijkbot.storage import conversations, inbox, items, lanes
from wijkbot.storage.conversations import Advance, Claimed, Progress
from wijkbot.storage.database import Database
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.items import ItemDraft
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.seal import Sealer, create_key_file, load_key_file, rotate

PAYLOAD = b"x" * 120
STATE = b"s" * 150
VALUES = b"v" * 80


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The open database with its sealer, and the two transactions that every message costs."""

    database: Database
    sealer: Sealer
    clock: Clock
    url: str

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Self]:
        """The newest schema, one published item, and a key of the day."""
        # in a process of its own, as operators do it: its memory is not that of the bot
        upgrade = f"from wijkbot.storage.migrate import upgrade; upgrade({url!r})"
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", upgrade], check=True)
        clock = Clock()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "wijkbot.key"
            create_key_file(path, clock.random_bytes(32))
            sealer = Sealer(load_key_file(path), clock.random_bytes)
        database = open_database(url, check=False)
        await rotate(database, sealer, clock.now_ms())
        draft = ItemDraft("", "T08", "text", "{}")
        await database.write(lambda c: items.publish(c, [draft], clock.now_ms()))
        yield cls(database, sealer, clock, url)
        await database.close()

    async def accept(self, name: str, chat: int) -> None:
        """T1: a message of the only member of a private chat comes in."""
        now_ms = self.clock.now_ms()
        arrival = Arrival("street", name, f"chat-{chat}", True, f"m-{chat}", PAYLOAD, now_ms)
        await self.database.together(self._accept_all, arrival)

    def _accept_all(self, conn: Connection, arrivals: Sequence[Arrival]) -> list[None]:
        inbox.accept(conn, self.sealer, arrivals, self.clock.now_ms())
        return [None] * len(arrivals)

    async def claim(self, limit: int) -> list[Claimed]:
        """T2: take conversations with something to do."""
        now_ms = self.clock.now_ms()
        return await self.database.write(
            lambda c: conversations.claim(c, self.sealer, now_ms, limit=limit)
        )

    async def handle(self, claimed: Claimed) -> int:
        """T3 for each message: new state, one message out, done. Gives how many."""
        messages = claimed.messages
        for waiting in messages:
            progress = Progress(waiting.seq, STATE, None)
            is_last = waiting is messages[-1]
            step = Advance(claimed, progress, keeps=not is_last)
            claimed = await self.database.together(self._take_all, step)
        return len(messages)

    def _take_all(self, conn: Connection, steps: Sequence[Advance]) -> list[Claimed]:
        """What the bot's own step writes, without deciding anything."""
        ledger = Ledger(self.sealer, self.clock.now_ms())
        for step in steps:
            ledger.advance(step)
            ledger.send([self._draft(step)])
        ledger.write(conn)
        return [ledger.claim_of(step.claimed.id) for step in steps]

    async def take(self, limit: int) -> list[Outgoing]:
        """Take lanes with something to send."""
        now_ms = self.clock.now_ms()
        return await self.database.write(
            lambda c: lanes.claim(c, self.sealer, "street", now_ms, limit=limit)
        )

    async def sent(self, rows: Sequence[Outgoing]) -> None:
        """The platform took them."""
        now_ms = self.clock.now_ms()
        ended = [Settlement(row, Status.SENT, f"m{row.lane_id}-{row.seq}") for row in rows]
        await self.database.write(lambda c: lanes.settle_many(c, ended, now_ms))

    def _draft(self, step: Advance) -> Draft:
        claimed = step.claimed
        return Draft(
            chat_id=claimed.chat_id,
            lane=Lane.REPLY,
            key=f"{claimed.id}-{step.progress.done_seq}-0",
            purpose=Purpose.INFO,
            item_id="T08",
            item_version=1,
            language="nl",
            values=VALUES,
            conversation_id=claimed.id,
        )
