"""Where is a group that has moved? What still comes under its former address belongs to it.

A platform tells of a move in a queue of its own, so that older messages may come behind it.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, delete, select

from wijkbot.storage.dialect import flavour, insert
from wijkbot.storage.receipt_tables import chat_alias

_OF_A_GROUP = chat_alias.c.member_hmac == ""
"""Second addresses of a person have a member."""

Name = tuple[str, str]
"""A channel, and the pseudonym of an address on it."""


def moved(conn: Connection, name: Name, new: str, chat_id: int, now_ms: int) -> None:
    """The group is at ``new`` from now on, and was at that name before."""
    channel, former = name
    mine = (chat_alias.c.channel == channel, chat_alias.c.alias_hmac.in_([former, new]))
    conn.execute(delete(chat_alias).where(*mine, _OF_A_GROUP))
    row = {
        "channel": channel,
        "alias_hmac": former,
        "chat_id": chat_id,
        "member_hmac": "",
        "at": now_ms,
    }
    conn.execute(insert(conn, chat_alias).values(row).on_conflict_do_nothing())


def known(conn: Connection, names: AbstractSet[Name]) -> dict[Name, int]:
    """The groups that were at these names once, by name."""
    of = flavour(conn)
    found: dict[Name, int] = {}
    for channel in sorted({channel for channel, _ in names}):
        asked = sorted(name for its, name in names if its == channel)
        query = select(chat_alias.c.alias_hmac, chat_alias.c.chat_id).where(
            chat_alias.c.channel == channel,
            of.is_among(chat_alias.c.alias_hmac, "b_names"),
            _OF_A_GROUP,
        )
        for row in conn.execute(query, {"b_names": of.many(asked)}):
            found[channel, row.alias_hmac] = row.chat_id
    return found


def forget(conn: Connection, chat_id: int) -> None:
    """Nothing leads to this group any more: it is erased."""
    conn.execute(delete(chat_alias).where(chat_alias.c.chat_id == chat_id, _OF_A_GROUP))
