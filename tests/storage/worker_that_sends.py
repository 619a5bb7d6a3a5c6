"""What does a sender do that shares its account with others? It sends as fast as it may.

Started by test_senders.py: the database url, the key file, how many ms it works once it is told
to begin, and how many ms its clock is wrong. A line for every grant: the moments of the
database just before and just after it, and how many messages it was for.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from sqlalchemy import Connection

from tests.storage.simulated_process import NO_PAUSE
from wijkbot.clock import Clock
from wijkbot.storage import lanes, waits
from wijkbot.storage.database import Database
from wijkbot.storage.dialect import moment
from wijkbot.storage.lanes import Outgoing, Settlement
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Status
from wijkbot.storage.seal import Sealer, load_key_file

MOST_MS = 100


async def send(database: Database, sealer: Sealer, for_ms: int, skew: int) -> None:
    """Take what may be sent, and tell the database that it was."""
    clock = Clock()
    until_ms = clock.now_ms() + for_ms

    def now_ms() -> int:
        return clock.now_ms() + skew

    def take(conn: Connection) -> tuple[int, list[Outgoing], int]:
        before = moment(conn, 0)
        rows = lanes.claim(conn, sealer, "street", now_ms(), pace=NO_PAUSE)
        return before, rows, moment(conn, 0)

    def settle(conn: Connection, rows: list[Outgoing]) -> None:
        ended = [Settlement(row, Status.SENT, f"m-{row.key}") for row in rows]
        lanes.settle_many(conn, ended, now_ms())

    while clock.now_ms() < until_ms:
        before, rows, after = await database.write(take)
        if rows:
            tell(before, after, len(rows))
            await database.write(lambda conn: settle(conn, rows))  # noqa: B023 - awaited here
            continue
        wait = await database.read(lambda c: waits.wait_ms(c, "street", now_ms(), MOST_MS))
        await asyncio.sleep(wait / 1000)


def tell(*words: object) -> None:
    """Say it at once, with one system call."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def main(url: str, key_file: str, for_ms: str, skew: str) -> None:
    """Open everything, say so, and send once there is a word."""
    sealer = Sealer(load_key_file(Path(key_file)), Clock().random_bytes)
    database = open_database(url)
    await database.read(lambda conn: waits.wait_ms(conn, "street", 0, MOST_MS))
    tell("ready")
    await asyncio.to_thread(sys.stdin.readline)
    await send(database, sealer, int(for_ms), int(skew))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
