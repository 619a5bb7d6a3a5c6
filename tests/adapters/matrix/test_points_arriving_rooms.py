"""Is the bot only where it was asked to be, and does it know when it is out?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.adapters.matrix.conftest import NOW, PASSWORD, Bot
from tests.adapters.matrix.federated import FederatedSynapse
from tests.adapters.matrix.points import BOTH, NewResident, chats_of, group, last_word
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import EventKind, IncomingEvent, Message, Reason, Refused, Sent


@pytest.mark.parametrize("how", ["kick", "ban"])
async def test_point_09_room_the_bot_was_sent_out_of_gets_nothing_any_more(
    bot: Bot, anna: Resident, homeserver: LocalSynapse, how: str
) -> None:
    room = await group(bot, anna, encrypted=True)
    await anna.do(how, room=room, user=bot.user_id)
    left = await bot.port.wait(lambda event: event.kind is EventKind.BOT_LEFT)
    assert (left.chat, left.sender) == (room, anna.user_id)
    refused = await running(bot).send(room, Message("row-1", "Is daar iemand?"))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.permanent) == (Reason.GONE, True)
    assert not await running(bot).is_admin(room, anna.user_id)
    await _forgotten(homeserver, bot, room)


async def test_point_09_kick_while_the_bot_was_away_is_told(bot: Bot, anna: Resident) -> None:
    room = await group(bot, anna)
    await bot.stop()
    await anna.do("kick", room=room, user=bot.user_id)
    await bot.start()
    assert (await bot.port.wait(lambda e: e.kind is EventKind.BOT_LEFT)).chat == room


async def test_point_09_invitation_that_was_taken_back_is_no_news(
    new_bot: Callable[..., Bot], anna: Resident, new_resident: NewResident
) -> None:
    stranger = await new_resident("bert")
    bot = new_bot(allowed_inviters=[anna.user_id])
    await bot.start()
    refused = await stranger.create_room("Lokvogel", bot.user_id)
    await stranger.do("kick", room=refused, user=bot.user_id)
    room = await group(bot, anna)
    assert [one.chat for one in bot.port.events] == [room]


async def test_point_09_room_the_bot_leaves_is_forgotten(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    room = await group(bot, anna)
    assert isinstance(await running(bot).leave(room), Sent)
    await anna.do("wait_member", room=room, user=bot.user_id, membership="leave")
    await _forgotten(homeserver, bot, room)
    assert isinstance(await running(bot).leave(room), Sent), "twice is the same as once"


async def _forgotten(homeserver: LocalSynapse, bot: Bot, room: str) -> None:
    """Until the homeserver shows the bot nothing of that room any more."""
    token = homeserver.login(bot.user_id, PASSWORD)
    wanted = quote('{"room":{"include_leave":true}}')
    async with asyncio.timeout(15):
        while True:
            found = homeserver.call("GET", f"/sync?filter={wanted}", token)
            if room not in found.get("rooms", {}).get("leave", {}):
                return
            await asyncio.sleep(0.1)


@BOTH
async def test_point_10_room_that_moves_takes_its_chat_along(
    bot: Bot, anna: Resident, homeserver: LocalSynapse, encrypted: bool
) -> None:
    room = await anna.create_room("Straat", bot.user_id, version="10", encrypted=encrypted)
    await bot.port.joined(room)
    fresh = await anna.do("upgrade", room=room, version="12")
    await anna.do("invite", room=fresh, user=bot.user_id)
    moved = await bot.port.wait(lambda event: event.kind is EventKind.REKEYED)
    assert (moved.chat, moved.new_chat) == (room, fresh)
    assert isinstance(await running(bot).send(fresh, Message("row-1", "Hier ook.")), Sent)
    assert not [one for one in bot.port.events if one.chat == fresh], "it joins nothing new"


async def test_point_10_bot_that_was_in_the_new_room_first_moves_when_it_hears_of_it(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    old = await group(bot, anna)
    token = homeserver.login(anna.user_id, PASSWORD)
    made = {"invite": [bot.user_id], "creation_content": {"predecessor": {"room_id": old}}}
    new = str(homeserver.call("POST", "/createRoom", token, made)["room_id"])
    await bot.port.joined(new)
    _close(homeserver, token, old, new)
    moved = await bot.port.wait(lambda event: event.kind is EventKind.REKEYED)
    assert (moved.chat, moved.new_chat) == (old, new)


async def test_point_10_room_is_not_followed_for_somebody_without_a_say_there(
    bot: Bot, anna: Resident, homeserver: LocalSynapse, new_resident: NewResident
) -> None:
    """The closer of the old room is no member of the new one, or may invite nobody into it."""
    bert = await new_resident("bert")
    token, other = (homeserver.login(one.user_id, PASSWORD) for one in (anna, bert))
    for invited, level in (([], 0), ([anna.user_id], 50)):
        old = await group(bot, anna)
        made = {
            "preset": "public_chat",
            "invite": invited,
            "creation_content": {"predecessor": {"room_id": old}},
            "power_level_content_override": {"invite": level},
        }
        new = str(homeserver.call("POST", "/createRoom", other, made)["room_id"])
        if invited:
            homeserver.call("POST", f"/join/{quote(new)}", token, {})
        _close(homeserver, token, old, new)
        # it looks, sees that it was led astray, and goes
        await bert.do("wait_member", room=new, user=bot.user_id, membership="leave")
        await _forgotten(homeserver, bot, new)
    assert chats_of(bot, EventKind.REKEYED) == []
    assert len(chats_of(bot, EventKind.BOT_JOINED)) == 2


async def test_point_10_message_that_says_the_room_moved_moves_nothing(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    """Only the state of a room counts; on some servers any member can send one of that type."""
    room = await group(bot, anna)
    token = homeserver.login(anna.user_id, PASSWORD)
    made = {"preset": "public_chat", "creation_content": {"predecessor": {"room_id": room}}}
    trap = str(homeserver.call("POST", "/createRoom", token, made)["room_id"])
    forged = {
        "type": "m.room.tombstone",
        "event_id": "$forged",
        "sender": anna.user_id,
        "content": {"body": "verhuisd", "replacement_room": trap},
    }
    assert await _handle(bot, room, forged) is None
    await last_word(bot, anna, room)
    await last_word(bot, anna, room, "echt klaar")
    members = homeserver.call("GET", f"/rooms/{quote(trap)}/joined_members", token)["joined"]
    assert list(members) == [anna.user_id]
    assert chats_of(bot, EventKind.REKEYED) == []


async def test_event_that_is_pushed_is_understood_as_one_that_was_fetched(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    """What an application service would hand in, one event at a time."""
    room = await group(bot, anna)
    token = homeserver.login(anna.user_id, PASSWORD)
    sent = await anna.send(room, "is er koffie?", mentions=[bot.user_id])
    fetched = await bot.port.said("is er koffie?")
    path = f"/rooms/{quote(room)}/event/{quote(sent)}"
    pushed = await _handle(bot, room, homeserver.call("GET", path, token))
    assert pushed is not None
    assert replace(pushed, received_at=NOW) == replace(fetched, received_at=NOW)
    assert await _handle(bot, "!nowhere", {"type": "m.room.message"}) is None


async def _handle(bot: Bot, room: str, event: dict[str, Any]) -> IncomingEvent | None:
    loop = running(bot)._loop
    assert loop is not None
    return await loop.translator.handle(room, event)


def _close(homeserver: LocalSynapse, token: str, old: str, new: str) -> None:
    said = {"body": "verhuisd", "replacement_room": new}
    homeserver.call("PUT", f"/rooms/{quote(old)}/state/m.room.tombstone/", token, said)


async def test_point_17_stranger_cannot_bring_the_bot_into_a_room(
    new_bot: Callable[..., Bot], anna: Resident, new_resident: NewResident
) -> None:
    stranger = await new_resident("bert")
    bot = new_bot(allowed_inviters=[anna.user_id])
    await bot.start()
    refused = await stranger.create_room("Lokvogel", bot.user_id)
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    assert [one.chat for one in bot.port.events] == [room]
    assert await stranger.do("member", room=refused, user=bot.user_id) == "invite"


async def test_point_17_stranger_on_another_server_is_not_followed_and_a_friend_there_is(
    tmp_path: Path,
) -> None:
    """Two real homeservers: an invitation over the wall between them, allowed and not."""
    here, there = FederatedSynapse(), FederatedSynapse()
    bot: Bot | None = None
    try:
        here.start()
        there.start()
        bot = Bot(here.register("wijkbot", PASSWORD), here.url, tmp_path)
        token = there.login(there.register("bert", PASSWORD), PASSWORD)
        made = {"name": "Andere wijk", "invite": [bot.user_id], "preset": "private_chat"}
        await bot.start()
        trap = str(there.call("POST", "/createRoom", token, made)["room_id"])
        own = here.login(here.register("anna", PASSWORD), PASSWORD)
        room = str(here.call("POST", "/createRoom", own, {"invite": [bot.user_id]})["room_id"])
        await bot.port.joined(room)
        assert [one.chat for one in bot.port.events] == [room]
        assert _membership(there, token, trap, bot.user_id) == "invite"

        await bot.stop()
        bot.options["allowed_inviters"] = [there.server_name]
        await bot.start()
        other = str(there.call("POST", "/createRoom", token, made)["room_id"])
        joined = await bot.port.joined(other)
        assert joined.invited_by == f"@bert:{there.server_name}"
        assert isinstance(await running(bot).send(other, Message("row-1", "Hallo daar.")), Sent)
        assert _membership(there, token, trap, bot.user_id) == "invite"
    finally:
        if bot is not None:
            await bot.stop()
        here.remove()
        there.remove()


def _membership(server: LocalSynapse, token: str, room: str, user: str) -> str:
    path = f"/rooms/{quote(room)}/state/m.room.member/{quote(user)}"
    return str(server.call("GET", path, token)["membership"])


async def test_point_17_space_is_no_group(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    token = homeserver.login(anna.user_id, PASSWORD)
    made = {"invite": [bot.user_id], "creation_content": {"type": "m.space"}, "name": "De wijk"}
    space = str(homeserver.call("POST", "/createRoom", token, made)["room_id"])
    room = await group(bot, anna)
    assert [one.chat for one in bot.port.events] == [room]
    assert await anna.do("member", room=space, user=bot.user_id) == "invite"
