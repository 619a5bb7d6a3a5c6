"""What does one simulated process do? It has a clock of its own, and work in its hands."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from tests.storage.house import House
from wijkbot.app.ledger import Ledger
from wijkbot.storage import conversations, inbox, lanes
from wijkbot.storage.conversations import Advance, Claimed, Progress
from wijkbot.storage.database import Database
from wijkbot.storage.heads import Pace
from wijkbot.storage.inbox import Accepted, Arrival
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.outbox import Draft, Status
from wijkbot.storage.seal import Sealer

T = TypeVar("T")
NO_PAUSE = Pace(private_gap_ms=0, group_gap_ms=0)


class PowerCutError(Exception):
    """The machine stopped inside a transaction."""


@dataclass(frozen=True)
class Step:
    """One message handled (or a turn without one), and the effects of that."""

    claimed: Claimed
    progress: Progress
    drafts: tuple[Draft, ...]
    keeps: bool


@dataclass(eq=False)
class Process:
    """Its clock is ``skew`` ms off; ``talks`` and ``sends`` are what it claimed."""

    database: Database
    sealer: Sealer
    skew: int = 0
    now: int = House.START
    pace: Pace = NO_PAUSE
    talks: list[Claimed] = field(default_factory=list)
    sends: list[Outgoing] = field(default_factory=list)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        return await self.database.write(fn)

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Accepted]:
        return await self.write(lambda c: inbox.accept(c, self.sealer, arrivals, self.now))

    async def claim(self, limit: int) -> list[Claimed]:
        return await self.write(
            lambda c: conversations.claim(c, self.sealer, self.now, limit=limit, max_attempts=99)
        )

    async def go(self, step: Step) -> Claimed:
        """Keep a step, in one transaction with all others that wait."""
        return await self.database.together(self._keep_all, step)

    def _keep_all(self, conn: Connection, steps: Sequence[Step]) -> list[Claimed]:
        ledger = Ledger(self.sealer, self.now)
        for step in steps:
            ledger.advance(Advance(step.claimed, step.progress, step.keeps))
            ledger.send(step.drafts)
        ledger.write(conn)
        return [ledger.claim_of(step.claimed.id) for step in steps]

    def cut(self, conn: Connection, step: Step) -> None:
        """Keep a step, and die before the transaction ends."""
        self._keep_all(conn, [step])
        raise PowerCutError

    async def take(self, limit: int) -> list[Outgoing]:
        return await self.write(
            lambda c: lanes.claim(c, self.sealer, "street", self.now, limit=limit, pace=self.pace)
        )

    async def settle(self, out: Outgoing, status: Status) -> None:
        """Tell what became of a message, in one transaction with all others that wait."""
        ended = Settlement(out, status, f"m-{out.key}")
        await self.database.together(self._settle_all, ended)

    def _settle_all(self, conn: Connection, ended: Sequence[Settlement]) -> list[bool]:
        return lanes.settle_many(conn, ended, self.now)


def handled(
    claimed: Claimed, drafts: Sequence[Draft], *, keeps: bool, rings_at: int | None
) -> Step:
    """The next message of a claim is handled: its name goes to the end of the state."""
    if not claimed.messages:
        timer_at = None if claimed.timer_rang else claimed.timer_at
        return Step(claimed, Progress(claimed.done_seq, claimed.state, timer_at), (), keeps=False)
    waiting = claimed.messages[0]
    assert waiting.payload is not None
    names = [*json.loads(claimed.state or b"[]"), waiting.payload.decode()]
    progress = Progress(waiting.seq, json.dumps(names).encode(), rings_at)
    return Step(claimed, progress, tuple(drafts), keeps)
