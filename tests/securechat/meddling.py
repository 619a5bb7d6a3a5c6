"""How does a test get a server that lies? The real one, with a hand between it and the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from tests.securechat.crew import Crew, a_crew
from wijkbot.app.pin import read_pin
from wijkbot.cli.serving import SERVING, bind
from wijkbot.web.create_app import create_app
from wijkbot.web.outside.expected import expected
from wijkbot.web.outside.fetching import browserlike
from wijkbot.web.outside.rooms import RESIDENTS, Room
from wijkbot.web.outside.verify import Looking, verify

Meddle = Callable[[Request, Response], Response]


def as_it_is(_request: Request, answer: Response) -> Response:
    """Change nothing."""
    return answer


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """The application on a port of the loopback; gives its origin."""
    bound = bind("127.0.0.1", port)
    server = uvicorn.Server(uvicorn.Config(app, **SERVING))
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        bound.close()


@dataclass
class Hand:
    """What changes answers on their way; what it does can be set while the server runs."""

    does: Meddle = as_it_is


@dataclass
class Outside:
    """Somebody on another network, before a server whose answers a hand may change."""

    crew: Crew
    url: str = ""
    hand: Hand = field(default_factory=Hand)
    asked: list[str] = field(default_factory=list)

    @property
    def pin(self) -> str:
        """The pin of the organisation, as it is on paper."""
        return read_pin(self.crew.living.folder) or ""

    async def problems(
        self, meddle: Meddle = as_it_is, *, pin: str = "", room: Room = RESIDENTS
    ) -> list[str]:
        """What ``verify-web`` says is wrong: what was looked at, and the problem."""
        self.hand.does = meddle
        right = expected(pin or self.pin, room=room)
        async with browserlike() as client:
            looking = Looking(client, right, self.crew.now, self.asked.append)
            checks = [check async for check in verify(looking, f"{self.url}{room.path}")]
        assert len(checks) > 1 or checks[0].problems
        return [f"{check.what}: {problem}" for check in checks for problem in check.problems]


@asynccontextmanager
async def outside(folder: Path, **more: None) -> AsyncIterator[Outside]:
    """The real server with a team of one, and the hand before it."""
    async with a_crew(folder, "Anna", **more) as crew:
        seen = Outside(crew)
        true = httpx.AsyncClient(transport=httpx.ASGITransport(app=create_app(crew.living.bot)))

        async def pass_on(request: Request) -> Response:
            url = f"http://inside{request.url.path}"
            headers = {k: v for k, v in request.headers.items() if k != "accept-encoding"}
            body = await request.body()
            asked = true.build_request(
                request.method, url, params=request.query_params, headers=headers, content=body
            )
            got = await true.send(asked)
            answer = Response(got.content, got.status_code)
            answer.raw_headers = [(k.lower(), v) for k, v in got.headers.raw]
            return seen.hand.does(request, answer)

        app = Starlette()
        app.add_route("/{rest:path}", pass_on, ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
        async with true, served(app) as url:
            seen.url = url
            yield seen


def rewritten(path: str, old: bytes, new: bytes) -> Meddle:
    """A hand that changes one place in one file (its path begins so)."""

    def meddle(request: Request, answer: Response) -> Response:
        if not request.url.path.startswith(path) or old not in bytes(answer.body):
            return answer
        body = bytes(answer.body).replace(old, new, 1)
        made = Response(body, answer.status_code)
        kept = [one for one in answer.raw_headers if one[0] != b"content-length"]
        made.raw_headers = [*kept, (b"content-length", str(len(body)).encode())]
        return made

    return meddle
