"""Does the light way to Telegram fail as the library's own does, and keep the token to itself?"""

from __future__ import annotations

import asyncio
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from telegram.error import NetworkError, TimedOut

from wijkbot_telegram.light_request import LightRequest

TOKEN = "7000000002:AAF-plainly_pretend_token_for_tests"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(talk: Talk) -> AsyncIterator[str]:
    """The address of a method of a server that speaks so."""
    talks: list[asyncio.Task[None]] = []

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(run(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/bot{TOKEN}/getMe"
    server.close()
    await asyncio.gather(*talks)


async def failing(url: str, seconds: float = 5.0) -> NetworkError:
    request = LightRequest(2, seconds, connect_seconds=2.0)
    try:
        with pytest.raises(NetworkError) as caught:
            await request.do_request(url, "POST")
    finally:
        await request.shutdown()
    return caught.value


def told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


async def test_what_was_never_sent_says_so_as_the_library_does() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    error = await failing(f"http://127.0.0.1:{port}/bot{TOKEN}/getMe")
    assert isinstance(error.__cause__, httpx.ConnectError)
    assert TOKEN not in told(error)


async def test_a_broken_answer_is_no_answer_and_the_request_is_not_made_again() -> None:
    asked: list[bytes] = []

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    async with answering(break_off) as url:
        error = await failing(url)
    assert not isinstance(error, TimedOut) and error.__cause__ is None
    assert len(asked) == 1
    assert TOKEN not in told(error)


async def test_no_answer_in_time_is_a_timeout_of_which_nobody_knows_the_fate() -> None:
    async def be_silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with answering(be_silent) as url:
        error = await failing(url, 0.2)
    assert isinstance(error, TimedOut) and error.__cause__ is None
    assert TOKEN not in told(error)


async def test_connections_are_used_again() -> None:
    came: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(1)
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async with answering(answer) as url:
        request = LightRequest(2, 5.0, connect_seconds=2.0)
        answers = [await request.do_request(url, "POST") for _ in range(3)]
        await request.shutdown()
    assert answers == [(200, b"{}")] * 3
    assert len(came) == 1
