"""Does the log of decisions tell what was decided, and nothing about anybody?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.living import LivingBot, living_bot
from wijkbot.app import decision_log
from wijkbot.app.announce import announce, plan
from wijkbot.cli.auditing import shown, table
from wijkbot.storage import chats, counts
from wijkbot_sandbox.adapter import SandboxAdapter

CHANNELS = {"wijk": {"adapter": "sandbox"}}


async def _log(living: LivingBot) -> dict[tuple[str, str, str, str], int]:
    stored = await living.bot.house.database.read(
        lambda c: counts.between(c, "2026-11-01", "2026-11-30")
    )
    return {
        (one.place, one.label, one.purpose, one.verdict): one.count
        for one in decision_log.read(stored)
    }


async def test_what_was_said_and_what_was_withheld_is_counted(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        await adapter.say("fien", "private", "ik wil niet meer leven")
        for _ in range(3):
            await adapter.say("momo", "group", "@wijkbot ik kan mijn huur niet betalen")
        await asyncio.sleep(2)
        log = await _log(living)
        assert 1 == log["P", "crisis_suicide", "crisis", "permitted"]
        assert 1 == log["G", "help_personal", "referral", "permitted"]
        assert 2 == log["G", "help_personal", "referral", "referral-repeated-in-group"]


async def test_announcement_is_counted_with_the_line_that_forbade_it(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        await asyncio.sleep(0.5)
        groups = await house.database.read(chats.groups)
        adapters = dict(living.bot.adapters)
        first = await plan(house, adapters, "Z3", groups)
        second = await plan(house, adapters, "Z3", groups)
        await announce(house, first, "one", "worker")
        await announce(house, second, "two", "worker")
        log = await _log(living)
        assert 1 == log["G", "none", "announcement", "permitted"]
        assert 1 == log["G", "none", "announcement", "unasked-is-spent"]


def test_number_that_could_be_one_person_is_not_shown() -> None:
    assert ["<5", "<5", "5", "5", "120"] == [shown(number) for number in (1, 4, 5, 9, 120)]
    few = decision_log.Decided("2026-11-21", "P", "crisis_suicide", "crisis", "permitted", 2)
    more = decision_log.Decided("2026-11-20", "P", "crisis_suicide", "crisis", "permitted", 2)
    lines = table([few, more])
    assert 2 == len(lines)
    assert lines[1].endswith("<5")
    assert [] == table([])
