"""Where is the photo of an announcement until the last group has it? Sealed, once for all groups.

It goes with the announcement: when that is too old to be sent, or was withdrawn.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from wijkbot.adapter_api import Photo
from wijkbot.storage.announce_tables import photo
from wijkbot.storage.seal import KEY_LIVES_DAYS, Sealer

LONGEST_DAYS = KEY_LIVES_DAYS - 1
"""What is sealed with the key of a day can be read for so many days."""


def put(conn: Connection, sealer: Sealer, new: Photo, now_ms: int, *, expires_at: int) -> int:
    """Keep it until ``expires_at`` (ms); returns its number."""
    row = {
        "data_sealed": sealer.seal(new.data, _DATA),
        "alt_sealed": sealer.seal(new.alt.encode(), _ALT),
        "mime_type": new.mime_type,
        "width": new.width,
        "height": new.height,
        "created_at": now_ms,
        "expires_at": expires_at,
    }
    return int(conn.execute(insert(photo).values(row).returning(photo.c.id)).scalar_one())


def get(conn: Connection, sealer: Sealer, number: int) -> Photo | None:
    """The photo with that number; None when it is gone or can never be read."""
    found = conn.execute(select(photo).where(photo.c.id == number)).first()
    if found is None:
        return None
    data = sealer.open_if_readable(conn, found.data_sealed, _DATA)
    alt = sealer.open_if_readable(conn, found.alt_sealed, _ALT)
    if data is None or alt is None:
        return None
    return Photo(data, alt.decode(), found.width, found.height, found.mime_type)


def erase(conn: Connection, number: int) -> None:
    """It goes now."""
    conn.execute(delete(photo).where(photo.c.id == number))


def erase_expired(conn: Connection, now_ms: int, limit: int) -> int:
    """What nobody may be sent any more goes; returns how many."""
    old = select(photo.c.id).where(photo.c.expires_at < now_ms).limit(limit)
    return conn.execute(delete(photo).where(photo.c.id.in_(old))).rowcount


_DATA = "photo.data"
_ALT = "photo.alt"
