"""Can many do everything at the same time, without an error and with everything right?"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, func, select

from tests.storage import invariants
from tests.storage.house import House, arrival
from tests.storage.simulated_process import Process, handled
from tests.storage.test_broadcasts import everybody
from wijkbot.clock import Clock
from wijkbot.engine.words import Purpose
from wijkbot.storage import broadcasts
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.conversations import Claimed
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.tables import inbox

pytestmark = pytest.mark.storage
SKEWS = (0, 20_000, -20_000, 5_000, -5_000, 1_000, -1_000, 0)
GROUPS, PEOPLE, EVENTS, TOLD_TWICE = 12, 2, 480, 3
PATIENCE_S = 90


def event(number: int) -> Arrival:
    """Event so many; neighbours in the order of numbers are of different conversations."""
    chat, member = f"g{number % GROUPS}", f"m{number // GROUPS % PEOPLE}"
    return arrival(f"e{number}", chat=chat, member=member, payload=f"e{number}".encode())


def answers(claimed: Claimed) -> list[Draft]:
    """One reply to every message; a crisis card, too, to every third."""
    seq = claimed.done_seq + 1
    return [
        Draft(
            chat_id=claimed.chat_id,
            lane=lane,
            key=f"{claimed.id}.{seq}.{lane}",
            purpose=Purpose.INFO,
            item_id="T08",
            item_version=1,
            language="nl",
            values=b"values",
            conversation_id=claimed.id,
        )
        for lane in ((Lane.REPLY, Lane.CRISIS) if seq % 3 == 0 else (Lane.REPLY,))
    ]


@dataclass
class Crowd:
    """Everybody who works, and what they did together."""

    workers: list[Process]
    effects: set[str] = field(default_factory=set)
    sent: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    is_done: bool = False

    async def work(self, number: int) -> None:
        """One worker: it hears what others hear, too, in another order, and helps with all."""
        process, chance = self.workers[number], random.Random(number)
        heard = [one for one in range(EVENTS) if (one + number) % 8 < TOLD_TWICE]
        chance.shuffle(heard)
        while not self.is_done:
            process.now = Clock().now_ms() + process.skew
            batch = [heard.pop() for _ in range(min(len(heard), chance.randint(1, 12)))]
            if batch:
                await process.accept([event(one) for one in batch + batch[:2]])
            await asyncio.gather(*(self._bring_on(process, it) for it in await process.claim(4)))
            await self._send(process)
            await self._announce(process, chance.choice(["market", "fair"]))

    async def _bring_on(self, process: Process, claimed: Claimed) -> None:
        while claimed.messages:
            drafts = answers(claimed)
            is_last = len(claimed.messages) == 1
            self.effects |= {one.key for one in drafts}
            claimed = await process.go(handled(claimed, drafts, keeps=not is_last, rings_at=None))

    async def _send(self, process: Process) -> None:
        taken = await process.take(8)
        for out in taken:
            self.sent[out.lane_id].append(out.seq)
        await asyncio.gather(*(process.settle(out, Status.SENT) for out in taken))

    async def _announce(self, process: Process, key: str) -> None:
        draft = BroadcastDraft(key, "T08", 1, b"values")

        def tell(conn: Connection) -> None:
            if conn.execute(select(func.count()).select_from(inbox)).scalar_one() < EVENTS // 2:
                return
            made = broadcasts.create(conn, process.sealer, draft, Audience(), process.now)
            broadcasts.expand(conn, made, everybody, process.now, limit=3)

        await process.write(tell)

    async def watch(self) -> None:
        """Everybody stops when nothing is left to do."""
        database = self.workers[0].database
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await database.read(self._is_at_rest):
                    await database.read(self.look)
                    await asyncio.sleep(0.1)
        finally:
            self.is_done = True

    def _is_at_rest(self, conn: Connection) -> bool:
        keys, announced = invariants.effects(conn)
        has_all = sum(map(len, invariants.orders(conn))) == EVENTS
        has_told = list(announced.values()) == [GROUPS, GROUPS]
        broken = invariants.broken(conn, self.workers[0].sealer, {}, is_at_rest=True)
        return has_all and has_told and keys == self.effects and not broken

    def look(self, conn: Connection) -> None:
        """Nothing may be broken at any moment, in the middle of all that."""
        assert not invariants.broken(conn, self.workers[0].sealer, {}, is_at_rest=False)


@pytest.fixture
async def crowd(house: House, database_url: str) -> AsyncIterator[Crowd]:
    """Eight workers; on PostgreSQL in two processes' worth of connections, by its own clock."""
    await house.publish()
    is_embedded = house.database.is_embedded
    databases = [house.database] if is_embedded else [open_database(database_url) for _ in "ab"]
    workers = [
        Process(databases[n % len(databases)], house.sealer, 0 if is_embedded else skew)
        for n, skew in enumerate(SKEWS)
    ]
    yield Crowd(workers)
    for database in databases:
        await database.close()


async def test_eight_at_once_lose_nothing_double_nothing_and_get_no_error(crowd: Crowd) -> None:
    works = (crowd.work(number) for number in range(len(crowd.workers)))
    await asyncio.gather(crowd.watch(), *works)
    assert len(crowd.effects) >= EVENTS
    assert all(seqs == sorted(set(seqs)) for seqs in crowd.sent.values()), "sent in order, once"
    assert sum(map(len, crowd.sent.values())) == len(crowd.effects) + 2 * GROUPS
