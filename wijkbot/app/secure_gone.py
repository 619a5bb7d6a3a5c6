"""How is a conversation deleted so that nothing of it stays, here or in a restored backup?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import Connection

from wijkbot.app.secure_room import SecureRoom
from wijkbot.securechat.points import sha256
from wijkbot.storage import secure_chats, secure_purge
from wijkbot.storage.entries import SecureErased

SCRUB_TRIES = 20
_SCRUB_PAUSE = 0.5


def tombstone_of(conv: bytes) -> bytes:
    """What is kept of a deleted conversation."""
    return sha256(conv)


async def erase_now(room: SecureRoom, conv: bytes, kind: str) -> bool:
    """Delete a conversation; ``kind`` is what is counted. Nothing stays in the journal on disk."""
    is_gone = await room.house.database.write(lambda c: erase(c, room, conv, kind))
    room.wakes.ring(conv)
    await scrub(room)
    return is_gone


async def scrub(room: SecureRoom) -> bool:
    """Leave no trace in the journal on disk, as soon as nobody reads an older state."""
    for _ in range(SCRUB_TRIES):
        if await room.house.database.scrub():
            return True
        await asyncio.sleep(_SCRUB_PAUSE)
    return False


def erase(conn: Connection, room: SecureRoom, conv: bytes, kind: str) -> bool:
    """As :func:`erase_now`, in the caller's transaction; after it: ``scrub()``."""
    now = room.now
    tombstone = tombstone_of(conv)
    # on disk before the commit: no restored backup brings it back
    room.house.journal.write(SecureErased(tombstone.hex(), now))
    is_gone = secure_purge.erase(conn, conv, tombstone, now)
    if is_gone:
        secure_chats.count(conn, day_of(now), kind)
    return is_gone


def day_of(now: int) -> str:
    """The day of a moment in seconds, UTC."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()
