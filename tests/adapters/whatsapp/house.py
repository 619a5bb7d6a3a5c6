"""The smallest house the adapter can live in: its settings, and a door for signed webhooks."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.adapters.telegram.bot_api import QuietServer
from tests.adapters.telegram.house import RecordingPort
from tests.adapters.whatsapp.local_twilio import LocalTwilio
from wijkbot.adapter_api import Adapter, ChannelConfig, WebhookRequest

NAME = "buurt-whatsapp"
PUBLIC = "https://buurt.example.org"
HOOKS = f"{PUBLIC}/hooks/{NAME}"
ANNA = "whatsapp:+32470000001"
BEN = "whatsapp:+32470000002"


class HandClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def config_for(
    options: dict[str, Any], now: Callable[[], datetime], public_url: str = PUBLIC
) -> ChannelConfig:
    """A channel with these options."""
    return ChannelConfig(NAME, "Buurthuis De Brug", public_url, "", options, now)


@asynccontextmanager
async def web_door(adapter: Adapter, port: RecordingPort) -> AsyncIterator[str]:
    """Serve the adapter's webhooks behind another name than its own; gives their address."""

    async def answer(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        rest = request.path_params["rest"]
        asked = WebhookRequest(
            method=request.method,
            url=f"{HOOKS}/{rest}{query}",
            rest=rest,
            headers=dict(request.headers),
            body=await request.body(),
        )
        reply = await adapter.read_webhook(asked)
        if reply.events:
            await port.accept(reply.events)
        return Response(reply.body, reply.status, media_type=reply.media_type)

    app = Starlette(routes=[Route(f"/hooks/{NAME}/{{rest:path}}", answer, methods=["POST"])])
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    config = uvicorn.Config(app, access_log=False, lifespan="off", log_config=None, ws="none")
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/hooks/{NAME}"
    server.should_exit = True
    await task


def connect(twilio: LocalTwilio, hook_base: str) -> None:
    """Twilio brings webhooks to this door, and signs over the public address."""
    twilio.connect(hook_base, HOOKS)
