"""How much processor time does the server need for each thing that it is asked?

One thing at a time, many times over: other programs on the machine hardly change the figure,
unlike every figure of how long something takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import cycle

from bench.secure_chat.seed import Place, Talk, bearer
from bench.secure_chat.server import Server
from bench.secure_chat.talks import TEXT, worker_headers
from bench.secure_chat.wire import Wire
from tests.securechat import making
from wijkbot.securechat.encoding import NO_HASH, b64

PAGES = 100
"""So many pages wait beside each other, one second at a time."""

Work = Callable[[int], Awaitable[None]]
"""Asks so many times."""


async def costs(server: Server, place: Place, times: int) -> dict[str, float]:
    """Milliseconds of processor time for each question, by what is asked."""
    port, talks = server.port, place.active
    at_desk = f"/api/w/conversations/{b64(talks[0].conv)}/messages?after=0"
    works: dict[str, Work] = {
        "GET /health": _again(Wire(port), "/health"),
        "a page that waits, when nothing comes": _waits(port, place.idle[:PAGES]),
        "a message of a resident": _says(port, talks, is_resident=True),
        "a message of a worker": _says(port, talks, is_resident=False),
        "a console reads a conversation": _again(_console(port, place, 0), at_desk),
        "the queue of a worker": _again(_console(port, place, 0), "/api/w/queue"),
        "the queue of a coordinator": _again(_console(port, place, -1), "/api/w/queue"),
    }
    return {name: await _measured(server, work, times) for name, work in works.items()}


async def _measured(server: Server, work: Work, times: int) -> float:
    await work(max(times // 10, 1))
    before = server.cpu_seconds
    await work(times)
    return round((server.cpu_seconds - before) / times * 1000, 2)


def _console(port: int, place: Place, number: int) -> Wire:
    return Wire(port, **worker_headers(place.desks[number], port))


def _again(wire: Wire, path: str) -> Work:
    async def ask(times: int) -> None:
        for _ in range(times):
            await wire.ask("GET", path)

    return ask


def _waits(port: int, talks: list[Talk]) -> Work:
    wires = [Wire(port, **bearer(talk)) for talk in talks]

    async def wait(wire: Wire, times: int) -> None:
        version = (await wire.ask("GET", "/api/c/messages?after=0"))["version"]
        for _ in range(times):
            await wire.ask("GET", f"/api/c/messages?after=0&version={version}&wait=1")

    async def ask(times: int) -> None:
        await asyncio.gather(*(wait(wire, max(times // len(wires), 1)) for wire in wires))

    return ask


def _says(port: int, talks: list[Talk], *, is_resident: bool) -> Work:
    """Each conversation in turn: nobody may say more than 20 things a minute."""
    said: dict[bytes, tuple[int, bytes]] = {}
    wires: dict[bytes, Wire] = {}
    turns = cycle(talks)

    async def say(talk: Talk) -> None:
        assert talk.desk is not None
        headers = bearer(talk) if is_resident else worker_headers(talk.desk, port)
        wire = wires.setdefault(talk.conv, Wire(port, **headers))
        who = talk.resident if is_resident else talk.desk.person
        where = "c" if is_resident else f"w/conversations/{b64(talk.conv)}"
        n, prev = said.get(talk.conv, (0, NO_HASH))
        envelope = making.envelope(talk.conv, who, talk.key, TEXT, n=n + 1, prev=prev)
        await wire.ask("POST", f"/api/{where}/messages", {"envelope": envelope})
        said[talk.conv] = (n + 1, making.hash_of(envelope, talk.conv))

    async def ask(times: int) -> None:
        for _ in range(times):
            await say(next(turns))

    return ask
