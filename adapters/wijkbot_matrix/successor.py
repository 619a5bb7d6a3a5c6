"""Does a room rightfully take the place of another? Asked before the group's settings move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import mapping
from wijkbot_matrix.wire import ServerRefusedError

_CREATORS_RULE = 12
_SERVER_ERROR = 500


async def is_rightful(client: MatrixClient, new: str, old: str, by: str) -> bool:
    """Is ``new`` the successor of ``old``, made by somebody with a say in it?

    Both sides must agree: the new room names the old one, and who closed the old room (``by``)
    is in the new one and may invite there. Otherwise anybody who once gets the right to close
    a room could hand its settings to a room of strangers. Raises ``MatrixError`` when the
    server does not say.
    """
    create = await _state(client, new, "m.room.create/?format=event")
    content = mapping(create.get("content")) or create
    if mapping(content.get("predecessor")).get("room_id") != old:
        return False
    member = await _state(client, new, f"m.room.member/{quote(by, safe='')}")
    if member.get("membership") != "join":
        return False
    return may_invite(create, await _state(client, new, "m.room.power_levels/"), by)


def may_invite(create: Mapping[str, Any], levels: Mapping[str, Any], user: str) -> bool:
    """Decide from a room's creation event and its power levels.

    From room version 12 the creators stand above all levels and are not listed in them.
    """
    content = mapping(create.get("content"))
    version = str(content.get("room_version", "1"))
    others = content.get("additional_creators")
    creators = {create.get("sender"), *(others if isinstance(others, list) else ())}
    if version.isdigit() and int(version) >= _CREATORS_RULE and user in creators:
        return True
    level = mapping(levels.get("users")).get(user, levels.get("users_default", 0))
    return _number(level) >= _number(levels.get("invite", 0))


def _number(level: object) -> int:
    """Read a level; early room versions allow it as a text."""
    if isinstance(level, int):
        return level
    return int(level) if isinstance(level, str) and level.strip().lstrip("-").isdigit() else 0


async def _state(client: MatrixClient, room: str, which: str) -> Mapping[str, Any]:
    try:
        return await client.request("GET", f"/rooms/{quote(room, safe='')}/state/{which}")
    except ServerRefusedError as no:
        if no.status >= _SERVER_ERROR or no.errcode == "M_LIMIT_EXCEEDED":
            raise
        return {}
