"""Does Matrix keep what every adapter promises, on a real homeserver?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.adapters.contract import AdapterContract
from tests.adapters.matrix.conftest import Bot
from tests.adapters.matrix.memory_port import MemoryPort
from tests.adapters.matrix.resident import Resident
from wijkbot.adapter_api import Adapter


@dataclass
class MatrixStage:
    adapter: Adapter
    port: MemoryPort
    anna: Resident
    chat: str
    bot: str
    fetches: bool = True

    async def say(self, text: str) -> None:
        await self.anna.send(self.chat, text)

    async def shown(self) -> Sequence[str]:
        """What Anna's app has; it learns of a message a moment after it was sent."""
        async with asyncio.timeout(10):
            while True:
                said = await self.anna.messages(self.chat)
                if shown := [one["body"] for one in said if one["sender"] == self.bot]:
                    return shown
                await asyncio.sleep(0.05)


@pytest.fixture
async def stage(new_bot: Callable[..., Bot], anna: Resident) -> AsyncIterator[MatrixStage]:
    """The account was at home in a direct chat before; its adapter is made anew."""
    bot = new_bot()
    await bot.start()
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await bot.stop()
    bot.port.events.clear()
    adapter = bot.made()
    yield MatrixStage(adapter, bot.port, anna, room, bot.user_id)
    await adapter.stop()


class TestMatrix(AdapterContract):
    """All of them."""
