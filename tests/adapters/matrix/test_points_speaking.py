"""Are the points about what the bot says true on a real homeserver, for an independent app?"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.adapters.matrix.conftest import PASSWORD, Bot
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import (
    Choice,
    ConfigError,
    EventKind,
    Message,
    Photo,
    Reason,
    Refused,
    Sent,
)
from wijkbot_matrix.client import MatrixClient

NewResident = Callable[[str], Awaitable[Resident]]
BOTH = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])


def client_of(bot: Bot) -> MatrixClient:
    """The connection of the running bot."""
    client = running(bot)._client
    assert client is not None
    return client


async def _devices(bot: Bot) -> list[str]:
    """What the account's list of devices has, asked by the bot itself."""
    found = (await client_of(bot).request("GET", "/devices"))["devices"]
    return [one["device_id"] for one in found]


async def _master(bot: Bot, homeserver: LocalSynapse) -> dict[str, Any]:
    """The account's public master key, as everybody sees it."""
    token = homeserver.login(bot.user_id, PASSWORD)
    query: dict[str, Any] = {"device_keys": {bot.user_id: []}}
    found: dict[str, Any] = homeserver.call("POST", "/keys/query", token, query)
    keys: dict[str, Any] = found["master_keys"][bot.user_id]["keys"]
    return keys


async def _talk(bot: Bot, anna: Resident, room: str, number: int) -> None:
    """Anna's app sends no keys to, and shows nothing of, a device that is not signed."""
    await anna.send(room, f"vraag {number}")
    await bot.port.said(f"vraag {number}")
    sent = await running(bot).send(room, Message(f"row-{number}", f"Antwoord {number}."))
    assert isinstance(sent, Sent)
    seen = await anna.wait_message(room, bot.user_id, f"Antwoord {number}.")
    assert (seen["encrypted"], seen["undecryptable"]) == (True, False)


# ── 1: trusted ────────────────────────────────────────────────────────────────────────────────
async def test_point_01_only_signed_app_reads_and_is_read_after_a_restart_too(
    bot: Bot, anna: Resident
) -> None:
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    await _talk(bot, anna, room, 1)
    await bot.stop()
    await bot.start()
    await _talk(bot, anna, room, 2)
    assert (await running(bot).health()).ok


async def test_point_01_keys_of_somebody_else_are_left_alone_and_told(
    new_bot: Callable[..., Bot], homeserver: LocalSynapse
) -> None:
    """Somebody set the account up in an app first."""
    bot = new_bot()
    human = await Resident.login(homeserver.url, bot.user_id, PASSWORD)
    theirs = await _master(bot, homeserver)
    try:
        health = await (await bot.start()).health()
    finally:
        await human.stop()
    assert not health.ok
    assert "signing keys" in health.detail
    assert health.remedy
    assert await _master(bot, homeserver) == theirs


async def test_point_01_new_keys_of_somebody_else_are_told_while_it_runs(
    bot: Bot, homeserver: LocalSynapse
) -> None:
    assert (await running(bot).health()).ok
    ours = await _master(bot, homeserver)
    human = await Resident.login(homeserver.url, bot.user_id, PASSWORD)
    try:
        assert await _master(bot, homeserver) != ours
        async with asyncio.timeout(20):
            while (await running(bot).health()).ok:
                await asyncio.sleep(0.05)
    finally:
        await human.stop()
    assert "signing keys of somebody else" in (await running(bot).health()).detail


# ── 6: never in clear ─────────────────────────────────────────────────────────────────────────
async def test_point_06_encryption_that_nio_overlooked_is_kept_to(
    bot: Bot, anna: Resident
) -> None:
    """A sync that the library stumbles over leaves its rooms half known."""
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=True)
    await bot.port.joined(room)
    client_of(bot).nio.rooms[room].encrypted = False
    photo = Photo(b"not-for-the-server", "Een muur", 1, 1)
    for message in (Message("row-1", "Een."), Message("row-2", "Twee.", photo=photo)):
        assert isinstance(await running(bot).send(room, message), Sent)
        client_of(bot).nio.rooms[room].encrypted = False
        seen = await anna.wait_message(room, bot.user_id, message.text)
        assert seen["encrypted"]
        assert "url" not in seen["content"], "the file is sealed too"


async def test_point_06_encryption_that_came_while_the_bot_did_not_listen_is_kept_to(
    bot: Bot, anna: Resident
) -> None:
    """The database is away, so the bot waits with its news; it may still have to speak."""
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    assert isinstance(await running(bot).send(room, Message("row-1", "Open.")), Sent)
    assert not (await anna.wait_message(room, bot.user_id, "Open."))["encrypted"]
    bot.port.failures = 100
    await anna.send(room, "hoort u mij?")
    async with asyncio.timeout(20):
        while bot.port.failures == 100:
            await asyncio.sleep(0.02)
    stalled = time.monotonic()
    await anna.do("encrypt", room=room)
    while time.monotonic() - stalled < 0.6:
        await asyncio.sleep(0.05)
    sent = await running(bot).send(room, Message("row-2", "Dicht."))
    bot.port.failures = 0
    assert isinstance(sent, Sent)
    assert (await anna.wait_message(room, bot.user_id, "Dicht."))["encrypted"]


async def test_point_06_without_encryption_nothing_is_said_at_all(
    bot: Bot, anna: Resident
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=True)
    await bot.port.joined(room)
    nio, olm = client_of(bot).nio, client_of(bot).nio.olm
    photo = Photo(b"not-for-the-server", "Een muur", 1, 1)
    nio.olm = None
    try:
        for message in (Message("row-1", "Geheim."), Message("row-2", "Geheim.", photo=photo)):
            refused = await running(bot).send(room, message)
            assert isinstance(refused, Refused)
            assert (refused.reason, refused.detail) == (Reason.CONFIG, "no encryption here")
    finally:
        nio.olm = olm
    assert isinstance(await running(bot).send(room, Message("row-3", "Klaar.")), Sent)
    await anna.wait_message(room, bot.user_id, "Klaar.")
    assert [one["body"] for one in await anna.messages(room)] == ["Klaar."]


# ── 7: the same device ────────────────────────────────────────────────────────────────────────
async def test_point_07_restarts_log_in_once_and_keep_the_device(bot: Bot, anna: Resident) -> None:
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    token, device = client_of(bot).nio.access_token, client_of(bot).nio.device_id
    for number in range(2):
        await _talk(bot, anna, room, number)
        await bot.stop()
        await bot.start()
        now = client_of(bot).nio
        assert (now.device_id, now.access_token) == (device, token)
    assert await _devices(bot) == [device]


async def test_point_07_lost_store_is_a_new_signed_device_in_place_of_the_old(
    bot: Bot, anna: Resident
) -> None:
    """The old device's keys are published under its id: another one takes another id."""
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    old = client_of(bot).nio.device_id
    await bot.stop()
    shutil.rmtree(bot.home)
    await bot.start()
    new = client_of(bot).nio.device_id
    assert new != old
    assert await _devices(bot) == [new]
    assert (await running(bot).health()).ok
    await _talk(bot, anna, room, 1)


async def test_point_07_second_process_on_one_store_is_refused(bot: Bot) -> None:
    with pytest.raises(ConfigError) as refused:
        await bot.made().start(bot.port)
    assert refused.value.key == "channels.buurt-matrix.store"
    await bot.stop()
    await bot.start()


# ── 8: who is in charge ───────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("version", ["10", "12"])
async def test_point_08_admin_right_is_that_of_this_moment(
    bot: Bot, anna: Resident, homeserver: LocalSynapse, version: str
) -> None:
    bert = homeserver.register(f"bert-{bot.user_id[1:8]}{id(bot)}", PASSWORD)
    token = homeserver.login(bert, PASSWORD)
    room = await anna.create_room("Onze straat", bot.user_id, version=version)
    await bot.port.joined(room)
    assert (":" in room) is (version == "10"), "from version 12 an id names no server"
    await anna.do("invite", room=room, user=bert)
    homeserver.call("POST", f"/join/{room}", token, {})
    assert await running(bot).is_admin(room, anna.user_id)
    for level, expected in ((0, False), (50, True), (49, False), (75, True), (0, False)):
        await anna.do("power", room=room, user=bert, level=level)
        assert await running(bot).is_admin(room, bert) is expected
    await anna.do("power", room=room, user=bert, level=75)
    homeserver.call("POST", f"/rooms/{room}/leave", token, {})
    assert not await running(bot).is_admin(room, bert), "who left has no say"


async def test_point_08_all_creators_of_a_new_room_are_in_charge(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    """They stand in no list of levels."""
    bert = homeserver.register(f"bert-{bot.user_id[1:8]}{id(bot)}", PASSWORD)
    carla = homeserver.register(f"carla-{bot.user_id[1:8]}{id(bot)}", PASSWORD)
    body = {
        "name": "Onze straat",
        "room_version": "12",
        "invite": [bot.user_id, bert, carla],
        "creation_content": {"additional_creators": [bert]},
    }
    token = homeserver.login(anna.user_id, PASSWORD)
    room = str(homeserver.call("POST", "/createRoom", token, body)["room_id"])
    await bot.port.joined(room)
    assert not await running(bot).is_admin(room, bert), "not in the room yet"
    for user in (bert, carla):
        theirs = homeserver.login(user, PASSWORD)
        homeserver.call("POST", f"/join/{room}", theirs, {})
    found = [await running(bot).is_admin(room, one) for one in (anna.user_id, bert, carla)]
    assert found == [True, True, False]
    levels = homeserver.call("GET", f"/rooms/{room}/state/m.room.power_levels", token)
    assert not {anna.user_id, bert} & set(levels.get("users", {}))


# ── 12: once ──────────────────────────────────────────────────────────────────────────────────
@BOTH
async def test_point_12_same_row_twice_is_one_event_after_a_restart_too(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    await bot.port.joined(room)
    first = await running(bot).send(room, Message("row-1", "Eenmaal."))
    again = await running(bot).send(room, Message("row-1", "Eenmaal."))
    await bot.stop()
    await bot.start()
    later = await running(bot).send(room, Message("row-1", "Eenmaal."))
    assert isinstance(first, Sent)
    assert first == again == later
    await running(bot).send(room, Message("row-2", "Klaar."))
    await anna.wait_message(room, bot.user_id, "Klaar.")
    assert [one["body"] for one in await anna.messages(room)] == ["Eenmaal.", "Klaar."]


# ── 13: how it looks ──────────────────────────────────────────────────────────────────────────
@BOTH
async def test_point_13_nobody_is_mentioned_and_no_tag_of_anybody_comes_through(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    asked = await anna.send(room, "vraag")
    said = f'Dag <img src=x onerror=y> & "{anna.user_id}" @room'
    link = Choice("l", "Kaart", "https://example.org/k?a=1&b=<i>")
    message = Message("row-1", said, (Choice("a", "<b>Ja</b>"), link), answer_to=asked)
    sent = await running(bot).send(room, message)
    assert isinstance(sent, Sent)
    content = (await anna.wait_message(room, bot.user_id, "Dag"))["content"]
    assert content["m.mentions"] == {}
    assert content["body"] == f"{said}\n1 <b>Ja</b>\nKaart: https://example.org/k?a=1&b=<i>"
    assert content["formatted_body"] == (
        f"Dag &lt;img src=x onerror=y&gt; &amp; &quot;{anna.user_id}&quot; @room<br>"
        "1 &lt;b&gt;Ja&lt;/b&gt;<br>"
        'Kaart: <a href="https://example.org/k?a=1&amp;b=">https://example.org/k?a=1&amp;b=</a>'
        "&lt;i&gt;"
    )
    await running(bot).edit(room, sent.message_id, Message("row-2", "Nieuw <u>"))
    edited = (await anna.wait_message(room, bot.user_id, "Nieuw"))["content"]
    assert (edited["m.mentions"], edited["formatted_body"]) == ({}, "Nieuw &lt;u&gt;")


# ── 14: where it belongs ──────────────────────────────────────────────────────────────────────
@BOTH
async def test_point_14_thread_comes_in_and_the_answer_goes_into_it(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    await anna.wait_joined(room, bot.user_id)
    root = await anna.send(room, "over het park")
    asked = await anna.send(room, "en dan?", thread=root, mentions=[bot.user_id])
    heard = await bot.port.said("en dan?")
    assert heard.thread == root
    answer = Message("row-1", "Dan dit.", thread=heard.thread, answer_to=heard.event_id)
    await running(bot).send(room, answer)
    relation = (await anna.wait_message(room, bot.user_id, "Dan dit."))["content"]["m.relates_to"]
    assert (relation["rel_type"], relation["event_id"]) == ("m.thread", root)
    assert relation["m.in_reply_to"] == {"event_id": asked}


@BOTH
async def test_point_14_edit_and_redaction_are_told_as_what_they_are(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_dm(bot.user_id, encrypted=encrypted)
    await anna.wait_joined(room, bot.user_id)
    first = await anna.send(room, "een vraag")
    await anna.send(room, "ik ben een robot", msgtype="m.notice")
    await anna.send(room, "een betere vraag", edit_of=first)
    edit = await bot.port.said("een betere vraag")
    assert (edit.edited, edit.edits) == (True, first)
    assert bot.port.texts(room) == ["een vraag", "een betere vraag"]
    await anna.do("redact", room=room, event=first)
    gone = await bot.port.wait(lambda one: one.edited and not one.text)
    assert (gone.kind, gone.edits, gone.sender) == (EventKind.MESSAGE, first, anna.user_id)


# ── 16: direct chats ──────────────────────────────────────────────────────────────────────────
async def test_point_16_direct_chats_at_once_all_join_the_list_of_before(
    bot: Bot, new_resident: NewResident, homeserver: LocalSynapse
) -> None:
    """Invited while the bot was away, so that it goes into all of them at the same time."""
    token = homeserver.login(bot.user_id, PASSWORD)
    path = f"/user/{bot.user_id}/account_data/m.direct"
    before = {"@carla:wijk.test": ["!old"], "nonsense": 7}
    homeserver.call("PUT", path, token, before)
    await bot.stop()
    wanted: dict[str, Any] = dict(before)
    for name in ("anna", "bert", "dirk", "els"):
        user = homeserver.register(f"{name}-{bot.user_id[1:9]}{id(bot)}", PASSWORD)
        body = {"is_direct": True, "invite": [bot.user_id], "preset": "trusted_private_chat"}
        theirs = homeserver.login(user, PASSWORD)
        wanted[user] = [str(homeserver.call("POST", "/createRoom", theirs, body)["room_id"])]
    await bot.start()
    for user in list(wanted)[2:]:
        assert (await bot.port.joined(wanted[user][0])).is_private
    assert homeserver.call("GET", path, token) == wanted


async def test_point_16_direct_chat_is_known_again_by_the_list_after_a_restart(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    """It has a name now, as a group has; a second one with the same person stands beside it."""
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    theirs = homeserver.login(anna.user_id, PASSWORD)
    homeserver.call("PUT", f"/rooms/{room}/state/m.room.name", theirs, {"name": "Ik en de bot"})
    await bot.stop()
    await bot.start()
    await anna.send(room, "nog steeds onder ons")
    heard = await bot.port.said("nog steeds onder ons")
    assert (heard.chat, heard.is_private) == (room, True)
    second = await anna.create_dm(bot.user_id)
    await bot.port.joined(second)
    token = homeserver.login(bot.user_id, PASSWORD)
    found = homeserver.call("GET", f"/user/{bot.user_id}/account_data/m.direct", token)
    assert found == {anna.user_id: [room, second]}


async def test_point_16_other_one_leaving_a_direct_chat_is_told(bot: Bot, anna: Resident) -> None:
    room = await anna.create_dm(bot.user_id)
    await anna.wait_joined(room, bot.user_id)
    await anna.do("leave", room=room)
    left = await bot.port.wait(lambda event: event.kind is EventKind.MEMBER_LEFT)
    assert (left.chat, left.sender, left.is_private) == (room, anna.user_id, True)
