"""Do a resident's app and the bot understand each other, in every kind of room?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.adapters.matrix.conftest import NOW, Bot
from tests.adapters.matrix.resident import Resident
from wijkbot.adapter_api import Choice, Message, Sent
from wijkbot_matrix.adapter import MatrixAdapter

QUESTION = "wanneer is het volgende spreekuur?"


def running(bot: Bot) -> MatrixAdapter:
    """The bot's started adapter."""
    assert bot.adapter is not None
    return bot.adapter


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_group_hears_an_answer_to_its_question(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id, encrypted=encrypted)
    joined = await bot.port.joined(room)
    assert joined.invited_by == anna.user_id
    assert not joined.is_private
    assert joined.chat_title == "Onze straat"

    name = bot.user_id[1:].partition(":")[0]
    await anna.wait_joined(room, bot.user_id)
    asked = await anna.send(room, f"@{name.upper()} {QUESTION}")
    heard = await bot.port.said(QUESTION)
    assert (heard.event_id, heard.sender, heard.chat) == (asked, anna.user_id, room)
    assert heard.addressed
    assert heard.received_at <= NOW

    answer = Message("row-1", "Dinsdag om 14 uur.", (Choice("a", "Meer"), Choice("b", "Kaart")))
    sent = await running(bot).send(room, answer)
    assert isinstance(sent, Sent)
    seen = await anna.wait_message(room, bot.user_id, "Dinsdag")
    assert seen["event_id"] == sent.message_id
    assert seen["body"] == "Dinsdag om 14 uur.\n1 Meer\n2 Kaart"
    assert seen["encrypted"] is encrypted
    assert seen["content"]["m.mentions"] == {}


async def test_talk_between_neighbours_is_not_addressed(bot: Bot, anna: Resident) -> None:
    room = await anna.create_room("Onze straat", bot.user_id)
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, "heeft iemand een ladder?")
    assert not (await bot.port.said("heeft iemand een ladder?")).addressed


async def test_mention_by_the_app_and_reply_to_the_bot_are_addressed(
    bot: Bot, anna: Resident
) -> None:
    room = await anna.create_room("Onze straat", bot.user_id)
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, "kan iemand dit zeggen?", mentions=[bot.user_id])
    assert (await bot.port.said("kan iemand dit zeggen?")).addressed

    sent = await running(bot).send(room, Message("row-1", "Waarover gaat het?"))
    assert isinstance(sent, Sent)
    await anna.wait_message(room, bot.user_id)
    await anna.send(room, "over de vuilnis", reply_to=sent.message_id)
    assert (await bot.port.said("over de vuilnis")).addressed
    await bot.stop()
    await bot.start()
    await anna.send(room, "ook na een herstart", reply_to=sent.message_id)
    assert (await bot.port.said("ook na een herstart")).addressed


async def test_direct_chat_is_private_and_readable_both_ways(bot: Bot, anna: Resident) -> None:
    room = await anna.create_dm(bot.user_id)
    joined = await bot.port.joined(room)
    assert joined.is_private
    await anna.wait_joined(room, bot.user_id)
    await anna.send(room, "goedemorgen")
    heard = await bot.port.said("goedemorgen")
    assert heard.is_private
    assert heard.addressed
    assert isinstance(await running(bot).send(room, Message("row-1", "Dag!")), Sent)
    seen = await anna.wait_message(room, bot.user_id, "Dag!")
    assert seen["encrypted"]
    assert not seen["undecryptable"]


async def test_first_words_before_the_bot_came_are_heard_in_a_direct_chat(
    new_bot: Callable[..., Bot], anna: Resident
) -> None:
    bot = new_bot()
    await bot.start()
    await bot.stop()
    room = await anna.create_dm(bot.user_id)
    await anna.send(room, "ik schrijf alvast")
    await bot.start()
    assert (await bot.port.said("ik schrijf alvast")).is_private


async def test_third_person_makes_a_direct_chat_a_group(
    bot: Bot, anna: Resident, new_resident: Callable[[str], Awaitable[Resident]]
) -> None:
    bert = await new_resident("bert")
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.do("invite", room=room, user=bert.user_id)
    await bert.do("join", room=room)
    await anna.wait_joined(room, bert.user_id)
    await anna.send(room, "nu zijn we met drie")
    heard = await bot.port.said("nu zijn we met drie")
    assert not heard.is_private
    assert not heard.addressed
