"""What are platforms told while the database neither works nor fails?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import create_engine, make_url, text

from tests.living import free_port, living_bot
from tests.many import fresh_database
from tests.repeating_platform import PUBLIC, Platform, SlowTwilio

ANN, BOB = "whatsapp:+32470000001", "whatsapp:+32470000002"
QUESTION = "wanneer is het spreekuur?"
HANGING_SECONDS = 6.0


@contextmanager
def _hanging(url: str) -> Iterator[None]:
    """Whoever asks for a conversation waits, without a word."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as conn:
        conn.execute(text("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE"))
        yield
    engine.dispose()


async def test_webhooks_and_health_answer_in_time_and_nothing_is_lost_or_doubled(
    postgres_url: str, tmp_path: Path
) -> None:
    with fresh_database(postgres_url) as url:
        async with SlowTwilio() as twilio:
            port, platform = free_port(), Platform(twilio)
            channels = {"buurt": {"adapter": "whatsapp", **twilio.options()}}
            database = {"database": {"url": url}}
            async with (
                living_bot(
                    tmp_path, channels, port=port, public_url=PUBLIC, at=None, extra=database
                ) as living,
                httpx.AsyncClient(base_url=living.base_url, trust_env=False) as client,
            ):
                platform.connect(living.base_url)
                await platform.says(ANN, QUESTION)
                await platform.answered(ANN, 1, 20)
                await asyncio.sleep(0.5)
                platform.forget()
                with _hanging(url):
                    asking = asyncio.gather(*(platform.says(BOB, QUESTION) for _ in range(20)))
                    began = time.monotonic()
                    health = await client.get("/health", timeout=10)
                    assert (health.status_code, time.monotonic() - began < 5.5) == (503, True)
                    assert health.json() == {"live": True, "ready": False, "database": "away"}
                    await asyncio.sleep(HANGING_SECONDS - (time.monotonic() - began))
                    assert set(platform.statuses) == {503}
                    assert len(platform.statuses) == 20 and platform.longest < 5.5
                await asyncio.wait_for(asking, 20)
                query = text("SELECT in_seq FROM conversation ORDER BY id")
                rows = await living.bot.house.database.read(
                    lambda c: c.execute(query).scalars().all()
                )
                assert list(rows) == [1, 20], "what was stored late is not stored again"
                await platform.answered(BOB, 1, 20)
                assert (await client.get("/health")).status_code == 200
