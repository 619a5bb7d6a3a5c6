"""Do the points about arriving hold: nothing lost, none twice, none too early?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.adapters.matrix.conftest import PASSWORD, Bot
from tests.adapters.matrix.counting_proxy import CountingProxy
from tests.adapters.matrix.points import BOTH, group, last_word
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import EventKind, Message, Reason, Refused, Sent
from wijkbot_matrix import sync, translate


@pytest.fixture
def twenty_times_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop waits 0.1 to 3 seconds where it would wait 2 to 60."""
    monkeypatch.setattr(sync, "_SHORTEST_SECONDS", 0.1)
    monkeypatch.setattr(sync, "_LONGEST_SECONDS", 3.0)


@BOTH
async def test_point_02_crash_and_broken_database_in_a_batch_lose_nothing(
    bot: Bot, anna: Resident, twenty_times_faster: None, encrypted: bool
) -> None:
    """All that was said while the bot was away comes in one batch, which fails and comes again."""
    room = await group(bot, anna, encrypted=encrypted)
    position = await bot.port.cursor()
    await bot.stop()
    wanted = [f"bericht {number}" for number in range(5)]
    ids = [await anna.send(room, text) for text in wanted]
    bot.port.failures = 2
    await bot.start()
    await bot.port.said(wanted[-1])
    assert bot.port.failures == 0
    assert bot.port.texts(room) == wanted
    assert bot.port.repeated == []

    # the house crashed before it knew of the last two
    await bot.stop()
    bot.port.rewind(position)
    lost = [event for event in bot.port.events if event.event_id in ids[3:]]
    bot.port.events = [event for event in bot.port.events if event not in lost]
    await bot.start()
    await bot.port.said(wanted[-1])
    heard = [e.event_id for e in bot.port.events if e.kind is EventKind.MESSAGE]
    assert heard == ids
    assert set(bot.port.repeated) >= set(ids[:3]), "the house tells doubles by their ids"


@BOTH
async def test_point_02_event_that_nobody_understands_holds_up_nothing(
    bot: Bot, anna: Resident, homeserver: LocalSynapse, encrypted: bool
) -> None:
    room = await group(bot, anna, encrypted=encrypted)
    token = homeserver.login(anna.user_id, PASSWORD)
    # What a server lets through; the rest is tried in test_incoming.py.
    odd: list[dict[str, Any]] = [
        {"m.new_content": 3, "format": 7, "info": "none"},
        {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": 5, "session_id": []},
        {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "x"},
    ]
    await bot.stop()
    await anna.send(room, "ervoor")
    for number, content in enumerate(odd):
        said = {"msgtype": "m.text", "body": "* x"} | content
        homeserver.call("PUT", f"/rooms/{room}/send/m.room.message/odd{number}", token, said)
        homeserver.call("PUT", f"/rooms/{room}/send/m.room.encrypted/sec{number}", token, content)
    homeserver.call("PUT", f"/rooms/{room}/state/m.room.pinned_events", token, {"pinned": 5})
    await anna.send(room, "erna")
    await bot.start()
    await bot.port.said("erna")
    assert [text for text in bot.port.texts(room) if text in {"ervoor", "erna"}] == [
        "ervoor",
        "erna",
    ]


async def test_point_03_revoked_token_ends_the_asking(
    new_bot: Callable[..., Bot], homeserver: LocalSynapse, twenty_times_faster: None
) -> None:
    """Fewer than five requests in 30 s: in a twentieth of it here, with waits of a twentieth."""
    bot = new_bot()
    async with CountingProxy(homeserver.port) as proxy:
        bot.homeserver = proxy.url
        adapter = await bot.start()
        assert (await adapter.health()).ok
        before = proxy.requests
        homeserver.call("POST", "/logout/all", homeserver.login(bot.user_id, PASSWORD), {})
        async with asyncio.timeout(10):
            while (await adapter.health()).ok:
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)
        assert proxy.requests - before < 5
        health = await adapter.health()
        assert "token" in health.detail
        assert health.remedy
        quiet = proxy.requests
        refused = await adapter.send("!room", Message("row-1", "Dag."))
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.whole_account) == (Reason.CONFIG, True)
        assert proxy.requests == quiet


@BOTH
async def test_point_04_what_was_said_before_the_bot_came_stays_unread(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_room("Onze straat", "@nobody-yet:wijk.test", encrypted=encrypted)
    for number in range(60):
        await anna.send(room, f"@{bot.user_id[1:]} oud {number}")
    await anna.do("invite", room=room, user=bot.user_id)
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, "nieuw")
    await bot.port.said("nieuw")
    assert bot.port.texts(room) == ["nieuw"]


async def test_point_04_first_start_of_a_used_account_answers_no_history(
    new_bot: Callable[..., Bot], anna: Resident, homeserver: LocalSynapse
) -> None:
    """Nor itself on another device, nor a machine: only what a resident says from now on."""
    bot = new_bot()
    room = await anna.create_room("Onze straat", bot.user_id)
    token = homeserver.login(bot.user_id, PASSWORD)
    homeserver.call("POST", f"/join/{quote(room)}", token, {})
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, "van vorig jaar", mentions=[bot.user_id])
    await bot.start()
    own = {"msgtype": "m.text", "body": "ik zelf"}
    homeserver.call("PUT", f"/rooms/{quote(room)}/send/m.room.message/own", token, own)
    await anna.send(room, "ik ben een robot", msgtype="m.notice", mentions=[bot.user_id])
    await anna.send(room, "van nu", mentions=[bot.user_id])
    await bot.port.said("van nu")
    assert bot.port.texts(room) == ["van nu"]


@BOTH
async def test_point_05_gap_of_a_long_absence_is_filled_in_order(
    bot: Bot, anna: Resident, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    """More than a sync brings, over several pages."""
    monkeypatch.setattr(translate, "_PAGE", 10)
    room = await group(bot, anna, encrypted=encrypted)
    await bot.stop()
    wanted = [f"bericht {number}" for number in range(75)]
    for text in wanted:
        await anna.send(room, text)
    await bot.start()
    await bot.port.said(wanted[-1])
    assert bot.port.texts(room) == wanted


@BOTH
async def test_point_18_first_words_go_out_the_moment_the_bot_is_in(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    """The house greets while the loop still hands over the batch that told of the arrival."""
    sent: list[object] = []
    accept = bot.port.accept

    async def and_greet(events: Any, cursor: str | None = None) -> None:
        await accept(events, cursor)
        for event in events:
            if event.kind is EventKind.BOT_JOINED:
                message = Message(f"row-{len(sent)}", "Hallo allemaal.")
                sent.append(await running(bot).send(event.chat, message))

    bot.port.accept = and_greet  # type: ignore[method-assign]
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    seen = await anna.wait_message(room, bot.user_id, "Hallo")
    assert seen["encrypted"] is encrypted
    assert [type(one) for one in sent] == [Sent]


@BOTH
async def test_point_18_quiet_room_is_known_after_a_restart(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    """Nothing was said there since: only the full state of the first sync tells of it."""
    room = await group(bot, anna, encrypted=encrypted)
    await last_word(bot, anna, room)
    await bot.stop()
    await bot.start()
    assert isinstance(await running(bot).send(room, Message("row-1", "Ik ben er weer.")), Sent)
    assert (await anna.wait_message(room, bot.user_id, "weer"))["encrypted"] is encrypted


async def test_point_20_stop_is_quick_while_waiting_for_news(bot: Bot) -> None:
    await asyncio.sleep(1)
    began = time.monotonic()
    await bot.stop()
    assert time.monotonic() - began < 5


async def test_point_20_send_without_a_homeserver_says_so_at_once(
    new_bot: Callable[..., Bot], anna: Resident, homeserver: LocalSynapse
) -> None:
    """The key of an encrypted room goes out before the words: no part of it tries for ever."""
    bot = new_bot()
    async with CountingProxy(homeserver.port) as proxy:
        bot.homeserver = proxy.url
        await bot.start()
        room = await group(bot, anna, encrypted=True)
        proxy.hang_up()
        async with asyncio.timeout(5):
            refused = await running(bot).send(room, Message("row-1", "Hoor je mij?"))
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.permanent) == (Reason.UNAVAILABLE, False)
        proxy.is_open = True
        assert isinstance(await running(bot).send(room, Message("row-1", "Hoor je mij?")), Sent)
        assert (await anna.wait_message(room, bot.user_id, "Hoor je mij?"))["encrypted"]


@pytest.mark.parametrize("asked", [b"/keys/query", b"/keys/claim", b"/sendToDevice"])
async def test_point_20_room_key_that_is_refused_to_somebody_stops_the_words(
    new_bot: Callable[..., Bot], anna: Resident, homeserver: LocalSynapse, asked: bytes
) -> None:
    """Told to wait, it neither waits inside nor leaves somebody out: the house tries again."""
    bot = new_bot()
    async with CountingProxy(homeserver.port) as proxy:
        bot.homeserver = proxy.url
        await bot.start()
        proxy.too_often = asked
        room = await group(bot, anna, encrypted=True)
        async with asyncio.timeout(5):
            refused = await running(bot).send(room, Message("row-1", "Hoor je mij?"))
        assert isinstance(refused, Refused)
        assert not refused.permanent
        proxy.too_often = b""
        assert isinstance(await running(bot).send(room, Message("row-1", "Hoor je mij?")), Sent)
        assert (await anna.wait_message(room, bot.user_id, "Hoor je mij?"))["encrypted"]


async def test_point_20_homeserver_that_was_away_is_heard_again(
    new_bot: Callable[..., Bot],
    anna: Resident,
    homeserver: LocalSynapse,
    twenty_times_faster: None,
) -> None:
    """A minute without a homeserver, in a twentieth of it; it is asked more and more seldom."""
    bot = new_bot()
    async with CountingProxy(homeserver.port) as proxy:
        bot.homeserver = proxy.url
        adapter = await bot.start()
        room = await group(bot, anna)
        proxy.hang_up()
        await anna.send(room, "terwijl je weg was")
        knocks = proxy.refused
        await asyncio.sleep(3)
        assert 2 <= proxy.refused - knocks <= 8
        assert bot.port.texts(room) == []
        proxy.is_open = True
        await bot.port.said("terwijl je weg was")
        await last_word(bot, anna, room)
        assert bot.port.texts(room) == ["terwijl je weg was", "klaar"]
        assert (await adapter.health()).ok
