"""Can a human open a message in its room, and can the bot redact it where it may?"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.adapters.matrix.conftest import PASSWORD, Bot
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import IncomingEvent, Message, Reason, Refused, Sent, Unsupported

CODE = "mijn code is 4821, de sleutel ligt onder de pot"
MODERATOR = 50


class History:
    """What the homeserver has of a room, read with a plain request."""

    def __init__(self, homeserver: LocalSynapse, user: str) -> None:
        self._homeserver = homeserver
        self._token = homeserver.login(user, PASSWORD)

    def event(self, room: str, event_id: str) -> dict[str, Any]:
        path = f"/rooms/{quote(room)}/event/{quote(event_id)}"
        return self._homeserver.call("GET", path, self._token)

    def is_redacted_by(self, user: str, room: str, event_id: str) -> bool:
        """Are its words gone, and did that user take them away?"""
        found = self.event(room, event_id)
        by = found.get("unsigned", {}).get("redacted_because", {}).get("sender")
        return (found["content"], by) == ({}, user)


@pytest.fixture
def history(homeserver: LocalSynapse, anna: Resident) -> History:
    return History(homeserver, anna.user_id)


async def _heard(bot: Bot, anna: Resident, room: str, text: str = CODE) -> IncomingEvent:
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, text)
    return await bot.port.said(text)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_moderator_bot_redacts_what_a_resident_wrote(
    bot: Bot, anna: Resident, history: History, encrypted: bool
) -> None:
    """Twice is once, and what others wrote stays."""
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    event = await _heard(bot, anna, room)
    kept = await anna.send(room, "tot dinsdag")
    await anna.do("power", room=room, user=bot.user_id, level=MODERATOR)
    for _ in range(2):
        assert isinstance(await running(bot).remove(event), Sent)
    assert history.is_redacted_by(bot.user_id, room, event.event_id)
    assert history.event(room, kept)["content"]


async def test_code_that_came_with_an_edit_is_redacted_with_its_message(
    bot: Bot, anna: Resident, history: History
) -> None:
    """The words of an edit stand in an event of their own."""
    room = await anna.create_room("Onze straat", bot.user_id)
    first = await _heard(bot, anna, room, "wanneer is het spreekuur?")
    await anna.send(room, CODE, edit_of=first.event_id)
    edit = await bot.port.said(CODE)
    assert edit.edits == first.event_id
    await anna.do("power", room=room, user=bot.user_id, level=MODERATOR)
    assert isinstance(await running(bot).remove(edit), Sent)
    for event_id in (first.event_id, edit.event_id):
        assert history.is_redacted_by(bot.user_id, room, event_id)


async def test_without_power_it_is_refused_and_the_bot_goes_on(
    bot: Bot, anna: Resident, history: History
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id)
    event = await _heard(bot, anna, room)
    refused = await running(bot).remove(event)
    assert isinstance(refused, Refused)
    assert (Reason.BLOCKED, True) == (refused.reason, refused.permanent)
    assert CODE == history.event(room, event.event_id)["content"]["body"]
    assert isinstance(await running(bot).send(room, Message("row-1", "Een tip.")), Sent)
    await anna.send(room, "dank je")
    await bot.port.said("dank je")


async def test_link_opens_the_event_of_the_room(bot: Bot, anna: Resident) -> None:
    """An edit leads to the message that was changed; a direct chat is nobody else's to open."""
    room = await anna.create_room("Onze straat", bot.user_id)
    event = await _heard(bot, anna, room)
    await anna.send(room, "toch niet", edit_of=event.event_id)
    edit = await bot.port.said("toch niet")
    link = f"https://matrix.to/#/{room}/{event.event_id}"
    assert [link, link] == [running(bot).message_link(one) for one in (event, edit)]

    direct = await anna.create_dm(bot.user_id)
    private = await _heard(bot, anna, direct, "dag bot")
    assert private.is_private
    assert "" == running(bot).message_link(private)
    assert isinstance(await running(bot).remove(private), Unsupported)
