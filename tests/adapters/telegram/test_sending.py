"""Does a message stand in the chat as it was meant, and is a refusal told as what it is?"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import NOON, RecordingPort, config_for
from wijkbot.adapter_api import (
    Adapter,
    Audience,
    Choice,
    Message,
    Reason,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsupported,
)
from wijkbot.app.deliver import AT_ONCE
from wijkbot_telegram.adapter import create

ANNA = 42


def text_message(text: str = "Dinsdag van 14 tot 16 uur.", **fields: Any) -> Message:
    return Message(key="k1", text=text, **fields)


async def test_a_text_arrives_literally_without_preview(api: LocalBotApi, idle: Adapter) -> None:
    api.user_says(ANNA, ANNA, "hallo")
    text = "<b>&_*[ https://buurt.example.org 👩‍👩‍👧"
    result = await idle.send(str(ANNA), text_message(text))
    (shown,) = api.sent(ANNA)
    assert result == Sent(str(shown["message_id"]))
    assert shown["text"] == text
    (asked,) = api.calls_of("sendMessage")
    assert "parse_mode" not in asked
    assert asked["link_preview_options"] == {"is_disabled": True}


async def test_a_button_goes_there_and_back(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    api.user_says(ANNA, ANNA, "hallo")
    choices = (Choice("klus.ja", "Ja"), Choice("", "Site", url="https://buurt.example.org"))
    await polling.send(str(ANNA), text_message("Klopt dit?", choices=choices))
    query = api.user_presses(ANNA, ANNA, "Ja")
    _, event = await port.wait(2)
    assert (event.choice_id, event.choice_ref) == ("klus.ja", query)
    assert await polling.answer_choice(event.choice_ref, "Genoteerd") == Sent(query)
    assert api.world.answers[query] == "Genoteerd"
    again = await polling.answer_choice(event.choice_ref, "")
    assert isinstance(again, Refused) and again.reason is Reason.EXPIRED


async def test_in_a_group_the_asker_alone_can_press(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    group = api.add_group("Zonnewijk")
    api.user_says(group, ANNA, "@wijkbot klus")
    (asked,) = await port.wait(1)
    message = text_message("Welke?", choices=(Choice("tuin", "Tuin"),), asker=asked.sender)
    await polling.send(str(group), message)
    foreign = api.user_presses(group, 43, "Tuin")
    assert await api.wait_answer(foreign) == "Deze knop is niet voor jou."
    api.user_presses(group, ANNA, "Tuin")
    _, event = await port.wait(2)
    assert (event.choice_id, event.sender) == ("tuin", str(ANNA))


async def test_a_press_is_answered_while_all_sends_are_slow(
    api: LocalBotApi, idle: Adapter
) -> None:
    """So many sends as the house has under way at once, none of which comes back."""
    people = range(100, 100 + AT_ONCE)
    for who in people:
        api.user_says(who, who, "hallo")
    api.pace.is_on = False
    await idle.send("100", text_message())
    api.slow["sendMessage"] = 4.0
    sends = [asyncio.create_task(idle.send(str(who), text_message())) for who in people]
    await asyncio.sleep(0.5)
    query = api.user_sends_data(ANNA, ANNA, "x")
    assert await idle.answer_choice(query, "") == Sent(query)
    assert api.world.answered_after[query] < 2
    assert not any(send.done() for send in sends)
    await asyncio.gather(*sends)


async def test_a_reply_still_arrives_when_the_question_is_gone(
    api: LocalBotApi, idle: Adapter
) -> None:
    group = api.add_group("Zonnewijk")
    number = api.user_says(group, ANNA, "@wijkbot wanneer?")
    message = text_message(answer_to=f"{group}:{number}:{ANNA}")
    await idle.send(str(group), message)
    del api.world.chat(group).messages[number]
    await idle.send(str(group), message)
    first, second = api.sent(group)
    assert first["reply_to_message"]["message_id"] == number
    assert "reply_to_message" not in second


async def test_the_answer_goes_to_the_topic_and_survives_its_end(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    forum = api.add_group("Zonnewijk", topics=(5,))
    api.user_says(forum, ANNA, "@wijkbot wanneer?", thread=5)
    (event,) = await port.wait(1)
    await polling.send(event.chat, text_message(thread=event.thread))
    api.world.chat(forum).topics.clear()
    result = await polling.send(event.chat, text_message("Later", thread=event.thread))
    first, second = api.sent(forum)
    assert isinstance(result, Sent)
    assert first["message_thread_id"] == 5 and "message_thread_id" not in second


async def test_a_long_text_is_one_message_to_the_house(api: LocalBotApi, idle: Adapter) -> None:
    api.user_says(ANNA, ANNA, "hallo")
    text = "Zaterdag is er feest 🎉 op het plein. " * 200
    result = await idle.send(str(ANNA), text_message(text))
    assert isinstance(result, Sent)
    assert " ".join(shown["text"] for shown in api.sent(ANNA)) == text.strip()
    assert await idle.edit(str(ANNA), result.message_id, text_message("Afgelast")) == Sent(
        result.message_id.split(",")[0]
    )
    assert [shown["text"] for shown in api.sent(ANNA)] == ["Afgelast"]


async def test_a_text_that_went_in_part_is_not_sent_again(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    api.fail("sendMessage", 400, "Bad Request: TOPIC_CLOSED", after=1)
    assert isinstance(await idle.send(str(group), text_message("woord " * 1000)), Unknown)
    assert len(api.sent(group)) == 1


REFUSALS = [
    (403, "Forbidden: bot was blocked by the user", Reason.BLOCKED, True),
    (403, "Forbidden: user is deactivated", Reason.GONE, True),
    (403, "Forbidden: bot was kicked from the supergroup chat", Reason.GONE, True),
    (403, "Forbidden: bot is not a member of the supergroup chat", Reason.GONE, True),
    (403, "Forbidden: the group chat was deleted", Reason.GONE, True),
    (403, "Forbidden: bot can't initiate conversation with a user", Reason.BLOCKED, True),
    (400, "Bad Request: chat not found", Reason.GONE, True),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Reason.EXPIRED, True),
    (400, "Bad Request: TOPIC_CLOSED", Reason.EXPIRED, True),
    (429, "Too Many Requests: retry after 7", Reason.RATE, False),
    (
        400,
        "Bad Request: not enough rights to send text messages to the chat",
        Reason.EXPIRED,
        True,
    ),
    (400, "Bad Request: message is too long", Reason.CONTENT, True),
    (401, "Unauthorized", Reason.CONFIG, False),
]


@pytest.mark.parametrize(("code", "text", "reason", "permanent"), REFUSALS)
async def test_a_refusal_is_told_and_never_repeated(
    api: LocalBotApi, idle: Adapter, code: int, text: str, reason: Reason, permanent: bool
) -> None:
    group = api.add_group("Zonnewijk")
    api.fail("sendMessage", code, text)
    result = await idle.send(str(group), text_message())
    assert isinstance(result, Refused)
    assert (result.reason, result.permanent) == (reason, permanent)
    assert result.whole_account is (reason is Reason.CONFIG)
    assert len(api.calls_of("sendMessage")) == 1


async def test_a_flooded_group_does_not_hold_up_another(api: LocalBotApi, idle: Adapter) -> None:
    busy, calm = api.add_group("Zonnewijk"), api.add_group("Maanwijk")
    api.flood("sendMessage", 7, chat=busy)
    result = await idle.send(str(busy), text_message())
    assert result == Refused(Reason.RATE, permanent=False, retry_after=7.0)
    assert isinstance(await idle.send(str(calm), text_message()), Sent)


async def test_a_migrated_group_is_told_with_its_new_address(
    api: LocalBotApi, idle: Adapter
) -> None:
    old = api.add_group("Zonnewijk", kind="group")
    new = api.group_migrates(old)
    result = await idle.send(str(old), text_message())
    assert result == Refused(Reason.REKEYED, permanent=False, new_chat=str(new))
    assert isinstance(await idle.send(str(new), text_message()), Sent)


async def test_who_blocked_or_never_wrote_is_not_reached(api: LocalBotApi, idle: Adapter) -> None:
    api.world.chat(43)
    never = await idle.send("43", text_message())
    api.user_says(ANNA, ANNA, "hallo")
    api.bot_is("kicked", ANNA, by=ANNA)
    blocked = await idle.send(str(ANNA), text_message())
    reasons = [r.reason for r in (never, blocked) if isinstance(r, Refused)]
    assert reasons == [Reason.BLOCKED, Reason.BLOCKED]


async def test_an_answer_that_got_lost_is_unknown(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    api.lose_answer("sendMessage")
    assert isinstance(await idle.send(str(group), text_message()), Unknown)
    api.fail("sendMessage", 502, "Bad Gateway")
    assert isinstance(await idle.send(str(group), text_message()), Unknown)


async def test_a_server_that_is_away_has_not_got_it(api: LocalBotApi, idle: Adapter) -> None:
    await api.__aexit__(None, None, None)
    result: SendResult = await idle.send("-1", text_message())
    assert isinstance(result, Refused)
    assert (result.reason, result.permanent) == (Reason.UNAVAILABLE, False)
    assert result.retry_after > 0


async def test_what_is_too_late_or_empty_is_not_sent(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    late = await idle.send(str(group), text_message(expires_at=NOON))
    empty = await idle.send(str(group), text_message(" "))
    fresh = await idle.send(str(group), text_message(expires_at=NOON + timedelta(seconds=1)))
    reasons = [r.reason for r in (late, empty) if isinstance(r, Refused)]
    assert reasons == [Reason.EXPIRED, Reason.CONTENT]
    assert isinstance(fresh, Sent) and len(api.calls_of("sendMessage")) == 1


async def test_edit_pin_and_withdraw(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    sent = await idle.send(str(group), text_message(choices=(Choice("ja", "Ja"),)))
    assert isinstance(sent, Sent)
    for _ in range(2):
        assert await idle.edit(str(group), sent.message_id, text_message("Woensdag")) == sent
    (shown,) = api.sent(group)
    assert shown["text"] == "Woensdag" and "reply_markup" not in shown
    assert await idle.pin(str(group), sent.message_id) == sent
    assert api.world.chat(group).pinned == [shown["message_id"]]
    for _ in range(2):
        assert await idle.withdraw(str(group), sent.message_id) == sent
    assert api.sent(group) == []


async def test_what_the_bot_may_not_do_is_said_so(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    sent = await idle.send(str(group), text_message())
    assert isinstance(sent, Sent)
    api.world.chat(group).may_pin = False
    assert isinstance(await idle.pin(str(group), sent.message_id), Unsupported)
    api.fail("deleteMessage", 400, "Bad Request: message can't be deleted")
    old = await idle.withdraw(str(group), sent.message_id)
    assert isinstance(old, Refused) and old.reason is Reason.EXPIRED
    assert isinstance(await idle.withdraw(str(group), "geen nummer"), Refused)
    assert isinstance(await idle.leave(str(ANNA)), Unsupported)


async def test_leaving_twice_is_fine(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    for _ in range(2):
        assert await idle.leave(str(group)) == Sent("")
    assert api.world.chat(group).bot_status == "left"


async def test_an_admin_is_asked_for_every_time(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    members = api.world.chat(group).members
    members |= {ANNA: "administrator", 43: "member", 44: "creator"}
    asked = [await idle.is_admin(str(group), str(user)) for user in (ANNA, 43, 44, 45)]
    assert asked == [True, False, True, False]
    members[ANNA] = "member"
    assert not await idle.is_admin(str(group), str(ANNA))
    assert not await idle.is_admin(str(group), "geen nummer")


async def test_commands_are_set_for_all_and_only_when_changed(
    api: LocalBotApi, idle: Adapter
) -> None:
    commands = {"nl": {"stop": "Geen berichten meer"}, "fr": {"stop": "Plus de messages"}}
    for _ in range(2):
        assert isinstance(await idle.set_commands(commands), Sent)
    assert len(api.calls_of("setMyCommands")) == 3
    shown = {language: api.world.commands["default", language] for language in ("", "nl", "fr")}
    assert shown[""] == shown["nl"] != shown["fr"]
    assert len(api.calls_of("setChatMenuButton")) == 1
    assert isinstance(await idle.set_commands(commands, Audience.ADMINS), Sent)
    assert api.world.commands["all_chat_administrators", "nl"] == shown["nl"]
    assert isinstance(await idle.set_commands({"nl": {"Stop!": "x"}}), Refused)


async def test_a_file_is_fetched(api: LocalBotApi, idle: Adapter) -> None:
    api.world.files["foto1"] = b"\xff\xd8 a picture"
    assert await idle.fetch_media("foto1") == b"\xff\xd8 a picture"
    assert isinstance(await idle.fetch_media("foto2"), Unsupported)
    assert len(api.refused) == 1


async def test_health_warns_when_the_bot_reads_everything() -> None:
    async with LocalBotApi(privacy_mode=False) as api:
        adapter = create(config_for(api))
        health = await adapter.health()
        await adapter.stop()
    assert health.ok and "/setprivacy" in health.remedy


async def test_limits_are_those_of_the_chat(idle: Adapter) -> None:
    group, private = idle.capabilities("-1001"), idle.capabilities("42")
    assert group == private == idle.capabilities("")
    assert (group.group_gap_ms, private.gap_ms) == (3200, 1000)
    assert group.account_per_s + group.account_burst <= 30, "of any second"
    assert group.has_links_in_buttons and group.can_pin and not group.is_idempotent
    assert not idle.sends_from_home
