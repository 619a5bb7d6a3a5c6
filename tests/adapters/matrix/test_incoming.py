"""Is Matrix JSON read as it is meant, and does odd JSON hurt nobody?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wijkbot.adapter_api import IncomingEvent
from wijkbot_matrix.incoming import (
    RoomView,
    after_own_arrival,
    membership_change,
    read_batch,
    read_message,
    received_at,
    reply_target,
)
from wijkbot_matrix.naming import BotName, cut_name

BOT = BotName("@wijkbot:wijk.test", "Wijk Bot")
GROUP = RoomView("!group", False, BOT, "Onze straat")
DIRECT = RoomView("!direct", True, BOT)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def message(body: object = "hallo", **content: Any) -> dict[str, Any]:
    """A message of a resident."""
    return {
        "type": "m.room.message",
        "event_id": "$1",
        "sender": "@anna:wijk.test",
        "content": {"msgtype": "m.text", "body": body, **content},
        "unsigned": {"age": 1500},
    }


def read(event: dict[str, Any], room: RoomView = GROUP) -> IncomingEvent:
    """Read a message that must be understood."""
    found = read_message(event, room, NOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "called", "left"),
    [
        ("@wijkbot wanneer?", True, "wanneer?"),
        ("@WijkBot: wanneer?", True, "wanneer?"),
        ("hoi @wijkbot, wanneer?", True, "hoi wanneer?"),
        ("@wijkbot:wijk.test wanneer?", True, "wanneer?"),
        ("@wijkbot:elders.nl wanneer?", False, "@wijkbot:elders.nl wanneer?"),
        ("@wijkbot:wanneer?", True, "wanneer?"),
        ("wijkbot, wanneer?", True, "wanneer?"),
        ("Wijk Bot: wanneer?", True, "wanneer?"),
        ("@wijk bot wanneer?", True, "wanneer?"),
        ("wat is wijkbot eigenlijk?", False, "wat is wijkbot eigenlijk?"),
        ("@wijkbot2 wanneer?", False, "@wijkbot2 wanneer?"),
        ("@wijkbot-oost wanneer?", False, "@wijkbot-oost wanneer?"),
        ("mail naar info@wijkbot.nl", False, "mail naar info@wijkbot.nl"),
        ("wijkbotten zijn leuk", False, "wijkbotten zijn leuk"),
        ("@wijkbot", True, ""),
    ],
)
def test_name_is_recognised_and_cut(said: str, called: bool, left: str) -> None:
    assert cut_name(said, BOT, is_mentioned=False) == (called, left)


def test_mention_by_the_app_calls_the_bot_wherever_its_name_stands() -> None:
    said = message("hoi Wijk Bot, wanneer?", **{"m.mentions": {"user_ids": [BOT.user_id]}})
    found = read(said)
    assert (found.addressed, found.text) == (True, "hoi wanneer?")


def test_direct_chat_is_always_addressed_and_a_group_is_not() -> None:
    assert read(message(), DIRECT).addressed
    assert not read(message(), GROUP).addressed


def test_quoted_fallback_of_old_apps_is_not_the_residents_text() -> None:
    said = message("> <@bert:x> @wijkbot geheim\n> nog meer\n\nmijn antwoord")
    said["content"]["m.relates_to"] = {"m.in_reply_to": {"event_id": "$0"}}
    found = read(said)
    assert (found.text, found.addressed) == ("mijn antwoord", False)


@pytest.mark.parametrize(
    "event",
    [
        message() | {"sender": BOT.user_id},
        message(msgtype="m.notice"),
        message() | {"content": {}},
        message() | {"type": "m.reaction"},
        message() | {"content": {"m.relates_to": {"rel_type": "m.replace"}, "body": "x"}},
    ],
)
def test_own_words_notices_and_redactions_are_no_message(event: dict[str, Any]) -> None:
    assert read_message(event, DIRECT, NOW) is None


def test_picture_has_no_text_unless_it_has_a_caption() -> None:
    picture = message("IMG_1.jpg", msgtype="m.image")
    assert read(picture, DIRECT).text == ""
    captioned = message("wat is dit?", msgtype="m.image", filename="IMG_1.jpg")
    assert read(captioned, DIRECT).text == "wat is dit?"


def test_edit_gives_the_new_words() -> None:
    event = message("* beter", **{"m.new_content": {"msgtype": "m.text", "body": "beter"}})
    event["content"]["m.relates_to"] = {"rel_type": "m.replace", "event_id": "$0"}
    found = read(event)
    assert (found.text, found.edited) == ("beter", True)


def test_rest_of_a_thread_answers_its_root_and_a_reply_in_it_its_target() -> None:
    falling_back = {
        "rel_type": "m.thread",
        "event_id": "$root",
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": "$last"},
    }
    assert reply_target(message(**{"m.relates_to": falling_back})) == "$root"
    real = falling_back | {"is_falling_back": False}
    assert reply_target(message(**{"m.relates_to": real})) == "$last"


def test_time_is_our_clock_less_the_age_and_never_the_senders_clock() -> None:
    event = message() | {"origin_server_ts": 1}
    assert received_at(event, NOW) == NOW - timedelta(milliseconds=1500)
    event["unsigned"] = {"age": -5000}
    assert received_at(event, NOW) == NOW
    assert received_at({"origin_server_ts": 1000}, None) == datetime(
        1970, 1, 1, 0, 0, 1, tzinfo=UTC
    )


def member(user: str, now: str, before: str | None = None) -> dict[str, Any]:
    """A membership event."""
    unsigned = {"prev_content": {"membership": before}} if before else {}
    return {
        "type": "m.room.member",
        "state_key": user,
        "content": {"membership": now},
        "unsigned": unsigned,
    }


def test_new_picture_of_a_member_is_no_arrival() -> None:
    assert membership_change(member(BOT.user_id, "join", "join"), BOT.user_id) == ""
    assert membership_change(member(BOT.user_id, "join", "invite"), BOT.user_id) == "join"


def test_group_is_read_from_the_arrival_and_a_direct_chat_from_the_invitation() -> None:
    invite, join = member(BOT.user_id, "invite"), member(BOT.user_id, "join", "invite")
    timeline = (message("oud"), invite, message("ertussen"), join, message("nieuw"))
    assert after_own_arrival(timeline, BOT.user_id, is_private=False) == 3
    assert after_own_arrival(timeline, BOT.user_id, is_private=True) == 1
    again = (*timeline, member(BOT.user_id, "leave", "join"), message("weg"), join)
    assert after_own_arrival(again, BOT.user_id, is_private=True) == 7
    assert after_own_arrival((message(),), BOT.user_id, is_private=False) == 0


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "content", "body", "msgtype", "m.relates_to", "m.new_content", "m.mentions",
                "user_ids", "m.in_reply_to", "unsigned", "age", "sender", "event_id", "timeline",
                "events", "state", "type", "prev_content", "membership", "filename",
            ]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


@given(content=_json, unsigned=_json, extra=_json)
def test_no_json_from_anybody_breaks_the_reading(content: Any, unsigned: Any, extra: Any) -> None:
    event = {"type": "m.room.message", "content": content, "unsigned": unsigned, "sender": extra}
    for room in (GROUP, DIRECT):
        read_message(event, room, NOW)
    reply_target(event)
    sync = {"next_batch": "s1", "rooms": {"join": {"!a": extra}, "invite": {"!b": extra}}}
    after_own_arrival(read_batch(sync).joined["!a"].timeline, BOT.user_id, is_private=True)
