"""Does a whole bot keep discreet who asked for help? What really leaves for the platform.

Numbers are those of the lines of discreet referral, as in tests/engine/test_discreet.py, which
has the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engine.test_discreet import CRIES
from tests.living import LivingBot, living_bot
from wijkbot.adapter_api import Message, SendResult
from wijkbot.engine.words import Label
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import BOT, GROUP, RESIDENTS, private_chat


def _watch(adapter: SandboxAdapter, patch: pytest.MonkeyPatch) -> list[tuple[str, Message]]:
    """Every message that leaves for the platform, as the platform gets it."""
    seen: list[tuple[str, Message]] = []
    send: Callable[[str, Message], Awaitable[SendResult]] = adapter.send

    async def watched(chat: str, message: Message) -> SendResult:
        seen.append((chat, message))
        return await send(chat, message)

    patch.setattr(adapter, "send", watched)
    return seen


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


async def _greeted(adapter: SandboxAdapter) -> None:
    """The bot has said who it is in the group."""
    for _ in range(200):
        if adapter.world.lines(GROUP):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the bot never greeted the group")


async def _until(count: int, seen: list[tuple[str, Message]]) -> None:
    for _ in range(200):
        if len(seen) >= count:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"only {len(seen)} of {count} messages left")


async def test_lines_1_4_5_and_6_in_a_living_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reply-to; silence for who does not name the bot; no private chat; no trace of a tap."""
    async with living_bot(tmp_path, {"wijk": {"adapter": "sandbox"}}) as living:
        adapter, clock = _adapter(living), living.bot.house.clock
        await _greeted(adapter)
        seen = _watch(adapter, monkeypatch)
        for count, text in enumerate(CRIES.values(), 1):
            clock.shift(timedelta(minutes=11).total_seconds())
            await adapter.say("fien", "group", text)
            await adapter.say("momo", "group", f"@{BOT} {text}")
            await _until(count, seen)
        await adapter.open_private("momo", "")
        await _until(len(CRIES) + 1, seen)
        await asyncio.sleep(0.5)
        *in_group, in_private = seen
        assert {GROUP} == {chat for chat, _ in in_group}, "line 5: nobody is written to first"
        assert private_chat("momo") == in_private[0], "line 6: the tap is not seen in the group"
        assert len(CRIES) == len(in_group), "line 4: talk to nobody is answered by nobody"
        assert {("", "")} == {(m.answer_to, m.thread) for _, m in seen}, "line 1"
        texts = " ".join(message.text for _, message in in_group).lower()
        assert not [r.name for r in RESIDENTS if r.name.split()[0].lower() in texts]


async def test_line_12_question_about_somebody_gets_the_same_before_and_after_they_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can find out from the bot whether their neighbour came to it."""
    text = "heeft Momo Modelbuur met jullie gepraat?"
    async with living_bot(tmp_path, {"wijk": {"adapter": "sandbox"}}) as living:
        adapter, clock = _adapter(living), living.bot.house.clock
        await _greeted(adapter)
        seen = _watch(adapter, monkeypatch)
        await adapter.say("fien", "group", f"@{BOT} {text}")
        await _until(1, seen)
        await adapter.say("momo", "private", CRIES[Label.HELP_PERSONAL])
        await _until(2, seen)
        clock.shift(3600)
        await adapter.say("fien", "group", f"@{BOT} {text}")
        await _until(3, seen)
        (_, before), (chat, _), (_, after) = seen
        assert private_chat("momo") == chat
        assert before.text == after.text
        assert "momo" not in after.text.lower()
