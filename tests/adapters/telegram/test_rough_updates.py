"""What does the bot do with what Telegram brings seldom, wrongly or for others?

The oddities come one after another, and the ordinary question behind each of them is answered.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_world import Json
from tests.adapters.telegram.test_points_receiving import HEADER, SECRET, bring, know
from tests.adapters.telegram.whole import ANN, ANSWER, BEN, HOURS, PRESS_SECONDS, Whole, whole
from wijkbot.storage.outbox import Status

QUESTION = "wanneer is het spreekuur?"
CHANNEL = -1_002_000_000_001
_ANN: Json = {"id": ANN, "is_bot": False, "first_name": "Ann", "language_code": "nl"}
_PRIVATE: Json = {"id": ANN, "type": "private", "first_name": "Ann"}
_GROUP: Json = {"id": -1_001_000_000_001, "type": "supergroup", "title": "Zonnewijk"}
_CHANNEL: Json = {"id": CHANNEL, "type": "channel", "title": "Nieuws"}
_BOT: Json = {"id": 7000000001, "is_bot": True, "first_name": "Wijkbot", "username": "wijkbot"}


def _message(chat: Json, **fields: Any) -> Json:
    return {"message_id": 9, "date": 1_795_255_300, "chat": chat, **fields}


ODD: dict[str, Json] = {
    "nothing at all": {},
    "a kind of next year": {"sky_message": {"text": QUESTION, "from": _ANN}},
    "a kind that is null": {"message": None},
    "a message of a channel": {"channel_post": _message(_CHANNEL, text=HOURS)},
    "a channel's message as an ordinary one": {"message": _message(_CHANNEL, text=HOURS)},
    "an edit in a channel": {"edited_channel_post": _message(_CHANNEL, text=HOURS)},
    "a guest": {"guest_message": _message(_GROUP, text=HOURS, **{"from": _ANN})},
    "nobody in a group": {"message": _message(_GROUP, text=HOURS)},
    "no text of any kind": {"message": _message(_PRIVATE, **{"from": _ANN})},
    "a new title": {"message": _message(_GROUP, new_chat_title="Maanwijk", **{"from": _ANN})},
    "an edit of something unseen": {
        "edited_message": _message(_GROUP, text="zonder naam", edit_date=3, **{"from": _ANN})
    },
    "a message without a chat": {"message": {"message_id": 9, "date": 3, "text": QUESTION}},
    "a message of numbers": {"message": 12},
    "a member of no known standing": {
        "my_chat_member": {
            "chat": _GROUP,
            "from": _ANN,
            "date": 3,
            "old_chat_member": {"user": _BOT, "status": "dreaming"},
            "new_chat_member": {"user": _BOT, "status": "waking"},
        }
    },
    "a reaction": {"message_reaction": {"chat": _GROUP, "message_id": 3, "date": 3}},
    "an inline question": {"inline_query": {"id": "5", "from": _ANN, "query": "x", "offset": ""}},
}


@pytest.mark.parametrize("receive", ["webhook", "polling"])
async def test_no_oddity_says_anything_or_holds_up_the_next(
    api: LocalBotApi, tmp_path: Path, receive: str
) -> None:
    async with whole(tmp_path, api, receive=receive, webhook_secret=SECRET) as bot:
        know(api, ANN)
        for number, odd in enumerate(ODD.values(), start=1):
            if receive == "webhook":
                reply = await bring(bot, {"update_id": number, **odd})
                assert (reply.status_code, reply.content) == (200, b""), odd
            else:
                api.queue.again(ANN, {"update_id": 880_100_000 + number, **odd})
        if receive == "polling":
            api.queue.last(880_200_000)
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1)
        await bot.rests()
        assert ANSWER in bot.texts(ANN)[0] and len(bot.texts(ANN)) == 1
        assert [call["chat_id"] for call in api.calls_of("sendMessage")] == [ANN]


PRESSES: dict[str, Json] = {
    "of an inline message": {"inline_message_id": "abc", "data": "menu.help"},
    "of a game": {"game_short_name": "chess", "message": _message(_PRIVATE)},
    "under a message that is gone": {"data": "x", "message": _message(_PRIVATE) | {"date": 0}},
    "forged with 64 bytes": {"data": "é" * 32, "message": _message(_PRIVATE)},
    "forged for somebody": {"data": "@43|menu.help", "message": _message(_GROUP)},
    "forged and broken": {"data": "@|", "message": _message(_GROUP)},
    "with a message nobody can read": {"data": "x", "message": {"chat": 3}},
    "by nobody": {"data": "x", "message": _message(_GROUP), "from": None},
}


@pytest.mark.parametrize("name", PRESSES)
async def test_every_press_is_answered_in_time(
    api: LocalBotApi, tmp_path: Path, name: str
) -> None:
    """The circle on the button goes on until it is, whatever was pressed."""
    async with whole(tmp_path, api, receive="webhook", webhook_secret=SECRET) as bot:
        query: Json = {"id": "77001", "from": _ANN, "chat_instance": "1", **PRESSES[name]}
        api.world.open_queries["77001"] = asyncio.get_running_loop().time()
        reply = await bring(bot, {"update_id": 5, "callback_query": query})
        assert reply.status_code == 200
        await api.wait_answer("77001", PRESS_SECONDS)
        assert [] == bot.texts(ANN)


TEXTS = {
    "emoji only": "👩‍👩‍👧‍👦" * 300,
    "as long as it can be": "spreekuur " * 409,
    "right to left": "\u202eruukeerps teh si reennaw\u202c",
    "no width": "\u200b\u200d\ufeff",
    "a heap of accents": "z" + "\u0301\u0323" * 900,
    "a zero": "wanneer\x00is het spreekuur?",
    "half an emoji": "wanneer is het spreekuur? \ud83d",
    "half an emoji first": "\ude00 wanneer is het spreekuur?",
    "signs of other programs": "'; DROP TABLE chat; -- {{7*7}} ${x} %s %d \\N{DASH} <b>&amp;",
    "line ends": "\r\n" * 1500 + "?",
}


@pytest.mark.parametrize("name", TEXTS)
async def test_every_text_has_an_answer_and_the_next_one_too(
    api: LocalBotApi, tmp_path: Path, name: str
) -> None:
    async with whole(tmp_path, api, receive="webhook", webhook_secret=SECRET) as bot:
        know(api, ANN)
        odd = _message(_PRIVATE, text=TEXTS[name], **{"from": _ANN | {"first_name": "\x00Ann"}})
        body = json.dumps({"update_id": 3, "message": odd}).encode()  # a half sign as \\udXXX
        async with httpx.AsyncClient(trust_env=False) as client:
            address = f"{bot.living.base_url}/hooks/buurt/update"
            reply = await client.post(address, content=body, headers={HEADER: SECRET})
        assert reply.status_code == 200
        await api.wait_sent(ANN, 1)
        api.user_says(ANN, ANN, "waar kan ik printen?")
        await api.until(lambda: any("bibliotheek" in text for text in bot.texts(ANN)))
        await bot.rests()
        assert [Status.SENT] * 2 == await bot.statuses()


async def test_command_for_another_bot_is_none_of_ours(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        api.world.privacy_mode = False
        api.user_says(group, BEN, "/spreekuur@anderebot")
        api.user_says(group, BEN, "/help@wijkbot_test @anderebot")
        asked = api.user_says(group, BEN, "/spreekuur@wijkbot")
        await api.wait_sent(group, 2)
        await bot.rests()
        replies = [m["reply_to_message"]["message_id"] for m in api.sent(group)[1:]]
        assert replies == [asked]


async def _asks(bot: Whole, group: int, status: str, code: int, text: str) -> list[Status]:
    """A question in the group while Telegram refuses it; what became of it."""
    bot.api.fail("sendMessage", code, text, chat=group)
    bot.api.user_says(group, BEN, HOURS)
    await bot.api.wait_refused("sendMessage")
    await bot.rests()
    return await bot.statuses()


async def test_group_that_is_closed_for_the_night_is_answered_in_the_morning(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Nobody tells the bot that it may write again, so the next question tries."""
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        text = "Bad Request: not enough rights to send text messages to the chat"
        assert [Status.SENT, Status.EXPIRED] == await _asks(bot, group, "member", 400, text)
        calls = len(api.calls_of("sendMessage"))
        await asyncio.sleep(1.5)
        assert len(api.calls_of("sendMessage")) == calls, "a bad request is never repeated"
        asked = api.user_says(group, BEN, HOURS)
        await api.wait_sent(group, 2)
        assert api.sent(group)[1]["reply_to_message"]["message_id"] == asked


async def test_bot_made_mute_and_free_again_says_no_second_hello(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        for old, new in (("member", "restricted"), ("restricted", "member")):
            change = {
                "chat": api.world.chat(group).as_json(),
                "from": api.world.user(ANN),
                "date": api.world.now(),
                "old_chat_member": _standing(old),
                "new_chat_member": _standing(new),
            }
            api.queue.add("my_chat_member", group, change)
        api.user_says(group, BEN, HOURS)
        await api.wait_sent(group, 2)
        await bot.rests()
        assert len(api.sent(group)) == 2


def _standing(status: str) -> Json:
    rights = (
        "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
        "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
        "can_send_other_messages", "can_add_web_page_previews", "can_change_info",
        "can_invite_users", "can_pin_messages", "can_manage_topics", "can_edit_tag",
        "can_react_to_messages",
    )  # fmt: skip
    member: Json = {"user": _BOT, "status": status}
    if status == "restricted":
        member |= {"is_member": True, "until_date": 0, **dict.fromkeys(rights, False)}
    return member


async def test_wrong_secret_is_refused_before_the_body_is_looked_at(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api, receive="webhook", webhook_secret=SECRET) as bot:
        for secret in (None, "", SECRET[:-1], SECRET + "x"):
            reply = await bring(bot, {"message": 3}, secret=secret)
            assert reply.status_code == 403, (HEADER, secret)
