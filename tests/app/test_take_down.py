"""Is a code that somebody posts in the group gone from it, where the bot may delete?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.living import LivingBot, living_bot
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP, private_chat

CHANNELS = {"wijk": {"adapter": "sandbox"}}


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


def _lines(living: LivingBot, author: str, chat: str = GROUP) -> list[str]:
    return [n.text for n in _adapter(living).world.lines(chat) if n.author == author]


async def _until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(100):
        if holds():
            return
        await asyncio.sleep(0.05)
    pytest.fail(what)


@pytest.mark.parametrize(
    "text",
    [
        "@wijkbot mijn code is 4821, de sleutel ligt onder de pot",
        "@wijkbot stort maar op BE68 5390 0754 7034",
    ],
    ids=["door-code", "account"],
)
async def test_code_is_deleted_and_everybody_gets_the_tip(tmp_path: Path, text: str) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _until(lambda: len(_lines(living, "wijkbot")) == 1, "it introduces itself")
        await _adapter(living).say("momo", "group", text)
        await _until(lambda: _lines(living, "momo") == [], "the message is gone")
        await _until(lambda: "Tip" in _lines(living, "wijkbot")[-1], "the tip")


async def test_what_is_no_code_and_what_is_private_stays(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await _until(lambda: len(_lines(living, "wijkbot")) == 1, "it introduces itself")
        adapter = _adapter(living)
        await adapter.say("momo", "group", "@wijkbot waar kan ik printen?")
        await adapter.say("momo", "private", "mijn code is 4821, de sleutel ligt onder de pot")
        await asyncio.sleep(1)
        assert 1 == len(_lines(living, "momo"))
        assert 1 == len(_lines(living, "momo", private_chat("momo")))
