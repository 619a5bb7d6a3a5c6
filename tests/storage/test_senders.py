"""Do several processes that send for one account keep to its rate together, and use it?"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from itertools import combinations_with_replacement
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from tests.storage.house import House
from wijkbot.engine.words import Purpose
from wijkbot.storage import limiter, outbox
from wijkbot.storage.outbox import Draft, Lane, Status
from wijkbot.storage.tables import outbox as table

pytestmark = pytest.mark.storage

WORKER = Path(__file__).with_name("worker_that_sends.py")
ROOT = Path(__file__).parents[2]
FOR_MS = 6_000
SKEWS = (0, 20_000, -20_000)
PER_S, BURST = 28, 2
CHATS, EACH = 60, 5


class Grant(NamedTuple):
    """So many sends were granted at a moment (ms of the database) between these two."""

    before: int
    after: int
    many: int


async def _wait_for_many_messages(house: House) -> None:
    await house.publish()
    await house.write(lambda conn: limiter.configure(conn, "street", PER_S, BURST))
    chats = [await house.chat(f"p{number}", is_private=True) for number in range(CHATS)]
    drafts = [
        Draft(chat_id, Lane.REPLY, f"{chat_id}-{n}", Purpose.INFO, "T08", 1, "nl", b"values")
        for chat_id in chats
        for n in range(EACH)
    ]
    await house.write(lambda conn: outbox.append_many(conn, house.sealer, drafts, house.now))


async def _begin(url: str, key_file: Path, skew: int) -> Process:
    words = (sys.executable, str(WORKER), url, str(key_file), str(FOR_MS), str(skew))
    return await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, cwd=ROOT)


async def _ready(sender: Process) -> None:
    assert sender.stdout is not None
    assert await sender.stdout.readline() == b"ready\n"


async def _send(sender: Process) -> list[Grant]:
    out, _ = await sender.communicate(b"go\n")
    assert sender.returncode == 0
    return [Grant(*map(int, line.split())) for line in out.splitlines()]


async def _all_send(url: str, key_file: Path) -> list[list[Grant]]:
    senders = [await _begin(url, key_file, skew) for skew in SKEWS]
    try:
        await asyncio.gather(*(_ready(one) for one in senders))
        return list(await asyncio.gather(*(_send(one) for one in senders)))
    finally:
        for one in senders:
            if one.returncode is None:
                one.kill()


def _check_every_window(grants: list[Grant]) -> None:
    """A window that surely holds these grants holds no more than its share and one burst."""
    worst = 0
    for first, last in combinations_with_replacement(range(len(grants)), 2):
        inside = grants[first : last + 1]
        many = sum(one.many for one in inside)
        ms = max(one.after for one in inside) - grants[first].before
        assert many <= PER_S * ms / 1000 + BURST, (many, ms)
        worst = max(worst, many if ms <= 1_000 else 0)
    assert PER_S - 8 <= worst <= PER_S + BURST


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_three_processes_whose_clocks_differ_share_one_rate_and_use_it(
    house: House, database_url: str, tmp_path: Path
) -> None:
    await _wait_for_many_messages(house)
    by_sender = await _all_send(database_url, tmp_path / "wijkbot.key")
    assert all(by_sender), "each of them had a share"
    grants = sorted(one for grants in by_sender for one in grants)
    total = sum(one.many for one in grants)
    assert total > PER_S * 4
    _check_every_window(grants)
    arrived = select(func.count()).where(table.c.status == int(Status.SENT))
    assert await house.database.read(lambda conn: conn.execute(arrived).scalar_one()) == total
