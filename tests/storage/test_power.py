"""Does what was promised survive a process that is killed in the middle of its work?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection, Select, text
from sqlalchemy.dialects import sqlite

from tests.storage.house import House
from wijkbot.storage import leases, migrate
from wijkbot.storage.database import Database, open_database
from wijkbot.storage.seal import Sealer, rotate
from wijkbot.storage.tables import conversation

WORKER = Path(__file__).with_name("worker_to_kill.py")
ROUNDS = 3


async def test_what_was_accepted_survives_kills_and_is_handled(
    tmp_path: Path, sealer: Sealer
) -> None:
    url = f"sqlite:///{tmp_path}/wijkbot.db"
    migrate.upgrade(url)
    promised: set[str] = set()
    for number in range(ROUNDS):
        promised |= await asyncio.to_thread(_work_until_killed, url, tmp_path, number)
    assert len(promised) > ROUNDS * 10

    database = open_database(url)
    house = House(database, sealer)
    await rotate(database, sealer, house.now)
    await database.write(lambda conn: leases.recover(conn, house.now))
    while claimed := await house.claim():
        for one in claimed:
            await house.finish(one)
    behind = await database.read(_unfinished)
    answered = await database.read(_answered)
    await database.close()
    assert behind == 0
    assert promised <= answered


def _work_until_killed(url: str, folder: Path, number: int) -> set[str]:
    """The events whose acceptance the worker had promised before it was killed."""
    command = [sys.executable, str(WORKER), url, str(folder / "wijkbot.key"), str(number)]
    root = Path(__file__).parents[2]
    promised = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            promised.add(line.strip())
            if len(promised) > 40 + number * 7:
                worker.kill()
                break
        promised |= {line.strip() for line in worker.stdout if line.endswith("\n")}
    return promised


def _unfinished(conn: Connection) -> int:
    return int(conn.execute(text("SELECT sum(in_seq - done_seq) FROM conversation")).scalar_one())


def _answered(conn: Connection) -> set[str]:
    return set(conn.execute(text("SELECT external_id FROM inbox")).scalars())


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
