"""Is a group that waits for its moderator told who the bot is a few times an hour at most?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.living import living_bot
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import BOT, GROUP

CHANNELS = {"wijk": {"adapter": "sandbox"}}
BY_MODERATOR = {"policy": {"group_activation": "moderator", "pointer": ""}}
ANSWERS = 6


async def test_group_that_asks_all_the_time_who_it_is_hears_it_six_times(tmp_path: Path) -> None:
    """The introduction on joining is none of them; danger is answered all the same."""
    async with living_bot(tmp_path, CHANNELS, extra=BY_MODERATOR) as living:
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)

        def said() -> list[str]:
            return [line.text for line in adapter.world.lines(GROUP) if line.author == BOT]

        async def hears(text: str, count: int) -> None:
            await adapter.say("momo", "group", text)
            for _ in range(40):
                if len(said()) > count:
                    break
                await asyncio.sleep(0.05)

        await asyncio.sleep(0.5)
        assert 1 == len(said()), "the introduction"
        for asked in range(ANSWERS + 3):
            await hears("@wijkbot ben je een mens?", 1 + min(asked, ANSWERS))
        assert [said()[0]] * ANSWERS == said()[1:]
        await hears("@wijkbot ik wil niet meer leven", len(said()))
        assert "112" in said()[-1]
