"""Does the bot outlive a PostgreSQL that stops, for twenty seconds or by a crash?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.conftest import needed
from tests.living import LivingBot, free_port, living_bot
from tests.provision.postgres_server import PostgresServer

RESIDENTS = range(42, 48)
QUESTIONS = ("wanneer is het spreekuur?", "ik kan mijn huur niet betalen")


@pytest.fixture
def server() -> PostgresServer:
    """A server of this test's own, that keeps what it acknowledged."""
    return PostgresServer(Path(needed("postgresql").path), is_durable=True)


@asynccontextmanager
async def _served(
    server: PostgresServer, api: LocalBotApi, folder: Path
) -> AsyncIterator[LivingBot]:
    channel = {
        "adapter": "telegram",
        "token": api.token,
        "base_url": api.base_url,
        "base_file_url": api.base_file_url,
        "receive": "webhook",
    }
    database = {"url": server.url.replace("+psycopg", "")}
    async with living_bot(
        folder, {"buurt": channel}, port=free_port(), extra={"database": database}
    ) as living:
        yield living


async def _answered(api: LocalBotApi, times: int) -> None:
    """Everybody got so many answers and nobody gets one more."""
    for resident in RESIDENTS:
        await api.wait_sent(resident, times, seconds=90)
    await asyncio.sleep(1.5)
    counts = {resident: len(api.sent(resident)) for resident in RESIDENTS}
    assert counts == dict.fromkeys(RESIDENTS, times)


@pytest.mark.parametrize(("seconds", "is_crash"), [(20.0, False), (3.0, True)])
async def test_what_was_acknowledged_and_what_came_meanwhile_is_answered_once(
    server: PostgresServer, tmp_path: Path, seconds: float, is_crash: bool
) -> None:
    with server:
        async with LocalBotApi() as api, _served(server, api, tmp_path) as living:
            for resident in RESIDENTS:
                api.user_says(resident, resident, QUESTIONS[0])
            await _answered(api, 1)
            for resident in RESIDENTS:
                api.user_says(resident, resident, QUESTIONS[1])
            await asyncio.to_thread(server.halt, is_crash=is_crash)
            before = len(api.queue.deliveries)
            for resident in RESIDENTS:
                api.user_says(resident, resident, QUESTIONS[0])
            await _refused(api, living, before, seconds)
            await asyncio.to_thread(server.resume)
            await _answered(api, 3)
            assert api.queue.pending == []


async def _refused(api: LocalBotApi, living: LivingBot, before: int, seconds: float) -> None:
    """All that time webhooks are told to come again, quickly, and the process lives."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    async with httpx.AsyncClient(base_url=living.base_url, trust_env=False) as client:
        while loop.time() < ends:
            asked = loop.time()
            health = await client.get("/health", timeout=7)
            assert (health.status_code, health.json()["database"]) == (503, "away")
            assert loop.time() - asked < 6
            await asyncio.sleep(1)
    statuses = {status for status, _ in api.queue.deliveries[before + len(RESIDENTS) :]}
    assert statuses == {503}
