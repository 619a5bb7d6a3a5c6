"""Can a human open a message in its group, and can the bot delete it where it may?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.house import NOON, RecordingPort
from wijkbot.adapter_api import (
    Adapter,
    EventKind,
    IncomingEvent,
    Reason,
    Refused,
    Sent,
    Unsupported,
)

ANNA = 42
CODE = "@wijkbot mijn code is 4821, de sleutel ligt onder de pot"


def said(chat: str, *, thread: str = "", edits: str = "") -> IncomingEvent:
    return IncomingEvent(
        EventKind.MESSAGE, f"{chat}:56:42", chat, False, "42", NOON, thread=thread, edits=edits
    )


@pytest.mark.parametrize(
    ("chat", "thread", "link"),
    [
        ("-1001234567890", "", "https://t.me/c/1234567890/56"),
        ("-1001234567890", "5", "https://t.me/c/1234567890/5/56"),
        ("-1997852516352", "", "https://t.me/c/997852516352/56"),
        ("-987", "", ""),
        ("-1001234", "", ""),
        ("42", "", ""),
    ],
    ids=["supergroup", "topic", "large-number", "group", "group-that-looks-like-one", "private"],
)
async def test_link_for_staff_opens_the_message_of_a_supergroup(
    idle: Adapter, chat: str, thread: str, link: str
) -> None:
    """A small group has no such link: t.me/c takes supergroups only."""
    assert link == idle.message_link(said(chat, thread=thread))


async def test_link_is_that_of_what_was_heard(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    """In a forum with its topic; an edit leads to the message that was changed."""
    forum = api.add_group("Zonnewijk", topics=(5,))
    number = api.user_says(forum, ANNA, "@wijkbot wanneer?", thread=5)
    api.user_edits(forum, number, CODE)
    first, edited = await port.wait(2)
    link = f"https://t.me/c/{-forum - 10**12}/5/{number}"
    assert edited.edited
    assert [link, link] == [polling.message_link(event) for event in (first, edited)]
    small = api.add_group("Maanwijk", kind="group")
    api.user_says(small, ANNA, CODE)
    *_, third = await port.wait(3)
    assert (str(small), "") == (third.chat, polling.message_link(third))


async def test_message_of_a_resident_is_gone_where_the_bot_may_delete(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    """An edit takes the message away that it changed; what is gone already is fine."""
    group = api.add_group("Zonnewijk")
    chat = api.world.chat(group)
    chat.may_delete = True
    kept = api.user_says(group, ANNA, "@wijkbot wanneer?")
    number = api.user_says(group, ANNA, CODE)
    edited = api.user_says(group, ANNA, "@wijkbot een vraag")
    api.user_edits(group, edited, CODE)
    _, event, _, edit = await port.wait(4)
    assert Sent(str(number)) == await polling.remove(event)
    assert Sent(str(edited)) == await polling.remove(edit)
    assert [kept] == list(chat.messages)
    assert Sent(str(number)) == await polling.remove(event)


async def test_without_the_right_the_message_stays_and_the_bot_goes_on(
    api: LocalBotApi, port: RecordingPort, polling: Adapter
) -> None:
    group = api.add_group("Zonnewijk")
    number = api.user_says(group, ANNA, CODE)
    (event,) = await port.wait(1)
    assert isinstance(await polling.remove(event), Unsupported)
    assert [number] == list(api.world.chat(group).messages)
    api.user_says(group, ANNA, "@wijkbot nog iets")
    assert 2 == len(await port.wait(2))


async def test_group_that_put_the_bot_out_is_told_as_gone(api: LocalBotApi, idle: Adapter) -> None:
    group = api.add_group("Zonnewijk")
    number = api.user_says(group, ANNA, CODE)
    api.bot_is("kicked", group, by=ANNA)
    event = replace(said(str(group)), event_id=f"{group}:{number}:{ANNA}")
    refused = await idle.remove(event)
    assert isinstance(refused, Refused)
    assert (Reason.GONE, True) == (refused.reason, refused.permanent)
