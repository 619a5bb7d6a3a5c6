"""Is the local Bot API as strict as the real one? Else it would pass what Telegram refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_pace import PRIVATE_BURST, Pace
from tests.adapters.telegram.bot_api_rules import checked
from tests.adapters.telegram.bot_api_world import ApiError
from tests.adapters.telegram.house import web_door

ANNA = 42


def button(**fields: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Ja", **fields)]])


@pytest.fixture
async def api() -> AsyncIterator[LocalBotApi]:
    """One whose rules are broken on purpose."""
    async with LocalBotApi() as server:
        yield server
        server.violations.clear()


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
        ({"text": "x", "api_kwargs": {"nonsense": 1}}, "Unknown parameter"),
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


@pytest.mark.parametrize(
    ("method", "raw", "text"),
    [
        ("sendMessage", {"chat_id": "1"}, "required"),
        ("sendMessage", {"chat_id": "1", "text": "x", "colour": "red"}, "unknown parameter"),
        ("sendMessage", {"chat_id": "1", "text": "x", "message_thread_id": "vijf"}, "must be"),
        ("sendMessage", {"chat_id": "1", "text": "x", "protect_content": "yes"}, "must be"),
        ("sendMessage", {"chat_id": "1", "text": "x", "reply_parameters": "{"}, "can't parse"),
        ("sendMessage", {"chat_id": "1", "text": "x", "reply_parameters": "{}"}, "can't parse"),
        (
            "sendMessage",
            {"chat_id": "1", "text": "x", "link_preview_options": '{"is_disabled": 1}'},
            "can't parse",
        ),
        (
            "sendMessage",
            {
                "chat_id": "1",
                "text": "x",
                "reply_markup": '{"inline_keyboard": [[{"text": "a", "datum": "b"}]]}',
            },
            "can't parse",
        ),
        ("setMyCommands", {"commands": '[{"command": "a"}]'}, "can't parse"),
        ("setMyCommands", {"commands": "[]", "scope": '{"type": "chat"}'}, None),
        ("sendMessage", {"chat_id": "1", "text": "<b>x", "parse_mode": "HTML"}, "entities"),
        ("sendMessage", {"chat_id": "1", "text": "a & b", "parse_mode": "HTML"}, "entities"),
        ("sendMessage", {"chat_id": "1", "text": "<b>a</b> &amp; b", "parse_mode": "HTML"}, None),
        ("sendMessage", {"chat_id": "1", "text": "x" * 4096}, None),
        ("sendPhoto", {"chat_id": "1", "photo": "id", "caption": "x" * 1025}, "too long"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "TOO_LONG"),
        ("getUpdates", {"timeout": "51"}, "out of range"),
        ("getUpdates", {"allowed_updates": '["gossip"]'}, "allowed updates"),
        ("sendGossip", {"chat_id": "1"}, "method not found"),
    ],
)
def test_each_parameter_is_held_against_the_published_table(
    method: str, raw: dict[str, str], text: str | None
) -> None:
    if text is None:
        checked(method, raw)
        return
    with pytest.raises(ApiError, match=text):
        checked(method, raw)


def test_a_group_takes_twenty_a_minute_and_a_person_a_few_at_once() -> None:
    pace = Pace()
    for _ in range(20):
        pace.take(-1)
    with pytest.raises(ApiError, match="retry after") as over:
        pace.take(-1)
    assert 50 < over.value.body["parameters"]["retry_after"] <= 61
    with pytest.raises(ApiError):
        pace.take(-1)
    for _ in range(PRIVATE_BURST):
        pace.take(42)
    with pytest.raises(ApiError):
        pace.take(42)
    for chat in range(100, 105):
        pace.take(chat)
    with pytest.raises(ApiError, match="retry after"):
        pace.take(200)


async def test_what_is_too_old_is_refused(api: LocalBotApi, bot: Bot) -> None:
    """A message after two days, a press after some seconds, a press that nobody made."""
    group = api.add_group("Zon")
    sent = await bot.send_message(group, "x")
    api.world.shift(49 * 3600)
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(group, sent.message_id)
    query = api.user_sends_data(ANNA, ANNA, "x")
    api.world.open_queries[query] -= 60
    for one in (query, "9"):
        with pytest.raises(BadRequest, match="too old"):
            await bot.answer_callback_query(one)


async def test_who_breaks_a_rule_is_noted_and_who_meets_the_world_is_not(
    api: LocalBotApi, bot: Bot
) -> None:
    with pytest.raises(BadRequest):
        await bot.send_message(-5, "x")
    assert not api.violations
    with pytest.raises(BadRequest):
        await bot.send_message(api.add_group("Zon"), "")
    (noted,) = api.violations
    assert "text is empty" in noted


async def test_a_webhook_brings_one_chat_in_turn_and_again_until_it_is_taken(
    api: LocalBotApi, bot: Bot
) -> None:
    async with web_door() as door:
        await bot.set_webhook(f"{door.url}/hooks/buurt-telegram/update")
        for text in ("een", "twee"):
            api.user_says(ANNA, ANNA, text)
        assert await api.queue.wait_delivery() == (503, b"")
        assert len(api.queue.pending) == 2, "the second waits for the first"
        assert (await bot.get_webhook_info()).last_error_date
