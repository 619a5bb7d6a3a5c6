"""Does a chat with many messages go on at once, and not when somebody happens to look?

The loops look by themselves twice a second, for what no wake-up tells. Here they do so only
once in an hour: what is answered was told.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.living import LivingBot, living_bot
from wijkbot.app import converse, next_rows
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import BOT, RESIDENTS, private_chat

HOUR = 3600.0
MANY = 25
"""More than one claim of a conversation takes."""


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set before the loops begin."""
    monkeypatch.setattr(converse, "POLL_SECONDS", HOUR)
    monkeypatch.setattr(next_rows, "POLL_MS", int(HOUR * 1000))


def _answers(living: LivingBot, resident: str) -> int:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return sum(1 for line in adapter.world.lines(private_chat(resident)) if line.author == BOT)


@pytest.mark.usefixtures("nobody_looks")
async def test_many_questions_of_one_resident_are_answered_without_a_rest(tmp_path: Path) -> None:
    """Asked at once and, the last of them, while the others are being answered."""
    fien = RESIDENTS[0].id
    async with living_bot(tmp_path, {"wijk": {"adapter": "sandbox"}}) as living:
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        chat = private_chat(fien)
        async with asyncio.timeout(30):
            for _ in range(MANY):
                await adapter.say(fien, chat, "waar kan ik printen?")
            while _answers(living, fien) < MANY:
                await asyncio.sleep(0.02)
