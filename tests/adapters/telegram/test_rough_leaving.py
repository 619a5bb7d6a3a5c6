"""What happens when a bot is put out and let in again, faster than it can do what each asks?

Being out erases a whole group, with all that waits in it; coming back must not be among that.
Both come in one batch, or one right behind the other, and with questions between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_world import Json
from tests.adapters.telegram.whole import ANN, ANSWER, BEN, CAS, HOURS, Whole, whole
from tests.many import fresh_database
from wijkbot.storage.chats import Chat, groups
from wijkbot.storage.tables import conversation, inbox

WELCOME = "buurtbot"
SECRET = "leaving-secret_for_tests"
QUESTION = "wanneer is het spreekuur?"
LOUD = {"conversation-failed", "message-dead", "delivery-failed", "worker-failed"}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the house keeps what it knows: both ways."""
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as made:
        yield made


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing may go wrong, not even what is mended by trying again."""
    with capture_logs() as told:
        yield
    assert [] == [one for one in told if one["event"] in LOUD]


async def _states(bot: Whole) -> int:
    """How many dialogs are remembered."""
    query = select(func.count()).where(conversation.c.state_sealed.is_not(None))
    return await bot.living.bot.house.database.read(lambda c: int(c.execute(query).scalar_one()))


async def _unread(bot: Whole) -> int:
    """How many events stand in the inbox with their words: none, once all is done."""
    query = select(func.count()).where(inbox.c.payload_sealed.is_not(None))
    return await bot.living.bot.house.database.read(lambda c: int(c.execute(query).scalar_one()))


async def _served(bot: Whole) -> list[Chat]:
    return await bot.living.bot.house.database.read(groups)


async def _all_is_done(bot: Whole) -> None:
    await bot.rests()
    assert 0 == await _unread(bot), "nothing sticks"


def _replies(api: LocalBotApi, group: int) -> list[int]:
    """Which questions the bot's messages there point at, in order; 0 is none."""
    return [m.get("reply_to_message", {}).get("message_id", 0) for m in api.sent(group)]


async def test_out_and_in_again_in_one_batch_is_one_greeting(
    api: LocalBotApi, tmp_path: Path, url: str
) -> None:
    """What was asked before is gone with the group; what is asked after it is answered."""
    async with whole(tmp_path, api, url=url) as bot:
        group = await bot.joined()
        api.user_says(group, ANN, HOURS)
        await api.wait_sent(group, 2)
        assert 0 < await _states(bot)
        api.flood("sendMessage", 1, chat=group)
        api.user_says(group, CAS, HOURS)
        await api.wait_refused("sendMessage")
        api.bot_is("kicked", group, by=ANN)
        api.bot_is("member", group, by=ANN)
        asked = api.user_says(group, BEN, HOURS)
        await api.wait_sent(group, 4, 20)
        await _all_is_done(bot)
        greeting, answer = bot.texts(group)[2:]
        assert WELCOME in greeting and ANSWER in answer
        assert _replies(api, group)[2:] == [0, asked]
        (served,) = await _served(bot)
        assert served.was_told and served.answers_this_hour == 1, "counted anew"


async def test_in_and_out_again_in_one_batch_says_nothing(
    api: LocalBotApi, tmp_path: Path, url: str
) -> None:
    """The greeting that waited is dropped, and the next time it is said once."""
    async with whole(tmp_path, api, url=url) as bot:
        group = api.add_group("Zonnewijk", has_bot=False)
        api.bot_is("member", group, by=ANN)
        api.user_says(group, BEN, HOURS)
        api.bot_is("kicked", group, by=ANN)
        await _all_is_done(bot)
        assert [] == api.calls_of("sendMessage") and [] == await _served(bot)
        assert 0 == await _states(bot)
        api.bot_is("member", group, by=BEN)
        await api.wait_sent(group, 1)
        await _all_is_done(bot)
        assert [WELCOME in text for text in bot.texts(group)] == [True]


@pytest.mark.parametrize("receive", ["polling", "webhook"])
async def test_many_changes_in_a_row_end_as_the_last_one_says(
    api: LocalBotApi, tmp_path: Path, receive: str
) -> None:
    """Whatever of them meet each other half-way: in, then asked, and out again at any moment."""
    options: dict[str, Any] = {"receive": receive, "webhook_secret": SECRET}
    async with whole(tmp_path, api, policy={"answers_per_hour": 1000}, **options) as bot:
        group = api.add_group("Zonnewijk", has_bot=False)
        for seconds in (0.0, 0.01, 0.05, 0.15, 0.4, 0.0):
            api.bot_is("member", group, by=ANN)
            await asyncio.sleep(seconds)
            for who in (ANN, BEN, CAS):
                api.user_says(group, who, HOURS)
            await asyncio.sleep(seconds / 2)
            api.bot_is("kicked", group, by=ANN)
            await asyncio.sleep(seconds)
        await _all_is_done(bot)
        before, calls = len(api.sent(group)), len(api.calls_of("sendMessage"))
        assert [] == await _served(bot)
        api.bot_is("member", group, by=ANN)
        await api.wait_sent(group, before + 1)
        assert WELCOME in bot.texts(group)[before]
        asked = api.user_says(group, BEN, HOURS)
        await api.wait_sent(group, before + 2)
        await _all_is_done(bot)
        assert _replies(api, group)[before:] == [0, asked]
        assert len(api.calls_of("sendMessage")) == calls + 2


async def test_same_news_twice_changes_nothing(api: LocalBotApi, tmp_path: Path) -> None:
    """Telegram brings again what it thinks was lost, also when more came since."""
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        told: list[Json] = []
        add = api.queue.add

        def note(kind: str, chat: int, content: Json) -> int:
            number = add(kind, chat, content)
            told.append({"update_id": number, kind: content})
            return number

        api.queue.add = note  # type: ignore[method-assign]
        api.bot_is("kicked", group, by=ANN)
        api.bot_is("member", group, by=ANN)
        await api.wait_sent(group, 2)
        await _all_is_done(bot)
        for update in told:  # with numbers of their own: the offset is past the first ones
            await bot.living.bot.ports["buurt"].accept(_events(bot, update))
        await _all_is_done(bot)
        assert len(await _served(bot)) == 1
        asked = api.user_says(group, BEN, HOURS)
        await api.wait_sent(group, 3)
        await _all_is_done(bot)
        assert _replies(api, group) == [0, 0, asked]


def _events(bot: Whole, update: Json) -> Any:
    receiver = bot.living.bot.adapters["buurt"]._receiver  # type: ignore[attr-defined]
    return receiver._understand([update], receiver.me)


@pytest.mark.parametrize("seconds", [0.0, 0.1])
async def test_blocked_and_free_again_is_answered(
    api: LocalBotApi, tmp_path: Path, url: str, seconds: float
) -> None:
    """Blocking ends what waits; who writes again afterwards is answered, however soon."""
    async with whole(tmp_path, api, url=url) as bot:
        for who in (ANN, BEN, CAS):
            api.user_says(who, who, QUESTION)
            await api.wait_sent(who, 1)
        for who in (ANN, BEN, CAS):
            api.bot_is("kicked", who, by=who)
        await asyncio.sleep(seconds)
        for who in (ANN, BEN, CAS):
            api.bot_is("member", who, by=who)
            api.user_says(who, who, QUESTION)
        for who in (ANN, BEN, CAS):
            await api.wait_sent(who, 2)
        await _all_is_done(bot)
        assert [2, 2, 2] == [len(api.sent(who)) for who in (ANN, BEN, CAS)]


async def test_question_and_then_a_block_is_left_alone(
    api: LocalBotApi, tmp_path: Path, url: str
) -> None:
    """Unblocking says nothing by itself: the bot waits until that person writes."""
    async with whole(tmp_path, api, url=url) as bot:
        api.user_says(ANN, ANN, QUESTION)
        api.bot_is("kicked", ANN, by=ANN)
        await _all_is_done(bot)
        api.bot_is("member", ANN, by=ANN)
        await _all_is_done(bot)
        assert [] == bot.texts(ANN)
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1)
        await _all_is_done(bot)
        assert 1 == len(bot.texts(ANN))
