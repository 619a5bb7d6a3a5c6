"""Fifty announcements from other processes while a busy server holds its work: what breaks?

This process is the server: it accepts, claims and holds conversations and lanes in its SQLite.
The others give the command ``wijkbot announce``. Nothing may be doubled, and nothing that is
held may be freed.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from tests.living import SATURDAY
from tests.prepared import prepared
from wijkbot.app.assemble import assemble, ensure_key, ensure_schema, make_adapters, open_house
from wijkbot.app.house import House
from wijkbot.clock import Clock
from wijkbot.engine.words import Purpose
from wijkbot.settings import load_settings
from wijkbot.storage import chats, conversations, inbox, lanes, outbox
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.conversations import Claimed, Progress
from wijkbot.storage.heads import Pace
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.tables import broadcast, lane
from wijkbot.storage.tables import conversation as conversations_table
from wijkbot.storage.tables import lease as lease_table
from wijkbot.storage.tables import outbox as outbox_table

ROOT = Path(__file__).resolve().parents[2]
PROCESSES, TIMES, GROUPS, HELD = 5, 10, 12, 8
SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
[policy]
unsolicited_per_day = 1000
unsolicited_per_week = 1000
[secure_chat]
url = "https://veilige-chat.example/"
[channels.wijk]
adapter = "sandbox"
"""
COMMAND = ("announce", "--item", "Z4", "--all", "--yes")


async def _serving(folder: Path) -> House:
    (folder / "wijkbot.toml").write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(folder / "wijkbot.toml")
    clock = Clock()
    clock.shift((SATURDAY - clock.now()).total_seconds())
    ensure_key(folder, clock)
    ensure_schema(settings, folder)
    house = await open_house(settings, folder, clock)
    bot = assemble(house, make_adapters(settings, folder, clock), folder)
    await prepared(bot)
    area = next(iter(settings.areas()))
    new = [Newcomer("wijk", f"group-{n}", False, neighbourhood=area) for n in range(GROUPS)]
    await house.database.write(lambda c: chats.meet(c, house.sealer, new, clock.now_ms()))
    return house


async def _announcers(folder: Path) -> list[asyncio.subprocess.Process]:
    moment = SATURDAY.isoformat()
    config = str(folder / "wijkbot.toml")
    return [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.announcer", moment, str(TIMES), *COMMAND, "-c", config),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
        )
        for _ in range(PROCESSES)
    ]


class Burst:
    """A server in the middle of its work, at one moment that stands still: no lease lapses."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.now_ms = house.clock.now_ms()
        self.accepted: Counter[int] = Counter()
        self.finished: Counter[int] = Counter()
        self.held: list[Claimed] = []
        self.flying: list[Outgoing] = []

    async def hold(self) -> None:
        """Claim conversations and lanes, and neither finish nor send them."""
        house = self.house
        await self._accept([f"held-{n}" for n in range(HELD)])
        groups = await house.database.read(chats.groups)
        replies = [self._reply(one.id, f"held-{one.id}") for one in groups[:HELD]]
        await house.database.write(
            lambda c: outbox.append_many(c, house.sealer, replies, self.now_ms)
        )
        self.held = await self._claim()
        self.flying = await self._fly()
        assert [HELD, HELD] == [len(self.held), len(self.flying)]

    async def go_on(self, number: int) -> None:
        """One more message in, claimed and finished; what is held stays held."""
        await self._accept([f"busy-{number}"])
        held = {one.id for one in self.held}
        for claimed in await self._claim():
            assert claimed.id not in held, "a conversation that is held was freed"
            await self.finish(claimed)
        mine = {one.lane_id for one in self.flying}
        for out in await self._fly():
            assert out.lane_id not in mine, "a lane that is held was freed"
            await self.house.database.write(
                lambda c, o=out: lanes.settle(c, o, Status.SENT, self.now_ms)  # type: ignore[misc]
            )

    async def finish(self, claimed: Claimed) -> None:
        """The state of one conversation, fenced by its lease."""
        house = self.house
        progress = Progress(claimed.messages[-1].seq, b"state", None)
        await house.database.write(
            lambda c: conversations.finish(c, house.sealer, claimed, self.now_ms, progress)
        )
        self.finished[claimed.id] += len(claimed.messages)

    def _reply(self, chat_id: int, key: str) -> Draft:
        shelf = self.house.library.shelf("")
        version = shelf.book.version_of("Z4")
        return Draft(chat_id, Lane.REPLY, key, Purpose.INFO, "Z4", version, "nl", b"values")

    async def _accept(self, names: list[str]) -> None:
        arrivals = [
            Arrival("wijk", name, f"private-{name}", True, name, b"hello", self.now_ms)
            for name in names
        ]
        house = self.house
        done = await house.database.write(
            lambda c: inbox.accept(c, house.sealer, arrivals, self.now_ms)
        )
        self.accepted.update(one.conversation_id for one in done)

    async def _claim(self) -> list[Claimed]:
        house = self.house
        return await house.database.write(
            lambda c: conversations.claim(c, house.sealer, self.now_ms)
        )

    async def _fly(self) -> list[Outgoing]:
        house, pace = self.house, Pace(0, 0)
        return await house.database.write(
            lambda c: lanes.claim(c, house.sealer, "wijk", self.now_ms, limit=HELD, pace=pace)
        )


async def test_fifty_announcements_beside_a_busy_server(tmp_path: Path) -> None:
    """Each group gets each announcement once; every lease stays whose it was."""
    house = await _serving(tmp_path)
    burst = Burst(house)
    await burst.hold()
    before = await _leases(house, burst.now_ms)
    started = await _announcers(tmp_path)
    waiting = [asyncio.create_task(one.communicate()) for one in started]
    number = 0
    while not all(task.done() for task in waiting):
        await burst.go_on(number)
        number += 1
        await asyncio.sleep(0.02)
    told = [task.result()[0].decode() for task in waiting]
    assert [0] * PROCESSES == [one.returncode for one in started], told
    queued = sum(text.count(f"Queued for {GROUPS} group(s).") for text in told)
    assert PROCESSES * TIMES == queued
    assert before == await _leases(house, burst.now_ms)
    await _check_rows(house)
    for claimed in burst.held:
        await burst.finish(claimed)
    for out in burst.flying:
        await house.database.write(
            lambda c, o=out: lanes.settle(c, o, Status.SENT, burst.now_ms)  # type: ignore[misc]
        )
    assert burst.accepted == burst.finished
    assert number > PROCESSES, "there was a burst"
    await house.database.close()


async def _leases(house: House, now_ms: int) -> list[tuple[object, ...]]:
    """Whatever is held: conversations and reply lanes on their way, and the homes."""
    held = conversations_table.c.due_at > now_ms
    mine = (conversations_table.c.id, conversations_table.c.lease, conversations_table.c.due_at)
    reply = lane.c.kind == int(Lane.REPLY)
    queries = (
        select(*mine).where(held).order_by(conversations_table.c.id),
        select(lane.c.id, lane.c.lease, lane.c.due_at).where(reply).order_by(lane.c.id),
        select(lease_table).order_by(lease_table.c.name),
    )
    rows = await house.database.read(lambda c: [c.execute(query).all() for query in queries])
    return [tuple(row) for found in rows for row in found]


async def _check_rows(house: House) -> None:
    """Fifty announcements, one row for each in each group, and lanes without a gap."""
    places = select(outbox_table.c.broadcast_id, outbox_table.c.lane_id, outbox_table.c.seq)
    announced = places.where(outbox_table.c.broadcast_id.is_not(None))
    lanes_ = select(lane.c.id, lane.c.out_seq).where(lane.c.kind == int(Lane.BULK))
    open_ = select(func.count()).where(broadcast.c.due_at.is_not(None))
    rows, ends, under_way = await house.database.read(
        lambda c: (c.execute(announced).all(), c.execute(lanes_).all(), c.execute(open_).scalar())
    )
    assert 0 == under_way
    count = PROCESSES * TIMES
    assert {1} == set(Counter((row.broadcast_id, row.lane_id) for row in rows).values())
    assert count * GROUPS == len(rows)
    assert {row.id: count for row in ends} == {row.id: row.out_seq for row in ends}
    for one in ends:
        seqs = sorted(row.seq for row in rows if row.lane_id == one.id)
        assert list(range(1, count + 1)) == seqs
