"""What does a group notice of becoming a supergroup? Telegram tells it in pieces, in any order.

Telegram also says that the bot came into the new group, and never that it left the old one
(github.com/tdlib/telegram-bot-api, issue 266).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.whole import ANN, ANSWER, BEN, HOURS, whole
from wijkbot.storage.chats import groups

WELCOME = "buurtbot"
SECRET = "rough-secret_for_tests"


@pytest.mark.parametrize("receive", ["polling", "webhook"])
@pytest.mark.parametrize("seconds", [0.0, 1.0])
async def test_one_hello_when_the_new_group_is_told_first(
    api: LocalBotApi, tmp_path: Path, receive: str, seconds: float
) -> None:
    options: dict[str, Any] = {"receive": receive, "webhook_secret": SECRET}
    async with whole(tmp_path, api, **options) as bot:
        old = await bot.joined(kind="group")
        new = api.add_group("Zonnewijk", has_bot=False)
        api.bot_is("member", new, by=ANN)
        await asyncio.sleep(seconds)
        api.group_migrates(old, new)
        await asyncio.sleep(2.5)
        await bot.rests()
        asked = api.user_says(new, BEN, HOURS)
        (answer,) = await api.wait_sent(new, 1)
        assert answer["reply_to_message"]["message_id"] == asked
        assert ANSWER in answer["text"]
        assert WELCOME in bot.texts(old)[0] and len(bot.texts(old)) == 1


async def test_no_second_hello_when_the_new_group_is_told_last(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        old = await bot.joined(kind="group")
        new = api.add_group("Zonnewijk", has_bot=False)
        api.world.chat(new).bot_status = "member"
        api.group_migrates(old, new)
        await bot.rests()
        api.world.chat(new).bot_status = "left"
        api.bot_is("member", new, by=ANN)
        await asyncio.sleep(1)
        await bot.rests()
        assert [] == bot.texts(new), "it was greeted under its old address"
        api.user_says(new, BEN, HOURS)
        await api.wait_sent(new, 1)


async def test_a_question_before_the_news_of_the_move_is_answered_once(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """What waits in the young chat goes on in the old one; only the hello is taken out."""
    async with whole(tmp_path, api) as bot:
        old = await bot.joined(kind="group")
        new = api.add_group("Zonnewijk", has_bot=False)
        api.bot_is("member", new, by=ANN)
        asked = api.user_says(new, BEN, HOURS)
        await asyncio.sleep(0.5)
        api.group_migrates(old, new)
        await api.wait_sent(new, 1)
        await asyncio.sleep(3.5)
        await bot.rests()
        (answer,) = api.sent(new)
        assert answer["reply_to_message"]["message_id"] == asked


async def test_another_new_group_is_greeted_a_moment_later(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        await bot.joined()
        other = await bot.joined("Maanwijk")
        assert WELCOME in bot.texts(other)[0]


async def test_who_was_put_out_unseen_is_greeted_again(api: LocalBotApi, tmp_path: Path) -> None:
    """The news of it was lost; a refused send told it as well."""
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        api.world.chat(group).bot_status = "kicked"
        question = {"text": HOURS, "entities": [{"type": "mention", "offset": 0, "length": 8}]}
        message = api.world.new_message(api.world.chat(group), api.world.user(BEN), **question)
        api.queue.add("message", group, message)
        await api.wait_refused("sendMessage")
        await bot.rests()
        api.bot_is("member", group, by=ANN)
        await api.wait_sent(group, 2)
        assert WELCOME in bot.texts(group)[1]


async def test_the_end_of_a_supergroup_is_told_for_both_and_kept_quiet(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """The old address, long moved, says that the bot left: nothing comes of it."""
    async with whole(tmp_path, api) as bot:
        old = await bot.joined(kind="group")
        new = api.group_migrates(old)
        await bot.rests()
        api.bot_is("kicked", old, by=ANN)
        await bot.rests()
        api.user_says(new, BEN, HOURS)
        await api.wait_sent(new, 1)
        api.bot_is("kicked", new, by=ANN)
        await bot.rests()
        assert len(api.sent(new)) == 1


async def test_what_still_comes_under_the_old_address_belongs_to_the_group(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Each chat has a queue of its own: the news of the new one may overtake what was said.

    It makes no second group of the old address, which would take over from the real one.
    """
    async with whole(tmp_path, api, policy={"trial_days": 14}) as bot:
        old = await bot.joined(kind="group")
        late = [api.user_says(old, who, HOURS) for who in (ANN, BEN)]
        held, api.queue.pending[:] = list(api.queue.pending), []
        house = bot.living.bot.house
        (before,) = await house.database.read(groups)
        new = api.group_migrates(old)
        told = [each for each in api.queue.pending if each[0] == old]
        api.queue.pending[:] = [each for each in api.queue.pending if each[0] == new]
        await bot.rests()
        for number, (chat, update) in enumerate([*held, *told], start=1):
            api.queue.again(chat, {**update, "update_id": 880_500_000 + number})
        api.queue.last(880_600_000)
        await api.wait_sent(new, len(late), 20)
        await bot.rests()
        assert [ANSWER in text for text in bot.texts(new)] == [True, True], "each once"
        (after,) = await house.database.read(groups)
        assert (after.id, after.trial_ends_at) == (before.id, before.trial_ends_at)
        assert after.was_told and after.answers_this_hour == len(late)
        asked = api.user_says(new, ANN, HOURS)
        await api.wait_sent(new, len(late) + 1, 20)
        assert api.sent(new)[-1]["reply_to_message"]["message_id"] == asked
        assert [] == [text for method, text in api.refused if method == "sendMessage"]


async def test_what_was_said_before_and_after_the_move_in_one_batch_is_one_group(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        old = await bot.joined(kind="group")
        api.user_says(old, ANN, HOURS)
        new = api.group_migrates(old)
        asked = api.user_says(new, BEN, HOURS)
        await api.wait_sent(new, 2, 20)
        await bot.rests()
        assert len(await bot.living.bot.house.database.read(groups)) == 1
        replies = [m.get("reply_to_message", {}).get("message_id", 0) for m in api.sent(new)]
        assert sorted(replies) == [0, asked], "numbers of the old group mean nothing here"
