"""What may happen to a bot, and what must come of it? Several processes and one truth.

Each move is something that processes, machines and people really do, in any order. The model
knows who may go on with what, so that it can tell a claim that was given too early, a process
that came too late and was not refused, and a message that was handled twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from tests.storage import invariants
from tests.storage.house import House, arrival
from tests.storage.simulated_process import PowerCutError, Process, handled
from wijkbot.engine.words import Purpose
from wijkbot.storage import conversations, leases
from wijkbot.storage.conversations import Claimed
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.outbox import Draft, Lane
from wijkbot.storage.seal import Sealer

TALKS = (("g0", "anna"), ("g0", "bob"), ("g1", "anna"), ("p0", "anna"))
TIMER_MS = 10_000
NOBODY = -1
Move = tuple[str, dict[str, Any]]


def event(number: int) -> Arrival:
    """Event so many: each talk gets every fourth one."""
    chat, member = TALKS[number % len(TALKS)]
    name = f"e{number}"
    return arrival(name, chat=chat, member=member, payload=name.encode(), is_private=chat == "p0")


@dataclass
class Hold:
    """Who has a conversation or a lane: its lease, and until when nobody else may take it."""

    lease: int
    until: int


@dataclass
class World:
    """The truth, kept beside the tables."""

    sealer: Sealer
    processes: list[Process]
    set_clock: Callable[[int], Awaitable[None]]
    now: int = House.START
    heard: dict[int, list[str]] = field(default_factory=dict)
    talks: dict[int, Hold] = field(default_factory=dict)
    ways: dict[int, Hold] = field(default_factory=dict)
    erased: dict[int, int] = field(default_factory=dict)
    shut: set[int] = field(default_factory=set)
    effects: set[str] = field(default_factory=set)
    flying: dict[int, int] = field(default_factory=dict)
    reached: dict[int, int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    announced: dict[int, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """An empty bot, with nobody at work."""
        for one in self.processes:
            one.talks, one.sends = [], []
        await self.processes[0].write(invariants.wipe)
        await self.wait(0)

    async def do(self, move: Move) -> None:
        """Make this move, and look whether everything still holds."""
        name, how = move
        await getattr(self, name)(**how)
        await self.look()

    async def look(self, *, is_at_rest: bool = False) -> None:
        """Nothing is broken, nothing is lost, nothing is there twice."""
        names = [
            [self.sealer.pseudonym("event", "street", one) for one in events]
            for events in self.heard.values()
        ]

        def check(conn: Connection) -> None:
            assert not invariants.broken(conn, self.sealer, self.erased, is_at_rest=is_at_rest)
            assert invariants.orders(conn) == sorted(names)
            assert invariants.effects(conn) == (self.effects, self.announced)
            assert invariants.sent(conn) == set(self.sent)

        await self.processes[0].database.read(check)
        assert len(self.sent) == len(set(self.sent))

    async def wait(self, ms: int) -> None:
        self.now += ms
        for one in self.processes:
            one.now = self.now + one.skew
        await self.set_clock(self.now)

    async def hear(self, p: int, numbers: list[int]) -> None:
        await self._hear([p], numbers)

    async def hear_twice(self, p: int, numbers: list[int]) -> None:
        """The platform gives the same to two processes at the same time."""
        await self._hear([p, p + 1], numbers)

    async def _hear(self, ps: list[int], numbers: list[int]) -> None:
        arrivals = [event(number) for number in numbers]
        got = await asyncio.gather(*(self._process(p).accept(arrivals) for p in ps))
        fresh = 0
        for number in numbers:
            order = self.heard.setdefault(number % len(TALKS), [])
            if f"e{number}" not in order:
                order.append(f"e{number}")
                fresh += 1
        assert sum(len(one) for one in got) == fresh

    async def claim(self, p: int, limit: int) -> None:
        process = self._process(p)
        for claimed in await process.claim(limit):
            hold = self.talks.get(claimed.id)
            assert hold is None or hold.until <= self.now, "taken while somebody has it"
            is_time = claimed.timer_at is not None and claimed.timer_at <= self.now
            assert claimed.timer_rang == is_time, "rang by the clock of the process"
            self.talks[claimed.id] = Hold(claimed.lease, self.now + conversations.LEASE_MS)
            process.talks.append(claimed)

    async def advance(self, p: int, count: int, drafts: int, *, keeps: bool, rings: bool) -> None:
        """A process brings its first conversations on, all of them in one transaction."""
        process = self._process(p)
        mine, process.talks = process.talks[:count], process.talks[count:]
        rings_at = self.now + TIMER_MS if rings else None
        steps = [
            handled(one, self._drafts(one, drafts), keeps=keeps, rings_at=rings_at) for one in mine
        ]
        done = await asyncio.gather(*(process.go(one) for one in steps), return_exceptions=True)
        for step, result in zip(steps, done, strict=True):
            claimed = step.claimed
            if not self._is_owner(self.talks, claimed.id, claimed.lease):
                assert isinstance(result, LeaseLost), "a process that came too late went on"
                continue
            assert not isinstance(result, BaseException), result
            self.effects |= {one.key for one in step.drafts if one.chat_id not in self.shut}
            if step.keeps:
                self.talks[claimed.id].until = self.now + conversations.LEASE_MS
                process.talks.append(result)
            else:
                del self.talks[claimed.id]

    async def cut(self, p: int) -> None:
        """The machine stops inside the transaction that brings a conversation on."""
        process = self._process(p)
        if not process.talks:
            return
        claimed = process.talks.pop(0)
        step = handled(claimed, self._drafts(claimed, 2), keeps=False, rings_at=None)
        before = await process.database.read(invariants.everything)
        is_late = not self._is_owner(self.talks, claimed.id, claimed.lease)
        try:
            await process.write(lambda conn: process.cut(conn, step))
        except (PowerCutError, LeaseLost) as error:
            assert isinstance(error, LeaseLost) == is_late  # noqa: PT017 - both are expected
        assert await process.database.read(invariants.everything) == before

    async def give_back(self, p: int, after_ms: int) -> None:
        process = self._process(p)
        if not process.talks:
            return
        claimed = process.talks.pop(0)
        if await self._try(
            self._is_owner(self.talks, claimed.id, claimed.lease),
            process.write(
                lambda conn: conversations.give_back(conn, claimed, process.now, after_ms=after_ms)
            ),
        ):
            self.talks[claimed.id] = Hold(NOBODY, self.now + after_ms)

    async def crash(self, p: int) -> None:
        """The process forgets what it had; nobody gives it back."""
        self._process(p).talks.clear()
        self._process(p).sends.clear()

    async def restart(self) -> None:
        """Of the one process of an embedded database; what it did before comes too late."""
        process = self.processes[0]
        if process.database.is_embedded:
            await process.write(lambda conn: leases.recover(conn, process.now))
            await self._forget_lost()

    async def _forget_lost(self) -> None:
        """What an erasure, a block or a restart took from everybody belongs to nobody now."""
        talks, ways = await self.processes[0].database.read(invariants.numbers)
        for holds, found in ((self.talks, talks), (self.ways, ways)):
            for number, hold in holds.items():
                if found[number] != hold.lease:
                    hold.lease, hold.until = NOBODY, 0

    def _process(self, p: int) -> Process:
        return self.processes[p % len(self.processes)]

    @staticmethod
    def _is_owner(holds: dict[int, Hold], number: int, lease: int) -> bool:
        return number in holds and holds[number].lease == lease

    async def _try(self, is_owner: bool, work: Awaitable[None]) -> bool:
        """Whether it was done; who came too late was refused and changed nothing."""
        before = await self.processes[0].database.read(invariants.everything)
        try:
            await work
        except LeaseLost:
            assert not is_owner
            assert await self.processes[0].database.read(invariants.everything) == before
            return False
        assert is_owner, "a process that came too late went on"
        return True

    def _drafts(self, claimed: Claimed, count: int) -> list[Draft]:
        """The effects of the next message: a crisis card comes before a reply."""
        seq = claimed.done_seq + 1
        return [
            Draft(
                chat_id=claimed.chat_id,
                lane=Lane.CRISIS if n and seq % 3 == 0 else Lane.REPLY,
                key=f"{claimed.id}.{seq}.{n}",
                purpose=Purpose.INFO,
                item_id="T08",
                item_version=1,
                language="nl",
                values=b"values",
                conversation_id=claimed.id,
            )
            for n in range(count)
        ]
