"""What does a piece of Matrix JSON mean to wijkbot? Pure: sync JSON in, events out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot_matrix.naming import BotName, cut_name

Raw = Mapping[str, Any]

_TEXT_TYPES = frozenset({"m.text", "m.emote"})
_LONGEST_AGE = timedelta(days=30)
_MOST_MS = 2**47


@dataclass(frozen=True, slots=True)
class RoomUpdate:
    """What one sync says about one room, oldest event first."""

    timeline: tuple[Raw, ...]
    state: tuple[Raw, ...]
    limited: bool
    prev_batch: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One sync response. ``direct`` is the new ``m.direct``, None when it did not change."""

    next_batch: str
    joined: Mapping[str, RoomUpdate]
    invited: Mapping[str, tuple[Raw, ...]]
    left: Mapping[str, RoomUpdate]
    direct: Raw | None


@dataclass(frozen=True, slots=True)
class RoomView:
    """What must be known of a room to understand a message in it."""

    room_id: str
    is_private: bool
    bot: BotName
    title: str = ""


def read_batch(sync: Raw) -> Batch:
    """Take a sync response apart."""
    rooms = mapping(sync.get("rooms"))
    direct = [
        mapping(event.get("content"))
        for event in _events(sync.get("account_data"))
        if event.get("type") == "m.direct"
    ]
    return Batch(
        next_batch=str(sync["next_batch"]),
        joined={room: _update(found) for room, found in mapping(rooms.get("join")).items()},
        invited={
            room: _events(mapping(found).get("invite_state"))
            for room, found in mapping(rooms.get("invite")).items()
        },
        left={room: _update(found) for room, found in mapping(rooms.get("leave")).items()},
        direct=direct[-1] if direct else None,
    )


def encrypted_rooms(sync: Raw) -> set[str]:
    """Return the rooms of which a sync response tells that they are encrypted.

    Whatever the event says, and also when a later one would take it back: apps see it so too.
    """
    return {
        room
        for room, found in mapping(mapping(sync.get("rooms")).get("join")).items()
        for part in ("state", "timeline")
        for event in _events(mapping(found).get(part))
        if event.get("type") == "m.room.encryption" and event.get("state_key") == ""
    }


def mapping(value: object) -> Raw:
    """Return the value when it is a JSON object, else an empty one: senders can send anything."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """Return the value when it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def content_of(event: Raw) -> Raw:
    """Return an event's content."""
    return mapping(event.get("content"))


def membership_change(event: Raw, user_id: str) -> str:
    """Return what that user's membership became with this event, "" when nothing changed."""
    if event.get("type") != "m.room.member" or event.get("state_key") != user_id:
        return ""
    before = mapping(mapping(event.get("unsigned")).get("prev_content")).get("membership")
    after = text(content_of(event).get("membership"))
    return "" if after == before else after


def after_own_arrival(timeline: tuple[Raw, ...], user_id: str, *, is_private: bool) -> int:
    """Return where reading begins: what was said before the bot came is not for the bot.

    In a direct chat it begins at the invitation: whoever opens one writes at once.
    """
    arrived = 0
    invited: int | None = None
    for index, event in enumerate(timeline):
        change = membership_change(event, user_id)
        if change == "invite" and is_private:
            invited = index
        elif change == "join":
            arrived = index if invited is None else invited
        elif change:
            invited = None
    return arrived


def read_message(
    event: Raw, room: RoomView, now: datetime | None, *, answers_bot: bool = False
) -> IncomingEvent | None:
    """Translate a readable ``m.room.message``; None for what is never answered.

    That is: own words, machines' notices, redacted messages. ``now``: see ``received_at``.
    """
    content = content_of(event)
    if event.get("type") != "m.room.message" or event.get("sender") == room.bot.user_id:
        return None
    relation = mapping(content.get("m.relates_to"))
    edited = relation.get("rel_type") == "m.replace"
    if edited:
        content = mapping(content.get("m.new_content"))
    kind = text(content.get("msgtype"))
    if not kind or kind == "m.notice":
        return None
    said = _words(content, kind, relation)
    called, words = cut_name(said, room.bot, is_mentioned=_mentions(content, room.bot))
    return IncomingEvent(
        kind=EventKind.MESSAGE,
        event_id=text(event.get("event_id")),
        chat=room.room_id,
        is_private=room.is_private,
        sender=text(event.get("sender")),
        received_at=received_at(event, now),
        text=words,
        addressed=room.is_private or called or answers_bot,
        edited=edited,
        edits=text(relation.get("event_id")) if edited else "",
        thread=thread_of(event),
        chat_title=room.title,
    )


def thread_of(event: Raw) -> str:
    """Return the root of the thread the event stands in, or ""."""
    relation = mapping(content_of(event).get("m.relates_to"))
    return text(relation.get("event_id")) if relation.get("rel_type") == "m.thread" else ""


def reply_target(event: Raw) -> str:
    """Return the event this one answers (the root, for the rest of a thread), or ""."""
    relation = mapping(content_of(event).get("m.relates_to"))
    if relation.get("rel_type") == "m.thread" and relation.get("is_falling_back") is not False:
        return text(relation.get("event_id"))
    return text(mapping(relation.get("m.in_reply_to")).get("event_id"))


def read_membership(
    kind: EventKind, event: Raw, room: RoomView, now: datetime | None
) -> IncomingEvent:
    """Translate a change of membership, of the bot or of the other one in a direct chat."""
    return IncomingEvent(
        kind=kind,
        event_id=text(event.get("event_id")),
        chat=room.room_id,
        is_private=room.is_private,
        sender=text(event.get("sender")),
        received_at=received_at(event, now),
        chat_title=room.title,
    )


def received_at(event: Raw, now: datetime | None) -> datetime:
    """Return when the server took the event: our clock less the age the server gives.

    The sender's own clock is not trusted; it only counts when nothing else is there.
    """
    if now is None:
        return datetime.fromtimestamp(_number(event.get("origin_server_ts")) / 1000, UTC)
    age = timedelta(milliseconds=_number(mapping(event.get("unsigned")).get("age")))
    return (now - min(max(age, timedelta(0)), _LONGEST_AGE)).astimezone(UTC)


def _number(value: object) -> int:
    """Return a whole number that a clock can hold, else 0."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if isinstance(value, int) and is_whole and abs(value) < _MOST_MS else 0


def _mentions(content: Raw, bot: BotName) -> bool:
    users = mapping(content.get("m.mentions")).get("user_ids")
    return isinstance(users, list) and bot.user_id in users


def _words(content: Raw, kind: str, relation: Raw) -> str:
    """Return what the resident typed: no quoted fallback, no name of a file."""
    body = text(content.get("body"))
    if kind not in _TEXT_TYPES:
        caption = "filename" in content and content.get("filename") != body
        return body.strip() if caption else ""
    if "m.in_reply_to" in relation and body.startswith("> "):
        lines = body.split("\n")
        while lines and lines[0].startswith(">"):
            lines.pop(0)
        body = "\n".join(lines)
    return body.strip()


def _update(found: object) -> RoomUpdate:
    timeline = mapping(mapping(found).get("timeline"))
    return RoomUpdate(
        timeline=_events(timeline),
        state=_events(mapping(found).get("state")),
        limited=timeline.get("limited") is True,
        prev_batch=text(timeline.get("prev_batch")),
    )


def _events(section: object) -> tuple[Raw, ...]:
    found = mapping(section).get("events")
    return tuple(mapping(one) for one in found) if isinstance(found, list) else ()
