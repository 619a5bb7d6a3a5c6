"""Points 1 to 5 and 14 to 16, 19 and 22 of the checklist: what comes in, through the whole house.

Each runs the real python-telegram-bot against the local Bot API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from telegram import Bot
from telegram.error import Conflict

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_world import Json
from tests.adapters.telegram.whole import ANN, ANSWER, BEN, HOURS, Whole, whole
from tests.many import away, fresh_database
from wijkbot.app.payload import remembered_from
from wijkbot.clock import Clock
from wijkbot.storage import glance
from wijkbot.storage.outbox import Lane, Status
from wijkbot.storage.tables import lane

SECRET = "a-secret-of-the-test"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the house keeps what it knows: both ways."""
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as made:
        yield made


def update(api: LocalBotApi, text: str, number: int = 1) -> Json:
    """What Ann says in private, as Telegram brings it."""
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": api.world.now(),
            "chat": {"id": ANN, "type": "private", "first_name": "Ann"},
            "from": {"id": ANN, "is_bot": False, "first_name": "Ann", "language_code": "nl"},
            "text": text,
        },
    }


async def bring(bot: Whole, content: Json, secret: str | None = SECRET) -> httpx.Response:
    """Bring an update to the webhook as Telegram does."""
    headers = {} if secret is None else {HEADER: secret}
    address = f"{bot.living.base_url}/hooks/buurt/update"
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(address, json=content, headers=headers)


def know(api: LocalBotApi, *users: int) -> None:
    """These started the bot before."""
    for user in users:
        api.world.chat(user).bot_status = "member"


async def test_point_01_wrong_or_missing_secret_stores_nothing(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api, receive="webhook", webhook_secret=SECRET) as bot:
        for secret in (None, "", "wrong", SECRET + "x", SECRET[:-1]):
            assert (await bring(bot, update(api, "hallo"), secret)).status_code == 403
        assert await bot.stored() == 0
        assert (await bring(bot, update(api, "hallo"))).status_code == 200
        assert await bot.stored() == 1


async def test_point_02_same_update_twice_and_at_once_is_one_answer(
    api: LocalBotApi, tmp_path: Path, url: str
) -> None:
    know(api, ANN)
    async with whole(tmp_path, api, url=url, receive="webhook", webhook_secret=SECRET) as bot:
        content = update(api, "wanneer is het spreekuur?")
        answers = await asyncio.gather(*(bring(bot, content) for _ in range(8)))
        answers.append(await bring(bot, content))
        assert {200} == {answer.status_code for answer in answers}
        await bot.rests()
        assert [True] == [ANSWER in text for text in bot.texts(ANN)]


async def test_point_03_200_comes_after_the_commit_and_says_nothing(
    api: LocalBotApi, tmp_path: Path, postgres_url: str
) -> None:
    know(api, ANN)
    with fresh_database(postgres_url) as url:
        async with whole(tmp_path, api, url=url, receive="webhook", webhook_secret=SECRET) as bot:
            with away(postgres_url, url):
                refused = await bring(bot, update(api, "hallo"))
            assert not refused.is_success
            taken = await bring(bot, update(api, "hallo"))
            assert (taken.status_code, taken.content) == (200, b"")
            assert await bot.stored() == 1
            await bot.rests(40)
            assert len(bot.texts(ANN)) == 1


async def test_point_04_bad_request_is_not_repeated_and_403_ends_a_chat(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        api.fail("sendMessage", 400, "Bad Request: message is too long")
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await bot.rests()
        assert [Status.DEAD] == await bot.statuses()
        assert len(api.calls_of("sendMessage")) == 1
        api.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
        api.user_says(BEN, BEN, "wanneer is het spreekuur?")
        await bot.rests()
        assert (await bot.statuses())[1] is Status.REFUSED
        shut = select(lane.c.kind).where(lane.c.suspended)
        database = bot.living.bot.house.database
        async with asyncio.timeout(10):
            while not (kinds := await database.read(lambda c: set(c.execute(shut).scalars()))):
                await asyncio.sleep(0.05)
        assert kinds == {int(kind) for kind in Lane}
        assert len(api.calls_of("sendMessage")) == 2


async def test_point_04_refused_token_stops_the_adapter_and_is_said(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await api.wait_sent(ANN, 1)
        api.revoke_token()
        api.user_says(ANN, ANN, "hallo")  # lets the waiting poll go
        await api.wait_refused("getUpdates", 40)
        await asyncio.sleep(2)
        assert len(api.refused) <= 3, "no loop of refused requests"
        health = await bot.living.bot.adapters["buurt"].health()
        assert not health.ok and "@BotFather" in health.remedy


async def test_point_05_migration_in_the_middle_loses_nothing(
    api: LocalBotApi, tmp_path: Path, url: str
) -> None:
    """An answer that waits for the old group, and a link that was given out in it."""
    async with whole(tmp_path, api, url=url) as bot:
        group = await bot.joined(kind="group")
        api.user_says(group, ANN, "@wijkbot wie kan mijn lamp ophangen?")
        await api.wait_sent(group, 2)
        link = bot.texts(group)[1].split("start=")[1].split()[0]
        api.flood("sendMessage", 1, chat=group)
        api.user_says(group, BEN, HOURS)
        await api.wait_refused("sendMessage")
        new = api.group_migrates(group)
        await bot.rests()
        assert [True] == [ANSWER in text for text in bot.texts(new)]
        assert len(bot.texts(group)) == 2
        api.user_says(new, BEN, "@wijkbot waar kan ik printen?")
        await api.wait_sent(new, 2)
        api.user_says(ANN, ANN, f"/start {link}")
        await api.wait_sent(ANN, 1)
        assert "Wil je hulp met een klusje" in bot.texts(ANN)[0]


async def test_point_05_400_with_the_new_address_sends_once(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Telegram tells it with the refusal, before the group itself does."""
    async with whole(tmp_path, api) as bot:
        group = await bot.joined(kind="group")
        api.queue.allow(["message", "callback_query"])
        api.user_says(group, BEN, HOURS)
        new = api.group_migrates(group)
        api.queue.pending[:] = [
            each for each in api.queue.pending if "migrate" not in str(each[1])
        ]
        await bot.rests()
        assert [True] == [ANSWER in text for text in bot.texts(new)]


async def test_point_14_bots_and_guests_are_ignored(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        api.user_says(group, 99, HOURS, is_bot=True)
        guest = update(api, HOURS, 880_900_000)
        api.queue.again(ANN, {"update_id": 880_900_000, "guest_message": guest["message"]})
        api.user_says(group, BEN, HOURS)
        await api.wait_sent(group, 2)
        await bot.rests()
        assert len(bot.texts(group)) == 2 and api.sent(ANN) == []


async def test_point_15_after_an_hour_away_each_question_is_answered_once(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """What waited at Telegram comes late; a late command is not carried out."""
    async with whole(tmp_path, api) as bot:
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await bot.rests()
    api.user_says(ANN, ANN, "wanneer is het spreekuur?")
    api.user_says(ANN, ANN, "klusje")
    api.world.shift(3600)
    clock = {"at": None}
    async with whole(tmp_path, api, living=clock) as bot:
        await bot.rests()
        assert [True, True, False] == [ANSWER in text for text in bot.texts(ANN)]
        assert "niet bereikbaar" in bot.texts(ANN)[2]


async def test_point_16_out_is_out_and_back_is_one_welcome(
    api: LocalBotApi, tmp_path: Path, url: str
) -> None:
    async with whole(tmp_path, api, url=url) as bot:
        group = await bot.joined()
        api.flood("sendMessage", 1, chat=group)
        api.user_says(group, ANN, HOURS)
        await api.wait_refused("sendMessage")
        api.bot_is("kicked", group, by=BEN)
        calls = len(api.calls_of("sendMessage"))
        await asyncio.sleep(2)
        assert len(api.calls_of("sendMessage")) == calls, "no further sends"
        api.bot_is("member", group, by=BEN)
        await api.wait_sent(group, 2)
        await bot.rests()
        assert "buurtbot" in bot.texts(group)[1] and len(bot.texts(group)) == 2


async def test_point_19_four_kinds_are_asked_for_in_both_ways(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path / "polls", api):
        pass
    async with whole(tmp_path / "hooks", api, receive="webhook", webhook_secret=SECRET) as bot:
        asked = [*api.calls_of("getUpdates"), *api.calls_of("setWebhook")]
        assert all(one["allowed_updates"] == KINDS for one in asked)
        adapter = bot.living.bot.adapters["buurt"]
        assert (await adapter.health()).ok
        api.queue.last_error = api.world.now()
        api.queue._busy.add(ANN)
        api.user_says(ANN, ANN, "hallo")
        health = await adapter.health()
        assert not health.ok and "1 updates wait" in health.detail
        api.world.privacy_mode = False
        api.queue.last_error = 0
        assert "/setprivacy" in (await adapter.health()).remedy


async def test_point_22_second_poller_is_reported_and_not_looped(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot, Bot(api.token, base_url=api.base_url) as other:
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await api.wait_sent(ANN, 1)
        taken = asyncio.create_task(other.get_updates(timeout=3))
        await api.wait_refused("getUpdates")
        await asyncio.sleep(2)
        ours = [text for method, text in api.refused if method == "getUpdates"]
        assert len(ours) == 1
        health = await bot.living.bot.adapters["buurt"].health()
        assert health.detail == "Conflict" and "another process" in health.remedy
        try:
            await taken
        except Conflict:
            pytest.fail("the other one was disturbed")


async def test_ways_of_receiving_are_switched_without_loss(tmp_path: Path) -> None:
    """Polling, then webhook, then polling again; what comes in between waits at Telegram."""
    ways: list[dict[str, Any]] = [{}, {"receive": "webhook"}, {}, {"receive": "webhook"}, {}]
    async with LocalBotApi(start=Clock().now_ms() // 1000) as api:
        for number, way in enumerate(ways):
            api.user_says(ANN, ANN, f"wanneer is het spreekuur? {number}")
            async with whole(tmp_path, api, living={"at": None}, **way) as bot:
                api.user_says(BEN, BEN, f"wanneer is het spreekuur? {number}")
                await api.wait_sent(ANN, number + 1, 30)
                await api.wait_sent(BEN, number + 1, 30)
                await bot.rests()
                assert bool(api.queue.webhook) is bool(way)
        assert len(api.sent(ANN)) == len(api.sent(BEN)) == len(ways)
        dropped = [call.get("drop_pending_updates") for call in api.calls_of("deleteWebhook")]
        assert True not in dropped


async def test_state_of_a_stranger_is_none(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api) as bot:
        house = bot.living.bot.house
        never = await house.database.read(
            lambda c: glance.state_of(c, house.sealer, "buurt", str(BEN), str(BEN))
        )
        assert never is None
        api.user_says(BEN, BEN, "klusje")
        await bot.rests()
        spoke = await house.database.read(
            lambda c: glance.state_of(c, house.sealer, "buurt", str(BEN), str(BEN))
        )
        assert spoke is not None and remembered_from(spoke[1]).conversation.dialog == "klus"
