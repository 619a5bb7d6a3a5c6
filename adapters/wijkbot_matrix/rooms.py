"""What can the bot do to a room, and who is in charge there? Always asked of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from wijkbot.adapter_api import ActResult, Reason, Refused, Sent, Unknown
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import mapping, text
from wijkbot_matrix.outgoing import refusal
from wijkbot_matrix.wire import (
    MatrixError,
    NoSuchRoomError,
    ServerAwayError,
    ServerRefusedError,
)

_MODERATOR = 50
_CREATOR_BEFORE_V12 = 100
_CREATORS_RULE = 12
_AWAY_RETRY_SECONDS = 5.0
_NOT_FOUND = 404


async def outcome(step: Callable[[], Awaitable[str]]) -> Sent | Unknown | Refused:
    """Run a request that gives an event id and say what became of it; never raises for it."""
    try:
        return Sent(await step())
    except MatrixError as no:
        return _meaning(no)
    except Exception as fault:  # noqa: BLE001 (nio and vodozemac raise many kinds)
        # Encrypting failed inside the library: nothing has left, a later try may work.
        return _later(type(fault).__name__)


def _meaning(no: MatrixError) -> Unknown | Refused:
    match no:
        case ServerRefusedError():
            return refusal(no.status, no.errcode, no.retry_after)
        case ServerAwayError():
            return Unknown("no answer") if no.has_left else _later("server away")
        case NoSuchRoomError():
            return Refused(Reason.GONE, True, detail="not in the room")
        case _:
            return Refused(Reason.CONFIG, False, _AWAY_RETRY_SECONDS, "no encryption here")


def _later(why: str) -> Refused:
    return Refused(Reason.UNAVAILABLE, False, _AWAY_RETRY_SECONDS, why)


async def redact(client: MatrixClient, room: str, event_id: str) -> str:
    """Delete a message; doing it twice is the same as once."""
    path = f"{_room(room)}/redact/{quote(event_id, safe='')}/withdraw-{quote(event_id, safe='')}"
    return str((await client.request("PUT", path))["event_id"])


async def pin(client: MatrixClient, room: str, event_id: str) -> str:
    """Add a message to the pinned ones."""
    path = f"{_room(room)}/state/m.room.pinned_events"
    found = (await _state(client, room, "m.room.pinned_events")).get("pinned")
    pinned = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
    if event_id in pinned:
        return event_id
    answer = await client.request("PUT", path, {"pinned": [*pinned, event_id]})
    return str(answer["event_id"])


async def leave(client: MatrixClient, room: str) -> ActResult:
    """Leave and forget a room; not being there any more is fine."""

    async def step() -> str:
        try:
            await client.request("POST", f"{_room(room)}/leave")
            await client.request("POST", f"{_room(room)}/forget")
        except ServerRefusedError as no:
            if no.errcode not in {"M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN"}:
                raise
        client.forget(room)
        return ""

    return await outcome(step)


async def is_admin(client: MatrixClient, room: str, user: str) -> bool:
    """May that member change the room's settings now? False when the server does not say."""
    try:
        member = await _state(client, room, "m.room.member", user)
        if member.get("membership") != "join":
            return False
        create = await _creation(client, room)
        levels = await _state(client, room, "m.room.power_levels")
    except MatrixError:
        return False
    return may_govern(create, levels, user)


def may_govern(create: Mapping[str, Any], levels: Mapping[str, Any], user: str) -> bool:
    """Decide from the room's creation event and its power levels.

    From room version 12 the creators stand above all levels and are not listed in them.
    """
    content = mapping(create.get("content"))
    version = text(content.get("room_version")) or "1"
    if version.isdigit() and int(version) >= _CREATORS_RULE:
        others = content.get("additional_creators")
        creators = {create.get("sender"), *(others if isinstance(others, list) else ())}
        if user in creators:
            return True
    elif not levels:
        return user == (content.get("creator") or create.get("sender"))
    level = mapping(levels.get("users")).get(user, levels.get("users_default", 0))
    needed = levels.get("state_default", _MODERATOR)
    return _number(level) >= max(_number(needed), _MODERATOR)


def _number(value: object) -> int:
    """Read a level; early room versions allow it as a text."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdigit() else 0


async def _state(client: MatrixClient, room: str, kind: str, key: str = "") -> Mapping[str, Any]:
    try:
        return await client.request("GET", f"{_room(room)}/state/{kind}/{quote(key, safe='')}")
    except ServerRefusedError as no:
        if no.status == _NOT_FOUND:
            return {}
        raise


async def _creation(client: MatrixClient, room: str) -> Mapping[str, Any]:
    """Fetch the whole creation event: its sender is the creator."""
    path = f"{_room(room)}/state/m.room.create/?format=event"
    found = await client.request("GET", path)
    if "sender" in found:
        return found
    # An older server ignores "format" and gives the bare content.
    timeline = await client.request_list(f"{_room(room)}/state")
    return next((one for one in timeline if one.get("type") == "m.room.create"), {})


def _room(room: str) -> str:
    return f"/rooms/{quote(room, safe='')}"
