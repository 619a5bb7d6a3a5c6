"""Is a delivery stored once, and only when it knows the secret?"""

from __future__ import annotations

import json

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import RecordingPort, config_for, web_door
from wijkbot.adapter_api import WebhookRequest
from wijkbot_telegram.adapter import create

ANNA = 42
SECRET = "a-secret-of-the-test"
HEADER = "x-telegram-bot-api-secret-token"
UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 5,
        "date": 1_763_700_000,
        "chat": {"id": ANNA, "type": "private", "first_name": "Anna"},
        "from": {"id": ANNA, "is_bot": False, "first_name": "Anna"},
        "text": "hallo",
    },
}


def delivery(
    body: bytes, secret: str | None = SECRET, rest: str = "update", method: str = "POST"
) -> WebhookRequest:
    headers = {} if secret is None else {HEADER: secret}
    return WebhookRequest(method, f"https://x.example/hooks/tg/{rest}", rest, headers, body)


async def test_telegram_delivers_and_is_answered_with_nothing(api: LocalBotApi) -> None:
    async with web_door() as door:
        adapter = create(config_for(api, door.url, receive="webhook"))
        door.adapter = adapter
        await adapter.start(door.port)
        group = api.add_group("Zonnewijk")
        api.user_says(group, ANNA, "@wijkbot wanneer?")
        api.user_says(ANNA, ANNA, "hallo")
        events = await door.port.wait(2)
        await adapter.stop()
    assert {event.text for event in events} == {"wanneer?", "hallo"}
    assert set(api.queue.deliveries) <= {(200, b"")}
    (asked,) = api.calls_of("setWebhook")
    assert asked["url"] == f"{door.url}/hooks/buurt-telegram/update"
    assert asked["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
    ]
    assert not api.calls_of("getUpdates")


async def test_the_same_update_twice_is_one_event(api: LocalBotApi) -> None:
    async with web_door() as door:
        adapter = create(config_for(api, door.url, receive="webhook"))
        door.adapter = adapter
        await adapter.start(door.port)
        api.queue.again(ANNA, UPDATE)
        api.queue.again(ANNA, UPDATE)
        await door.port.wait_attempts(2)
        await adapter.stop()
    assert len(door.port.events) == 1


async def test_an_update_that_could_not_be_stored_comes_again(api: LocalBotApi) -> None:
    async with web_door() as door:
        adapter = create(config_for(api, door.url, receive="webhook"))
        await adapter.start(door.port)
        api.user_says(ANNA, ANNA, "hallo")
        status, _ = await api.queue.wait_delivery()
        door.adapter = adapter
        (event,) = await door.port.wait(1)
        await adapter.stop()
    assert event.text == "hallo"
    assert status == 503


@pytest.mark.parametrize("shown", [None, "", "wrong", "é", SECRET + "x"])
async def test_a_wrong_secret_is_refused_and_gives_nothing(
    api: LocalBotApi, shown: str | None
) -> None:
    adapter = create(config_for(api, api.base_url, receive="webhook", webhook_secret=SECRET))
    reply = await adapter.read_webhook(delivery(json.dumps(UPDATE).encode(), shown))
    good = await adapter.read_webhook(delivery(json.dumps(UPDATE).encode()))
    await adapter.stop()
    assert (reply.status, reply.events, reply.body) == (403, (), b"")
    assert (good.status, len(good.events), good.body) == (200, 1, b"")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"message": {}}', b'"x"'])
async def test_what_is_no_update_is_a_bad_request(api: LocalBotApi, body: bytes) -> None:
    adapter = create(config_for(api, api.base_url, receive="webhook", webhook_secret=SECRET))
    reply = await adapter.read_webhook(delivery(body))
    await adapter.stop()
    assert (reply.status, reply.events) == (400, ())


async def test_other_addresses_do_not_exist(api: LocalBotApi) -> None:
    body = json.dumps(UPDATE).encode()
    hooked = create(config_for(api, api.base_url, receive="webhook", webhook_secret=SECRET))
    polls = create(config_for(api, webhook_secret=SECRET))
    statuses = [
        (await hooked.read_webhook(delivery(body, rest="iets"))).status,
        (await hooked.read_webhook(delivery(body, method="GET"))).status,
        (await polls.read_webhook(delivery(body))).status,
    ]
    await hooked.stop()
    await polls.stop()
    assert statuses == [404, 404, 404]


async def test_without_knowing_its_own_name_it_asks_to_come_again(port: RecordingPort) -> None:
    async with LocalBotApi() as away:
        config = config_for(away, away.base_url, receive="webhook", webhook_secret=SECRET)
    adapter = create(config)
    reply = await adapter.read_webhook(delivery(json.dumps(UPDATE).encode()))
    await adapter.stop()
    assert (reply.status, reply.events) == (503, ())


async def test_health_sees_a_webhook_that_is_not_ours(api: LocalBotApi) -> None:
    adapter = create(config_for(api, api.base_url, receive="webhook"))
    assert not (await adapter.health()).ok
    await adapter.start(RecordingPort())
    healthy = await adapter.health()
    await adapter.stop()
    assert healthy.ok


async def test_a_webhook_that_telegram_refuses_is_told(api: LocalBotApi) -> None:
    adapter = create(config_for(api, "http://buurt.example.org", receive="webhook"))
    await adapter.start(RecordingPort())
    health = await adapter.health()
    await adapter.stop()
    assert not health.ok and "public_url" in health.remedy
