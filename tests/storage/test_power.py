"""Does what was promised survive processes that are killed in the middle of their work?"""

from __future__ import annotations

import io
import json
import random
import selectors
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, create_engine, select, text
from sqlalchemy.dialects import sqlite

from tests.storage.conftest import empty
from tests.storage.house import House
from wijkbot.clock import Clock
from wijkbot.storage import items, migrate
from wijkbot.storage.database import Database
from wijkbot.storage.items import ItemDraft
from wijkbot.storage.open import open_database
from wijkbot.storage.seal import Sealer, create_key_file, load_key_file, rotate
from wijkbot.storage.tables import conversation, inbox, lane, outbox

WORKER = Path(__file__).with_name("worker_to_kill.py")
ROOT = Path(__file__).parents[2]
TALKS, EACH, KILLS, AT_ONCE = 100, 40, 8, 20
LEASE_MS = 2_000


@dataclass
class Platform:
    """What the world outside saw: which messages were promised, and what was sent."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        match line.split():
            case ["ACK", name, number]:
                self.acknowledged[name] = int(number) + 1
            case ["SEND", key]:
                self.sent.append(key)

    @property
    def promised(self) -> int:
        return sum(self.acknowledged.values())


class Process:
    """One worker: it hears its own conversations, and works for all."""

    def __init__(self, url: str, folder: Path, names: list[str], platform: Platform) -> None:
        self._url, self._folder, self._names = url, folder, names
        self._platform = platform
        self._rest = b""
        self.begin()

    def begin(self) -> None:
        """Start; what was acknowledged is not said again, what was not, is."""
        plan = {
            "hears": {name: self._platform.acknowledged.get(name, 0) for name in self._names},
            "each": EACH,
            "lease_ms": LEASE_MS,
        }
        path = self._folder / f"plan-{self._names[0]}.json"
        path.write_text(json.dumps(plan), encoding="utf-8")
        command = [sys.executable, str(WORKER), self._url, str(self._folder / "wijkbot.key")]
        self._process = subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, cwd=ROOT)
        assert isinstance(self._process.stdout, io.BufferedReader)
        self.out = self._process.stdout

    def read(self) -> None:
        """Take in what it wrote by now."""
        self._take(self.out.read1(1 << 16))

    def kill(self) -> None:
        """Not a word of goodbye. What it wrote before is still read."""
        self._process.kill()
        self._take(self.out.read())
        self._process.wait()
        self.out.close()
        self._rest = b""

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._platform.hear(line.decode())


def _run(url: str, folder: Path, count: int) -> tuple[Platform, int]:
    """Let processes work, kill one after the other, and let them finish. Gives the kills."""
    names = [f"talk{number}" for number in range(TALKS)]
    platform, chance, kills = Platform(), random.Random(7), 0
    processes = [Process(url, folder, names[at::count], platform) for at in range(count)]
    try:
        next_kill = TALKS * EACH // (KILLS + 2)
        deadline = time.monotonic() + 120
        while not _is_done(url, platform):
            assert time.monotonic() < deadline, (platform.promised, len(platform.sent), kills)
            _listen(processes)
            if platform.promised >= next_kill and kills < KILLS:
                victim = chance.choice(processes)
                victim.kill()
                victim.begin()
                kills += 1
                next_kill += TALKS * EACH // (KILLS + 2)
    finally:
        for process in processes:
            process.kill()
    return platform, kills


def _listen(processes: list[Process]) -> None:
    with selectors.DefaultSelector() as selector:
        for process in processes:
            selector.register(process.out, selectors.EVENT_READ, process)
        for key, _ in selector.select(timeout=0.1):
            key.data.read()


def _is_done(url: str, platform: Platform) -> bool:
    if platform.promised < TALKS * EACH or len(set(platform.sent)) < TALKS * EACH:
        return False
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as conn:
        query = "SELECT count(*) FROM lane WHERE out_seq > sent_seq"
        open_lanes = conn.execute(text(query)).scalar_one()
    engine.dispose()
    return bool(open_lanes == 0)


async def _prepared(url: str, folder: Path) -> Sealer:
    create_key_file(folder / "wijkbot.key", Clock().random_bytes(32))
    sealer = Sealer(load_key_file(folder / "wijkbot.key"), Clock().random_bytes)
    database = open_database(url)
    await rotate(database, sealer, Clock().now_ms())
    draft = ItemDraft("", "T08", "text", "{}")
    await database.write(lambda c: items.publish(c, [draft], House.START))
    await database.close()
    return sealer


async def _check(url: str, sealer: Sealer, platform: Platform) -> None:
    database = open_database(url)
    talks = await database.read(lambda c: c.execute(select(conversation)).all())
    assert len(talks) == TALKS
    for talk in talks:
        assert (talk.in_seq, talk.done_seq, talk.due_at) == (EACH, EACH, None)
        state = await database.read(partial(_state, sealer=sealer, talk=talk))
        assert state == list(range(EACH)), "each message once, in order"
    assert await database.read(lambda c: _count(c, inbox)) == TALKS * EACH
    assert await database.read(lambda c: _count(c, outbox)) == TALKS * EACH
    assert await database.read(lambda c: _count(c, lane)) == TALKS
    await database.close()
    once = list(dict.fromkeys(platform.sent))
    order: dict[str, list[int]] = {}
    for key in once:
        name, _, seq = key.partition("-")
        order.setdefault(name, []).append(int(seq))
    assert set(map(tuple, order.values())) == {tuple(range(1, EACH + 1))}, "sent in order"


def _state(conn: Connection, sealer: Sealer, talk: Row[Any]) -> list[int]:
    sealed = talk.state_sealed
    context = f"conversation.state:{talk.id}"
    found: list[int] = json.loads(sealer.open(conn, sealed, context))
    return found


def _count(conn: Connection, table: object) -> int:
    return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def _doubled(platform: Platform) -> int:
    """What an idempotent platform shows once, and another one so many times too often."""
    return sum(count - 1 for count in Counter(platform.sent).values())


async def test_nothing_promised_is_lost_or_doubled_when_the_only_process_is_killed(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/wijkbot.db"
    migrate.upgrade(url)
    sealer = await _prepared(url, tmp_path)
    platform, kills = _run(url, tmp_path, 1)
    assert kills == KILLS
    await _check(url, sealer, platform)
    assert _doubled(platform) <= kills * AT_ONCE


async def test_nothing_promised_is_lost_or_doubled_when_one_of_two_processes_is_killed(
    tmp_path: Path, pg_url: str
) -> None:
    empty(pg_url)
    sealer = await _prepared(pg_url, tmp_path)
    platform, kills = _run(pg_url, tmp_path, 2)
    assert kills == KILLS
    await _check(pg_url, sealer, platform)
    assert _doubled(platform) <= kills * AT_ONCE


async def test_a_claim_uses_its_index_however_much_waits(sqlite_database: Database) -> None:
    def plan(conn: Connection, query: Select[int]) -> str:
        words = str(
            query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        )
        return str(conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}").all())

    due = conversation.select().where(conversation.c.due_at <= 5).order_by(conversation.c.due_at)
    rang = conversation.select().where(conversation.c.timer_at <= 5)
    assert "conversation_due_at" in await sqlite_database.read(lambda conn: plan(conn, due))
    assert "conversation_timer_at" in await sqlite_database.read(lambda conn: plan(conn, rang))
