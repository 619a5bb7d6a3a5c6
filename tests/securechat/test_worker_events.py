"""Does an open console hear of what is its own, at once, and nothing after its session?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import httpx
import pytest
import uvicorn

from tests.living import free_port
from tests.securechat import making
from tests.securechat.room import Browser, Chat
from tests.securechat.test_worker_conversations import path, publish_with, step
from wijkbot.app.setting import links_of
from wijkbot.cli.serving import SERVING, bind
from wijkbot.securechat.encoding import b64
from wijkbot.storage import staff_sessions
from wijkbot.web.create_app import create_app
from wijkbot.web.secure import answers

pytestmark = pytest.mark.storage


@asynccontextmanager
async def served(chat: Chat, *, is_forced: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """The chat on a real port: an answer that goes on needs a real server."""
    port = free_port()
    bound = bind("127.0.0.1", port)
    server = uvicorn.Server(uvicorn.Config(create_app(chat.bot), **SERVING))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as client:
        try:
            yield client
        finally:
            server.should_exit = True
            server.force_exit = is_forced
            await serving
    bound.close()


class Ear:
    """Hears the hints of one console."""

    def __init__(self, client: httpx.AsyncClient, console: Browser) -> None:
        self._client, self._console = client, console
        self.heard: list[tuple[str, str]] = []
        self.is_open = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        headers = {"Cookie": self._console._headers["Cookie"]}
        async with self._client.stream("GET", "/api/w/events", headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            kind = ""
            async for line in answer.aiter_lines():
                self.is_open.set()
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.heard.append((kind, line.removeprefix("data: ")))

    async def until(self, kind: str, part: str = "") -> None:
        async with asyncio.timeout(10):
            while not any(k == kind and part in data for k, data in self.heard):
                await asyncio.sleep(0.02)


async def test_a_console_hears_of_the_queue_and_of_its_own(chat: Chat) -> None:
    other = making.member("Ander")
    await publish_with(chat, other)
    console, stranger = await chat.console(chat.team.worker), await chat.console(other)
    async with served(chat) as client:
        mine, theirs = Ear(client, console), Ear(client, stranger)
        await asyncio.gather(mine.is_open.wait(), theirs.is_open.wait())
        resident = await chat.resident()
        await asyncio.gather(mine.until("queue"), theirs.until("queue"))
        assert await step(console, chat, resident, "claim") == (200, "")
        await mine.until("conversation", b64(resident.conv))
        assert (await chat.say(resident)).status_code == 201
        await mine.until("conversation", '"seq": 2')
        assert not any(kind == "conversation" for kind, _ in theirs.heard)
        await chat.publish(3)
        await chat.room.wakes.look()
        for ear in (mine, theirs):
            ear.task.cancel()
        await asyncio.gather(mine.task, theirs.task, return_exceptions=True)


async def test_36_an_open_console_ends_within_a_second_after_its_session(chat: Chat) -> None:
    console = await chat.console(chat.team.worker)
    cookie = console._headers["Cookie"].removeprefix("wb=")
    async with served(chat) as client:
        ear = Ear(client, console)
        await ear.is_open.wait()
        await chat.room.house.database.write(lambda c: staff_sessions.end(c, cookie))
        began = perf_counter()
        async with asyncio.timeout(10):
            await ear.task
        assert perf_counter() - began < 2
        answer = await console.ask("GET", "/api/w/queue")
        assert answer.status_code == 401


async def test_a_stop_does_not_wait_for_who_listens(chat: Chat) -> None:
    resident = await chat.resident()
    console = await chat.console(chat.team.worker)
    bearer = {"Authorization": f"Bearer {resident.token}"}
    async with served(chat, is_forced=False) as client:
        ear = Ear(client, console)
        waiting = asyncio.create_task(
            client.get("/api/c/messages?after=1&wait=25", headers=bearer)
        )
        await ear.is_open.wait()
        while not chat.room.wakes._waiting:
            await asyncio.sleep(0.02)
        began = perf_counter()
    assert perf_counter() - began < 10
    await asyncio.gather(ear.task, waiting, return_exceptions=True)
    assert not chat.room.wakes._waiting


async def test_who_goes_away_while_they_wait_holds_nothing(chat: Chat) -> None:
    resident = await chat.resident()
    async with served(chat) as client:
        bearer = {"Authorization": f"Bearer {resident.token}"}
        where = "/api/c/messages?after=1&wait=25"
        asked = [asyncio.create_task(client.get(where, headers=bearer)) for _ in range(4)]
        waiting = chat.room.wakes._waiting
        async with asyncio.timeout(10):
            while len(waiting.get(resident.conv, ())) < 4:
                await asyncio.sleep(0.02)
        for one in asked:
            one.cancel()
        async with asyncio.timeout(10):
            while waiting:
                await asyncio.sleep(0.02)
        answer = await client.get("/api/c/messages?after=1&wait=0", headers=bearer)
        assert answer.status_code == 200
        assert "server" not in answer.headers


async def test_a_body_that_does_not_come_is_not_waited_for(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "READ_SECONDS", 0.3)
    async with served(chat) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
        head = (
            "POST /api/c/return HTTP/1.1\r\nHost: here\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        writer.write(head.encode())
        async with asyncio.timeout(5):
            assert b" 408 " in await reader.readline()
        writer.close()


async def test_a_header_that_is_too_large_is_refused(chat: Chat) -> None:
    async with served(chat) as client:
        answer = await client.get("/api/c/messages", headers={"X-Large": "x" * 17_000})
        assert answer.status_code == 431


async def test_a_referral_leads_to_the_chat_of_this_server(chat: Chat) -> None:
    house = chat.room.house
    (adapter,) = chat.bot.adapters.values()
    assert links_of(house, adapter).secure == f"{house.settings.organisation.public_url}/c"


async def test_one_conversation_is_not_opened_by_the_id_of_another(chat: Chat) -> None:
    one, other = await chat.resident(), await chat.resident()
    console = await chat.console(chat.team.worker)
    assert await step(console, chat, one, "claim") == (200, "")
    assert (await console.ask("GET", path(other, "keys"))).status_code == 404
