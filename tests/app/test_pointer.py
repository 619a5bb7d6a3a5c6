"""Does the pointer come by on a rhythm that tells nothing about anybody?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.living import LivingBot, living_bot
from wijkbot.app import pointer
from wijkbot.app.tick import tick
from wijkbot.clock import Clock
from wijkbot.settings import SettingsError
from wijkbot.storage import chats, schedules
from wijkbot.storage.schedules import Schedule
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP

CHANNELS = {"wijk": {"adapter": "sandbox"}}
WEEKLY = {"policy": {"group_activation": "invite", "pointer": "MO 10:00", "trial_days": 0}}
HOUR_MS = 3_600_000


def _pointers(living: LivingBot) -> list[str]:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return [n.text for n in adapter.world.lines(GROUP) if n.text.startswith("Wist je dat")]


async def _planned(living: LivingBot) -> list[Schedule]:
    return await living.bot.house.database.read(schedules.listing)


async def _move_to(living: LivingBot, at_ms: int) -> None:
    clock = living.bot.house.clock
    clock.shift(at_ms / 1000 - clock.now().timestamp())
    await tick(living.bot.house, living.bot.wakes.queued.set)
    await asyncio.sleep(1)


async def test_pointer_comes_every_week_at_another_minute_and_is_pinned(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=WEEKLY) as living:
        (planned,) = await _planned(living)
        monday = datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp() * 1000  # ten in Brussels
        assert monday <= planned.next_at <= monday + 2.5 * HOUR_MS
        for week in range(3):
            (planned,) = await _planned(living)
            start = monday + week * 7 * 24 * HOUR_MS
            assert start <= planned.next_at <= start + 2.5 * HOUR_MS, "the drift does not add up"
            await _move_to(living, planned.next_at + 1000)
            assert week + 1 == len(_pointers(living))
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        pinned = [n for n in adapter.world.lines(GROUP) if n.is_pinned]
        assert 1 == len(pinned)
        assert pinned[0].text.startswith("Wist je dat")


def test_moment_is_spread_over_more_than_two_hours() -> None:
    clock = Clock()
    spans = {pointer.jitter_ms(clock, timedelta(), pointer.JITTER) for _ in range(400)}
    assert len(spans) > 300
    assert min(spans) < HOUR_MS / 2
    assert max(spans) > 2 * HOUR_MS


async def test_bump_is_never_at_once_and_once_a_day(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=WEEKLY) as living:
        house = living.bot.house
        (group,) = await house.database.read(chats.groups)
        asked_at = house.clock.now_ms()
        await pointer.bump(house, [(group.neighbourhood, group.id)], "worker")
        (bumped,) = [one for one in await _planned(living) if one.created_by == "worker"]
        assert 2 * HOUR_MS <= bumped.next_at - asked_at <= 4 * HOUR_MS + 1000
        with pytest.raises(SettingsError, match="once in 24 hours"):
            await pointer.bump(house, [(group.neighbourhood, group.id)], "worker")
        await _move_to(living, bumped.next_at + 1000)
        assert 1 == len(_pointers(living))
        with pytest.raises(SettingsError, match="once in 24 hours"):
            await pointer.bump(house, [(group.neighbourhood, group.id)], "worker")


async def test_switched_off_it_does_not_come_and_on_again_it_does(tmp_path: Path) -> None:
    off = {"policy": {"group_activation": "invite", "pointer": ""}}
    async with living_bot(tmp_path, CHANNELS, extra=WEEKLY) as living:
        assert 1 == len(await _planned(living))
    async with living_bot(tmp_path, CHANNELS, extra=off) as living:
        assert [] == await _planned(living)
    async with living_bot(tmp_path, CHANNELS, extra=WEEKLY) as living:
        assert 1 == len(await _planned(living))
    later = {"policy": {"group_activation": "invite", "pointer": "TH 09:30"}}
    async with living_bot(tmp_path, CHANNELS, extra=later) as living:
        (planned,) = await _planned(living)
        assert 3 == datetime.fromtimestamp(planned.next_at / 1000, UTC).weekday()
