"""Do processes wake each other, without asking the database all the time?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.many import fresh_database
from wijkbot.app.wake import Wakes
from wijkbot.storage import wake as notify


@pytest.fixture
def url(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as made:
        yield made


@asynccontextmanager
async def _process(url: str) -> AsyncIterator[Wakes]:
    """The wake-ups of a process that listens by now."""
    wakes = Wakes(["straat", "plein"], url)
    tasks = [asyncio.create_task(loop()) for loop in wakes.loops()]
    async with asyncio.timeout(10):
        # the first thing a listener does is to wake everybody
        await wakes.engine.wait()
    _sleep_again(wakes)
    yield wakes
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _sleep_again(wakes: Wakes) -> None:
    for event in (wakes.engine, *wakes.senders.values()):
        event.clear()


async def test_other_process_is_woken_in_less_than_300_ms(url: str) -> None:
    """What came in wakes the engine elsewhere, and nobody who sends."""
    async with _process(url) as web, _process(url) as engine:
        web.arrived.set()
        await asyncio.wait_for(engine.engine.wait(), 5)
        _sleep_again(engine)
        began = monotonic()
        web.arrived.set()
        await asyncio.wait_for(engine.engine.wait(), 5)
        assert monotonic() - began < 0.3
        assert not any(event.is_set() for event in engine.senders.values())


async def test_what_is_queued_wakes_every_sender(url: str) -> None:
    """Here at once, without the database; elsewhere a moment later."""
    async with _process(url) as engine, _process(url) as sender:
        engine.queued.set()
        assert all(event.is_set() for event in engine.senders.values())
        assert not engine.engine.is_set()
        async with asyncio.timeout(5):
            await asyncio.gather(*(event.wait() for event in sender.senders.values()))


async def test_rings_are_put_together(url: str) -> None:
    """A thousand wake-ups in a burst are a few notifications, and never a queue of them."""
    heard: list[str] = []
    bell = notify.Bell(url, lambda name, _payload: heard.append(name))
    tasks = [asyncio.create_task(bell.listen())]
    async with asyncio.timeout(10):
        while heard != [""]:
            await asyncio.sleep(0.01)
        async with _process(url) as web:
            for _ in range(1000):
                web.arrived.set()
                await asyncio.sleep(0.0002)
            while len(heard) < 3:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
    tasks[0].cancel()
    # at most one in 20 ms: 1000 waits of 0.2 ms last well under two seconds
    assert 3 <= len(heard) <= 100
    assert {notify.IN} == set(heard[1:])


async def test_a_lost_connection_comes_back_by_itself(url: str) -> None:
    """Everybody is woken after it, as something may have been missed; ringing never fails."""
    async with _process(url) as web, _process(url) as engine:
        web.arrived.set()
        await asyncio.wait_for(engine.engine.wait(), 5)
        _sleep_again(engine)
        assert 4 > _cut(url) > 2
        web.arrived.set()
        async with asyncio.timeout(5):
            await engine.engine.wait()
            await engine.senders["plein"].wait()
        _sleep_again(engine)
        web.arrived.set()
        await asyncio.wait_for(engine.engine.wait(), 5)


def _cut(url: str) -> int:
    """The database closes every connection of the wake-ups; gives how many."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    with engine.begin() as conn:
        where = "WHERE application_name = 'wijkbot wake-ups' AND datname = current_database()"
        count = conn.execute(text(f"{ended} {where}")).scalar_one()
    engine.dispose()
    return int(count)


async def test_sqlite_rings_nowhere() -> None:
    """One process: only its own events are set."""
    wakes = Wakes(["straat"])
    wakes.arrived.set()
    wakes.queued.set()
    assert [] == wakes.loops()
    assert wakes.engine.is_set()
    assert wakes.senders["straat"].is_set()
