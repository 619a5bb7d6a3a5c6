"""Is the bot there again for who blocked it, and for a group that takes it back?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.living import SATURDAY, LivingBot, living_bot
from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP, private_chat

CHANNELS = {"wijk": {"adapter": "sandbox"}}
FIEN = private_chat("fien")


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


async def _said(living: LivingBot, chat: str, count: int) -> list[str]:
    for _ in range(100):
        lines = _adapter(living).world.lines(chat)
        said = [line.text for line in lines if line.author == "wijkbot"]
        if len(said) >= count:
            return said
        await asyncio.sleep(0.05)
    pytest.fail(f"{count} texts were expected in {chat}")


async def _happens(living: LivingBot, kind: EventKind, chat: str, number: int) -> None:
    event = IncomingEvent(kind, f"{kind}-{number}", chat, chat != GROUP, "fien", SATURDAY)
    await living.bot.ports["wijk"].accept([event])
    await asyncio.sleep(1)


async def test_who_blocked_the_bot_and_writes_again_is_answered(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _adapter(living).say("fien", "private", "waar kan ik printen?")
        await _said(living, FIEN, 1)
        await _happens(living, EventKind.BOT_LEFT, FIEN, 1)
        await _adapter(living).say("fien", "private", "ik wil niet meer leven")
        assert (await _said(living, FIEN, 2))[1].startswith("Dit is ernstig.")


async def test_group_that_takes_the_bot_back_is_greeted_and_answered_again(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _said(living, GROUP, 1)
        await _happens(living, EventKind.BOT_LEFT, GROUP, 1)
        await _adapter(living).say("fien", "group", "@wijkbot waar kan ik printen?")
        await asyncio.sleep(1)
        assert 1 == len(await _said(living, GROUP, 1)), "out is out"
        await _happens(living, EventKind.BOT_JOINED, GROUP, 2)
        assert "buurtbot" in (await _said(living, GROUP, 2))[1]
        await _adapter(living).say("fien", "group", "@wijkbot waar kan ik printen?")
        assert "bibliotheek" in (await _said(living, GROUP, 3))[2]
