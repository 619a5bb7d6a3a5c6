"""Is a backup whole, private and of one moment, and is anything else refused?"""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text

from tests.storage.copies import Copies, anna, execute, quietly
from tests.storage.house import arrival
from wijkbot.clock import Clock
from wijkbot.storage import (
    backup,
    leases,
    migrate,
    schema,
)
from wijkbot.storage.backup import CopyProblem
from wijkbot.storage.errors import DatabaseTooNew, KeyFileProblem, StorageProblem
from wijkbot.storage.seal import Sealer, create_key_file, load_key_file
from wijkbot.storage.tables import (
    conversation,
    inbox,
)
from wijkbot.storage.url import parse_url


async def test_a_copy_made_while_the_bot_writes_is_of_one_moment(copies: Copies) -> None:
    house, is_done = copies.house, asyncio.Event()

    async def keep_writing() -> int:
        number = 0
        while not is_done.is_set():
            number += 1
            await house.accept(arrival(f"e{number}", chat=f"group-{number % 5}"))
        return number

    for number in range(50):
        await house.accept(arrival(f"first-{number}", chat=f"group-{number % 5}"))
    writer = asyncio.create_task(keep_writing())
    await asyncio.sleep(0.05)
    copy = await asyncio.to_thread(copies.back_up)
    is_done.set()
    assert await writer > 0
    await copies.put_back(copy)
    counted = select(func.sum(conversation.c.in_seq), func.count())
    rows = select(func.count()).select_from(inbox)
    total, conversations_ = await house.database.read(lambda c: c.execute(counted).one())
    assert (total, conversations_) == (
        await house.database.read(lambda c: c.execute(rows).scalar_one()),
        5,
    )
    assert total >= 50


async def test_a_copy_is_private_holds_no_key_and_nothing_in_the_clear(copies: Copies) -> None:
    house = copies.house
    await house.accept(arrival("e1", payload=b"my secret sorrow", chat="+32470000000"))
    copy = copies.back_up()
    assert copy.stat().st_mode & 0o777 == 0o600
    secret = house.sealer.key_file.secret
    if copy.suffix == ".zip":
        with zipfile.ZipFile(copy) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    else:
        content = copy.read_bytes()
    shown = (secret, base64.b64encode(secret), secret.hex().encode(), b"sorrow", b"+3247")
    assert [one for one in shown if one in content] == []
    assert anna(house).encode() in content  # so that the search above can find something


async def test_a_copy_holds_nothing_that_was_deleted(tmp_path: Path) -> None:
    source = tmp_path / "wijkbot.db"
    url = f"sqlite:///{source}"
    migrate.upgrade(url)
    with sqlite3.connect(source) as conn:
        conn.execute("PRAGMA secure_delete=OFF")
        conn.execute("INSERT INTO meta VALUES ('gone', ?)", ("left behind " * 500,))
        conn.commit()
        conn.execute("DELETE FROM meta WHERE name = 'gone'")
        conn.commit()
    assert b"left behind" in source.read_bytes()
    target = tmp_path / "copy.db"
    backup.back_up(url, target, 0, quietly)
    assert b"left behind" not in target.read_bytes()


async def test_a_file_that_exists_is_kept_unless_it_may_be_replaced(copies: Copies) -> None:
    copy = copies.back_up()
    before = copy.read_bytes()
    await copies.house.accept(arrival("e1"))
    with pytest.raises(CopyProblem, match="exists already"):
        copies.back_up()
    assert copy.read_bytes() == before
    copies.back_up(replaces=True)
    assert copy.read_bytes() != before
    assert [path.name for path in copies.folder.iterdir() if ".part" in path.name] == []


async def test_another_key_file_is_refused_and_the_database_is_as_it_was(copies: Copies) -> None:
    house = copies.house
    copy = copies.back_up()
    await house.accept(arrival("since"))
    create_key_file(copies.folder / "other.key", Clock().random_bytes(32))
    other = Sealer(load_key_file(copies.folder / "other.key"), Clock().random_bytes)
    with pytest.raises(KeyFileProblem, match="another database"):
        await copies.put_back(copy, sealer=other)
    assert len(await house.claim()) == 1


async def test_a_backup_of_a_newer_wijkbot_is_refused(copies: Copies) -> None:
    copy = copies.back_up()
    if copy.suffix == ".db":
        with sqlite3.connect(copy) as conn:
            conn.execute("UPDATE alembic_version SET version_num = '9999'")
    else:
        with zipfile.ZipFile(copy) as old:
            content = {name: old.read(name) for name in old.namelist()}
        told = json.loads(content["manifest.json"]) | {"revision": "9999"}
        with zipfile.ZipFile(copy, "w") as new:
            for name, data in (content | {"manifest.json": json.dumps(told).encode()}).items():
                new.writestr(name, data)
    await copies.house.accept(arrival("since"))
    with pytest.raises(DatabaseTooNew):
        await copies.put_back(copy)
    assert len(await copies.house.claim()) == 1


async def test_a_backup_of_an_older_schema_is_brought_to_this_one(
    copies: Copies, request: pytest.FixtureRequest
) -> None:
    house = copies.house
    if copies.url.startswith("sqlite"):
        older = f"sqlite:///{copies.folder}/older.db"
    else:
        older = copies.url.replace("storage_tests", "older")
        execute(copies.url, "CREATE DATABASE older", is_apart=True)
        drop = "DROP DATABASE older WITH (FORCE)"
        request.addfinalizer(lambda: execute(copies.url, drop, is_apart=True))
    engine = create_engine(parse_url(older))
    with engine.begin() as conn:
        migrate.bring(conn, "0001")
    engine.dispose()
    proof = house.sealer.pseudonym("key_check")
    execute(older, f"INSERT INTO meta (name, value) VALUES ('key_check', '{proof}')")
    copy = copies.folder / f"older-copy{backup.suffix(older)}"
    backup.back_up(older, copy, house.now, quietly)
    await copies.put_back(copy)
    assert schema.current(copies.url) == schema.head()
    assert await house.accept(arrival("e1"))


async def test_new_rows_get_numbers_after_the_restored_ones(copies: Copies) -> None:
    house = copies.house
    old = await house.chat()
    copy = copies.back_up()
    await copies.put_back(copy)
    assert await house.chat("group-2") > old


async def test_a_database_with_something_in_it_is_not_replaced_unasked(copies: Copies) -> None:
    house = copies.house
    copy = copies.back_up()
    await house.accept(arrival("since"))
    with pytest.raises(CopyProblem, match="add --force"):
        await copies.put_back(copy, replaces=False)
    assert len(await house.claim()) == 1
    await copies.put_back(copy)
    assert await house.claim() == []


async def test_a_spoiled_backup_is_refused_and_the_database_is_as_it_was(copies: Copies) -> None:
    for number in range(200):
        await copies.house.accept(arrival(f"e{number}", payload=b"x" * 500))
    copy = copies.back_up()
    content = copy.read_bytes()
    half = len(content) // 2
    copy.write_bytes(content[: half - 4000] + bytes(8000) + content[half + 4000 :])
    with pytest.raises(StorageProblem):
        await copies.put_back(copy)
    copy.write_text("not a backup", encoding="utf-8")
    with pytest.raises(CopyProblem, match="not a backup"):
        await copies.put_back(copy)
    assert len((await copies.house.claim())[0].messages) == 10


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_is_served_is_not_replaced(copies: Copies) -> None:
    house = copies.house
    copy = copies.back_up()
    real_now = Clock().now_ms()
    await house.write(lambda c: leases.acquire(c, "street", "home", real_now, 60_000))
    with pytest.raises(CopyProblem, match="at home"):
        await copies.put_back(copy)
    await house.write(lambda c: c.execute(text("DELETE FROM lease")))
    await copies.put_back(copy)
    engine = create_engine(parse_url(copies.url))
    with engine.connect() as other:
        other.execute(text("SELECT 1"))
        with pytest.raises(CopyProblem, match="connected"):
            await copies.put_back(copy)
    engine.dispose()


async def test_a_backup_of_the_other_database_is_refused(copies: Copies) -> None:
    copy = copies.back_up()
    other = copies.folder / "other"
    is_sqlite = copy.suffix == ".db"
    other.write_bytes(b"PK\x03\x04" if is_sqlite else b"SQLite format 3\x00")
    with pytest.raises(CopyProblem, match="restore it where it came from"):
        await copies.put_back(other)
