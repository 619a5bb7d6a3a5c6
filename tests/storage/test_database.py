"""Does a write succeed or fail alone, and only after it is safe?"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError, InternalError

from tests.storage.house import House
from wijkbot.storage.database import Database
from wijkbot.storage.errors import DatabaseAway
from wijkbot.storage.tables import meta


def _put(name: str, *, fails: bool = False) -> Callable[[Connection], str]:
    def write(conn: Connection) -> str:
        conn.execute(meta.insert().values(name=name, value="x"))
        if fails:
            raise ValueError(name)
        return name

    return write


async def _names(database: Database) -> set[str]:
    return set(await database.read(lambda conn: conn.execute(select(meta.c.name)).scalars().all()))


@pytest.mark.storage
async def test_a_failing_write_takes_only_its_own_work_with_it(house: House) -> None:
    writes = [_put(f"n{number}", fails=number % 3 == 0) for number in range(30)]
    results = await asyncio.gather(
        *(house.database.write(write) for write in writes),
        return_exceptions=True,
    )
    kept = {f"n{number}" for number in range(30) if number % 3}
    assert {one for one in results if isinstance(one, str)} == kept
    assert sum(isinstance(one, ValueError) for one in results) == 10
    assert {name for name in await _names(house.database) if name.startswith("n")} == kept


@pytest.mark.storage
async def test_a_broken_rule_of_the_database_is_told_to_who_broke_it(house: House) -> None:
    same = [house.database.write(_put("same")) for _ in range(4)]
    results = await asyncio.gather(*same, return_exceptions=True)
    assert sum(isinstance(one, IntegrityError) for one in results) == 3


@pytest.mark.storage
async def test_a_reader_cannot_write(house: House) -> None:
    with pytest.raises((DatabaseAway, InternalError)):
        await house.database.read(_put("sneaky"))
    assert "sneaky" not in await _names(house.database)


async def test_waiting_writes_share_a_commit(sqlite_database: Database, tmp_path: Path) -> None:
    seen: list[int] = []

    def write(conn: Connection) -> None:
        number = conn.execute(select(func.count()).select_from(meta)).scalar_one()
        conn.execute(meta.insert().values(name=f"n{number}", value="x"))
        with sqlite3.connect(tmp_path / "wijkbot.db") as outside:
            seen.append(outside.execute("SELECT count(*) FROM meta").fetchone()[0])
        outside.close()

    await asyncio.gather(*(sqlite_database.write(write) for _ in range(50)))
    assert len(await _names(sqlite_database)) == 50
    # others see few states in between: the writes went in a few transactions, not in fifty
    assert len(set(seen)) < 10


async def test_a_locked_database_is_away_and_comes_back(
    sqlite_database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "wijkbot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseAway):
        await sqlite_database.write(_put("a"))
    other.execute("ROLLBACK")
    other.close()
    await sqlite_database.write(_put("b"))
    assert await _names(sqlite_database) == {"b"}


async def test_sqlite_keeps_what_it_promised_through_a_power_cut(
    sqlite_database: Database,
) -> None:
    def pragmas(conn: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        return {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}

    full = 2
    assert await sqlite_database.write(pragmas) == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }


async def test_closing_finishes_what_was_submitted(sqlite_database: Database) -> None:
    waiting = [asyncio.ensure_future(sqlite_database.write(_put(f"n{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    await sqlite_database.close()
    assert len(await asyncio.gather(*waiting)) == 20
    with pytest.raises(DatabaseAway):
        await sqlite_database.write(_put("late"))
