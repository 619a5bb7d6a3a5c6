"""What does the bot do while another program holds its SQLite file for too long?"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.many import processes
from tests.repeating_platform import Platform, SlowTwilio, write_config
from wijkbot.storage.outbox import Status

ANN, BOB = "whatsapp:+32470000001", "whatsapp:+32470000002"
QUESTION = "wanneer is het spreekuur?"
LOCKED_SECONDS = 8.0


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Nobody else can write, for longer than a writer waits."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def _statuses(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as other:
        return [row[0] for row in other.execute("SELECT status FROM outbox")]


async def _settled(file: Path, count: int, seconds: float) -> None:
    """Until the bot knows of so many messages that they were sent."""
    sent = [int(Status.SENT), int(Status.DELIVERED), int(Status.QUEUED)]
    async with asyncio.timeout(seconds):
        while len([one for one in _statuses(file) if one in sent]) < count:
            await asyncio.sleep(0.1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "wijkbot.db"


async def test_webhooks_wait_outside_and_a_send_under_way_is_not_forgotten(
    tmp_path: Path, file: Path
) -> None:
    """503 meanwhile; what was sent during the trouble is noted after it, so it goes out once."""
    async with SlowTwilio() as twilio:
        platform = Platform(twilio)
        config = write_config(tmp_path, f"sqlite:///{file}", twilio)
        async with processes(config, "all") as (served,):
            platform.connect(served.base_url)
            await platform.says(ANN, QUESTION)
            await platform.answered(ANN, 1, 20)
            await _settled(file, 1, 5)
            twilio.seconds = 1.0
            await platform.says(ANN, QUESTION)
            await platform.answered(ANN, 2, 20)
            platform.forget()
            with _locked(file):
                asking = asyncio.create_task(platform.says(BOB, QUESTION))
                await asyncio.sleep(LOCKED_SECONDS)
                assert set(platform.statuses) == {httpx.codes.SERVICE_UNAVAILABLE}
                assert set(platform.retry_after) == {"5"}
                assert (platform.longest < 7, platform.ended) == (True, [])
                assert await served.get("/health") == httpx.codes.OK, "reading goes on"
            await asyncio.wait_for(asking, 15)
            await platform.answered(BOB, 1, 15)
            await _settled(file, 3, 10)
            assert (len(twilio.sent(ANN)), len(twilio.sent(BOB))) == (2, 1)
            assert served.process.returncode is None
        told = [line for line in served.log.read_text().splitlines() if "level='error'" in line]
        assert told and all("another program" in line for line in told)
