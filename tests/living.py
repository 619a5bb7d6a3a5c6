"""How do the tests run a whole bot? The real pipeline in this process, on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from tests.prepared import prepared
from wijkbot.app.assemble import (
    Bot,
    assemble,
    ensure_key,
    ensure_schema,
    make_adapters,
    open_house,
)
from wijkbot.app.run import running
from wijkbot.cli.serving import SERVING, bind
from wijkbot.clock import Clock
from wijkbot.settings import settings_from
from wijkbot.web.create_app import create_app

SATURDAY = datetime(2026, 11, 21, 10, tzinfo=UTC)
"""Saturday 21 November 2026: the moment at which most tests ask their questions."""


@dataclass(frozen=True, slots=True)
class LivingBot:
    """A bot that runs, and where."""

    bot: Bot
    base_url: str
    folder: Path


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    bound = bind("127.0.0.1", 0)
    port: int = bound.getsockname()[1]
    bound.close()
    return port


@asynccontextmanager
async def living_bot(
    folder: Path,
    channels: dict[str, dict[str, Any]],
    *,
    country: str = "BE",
    at: datetime | None = SATURDAY,
    port: int = 0,
    public_url: str = "",
    extra: dict[str, Any] | None = None,
) -> AsyncIterator[LivingBot]:
    """Run a whole bot on its own folder; started again on the same folder it goes on."""
    port = port or free_port()
    settings = settings_from(
        {
            "organisation": {
                "name": "Buurthuis De Brug",
                "country": country,
                "public_url": public_url or f"http://127.0.0.1:{port}",
            },
            "server": {"port": port},
            # without the weekly pointer, so that a test sees what it asked for alone
            "policy": {"group_activation": "invite", "pointer": ""},
            "secure_chat": {"url": "https://veilige-chat.example/"},
            "channels": channels,
            **(extra or {}),
        }
    )
    clock = Clock()
    if at is not None:
        clock.shift((at - clock.now()).total_seconds())
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, clock)
    ensure_schema(settings, folder)
    house = await open_house(settings, folder, clock)
    bot = assemble(house, make_adapters(settings, folder, clock), folder)
    await prepared(bot)
    bound = bind("127.0.0.1", port)
    server = uvicorn.Server(uvicorn.Config(create_app(bot), **SERVING))
    async with running(bot):
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield LivingBot(bot, f"http://127.0.0.1:{port}", folder)
        finally:
            server.should_exit = True
            await serving
    bound.close()
