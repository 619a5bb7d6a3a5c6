"""Is there one home for a channel, and does nobody else store what it fetched?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.many import fresh_database, write_config
from tests.prepared import prepared
from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot.app import converse
from wijkbot.app.assemble import Bot, assemble, make_adapters, open_house
from wijkbot.app.home import Home
from wijkbot.app.receive import Fence
from wijkbot.app.roles import Role
from wijkbot.app.run import running
from wijkbot.clock import Clock
from wijkbot.settings import load_settings
from wijkbot.storage import leases
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.tables import conversation, inbox

ANN = 42
TTL_MS = 600


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as made:
        yield made


@pytest.fixture
async def api() -> AsyncIterator[LocalBotApi]:
    async with LocalBotApi() as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, url: str, api: LocalBotApi) -> Path:
    return write_config(tmp_path, url, api)


async def _bot(config: Path, role: Role = Role.WEB, ttl_ms: int = TTL_MS) -> Bot:
    """The objects of one more process; nothing runs yet."""
    settings, clock = load_settings(config), Clock()
    house = await open_house(settings, config.parent, clock)
    adapters = make_adapters(settings, config.parent, clock)
    return assemble(house, adapters, config.parent, role, ttl_ms=ttl_ms)


@dataclass(frozen=True, slots=True)
class Living:
    """A home that runs, and the process it is in."""

    bot: Bot
    home: Home
    task: asyncio.Task[None]


@asynccontextmanager
async def _home(config: Path, ttl_ms: int = TTL_MS) -> AsyncIterator[Living]:
    bot = await _bot(config, ttl_ms=ttl_ms)
    home = bot.homes["buurt"]
    task = asyncio.create_task(home.run())
    await home.settled()
    try:
        yield Living(bot, home, task)
    finally:
        home.stop()
        await asyncio.wait({task}, timeout=10)
        for adapter in bot.adapters.values():
            await adapter.stop()
        await bot.house.database.close()


async def _until_home(living: Living, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not living.home.is_home:
            await asyncio.sleep(0.02)


def _event(number: int) -> IncomingEvent:
    now = datetime(2026, 11, 21, 10, tzinfo=UTC)
    return IncomingEvent(
        EventKind.MESSAGE, f"e{number}", "42", True, "42", now, text="hallo", addressed=True
    )


async def _stored(bot: Bot) -> int:
    count = select(func.count()).select_from(inbox)
    return int(await bot.house.database.read(lambda c: c.execute(count).scalar_one()))


async def test_there_is_one_home(config: Path, api: LocalBotApi) -> None:
    """The second process looks, and receives nothing by itself."""
    async with _home(config) as first, _home(config) as second:
        await asyncio.sleep(2 * TTL_MS / 1000)
        assert (True, False) == (first.home.is_home, second.home.is_home)
        assert 1 == len(api.calls_of("getUpdates"))


async def test_dead_home_is_followed(config: Path, api: LocalBotApi) -> None:
    """It says nothing any more: within its lease and a look the other one receives."""
    async with _home(config) as first, _home(config) as second:
        first.task.cancel()
        await asyncio.wait({first.task})
        await first.bot.adapters["buurt"].stop()
        await _until_home(second, TTL_MS / 1000 + 2)
        api.user_says(ANN, ANN, "hallo")
        async with asyncio.timeout(5):
            while not await _stored(second.bot):
                await asyncio.sleep(0.02)


async def test_home_that_stops_gives_its_lease_back(config: Path) -> None:
    """An hour of lease is left, and the next one has it within two seconds."""
    hour = 3_600_000
    async with _home(config, ttl_ms=hour) as first, _home(config, ttl_ms=hour) as second:
        first.home.stop()
        await _until_home(second, 2)
        assert not first.home.is_home


async def test_stale_home_stores_nothing(config: Path) -> None:
    """Neither events nor a cursor nor a secret; a webhook still comes in, once."""
    bot, other = await _bot(config), await _bot(config)
    lost: list[int] = []
    now_ms, database = bot.house.clock.now_ms(), bot.house.database
    number = await database.write(lambda c: leases.acquire(c, "home:buurt", "one", now_ms, 1))
    assert number is not None
    door = bot.ports["buurt"].fenced(Fence("home:buurt", number, lambda: lost.append(1)))
    await door.accept([_event(1)], "5")
    await asyncio.sleep(0.01)
    await database.write(lambda c: leases.acquire(c, "home:buurt", "two", now_ms + 50, 9999))
    with pytest.raises(LeaseLost):
        await door.accept([_event(2)], "6")
    with pytest.raises(LeaseLost):
        await door.keep("login", b"secret")
    assert [1, 1] == lost
    assert (1, "5", None) == (
        await _stored(bot),
        await door.cursor(),
        await door.kept("login"),
    )
    for one in (bot, other):
        await one.ports["buurt"].accept([_event(2)])
    assert 2 == await _stored(bot)
    for one in (bot, other):
        await one.house.database.close()


async def test_home_that_lost_its_lease_stops_receiving(config: Path, api: LocalBotApi) -> None:
    """What it fetched after that is not stored by it, and it stops before its next renewal."""
    async with _home(config, ttl_ms=3_600_000) as living:
        database = living.bot.house.database
        await database.write(lambda c: leases.release(c, living.home.lease, 1))
        now_ms = living.bot.house.clock.now_ms()
        await database.write(
            lambda c: leases.acquire(c, living.home.lease, "other", now_ms, 3_600_000)
        )
        api.user_says(ANN, ANN, "hallo")
        async with asyncio.timeout(5):
            while living.home.is_home:
                await asyncio.sleep(0.02)
        assert 0 == await _stored(living.bot)
        assert 1 == len(api.queue.pending), "Telegram must bring it again"


async def test_engine_of_another_process_is_woken(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks by itself once a minute in this test, and works at once all the same."""
    monkeypatch.setattr(converse, "POLL_SECONDS", 60.0)
    web, engine = await _bot(config), await _bot(config, Role.ENGINE)
    for bot in (engine, web):
        await prepared(bot)
    async with running(web), running(engine):
        await asyncio.sleep(1)
        await web.ports["buurt"].accept([_event(1)])
        async with asyncio.timeout(10):
            while await _waiting(web):
                await asyncio.sleep(0.01)


async def _waiting(bot: Bot) -> bool:
    query = select(conversation.c.id).where(conversation.c.in_seq > conversation.c.done_seq)
    return await bot.house.database.read(lambda c: c.execute(query).first() is not None)
