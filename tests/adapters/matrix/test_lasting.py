"""Is nothing lost and nothing heard twice, whatever is stopped, revoked or broken?"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from tests.adapters.matrix.conftest import PASSWORD, Bot
from tests.adapters.matrix.counting_proxy import CountingProxy
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import ConfigError, Message, Sent
from wijkbot_matrix import sync


async def test_restart_keeps_the_device_and_hears_what_was_missed_once(
    bot: Bot, anna: Resident
) -> None:
    room = await anna.create_dm(bot.user_id)
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, "voor de nacht")
    await bot.port.said("voor de nacht")
    device = running(bot)._client.nio.device_id  # type: ignore[union-attr]
    await bot.stop()
    await anna.send(room, "in de nacht")
    await bot.start()
    await bot.port.said("in de nacht")
    await anna.send(room, "na de nacht")
    await bot.port.said("na de nacht")
    assert bot.port.texts(room) == ["voor de nacht", "in de nacht", "na de nacht"]
    assert bot.port.repeated == []
    assert running(bot)._client.nio.device_id == device  # type: ignore[union-attr]
    assert isinstance(await running(bot).send(room, Message("row-1", "Goedemorgen")), Sent)
    assert (await anna.wait_message(room, bot.user_id, "Goedemorgen"))["encrypted"]


async def test_own_words_cost_no_commit_and_a_restart_hears_the_rest(
    bot: Bot, anna: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    monkeypatch.setattr(sync, "POSITION_SECONDS", 3600.0)
    await anna.send(room, "voor")
    await bot.port.said("voor")
    before = bot.port.without_news
    for number in range(4):
        assert isinstance(await running(bot).send(room, Message(f"row-{number}", "Dag.")), Sent)
    await anna.send(room, "na")
    await bot.port.said("na")
    assert bot.port.without_news <= before + 1
    await bot.stop()
    await anna.send(room, "in de nacht")
    await bot.start()
    await bot.port.said("in de nacht")
    assert bot.port.texts(room) == ["voor", "na", "in de nacht"]
    assert bot.port.repeated == []


async def test_restart_after_revocation_is_a_new_trusted_device(
    bot: Bot, anna: Resident, homeserver: LocalSynapse
) -> None:
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    homeserver.call("POST", "/logout/all", homeserver.login(bot.user_id, PASSWORD), {})
    await bot.stop()
    await bot.start()
    assert (await running(bot).health()).ok
    assert isinstance(await running(bot).send(room, Message("row-1", "Weer hier.")), Sent)
    assert (await anna.wait_message(room, bot.user_id, "Weer hier"))["encrypted"]
    await anna.send(room, "fijn")
    await bot.port.said("fijn")


async def test_wrong_password_names_its_key(new_bot: Callable[..., Bot]) -> None:
    bot = new_bot(password="not-the-password")
    with pytest.raises(ConfigError) as refused:
        await bot.start()
    assert refused.value.key == "channels.buurt-matrix.password"


async def test_access_token_is_enough(
    new_bot: Callable[..., Bot], homeserver: LocalSynapse
) -> None:
    bot = new_bot(password="")
    bot.options["access_token"] = homeserver.login(bot.user_id, PASSWORD)
    adapter = await bot.start()
    assert (await adapter.health()).ok
    assert bot.options["access_token"] in adapter.secrets()
    await bot.stop()
    bot.options["access_token"] = "not-a-token"
    with pytest.raises(ConfigError) as refused:
        await bot.start()
    assert refused.value.key == "channels.buurt-matrix.access_token"


async def test_homeserver_that_is_away_is_waited_for(
    new_bot: Callable[..., Bot], homeserver: LocalSynapse
) -> None:
    bot = new_bot()
    async with CountingProxy(homeserver.port) as proxy:
        bot.homeserver = proxy.url
        proxy.is_open = False
        starting = asyncio.create_task(bot.start())
        await asyncio.sleep(1)
        assert not starting.done()
        proxy.is_open = True
        adapter = await asyncio.wait_for(starting, 20)
        assert (await adapter.health()).ok


async def test_invitation_of_the_last_moment_survives_a_restart(bot: Bot, anna: Resident) -> None:
    await bot.stop()
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.start()
    assert (await bot.port.joined(room)).invited_by == anna.user_id


async def test_store_that_cannot_be_opened_names_its_key(bot: Bot) -> None:
    await bot.stop()
    bot.options["pickle_key"] = "another key than the one it was written with"
    with pytest.raises(ConfigError) as refused:
        await bot.start()
    assert refused.value.key == "channels.buurt-matrix.store"


async def test_newcomer_reads_what_is_said_after_they_came(
    bot: Bot, anna: Resident, new_resident: Callable[[str], Awaitable[Resident]]
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=True)
    await bot.port.joined(room)
    assert isinstance(await running(bot).send(room, Message("row-1", "Eerste.")), Sent)
    bert = await new_resident("bert")
    await anna.do("invite", room=room, user=bert.user_id)
    await bert.do("join", room=room)
    await bert.send(room, "ik ben er ook")
    await bot.port.said("ik ben er ook")
    assert isinstance(await running(bot).send(room, Message("row-2", "Welkom.")), Sent)
    assert (await bert.wait_message(room, bot.user_id, "Welkom."))["encrypted"]
    assert (await anna.wait_message(room, bot.user_id, "Welkom."))["encrypted"]


async def test_many_at_once_into_an_encrypted_room_all_arrive(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=True)
    await bot.port.joined(room)
    results = await asyncio.gather(
        *(running(bot).send(room, Message(f"row-{n}", f"Bericht {n}.")) for n in range(12))
    )
    assert all(isinstance(one, Sent) for one in results)
    for number in range(12):
        await anna.wait_message(room, bot.user_id, f"Bericht {number}.")


async def test_doctor_looks_without_logging_in(
    new_bot: Callable[..., Bot], homeserver: LocalSynapse
) -> None:
    bot = new_bot()
    assert (await bot.made().health()).ok
    token = homeserver.login(bot.user_id, PASSWORD)
    devices = homeserver.call("GET", "/devices", token)["devices"]
    assert len(devices) == 1
    bot.options = {"access_token": "not-a-token"}
    assert not (await bot.made().health()).ok


async def test_nothing_of_anybody_stands_in_the_log(
    new_bot: Callable[..., Bot],
    anna: Resident,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    bot = new_bot()
    adapter = await bot.start()
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.send(room, "dit is tussen ons")
    await bot.port.said("dit is tussen ons")
    assert isinstance(await adapter.send(room, Message("row-1", "Dat blijft zo.")), Sent)
    await anna.wait_message(room, bot.user_id)
    secrets = adapter.secrets()
    await bot.stop()
    printed = capfd.readouterr()
    written = caplog.text + printed.out + printed.err
    for hidden in (anna.user_id, bot.user_id, room, "tussen ons", "blijft zo", *secrets):
        assert hidden not in written
