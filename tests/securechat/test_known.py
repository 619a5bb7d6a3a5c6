"""Is what a process remembers of the chat never told after it changed? On both databases.

Each test first lets a page wait while somebody looks, so that its conversation is remembered.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine, event, update

from tests.securechat import making
from tests.securechat.making import DAY, Team
from tests.securechat.room import Chat, Resident, somewhere
from tests.securechat.test_worker_conversations import path, step
from wijkbot.app.assemble import open_house
from wijkbot.app.secure_chat import token_hash
from wijkbot.app.secure_gone import erase_now
from wijkbot.app.secure_known import AGE_SECONDS, KEPT_SECONDS, SURE_SECONDS
from wijkbot.app.secure_room import SecureRoom, secure_room
from wijkbot.securechat.encoding import NO_HASH, b64
from wijkbot.storage import secure_chats, staff_sessions
from wijkbot.storage.secure_chats import Conversation
from wijkbot.storage.secure_tables import sc_manifest

pytestmark = pytest.mark.storage
NEWS = "/api/c/messages?after=1"


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements that are run meanwhile, on whichever database."""
    told: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        told.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def remembered(chat: Chat) -> Resident:
    """Somebody whose page waits, as it is while the loop of wake-ups looks."""
    resident = await chat.resident()
    await remember(chat, resident)
    return resident


async def remember(chat: Chat, *residents: Resident) -> None:
    with chat.room.wakes.listen(b"somebody waits"):
        await chat.room.wakes.look()
    for resident in residents:
        assert (await chat.tab(resident).ask("GET", NEWS)).status_code == 200
        assert chat.room.known.opened_by(token_hash(resident.token)) is not None


async def waits(chat: Chat, resident: Resident, version: int) -> asyncio.Task[httpx.Response]:
    """A page that waits, and has found that nothing is new."""
    where = f"{NEWS}&wait=25&version={version}"
    task = asyncio.create_task(chat.tab(resident).ask("GET", where))
    async with asyncio.timeout(10):
        while not chat.room.wakes._waiting.get(resident.conv):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert not task.done()
    return task


async def told(chat: Chat, resident: Resident, more: str = "") -> dict[str, Any]:
    answer = await chat.tab(resident).ask("GET", NEWS + more)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def elsewhere(chat: Chat) -> SecureRoom:
    """Another process on the same database; its wake-ups are not heard here."""
    there = secure_room(await open_house(chat.room.house.settings, chat.folder, chat.clock))
    assert there is not None
    return there


async def test_a_page_whose_wait_runs_out_asks_the_database_nothing_of_its_own(chat: Chat) -> None:
    resident = await remembered(chat)
    version = (await told(chat, resident))["version"]
    with asked() as statements:
        page = await told(chat, resident, f"&wait=1&version={version}")
    assert (page["state"], page["messages"], page["version"]) == ("waiting", [], version)
    assert not [one for one in statements if "sc_token" in one or "sc_message" in one]


async def test_many_pages_ask_once_who_is_here(chat: Chat) -> None:
    await remembered(chat)
    chat.room.known.forget_around()
    with asked() as statements:
        found = await asyncio.gather(*(chat.room.known.around() for _ in range(50)))
    assert len({id(one) for one in found}) == 1
    assert sum("staff_session" in one for one in statements) == 1


async def test_a_deleted_conversation_is_refused_at_once(chat: Chat) -> None:
    resident = await remembered(chat)
    version = (await told(chat, resident))["version"]
    waiting = await waits(chat, resident, version)
    deleted = await chat.tab(resident).ask("DELETE", "/api/c/conversation")
    assert deleted.status_code == 204
    for more in ("", "&wait=25"):
        refused = await chat.tab(resident).ask("GET", NEWS + more)
        assert (refused.status_code, refused.json()["error"]) == (401, "unknown")
    async with asyncio.timeout(5):
        assert (await waiting).status_code == 401


async def test_a_closed_conversation_is_seen_at_once(chat: Chat) -> None:
    resident = await remembered(chat)
    version = (await told(chat, resident))["version"]
    waiting = await waits(chat, resident, version)
    assert (await chat.tab(resident).ask("POST", "/api/c/close")).status_code == 204
    assert (await told(chat, resident))["state"] == "closed"
    async with asyncio.timeout(5):
        assert (await waiting).json()["state"] == "closed"


async def test_a_claim_and_a_message_are_seen_at_once(chat: Chat) -> None:
    resident = await remembered(chat)
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    page = await told(chat, resident)
    assert page["state"] == "assigned" and page["assigned_to"] == b64(chat.team.worker.id)
    envelope = making.envelope(
        resident.conv, chat.team.worker, resident.key, "dag", n=1, prev=NO_HASH
    )
    written = await console.ask("POST", path(resident, "messages"), {"envelope": envelope})
    assert written.status_code == 201
    assert [one["seq"] for one in (await told(chat, resident))["messages"]] == [2]


async def test_who_waits_moves_up_when_somebody_before_them_is_taken(chat: Chat) -> None:
    first = await chat.resident()
    chat.clock.shift(60)
    second = await chat.resident()
    await remember(chat, first, second)
    version = (page := await told(chat, second))["version"]
    assert page["ahead"] == 1
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, first, "claim") == (200, "")
    assert (await told(chat, second, f"&wait=1&version={version}"))["ahead"] == 0


async def test_a_new_list_of_the_team_wakes_and_is_told(chat: Chat) -> None:
    resident = await remembered(chat)
    version = (await told(chat, resident))["version"]
    waiting = await waits(chat, resident, version)
    await chat.publish(2)
    chat.room.wakes.ring_team()
    async with asyncio.timeout(5):
        page = (await waiting).json()
    assert (page["manifest_version"], page["version"]) == (2, version + 1)


async def test_who_left_the_list_reads_and_writes_nothing_more(chat: Chat) -> None:
    resident = await remembered(chat)
    worker, console = chat.team.worker, await chat.console(chat.team.worker)
    assert await step(console, chat, resident, "claim") == (200, "")
    where = path(resident, "messages")
    assert (await console.ask("GET", where)).status_code == 200
    team = chat.team
    await chat.publish(2, Team(team.root, team.coordinator, making.member("Nieuw"), team.trainee))
    assert (await console.ask("GET", where)).status_code == 404
    envelope = making.envelope(resident.conv, worker, resident.key, "dag", n=1, prev=NO_HASH)
    assert (await console.ask("POST", where, {"envelope": envelope})).status_code == 404


async def test_a_list_whose_signatures_were_looked_at_still_ends(chat: Chat) -> None:
    await chat.resident()
    chat.clock.shift(91 * DAY)
    answer = await chat.client.get("/api/c/config", headers=somewhere())
    assert (answer.status_code, answer.json()["error"]) == (503, "no_team")


async def test_each_list_is_looked_at_for_its_own_signatures(chat: Chat) -> None:
    await chat.resident()
    await chat.publish(2)

    def another_root(conn: Connection) -> None:
        stranger = making.Root().sig.public
        conn.execute(
            update(sc_manifest).where(sc_manifest.c.version == 2).values(root_sig=stranger)
        )

    await chat.room.house.database.write(another_root)
    answer = await chat.client.get("/api/c/config", headers=somewhere())
    assert (answer.status_code, answer.json()["error"]) == (503, "no_team")


async def test_presence_that_was_said_is_told_at_once(chat: Chat) -> None:
    resident = await remembered(chat)
    console = await chat.console(chat.team.worker)
    chat.room.known.forget_around()
    assert (await told(chat, resident))["presence"] == "busy"
    said = await console.ask("POST", "/api/w/presence", {"available": True})
    assert said.status_code == 204
    assert (await told(chat, resident))["presence"] == "open"


async def test_a_session_that_ended_is_told_a_second_later_at_most(chat: Chat) -> None:
    resident = await remembered(chat)
    console = await chat.console(chat.team.worker)
    chat.room.known.forget_around()
    version = (page := await told(chat, resident))["version"]
    assert page["presence"] == "busy"
    ended = console._headers["Cookie"].removeprefix("wb=")
    await chat.room.house.database.write(lambda c: staff_sessions.end(c, ended))
    await asyncio.sleep(AGE_SECONDS)
    page = await told(chat, resident, f"&version={version}")
    assert page["presence"] == "closed"


async def test_presence_is_of_the_hour_it_is(chat: Chat) -> None:
    """The clock went on, by whatever jump: what was seen before it is not told."""
    resident = await remembered(chat)
    await chat.console(chat.team.worker)
    chat.room.known.forget_around()
    assert (await told(chat, resident))["presence"] == "busy"
    chat.clock.shift(120)
    assert (await told(chat, resident))["presence"] == "closed"


async def test_the_oldest_of_too_many_tabs_is_let_go_at_once(chat: Chat) -> None:
    resident = await remembered(chat)
    code = {"locator": b64(resident.locator), "auth": b64(resident.auth)}
    for _ in range(secure_chats.TOKENS_AT_MOST):
        chat.clock.shift(60)
        back = await chat.client.post("/api/c/return", json=code, headers=somewhere())
        assert back.status_code == 200
    assert (await chat.tab(resident).ask("GET", NEWS)).status_code == 401


async def test_what_was_read_before_a_wake_up_is_not_remembered(chat: Chat) -> None:
    """The answer of the database is on its way while the conversation changes."""
    resident = await chat.resident()
    with chat.room.wakes.listen(b"somebody waits"):
        await chat.room.wakes.look()
    has_read, may_end = threading.Event(), threading.Event()

    def slowly(_conn: Connection, _seen: Conversation) -> None:
        has_read.set()
        may_end.wait(10)

    hashed = token_hash(resident.token)
    looking = asyncio.create_task(chat.room.known.look(hashed, slowly))
    assert await asyncio.to_thread(has_read.wait, 10)
    chat.room.wakes.ring(resident.conv)
    may_end.set()
    assert await looking is not None
    assert chat.room.known.opened_by(hashed) is None


async def test_what_another_process_deletes_is_refused_after_the_next_look(chat: Chat) -> None:
    resident = await remembered(chat)
    version = (await told(chat, resident))["version"]
    waiting = await waits(chat, resident, version)
    await chat.room.wakes.look()
    there = await elsewhere(chat)
    try:
        assert await erase_now(there, resident.conv, "deleted")
    finally:
        await there.house.database.close()
    await chat.room.wakes.look()
    async with asyncio.timeout(5):
        assert (await waiting).status_code == 401
    assert (await chat.tab(resident).ask("GET", NEWS)).status_code == 401


async def test_who_writes_or_ends_it_is_never_let_in_from_memory(chat: Chat) -> None:
    """Another process deleted it a moment ago, and nobody has looked since."""
    resident = await remembered(chat)
    there = await elsewhere(chat)
    try:
        assert await erase_now(there, resident.conv, "deleted")
    finally:
        await there.house.database.close()
    tab = chat.tab(resident)
    assert chat.room.known.opened_by(token_hash(resident.token)) is not None
    assert (await chat.say(resident)).status_code == 401
    assert (await tab.ask("GET", "/api/c/keys")).status_code == 401
    assert (await tab.ask("POST", "/api/c/close")).status_code == 401


async def test_nothing_is_believed_when_nobody_looks_any_more(chat: Chat) -> None:
    resident = await remembered(chat)
    there = await elsewhere(chat)
    try:
        assert await erase_now(there, resident.conv, "deleted")
    finally:
        await there.house.database.close()
    chat.room.known.looked(asyncio.get_running_loop().time() - SURE_SECONDS)
    assert (await chat.tab(resident).ask("GET", NEWS)).status_code == 401


async def test_nothing_is_remembered_for_ever(chat: Chat) -> None:
    resident = await remembered(chat)
    chat.room.known.looked(asyncio.get_running_loop().time() + KEPT_SECONDS)
    assert chat.room.known.opened_by(token_hash(resident.token)) is None


async def test_nothing_is_remembered_when_nobody_waits(chat: Chat) -> None:
    resident = await remembered(chat)
    await chat.room.wakes.look()
    assert chat.room.known.opened_by(token_hash(resident.token)) is None
