"""What does trouble of the database look like from outside, and what does it leave behind?"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from tests.storage.house import House, arrival
from wijkbot.storage.errors import DatabaseAway
from wijkbot.storage.open import open_database
from wijkbot.storage.tables import conversation, inbox
from wijkbot.storage.trouble import passing

LARGE = b"x" * 400_000


def _on(kind: str) -> pytest.MarkDecorator:
    """Only on that one of the two databases."""
    return pytest.mark.parametrize("database_url", [kind], indirect=True)


async def _limit(house: House, more_pages: int) -> None:
    """The disk has room for so many pages more."""

    def set_limit(conn: Connection) -> None:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count={pages + more_pages}")

    await house.write(set_limit)


async def _rows(house: House) -> tuple[int, int]:
    async def count(table: object) -> int:
        query = select(func.count()).select_from(table)  # type: ignore[arg-type]
        return await house.database.read(lambda c: c.execute(query).scalar_one())

    return await count(inbox), await count(conversation)


@_on("sqlite")
async def test_full_disk_keeps_nothing_by_halves_and_passes(house: House) -> None:
    await house.accept(arrival("before"))
    await _limit(house, 3)
    before = await _rows(house)
    with pytest.raises(DatabaseAway) as told:
        await house.accept(arrival("e1", chat="new"), arrival("e2", chat="new", payload=LARGE))
    assert (told.value.what, told.value.remedy) == (
        "the disk is full (OperationalError)",
        "make room on the disk of the database",
    )
    assert await _rows(house) == before, "not the chat, nor the event that would have fitted"
    await _limit(house, 1000)
    assert [one.seq for one in await house.accept(arrival("e1", chat="new"))] == [1]


@_on("sqlite")
async def test_who_fits_in_a_full_group_is_kept(house: House) -> None:
    """A group is one transaction: the one that is too large must not take the others along."""
    await _limit(house, 20)
    first, small, large, last = await asyncio.gather(
        house.write(lambda _: time.sleep(0.2)),  # the others wait together meanwhile
        house.accept(arrival("small", chat="c1")),
        house.accept(arrival("large", chat="c2", payload=LARGE)),
        house.accept(arrival("last", chat="c3")),
        return_exceptions=True,
    )
    assert (first, type(large)) == (None, DatabaseAway)
    assert isinstance(small, list) and isinstance(last, list)
    assert await _rows(house) == (2, 2)


def test_locked_file_names_the_other_program(tmp_path: Path) -> None:
    """Without a word of the statement."""
    file = tmp_path / "some.db"
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as one:
        one.execute("BEGIN IMMEDIATE")
        with (
            closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError) as raised,
        ):
            other.execute("BEGIN IMMEDIATE")
    away = passing(DBAPIError.instance("SELECT 'secret'", {}, raised.value, sqlite3.Error))
    assert isinstance(away, DatabaseAway)
    assert "another program" in away.remedy and "secret" not in str(away)


@_on("postgresql")
async def test_session_that_ends_at_its_commit_is_not_repeated_blindly(
    house: House, database_url: str
) -> None:
    """Nobody knows whether such a commit was kept, so whoever asked decides."""
    runs: list[int] = []

    def work(conn: Connection) -> None:
        pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        runs.append(pid)
        _psql(database_url, f"SELECT pg_terminate_backend({pid}, 5000)")

    with pytest.raises(DatabaseAway):
        await house.write(work)
    assert len(runs) == 1
    assert len(await house.accept(arrival("next"))) == 1


def _psql(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(statement.encode())


@_on("postgresql")
async def test_server_that_only_reads_is_trouble_that_passes(house: House) -> None:
    """After a change of the primary; the process must not end of it."""

    def work(conn: Connection) -> None:
        conn.execute(text("SET TRANSACTION READ ONLY"))
        conn.execute(text("DELETE FROM inbox"))

    with pytest.raises(DatabaseAway, match="server that writes"):
        await house.write(work)


@_on("postgresql")
async def test_every_session_that_died_is_replaced(house: House, database_url: str) -> None:
    """As after a restart of the server: not one caller gets a dead connection."""
    pauses = [house.write(lambda c: c.execute(text("SELECT pg_sleep(0.2)"))) for _ in range(8)]
    await asyncio.gather(*pauses)
    _psql(
        database_url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    taken = await asyncio.gather(*(house.accept(arrival(f"e{n}", chat=f"c{n}")) for n in range(8)))
    assert [len(one) for one in taken] == [1] * 8


async def test_a_mistake_of_ours_is_not_taken_for_trouble(house: House) -> None:
    """It would be tried again for ever."""
    with pytest.raises(DBAPIError):
        await house.write(lambda c: c.execute(text("INSERT INTO inbox (seq) VALUES (NULL)")))


def test_url_of_nobody_is_away(tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway):
        open_database(f"postgresql://nobody@/none?host={tmp_path}")
