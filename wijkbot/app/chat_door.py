"""Is the door of our secure chat open now, and when does it open next? What a referral says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from wijkbot.app.house import House
from wijkbot.app.staff_hours import hours, opens_at
from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.manifest import read_manifest
from wijkbot.storage import secure_manifests
from wijkbot.storage.staff_sessions import presence

_known_expiry: dict[bytes, int] = {}
"""Of the list that was asked for last, by its hash: one list never changes."""


@dataclass(frozen=True, slots=True)
class ChatDoor:
    """``is_open`` is None when it is not known, or everybody there is busy.

    ``opens_at`` (aware, UTC) lies ahead; None when nobody wrote down the hours.
    """

    is_open: bool | None = None
    opens_at: datetime | None = None


def chat_door(conn: Connection, house: House, now_ms: int) -> ChatDoor:
    """The door as it is now. Nothing is known of a chat that is elsewhere."""
    chat = house.settings.secure_chat
    if chat is None or not chat.is_builtin:
        return ChatDoor()
    now = now_ms // 1000
    here = presence(conn, now)
    if here != "closed" and _has_team(conn, now):
        return ChatDoor(is_open=True if here == "open" else None)
    begins = opens_at(hours(conn, house), house)
    # Within the hours, with nobody there, nobody knows when somebody comes: they begin "now",
    # which is read again, because a second may have begun since.
    is_ahead = begins is not None and begins > house.clock.now_ms() // 1000
    return ChatDoor(False, datetime.fromtimestamp(begins, UTC) if begins and is_ahead else None)


def _has_team(conn: Connection, now: int) -> bool:
    """Does the signed list of the team hold? Without it nobody can write."""
    newest = secure_manifests.newest_hash(conn)
    try:
        return newest is not None and _expiry(conn, newest) > now
    except (Refused, ValueError):
        return False  # a damaged list may not keep an answer back, least of all a crisis card


def _expiry(conn: Connection, listed: bytes) -> int:
    """Until when the list with that hash holds (s); read once, not for every private message."""
    found = _known_expiry.get(listed)
    if found is None:
        kept = secure_manifests.by_hash(conn, listed)
        found = read_manifest(kept.manifest).expires if kept else 0
        _known_expiry.clear()
        _known_expiry[listed] = found
    return found
