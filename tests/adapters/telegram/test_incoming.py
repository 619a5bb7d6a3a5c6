"""Is each update of Telegram translated to what it means?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.telegram.bot_api_rules import checked_update
from tests.adapters.telegram.bot_api_world import entities_of
from tests.adapters.telegram.house import NOON
from wijkbot.adapter_api import EventKind, IncomingEvent, SenderKind
from wijkbot_telegram.incoming import Understood, read_update
from wijkbot_telegram.mentions import Me

ME = Me(7, "wijkbot")
BOT = {"id": 7, "is_bot": True, "first_name": "Wijkbot", "username": "wijkbot"}
ANNA = {"id": 42, "is_bot": False, "first_name": "Anna", "language_code": "nl-BE"}
GROUP = {"id": -1001, "type": "supergroup", "title": "Zonnewijk"}
PRIVATE = {"id": 42, "type": "private", "first_name": "Anna"}


def message(text: str | None = "hallo", **fields: Any) -> dict[str, Any]:
    said = {"text": text, "entities": entities_of(text)} if text is not None else {}
    basis = {"message_id": 12, "date": int(NOON.timestamp()), "chat": GROUP, "from": ANNA}
    return basis | said | fields


def read(kind: str, content: dict[str, Any]) -> Understood:
    return read_update(checked_update({"update_id": 900, kind: content}), ME, NOON)


def event_of(kind: str, content: dict[str, Any]) -> IncomingEvent:
    (event,) = read(kind, content).events
    return event


def test_a_named_question_in_a_group_is_for_the_bot() -> None:
    assert event_of("message", message("@wijkbot wanneer?")) == IncomingEvent(
        kind=EventKind.MESSAGE,
        event_id="-1001:12:42",
        chat="-1001",
        is_private=False,
        sender="42",
        received_at=NOON,
        text="wanneer?",
        addressed=True,
        sender_name="Anna",
        language="nl",
        chat_title="Zonnewijk",
    )


def test_talk_between_neighbours_is_not_for_the_bot() -> None:
    assert not event_of("message", message("wie gaat er mee?")).addressed
    assert not event_of("message", message("/stop")).addressed


def test_everything_in_a_private_chat_is_for_the_bot() -> None:
    event = event_of("message", message("/stop", chat=PRIVATE))
    assert event.is_private and event.addressed and event.text == "stop"


def test_a_reply_to_the_bot_is_for_the_bot() -> None:
    earlier = message("Dinsdag", message_id=11) | {"from": BOT}
    assert event_of("message", message("dank", reply_to_message=earlier)).addressed
    of_anna = message("Dinsdag?", message_id=11)
    assert not event_of("message", message("ja", reply_to_message=of_anna)).addressed


def test_a_place_in_a_topic_that_the_bot_opened_is_no_reply() -> None:
    topic = {"name": "Klussen", "icon_color": 7322096}
    opening = message(None, message_id=5, forum_topic_created=topic) | {"from": BOT}
    said = message(reply_to_message=opening, message_thread_id=5, is_topic_message=True)
    assert not event_of("message", said).addressed


@pytest.mark.parametrize(
    ("fields", "thread"),
    [
        ({"message_thread_id": 5, "is_topic_message": True}, "5"),
        ({"message_thread_id": 1, "is_topic_message": True}, ""),
        ({"message_thread_id": 5}, ""),
    ],
)
def test_only_a_real_topic_is_a_thread(fields: dict[str, Any], thread: str) -> None:
    assert event_of("message", message(**fields)).thread == thread


@pytest.mark.parametrize(
    ("text", "payload"),
    [("/start", ""), ("/start hulp", "hulp"), ("/start a_B-9", "a_B-9"), ("/start !?", "")],
)
def test_start_carries_its_token(text: str, payload: str) -> None:
    event = event_of("message", message(text, chat=PRIVATE))
    assert (event.kind, event.payload, event.text) == (EventKind.START, payload, "")


def test_start_in_a_group_counts_for_this_bot_only() -> None:
    mine = event_of("message", message("/start@wijkbot a1"))
    assert (mine.kind, mine.payload, mine.addressed) == (EventKind.START, "a1", True)
    assert event_of("message", message("/start a1")).kind is EventKind.MESSAGE


def test_an_edit_is_marked_and_never_a_start() -> None:
    event = event_of(
        "edited_message", message("/start a1", chat=PRIVATE, edit_date=int(NOON.timestamp()) + 9)
    )
    assert event.edited and event.kind is EventKind.MESSAGE
    assert event.event_id == "42:12:42:edit:900"


@pytest.mark.parametrize(
    ("sender", "behind", "kind", "who"),
    [
        (1087968824, GROUP, SenderKind.ANONYMOUS_ADMIN, "-1001"),
        (
            136817688,
            {"id": -1009, "type": "channel", "title": "Nieuws"},
            SenderKind.CHANNEL,
            "-1009",
        ),
        (777000, None, SenderKind.CHANNEL, "777000"),
        (55, None, SenderKind.BOT, "55"),
    ],
)
def test_who_is_no_resident_is_told_apart(
    sender: int, behind: dict[str, Any] | None, kind: SenderKind, who: str
) -> None:
    said = message("@wijkbot hallo")
    said["from"] = {"id": sender, "is_bot": True, "first_name": "X"}
    if behind:
        said["sender_chat"] = behind
    event = event_of("message", said)
    assert (event.sender_kind, event.sender) == (kind, who)
    assert event.addressed is (kind is not SenderKind.BOT)


def test_a_photo_gives_its_caption_and_a_sticker_no_text() -> None:
    size = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
    caption = "@wijkbot is dit open?"
    photo = message(None, photo=[size], caption=caption, caption_entities=entities_of(caption))
    assert event_of("message", photo).text == "is dit open?"
    place = {"latitude": 50.8, "longitude": 4.3}
    assert event_of("message", message(None, chat=PRIVATE, location=place)).text == ""


def test_service_messages_say_nothing() -> None:
    assert read("message", message(None, new_chat_title="Andere naam")) == Understood()
    assert read("message", message(None, new_chat_members=[ANNA])) == Understood()


def press(data: str | None, **fields: Any) -> dict[str, Any]:
    shown = message("Kies") | {"from": BOT}
    query = {"id": "q1", "from": ANNA, "message": shown, "chat_instance": "1"}
    return query | ({"data": data} if data else {"game_short_name": "x"}) | fields


def test_a_press_is_a_choice_with_its_reference() -> None:
    event = event_of("callback_query", press("klus.ja"))
    assert (event.kind, event.choice_id, event.choice_ref) == (EventKind.CHOICE, "klus.ja", "q1")
    assert event.addressed and event.sender == "42" and event.event_id == "-1001:0:42:q1"


def test_a_button_of_somebody_else_gives_no_event() -> None:
    assert event_of("callback_query", press("@42|klus.ja")).choice_id == "klus.ja"
    understood = read("callback_query", press("@43|klus.ja"))
    assert understood == Understood(dismissals=(("q1", "Deze knop is niet voor jou."),))


def test_a_press_that_says_nothing_is_only_answered() -> None:
    assert read("callback_query", press(None)) == Understood(dismissals=(("q1", ""),))


def test_a_press_under_a_message_that_is_gone_still_counts() -> None:
    gone = {"chat": PRIVATE, "message_id": 12, "date": 0}
    event = event_of("callback_query", press("ja", message=gone))
    assert event.chat == "42" and event.is_private and event.thread == ""


def change(old: str, new: str, chat: dict[str, Any] = GROUP) -> dict[str, Any]:
    def member(status: str) -> dict[str, Any]:
        return {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})

    return {
        "chat": chat,
        "from": ANNA,
        "date": int(NOON.timestamp()),
        "old_chat_member": member(old),
        "new_chat_member": member(new),
    }


def test_the_bot_joins_and_leaves() -> None:
    joined = event_of("my_chat_member", change("left", "member"))
    assert (joined.kind, joined.invited_by) == (EventKind.BOT_JOINED, "42")
    assert joined.chat_title == "Zonnewijk"
    assert event_of("my_chat_member", change("member", "kicked")).kind is EventKind.BOT_LEFT


def test_a_block_is_leaving_and_an_unblock_waits_for_words() -> None:
    blocked = event_of("my_chat_member", change("member", "kicked", PRIVATE))
    assert blocked.kind is EventKind.BOT_LEFT and blocked.is_private
    assert read("my_chat_member", change("kicked", "member", PRIVATE)) == Understood()


def test_both_ends_of_a_migration_give_one_event_id() -> None:
    new_group = {**GROUP, "id": -2002}
    told = event_of("message", message(None, migrate_to_chat_id=-2002))
    again = event_of("message", message(None, chat=new_group, migrate_from_chat_id=-1001))
    assert told == again
    assert (told.kind, told.chat, told.new_chat) == (EventKind.REKEYED, "-1001", "-2002")


def test_a_member_who_leaves_is_told_but_the_bot_itself_not_twice() -> None:
    left = event_of("message", message(None, left_chat_member=ANNA))
    assert (left.kind, left.sender) == (EventKind.MEMBER_LEFT, "42")
    assert read("message", message(None, left_chat_member=BOT)) == Understood()


def test_an_update_that_waited_at_telegram_has_the_moment_it_came_there() -> None:
    """A bot that was away must see which messages are old."""
    before = NOON - timedelta(hours=3)
    asked = event_of("message", message(date=int(before.timestamp())))
    assert before == asked.received_at
    edited = message(date=int(before.timestamp()), edit_date=int(NOON.timestamp()) - 60)
    assert NOON - timedelta(minutes=1) == event_of("edited_message", edited).received_at
    ahead = message(date=int(NOON.timestamp()) + 90)
    assert NOON == event_of("message", ahead).received_at, "another clock is not trusted ahead"
