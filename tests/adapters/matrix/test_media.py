"""Does a room see a photo with words and a file, sealed where it is, and lose all of it again?"""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from nio.crypto import decrypt_attachment  # type: ignore[import-untyped]

from tests.adapters.contract import CALENDAR, PHOTO
from tests.adapters.matrix.conftest import PASSWORD, Bot
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import Message, Reason, Refused, Sent
from wijkbot_matrix import media

MESSAGE = Message("row-1", "Kom langs.", photo=PHOTO, attachment=CALENDAR)


def _bytes_of(homeserver: LocalSynapse, token: str, content: dict[str, Any]) -> bytes:
    """The file as an app of a member opens it."""
    sealed = content.get("file")
    where = (sealed or content)["url"].removeprefix("mxc://")
    url = f"{homeserver.url}/_matrix/client/v1/media/download/{where}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        data: bytes = answer.read()
    if sealed is None:
        return data
    assert data not in (PHOTO.data, CALENDAR.data), "the server must not read it"
    clear = decrypt_attachment(data, sealed["key"]["k"], sealed["hashes"]["sha256"], sealed["iv"])
    return bytes(clear)


async def _edited(bot: Bot, anna: Resident, room: str, message_id: str) -> str:
    """New words and another file; doing it again, knowing it or not, changes nothing."""
    other = replace(CALENDAR, name="other.ics")
    new = Message("row-2", "Kom morgen.", attachment=other)
    edited = await running(bot).edit(room, message_id, new)
    assert isinstance(edited, Sent)
    await anna.wait_message(room, bot.user_id, "other.ics")
    seen = await anna.wait_message(room, bot.user_id, "Kom morgen.")
    fresh = seen["content"]  # the app shows the event with its new content
    assert (fresh["msgtype"], fresh["body"]) == ("m.image", "Kom morgen.")
    for known in (message_id, edited.message_id):
        again = await running(bot).edit(room, known, new)
        assert isinstance(again, Sent)
        assert set(media.ids_of(again.message_id)) == set(media.ids_of(edited.message_id))
    return edited.message_id


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_photo_with_words_and_file_are_changed_and_go_together(
    bot: Bot, anna: Resident, homeserver: LocalSynapse, encrypted: bool
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    await bot.port.joined(room)
    sent = await running(bot).send(room, MESSAGE)
    assert isinstance(sent, Sent)
    token = homeserver.login(anna.user_id, PASSWORD)

    photo = await anna.wait_message(room, bot.user_id, "Kom langs.")
    assert (photo["msgtype"], photo["encrypted"]) == ("m.image", encrypted)
    assert photo["content"]["info"]["w"] == PHOTO.width
    assert _bytes_of(homeserver, token, photo["content"]) == PHOTO.data
    file = await anna.wait_message(room, bot.user_id, CALENDAR.name)
    assert file["msgtype"] == "m.file"
    assert _bytes_of(homeserver, token, file["content"]) == CALENDAR.data

    edited = await _edited(bot, anna, room, sent.message_id)
    fresh = (await anna.wait_message(room, bot.user_id, "Kom morgen."))["content"]
    assert _bytes_of(homeserver, token, fresh) == PHOTO.data

    assert isinstance(await running(bot).withdraw(room, edited), Sent)
    events = media.ids_of(edited)
    assert len(events) == 3
    for event in [*events, file["event_id"]]:
        path = f"/rooms/{quote(room)}/event/{quote(event)}"
        left = homeserver.call("GET", path, token)
        assert "redacted_because" in left["unsigned"], "old words are nowhere"
    late = await running(bot).edit(room, edited, Message("row-3", "Te laat."))
    assert isinstance(late, Refused)
    assert (late.reason, late.permanent) == (Reason.MISSING, True)


async def test_same_key_twice_is_one_photo_and_one_file(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=True)
    await bot.port.joined(room)
    first = await running(bot).send(room, MESSAGE)
    assert first == await running(bot).send(room, MESSAGE)
    await running(bot).send(room, Message("row-9", "Klaar."))
    await anna.wait_message(room, bot.user_id, "Klaar.")
    bodies = [one["body"] for one in await anna.messages(room)]
    assert bodies == ["Kom langs.", CALENDAR.name, "Klaar."]


async def test_silent_words_are_a_notice(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    await running(bot).send(room, Message("row-1", "Zachtjes.", is_silent=True))
    assert (await anna.wait_message(room, bot.user_id, "Zachtjes."))["msgtype"] == "m.notice"


async def test_photo_that_the_server_does_not_take_is_told_in_words(
    bot: Bot, anna: Resident
) -> None:
    """This one takes 1 MB at most; the words come all the same."""
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    heavy = type(PHOTO)(bytes(2 * 1024 * 1024), "Een rode muur", 64, 48)
    sent = await running(bot).send(room, Message("row-1", "Kom langs.", photo=heavy))
    assert isinstance(sent, Sent)
    seen = await anna.wait_message(room, bot.user_id, "Kom langs.")
    assert (seen["msgtype"], seen["body"]) == ("m.text", "Kom langs.\n[Een rode muur]")
