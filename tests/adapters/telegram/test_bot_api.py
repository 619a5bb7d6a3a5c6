"""Is the local Bot API as strict as the real one? Else it would pass what Telegram refuses."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken

from tests.adapters.telegram.bot_api import LocalBotApi

ANNA = 42


def button(**fields: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Ja", **fields)]])


@pytest.fixture
async def bot(api: LocalBotApi) -> Any:
    async with Bot(api.token, base_url=api.base_url) as real:
        yield real


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": ""}, "empty"),
        ({"text": "x" * 4097}, "too long"),
        ({"text": "😀" * 2049}, "too long"),
        ({"text": "x", "reply_markup": button(callback_data="é" * 33)}, "Button_data_invalid"),
        ({"text": "x", "reply_markup": button(url="tel:112")}, "invalid"),
        ({"text": "x", "reply_markup": button()}, "unallowed"),
        ({"text": "x", "reply_to_message_id": 999}, "not found"),
        ({"text": "x", "message_thread_id": 1}, "thread not found"),
        ({"text": "x", "api_kwargs": {"nonsense": 1}}, "Unknown parameters"),
    ],
)
async def test_a_message_telegram_would_refuse_is_refused(
    api: LocalBotApi, bot: Bot, fields: dict[str, Any], text: str
) -> None:
    forum = api.add_group("Zonnewijk", topics=(5,))
    with pytest.raises(BadRequest, match=text):
        await bot.send_message(forum, **fields)
    assert api.refused and api.sent(forum) == []


async def test_nine_buttons_do_not_fit_on_a_row(api: LocalBotApi, bot: Bot) -> None:
    row = [InlineKeyboardButton("x", callback_data="x")] * 9
    with pytest.raises(BadRequest):
        await bot.send_message(api.add_group("Zon"), "x", reply_markup=InlineKeyboardMarkup([row]))


async def test_chats_and_tokens_are_checked(api: LocalBotApi, bot: Bot) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(-5, "x")
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(api.add_group("Zon", has_bot=False), "x")
    with pytest.raises(InvalidToken):
        async with Bot("1:x", base_url=api.base_url):
            pass


async def test_a_webhook_excludes_polling_and_wants_a_good_secret(
    api: LocalBotApi, bot: Bot
) -> None:
    with pytest.raises(BadRequest):
        await bot.set_webhook("https://x.example", secret_token="é")
    with pytest.raises(BadRequest):
        await bot.set_webhook("http://x.example")
    await bot.set_webhook("https://x.example")
    with pytest.raises(Conflict):
        await bot.get_updates()


async def test_updates_stay_until_the_offset_confirms_them(api: LocalBotApi, bot: Bot) -> None:
    api.user_says(ANNA, ANNA, "een")
    api.user_says(ANNA, ANNA, "twee")
    first = await bot.get_updates()
    assert [update.update_id for update in await bot.get_updates()] == [
        update.update_id for update in first
    ]
    (left,) = await bot.get_updates(offset=first[1].update_id)
    assert left.message and left.message.text == "twee"
    assert await bot.get_updates(offset=left.update_id + 1) == ()


async def test_privacy_mode_hides_what_is_not_for_the_bot(api: LocalBotApi, bot: Bot) -> None:
    group = api.add_group("Zonnewijk")
    api.user_says(group, ANNA, "wie gaat er mee?")
    api.user_says(group, ANNA, "/stop@anderebot")
    api.user_says(group, ANNA, "@wijkbot wanneer?")
    sent = await bot.send_message(group, "Dinsdag")
    api.user_says(group, ANNA, "dank", reply_to=sent.message_id)
    texts = [update.message.text for update in await bot.get_updates() if update.message]
    assert texts == ["@wijkbot wanneer?", "dank"]


async def test_an_update_telegram_could_not_send_is_a_mistake_of_the_test(
    api: LocalBotApi,
) -> None:
    with pytest.raises(ValueError, match="chat_instance"):
        api.queue.add("callback_query", ANNA, {"id": "1", "from": api.world.user(ANNA)})
