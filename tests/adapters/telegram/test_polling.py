"""Does everything that residents say reach the port, once, through real long polling?"""

from __future__ import annotations

import logging

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import RecordingPort, config_for
from wijkbot.adapter_api import Adapter, EventKind, SenderKind
from wijkbot_telegram.adapter import create

ANNA, BERT = 42, 43


async def test_a_question_in_a_group_arrives(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    group = api.add_group("Zonnewijk")
    number = api.user_says(group, ANNA, "@wijkbot wanneer is het spreekuur?")
    (event,) = await port.wait(1)
    assert (event.text, event.addressed) == ("wanneer is het spreekuur?", True)
    assert event.event_id == f"{group}:{number}:{ANNA}"


async def test_receiving_asks_for_four_kinds_and_no_webhook(
    api: LocalBotApi, port: RecordingPort
) -> None:
    api.queue.set_webhook({"url": "https://elsewhere.example/old"})
    adapter = create(config_for(api))
    await adapter.start(port)
    api.user_says(ANNA, ANNA, "hallo")
    await port.wait(1)
    await adapter.stop()
    assert not api.queue.webhook
    assert api.calls_of("getUpdates")[0]["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]
    assert api.calls_of("deleteWebhook")[0].get("drop_pending_updates") is not True


async def test_a_commit_that_failed_is_tried_again_and_nothing_is_lost(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    port.is_away = True
    api.user_says(ANNA, ANNA, "hallo")
    await port.wait_attempts(1)
    assert len(api.queue.pending) == 1
    health = await polling.health()
    assert not health.ok and "database" in health.remedy
    port.is_away = False
    (event,) = await port.wait(1)
    assert event.text == "hallo"


async def test_a_restart_goes_on_at_the_cursor(api: LocalBotApi, port: RecordingPort) -> None:
    api.user_says(ANNA, ANNA, "een")
    first = create(config_for(api))
    await first.start(port)
    await port.wait(1)
    await first.stop()
    cursor = port.stored_cursor
    api.user_says(ANNA, ANNA, "twee")
    second = create(config_for(api))
    await second.start(port)
    await port.wait(2)
    await second.stop()
    offsets = [call["offset"] for call in api.calls_of("getUpdates")]
    assert offsets[0] == 0 and int(cursor or 0) in offsets
    assert [event.text for event in port.events] == ["een", "twee"]
    assert port.attempts == 2


async def test_an_update_nobody_can_read_does_not_hold_up_the_next(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    api.queue.again(ANNA, {"update_id": 879_000_000, "message": {"message_id": "?"}})
    api.user_says(ANNA, ANNA, "hallo")
    (event,) = await port.wait(1)
    assert event.text == "hallo"


async def test_a_press_by_somebody_else_is_told_so_and_gives_no_event(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    group = api.add_group("Zonnewijk")
    api.user_sends_data(group, ANNA, f"@{ANNA}|ja")
    foreign = api.user_sends_data(group, BERT, f"@{ANNA}|ja")
    assert await api.wait_answer(foreign) == "Deze knop is niet voor jou."
    (event,) = await port.wait(1)
    assert (event.kind, event.choice_id, event.sender) == (EventKind.CHOICE, "ja", str(ANNA))


async def test_kick_and_migration_are_told(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    group = api.add_group("Zonnewijk", kind="group", has_bot=False)
    api.bot_is("member", group, by=ANNA)
    new = api.group_migrates(group)
    api.bot_is("kicked", new, by=ANNA)
    joined, rekeyed, left = await port.wait(3)
    assert (joined.kind, joined.invited_by) == (EventKind.BOT_JOINED, str(ANNA))
    assert (rekeyed.kind, rekeyed.chat, rekeyed.new_chat) == (
        EventKind.REKEYED,
        str(group),
        str(new),
    )
    assert (left.kind, left.chat) == (EventKind.BOT_LEFT, str(new))


async def test_an_anonymous_admin_is_no_resident(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    group = api.add_group("Zonnewijk")
    shown = api.world.chat(group).as_json()
    api.user_says(group, ANNA, "@wijkbot hallo", sender_chat=shown)
    (event,) = await port.wait(1)
    assert event.sender_kind is SenderKind.ANONYMOUS_ADMIN
    assert await polling.is_admin(event.chat, event.sender)


async def test_a_refused_token_stops_receiving_and_is_told(
    api: LocalBotApi, port: RecordingPort
) -> None:
    adapter = create(config_for(api, token="7000000001:wrong"))
    await adapter.start(port)
    health = await adapter.health()
    calls = len(api.refused)
    await adapter.stop()
    assert not health.ok and "@BotFather" in health.remedy
    assert calls <= 3


async def test_a_second_poller_is_reported_and_not_looped(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    text = "Conflict: terminated by other getUpdates request"
    api.fail("getUpdates", 409, text)
    api.user_says(ANNA, ANNA, "hallo")
    await api.wait_refused("getUpdates")
    health = await polling.health()
    assert health.detail == "Conflict" and "another process" in health.remedy
    assert len([each for each in api.refused if each[0] == "getUpdates"]) == 1


async def test_without_network_it_starts_and_goes_on_trying(port: RecordingPort) -> None:
    away = LocalBotApi()
    async with away:
        config = config_for(away)
    adapter = create(config)
    await adapter.start(port)
    health = await adapter.health()
    await adapter.stop()
    assert not health.ok and "network" in health.remedy


async def test_the_link_works_at_once_after_a_restart_without_network(
    port: RecordingPort,
) -> None:
    async with LocalBotApi() as api:
        config = config_for(api)
        first = create(config)
        assert first.private_link("") == ""
        await first.start(port)
        await first.stop()
    second = create(config)
    await second.start(port)
    await second.stop()
    assert second.private_link("") == "https://t.me/wijkbot?start=hulp"
    assert second.private_link("a1_B-") == "https://t.me/wijkbot?start=a1_B-"


async def test_no_log_line_holds_the_token_or_a_text(
    api: LocalBotApi,
    port: RecordingPort,
    idle: Adapter,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    await idle.start(port)
    api.user_says(ANNA, ANNA, "mijn geheim")
    await port.wait(1)
    port.is_away = True
    api.user_says(ANNA, ANNA, "nog een geheim")
    await port.wait_attempts(2)
    await idle.stop()
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("uvicorn")]
    written = "\n".join([*ours, *capsys.readouterr()])
    assert "telegram_receive_failed" in written
    for hidden in (*idle.secrets(), "geheim", str(api.world.bot_id)):
        assert hidden not in written
