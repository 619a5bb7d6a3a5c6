"""Does everything of a conversation go when its time is over, and stay gone?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.securechat import making
from tests.securechat.room import Chat, Resident, somewhere
from tests.securechat.test_worker_conversations import handed, path, readers_of, step
from wijkbot.app.secure_purge import purge
from wijkbot.securechat.encoding import b64, unb64
from wijkbot.storage import backup, restore
from wijkbot.storage.restore import Wishes

pytestmark = pytest.mark.storage

DAY = 86_400


async def state_of(chat: Chat, resident: Resident) -> str:
    answer = await chat.tab(resident).ask("GET", "/api/c/messages")
    return str(answer.json().get("state", answer.status_code))


async def after(chat: Chat, seconds: float) -> None:
    chat.clock.shift(seconds)
    await purge(chat.room)


async def test_48_a_closed_conversation_is_kept_fourteen_days(chat: Chat) -> None:
    resident = await chat.resident()
    await chat.tab(resident).ask("POST", "/api/c/close")
    await after(chat, 14 * DAY - 120)
    assert await state_of(chat, resident) == "closed"
    await after(chat, 240)
    assert await state_of(chat, resident) == "401"


async def test_48_nobody_answers_for_fourteen_days(chat: Chat) -> None:
    resident = await chat.resident()
    await after(chat, 14 * DAY - 120)
    assert await state_of(chat, resident) == "waiting"
    await after(chat, 240)
    assert await state_of(chat, resident) == "closed"


async def test_48_nobody_writes_for_thirty_days(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    await after(chat, 30 * DAY - 120)
    assert await state_of(chat, resident) == "assigned"
    await after(chat, 240)
    assert await state_of(chat, resident) == "closed"


async def test_48_nothing_is_kept_longer_than_ninety_days(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    for version in range(2, 6):  # somebody writes every 20 days, and the list is kept fresh
        await after(chat, 20 * DAY)
        await chat.publish(version)
        assert (await chat.say(resident)).status_code == 201
    await after(chat, 10 * DAY - 120)
    assert await state_of(chat, resident) == "assigned"
    await after(chat, 240)
    assert await state_of(chat, resident) == "401"


async def test_48_the_change_of_the_clock_makes_no_day_shorter(chat: Chat) -> None:
    # Belgium's clocks go forward on 28 March 2027
    start = datetime(2027, 3, 20, 12, tzinfo=UTC)
    chat.clock.shift((start - chat.clock.now()).total_seconds())
    await chat.publish(2)
    resident = await chat.resident()
    await chat.tab(resident).ask("POST", "/api/c/close")
    await after(chat, 14 * DAY - 120)
    assert await state_of(chat, resident) == "closed"
    await after(chat, 240)
    assert await state_of(chat, resident) == "401"


async def test_48_a_clock_that_goes_back_takes_nothing_earlier(chat: Chat) -> None:
    chat.clock.shift(3 * DAY)
    await chat.publish(2)
    resident = await chat.resident()
    await after(chat, -2 * DAY)
    await chat.tab(resident).ask("POST", "/api/c/close")
    await after(chat, 14 * DAY)
    assert await state_of(chat, resident) == "closed"
    await after(chat, 2 * DAY + 240)
    assert await state_of(chat, resident) == "401"


async def test_34_an_offer_is_over_after_a_day(chat: Chat) -> None:
    resident, other, _, two = await handed(chat)
    await after(chat, DAY - 120)
    assert other.id in await readers_of(chat, resident)
    await after(chat, 240)
    assert other.id not in await readers_of(chat, resident)
    two = await chat.console(other)
    assert await step(two, chat, resident, "accept") == (404, "unknown")


async def test_after_a_purge_only_counters_and_tombstones_stay(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    await chat.tab(resident).ask("POST", "/api/c/close")
    await after(chat, 15 * DAY)
    rows = {name for name, many in (await chat.rows()).items() if many}
    assert rows == {"sc_manifest", "sc_tombstone", "sc_count"}
    audit = text("SELECT count(*) FROM staff_audit WHERE conv IS NOT NULL")
    left = await chat.room.house.database.read(lambda c: c.execute(audit).scalar_one())
    assert left == 0


async def test_32_claim_close_and_delete_at_once_leave_no_orphans(chat: Chat) -> None:
    console = await chat.console(chat.team.worker)
    for _ in range(8):
        resident = await chat.resident()
        tab = chat.tab(resident)
        await asyncio.gather(
            console.ask("POST", path(resident, "claim"), {"version": 1}),
            tab.ask("POST", "/api/c/close"),
            chat.say(resident),
            tab.ask("DELETE", "/api/c/conversation"),
            purge(chat.room),
        )
        rows = {name for name, many in (await chat.rows()).items() if many}
        assert rows == {"sc_manifest", "sc_tombstone", "sc_count"}
        row = {"locator": b64(resident.locator), "auth": b64(resident.auth)}
        back = await chat.client.post("/api/c/return", json=row, headers=somewhere())
        assert back.status_code == 404


def _on_disk(chat: Chat) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(chat.folder.glob("wijkbot.db*")))


async def test_46_deleted_bytes_are_not_on_disk(chat: Chat) -> None:
    resident = await chat.resident()
    row = resident.envelope("iets langers")
    answer = await chat.tab(resident).ask("POST", "/api/c/messages", {"envelope": row})
    assert answer.status_code == 201
    traces = [unb64(row["ct"])[:64], unb64(row["signature"]), resident.keys.kem.public]
    if chat.room.house.database.is_embedded:
        assert all(trace in _on_disk(chat) for trace in traces)
        assert (await chat.tab(resident).ask("DELETE", "/api/c/conversation")).is_success
        assert not any(trace in _on_disk(chat) for trace in traces)
        return
    assert any(trace in _heap(chat.url) for trace in traces)
    assert (await chat.tab(resident).ask("DELETE", "/api/c/conversation")).is_success
    await purge(chat.room)
    assert not any(trace in _heap(chat.url) for trace in traces)


def _heap(url: str) -> bytes:
    """The tables, as the server's files hold them."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        found = b""
        for table in ("sc_message", "sc_conversation", "sc_recipient"):
            (name,) = conn.execute(text("SELECT pg_relation_filepath(:t)"), {"t": table}).one()
            read = text("SELECT pg_read_binary_file(:f)")
            conn.execute(text("CHECKPOINT"))
            found += bytes(conn.execute(read, {"f": name}).scalar_one())
    engine.dispose()
    return found


async def test_47_a_restored_backup_brings_nothing_deleted_back(chat: Chat) -> None:
    gone, kept = await chat.resident(), await chat.resident()
    copy = chat.folder / f"copy{backup.suffix(chat.url)}"
    house = chat.room.house
    await asyncio.to_thread(backup.back_up, chat.url, copy, 0, _silent)
    assert (await chat.tab(gone).ask("DELETE", "/api/c/conversation")).is_success
    chat.clock.shift(6 * DAY)
    await house.database.close()
    wishes = Wishes(house.journal.read().entries, _never, replaces=True)
    now_ms = chat.clock.now_ms()
    done = await asyncio.to_thread(
        restore.restore, chat.url, copy, house.sealer, wishes, now_ms, _silent
    )
    assert done.erasures == 1
    left = await asyncio.to_thread(_ids, chat.url)
    assert left == [kept.conv]


def _ids(url: str) -> list[bytes]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as conn:
        found = [
            bytes(one) for one in conn.execute(text("SELECT id FROM sc_conversation")).scalars()
        ]
    engine.dispose()
    return found


def _silent(_done: int, _all: int) -> None:
    """Nobody looks how far it is."""


def _never(*_asked: Any) -> None:
    """No announcement is planned."""


async def test_a_conversation_is_not_deleted_when_the_journal_cannot_be_written(
    chat: Chat, tmp_path: Path
) -> None:
    resident = await chat.resident()
    journal = chat.room.house.journal.path
    journal.unlink()
    journal.mkdir()
    answer = await chat.tab(resident).ask("DELETE", "/api/c/conversation")
    assert answer.status_code == 503
    assert (await chat.say(resident)).status_code == 201


async def test_a_conversation_of_somebody_who_left_can_still_be_read(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    envelope = making.envelope(resident.conv, chat.team.worker, resident.key)
    answer = await console.ask("POST", path(resident, "messages"), {"envelope": envelope})
    assert answer.status_code == 201
    await chat.publish(2, making.Team(chat.team.root, chat.team.coordinator))
    told = (await chat.tab(resident).ask("GET", "/api/c/keys")).json()
    listed = {one["id"] for row in told["earlier"] for one in row["manifest"]["members"]}
    assert envelope["by"] in listed
