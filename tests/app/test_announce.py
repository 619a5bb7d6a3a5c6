"""Does an announcement reach the chosen groups once, and only when the rule lets it?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.living import LivingBot, living_bot
from wijkbot.app.announce import announce, plan
from wijkbot.settings import SettingsError
from wijkbot.storage import broadcasts, chats, limiter
from wijkbot.storage.chats import Chat
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP

CHANNELS = {"noord": {"adapter": "sandbox"}, "zuid": {"adapter": "sandbox"}}
NIGHT = datetime(2026, 11, 21, 22, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 25, 12, tzinfo=UTC)


async def _groups(living: LivingBot) -> list[Chat]:
    house = living.bot.house
    for _ in range(100):
        found = await house.database.read(chats.groups)
        if len(found) == len(CHANNELS) and all(len(_shown(living, c)) == 1 for c in CHANNELS):
            return found
        await asyncio.sleep(0.05)
    pytest.fail("the groups did not appear")


def _shown(living: LivingBot, channel: str) -> list[str]:
    adapter = living.bot.adapters[channel]
    assert isinstance(adapter, SandboxAdapter)
    return [line.text for line in adapter.world.lines(GROUP)]


async def _wait_shown(living: LivingBot, channel: str, count: int) -> list[str]:
    for _ in range(100):
        if len(_shown(living, channel)) >= count:
            break
        await asyncio.sleep(0.05)
    return _shown(living, channel)


async def test_card_goes_to_the_chosen_group_once(tmp_path: Path) -> None:
    """Preview equals what is shown; the same announcement twice is once; others get nothing."""
    async with living_bot(tmp_path, CHANNELS) as living:
        groups = await _groups(living)
        north = next(group for group in groups if group.channel == "noord")
        adapters = dict(living.bot.adapters)
        made = await plan(living.bot.house, adapters, "Z4", [north])
        assert ["noord"] == [preview.group.channel for preview in made.allowed]
        for _ in range(2):
            await announce(living.bot.house, made, "one-press-of-the-button", "worker")
        shown = await _wait_shown(living, "noord", 2)
        await asyncio.sleep(0.7)
        assert made.previews[0].text == shown[1]
        assert "maandag 23 november" in shown[1]
        assert 2 == len(_shown(living, "noord"))
        assert 1 == len(_shown(living, "zuid"))


@pytest.mark.parametrize(("step", "queued"), [(1, 1), (100, 2)], ids=["long", "short"])
async def test_of_a_long_list_it_is_told_that_the_rest_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, queued: int
) -> None:
    monkeypatch.setattr(broadcasts.expand, "__defaults__", (step, None))
    async with living_bot(tmp_path, CHANNELS) as living:
        made = await plan(living.bot.house, dict(living.bot.adapters), "Z4", await _groups(living))
        done = await announce(living.bot.house, made, "press", "worker")
        assert (done.queued, done.is_whole) == (queued, queued == len(CHANNELS))
        for channel in CHANNELS:
            assert 2 == len(await _wait_shown(living, channel, 2))


@pytest.mark.parametrize("at", [NIGHT, CHRISTMAS], ids=["night", "holiday"])
async def test_nobody_is_disturbed_at_night_or_on_a_holiday(tmp_path: Path, at: datetime) -> None:
    """The preview says so, and nothing is queued."""
    async with living_bot(tmp_path, CHANNELS, at=at) as living:
        groups = await _groups(living)
        made = await plan(living.bot.house, dict(living.bot.adapters), "T07", groups)
        assert {"quiet-hours"} == {preview.forbidden_by for preview in made.previews}
        assert 0 == (await announce(living.bot.house, made, "press", "worker")).queued


async def test_only_published_texts_can_be_announced(tmp_path: Path) -> None:
    """A crisis card, an unknown item or a question that the hours answer is no announcement."""
    async with living_bot(tmp_path, CHANNELS) as living:
        groups = await _groups(living)
        for item in ("T11", "nothing", "klus", "F01"):
            with pytest.raises(SettingsError):
                await plan(living.bot.house, dict(living.bot.adapters), item, groups)


async def test_second_announcement_of_the_day_waits(tmp_path: Path) -> None:
    """One a day in a group; the preview of the next one says so, also when agreed at once."""
    async with living_bot(tmp_path, CHANNELS) as living:
        groups = await _groups(living)
        adapters = dict(living.bot.adapters)
        first = await plan(living.bot.house, adapters, "Z4", groups)
        at_once = await plan(living.bot.house, adapters, "T07", groups)
        assert 2 == (await announce(living.bot.house, first, "first", "worker")).queued
        assert 0 == (await announce(living.bot.house, at_once, "second", "worker")).queued
        later = await plan(living.bot.house, adapters, "T07", await _all(living))
        assert {"unasked-is-spent"} == {preview.forbidden_by for preview in later.previews}


async def _all(living: LivingBot) -> list[Chat]:
    return await living.bot.house.database.read(chats.groups)


async def test_announcement_that_meets_the_night_waits_for_the_morning(tmp_path: Path) -> None:
    """Agreed to at half past eight, held up until the quiet hours: it comes after eight, once."""
    evening = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)
    async with living_bot(tmp_path, CHANNELS, at=evening) as living:
        (group, *_) = await _groups(living)
        house = living.bot.house
        until = house.clock.now_ms() + 40 * 60_000
        await house.database.write(lambda c: limiter.hold(c, group.channel, until))
        made = await plan(house, dict(living.bot.adapters), "Z4", [group])
        assert 1 == (await announce(house, made, "press", "worker")).queued
        house.clock.shift(45 * 60)
        await asyncio.sleep(1.5)
        assert 1 == len(_shown(living, group.channel)), "quiet hours"
        house.clock.shift(11 * 3600)
        assert 2 == len(await _wait_shown(living, group.channel, 2))
