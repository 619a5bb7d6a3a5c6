"""What becomes of a burst when the homeserver is stopped, or the bot is killed, under it?"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.end_to_end.matrix_burst import (
    AWAY_SECONDS,
    SOME,
    answers,
    begun,
    burst,
    channel,
    expected,
    served,
    write_config,
)
from tests.living import SATURDAY, living_bot
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import outbox

KILLS = 3
LATER = SATURDAY + timedelta(minutes=5)
_numbers = itertools.count(1)
NewResident = Callable[[str], Awaitable[Resident]]


@pytest.fixture
def passing_homeserver(homeserver: LocalSynapse) -> Iterator[LocalSynapse]:
    """The homeserver of the others, that may be stopped meanwhile."""
    yield homeserver
    if not homeserver.is_running:
        homeserver.start()


def _account(homeserver: LocalSynapse) -> str:
    return homeserver.register(f"weg{next(_numbers)}", PASSWORD)


async def _rooms(resident: Resident, user: str) -> list[str]:
    """A plain and an encrypted direct chat with the bot."""
    rooms = [await resident.create_dm(user, encrypted=encrypted) for encrypted in (False, True)]
    for room in rooms:
        await resident.wait_joined(room, user)
    return rooms


async def _heard(resident: Resident, rooms: list[str], user: str, wanted: list[str]) -> None:
    """In each room exactly these answers, in this order."""
    for room in rooms:
        heard = await resident.wait_count(room, user, len(wanted))
        assert begun(heard) == expected(wanted)
    for room in rooms:
        assert len(await answers(resident, room, user)) == len(wanted)


def _sent(conn: Connection) -> int:
    query = select(func.count()).where(outbox.c.status == int(Status.SENT))
    return int(conn.execute(query).scalar_one())


async def test_burst_goes_on_when_the_homeserver_is_back(
    passing_homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """Killed while answers go out; what was asked is answered once, and so is what comes then."""
    homeserver = passing_homeserver
    anna = await new_resident("anna")
    user = _account(homeserver)
    first, second = burst(SOME), burst(10, start=5)
    async with living_bot(tmp_path, channel(homeserver, user)):
        rooms = await _rooms(anna, user)
    for room in rooms:
        await anna.send_all(room, first)
    async with living_bot(tmp_path, channel(homeserver, user), at=LATER) as living:
        database = living.bot.house.database
        async with asyncio.timeout(60):
            while await database.read(_sent) < 10:
                await asyncio.sleep(0.01)
        homeserver.kill()
        assert await database.read(_sent) < 2 * SOME, "too late to show anything"
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(homeserver.start)
        await _heard(anna, rooms, user, first)
        for room in rooms:
            await anna.send_all(room, second)
        await _heard(anna, rooms, user, first + second)


async def test_burst_goes_on_after_each_kill(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """kill -9 of a real ``serve``: while questions come in, and while it answers a batch."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    questions = burst(SOME)
    config = write_config(tmp_path / "bot", homeserver, user)
    async with served(config, SATURDAY) as process:
        rooms = await _rooms(anna, user)
        sending = asyncio.create_task(_send(anna, rooms, questions))
        await _settled(config, 5)
        process.kill()
    await sending
    for number in range(1, KILLS):
        async with served(config, SATURDAY + timedelta(minutes=number)) as process:
            await _settled(config, 15 * number)
            process.kill()
    said = [len(await answers(anna, room, user)) for room in rooms]
    assert sum(said) < 2 * SOME, "too late to show anything"
    async with served(config, SATURDAY + timedelta(minutes=KILLS)):
        await _heard(anna, rooms, user, questions)


async def _send(resident: Resident, rooms: list[str], questions: list[str]) -> None:
    for room in rooms:
        await resident.send_all(room, questions)


async def _settled(config: Path, count: int) -> None:
    """Until so many answers of all its processes are out."""
    log = config.parent / "serve.log"
    async with asyncio.timeout(60):
        while log.read_text(encoding="utf-8").count("'settled'") < count:
            await asyncio.sleep(0.005)
