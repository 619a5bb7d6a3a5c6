"""What comes of what is sent, announced, refused and erased? The other half of the model."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, select

from tests.storage.model import NOBODY, TALKS, TIMER_MS, Hold, World
from tests.storage.test_broadcasts import everybody
from wijkbot.storage import broadcasts, chats, erase, heads, lanes, outbox
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation

ROUNDS = 200


class Town(World):
    """A world in which things are sent, too."""

    async def take(self, p: int, limit: int) -> None:
        process = self._process(p)
        for out in await process.take(limit):
            hold = self.ways.get(out.lane_id)
            assert hold is None or hold.until <= self.now, "sent while somebody sends"
            assert out.was_in_flight == (self.flying.get(out.lane_id) == out.seq)
            assert out.seq >= self.reached.get(out.lane_id, 0), "sent out of order"
            assert out.key not in self.sent, "sent again after it was sent"
            self.ways[out.lane_id] = Hold(out.lease, self.now + heads.LEASE_MS)
            self.flying[out.lane_id] = self.reached[out.lane_id] = out.seq
            process.sends.append(out)

    async def settle(self, p: int, count: int, status: Status) -> None:
        """The platform answered about the first messages; they are settled together."""
        process = self._process(p)
        mine, process.sends = process.sends[:count], process.sends[count:]
        ends = (process.settle(out, status) for out in mine)
        done = await asyncio.gather(*ends, return_exceptions=True)
        for out, result in zip(mine, done, strict=True):
            if not self._is_owner(self.ways, out.lane_id, out.lease):
                assert isinstance(result, LeaseLost), "a sender that came too late settled"
                continue
            assert result is None, result
            self._landed(out)
            self.sent += [out.key] if status is Status.SENT else []
            del self.ways[out.lane_id]

    async def retry(self, p: int, after_ms: int) -> None:
        process = self._process(p)
        if not process.sends:
            return
        out = process.sends.pop(0)
        if await self._try(
            self._is_owner(self.ways, out.lane_id, out.lease),
            process.write(
                lambda conn: lanes.retry(conn, out, process.now, after_ms=after_ms, error="busy")
            ),
        ):
            self._landed(out)
            self.ways[out.lane_id] = Hold(NOBODY, self.now + after_ms)

    async def announce(self, p: int, number: int, limit: int) -> None:
        """An operator announces something (again, perhaps); its first chats are looked at."""
        process = self._process(p)
        draft = BroadcastDraft(f"a{number}", "T08", 1, b"values")
        made = await process.write(
            lambda c: broadcasts.create(c, self.sealer, draft, Audience(), process.now)
        )
        await self.expand(p, made, limit)

    async def expand(self, p: int, number: int, limit: int) -> bool:
        process = self._process(p)
        step = await process.write(
            lambda c: broadcasts.expand(c, number, everybody, process.now, limit)
        )
        self.announced[number] = self.announced.get(number, 0) + step.queued
        return step.done

    async def block(self, chat: int) -> None:
        """A chat refuses us: what waits for it is dropped, and it gets nothing."""
        if (found := await self._chat(chat)) is not None:
            process = self.processes[0]
            await process.write(lambda c: outbox.suspend(c, found, "blocked", process.now))
            self.shut.add(found)
            await self._forget_lost()

    async def unblock(self, chat: int) -> None:
        if (found := await self._chat(chat)) is not None:
            await self.processes[0].write(lambda c: outbox.resume(c, found))
            self.shut.discard(found)

    async def erase(self, member: str) -> None:
        """A resident goes: nothing of what waited is handled or sent."""
        process = self.processes[0]
        hashed = self.sealer.member("street", member)

        def gone(conn: Connection) -> dict[int, int]:
            mine = select(conversation.c.id, conversation.c.in_seq)
            mine = mine.where(conversation.c.member_hmac == hashed)
            found = {row.id: row.in_seq for row in conn.execute(mine)}
            erase.erase_member(conn, hashed, process.now)
            return found

        self.erased |= await process.write(gone)
        await self._forget_lost()

    async def drain(self) -> None:
        """Time passes, and everybody does what is to be done, until nothing is left."""
        for p in range(len(self.processes)):
            await self.crash(p)
        for number in self.announced:
            while not await self.expand(0, number, 50):
                pass
        for _ in range(ROUNDS):
            await self.wait(TIMER_MS)
            did_something = await self._work()
            await self.wait(heads.LEASE_MS)
            if not (did_something or await self._work()):
                break
        await self.look(is_at_rest=True)

    async def _work(self) -> bool:
        """Everybody does a bit, whose clock is slow first. Was there anything to do?"""
        count = 0
        for p in reversed(range(len(self.processes))):
            await self.claim(p, 3)
            await self.take(p, 3)
            count += len(self.processes[p].talks) + len(self.processes[p].sends)
            await self.advance(p, 3, 1, keeps=False, rings=False)
            await self.settle(p, 3, Status.SENT)
        return count > 0

    async def _chat(self, number: int) -> int | None:
        name = TALKS[number % len(TALKS)][0]
        database = self.processes[0].database
        found = await database.read(lambda c: chats.find(c, self.sealer, "street", name))
        return None if found is None else found.id

    def _landed(self, out: Outgoing) -> None:
        """It is not on its way any more."""
        if self.flying.get(out.lane_id) == out.seq:
            del self.flying[out.lane_id]
