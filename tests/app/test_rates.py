"""Does every channel keep to the rate of its account and to the pauses of its chats?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select

from tests.app.line import ANNA, HOURS, street
from tests.living import SATURDAY, living_bot
from wijkbot.adapter_api import Adapter, Capabilities, Reason, Refused
from wijkbot.app.house import House
from wijkbot.app.rates import pace_of, set_rates
from wijkbot.storage import limiter
from wijkbot.storage.heads import Pace
from wijkbot.storage.outbox import Lane
from wijkbot.storage.tables import lane, outbox
from wijkbot.storage.tables import limiter as limiter_table

CHANNELS = {"wijk": {"adapter": "sandbox"}}


@dataclass
class Account:
    """The part of an adapter that says what its platform allows."""

    known: Capabilities

    def capabilities(self, chat: str) -> Capabilities:
        assert chat == ""
        return self.known


def _adapters(**rates: float) -> Mapping[str, Adapter]:
    made = {
        name: Account(Capabilities(account_per_s=rate, account_burst=2))
        for name, rate in rates.items()
    }
    return cast("Mapping[str, Adapter]", made)


async def _rows(house: House) -> dict[str, tuple[float, int]]:
    rows = await house.database.read(lambda conn: conn.execute(select(limiter_table)).all())
    return {row.account: (row.per_s, row.burst) for row in rows}


@pytest.mark.storage
async def test_rates_are_written_down_and_taken_away_again(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        assert {} == await _rows(house), "the sandbox has no limit"
        await set_rates(house, _adapters(tg=28.0, wa=80.0, mx=0.0))
        assert {"tg": (28.0, 2), "wa": (80.0, 2)} == await _rows(house)
        await set_rates(house, _adapters(tg=20.0, wa=0.0))
        assert {"tg": (20.0, 2)} == await _rows(house)


@pytest.mark.storage
async def test_start_does_not_forget_that_the_platform_told_us_to_wait(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house, until = living.bot.house, living.bot.house.clock.now_ms() + 60_000
        await house.database.write(lambda conn: limiter.hold(conn, "mx", until))
        await set_rates(house, _adapters(mx=0.0))
        assert ["mx"] == list(await _rows(house))
        now_ms = house.clock.now_ms()
        granted = await house.database.write(lambda c: limiter.grant(c, "mx", 5, now_ms))
        assert 0 == granted


async def test_bot_sets_the_rate_of_a_channel_when_it_starts(tmp_path: Path) -> None:
    channels = {**CHANNELS, "gone": {"adapter": "sandbox"}}
    async with living_bot(tmp_path, channels) as living:
        house = living.bot.house
        await house.database.write(lambda conn: limiter.configure(conn, "gone", 5, 1))
    async with living_bot(tmp_path, channels, at=SATURDAY + timedelta(hours=1)) as living:
        assert {} == await _rows(living.bot.house)


def test_group_and_private_chat_have_their_own_pause() -> None:
    known = Capabilities(gap_ms=1_000, group_gap_ms=3_000)
    adapter = cast("Adapter", SimpleNamespace(capabilities=lambda _: known))
    assert Pace(private_gap_ms=1_000, group_gap_ms=3_000) == pace_of(adapter)


async def test_answer_is_due_when_the_account_may_speak_again(tmp_path: Path) -> None:
    """A moment later would be too late: something less urgent would go in its place."""
    async with street(tmp_path) as told:
        told.line.refused = Refused(Reason.RATE, False, 60.0, whole_account=True)
        await told.says(ANNA, HOURS)
        waits = select(outbox.c.seq).where(outbox.c.error == "rate")
        async with asyncio.timeout(20):
            while not await told.read(lambda c: c.execute(waits).all()):
                await asyncio.sleep(0.02)
        until = await told.read(lambda c: c.execute(select(limiter_table)).one().tat)
        answers = select(lane.c.due_at).where(lane.c.kind == int(Lane.REPLY))
        (due,) = await told.read(lambda c: c.execute(answers).scalars().all())
        assert told.bot.house.clock.now_ms() < until
        assert due <= until
        told.line.refused = None
        told.bot.house.clock.shift(61)
        told.bot.wakes.queued.set()
        await told.got(1)
