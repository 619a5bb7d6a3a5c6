"""Has the home of a channel read what came in while nobody listened? Kept beside its lease.

A home that is new has not: its number (the fence of its lease) is not the noted one yet. So every
process knows it, also one that only sends.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from wijkbot.storage.dialect import among, insert, is_sqlite, moment
from wijkbot.storage.tables import conversation, lease

_HOME = "home:"
_MARK = "caught-up:"


def home_lease(channel: str) -> str:
    """The name of the lease that the home of this channel holds."""
    return f"{_HOME}{channel}"


def note(conn: Connection, channel: str, fence: int) -> None:
    """The home with this number has read all that it could; the caller checked its lease."""
    row = {"name": f"{_MARK}{channel}", "holder": "", "fence": fence, "expires_at": 0}
    new = insert(conn, lease).values(row)
    mark = {"fence": new.excluded.fence}
    conn.execute(new.on_conflict_do_update(index_elements=[lease.c.name], set_=mark))


def is_caught_up(conn: Connection, channel: str, now_ms: int) -> bool:
    """Whether the channel has a home now that noted so."""
    names = (home_lease(channel), f"{_MARK}{channel}")
    found = {row.name: row for row in conn.execute(select(lease).where(lease.c.name.in_(names)))}
    home, mark = (found.get(name) for name in names)
    if home is None or mark is None or not home.holder or home.fence != mark.fence:
        return False
    # on SQLite the lease ends with its only process, whatever the clock says
    return is_sqlite(conn) or bool(home.expires_at > moment(conn, now_ms))


def with_unread(conn: Connection, chat_ids: Collection[int]) -> frozenset[int]:
    """Those of these chats in which somebody wrote what nobody thought about yet."""
    if not chat_ids:
        return frozenset()
    query = select(conversation.c.chat_id).where(
        among(conn, conversation.c.chat_id, sorted(set(chat_ids))),
        conversation.c.in_seq > conversation.c.done_seq,
    )
    return frozenset(conn.execute(query).scalars())
