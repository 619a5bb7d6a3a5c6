"""What becomes of a message on which the bot fails every time?"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import living_bot
from wijkbot.app.house import House
from wijkbot.storage import inbox, letters
from wijkbot.storage.inbox import Arrival
from wijkbot.storage.letters import Letter
from wijkbot.storage.tables import conversation

ANN = 42
QUESTION = "wanneer is het spreekuur?"


def channel(api: LocalBotApi) -> dict[str, dict[str, Any]]:
    return {
        "buurt": {
            "adapter": "telegram",
            "token": api.token,
            "base_url": api.base_url,
            "base_file_url": api.base_file_url,
        }
    }


async def _poison(house: House, chat: str) -> None:
    """An event that nobody can read, in the conversation of that resident."""
    now_ms = house.clock.now_ms()
    bad = Arrival("buurt", "bad", chat, True, chat, b"not an event", now_ms)
    await house.database.write(lambda c: inbox.accept(c, house.sealer, [bad], now_ms))


async def _letters(house: House) -> list[Letter]:
    now_ms = house.clock.now_ms()
    return await house.database.read(lambda c: letters.listing(c, now_ms))


async def test_it_becomes_a_dead_letter_and_the_next_ones_are_answered(tmp_path: Path) -> None:
    async with LocalBotApi() as api, living_bot(tmp_path, channel(api)) as living:
        house = living.bot.house
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1, seconds=20)
        await _poison(house, str(ANN))
        api.user_says(ANN, ANN, QUESTION)
        tries = 0
        async with asyncio.timeout(60):
            while not (dead := await _letters(house)):
                # the pauses between the tries are minutes
                house.clock.shift(61)
                tries += 1
                await asyncio.sleep(0.6)
        (letter,) = dead
        assert letter.direction == "in" and letter.can_requeue
        assert letter.reason.endswith("Error"), "what went wrong is told by its name"
        assert tries >= 4, "once is no poison"
        await api.wait_sent(ANN, 2, seconds=20)
        with contextlib.suppress(TimeoutError):
            await api.wait_sent(ANN, 3, seconds=1.5)
        assert len(api.sent(ANN)) == 2
        query = select(conversation.c.in_seq - conversation.c.done_seq)
        behind = await house.database.read(lambda c: c.execute(query).scalars().all())
        assert set(behind) == {0}
