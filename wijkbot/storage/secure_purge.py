"""How does a conversation of the secure chat go, with everything of it, and never come back?"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, delete, select, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.secure_chats import COLUMNS, Conversation
from wijkbot.storage.secure_tables import (
    sc_blob,
    sc_conversation,
    sc_draft,
    sc_guest,
    sc_message,
    sc_recipient,
    sc_token,
    sc_tombstone,
    sc_wrapset,
)
from wijkbot.storage.staff_tables import staff_audit

DAY = 86_400
TOMBSTONE_DAYS = 100
_CHILDREN = (sc_recipient, sc_wrapset, sc_message, sc_blob, sc_token, sc_draft, sc_guest)

TABLES = tuple(table.name for table in (sc_conversation, *_CHILDREN))
"""Of which nothing may stay in the files of the database."""


def erase(conn: Connection, conv: bytes, tombstone: bytes, now: int) -> bool:
    """Delete a conversation with every row of it; False when it is not there.

    After the commit: ``db.scrub()``. The tombstone is a hash of its id.
    """
    conn.execute(
        insert(conn, sc_tombstone)
        .values(hash=tombstone, day=now - now % DAY)
        .on_conflict_do_nothing()
    )
    held = select(sc_conversation.c.id).where(sc_conversation.c.id == conv).with_for_update()
    if conn.execute(held).first() is None:
        return False
    for table in _CHILDREN:
        conn.execute(delete(table).where(table.c.conv == conv))
    # the audit still says that somebody took a conversation, but no longer which
    conn.execute(update(staff_audit).where(staff_audit.c.conv == conv).values(conv=None))
    return conn.execute(delete(sc_conversation).where(sc_conversation.c.id == conv)).rowcount == 1


def by_tombstone(conn: Connection) -> dict[bytes, bytes]:
    """All conversations by the hash of their id: which of them was deleted since a backup?"""
    ids = conn.execute(select(sc_conversation.c.id)).scalars()
    return {hashlib.sha256(conv).digest(): conv for conv in ids}


def some_after(conn: Connection, conv: bytes, limit: int) -> list[Conversation]:
    """So many conversations in the order of their ids, from the one after that."""
    query = select(*COLUMNS).where(sc_conversation.c.id > conv).order_by(sc_conversation.c.id)
    return [Conversation(**row) for row in conn.execute(query.limit(limit)).mappings()]


def drop_old_tombstones(conn: Connection, now: int) -> int:
    """No backup is kept that long."""
    old = sc_tombstone.c.day < now - TOMBSTONE_DAYS * DAY
    return conn.execute(delete(sc_tombstone).where(old)).rowcount
