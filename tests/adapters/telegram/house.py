"""The smallest house an adapter can live in: a port that remembers, and a door for webhooks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.adapters.telegram.bot_api import LocalBotApi, QuietServer
from wijkbot.adapter_api import Adapter, ChannelConfig, IncomingEvent, WebhookRequest

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class RecordingPort:
    """Keeps what an adapter gives; drops what it had already, as the real one does."""

    def __init__(self) -> None:
        self.events: list[IncomingEvent] = []
        self.stored_cursor: str | None = None
        self.secrets: dict[str, bytes] = {}
        self.is_away = False
        self.attempts = 0
        self.times_caught_up = 0
        self._changed = asyncio.Event()

    async def accept(self, events: Sequence[IncomingEvent], cursor: str | None = None) -> None:
        self.attempts += 1
        self._changed.set()
        if self.is_away:
            raise ConnectionError("the database is away")
        for event in events:
            if event.event_id not in {each.event_id for each in self.events}:
                self.events.append(event)
        self.stored_cursor = cursor or self.stored_cursor

    async def cursor(self) -> str | None:
        return self.stored_cursor

    async def keep(self, name: str, value: bytes) -> None:
        self.secrets[name] = value

    async def kept(self, name: str) -> bytes | None:
        return self.secrets.get(name)

    async def alter(self, name: str, change: Callable[[bytes | None], bytes]) -> None:
        self.secrets[name] = change(self.secrets.get(name))

    async def caught_up(self) -> None:
        self.times_caught_up += 1
        self._changed.set()

    async def wait(self, count: int) -> list[IncomingEvent]:
        """Until that many events are stored."""
        async with asyncio.timeout(10):
            while len(self.events) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.events

    async def wait_attempts(self, count: int) -> None:
        """Until accept was called that often."""
        async with asyncio.timeout(10):
            while self.attempts < count:
                self._changed.clear()
                await self._changed.wait()


def config_for(api: LocalBotApi, public_url: str = "", **options: Any) -> ChannelConfig:
    """A channel that speaks with the local Bot API."""
    address = {
        "token": api.token,
        "base_url": api.base_url,
        "base_file_url": api.base_file_url,
    }
    return ChannelConfig(
        name="buurt-telegram",
        organisation="Buurthuis De Brug",
        public_url=public_url,
        data_dir="",
        options=address | options,
        now=lambda: NOON,
    )


class WebDoor:
    """The web side of the house: hands requests to the adapter, stores, then answers."""

    def __init__(self) -> None:
        self.adapter: Adapter | None = None
        self.port = RecordingPort()
        self.url = ""

    async def answer(self, request: Request) -> Response:
        if self.adapter is None:
            return Response(status_code=503)
        asked = WebhookRequest(
            method=request.method,
            url=str(request.url),
            rest=request.path_params["rest"],
            headers=dict(request.headers),
            body=await request.body(),
        )
        reply = await self.adapter.read_webhook(asked)
        if reply.events:
            await self.port.accept(reply.events)
        return Response(reply.body, reply.status, media_type=reply.media_type)


@asynccontextmanager
async def web_door() -> AsyncIterator[WebDoor]:
    """Serve ``/hooks/buurt-telegram/…`` on a free port of loopback."""
    door = WebDoor()
    app = Starlette(
        routes=[Route("/hooks/buurt-telegram/{rest:path}", door.answer, methods=["GET", "POST"])]
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    door.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(app, access_log=False, lifespan="off", log_config=None, ws="none")
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield door
    server.should_exit = True
    await task
