"""What do the tests of the points share? Rooms with the bot in them, and ways to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.adapters.matrix.conftest import Bot
from tests.adapters.matrix.resident import Resident
from wijkbot.adapter_api import EventKind

NewResident = Callable[[str], Awaitable[Resident]]
BOTH = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
"""Each point holds in every kind of room."""


async def group(bot: Bot, anna: Resident, *, encrypted: bool = False) -> str:
    """A named room that Anna made, with the bot in it."""
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    return room


async def direct(bot: Bot, anna: Resident) -> str:
    """A direct chat of Anna's, with the bot in it."""
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    return room


def chats_of(bot: Bot, kind: EventKind) -> list[str]:
    """The chats of all events of that kind, in their order."""
    return [event.chat for event in bot.port.events if event.kind is kind]


async def last_word(bot: Bot, anna: Resident, room: str, text: str = "klaar") -> None:
    """Whatever came before this was heard too: one sync follows the other."""
    await anna.send(room, text)
    await bot.port.said(text)
