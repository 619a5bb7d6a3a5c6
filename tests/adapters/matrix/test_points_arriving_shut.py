"""Is a message that cannot be opened no silence?"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence

import pytest

from tests.adapters.matrix.conftest import Bot
from tests.adapters.matrix.points import chats_of, direct, group, last_word
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import EventKind, IncomingEvent, Message, Sent
from wijkbot_matrix import unopened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key may be one second late, where it would be ten."""
    monkeypatch.setattr(unopened, "PATIENCE_SECONDS", 1.0)


async def _loses_its_keys(bot: Bot, anna: Resident, room: str, *said: str) -> list[str]:
    """What is said while the bot is away is for a device whose store is then lost."""
    await bot.stop()
    ids = [await anna.send(room, text) for text in said]
    shutil.rmtree(bot.home)
    return ids


@pytest.mark.parametrize("is_group", [False, True], ids=["direct", "group"])
async def test_point_19_message_without_its_key_is_told_and_asked_for(
    bot: Bot, anna: Resident, impatient: None, is_group: bool
) -> None:
    """Once for each, under an id of its own, and the bot goes on hearing what it can."""
    room = await group(bot, anna, encrypted=True) if is_group else await direct(bot, anna)
    first, second = await _loses_its_keys(bot, anna, room, "wat een dag", "hoor je mij?")
    adapter = await bot.start()
    for event_id in (first, second):
        told = await bot.port.wait(lambda e, i=event_id: e.event_id.startswith(i))  # type: ignore[misc]
        assert told.kind is EventKind.UNREADABLE
        assert told.event_id != event_id, "the message itself may still come"
        assert (told.chat, told.sender, told.text) == (room, anna.user_id, "")
        assert told.is_private is not is_group
    asked = adapter._client.nio.outgoing_key_requests  # type: ignore[union-attr]
    assert len(asked) == 1, "both were sealed with one key"
    assert "2 unreadable" in (await adapter.health()).detail
    await last_word(bot, anna, room, "en nu?")
    await last_word(bot, anna, room, "nog eens")
    assert len(chats_of(bot, EventKind.UNREADABLE)) == 2
    assert bot.port.repeated == []


async def test_point_19_message_that_waits_for_its_key_outlives_a_restart(
    bot: Bot, anna: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await direct(bot, anna)
    (lost,) = await _loses_its_keys(bot, anna, room, "hoor je mij?")
    kept: list[bytes] = []
    accept = bot.port.accept

    async def noted(events: Sequence[IncomingEvent], cursor: str | None = None) -> None:
        kept.append(await bot.port.kept("unopened") or b"")
        await accept(events, cursor)

    bot.port.accept = noted  # type: ignore[method-assign]
    await bot.start()
    await last_word(bot, anna, room)
    assert lost.encode() in kept[0], "a crash after the position was kept would lose it for good"
    assert chats_of(bot, EventKind.UNREADABLE) == [], (
        "nothing is said at once: the key may be late"
    )
    await bot.stop()
    monkeypatch.setattr(unopened, "PATIENCE_SECONDS", 1.0)
    await bot.start()
    told = await bot.port.wait(lambda event: event.kind is EventKind.UNREADABLE)
    assert told.event_id.startswith(lost)


async def test_point_19_own_words_on_a_lost_device_are_nobodys_question(
    bot: Bot, anna: Resident, impatient: None
) -> None:
    """A new device cannot read what the old one said: nobody has to hear of that."""
    room = await direct(bot, anna)
    position = await bot.port.cursor()
    assert isinstance(await running(bot).send(room, Message("row-1", "Dag.")), Sent)
    await anna.wait_message(room, bot.user_id, "Dag.")
    await _loses_its_keys(bot, anna, room)
    bot.port.rewind(position)
    await bot.start()
    await last_word(bot, anna, room)
    await asyncio.sleep(1.5)
    await last_word(bot, anna, room, "echt klaar")
    assert chats_of(bot, EventKind.UNREADABLE) == []
