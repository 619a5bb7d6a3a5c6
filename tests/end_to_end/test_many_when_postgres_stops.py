"""Do the processes of one bot outlive a PostgreSQL that stops under their hands, and crashes?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.conftest import needed
from tests.many import Served, processes
from tests.provision.postgres_server import PostgresServer
from tests.repeating_platform import Platform, SlowTwilio, write_config

RESIDENTS = [f"whatsapp:+3247000000{number}" for number in range(10)]
QUESTIONS = ("wanneer is het spreekuur?", "ik kan mijn huur niet betalen", "ik zoek een huisarts")
BEGINNINGS = ("Zitdag van het onthaal", "Goed dat je het vraagt", "Bel een huisarts")
DOWN_SECONDS = 3.0
BELLS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wijkbot wake-ups'"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, that keeps what it acknowledged."""
    with PostgresServer(Path(needed("postgresql").path), is_durable=True) as started:
        yield started


def _bells(server: PostgresServer) -> int:
    with psycopg.connect(server.url.replace("+psycopg", "")) as conn:
        row = conn.execute(BELLS).fetchone()
    return int(row[0]) if row else 0


async def _away(
    server: PostgresServer, web: Served, platform: Platform, question: str, *, is_crash: bool
) -> asyncio.Future[list[None]]:
    """Stop the server, let all ask, look what they are told, and start it again."""
    await asyncio.to_thread(server.halt, is_crash=is_crash)
    platform.forget()
    asking = await _all(platform, question)
    await asyncio.sleep(DOWN_SECONDS)
    assert set(platform.statuses) == {httpx.codes.SERVICE_UNAVAILABLE}
    assert set(platform.retry_after) == {"5"}
    assert platform.longest < 2, "a platform is told at once"
    assert await web.get("/health") == httpx.codes.SERVICE_UNAVAILABLE
    await asyncio.to_thread(server.resume)
    return asking


async def test_each_is_answered_once_and_in_order_through_two_outages(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Web, engine and sender; sends under way, answers due and webhooks coming in each time."""
    url = server.url.replace("+psycopg", "")
    async with SlowTwilio(0.3) as twilio:
        platform = Platform(twilio)
        config = write_config(tmp_path, url, twilio)
        async with processes(config, "web", "engine", "sender") as all_three:
            platform.connect(all_three[0].base_url)
            first, second, third = QUESTIONS
            await (await _all(platform, first))
            web = all_three[0]
            await (await _away(server, web, platform, second, is_crash=False))
            await (await _away(server, web, platform, third, is_crash=True))
            answers = [await platform.answered(one, 3, 40) for one in RESIDENTS]
            await asyncio.sleep(1.5)
            assert [len(twilio.sent(one)) for one in RESIDENTS] == [3] * len(RESIDENTS)
            for texts in answers:
                for text, beginning in zip(texts, BEGINNINGS, strict=True):
                    assert text.startswith(beginning), texts
            assert _bells(server) >= 3, "each hears the others again"
            assert [one.process.returncode for one in all_three] == [None] * 3


async def _all(platform: Platform, question: str) -> asyncio.Future[list[None]]:
    """All begin to ask this; the future ends when the last one was taken."""
    asking = asyncio.gather(*(platform.says(one, question) for one in RESIDENTS))
    await asyncio.sleep(0.2)
    return asking
