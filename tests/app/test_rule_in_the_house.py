"""Does the whole house keep the rule: silence, stop, erase, and nothing readable on disk?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.living import LivingBot, living_bot
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP, private_chat

CHANNELS = {"wijk": {"adapter": "sandbox"}}
CANARY = "kanariepiet"


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


async def _ask(living: LivingBot, text: str, count: int, *, chat: str = "private") -> str:
    adapter = _adapter(living)
    await adapter.say("fien", chat, text)
    where = GROUP if chat == "group" else private_chat("fien")
    for _ in range(100):
        said = [n.text for n in adapter.world.lines(where) if n.author == "wijkbot"]
        if len(said) >= count:
            return said[count - 1]
        await asyncio.sleep(0.05)
    pytest.fail(f"no answer to {text!r}")


async def test_talk_in_the_group_leaves_nothing_behind(tmp_path: Path) -> None:
    """Not addressed: no answer, and no row."""
    async with living_bot(tmp_path, CHANNELS) as living:
        adapter = _adapter(living)
        for text in ("ik wil niet meer leven", "wanneer is het spreekuur?", CANARY):
            await adapter.say("fien", "group", text)
        await asyncio.sleep(1)
        said = [n.text for n in adapter.world.lines(GROUP) if n.author == "wijkbot"]
        assert 1 == len(said), "only the greeting of the join"
    assert CANARY.encode() not in _disk(tmp_path)


async def test_crisis_card_comes_after_stop_too(tmp_path: Path) -> None:
    """STOP ends what nobody asked for; a cry for help is still answered."""
    async with living_bot(tmp_path, CHANNELS) as living:
        assert "geen berichten meer" in await _ask(living, "stop", 1)
        assert "Dit is ernstig." in await _ask(living, "ik wil niet meer leven", 2)


async def test_words_of_a_resident_are_never_readable_on_disk(tmp_path: Path) -> None:
    """Not while they wait, not in the state, not in the log of the database, not after WIS."""
    async with living_bot(tmp_path, CHANNELS) as living:
        await _ask(living, "klusje", 1)
        await _ask(living, "ik zoek hulp", 2)
        await _ask(living, "ja", 3)
        await _ask(living, "Lamp of plank", 4)
        await _ask(living, f"een lamp bij de {CANARY}", 5)
        await _ask(living, f"buurt {CANARY}", 6)
        assert CANARY.encode() not in _disk(tmp_path)
        await _ask(living, "stop", 7)
        await _ask(living, "wis", 8)
        assert "gewist" in await _ask(living, "ja", 9)
        assert CANARY.encode() not in _disk(tmp_path)
    assert CANARY.encode() not in _disk(tmp_path)


async def test_second_answer_in_one_hour_too_many_gets_the_private_link(tmp_path: Path) -> None:
    """Six answers in a group, then one line with the private link, then silence."""
    async with living_bot(tmp_path, CHANNELS) as living:
        for count in range(2, 8):
            said = await _ask(living, "@wijkbot waar kan ik printen?", count, chat="group")
            assert "bibliotheek" in said
        limit = await _ask(living, "@wijkbot waar kan ik printen?", 8, chat="group")
        assert "chat=private" in limit
        assert "bibliotheek" not in limit
        await _adapter(living).say("fien", "group", "@wijkbot waar kan ik printen?")
        await asyncio.sleep(1)
        lines = [n for n in _adapter(living).world.lines(GROUP) if n.author == "wijkbot"]
        assert 8 == len(lines)


def _disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
